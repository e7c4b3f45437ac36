// What happens to a connection between requests: whatever has come meanwhile is noticed, whoever had it then.

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "support/client.hpp"
#include "support/server_under_test.hpp"

using namespace tinyhttpd;

namespace {

/// A GET of /a.txt whose head is `bytes` long; at least 60.
std::string get_of_length(std::size_t bytes) {
  const std::string start = "GET /a.txt HTTP/1.1\r\nHost: test\r\nX: ";
  return start + std::string(bytes - start.size() - 4, 'x') + "\r\n\r\n";
}

const std::string kGet = get_of_length(60);

/// Keeps idle connections so long that a test which waits for that end fails.
void patient(Config& config) {
  config.limits.keepalive_timeout = config.limits.header_timeout = Seconds(60);
}

}  // namespace

TEST_CASE("a client that asks and ends its side at once is answered, and its connection ended") {
  ServerUnderTest server(patient);
  server.file("/a.txt", "a");
  for (int round = 0; round < 200; ++round) {
    Client client(server.port());
    REQUIRE(client.send(kGet));
    client.finish();
    REQUIRE(client.read().body == "a");
    REQUIRE(client.ends_within(5000));
  }
}

TEST_CASE("a client that ends its side after its answer has its connection ended") {
  ServerUnderTest server(patient);
  server.file("/a.txt", "a");
  for (int round = 0; round < 200; ++round) {
    Client client(server.port());
    REQUIRE(client.send(kGet));
    REQUIRE(client.read().body == "a");
    client.finish();
    REQUIRE(client.ends_within(5000));
  }
}

TEST_CASE("requests that come together are all answered, wherever a receive ends") {
  ServerUnderTest server(patient);
  server.file("/a.txt", "a");
  for (std::size_t length = 4080; length <= 4110; ++length) {
    CAPTURE(length);
    Client client(server.port());
    REQUIRE(client.send(get_of_length(length) + kGet + get_of_length(8192 - length) + kGet));
    for (int answer = 0; answer < 4; ++answer) REQUIRE(client.read().body == "a");
  }
}

TEST_CASE("a request right behind a body is answered") {
  ServerUnderTest server(patient);
  server.file("/a.txt", "a");
  server.script("/cat.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\ncat | wc -c\n");
  for (const std::size_t length : {1U, 4000U, 65'536U, 65'537U, 200'000U}) {
    CAPTURE(length);
    const std::string body(length, 'b');
    Client client(server.port());
    REQUIRE(client.send("POST /cat.cgi HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(length) +
                        "\r\n\r\n" + body + kGet));
    REQUIRE(std::stoul(client.read().body) == length);
    REQUIRE(client.read().body == "a");

    REQUIRE(client.send("POST /cat.cgi HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"));
    REQUIRE(client.send(std::to_string(1) + "\r\nb\r\n0\r\n\r\n" + kGet));
    REQUIRE(std::stoul(client.read().body) == 1);
    REQUIRE(client.read().body == "a");
  }
}

TEST_CASE("a client that sends again and again, in pieces of any size, misses no answer") {
  ServerUnderTest server(patient);
  server.file("/a.txt", "a");
  Client client(server.port());
  std::string requests;
  for (int i = 0; i < 300; ++i) requests += kGet;
  std::size_t answered = 0;
  std::size_t sent = 0;
  for (std::size_t piece = 1; sent < requests.size(); piece = piece % 97 + 1) {
    const std::string next = requests.substr(sent, piece);
    REQUIRE(client.send(next));
    sent += next.size();
    // Now and then the client waits for all it has asked for, so that the server has parked it.
    if (piece % 3 != 0) continue;
    for (; answered < sent / kGet.size(); ++answered) REQUIRE(client.read().body == "a");
  }
  for (; answered < 300; ++answered) REQUIRE(client.read().body == "a");
}

TEST_CASE("a worker that waits for a script leaves the others to other workers") {
  ServerUnderTest server(patient);
  server.file("/a.txt", "a");
  server.script("/wait.cgi", "#!/bin/sh\nread line\nprintf 'Content-Type: text/plain\\n\\n%s' \"$line\"\n");
  Client slow(server.port());
  REQUIRE(slow.send("POST /wait.cgi HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\n"));
  for (int round = 0; round < 50; ++round) {
    Client client(server.port());
    REQUIRE(client.send(kGet));
    REQUIRE(client.read().body == "a");
  }
  REQUIRE(slow.send("now"));
  CHECK(slow.read().body == "now");
}

TEST_CASE("a client that asks for more during a long answer, and ends its side, gets all of it and the end") {
  ServerUnderTest server(patient);
  server.file("/a.txt", "a");
  server.file("/long.bin", std::string(3'000'000, 'l'));
  for (int round = 0; round < 50; ++round) {
    Client client(server.port());
    REQUIRE(client.send("GET /long.bin HTTP/1.1\r\nHost: test\r\n\r\n"));
    REQUIRE(client.read_head().status == 200);
    REQUIRE(client.send(kGet));
    client.finish();
    const std::string rest = client.read_all();
    REQUIRE(rest.size() > 3'000'000);
    REQUIRE(rest.ends_with("\r\n\r\na"));
  }
}

TEST_CASE(
    "a client that asks for more while its script runs, and ends its side, gets all of it and the end") {
  ServerUnderTest server(patient);
  server.file("/a.txt", "a");
  server.script("/slow.cgi", "#!/bin/sh\nsleep 0.2\nprintf 'Content-Type: text/plain\\n\\nslow'\n");
  Client client(server.port());
  REQUIRE(client.send(kGet));
  REQUIRE(client.read().body == "a");
  REQUIRE(client.send("GET /slow.cgi HTTP/1.1\r\nHost: test\r\n\r\n"));
  REQUIRE(server.recorder().wait_until([](const Recorder& recorder) { return !recorder.pids().empty(); }));
  REQUIRE(client.send(kGet));
  client.finish();
  REQUIRE(client.read().body == "slow");
  REQUIRE(client.read().body == "a");
  CHECK(client.ends_within(5000));
}

TEST_CASE("a request behind the body of a script that goes on without its output is answered") {
  ServerUnderTest server(patient);
  server.file("/a.txt", "a");
  server.script(
      "/on.cgi",
      "#!/bin/sh\nprintf 'Content-Type: text/plain\\nContent-Length: 2\\n\\non'\nexec >&-\nsleep 1\n");
  Client client(server.port());
  REQUIRE(client.send(kGet));
  REQUIRE(client.read().body == "a");
  REQUIRE(client.send("POST /on.cgi HTTP/1.1\r\nHost: test\r\nContent-Length: 9000\r\n\r\n" +
                      std::string(9000, 'b') + kGet));
  CHECK(client.read().body == "on");
  CHECK(client.read().body == "a");
}

TEST_CASE("a request behind that of a script whose place goes to the next is answered") {
  ServerUnderTest server([](Config& config) {
    patient(config);
    config.cgi.max_running = 1;
  });
  server.file("/a.txt", "a");
  server.script("/take.cgi", "#!/bin/sh\nsleep 0.1\nprintf 'Content-Type: text/plain\\n\\ntaken'\n");
  const std::string take =
      "POST /take.cgi HTTP/1.1\r\nHost: test\r\nContent-Length: 9000\r\n\r\n" + std::string(9000, 'b');
  for (int round = 0; round < 10; ++round) {
    Client first(server.port()), second(server.port());
    for (Client* client : {&first, &second}) {
      REQUIRE(client->send(kGet));
      REQUIRE(client->read().body == "a");
    }
    REQUIRE(first.send(take + kGet));
    REQUIRE(second.send(take + kGet));
    for (Client* client : {&first, &second}) {
      REQUIRE(client->read().body == "taken");
      REQUIRE(client->read().body == "a");
    }
  }
}

TEST_CASE("an edited file shows in the next answer, however many ask for it") {
  ServerUnderTest server(patient);
  server.file("/a.txt", "before");
  Client other(server.port());
  Client client(server.port());
  for (int round = 0; round < 50; ++round) {
    const std::string text = "edited " + std::to_string(round);
    server.file("/a.txt", text);
    REQUIRE(other.send(kGet + kGet));
    REQUIRE(client.send(kGet));
    CHECK(client.read().body == text);
    CHECK(other.read().body == text);
    CHECK(other.read().body == text);
  }
}
