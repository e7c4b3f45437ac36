#include "tinyhttpd/access_log.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/temporary_folder.hpp"
#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/log_text.hpp"
#include "tinyhttpd/utf8.hpp"

using namespace tinyhttpd;

namespace {

constexpr UnixTime kNow = 784111777;  // the example date of RFC 9110 section 5.6.7
const auto kMoment = std::chrono::system_clock::time_point(std::chrono::milliseconds(kNow * 1000 + 123));
const Endpoints kClient{
    .remote_address = "192.0.2.7", .remote_port = 1, .server_address = "::1", .server_port = 80};

std::string combined_line(const Request& request, const Endpoints& endpoints, const AnswerSummary& summary,
                          UnixTime now) {
  std::string line;
  append_combined_line(line, request, endpoints, summary, now);
  return line;
}

std::string json_line(RequestId id, const Request& request, const Endpoints& endpoints,
                      const AnswerSummary& summary, std::chrono::system_clock::time_point now) {
  std::string line;
  append_json_line(line, id, request, endpoints, summary, now);
  return line;
}

std::string line_of(const Request& request, const AnswerSummary& summary) {
  return combined_line(request, kClient, summary, kNow);
}

Request request_with(std::string_view line, std::vector<Field> fields = {}) {
  Request request;
  request.line = line;
  request.fields = std::move(fields);
  return request;
}

AnswerSummary answer(int status, std::uint64_t body_bytes) {
  AnswerSummary summary;
  summary.status = status;
  summary.body_bytes = body_bytes;
  summary.complete = true;
  return summary;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Where the characters of a JSON string end, past the quote; npos: it is none (RFC 8259 section 7, RFC
/// 3629).
std::size_t end_of_string(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '"') return text.npos;
  for (++at; at < text.size();) {
    if (text[at] == '"') return at + 1;
    if (static_cast<unsigned char>(text[at]) < 0x20) return text.npos;
    if (text[at] == '\\') {
      const bool is_number = text.substr(at).starts_with("\\u00");
      if (!is_number && !text.substr(at).starts_with("\\\"") && !text.substr(at).starts_with("\\\\"))
        return text.npos;
      at += is_number ? 6 : 2;
    } else {
      const std::size_t length = utf8_length(text.substr(at));
      if (length == 0) return text.npos;
      at += length;
    }
  }
  return text.npos;
}

/// null, true, false, or a number with or without decimals, none with a needless zero in front.
bool is_plain_value(std::string_view text) {
  if (text == "null" || text == "true" || text == "false") return true;
  const auto is_number = [](std::string_view digits) {
    return !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos;
  };
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  if (point < text.size() && !is_number(text.substr(point + 1))) return false;
  return is_number(whole) && (whole == "0" || whole.front() != '0');
}

/// Whether `text` is one flat JSON object without white space.
bool is_json_object(std::string_view text) {
  if (!text.starts_with('{')) return false;
  for (std::size_t at = 1;; ++at) {
    at = end_of_string(text, at);
    if (at >= text.size() || text[at++] != ':') return false;
    if (text.substr(at).starts_with('"')) {
      at = end_of_string(text, at);
    } else {
      const std::size_t end = text.find_first_of(",}", at);
      if (end == text.npos || !is_plain_value(text.substr(at, end - at))) return false;
      at = end;
    }
    if (at >= text.size()) return false;
    if (text[at] == '}') return at + 1 == text.size();
    if (text[at] != ',') return false;
  }
}

/// Keeps the warnings it hears.
struct Warnings : Trace {
  void warning(std::string_view what) override {
    std::lock_guard lock(mutex);
    heard.emplace_back(what);
  }
  std::mutex mutex;
  std::vector<std::string> heard;
};

}  // namespace

TEST_CASE("combined_line is the Combined format, byte for byte") {
  auto request = request_with("GET /a?b=c HTTP/1.1",
                              {{"Host", "x"}, {"referer", "http://x/"}, {"User-Agent", "curl/7.88.1"}});
  CHECK(line_of(request, answer(200, 1234)) ==
        "192.0.2.7 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b=c HTTP/1.1\" 200 1234 \"http://x/\" "
        "\"curl/7.88.1\"");
}

TEST_CASE("combined_line writes '-' for what is absent") {
  CHECK(line_of(request_with(""), answer(408, 0)) ==
        "192.0.2.7 - - [06/Nov/1994:08:49:37 +0000] \"-\" 408 - \"-\" \"-\"");
  CHECK(combined_line(request_with(""), Endpoints{}, answer(0, 0), kNow) ==
        "- - - [06/Nov/1994:08:49:37 +0000] \"-\" - - \"-\" \"-\"");
}

TEST_CASE("combined_line lets nothing of a client end a line, leave its quotes or reach a terminal") {
  auto request = request_with("GET /\x1b[2J\x9b\n\" 200 HTTP/1.1",
                              {{"Referer", "\"\r\n127.0.0.1 - - forged"}, {"User-Agent", "\xff\\\""}});
  CHECK(line_of(request, answer(400, 5)) ==
        "192.0.2.7 - - [06/Nov/1994:08:49:37 +0000] \"GET /\\x1b[2J\\x9b\\x0a\\x22 200 HTTP/1.1\" 400 5 "
        "\"\\x22\\x0d\\x0a127.0.0.1 - - forged\" \"\\xff\\x5c\\x22\"");
}

TEST_CASE("combined_line shows no secrets") {
  auto request =
      request_with("GET / HTTP/1.1", {{"Authorization", "Basic c2VjcmV0"}, {"Cookie", "id=secret"}});
  CHECK(line_of(request, answer(200, 1)) ==
        "192.0.2.7 - - [06/Nov/1994:08:49:37 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"");
}

TEST_CASE("combined_line of an endless URL, referrer and user agent is cut with marks") {
  for (char byte : {'a', '\x01'}) {
    const std::string endless(64 * 1024, byte);
    std::string line =
        line_of(request_with(endless, {{"Referer", endless}, {"User-Agent", endless}}), answer(414, 9));
    CHECK(line.size() < kMaxLogLineBytes);
    CHECK(line.find("[+") != line.rfind("[+"));
    CHECK(line.ends_with("]\""));
  }
}

TEST_CASE("combined_line names the user whose password was checked, as one word") {
  auto request = request_with("GET / HTTP/1.1");
  request.user = "anna";
  CHECK(line_of(request, answer(200, 1)).starts_with("192.0.2.7 - anna ["));
  request.user = "an na\n\"\x1b";
  CHECK(line_of(request, answer(200, 1)).starts_with(R"(192.0.2.7 - an\x20na\x0a\x22\x1b [)"));
  request.user = std::string(1000, 'x');
  CHECK(line_of(request, answer(200, 1)).size() < 300);
}

// --- JSON

TEST_CASE("json_line is one JSON object, byte for byte") {
  auto request =
      request_with("GET /a?b=c HTTP/1.1", {{"referer", "http://x/"}, {"User-Agent", "curl/7.88.1"}});
  request.host_field = "example.com:4000";
  AnswerSummary summary = answer(200, 1234);
  summary.duration = std::chrono::microseconds(12'045);
  CHECK(
      json_line(7, request, kClient, summary, kMoment) ==
      R"({"time":"1994-11-06T08:49:37.123Z","id":7,"remote":"192.0.2.7","user":null,"host":"example.com:4000",)"
      R"("method":"GET","target":"/a?b=c","protocol":"HTTP/1.1","status":200,"bytes":1234,)"
      R"("duration_ms":12.045,"complete":true,"referer":"http://x/","user_agent":"curl/7.88.1"})");
}

TEST_CASE("json_line writes null for what is absent") {
  CHECK(
      json_line(1, request_with(""), Endpoints{}, AnswerSummary{}, kMoment) ==
      R"({"time":"1994-11-06T08:49:37.123Z","id":1,"remote":null,"user":null,"host":null,"method":null,"target":null,)"
      R"("protocol":null,"status":null,"bytes":0,"duration_ms":0.000,"complete":false,"referer":null,)"
      R"("user_agent":null})");
}

TEST_CASE("json_line of what is no request line is all target") {
  for (const std::string_view line : {"GET", "GET /", " / HTTP/1.1", "\x16\x03\x01 a b"}) {
    CAPTURE(std::string(line));
    const std::string json = json_line(1, request_with(line), kClient, answer(400, 0), kMoment);
    std::string target;
    append_json_text(target, line, 100);
    CHECK(json.find("\"method\":null,\"target\":" + target + ",\"protocol\":null") != std::string::npos);
  }
}

TEST_CASE("json_line names the host that a refused request asked for") {
  const auto request = request_with("GET / HTTP/1.1", {{"Host", "a b"}});
  CHECK(json_line(1, request, kClient, answer(400, 0), kMoment).find(R"("host":"a b")") != std::string::npos);
}

TEST_CASE("json_line names the user whose password was checked") {
  auto request = request_with("GET / HTTP/1.1");
  request.user = "an \"na";
  CHECK(json_line(1, request, kClient, answer(200, 0), kMoment).find(R"("user":"an \"na")") !=
        std::string::npos);
}

TEST_CASE("json_line shows no secrets") {
  auto request =
      request_with("GET / HTTP/1.1", {{"Authorization", "Basic c2VjcmV0"}, {"Cookie", "id=secret"}});
  const std::string json = json_line(1, request, kClient, answer(200, 1), kMoment);
  CHECK(json.find("c2VjcmV0") == std::string::npos);
  CHECK(json.find("secret") == std::string::npos);
}

TEST_CASE("json_line is a JSON object in one line that fits, whatever the client sends") {
  CHECK(is_json_object(R"({"a":"b\u00e9","c":1.5,"d":null,"e":true})"));  // the check itself can fail
  for (const char* broken : {R"({"a":"b)", R"({"a":"b""c":1})", "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}",
                             R"({"a":"\x"})", R"({"a":01x})", R"({"a":1)"})
    CHECK_FALSE(is_json_object(broken));

  std::mt19937 random(8259);
  const std::string_view pieces[] = {"a",        "\"",   "\\",   "\x01", "\n", "\x7f",
                                     "\xc2\x85", "\xff", "\xc3", "é",    "𝄞",  " "};
  for (int i = 0; i < 2000; ++i) {
    const auto anything = [&] {
      std::string text;
      const std::size_t count = random() % (i % 10 == 0 ? 6000 : 40);
      const std::string_view always = pieces[random() % std::size(pieces)];
      const bool is_uniform = random() % 2 == 0;  // all of one piece: the most that escaping makes of it
      while (text.size() < count) text += is_uniform ? always : pieces[random() % std::size(pieces)];
      return text;
    };
    const std::string line = anything() + " " + anything() + " HTTP/" + anything();
    const std::string host = anything();
    const std::string referer = anything();
    const std::string agent = anything();
    auto request = request_with(line, {{"Referer", referer}, {"User-Agent", agent}});
    request.host_field = host;
    AnswerSummary summary = answer(599, ~std::uint64_t{0});
    summary.duration = std::chrono::hours(24 * 365);
    Endpoints longest = kClient;
    longest.remote_address = "1234:1234:1234:1234:1234:1234:255.255.255.255";
    const std::string json = json_line(~RequestId{0}, request, longest, summary, kMoment);
    REQUIRE(json.size() < kMaxLogLineBytes);
    REQUIRE(is_json_object(json));
  }
}

// --- The log itself

TEST_CASE("AccessLog writes JSON lines where it is told to") {
  const TemporaryFolder folder;
  Warnings warnings;
  {
    AccessLog log(folder / "access.log", LogFormat::json, warnings);
    log.response_sent(9, request_with("GET /one HTTP/1.1"), kClient, answer(200, 1));
  }
  const std::string content = content_of(folder / "access.log");
  CHECK(content.find(R"(,"id":9,"remote":"192.0.2.7",)") != std::string::npos);
  REQUIRE(content.ends_with("}\n"));
  CHECK(is_json_object(content.substr(0, content.size() - 1)));
}

TEST_CASE("AccessLog writes a line for every answer to its file, and to a new one after a rotation") {
  const TemporaryFolder folder;
  const std::string path = folder / "access.log";
  Warnings warnings;
  {
    AccessLog log(path, LogFormat::combined, warnings);
    log.response_sent(1, request_with("GET /one HTTP/1.1"), kClient, answer(200, 1));
    std::filesystem::rename(path, path + ".1");
    REQUIRE(log.reopen());
    log.response_sent(2, request_with("GET /two HTTP/1.1"), kClient, answer(200, 1));
  }
  CHECK(content_of(path + ".1").find("\"GET /one HTTP/1.1\" 200 1 \"-\" \"-\"\n") != std::string::npos);
  CHECK(content_of(path).find("\"GET /two HTTP/1.1\" 200 1 \"-\" \"-\"\n") != std::string::npos);
  CHECK(content_of(path).find("/one") == std::string::npos);
  CHECK(warnings.heard.empty());
}

TEST_CASE("AccessLog tells the server log what a full disk costs") {
  Warnings warnings;
  {
    AccessLog log("/dev/full", LogFormat::combined, warnings);
    log.response_sent(1, request_with("GET / HTTP/1.1"), kClient, answer(200, 1));
  }
  CHECK(warnings.heard ==
        std::vector<std::string>{"access log: lines are being dropped: No space left on device"});
}

TEST_CASE("AccessLog that is off does nothing") {
  Warnings warnings;
  AccessLog log("off", LogFormat::combined, warnings);
  log.response_sent(1, request_with("GET / HTTP/1.1"), kClient, answer(200, 1));
  CHECK(log.reopen());
  CHECK_FALSE(std::filesystem::exists("off"));
}
