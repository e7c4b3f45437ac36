#include "tinyhttpd/head_changes.hpp"

#include <doctest/doctest.h>

#include "support/recorded_samples.hpp"
#include "tinyhttpd/recorded_exchange.hpp"

using namespace tinyhttpd;
using namespace tinyhttpd::testing;

namespace {

// What became of a head: "script line > sent line (section)", a line each, "-" for none.
std::string story_of(const RecordedExchange& exchange) {
  std::string story;
  for (const HeadChange& change : head_changes(exchange)) {
    CHECK_FALSE(change.why.empty());
    story += change.script.value_or("-") + " > " + change.sent.value_or("-");
    if (!change.section.empty()) story += " (" + change.section + ")";
    story += "\n";
  }
  return story;
}

RecordedExchange answered(std::string script_head, std::string sent_head) {
  RecordedExchange exchange;
  exchange.handler = "execute_cgi";
  exchange.environment = {"PATH=/bin"};
  exchange.script_head_bytes = script_head.size();
  exchange.streams[1].bytes = std::move(script_head) + "body\nof: it\n";
  exchange.sent_head = std::move(sent_head);
  exchange.status = 200;
  return exchange;
}

}  // namespace

TEST_CASE("Status becomes the status line, and a bare line feed a whole line end") {
  CHECK(story_of(answered("Status: 404 Not Here\nContent-Type: text/plain\n\n",
                          "HTTP/1.1 404 Not Here\r\nContent-Type: text/plain\r\n\r\n")) ==
        "Status: 404 Not Here > HTTP/1.1 404 Not Here (RFC 3875 section 6.3.3)\n"
        "Content-Type: text/plain > Content-Type: text/plain (RFC 3875 section 7.2)\n");
}

TEST_CASE("a line that needed no change says that it went out as it came") {
  const auto changes = head_changes(answered("X-A: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n"));
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].why == "Passed on as it is.");
  CHECK(changes[1].why == "The script gave no Status, so it is 200.");
}

TEST_CASE("fields of the connection, and those that the server writes, are taken out with the reason") {
  CHECK(story_of(answered("Connection: close\nKeep-Alive: 1\nTransfer-Encoding: chunked\nDate: x\nServer: y\n"
                          "X-CGI-A: 1\nX-Sendfile: /etc/passwd\nX-A:  1\n\n",
                          "HTTP/1.1 200 OK\r\nDate: now\r\nServer: tinyhttpd\r\nX-A: 1\r\n"
                          "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")) ==
        "Connection: close > - (RFC 9110 section 7.6.1)\n"
        "Keep-Alive: 1 > - (RFC 9110 section 7.6.1)\n"
        "Transfer-Encoding: chunked > - (RFC 9110 section 7.6.1)\n"
        "Date: x > - (RFC 9110 section 6.6.1)\n"
        "Server: y > - (RFC 9110 section 10.2.4)\n"
        "X-CGI-A: 1 > - (RFC 3875 section 6.3.5)\n"
        "X-Sendfile: /etc/passwd > -\n"
        "X-A:  1 > X-A: 1 (RFC 9112 section 5)\n"
        "- > HTTP/1.1 200 OK (RFC 3875 section 6.3.3)\n"
        "- > Date: now (RFC 9110 section 6.6.1)\n"
        "- > Server: tinyhttpd (RFC 9110 section 10.2.4)\n"
        "- > Transfer-Encoding: chunked (RFC 9112 section 7.1)\n"
        "- > Connection: close (RFC 9112 section 9.3)\n");
}

TEST_CASE("a Location without a Status makes the status line 302") {
  CHECK(story_of(answered("Location: http://a/\n\n", "HTTP/1.1 302 Found\r\nLocation: http://a/\r\n\r\n")) ==
        "Location: http://a/ > Location: http://a/ (RFC 3875 section 7.2)\n"
        "- > HTTP/1.1 302 Found (RFC 3875 section 6.2.3)\n");
}

TEST_CASE("a local redirect never reaches the client") {
  CHECK(story_of(answered("Location: /other\n\n", "HTTP/1.1 200 OK\r\n\r\n")) ==
        "Location: /other > - (RFC 3875 section 6.2.2)\n- > HTTP/1.1 200 OK\n");
}

TEST_CASE("of the script's lengths only a good one is sent") {
  CHECK(story_of(answered("Content-Length: 4\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")) ==
        "Content-Length: 4 > Content-Length: 4 (RFC 9110 section 8.6)\n"
        "- > HTTP/1.1 200 OK (RFC 3875 section 6.3.3)\n");
  CHECK(story_of(answered("Content-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n")) ==
        "Content-Length: x > - (RFC 9112 section 6.3)\n"
        "- > HTTP/1.1 200 OK (RFC 3875 section 6.3.3)\n- > Content-Length: 11 (RFC 9110 section 8.6)\n");
  auto bodiless = answered("Status: 204\r\nContent-Length: 4\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n");
  bodiless.status = 204;
  CHECK(head_changes(bodiless)[1].why == "An answer of this status has no body, and so no length.");
}

TEST_CASE("repeated fields are paired one by one, and a line of --header is told from the script's") {
  CHECK(story_of(answered("Vary: A\r\nVary: A\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nVary: A\r\nVary: A\r\nVary: B\r\n\r\n")) ==
        "Vary: A > Vary: A\nVary: A > Vary: A\n- > HTTP/1.1 200 OK (RFC 3875 section 6.3.3)\n- > Vary: B\n");
}

TEST_CASE("a non-parsed head goes out as it is") {
  auto exchange = answered("HTTP/1.0 404 Gone\nX: 1\n\n", "");
  exchange.script_head_bytes = 0;
  CHECK(story_of(exchange) ==
        "HTTP/1.0 404 Gone > HTTP/1.0 404 Gone (RFC 3875 section 5.2)\nX: 1 > X: 1 (RFC 3875 section 5.2)\n");
}

TEST_CASE("where a script failed, none of its lines becomes one of the answer") {
  CHECK(story_of(failed_sample())
            .starts_with("Content-Type: text/plain > -\nX-Was: cookie-sesame > -\n"
                         "- > HTTP/1.1 502 Bad Gateway\n"));
  auto endless = failed_sample();
  for (int i = 0; i < 5000; ++i) endless.streams[1].bytes += "X: 1\n";
  CHECK(head_changes(endless).size() < 200);
}

TEST_CASE("the lines of a JSON answer are the server's, made of what the program printed") {
  const auto changes = head_changes(json_sample());
  REQUIRE(changes.size() == 6);
  CHECK(changes[0].sent == "HTTP/1.1 200 OK");
  CHECK(changes[3].sent == "X-A: 1");
  CHECK(changes[3].why == "The server made it of the JSON that the program printed.");
  for (const HeadChange& change : changes) CHECK_FALSE(change.script);
}

TEST_CASE("where no script answered, there is nothing to compare") {
  CHECK(head_changes(file_sample()).empty());
  CHECK(head_changes(refused_sample()).empty());
}

TEST_CASE("heads of hostile bytes are compared as any other") {
  CHECK_FALSE(head_changes(hostile_sample()).empty());
  auto exchange = answered("\n\n: \n::\r\r\n\xff: \x1b\n", "\r\n\n");
  CHECK_NOTHROW(head_changes(exchange));
  exchange.sent_head.clear();
  exchange.streams[1].bytes = "Status: 200\n\n";
  CHECK(head_changes(exchange)[0].why == "The answer ended before its head was sent.");
}
