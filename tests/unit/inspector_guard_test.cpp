#include "tinyhttpd/inspector_guard.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/request_parser.hpp"

using namespace tinyhttpd;

namespace {

/// What is said of a request with these lines after its request line; "" when it may pass.
std::string refusal(const std::string& lines, const std::string& bound = "127.0.0.1",
                    const std::string& line = "GET / HTTP/1.1") {
  const std::string head = line + "\r\n" + lines + "\r\n";
  Request request;
  REQUIRE(parse_request(head, Limits(), request));
  const auto refused = refuse_foreign(request, bound);
  if (refused) CHECK(refused->status == Status::forbidden);
  return refused ? refused->reason : "";
}

constexpr auto kForeignHost = "the inspector is asked for by a Host that is not its own";
constexpr auto kForeignOrigin = "the inspector is asked by a page of another origin";
constexpr auto kForeignSite = "the inspector is asked by a page of another site";

}  // namespace

TEST_CASE("the inspector is asked for by a name of this machine, and no other") {
  for (const char* host :
       {"localhost", "localhost:4001", "LOCALHOST", "127.0.0.1:4001", "127.1.2.3", "[::1]:4001"})
    CHECK(refusal("Host: " + std::string(host) + "\r\n") == "");
  for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "192.0.2.1",
                           "[2001:db8::1]", "127.x"})
    CHECK(refusal("Host: " + std::string(host) + "\r\n") == kForeignHost);
}

TEST_CASE("an inspector that is bound elsewhere is asked for by that address, or by any number") {
  CHECK(refusal("Host: 192.0.2.1:4001\r\n", "192.0.2.1") == "");
  CHECK(refusal("Host: 192.0.2.2:4001\r\n", "192.0.2.1") == kForeignHost);
  CHECK(refusal("Host: 192.0.2.2:4001\r\n", "0.0.0.0") == "");
  CHECK(refusal("Host: [2001:db8::1]:4001\r\n", "::") == "");
  CHECK(refusal("Host: evil.example\r\n", "0.0.0.0") == kForeignHost);
}

TEST_CASE("figures are for any name once the inspector is open to others") {
  for (const char* path : {"GET /metrics HTTP/1.1", "GET /healthz HTTP/1.1"}) {
    CHECK(refusal("Host: web.example\r\n", "0.0.0.0", path) == "");
    CHECK(refusal("Host: web.example\r\n", "127.0.0.1", path) == kForeignHost);
  }
  CHECK(refusal("Host: web.example\r\n", "0.0.0.0", "GET /api/exchanges HTTP/1.1") == kForeignHost);
}

TEST_CASE("a health check of HTTP/1.0 may name no host, and nothing else may") {
  for (const char* method : {"GET", "HEAD"})
    CHECK(refusal("", "127.0.0.1", std::string(method) + " /healthz HTTP/1.0") == "");
  CHECK(refusal("", "127.0.0.1", "GET /metrics HTTP/1.0") == kForeignHost);
  CHECK(refusal("", "127.0.0.1", "GET /api/exchanges HTTP/1.0") == kForeignHost);
  CHECK(refusal("Host: evil.example\r\n", "127.0.0.1", "GET /healthz HTTP/1.0") == kForeignHost);
  CHECK(refusal("", "127.0.0.1", "GET http://evil.example/healthz HTTP/1.0") == kForeignHost);
  CHECK(refusal("Origin: http://evil.example\r\n", "127.0.0.1", "GET /healthz HTTP/1.0") == kForeignOrigin);
}

TEST_CASE("a page of another origin is refused, whatever it asks") {
  const std::string host = "Host: localhost:4001\r\n";
  CHECK(refusal(host + "Origin: http://localhost:4001\r\n") == "");
  for (const char* origin :
       {"http://localhost:4000", "https://localhost:4001", "http://evil.example", "null"})
    CHECK(refusal(host + "Origin: " + origin + "\r\n") == kForeignOrigin);
  CHECK(refusal(host + "Sec-Fetch-Site: same-origin\r\n") == "");
  CHECK(refusal(host + "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n") == "");
  CHECK(refusal(host + "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors\r\n") == kForeignSite);
  CHECK(refusal(host + "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n") == kForeignSite);
}

TEST_CASE("a link to the inspector may be followed, but it is shown in no frame") {
  const std::string fields =
      "Host: localhost:4001\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n";
  CHECK(refusal(fields + "Sec-Fetch-Dest: document\r\n") == "");
  CHECK(refusal(fields + "Sec-Fetch-Dest: iframe\r\n") == kForeignSite);
}

TEST_CASE("what changes something needs a field of its own, and JSON") {
  const std::string post = "POST /api/step HTTP/1.1";
  const std::string host = "Host: localhost:4001\r\nContent-Length: 0\r\n";
  CHECK(refusal(host, "127.0.0.1", post) ==
        "the inspector does nothing without the field X-Tinyhttpd-Inspector");
  CHECK(refusal(host + "X-Tinyhttpd-Inspector: 1\r\n", "127.0.0.1", post) ==
        "the inspector takes nothing but application/json");
  CHECK(refusal(host + "X-Tinyhttpd-Inspector: 1\r\nContent-Type: text/plain\r\n", "127.0.0.1", post) != "");
  CHECK(refusal(host + "X-Tinyhttpd-Inspector: 1\r\nContent-Type: application/json; charset=utf-8\r\n",
                "127.0.0.1", post) == "");
}
