// Every limit on what a client may send and how slowly: reaching it has an answer, and costs no worker.

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/resource.h>

#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "support/cgi_scripts.hpp"
#include "support/client.hpp"
#include "support/server_process.hpp"
#include "support/server_under_test.hpp"
#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/socket.hpp"

namespace {

using tinyhttpd::Clock;
using tinyhttpd::Seconds;

constexpr const char* kEcho = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\ncat\n";

std::string get_with(const std::string& fields) {
  return "GET /a.txt HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n";
}

std::string fields(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "X-" + std::to_string(i) + ": 1\r\n";
  return text;
}

Seconds since(tinyhttpd::TimePoint start) {
  return Clock::now() - start;
}

}  // namespace

TEST_CASE("a target of 8,000 bytes works, one over the limit is 414") {
  ServerUnderTest server;
  const auto status_of = [&](std::size_t bytes) {
    return ask(server.port(), "GET /" + std::string(bytes - 1, 'a') + " HTTP/1.1\r\nHost: test\r\n\r\n")
        .status;
  };
  CHECK(status_of(200) == 404);
  CHECK(status_of(8'000) == 404);
  CHECK(status_of(8 * 1024) == 404);
  CHECK(status_of(8 * 1024 + 1) == 414);
  CHECK(status_of(1'000'000) == 414);
}

TEST_CASE("a head over --max-header or with too many fields is 431") {
  ServerUnderTest server;
  server.file("/a.txt", "a");
  CHECK(ask(server.port(), get_with(fields(99))).status == 200);
  CHECK(ask(server.port(), get_with(fields(100))).status == 431);
  CHECK(ask(server.port(), get_with(fields(10'000))).status == 431);
  CHECK(ask(server.port(), get_with("X: " + std::string(16'000, 'a') + "\r\n")).status == 200);
  const Answer refused = ask(server.port(), get_with("X: " + std::string(17'000, 'a') + "\r\n"));
  CHECK(refused.status == 431);
  CHECK(refused.field("connection") == "close");
  CHECK(refused.closed);
}

TEST_CASE("a body of --max-body is taken, one byte more is 413") {
  ServerUnderTest server([](tinyhttpd::Config& config) { config.limits.max_body_bytes = 100'000; });
  server.script("/cgi-bin/echo.sh", kEcho);
  const std::string whole(100'000, 'x');
  CHECK(post(server.port(), "/cgi-bin/echo.sh", whole).body == whole);
  CHECK(post(server.port(), "/cgi-bin/echo.sh", whole + "x").status == 413);

  // In chunks the server learns of it only when it has come that far.
  Client client(server.port());
  client.send("POST /cgi-bin/echo.sh HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 10; ++i) client.send("2710\r\n" + whole.substr(0, 10'000) + "\r\n");
  CHECK_FALSE(client.ends_within(0));
  client.send("1\r\nx\r\n");
  CHECK(client.read().status == 413);
  CHECK(server.recorder().pids().size() == 1);
}

TEST_CASE("a client that never stops sending still reads all of its refusal") {
  // Closing with unread bytes would reset the connection and take the answer with it (RFC 9112 section 9.6).
  ServerUnderTest server([](tinyhttpd::Config& config) { config.limits.max_body_bytes = 1'000; });
  server.script("/cgi-bin/echo.sh", kEcho);
  Client client(server.port());
  client.send("POST /cgi-bin/echo.sh HTTP/1.1\r\nHost: test\r\nContent-Length: 20000000\r\n\r\n");
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 200; ++i) REQUIRE(client.send(piece));
  const Answer answer = client.read();
  CHECK(answer.status == 413);
  CHECK(answer.complete);
  CHECK(answer.closed);
}

TEST_CASE("each wait for a client has its deadline") {
  // All at once, because the deadlines are looked at once a second.
  ServerUnderTest server([](tinyhttpd::Config& config) {
    config.limits.header_timeout = config.limits.body_timeout = config.limits.keepalive_timeout =
        Seconds(0.3);
    config.limits.min_rate = 1'000'000;
  });
  server.file("/a.txt", "a");
  server.script("/cgi-bin/echo.sh", kEcho);
  const auto start = Clock::now();
  Client silent(server.port()), half_a_head(server.port()), dripping(server.port()),
      half_a_body(server.port()), half_a_chunk(server.port()), idle(server.port()), pipelining(server.port());
  half_a_head.send("GET /a.txt HTTP/1.1\r\nHo");
  half_a_body.send("POST /cgi-bin/echo.sh HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhello");
  half_a_chunk.send(
      "POST /cgi-bin/echo.sh HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nhello");
  idle.send(get_with(""));
  pipelining.send(get_with("") + "GET /a.t");
  CHECK(idle.read().body == "a");
  CHECK(pipelining.read().body == "a");

  // The deadline is for the whole head: more bytes do not move it.
  dripping.send("GET /");
  const auto refused = [&] {
    return tinyhttpd::wait_for(dripping.fd(), POLLIN, Clock::now() + std::chrono::milliseconds(20)) ==
           tinyhttpd::Waited::ready;
  };
  while (!refused() && since(start) < Seconds(20)) dripping.send("a");

  CHECK(half_a_head.read().status == 408);
  CHECK(dripping.read().status == 408);
  CHECK(half_a_body.read().status == 408);
  const Answer timed_out = half_a_chunk.read();
  CHECK(timed_out.status == 408);
  CHECK(timed_out.field("connection") == "close");
  CHECK(timed_out.closed);
  CHECK(pipelining.read().status == 408);
  // These have asked for nothing: they are closed without a word.
  CHECK(silent.ends_within(20'000));
  CHECK(idle.ends_within(20'000));
  CHECK(since(start) > Seconds(0.3));
  CHECK(server.recorder().pids().empty());
}

TEST_CASE("a body that comes at --min-rate has all the time it needs") {
  ServerUnderTest server([](tinyhttpd::Config& config) {
    config.limits.body_timeout = Seconds(0.2);
    config.limits.min_rate = 1;  // each byte earns a second
  });
  server.script("/cgi-bin/echo.sh", kEcho);
  server.file("/other.txt", "other");
  Client client(server.port());
  client.send("POST /cgi-bin/echo.sh HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhello");
  // Another client's deadline has passed meanwhile: ours, by then, too, but for what it has earned.
  Client other(server.port());
  other.send("POST /cgi-bin/echo.sh HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n");
  CHECK(other.read().status == 408);
  client.send("world");
  CHECK(client.read().body == "helloworld");
}

TEST_CASE("a client that takes nothing of its answer is reset, and held no worker meanwhile") {
  ServerUnderTest server([](tinyhttpd::Config& config) {
    config.threads = 2;
    config.limits.send_timeout = Seconds(0.3);
    config.limits.min_rate = 10'000'000;
  });
  server.file("/large.bin", std::string(50'000'000, 'x'));
  server.file("/a.txt", "a");
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(server.port());
    clients.back().send("GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
  }
  CHECK(get(server.port(), "/a.txt").body == "a");
  for (Client& client : clients) CHECK(client.read_until("\r\n\r\n"));
  CHECK(server.recorder().wait_until([](const Recorder& r) { return r.answers().size() == 4; }));
  for (Client& client : clients) CHECK_FALSE(client.read().complete);
}

TEST_CASE("a slow reader that keeps its rate gets all of its answer") {
  ServerUnderTest server([](tinyhttpd::Config& config) {
    config.limits.send_timeout = Seconds(0.5);
    config.limits.min_rate = 1'000;
  });
  constexpr std::size_t kLength = 12'000'000;
  std::string target;
  SUBCASE("of a file") {
    server.file("/large.bin", std::string(kLength, 'x'));
    target = "/large.bin";
  }
  SUBCASE("of a script") {
    server.script("/cgi-bin/large.cgi", sh_text("head -c " + std::to_string(kLength) + " /dev/zero\n"));
    target = "/cgi-bin/large.cgi";
  }
  Client client(server.port());
  client.send("GET " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  // Taken in spoonfuls, with pauses in which nothing at all is taken; all of it lasts longer than
  // --send-timeout, and several sweeps.
  std::size_t bytes = 0;
  const auto start = Clock::now();
  while (since(start) < Seconds(2.5)) {
    bytes += client.read_some(20'000).size();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  bytes += client.read_all().size();
  CHECK(bytes > kLength);
}

TEST_CASE("a body that the disk has no room for is 507, and the next one is taken") {
  // The limit on file sizes stands for a full disk; it would also end a program that does not ignore SIGXFSZ.
  tinyhttpd::TemporaryFolder folder;
  folder.write("cgi-bin/echo.sh", kEcho, 0755);
  ServerProcess server({"--root", folder.path(), "--spool-dir", folder.path()}, [] {
    const rlimit small{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &small);
  });
  const std::uint16_t port = server.port();
  REQUIRE(port != 0);
  const Answer refused = post(port, "/cgi-bin/echo.sh", std::string(200'000, 'x'));
  CHECK(refused.status == 507);
  CHECK(refused.closed);
  const std::string fits(90'000, 'y');
  CHECK(post(port, "/cgi-bin/echo.sh", fits).body == fits);
  // Nothing of it is left: the file never had a name.
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("what the disk had no room for does not come into the next body") {
  tinyhttpd::TemporaryFolder folder;
  folder.write("cgi-bin/echo.sh", kEcho, 0755);
  ServerProcess server({"--root", folder.path(), "--spool-dir", folder.path(), "--threads", "2"}, [] {
    const rlimit small{2'000'000, 2'000'000};
    ::setrlimit(RLIMIT_FSIZE, &small);
  });
  const std::uint16_t port = server.port();
  REQUIRE(port != 0);
  for (int i = 0; i < 5; ++i) {
    CHECK(post(port, "/cgi-bin/echo.sh", std::string(3'000'000, 'x')).status == 507);
    const std::string fits(1'900'000, 'y');
    CHECK(post(port, "/cgi-bin/echo.sh", fits).body == fits);
  }
}

TEST_CASE("a body that came fast buys no time to come slowly") {
  ServerUnderTest server([](tinyhttpd::Config& config) {
    config.limits.body_timeout = Seconds(0.3);
    config.limits.min_rate = 1'000;
  });
  server.script("/cgi-bin/echo.sh", kEcho);
  Client client(server.port());
  client.send("POST /cgi-bin/echo.sh HTTP/1.1\r\nHost: test\r\nContent-Length: 1000001\r\n\r\n" +
              std::string(1'000'000, 'x'));
  const auto start = Clock::now();
  CHECK(client.read().status == 408);
  CHECK(since(start) < Seconds(15));
}
