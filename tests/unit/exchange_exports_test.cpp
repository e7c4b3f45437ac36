#include "tinyhttpd/exchange_exports.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "support/golden.hpp"
#include "support/recorded_samples.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/shell_text.hpp"
#include "tinyhttpd/utf8.hpp"

using namespace tinyhttpd;
using namespace tinyhttpd::testing;
using Json = nlohmann::ordered_json;

namespace {

std::map<std::string, RecordedExchange> samples() {
  return {{"cgi", cgi_sample()},         {"post", post_sample()}, {"failed", failed_sample()},
          {"fastcgi", fastcgi_sample()}, {"json", json_sample()}, {"file", file_sample()},
          {"refused", refused_sample()}};
}

// Goldens outlive a version.
std::string har_of(const RecordedExchange& exchange) {
  Json har = Json::parse(exchange_har(exchange));
  const std::string software(server_software());
  CHECK("tinyhttpd/" + har["log"]["creator"]["version"].get<std::string>() == software);
  har["log"]["creator"]["version"] = "0";
  return har.dump(1) + "\n";
}

Json entry_of(const RecordedExchange& exchange) {
  return Json::parse(exchange_har(exchange))["log"]["entries"][0];
}

// What a shell that runs the text prints.
std::string run_by(const std::string& shell, const std::string& text, const TemporaryFolder& folder) {
  folder.write("run.sh", text);
  std::FILE* output = ::popen((shell + " '" + (folder / "run.sh") + "' 2>&1").c_str(), "r");
  REQUIRE(output != nullptr);
  std::string all;
  std::array<char, 4096> buffer{};
  for (std::size_t count = 1; count > 0;) {
    count = std::fread(buffer.data(), 1, buffer.size(), output);
    all.append(buffer.data(), count);
  }
  ::pclose(output);
  return all;
}

// A recorded run of a script in the folder that prints what it was given.
RecordedExchange run_in(const TemporaryFolder& folder, const std::string& name) {
  folder.write(name,
               "#!/bin/sh\npwd\nprintf '[%s]' \"$ODD\" \"$EMPTY\" \"$@\"\n"
               "test \"${HOME+set}\" && echo ' not alone'\ncat\n",
               0755);
  RecordedExchange exchange;
  exchange.id = 1;
  exchange.handler = "execute_cgi";
  exchange.request_head = "GET / HTTP/1.1\r\n\r\n";
  exchange.script = "/" + name;
  exchange.environment = {"PATH=/usr/bin:/bin", "SCRIPT_FILENAME=" + (folder / name), "EMPTY="};
  exchange.arguments = {folder / name};
  return exchange;
}

}  // namespace

TEST_CASE("what is exported stays what it is") {
  for (const auto& sample : samples()) {
    const auto& [name, exchange] = sample;
    CAPTURE(sample.first);
    const std::string drawing = exchange_mermaid(exchange);
    CHECK((drawing == golden(name + ".mmd", drawing)));
    const std::string command = exchange_shell(exchange);
    CHECK((command == golden(name + ".sh", command)));
    const std::string archive = har_of(exchange);
    CHECK((archive == golden(name + ".har", archive)));
  }
}

TEST_CASE("no secret is in anything that is exported") {
  for (const auto& sample : samples()) {
    const auto& [name, exchange] = sample;
    CAPTURE(sample.first);
    const std::string all = exchange_mermaid(exchange) + exchange_har(exchange) + exchange_shell(exchange);
    CHECK(all.find("sesame") == all.npos);
    for (const std::string& secret : sample_secrets()) {
      CHECK(all.find(secret) == all.npos);
      CHECK(all.find(encode_base64(secret)) == all.npos);
    }
  }
}

// ---- Mermaid

TEST_CASE("every line of a drawing is one statement, whatever the bytes") {
  const std::regex statement(
      "  (participant (client|acceptor|queue|worker|runner) as |"
      "(client|acceptor|queue|worker|runner)->>(client|acceptor|queue|worker|runner): |"
      "Note over (worker|runner): )([A-Za-z0-9 .,:/=?_()'!*@-]|#[0-9]+;)+");
  auto all = samples();
  all.emplace("hostile", hostile_sample());
  for (const auto& sample : all) {
    const auto& [name, exchange] = sample;
    CAPTURE(sample.first);
    std::string drawing = exchange_mermaid(exchange);
    const std::string header = "sequenceDiagram\n";
    REQUIRE(drawing.starts_with(header));
    REQUIRE(drawing.ends_with('\n'));
    std::size_t begin = header.size();
    for (std::size_t end = drawing.find('\n', begin); end != drawing.npos; end = drawing.find('\n', begin)) {
      const std::string line = drawing.substr(begin, end - begin);
      CAPTURE(line);
      CHECK(std::regex_match(line, statement));
      begin = end + 1;
    }
  }
}

TEST_CASE("a dozen pieces are drawn one by one, and more of them as one") {
  RecordedExchange exchange;
  for (std::uint64_t i = 0; i < kMostPieces; ++i)
    exchange.steps.push_back({.step = Step::read, .at = 1000, .stream = 1, .offset = i * 10, .bytes = 10});
  const auto arrows_in = [](const std::string& drawing) {
    return std::count(drawing.begin(), drawing.end(), '>') / 2;
  };
  CHECK(arrows_in(exchange_mermaid(exchange)) == 12);
  exchange.steps.push_back({.step = Step::read, .at = 1500, .stream = 2, .bytes = 1});
  exchange.steps.push_back({.step = Step::read, .at = 2000, .stream = 1, .offset = 120, .bytes = 10});
  exchange.steps.push_back({.step = Step::closed, .at = 2500, .stream = 1});
  const std::string drawing = exchange_mermaid(exchange);
  CHECK(arrows_in(drawing) == 3);
  CHECK(drawing.find("130 bytes in 13 pieces from standard output (1.000 ms to 2.000 ms)") != drawing.npos);
  CHECK(drawing.find("the script wrote 1 byte to standard error (1.500 ms)") != drawing.npos);
}

TEST_CASE("a drawing stays readable, however long a line of the script is") {
  RecordedExchange exchange;
  exchange.steps.push_back({.step = Step::error_line, .stream = 2, .text = std::string(100'000, 'x')});
  CHECK(exchange_mermaid(exchange).size() < 500);
}

// ---- HAR

TEST_CASE("an archive has every member that HAR 1.2 asks for") {
  auto all = samples();
  all.emplace("hostile", hostile_sample());
  all.emplace("nothing", RecordedExchange());
  for (const auto& sample : all) {
    const auto& [name, exchange] = sample;
    CAPTURE(sample.first);
    const Json har = Json::parse(exchange_har(exchange));
    CHECK(har["log"]["version"] == "1.2");
    const Json entry = har["log"]["entries"][0];
    for (const char* member : {"startedDateTime", "time", "request", "response", "cache", "timings"})
      CHECK(entry.contains(member));
    for (const char* member :
         {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"})
      CHECK(entry["request"].contains(member));
    for (const char* member : {"status", "statusText", "httpVersion", "cookies", "headers", "content",
                               "redirectURL", "headersSize", "bodySize"})
      CHECK(entry["response"].contains(member));
    for (const char* member : {"size", "mimeType"}) CHECK(entry["response"]["content"].contains(member));
  }
}

TEST_CASE("the timings of an archive add up to its time") {
  for (const auto& sample : samples()) {
    const auto& [name, exchange] = sample;
    CAPTURE(sample.first);
    const Json entry = entry_of(exchange);
    double sum = 0;
    for (const auto& [phase, milliseconds] : entry["timings"].items())
      sum += std::max(0.0, milliseconds.get<double>());
    CHECK(sum == doctest::Approx(entry["time"].get<double>()));
    CHECK(entry["time"].get<double>() == doctest::Approx(static_cast<double>(exchange.duration) / 1000));
  }
}

TEST_CASE("what is no text is base64 in an archive") {
  const Json entry = entry_of(post_sample());
  const Json content = entry["response"]["content"];
  CHECK(content["encoding"] == "base64");
  CHECK(decode_base64(content["text"].get<std::string>())->size() == 256);
  CHECK(entry["request"]["postData"]["comment"] == "text is base64");
  CHECK(entry["request"]["bodySize"] == 256);
  CHECK_FALSE(entry_of(cgi_sample())["response"]["content"].contains("encoding"));
}

TEST_CASE("a body that was not recorded is not in an archive, and that is said") {
  CHECK(entry_of(file_sample())["response"]["content"].dump() ==
        R"({"size":1234,"mimeType":"text/css; charset=utf-8","comment":"the body was not recorded"})");
}

// ---- Shell

TEST_CASE("the shell text gives a script the same folder, variables, arguments and body") {
  const TemporaryFolder folder;
  RecordedExchange exchange = run_in(folder, "it's a.cgi");
  exchange.environment.push_back("ODD=" + hostile_bytes() + "\n\n");
  exchange.arguments.push_back(hostile_bytes());
  exchange.arguments.push_back("-e");
  exchange.arguments.push_back("");
  std::string body = "-n\n%s%%\\0";
  for (int byte = 0; byte < 256; ++byte) body += static_cast<char>(byte);
  body += "0123\n";
  exchange.streams[0] = {body, body.size(), true};
  const std::string expected =
      folder.path() + "\n[" + hostile_bytes() + "\n\n][][" + hostile_bytes() + "][-e][]" + body;
  for (const char* shell : {"sh", "bash"}) {
    CAPTURE(std::string(shell));
    CHECK((run_by(shell, exchange_shell(exchange), folder) == expected));
  }
}

TEST_CASE("the shell text gives a script without a body the end of file, and runs one with = in its name") {
  const TemporaryFolder folder;
  const RecordedExchange exchange = run_in(folder, "a=b.cgi");
  CHECK(run_by("sh", exchange_shell(exchange), folder) == folder.path() + "\n[][]");
}

TEST_CASE("the shell text is printable, so that a terminal it is pasted into obeys nothing in it") {
  for (const auto& exchange : {hostile_sample(), cgi_sample()}) {
    std::string text = exchange_shell(exchange);
    std::replace(text.begin(), text.end(), '\n', ' ');
    CHECK(is_printable_text(text));
  }
}

TEST_CASE("what a client sent cannot end a comment of the shell text") {
  RecordedExchange exchange = cgi_sample();
  exchange.request_line = "GET /\nid\r\x1b[0m HTTP/1.1";
  const std::string text = exchange_shell(exchange);
  CHECK(text.find("# Exchange 17 of tinyhttpd: GET /\\x0aid\\x0d\\x1b[0m HTTP/1.1\n") != text.npos);
}

TEST_CASE("the shell text names what is masked") {
  const std::string text = exchange_shell(cgi_sample());
  for (const char* name :
       {"HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_X_API_KEY", "HTTP_X_TOKEN", "DB_PASSWORD"})
    CHECK(text.find(std::string("put in the real value of: ") + name + "\n") != text.npos);
  CHECK(text.find("real value of: PATH") == text.npos);
}

TEST_CASE("a body of which only the beginning was kept is said to be cut") {
  RecordedExchange exchange = post_sample();
  exchange.streams[0].total = 1000;
  CHECK(exchange_shell(exchange).find("# Of the body only the first 256 bytes of 1000 were kept.\n") !=
        std::string::npos);
}

TEST_CASE("where no script of this machine ran, the request is sent again by curl") {
  RecordedExchange exchange = file_sample();
  exchange.request_head = "HEAD / HTTP/1.0\r\nX-Empty:\r\nContent-Length: 3\r\n\r\n";
  exchange.method = "HEAD";
  exchange.minor_version = 0;
  exchange.server_address = "::1";
  exchange.target = "/[a]'b?c";
  CHECK(exchange_shell(exchange) ==
        "#!/bin/sh\n# Exchange 22 of tinyhttpd: GET /style.css HTTP/1.1\n"
        "# No script of this machine ran; it sends the request again.\n"
        "curl --silent --show-error --include --globoff --path-as-is --http1.0 --head \\\n"
        "  --header 'X-Empty;' \\\n  --header 'User-Agent:' \\\n  --header 'Accept:' \\\n"
        "  'http://[::1]:4000/[a]'\\''b?c'\n");
  exchange.target = "http://other/";
  const std::string text = exchange_shell(exchange);
  CHECK(text.find("--request-target \\\n  'http://other/' \\\n  'http://[::1]:4000/'\n") != text.npos);
}
