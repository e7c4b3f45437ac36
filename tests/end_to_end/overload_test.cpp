// More clients, more scripts or fewer descriptors than there is room for: an answer at once, and recovery.

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/fifo.hpp"
#include "support/process_under_test.hpp"
#include "support/server_process.hpp"
#include "support/server_under_test.hpp"

namespace {

using tinyhttpd::Clock;
using tinyhttpd::Config;
using tinyhttpd::Seconds;

const std::string kGetA = "GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n";

std::string get_script(const std::string& name) {
  return "GET /cgi-bin/" + name + " HTTP/1.1\r\nHost: test\r\n\r\n";
}

/// Asks again until the answer is 200, at most for 20 s.
bool is_served_again(std::uint16_t port) {
  const auto start = Clock::now();
  while (Clock::now() - start < std::chrono::seconds(20))
    if (get(port, "/a.txt").status == 200) return true;
  return false;
}

/// Processor time that a process has used, in clock ticks.
long used_ticks(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  long user = 0, system = 0;
  // After the name in parentheses: state and ten numbers, then these two (proc(5)).
  std::sscanf(text.c_str() + text.rfind(')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld",
              &user, &system);
  return user + system;
}

/// The one that gets an answer first, waited for.
[[maybe_unused]] Client& first_heard(std::vector<Client>& clients) {
  std::vector<pollfd> entries;
  for (const Client& client : clients) entries.push_back({.fd = client.fd(), .events = POLLIN, .revents = 0});
  REQUIRE(::poll(entries.data(), entries.size(), 20'000) > 0);
  const auto ready =
      std::find_if(entries.begin(), entries.end(), [](const pollfd& e) { return e.revents != 0; });
  return clients[static_cast<std::size_t>(ready - entries.begin())];
}

[[maybe_unused]] rlim_t descriptors_of(pid_t pid) {
  const std::filesystem::directory_iterator descriptors("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<rlim_t>(std::distance(begin(descriptors), end(descriptors)));
}

[[maybe_unused]] void limit_descriptors(pid_t pid, rlim_t most) {
  rlimit limit{};
  ::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit);
  limit.rlim_cur = most;
  REQUIRE(::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr) == 0);
}

}  // namespace

TEST_CASE("slow scripts take their places, then the lane, then 503, and never a file's worker") {
  ServerUnderTest server([](Config& config) {
    config.threads = 4;
    config.cgi.max_running = 2;
    config.cgi.queue = 2;
  });
  Gate gate;
  server.file("/a.txt", "a");
  server.script("/cgi-bin/waits.sh", "#!/bin/sh\nread line < " + gate.path() +
                                         "\nprintf 'Content-Type: text/plain\\n\\nthrough'\n");
  std::vector<Client> clients;
  for (int i = 0; i < 4; ++i) clients.emplace_back(server.port()).send(get_script("waits.sh"));
  CHECK(server.recorder().wait_until(
      [](const Recorder& r) { return r.pids().size() + r.waits().size() == 4; }));
  CHECK(server.recorder().pids().size() == 2);

  Client fifth(server.port());
  fifth.send(get_script("waits.sh"));
  const Answer refused = fifth.read();
  CHECK(refused.status == 503);
  CHECK(refused.count("retry-after") == 1);
  // Only this request was too much: the connection is good for the next.
  fifth.send(kGetA);
  CHECK(fifth.read().body == "a");
  CHECK(get(server.port(), "/a.txt").body == "a");

  for (std::size_t i = 0; i < clients.size(); ++i) gate.open();
  for (Client& client : clients) CHECK(client.read().body == "through");
  gate.open();
  fifth.send(get_script("waits.sh"));
  CHECK(fifth.read().body == "through");
}

TEST_CASE("nobody waits for a gateway place longer than --cgi-timeout") {
  ServerUnderTest server([](Config& config) {
    config.cgi.max_running = 1;
    config.cgi.timeout = Seconds(1);
  });
  server.file("/a.txt", "a");
  // Never silent, so that its own time is not over.
  server.script("/cgi-bin/busy.sh",
                "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nwhile sleep 0.05; do echo busy; done\n");
  Client busy(server.port()), waiting(server.port());
  busy.send(get_script("busy.sh"));
  CHECK(busy.read_until("busy"));
  waiting.send(get_script("busy.sh"));
  const Answer refused = waiting.read();
  CHECK(refused.status == 503);
  CHECK(refused.count("retry-after") == 1);
  waiting.send(kGetA);
  CHECK(waiting.read().body == "a");
}

TEST_CASE("a client past --max-connections is told to come later, and may") {
  ServerUnderTest server([](Config& config) { config.max_connections = 3; });
  server.file("/a.txt", "a");
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(server.port()).send(kGetA);
    CHECK(clients.back().read().status == 200);
  }
  for (int i = 0; i < 100; ++i) {
    const Answer refused = ask(server.port(), kGetA);
    REQUIRE(refused.status == 503);
    REQUIRE(refused.complete);
    REQUIRE(refused.field("connection") == "close");
    REQUIRE(refused.count("retry-after") == 1);
  }
  // Those that are there notice nothing.
  for (Client& client : clients) {
    client.send(kGetA);
    CHECK(client.read().body == "a");
  }
  clients.clear();
  CHECK(is_served_again(server.port()));
  CHECK(server.recorder().wait_until([](const Recorder& r) {
    const auto warnings = r.warnings();
    return !warnings.empty() && warnings.front().find("--max-connections 3") != std::string::npos;
  }));
}

TEST_CASE("a full work queue loses nobody") {
  ServerUnderTest server([](Config& config) {
    config.threads = 2;
    config.queue = 2;
  });
  server.file("/a.txt", "a");
  std::vector<Client> clients;
  for (int i = 0; i < 300; ++i) clients.emplace_back(server.port()).send(kGetA);
  for (Client& client : clients) REQUIRE(client.read().body == "a");
}

TEST_CASE("when no client can be accepted, the server says so, does not spin, and can be ended") {
  tinyhttpd::TemporaryFolder folder;
  ServerProcess server({"--root", folder.path()}, [] { tinyhttpd::refuse_system_call(SYS_accept4, EMFILE); });
  const std::uint16_t port = server.port();
  REQUIRE(port != 0);
  std::vector<Client> clients;
  for (int i = 0; i < 10; ++i) clients.emplace_back(port);
  CHECK(server.says("cannot accept clients"));
  // From one such line to the next, about a second, it sleeps.
  const long before = used_ticks(server.pid());
  const auto start = Clock::now();
  CHECK(server.says_more("cannot accept clients", server.said().size()));
  const auto ticks = static_cast<double>(used_ticks(server.pid()) - before);
  const Seconds elapsed = Clock::now() - start;
  CHECK(ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)) < elapsed.count() / 2);
  server.signal(SIGTERM);
  CHECK(server.exit_status() == 0);
}

TEST_CASE("out of descriptors, one client is told so, the others wait, and all is well again afterwards") {
  tinyhttpd::TemporaryFolder folder;
  folder.write("a.txt", "a");
  ServerProcess server({"--root", folder.path()});
  const std::uint16_t port = server.port();
  REQUIRE(port != 0);
  CHECK(get(port, "/a.txt").status == 200);
  limit_descriptors(server.pid(), descriptors_of(server.pid()) + 1);
  std::vector<Client> clients;
  for (int i = 0; i < 10; ++i) clients.emplace_back(port);
  CHECK(first_heard(clients).read().status == 503);
  CHECK(server.says("cannot accept clients"));

  limit_descriptors(server.pid(), 1'000);
  Client& last = clients.back();
  last.send(kGetA);
  CHECK(last.read().body == "a");
  CHECK(is_served_again(port));
}

TEST_CASE("who waits for a gateway place when the time to drain is over is told so, and is in the log") {
  ServerUnderTest server([](Config& config) {
    config.cgi.max_running = 1;
    config.drain_timeout = Seconds(0.2);
  });
  Gate gate;
  server.script("/cgi-bin/waits.sh", "#!/bin/sh\nread line < " + gate.path() + "\n");
  const std::string request = "GET /cgi-bin/waits.sh HTTP/1.1\r\nHost: test\r\n\r\n";
  Client running(server.port()), waiting(server.port());
  running.send(request);
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return r.pids().size() == 1; }));
  waiting.send(request);
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return r.waits().size() == 1; }));
  server.server().stop();
  CHECK(waiting.read().status == 503);
  CHECK(running.read().status == 503);
  CHECK(server.recorder().wait_until([](const Recorder& r) { return r.answers().size() == 2; }));
}
