// --inetd: one connection, on standard input and output.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "support/client.hpp"
#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/listener.hpp"
#include "tinyhttpd/process.hpp"

namespace {

using tinyhttpd::TemporaryFolder;
using tinyhttpd::UniqueFd;

const std::string kGetA = "GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n";
const std::string kGetAndClose = "GET /a.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";

struct Site : TemporaryFolder {
  Site() {
    write("a.txt", "a");
    write("cgi-bin/env.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec env\n", 0755);
    write("cgi-bin/sum.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec wc -c\n", 0755);
  }
};

std::vector<std::string> with(const Site& site, std::vector<std::string> more = {}) {
  std::vector<std::string> options = {"--inetd", "--root", site.path()};
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

std::pair<UniqueFd, UniqueFd> socket_pair() {
  std::array<int, 2> ends{-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

tinyhttpd::Pipe new_pipe() {
  auto pipe = tinyhttpd::make_pipe();
  REQUIRE(pipe);
  return std::move(*pipe);
}

/// The server with a socket on both streams, and its client.
struct OnSocket {
  OnSocket(const Site& site, std::vector<std::string> options = {}, bool errors_too = false)
      : OnSocket(socket_pair(), site, std::move(options), errors_too) {}
  OnSocket(std::pair<UniqueFd, UniqueFd> ends, const Site& site, std::vector<std::string> options,
           bool errors_too)
      : client(std::move(ends.first)), server(with(site, std::move(options)), [&] {
          for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) ::dup2(ends.second.get(), fd);
          if (errors_too) ::dup2(ends.second.get(), STDERR_FILENO);
        }) {}
  Client client;
  ServerProcess server;
};

/// The server between two pipes, and the other ends of them.
struct BetweenPipes {
  explicit BetweenPipes(const Site& site) : BetweenPipes(new_pipe(), new_pipe(), site) {}
  BetweenPipes(tinyhttpd::Pipe in, tinyhttpd::Pipe out, const Site& site)
      : server(with(site),
               [&] {
                 ::dup2(in.read_end.get(), STDIN_FILENO);
                 ::dup2(out.write_end.get(), STDOUT_FILENO);
               }),
        to_server(std::move(in.write_end)),
        from_server(std::move(out.read_end)) {}

  bool say(std::string_view bytes) const {
    return ::write(to_server.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  }

  /// What it has said until `text` came or the end, at most 20 s.
  const std::string& hear(std::string_view text) {
    std::array<char, 65536> buffer;
    while (heard.find(text) == heard.npos) {
      pollfd entry{.fd = from_server.get(), .events = POLLIN, .revents = 0};
      if (::poll(&entry, 1, 20'000) <= 0) break;
      const ssize_t count = ::read(from_server.get(), buffer.data(), buffer.size());
      if (count <= 0) break;
      heard.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return heard;
  }

  ServerProcess server;
  UniqueFd to_server;
  UniqueFd from_server;
  std::string heard;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

// --- On a socket

TEST_CASE("--inetd serves the requests of one connection, files and scripts, and ends with it") {
  const Site site;
  OnSocket inetd(site);
  REQUIRE(inetd.client.send(kGetA));
  CHECK(inetd.client.read().body == "a");
  REQUIRE(inetd.client.send("POST /cgi-bin/sum.sh HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello"));
  CHECK(std::atoi(inetd.client.read().body.c_str()) == 5);
  REQUIRE(inetd.client.send(kGetAndClose));
  CHECK(inetd.client.read().body == "a");
  CHECK(inetd.client.read_all().empty());
  inetd.client.finish();
  CHECK(inetd.server.exit_status() == 0);
}

TEST_CASE("--inetd ends when the client has left without a word") {
  const Site site;
  OnSocket inetd(site);
  inetd.client.finish();
  CHECK(inetd.server.exit_status() == 0);
}

TEST_CASE("--inetd tells scripts both ends of the connection") {
  const Site site;
  const auto listeners = tinyhttpd::open_listeners({"127.0.0.1"}, 0);
  const std::uint16_t port = listeners.front().address.port;
  Client client(port);
  pollfd entry{.fd = listeners.front().fd.get(), .events = POLLIN, .revents = 0};
  REQUIRE(::poll(&entry, 1, 20'000) == 1);
  auto accepted = tinyhttpd::accept_client(listeners.front().fd.get());
  REQUIRE(accepted);
  ServerProcess server(with(site), [&] {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) ::dup2(accepted->fd.get(), fd);
  });
  accepted->fd.reset();
  REQUIRE(client.send("GET /cgi-bin/env.sh HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"));
  const std::string environment = client.read().body;
  CHECK(contains(environment, "REMOTE_ADDR=127.0.0.1\n"));
  CHECK(contains(environment, "SERVER_PORT=" + std::to_string(port) + "\n"));
}

TEST_CASE("--inetd lets no line of the server log into the conversation") {
  const Site site;
  // inetd(8) puts the socket on standard error as well.
  OnSocket inetd(site, {"--log-level", "debug"}, true);
  REQUIRE(inetd.client.send("GET /none HTTP/1.1\r\nHost: test\r\n\r\nnonsense\r\n\r\n"));
  CHECK(inetd.client.read().status == 404);
  CHECK(inetd.client.read().status == 400);
  CHECK(inetd.client.read_all().empty());
}

TEST_CASE("--inetd writes the access log to its file") {
  const Site site;
  OnSocket inetd(site, {"--access-log", site / "access.log"});
  REQUIRE(inetd.client.send(kGetAndClose));
  CHECK(inetd.client.read().body == "a");
  inetd.client.finish();
  CHECK(inetd.server.exit_status() == 0);
  std::ifstream log(site / "access.log");
  CHECK(contains({std::istreambuf_iterator<char>(log), {}}, "\"GET /a.txt HTTP/1.1\" 200 1"));
}

TEST_CASE("--inetd opens no port") {
  const Site site;
  OnSocket inetd(site);
  REQUIRE(inetd.client.send(kGetAndClose));
  CHECK(inetd.client.read().body == "a");
  inetd.client.finish();
  CHECK(inetd.server.exit_status() == 0);
  CHECK_FALSE(inetd.server.says("listening"));
}

TEST_CASE("--inetd is ended by SIGTERM while its client says nothing") {
  const Site site;
  OnSocket inetd(site);
  REQUIRE(inetd.client.send(kGetA));
  CHECK(inetd.client.read().body == "a");
  inetd.server.signal(SIGTERM);
  CHECK(inetd.server.exit_status() == 0);
}

TEST_CASE("--inetd with a socket that waits for clients says what to change") {
  const Site site;
  const auto listeners = tinyhttpd::open_listeners({"127.0.0.1"}, 0);
  ServerProcess server(with(site), [&] {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) ::dup2(listeners.front().fd.get(), fd);
  });
  CHECK(server.says("nowait"));
  CHECK(server.exit_status() == EXIT_FAILURE);
}

// --- Between pipes

TEST_CASE("--inetd between two pipes serves one request after the other, and ends with the input") {
  const Site site;
  BetweenPipes inetd(site);
  REQUIRE(inetd.say(kGetA));
  CHECK(contains(inetd.hear("\r\n\r\na"), "HTTP/1.1 200 "));
  inetd.heard.clear();
  REQUIRE(inetd.say("GET /cgi-bin/env.sh HTTP/1.1\r\nHost: test:81\r\n\r\n"));
  CHECK(contains(inetd.hear("\r\n0\r\n\r\n"), "SERVER_PORT=81\n"));
  CHECK(contains(inetd.heard, "REMOTE_ADDR=0.0.0.0\n"));
  inetd.to_server.reset();
  inetd.heard.clear();
  CHECK(inetd.hear("nothing more").empty());
  CHECK(inetd.server.exit_status() == 0);
}

TEST_CASE("--inetd between pipes answers all that was asked before the input ended") {
  const Site site;
  BetweenPipes inetd(site);
  REQUIRE(inetd.say(kGetA + kGetAndClose));
  inetd.to_server.reset();
  const std::string answers = inetd.hear("the end");
  const std::size_t first = answers.find("HTTP/1.1 200 ");
  CHECK(first == 0);
  CHECK(answers.find("HTTP/1.1 200 ", first + 1) != std::string::npos);
  CHECK(answers.ends_with("\r\n\r\na"));
  CHECK(inetd.server.exit_status() == 0);
}

TEST_CASE("--inetd between pipes ends after Connection: close, although the input goes on") {
  const Site site;
  BetweenPipes inetd(site);
  REQUIRE(inetd.say(kGetAndClose));
  CHECK(inetd.hear("the end").ends_with("\r\n\r\na"));
  CHECK(inetd.server.exit_status() == 0);
}

TEST_CASE("--inetd sends a large file through a pipe whole") {
  const Site site;
  std::string large;
  for (int i = 0; large.size() < (5U << 20U); ++i) large += std::to_string(i) + "\n";
  site.write("large.txt", large);
  BetweenPipes inetd(site);
  REQUIRE(inetd.say("GET /large.txt HTTP/1.0\r\n\r\n"));
  CHECK(inetd.hear("the end").ends_with("\r\n\r\n" + large));
  CHECK(inetd.server.exit_status() == 0);
}
