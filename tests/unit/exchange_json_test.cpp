#include "tinyhttpd/exchange_json.hpp"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "support/golden.hpp"
#include "support/recorded_samples.hpp"
#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/utf8.hpp"

using namespace tinyhttpd;
using namespace tinyhttpd::testing;
using Json = nlohmann::ordered_json;

namespace {

const std::map<std::string, RecordedExchange>& samples() {
  static const std::map<std::string, RecordedExchange> kSamples = {
      {"cgi", cgi_sample()},         {"post", post_sample()}, {"failed", failed_sample()},
      {"fastcgi", fastcgi_sample()}, {"json", json_sample()}, {"file", file_sample()},
      {"refused", refused_sample()}};
  return kSamples;
}

Json json_of(const RecordedExchange& exchange, const RecordedExchange* original = nullptr) {
  return Json::parse(exchange_json(exchange, original));
}

// All strings of the JSON, those in base64 decoded.
void collect_texts(const Json& json, const std::string& name, std::string& texts) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    texts += (name.ends_with("_base64") ? decode_base64(text).value_or(text) : text) + "\n";
  }
  for (const auto& [key, value] : json.items())
    if (json.is_structured()) collect_texts(value, key, texts);
}

std::string texts_of(const std::string& json_text) {
  std::string texts;
  collect_texts(Json::parse(json_text), "", texts);
  return texts;
}

}  // namespace

TEST_CASE("an exchange as JSON stays what it is") {
  for (const auto& sample : samples()) {
    const auto& [name, exchange] = sample;
    CAPTURE(sample.first);
    const std::string text = json_of(exchange).dump(1) + "\n";
    CHECK((text == golden(name + ".json", text)));
  }
}

TEST_CASE("the summary of an exchange is the beginning of its JSON") {
  for (const auto& sample : samples()) {
    const auto& [name, exchange] = sample;
    CAPTURE(sample.first);
    const Json summary = Json::parse(summary_json(exchange));
    const Json whole = json_of(exchange);
    CHECK(summary.size() == 15);
    for (const auto& [member, value] : summary.items())
      CHECK((whole.at(member) == value || member == "diagnosis"));
  }
  CHECK(summary_json(file_sample()) ==
        R"({"id":22,"began":"2026-03-12T19:03:58.004Z","method":"GET","target":"/style.css",)"
        R"("handler":"serve_file","status":200,"over":true,"complete":true,"duration":400,"body_bytes":1234,)"
        R"("remote":"127.0.0.1","failure":null,"diagnosis":null,"replay_of":null,"held":null})");
}

TEST_CASE("a failure is diagnosed in one sentence and in three") {
  const Json summary = Json::parse(summary_json(failed_sample()));
  CHECK(summary["failure"] == "no_blank_line");
  CHECK(summary["diagnosis"].get<std::string>().find("blank line") != std::string::npos);
  const Json diagnosis = json_of(failed_sample())["diagnosis"];
  CHECK(diagnosis["fault"] == "no_blank_line");
  for (const char* part : {"what", "why", "cure"}) CHECK_FALSE(diagnosis[part].get<std::string>().empty());
}

TEST_CASE("no secret is in the JSON of a script that prints its whole environment") {
  for (const auto& sample : samples()) {
    const auto& [name, exchange] = sample;
    CAPTURE(sample.first);
    const std::string texts = texts_of(exchange_json(exchange, nullptr)) + texts_of(summary_json(exchange));
    CHECK(texts.find("sesame") == texts.npos);
    for (const std::string& secret : sample_secrets()) {
      CAPTURE(secret);
      CHECK(texts.find(secret) == texts.npos);
      CHECK(texts.find(encode_base64(secret)) == texts.npos);
    }
  }
}

TEST_CASE("no secret is in the words for a failure that quotes and cuts the script's line") {
  RecordedExchange exchange = failed_sample();
  const std::string secret(300, 's');
  exchange.environment.push_back("A_TOKEN=" + secret);
  exchange.failure->detail = std::string(100, 'x') + secret;
  CHECK(texts_of(exchange_json(exchange, nullptr)).find("ssss") == std::string::npos);
  CHECK(summary_json(exchange).find("ssss") == std::string::npos);
  // In hand: the heads are not there, and so it is not known what is secret.
  exchange.over = false;
  exchange.request_head.clear();
  exchange.environment.clear();
  CHECK(summary_json(exchange).find("ssss") == std::string::npos);
}

TEST_CASE("no secret is in the words for what a replay changed, neither the new nor the old") {
  RecordedExchange original = cgi_sample();
  RecordedExchange replay = cgi_sample();
  original.environment.push_back("A_SECRET=old-treasure");
  original.sent_head = "HTTP/1.1 200 OK\r\nX-A: old-treasure\r\n\r\n";
  replay.environment.push_back("A_SECRET=new-treasure");
  replay.sent_head = "HTTP/1.1 200 OK\r\nX-A: new-treasure\r\n\r\n";
  replay.replay_of = 17;
  const std::string text = exchange_json(replay, &original);
  CHECK(texts_of(text).find("treasure") == std::string::npos);
  CHECK(Json::parse(text)["replay"]["of"] == 17);
  CHECK(Json::parse(text)["replay"]["differences"][0] ==
        "the header X-A was \"************\" and is \"************\"");
}

TEST_CASE("a replay whose original is not kept any more says so") {
  RecordedExchange replay = cgi_sample();
  replay.replay_of = 12;
  const Json json = json_of(replay)["replay"];
  CHECK(json["of"] == 12);
  CHECK(json["same_body"].is_null());
  CHECK(json["differences"].is_array());
}

TEST_CASE("the beginning of a secret at the end of what was kept of a stream is covered") {
  RecordedExchange exchange = cgi_sample();
  exchange.streams[2].bytes = "the cookie is cookie-ses";
  exchange.streams[2].total = 1000;
  const Json stream = json_of(exchange)["streams"][2];
  CHECK(decode_base64(stream["bytes_base64"].get<std::string>()) == "the cookie is **********");
  CHECK(stream["total"] == 1000);
  CHECK(stream["kept"] == 24);
}

TEST_CASE("the descriptors of both processes are told before and after the start") {
  const Json descriptors = json_of(post_sample())["script"]["descriptors"];
  CHECK(descriptors["server"]["before"].size() == 6);
  CHECK(descriptors["script"]["before"] == descriptors["server"]["before"]);
  CHECK(descriptors["server"]["after"].dump() ==
        R"([{"fd":10,"what":"write end of the input pipe"},{"fd":11,"what":"read end of the output pipe"},)"
        R"({"fd":13,"what":"read end of the error pipe"}])");
  CHECK(descriptors["script"]["after"].dump() ==
        R"([{"fd":0,"what":"read end of the input pipe"},{"fd":1,"what":"write end of the output pipe"},)"
        R"({"fd":2,"what":"write end of the error pipe"}])");
}

TEST_CASE("the records of FastCGI are told in order, with their direction") {
  const Json records = json_of(fastcgi_sample())["script"]["records"];
  REQUIRE(records.size() == 6);
  CHECK(records[0].dump() ==
        R"({"at":500,"direction":"sent","type":1,"name":"FCGI_BEGIN_REQUEST","id":1,"bytes":8})");
  CHECK(records[5]["direction"] == "received");
  CHECK(records[5]["name"] == "FCGI_END_REQUEST");
}

TEST_CASE("where no script ran, there is none in the JSON") {
  for (const char* name : {"file", "refused"}) {
    const Json json = json_of(samples().at(name));
    CHECK(json["script"].is_null());
    CHECK(json["streams"] == Json::array());
    CHECK(json["answer"]["changes"] == Json::array());
  }
}

TEST_CASE("the JSON of hostile bytes is UTF-8, and its streams keep every byte") {
  RecordedExchange exchange = hostile_sample();
  const std::string text = exchange_json(exchange, &exchange);
  CHECK(is_utf8(text));
  const Json json = Json::parse(text);
  CHECK(decode_base64(json["streams"][0]["bytes_base64"].get<std::string>()) == hostile_bytes());
  CHECK(Json::parse(summary_json(exchange))["method"].get<std::string>().starts_with("GET'\"\\ $(id)"));
}

TEST_CASE("an exchange of which nothing is known is JSON, too") {
  const Json json = json_of(RecordedExchange());
  CHECK(json["began"] == "1970-01-01T00:00:00.000Z");
  CHECK(json["route"].is_null());
  CHECK(json["worker"].is_null());
  CHECK(json["can_replay"] == false);
}

TEST_CASE("a secret is covered in a line of standard error that came in two pieces") {
  RecordedExchange exchange;
  exchange.over = true;
  exchange.environment = {"DB_PASSWORD=open-sesame"};
  const std::string first = std::string(kErrorPieceBytes - 6, 'x') + "open-s";
  for (const std::string& text : {first, std::string("esame, and open-sesame"), std::string("esame")})
    exchange.steps.push_back({.step = Step::error_line, .text = text});
  const Json events = json_of(exchange)["events"];
  REQUIRE(events.size() == 3);
  CHECK(events[0]["text"] == std::string(kErrorPieceBytes - 6, 'x') + "******");
  CHECK(events[1]["text"] == "*****, and ***********");
  CHECK(events[2]["text"] == "esame");
}

TEST_CASE("an exit status is explained with the last line of standard error") {
  RecordedExchange exchange;
  exchange.over = true;
  exchange.environment = {"DB_PASSWORD=open-sesame"};
  exchange.failure = {ScriptFault::exit_status, 1, ""};
  const std::string alone = json_of(exchange)["diagnosis"]["why"];
  for (const char* text : {"first", "no open-sesame here"})
    exchange.steps.push_back({.step = Step::error_line, .text = text});
  const std::string why = json_of(exchange)["diagnosis"]["why"];
  CHECK(why == alone + "; the last it said on standard error: \"no *********** here\"");
}

TEST_CASE(
    "a script that writes more on standard error than is logged has a note of it, though it did not fail") {
  RecordedExchange exchange;
  exchange.over = true;
  exchange.streams[2].total = kMaxErrorBytes;
  CHECK(json_of(exchange)["diagnosis"].is_null());
  exchange.streams[2].total = kMaxErrorBytes + 1;
  CHECK(json_of(exchange)["diagnosis"]["fault"] == "stderr_left_out");
  CHECK(json_of(exchange)["failure"].is_null());
}
