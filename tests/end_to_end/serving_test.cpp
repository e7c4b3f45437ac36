// The whole path of a request, from the socket to the socket.

#include <doctest/doctest.h>

#include "support/cgi_scripts.hpp"
#include "support/client.hpp"
#include "support/fifo.hpp"
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

TEST_CASE("a client that asks for one script after the other gives up its place to those who wait") {
  ServerUnderTest server([](tinyhttpd::Config& config) { config.cgi.max_running = 1; });
  Gate gate;
  server.script("/cgi-bin/first.cgi", sh_text("read line < " + gate.path() + "\n"));
  server.script("/cgi-bin/second.cgi", sh_text("echo second\n"));
  server.script("/cgi-bin/third.cgi", sh_text("echo third\n"));

  Client hasty(server.port());
  hasty.send(
      "GET /cgi-bin/first.cgi HTTP/1.1\r\nHost: test\r\n\r\nGET /cgi-bin/third.cgi HTTP/1.1\r\nHost: "
      "test\r\n\r\n");
  REQUIRE(server.recorder().wait_until([](const Recorder& seen) { return seen.pids().size() == 1; }));
  Client patient(server.port());
  patient.send("GET /cgi-bin/second.cgi HTTP/1.1\r\nHost: test\r\n\r\n");
  REQUIRE(server.recorder().wait_until([](const Recorder& seen) { return seen.waits().size() == 1; }));
  gate.open();

  CHECK(patient.read().body == "second\n");
  CHECK(hasty.read().status == 200);
  CHECK(hasty.read().body == "third\n");
  const auto exits = server.recorder().exits();
  REQUIRE(exits.size() == 3);
  CHECK(exits[0].script == "/cgi-bin/first.cgi");
  CHECK(exits[1].script == "/cgi-bin/second.cgi");
  CHECK(exits[2].script == "/cgi-bin/third.cgi");
}
