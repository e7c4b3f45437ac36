#include "tinyhttpd/replay.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "support/client.hpp"
#include "support/server_under_test.hpp"

using namespace tinyhttpd;

TEST_CASE("a request is sent again as it came, but for its connection") {
  CHECK(replayed_head("GET /a HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nCookie: a=1\r\n\r\n", 0) ==
        "GET /a HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\nConnection: close\r\n\r\n");
  CHECK(replayed_head("GET /a HTTP/1.0\r\n\r\n", 0) == "GET /a HTTP/1.0\r\nConnection: close\r\n\r\n");
}

TEST_CASE("a body is sent again in one piece, however it came") {
  const std::string again = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\n";
  CHECK(replayed_head("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 5) == again);
  CHECK(replayed_head("POST /a HTTP/1.1\r\ncontent-length: 5\r\nExpect: 100-continue\r\nHost: x\r\n\r\n",
                      5) == again);
}

TEST_CASE("line ends become those of HTTP, and a line that goes on shares the fate of the one before") {
  CHECK(replayed_head("GET / HTTP/1.1\nHost: x\nX: a\n b\nKeep-Alive: a\n b\n\n", 0) ==
        "GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\nConnection: close\r\n\r\n");
}

TEST_CASE("a server is reached where it says it is") {
  CHECK(address_of("http://localhost:4000/ (every address)") == "127.0.0.1:4000");
  CHECK(address_of("http://127.0.0.1:4000/") == "127.0.0.1:4000");
  CHECK(address_of("http://[::1]:4000/") == "[::1]:4000");
  CHECK(address_of("unix:/run/tinyhttpd/web.sock") == "unix:/run/tinyhttpd/web.sock");
}

TEST_CASE("what is sent again reaches the server from the port that is told") {
  ServerUnderTest server;
  server.script("/cgi-bin/port.cgi",
                "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; cat >&2; echo $REMOTE_PORT >&2\n");
  const auto port = send_again("127.0.0.1:" + std::to_string(server.port()),
                               "POST /cgi-bin/port.cgi HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n"
                               "Connection: close\r\n\r\n",
                               "hello\n", Clock::now() + std::chrono::seconds(20));
  REQUIRE(port);
  CHECK(server.recorder().error_lines() == std::vector<std::string>{"hello", std::to_string(*port)});
}

TEST_CASE("a server that is not there, or does not end its answer, is told of in words") {
  const auto refused =
      send_again("unix:/no/such.sock", "GET / HTTP/1.1\r\n\r\n", "", Clock::now() + std::chrono::seconds(5));
  REQUIRE(!refused);
  CHECK(refused.error().find("/no/such.sock") != std::string::npos);
  ServerUnderTest server;
  const auto endless =
      send_again("127.0.0.1:" + std::to_string(server.port()), "GET / HTTP", "", Clock::now());
  REQUIRE(!endless);
}
