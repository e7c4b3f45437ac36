// What scripts may use up, and that the rest of the server does not notice: limits, users, places,
// descriptors, memory.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "support/cgi_scripts.hpp"
#include "support/client.hpp"
#include "support/fifo.hpp"
#include "support/process_under_test.hpp"
#include "support/server_under_test.hpp"
#include "tinyhttpd/script_failure.hpp"

using tinyhttpd::ScriptFailure;
using tinyhttpd::ScriptFault;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Only root may become somebody else; and no limit of processes holds root.
bool is_root() {
  return ::geteuid() == 0;
}

/// No more than `count` descriptors can be opened while it lives.
class DescriptorsLeft {
 public:
  explicit DescriptorsLeft(int count) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    std::vector<tinyhttpd::UniqueFd> taken;
    int first_refused = 0;
    for (int i = 0; i <= count; ++i) {
      taken.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      first_refused = taken.back().get();
    }
    const rlimit few{static_cast<rlim_t>(first_refused), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  DescriptorsLeft(const DescriptorsLeft&) = delete;
  DescriptorsLeft& operator=(const DescriptorsLeft&) = delete;
  ~DescriptorsLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// The memory this process holds, measured without using any.
std::size_t resident_bytes() {
  const tinyhttpd::UniqueFd statm(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  char text[200] = {};
  (void)!::read(statm.get(), text, sizeof text - 1);
  char* end = nullptr;
  std::strtoul(text, &end, 10);  // the size of the address space
  return std::strtoul(end, nullptr, 10) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

const std::string kGet = "GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

// ---- --cgi-limit

TEST_CASE("A script that uses up its processor time is killed by SIGXCPU, and the log says why") {
  ServerUnderTest server([](tinyhttpd::Config& config) { config.cgi.limits.cpu_seconds = 1; });
  server.script("/cgi-bin/x.cgi", sh("while :; do :; done\n"));
  CHECK(get(server.port(), "/cgi-bin/x.cgi").status == 502);
  REQUIRE(server.recorder().failures().size() == 1);
  const ScriptFailure failure = server.recorder().failures()[0];
  CHECK(failure.fault == ScriptFault::killed_by_signal);
  CHECK(failure.number == SIGXCPU);
  CHECK(contains(describe(failure), "--cgi-limit cpu"));
}

TEST_CASE("A script that writes too large a file is killed by SIGXFSZ, and the log says why") {
  ServerUnderTest server([](tinyhttpd::Config& config) { config.cgi.limits.file_size_bytes = 10'000; });
  server.script("/cgi-bin/x.cgi", sh("exec head -c 1000000 /dev/zero > ../large\n"));
  CHECK(get(server.port(), "/cgi-bin/x.cgi").status == 502);
  REQUIRE(server.recorder().failures().size() == 1);
  const ScriptFailure failure = server.recorder().failures()[0];
  CHECK(failure.number == SIGXFSZ);
  CHECK(contains(describe(failure), "--cgi-limit file-size"));
  // Its answer goes into a pipe, which is no file.
  server.script("/cgi-bin/x.cgi", sh_text("head -c 1000000 /dev/zero\n"));
  CHECK(get(server.port(), "/cgi-bin/x.cgi").body.size() == 1'000'000);
}

TEST_CASE("A script cannot have more memory than it is given") {
  ServerUnderTest server([](tinyhttpd::Config& config) { config.cgi.limits.memory_bytes = 64 << 20; });
  server.script(
      "/cgi-bin/x.cgi",
      "#!/usr/bin/perl\nmy $x = 'x' x 300_000_000;\nprint \"Content-Type: text/plain\\n\\ngot it\";\n");
  CHECK(get(server.port(), "/cgi-bin/x.cgi").status == 502);
  CHECK(server.recorder().failures().back().fault == ScriptFault::exit_status);
  CHECK(contains(server.recorder().error_lines().front(), "memory"));
}

TEST_CASE("A script cannot open more files than it may") {
  ServerUnderTest server([](tinyhttpd::Config& config) { config.cgi.limits.files = 20; });
  server.script(
      "/cgi-bin/x.cgi",
      "#!/usr/bin/perl\nmy @files;\nwhile (open(my $file, '<', '/dev/null')) { push @files, $file; }\n"
      "print \"Content-Type: text/plain\\n\\n\", scalar(@files);\n");
  const int opened = std::atoi(get(server.port(), "/cgi-bin/x.cgi").body.c_str());
  CHECK(opened > 0);
  CHECK(opened <= 17);
}

TEST_CASE("A fork bomb stops at its limit of processes, and the server goes on") {
  if (!is_root()) return;
  ServerUnderTest server([](tinyhttpd::Config& config) {
    config.cgi.user = "games";
    config.cgi.limits.processes = 10;
  });
  Leash leash;
  server.file("/page.txt", "page");
  server.script("/cgi-bin/x.cgi",
                sh("exec 9>" + leash.path() + "; echo >&9\nwhile :; do sh -c 'sleep 1000' & done\n"));
  CHECK(get(server.port(), "/cgi-bin/x.cgi").status == 502);
  CHECK(contains(server.recorder().error_lines().front(), "ork"));  // "Cannot fork"
  CHECK(get(server.port(), "/page.txt").body == "page");
  leash.wait_until_taken();
  CHECK(leash.wait_until_dropped());
}

TEST_CASE("A refused process is 503, to be tried again, and says what the kernel said") {
  if (!is_root()) return;
  ServerUnderTest server([](tinyhttpd::Config& config) {
    config.cgi.user = "games";
    config.cgi.limits.processes = 0;
  });
  server.script("/cgi-bin/x.cgi", sh_text("echo SECRET\n"));
  const auto descriptors = tinyhttpd::count_descriptors();
  for (int i = 0; i < 3; ++i) {
    const Answer answer = get(server.port(), "/cgi-bin/x.cgi");
    CHECK(answer.status == 503);
    CHECK(answer.count("retry-after") == 1);
    CHECK_FALSE(contains(answer.body, "SECRET"));
  }
  const ScriptFailure failure = server.recorder().failures().back();
  CHECK(failure.fault == ScriptFault::spawn_failed);
  CHECK(failure.number == EAGAIN);
  CHECK(contains(describe(failure), "Resource temporarily unavailable"));
  CHECK(server.recorder().wait_until(
      [&](const Recorder&) { return tinyhttpd::count_descriptors() == descriptors; }));
}

// ---- --cgi-user

TEST_CASE("Scripts run as the user they are given, with that user's groups, and cannot touch the server") {
  if (!is_root()) return;
  ServerUnderTest server([](tinyhttpd::Config& config) { config.cgi.user = "nobody"; });
  server.script("/cgi-bin/x.cgi",
                sh_text("id -un; id -Gn; kill -0 $PPID 2>/dev/null && echo can signal the server\n"
                        "( : > ../written ) 2>/dev/null && echo can write\n"));
  CHECK(get(server.port(), "/cgi-bin/x.cgi").body == "nobody\nnogroup\n");
}

TEST_CASE("A script that its user may not execute is 500, and the log says whose fault it is") {
  if (!is_root()) return;
  ServerUnderTest server([](tinyhttpd::Config& config) { config.cgi.user = "nobody"; });
  server.file("/cgi-bin/x.cgi", sh_text("echo SECRET\n"), 0700);
  const Answer answer = get(server.port(), "/cgi-bin/x.cgi");
  CHECK(answer.status == 500);
  CHECK_FALSE(contains(answer.body, "SECRET"));
  CHECK(contains(describe(server.recorder().failures().back()), "its user must be allowed to execute it"));
}

// ---- places

TEST_CASE("Slow scripts take no place from files, and those past the queue are told to come again") {
  ServerUnderTest server([](tinyhttpd::Config& config) {
    config.threads = 4;
    config.cgi.max_running = 3;
    config.cgi.queue = 2;
  });
  Gate gate;
  server.file("/page.txt", "page");
  server.script("/cgi-bin/x.cgi",
                sh("read line < " + gate.path() + "\n" + kPrintTextHead + "echo \"$QUERY_STRING\"\n"));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<Client>(server.port()));
    clients.back()->send("GET /cgi-bin/x.cgi?" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(server.recorder().wait_until([&](const Recorder& r) {
      return r.pids().size() + r.waits().size() == static_cast<std::size_t>(i) + 1;
    }));
  }
  CHECK(server.recorder().pids().size() == 3);
  for (int i = 0; i < 10; ++i) CHECK(get(server.port(), "/page.txt").body == "page");
  const Answer refused = get(server.port(), "/cgi-bin/x.cgi");
  CHECK(refused.status == 503);
  CHECK(refused.count("retry-after") == 1);
  for (int i = 0; i < 5; ++i) gate.open();
  for (int i = 0; i < 5; ++i)
    CHECK(clients[static_cast<std::size_t>(i)]->read().body == std::to_string(i) + "\n");
}

TEST_CASE("Who waits for a place longer than a script may be silent is told to come again") {
  ServerUnderTest server([](tinyhttpd::Config& config) {
    config.cgi.max_running = 1;
    config.cgi.timeout = tinyhttpd::Seconds(0.5);
  });
  server.script("/cgi-bin/x.cgi", sh("while :; do echo busy >&2; sleep 0.05; done\n"));
  Client first(server.port());
  first.send(kGet);
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return r.pids().size() == 1; }));
  const Answer answer = get(server.port(), "/cgi-bin/x.cgi");
  CHECK(answer.status == 503);
  CHECK(answer.count("retry-after") == 1);
  CHECK(server.recorder().pids().size() == 1);
}

// ---- descriptors

TEST_CASE("Out of descriptors at any step is 503, and none of those that were had is lost") {
  ServerUnderTest server;
  server.file("/page.txt", "page");
  server.script("/cgi-bin/x.cgi", sh_text("cat; echo SECRET\n"));
  const std::string with_body = "POST /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
  Client client(server.port());
  client.send(kGet);
  CHECK(client.read().status == 200);
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return r.exits().size() == 1; }));
  const auto before = tinyhttpd::count_descriptors();
  int refused = 0;
  int spawn_failures = 0;
  for (const std::string& request : {kGet, with_body}) {
    // A folder, three pipes and the process: eight at the most. Without any a body is refused unread, which
    // ends the connection.
    for (int left = request == kGet ? 0 : 1; left <= 8; ++left) {
      CAPTURE(left);
      Answer answer;
      {
        const DescriptorsLeft few(left);
        client.send(request);
        answer = client.read();
      }
      CHECK((answer.status == 200 || answer.status == 503));
      CHECK(answer.complete);
      if (answer.status == 503) {
        ++refused;
        CHECK(answer.count("retry-after") == 1);
        CHECK_FALSE(contains(answer.body, "SECRET"));
      }
      CHECK(server.recorder().wait_until(
          [&](const Recorder&) { return tinyhttpd::count_descriptors() == before; }));
    }
  }
  for (const ScriptFailure& failure : server.recorder().failures()) {
    ++spawn_failures;
    CHECK(failure.fault == ScriptFault::spawn_failed);
    CHECK(failure.number == EMFILE);
    CHECK(contains(describe(failure), "Too many open files"));
  }
  CHECK(refused >= 13);
  CHECK(spawn_failures >= 10);
  client.send(kGet);
  CHECK(client.read().body == "SECRET\n");
}

// ---- memory

TEST_CASE("A script that writes more than its client takes waits, and the server's memory stays as it was") {
  ServerUnderTest server;
  server.script("/cgi-bin/x.cgi", sh_text("exec head -c 200000000 /dev/zero\n"));
  static std::vector<char> buffer(1 << 20);
  Client client(server.port());
  client.send("GET /cgi-bin/x.cgi HTTP/1.0\r\n\r\n");
  const std::size_t before = resident_bytes();
  std::size_t most = before;
  std::size_t received = 0;
  // First in small sips, then in gulps.
  for (std::size_t sip = 100;; sip = received < 100'000 ? 100 : buffer.size()) {
    const ssize_t count = ::recv(client.fd(), buffer.data(), sip, 0);
    if (count <= 0) break;
    received += static_cast<std::size_t>(count);
    most = std::max(most, resident_bytes());
  }
  CHECK(received > 200'000'000);
  CHECK(most - before < 16 << 20);
}

TEST_CASE("A client that stops reading stops the script, not the server") {
  ServerUnderTest server;
  server.file("/page.txt", "page");
  Leash leash;
  server.script("/cgi-bin/x.cgi", sh_text("exec 9>" + leash.path() + "; echo >&9; exec yes\n"));
  const std::size_t before = resident_bytes();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 6; ++i) {  // as many as may run at once
    clients.push_back(std::make_unique<Client>(server.port()));
    clients.back()->send(kGet);
  }
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return r.pids().size() == 6; }));
  for (int i = 0; i < 20; ++i) CHECK(get(server.port(), "/page.txt").body == "page");
  CHECK(resident_bytes() < before + (32 << 20));
  leash.wait_until_taken();
  clients.clear();
  CHECK(leash.wait_until_dropped());
}
