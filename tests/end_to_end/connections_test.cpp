// What the engine promises: idle, slow and vanished clients hold no worker, and each gets what is theirs.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>

#include <new>
#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/fifo.hpp"
#include "support/process_under_test.hpp"
#include "support/server_under_test.hpp"
#include "tinyhttpd/command_line.hpp"

namespace {

using std::string_literals::operator""s;
using tinyhttpd::Config;
using tinyhttpd::Seconds;

const std::string kGetA = "GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n";

void two_threads(Config& config) {
  config.threads = 2;
  config.limits.header_timeout = config.limits.body_timeout = config.limits.keepalive_timeout = Seconds(60);
}

/// Says that it runs, by the leash, and then nothing for ever.
std::string silent_script(const Leash& leash) {
  return "#!/bin/sh\nexec 9>" + leash.path() + "\necho running >&9\nexec sleep 1000\n";
}

}  // namespace

TEST_CASE("a thousand idle connections hold no worker") {
  ServerUnderTest server(two_threads);
  server.file("/a.txt", "a");
  std::vector<Client> idle;
  for (int i = 0; i < 1'000; ++i) {
    idle.emplace_back(server.port());
    // Half of them have never said anything.
    if (i % 2 == 0) idle.back().send(kGetA);
    if (i % 2 == 0) REQUIRE(idle.back().read().body == "a");
  }
  CHECK(get(server.port(), "/a.txt").body == "a");
  // And each is still there to be used.
  for (Client& client : idle) {
    client.send(kGetA);
    REQUIRE(client.read().body == "a");
  }
}

TEST_CASE("clients that stop in the middle of a request hold no worker") {
  ServerUnderTest server(two_threads);
  server.file("/a.txt", "a");
  std::vector<Client> heads, bodies;
  const std::string with_body = "GET /a.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n0123456789";
  for (int i = 0; i < 200; ++i) {
    heads.emplace_back(server.port()).send(kGetA.substr(0, 20));
    bodies.emplace_back(server.port()).send(with_body.substr(0, with_body.size() - 5));
  }
  CHECK(get(server.port(), "/a.txt").body == "a");
  for (Client& client : heads) client.send(kGetA.substr(20));
  for (Client& client : bodies) client.send(with_body.substr(with_body.size() - 5));
  for (Client& client : heads) REQUIRE(client.read().body == "a");
  for (Client& client : bodies) REQUIRE(client.read().body == "a");
}

TEST_CASE("clients that do not read hold no worker, and get every byte once they do") {
  ServerUnderTest server(two_threads);
  std::string content(50'000'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i)
    content[i] = static_cast<char>((i * 2'654'435'761U) >> 24U);
  server.file("/large.bin", content);
  server.file("/a.txt", "a");
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i)
    clients.emplace_back(server.port()).send("GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(get(server.port(), "/a.txt").body == "a");
  for (Client& client : clients) {
    CHECK(client.read_head().field("content-length") == "50000000");
    std::size_t taken = 0;
    for (std::string bytes = "-"; taken < content.size() && !bytes.empty(); taken += bytes.size()) {
      bytes = client.read_some(1'000'000);
      REQUIRE(content.compare(taken, bytes.size(), bytes) == 0);
    }
    CHECK(taken == content.size());
  }
}

TEST_CASE("with no --bind, IPv4 and IPv6 clients reach the server on one port") {
  ServerUnderTest server([](Config& config) { config.bind.clear(); });
  server.file("/a.txt", "a");
  for (const auto family : {Client::Family::ipv4, Client::Family::ipv6}) {
    Client client(server.port(), family);
    client.send(kGetA);
    CHECK(client.read().body == "a");
  }
}

TEST_CASE("a client that has ended its side still gets its answer") {
  ServerUnderTest server;
  server.file("/large.bin", std::string(10'000'000, 'x'));
  Gate gate;
  server.script("/cgi-bin/waits.sh",
                "#!/bin/sh\nread line < " + gate.path() + "\nprintf 'Content-Type: text/plain\\n\\nlate'\n");
  Client file(server.port());
  file.send("GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
  file.finish();
  CHECK(file.read().body.size() == 10'000'000);
  CHECK(file.ends_within(20'000));

  Client script(server.port());
  script.send("GET /cgi-bin/waits.sh HTTP/1.1\r\nHost: test\r\n\r\n");
  script.finish();
  CHECK(server.recorder().wait_until([](const Recorder& r) { return r.pids().size() == 1; }));
  gate.open();
  CHECK(script.read().body == "late");
}

TEST_CASE("a silent script ends when its client is gone, and its place is free") {
  ServerUnderTest server([](Config& config) { config.cgi.max_running = 1; });
  server.script("/cgi-bin/hello.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhello'\n");
  for (const bool by_reset : {false, true}) {
    CAPTURE(by_reset);
    Leash leash;
    server.script("/cgi-bin/silent.sh", silent_script(leash));
    Client client(server.port());
    client.send("GET /cgi-bin/silent.sh HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(leash.wait_until_taken() == "running\n");
    const auto start = tinyhttpd::Clock::now();
    if (by_reset) client.reset();
    if (!by_reset) client = Client(server.port());  // which closes the first
    CHECK(leash.wait_until_dropped());
    CHECK(get(server.port(), "/cgi-bin/hello.sh").body == "hello");
    CHECK(tinyhttpd::Clock::now() - start < std::chrono::seconds(10));
  }
}

TEST_CASE("the end of a connection comes with the answer, and does not make the client wait again") {
  ServerUnderTest server(two_threads);
  server.file("/a.txt", "a");
  // The first time, it comes from the disk.
  get(server.port(), "/a.txt");
  for (int i = 0; i < 100; ++i) {
    Client client(server.port());
    client.send("GET /a.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    pollfd waiting{client.fd(), POLLIN | POLLRDHUP, 0};
    REQUIRE(::poll(&waiting, 1, 10'000) == 1);
    REQUIRE((waiting.revents & POLLRDHUP) != 0);
    REQUIRE(client.read().body == "a");
  }
}

TEST_CASE("a client that leaves in the middle of an answer costs the server nothing") {
  ServerUnderTest server;
  Leash leash;
  server.script("/cgi-bin/endless.sh",
                "#!/bin/sh\nexec 9>" + leash.path() +
                    "\necho running >&9\nprintf 'Content-Type: text/plain\\n\\n'\nexec yes\n");
  server.file("/large.bin", std::string(50'000'000, 'x'));
  for (const std::string& target : {"/cgi-bin/endless.sh"s, "/large.bin"s}) {
    Client client(server.port());
    client.send("GET " + target + " HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(client.read_until("\r\n\r\n"));
    client.reset();
  }
  CHECK(leash.wait_until_taken() == "running\n");
  CHECK(leash.wait_until_dropped());
  CHECK(server.recorder().wait_until([](const Recorder& r) { return r.answers().size() == 2; }));
  for (const auto& answer : server.recorder().answers()) CHECK_FALSE(answer.complete);
}

TEST_CASE("connections that come to nothing leave no descriptor behind") {
  // A half-closed one that is missed fills the table for ever (CVE-2022-41556).
  ServerUnderTest server;
  server.file("/a.txt", "a");
  CHECK(get(server.port(), "/a.txt").status == 200);
  const auto before = tinyhttpd::count_descriptors();
  for (int i = 0; i < 20; ++i) {
    Client nothing(server.port()), finished(server.port()), reset(server.port()), half(server.port()),
        half_reset(server.port()), half_body(server.port());
    finished.finish();
    reset.reset();
    half.send(kGetA.substr(0, 20));
    half.finish();
    CHECK(half.ends_within(20'000));
    half_reset.send(kGetA.substr(0, 20));
    half_reset.reset();
    half_body.send("POST /a.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n");
  }
  // Each of these waits for the server to have come so far.
  const auto start = tinyhttpd::Clock::now();
  while (tinyhttpd::count_descriptors() > before &&
         tinyhttpd::Clock::now() - start < std::chrono::seconds(20))
    CHECK(get(server.port(), "/a.txt").status == 200);
  CHECK(tinyhttpd::count_descriptors() <= before);
}

namespace {

/// Stands for whatever may fail in the middle of a request: memory, most of all.
class Explosive : public tinyhttpd::Trace {
 public:
  void route_chosen(tinyhttpd::RequestId, std::string_view handler, std::string_view) override {
    if (handler == "serve_file") throw std::bad_alloc();
  }
  void head_sent(tinyhttpd::RequestId, const tinyhttpd::Response&, std::string_view head) override {
    if (head.find("204 No Content") != head.npos) throw std::bad_alloc();
  }
};

}  // namespace

TEST_CASE("an exception ends one request with 500 and no worker") {
  tinyhttpd::TemporaryFolder folder;
  folder.write("a.txt", "a");
  Explosive trace;
  Config config;
  config.port = 0;
  config.bind = {"127.0.0.1"};
  config.root = folder.path();
  config.threads = 1;
  tinyhttpd::complete(config);
  tinyhttpd::Server server(config, trace);
  server.start();
  for (int i = 0; i < 3; ++i) {
    const Answer answer = get(server.port(), "/a.txt");
    CHECK(answer.status == 500);
    CHECK(answer.body.find("bad_alloc") == answer.body.npos);
    // Thrown while the answer is made, where a second one could break what has begun: the connection ends.
    CHECK(ask(server.port(), "OPTIONS /a.txt HTTP/1.1\r\nHost: test\r\n\r\n").status != 204);
    CHECK(get(server.port(), "/nowhere").status == 404);
  }
}

TEST_CASE("descriptors past 1024 are as good as others") {
  // select() would write past its set (CVE-2012-6687).
  std::vector<tinyhttpd::UniqueFd> taken;
  for (int i = 0; i < 1'100; ++i) taken.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  REQUIRE(taken.back().get() > 1024);
  ServerUnderTest server;
  server.file("/a.txt", "a");
  server.script("/cgi-bin/echo.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\ncat\n");
  CHECK(get(server.port(), "/a.txt").body == "a");
  const std::string body(100'000, 'x');
  CHECK(post(server.port(), "/cgi-bin/echo.sh", body).body == body);
}

TEST_CASE("a script whose answer is a head alone ends when its client has it and leaves") {
  ServerUnderTest server;
  Leash leash;
  server.script("/cgi-bin/ticks.cgi", "#!/bin/sh\nexec 9>" + leash.path() +
                                          "\necho running >&9\nprintf 'Content-Type: text/plain\\n\\n'\n"
                                          "while :; do echo tick; sleep 0.1; done\n");
  {
    Client client(server.port());
    client.send("HEAD /cgi-bin/ticks.cgi HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(client.read(true).status == 200);
    CHECK(leash.wait_until_taken() == "running\n");
  }
  CHECK(leash.wait_until_dropped());
}
