// The whole path of a request, from the socket to the socket.

#include <doctest/doctest.h>

#include "support/client.hpp"
#include "support/scripted.hpp"
#include "support/server_under_test.hpp"

namespace {

int hello(int, char**) {
  std::fputs("Content-Type: text/plain\n\nhello\n", stdout);
  return 0;
}
const RegisterScript kHello("hello", hello);

}  // namespace

TEST_CASE("the server answers a GET with the file and its facts") {
  ServerUnderTest server;
  server.file("/page.html", "<p>hello");
  const Answer answer = get(server.port(), "/page.html");
  CHECK(answer.status == 200);
  CHECK(answer.body == "<p>hello");
  CHECK(answer.field("content-type") == "text/html; charset=utf-8");
  CHECK(answer.field("content-length") == "8");
  CHECK(answer.count("etag") == 1);
  CHECK(answer.count("date") == 1);
}

TEST_CASE("the server runs a script and answers with its output") {
  ServerUnderTest server;
  server.scripted("/cgi-bin/hello.cgi");
  const Answer answer = get(server.port(), "/cgi-bin/hello.cgi");
  CHECK(answer.status == 200);
  CHECK(answer.body == "hello\n");
  CHECK(answer.complete);
}

TEST_CASE("one connection carries one request after the other") {
  ServerUnderTest server;
  server.file("/a.txt", "a");
  server.scripted("/cgi-bin/hello.cgi");
  Client client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.send("GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(client.read().body == "a");
    client.send("GET /cgi-bin/hello.cgi HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(client.read().body == "hello\n");
  }
}
