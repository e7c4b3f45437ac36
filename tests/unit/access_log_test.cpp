#include "tinyhttpd/access_log.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/log_text.hpp"

using namespace tinyhttpd;

namespace {

constexpr UnixTime kNow = 784111777;  // the example date of RFC 9110 section 5.6.7
const Endpoints kClient{
    .remote_address = "192.0.2.7", .remote_port = 1, .server_address = "::1", .server_port = 80};

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

TEST_CASE("AccessLog writes a line for every answer to its file, and to a new one after a rotation") {
  char folder[] = "/tmp/tinyhttpd-access-XXXXXX";
  REQUIRE(::mkdtemp(folder) != nullptr);
  const std::string path = std::string(folder) + "/access.log";
  Warnings warnings;
  {
    AccessLog log(path, warnings);
    log.response_sent(1, request_with("GET /one HTTP/1.1"), kClient, answer(200, 1));
    std::filesystem::rename(path, path + ".1");
    REQUIRE(log.reopen());
    log.response_sent(2, request_with("GET /two HTTP/1.1"), kClient, answer(200, 1));
  }
  CHECK(content_of(path + ".1").find("\"GET /one HTTP/1.1\" 200 1 \"-\" \"-\"\n") != std::string::npos);
  CHECK(content_of(path).find("\"GET /two HTTP/1.1\" 200 1 \"-\" \"-\"\n") != std::string::npos);
  CHECK(content_of(path).find("/one") == std::string::npos);
  CHECK(warnings.heard.empty());
  std::filesystem::remove_all(folder);
}

TEST_CASE("AccessLog tells the server log what a full disk costs") {
  Warnings warnings;
  {
    AccessLog log("/dev/full", warnings);
    log.response_sent(1, request_with("GET / HTTP/1.1"), kClient, answer(200, 1));
  }
  CHECK(warnings.heard ==
        std::vector<std::string>{"access log: lines are being dropped: No space left on device"});
}

TEST_CASE("AccessLog that is off does nothing") {
  Warnings warnings;
  AccessLog log("off", warnings);
  log.response_sent(1, request_with("GET / HTTP/1.1"), kClient, answer(200, 1));
  CHECK(log.reopen());
  CHECK_FALSE(std::filesystem::exists("off"));
}
