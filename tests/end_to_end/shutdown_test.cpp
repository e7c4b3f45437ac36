// How the program ends, and what signals do to it.

#include <doctest/doctest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/fifo.hpp"
#include "support/process_under_test.hpp"
#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/deadline.hpp"

namespace {

using tinyhttpd::Clock;
using tinyhttpd::Seconds;
using tinyhttpd::TemporaryFolder;

const std::string kGetA = "GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n";

/// Holds the leash, as does a child of its own, and minds no SIGTERM.
std::string stubborn_script(const Leash& leash) {
  return "#!/bin/sh\ntrap '' TERM\nexec 9>" + leash.path() +
         "\nsleep 1000 &\necho running >&9\nwait\nsleep 1000\n";
}

/// A script that leaves a process behind which is in no group and no session of the server's.
class Daemon {
 public:
  explicit Daemon(const TemporaryFolder& folder) {
    folder.write("a.txt", "a");
    folder.write("cgi-bin/daemon.sh",
                 "#!/bin/sh\nsetsid sh -c 'exec 9>" + leash_.path() + "; echo $$ >&9; read line < " +
                     daemon_gate_.path() + "' <&- >&- 2>&- &\nread line < " + script_gate_.path() +
                     "\nprintf 'Content-Type: text/plain\\n\\nleft one'\n",
                 0755);
  }

  /// Runs the script to its end; the process it left, as numbered where the server lives.
  pid_t start(std::uint16_t port) {
    Client client(port);
    client.send("GET /cgi-bin/daemon.sh HTTP/1.1\r\nHost: test\r\n\r\n");
    const pid_t pid = std::atoi(leash_.wait_until_taken().c_str());
    script_gate_.open();
    CHECK(client.read().body == "left one");
    return pid;
  }

  bool end() {
    daemon_gate_.open();
    return leash_.wait_until_dropped();
  }

 private:
  Gate script_gate_, daemon_gate_;
  Leash leash_;
};

/// Whether connecting is refused, waited for.
bool stops_listening(std::uint16_t port) {
  const auto start = Clock::now();
  while (Clock::now() - start < std::chrono::seconds(20)) {
    try {
      Client client(port);
    } catch (const std::system_error&) {
      return true;
    }
  }
  return false;
}

/// Whether there is no such process, not even a zombie: waited for, by asking the server something.
bool is_reaped(pid_t pid, std::uint16_t port) {
  const auto start = Clock::now();
  while (::kill(pid, 0) == 0 && Clock::now() - start < std::chrono::seconds(20)) get(port, "/a.txt");
  return ::kill(pid, 0) != 0;
}

pid_t parent_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; file >> word;)
    if (word == "PPid:" && file >> word) return std::stoi(word);
  return 0;
}

}  // namespace

TEST_CASE("SIGTERM and SIGINT end an idle server at once, with status 0, and close idle connections") {
  TemporaryFolder folder;
  folder.write("a.txt", "a");
  for (const int signal : {SIGTERM, SIGINT}) {
    CAPTURE(signal);
    // No other limit may end them first.
    ServerProcess server({"--root", folder.path(), "--drain-timeout", "60", "--keepalive-timeout", "60",
                          "--header-timeout", "60"});
    const std::uint16_t port = server.port();
    REQUIRE(port != 0);
    Client idle(port), silent(port);
    idle.send(kGetA);
    CHECK(idle.read().body == "a");
    server.signal(signal);
    CHECK(idle.ends_within(20'000));
    CHECK(silent.ends_within(20'000));
    CHECK(server.exit_status() == 0);
  }
}

TEST_CASE("what is in flight at SIGTERM is finished: a file, a script, an upload") {
  TemporaryFolder folder;
  Gate gate;
  Leash leash;
  folder.write("large.bin", std::string(20'000'000, 'x'));
  folder.write("cgi-bin/waits.sh",
               "#!/bin/sh\nexec 9>" + leash.path() + "\necho running >&9\nread line < " + gate.path() +
                   "\nprintf 'Content-Type: text/plain\\n\\nlate'\n",
               0755);
  folder.write("cgi-bin/echo.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\ncat\n", 0755);
  ServerProcess server({"--root", folder.path(), "--drain-timeout", "60"});
  const std::uint16_t port = server.port();
  REQUIRE(port != 0);
  Client file(port), script(port), upload(port), half_a_head(port);
  file.send("GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
  script.send("GET /cgi-bin/waits.sh HTTP/1.1\r\nHost: test\r\n\r\n");
  upload.send(
      "POST /cgi-bin/echo.sh HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n");
  half_a_head.send("GET /cgi-bin/ec");
  CHECK(file.read_until("\r\n\r\n"));
  CHECK(upload.read_until("100 Continue"));
  CHECK(leash.wait_until_taken() == "running\n");

  server.signal(SIGTERM);
  CHECK(stops_listening(port));
  upload.send("0123456789");
  const Answer echoed = upload.read();
  CHECK(echoed.body == "0123456789");
  CHECK(echoed.field("connection") == "close");
  gate.open();
  const Answer late = script.read();
  CHECK(late.body == "late");
  CHECK(late.field("connection") == "close");
  CHECK(file.read().body.size() == 20'000'000);
  half_a_head.send("ho.sh HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  CHECK(half_a_head.read().status == 200);
  CHECK(server.exit_status() == 0);
}

TEST_CASE("scripts that outlive --drain-timeout are ended with all their processes") {
  TemporaryFolder folder;
  Leash leash;
  folder.write("cgi-bin/stubborn.sh", stubborn_script(leash), 0755);
  ServerProcess server({"--root", folder.path(), "--drain-timeout", "0.3"});
  const std::uint16_t port = server.port();
  REQUIRE(port != 0);
  Client client(port);
  client.send("GET /cgi-bin/stubborn.sh HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(leash.wait_until_taken() == "running\n");
  server.signal(SIGTERM);
  CHECK(server.exit_status() == 0);
  CHECK(leash.wait_until_dropped());
}

TEST_CASE("the second signal ends everything at once") {
  TemporaryFolder folder;
  Leash leash;
  folder.write("cgi-bin/stubborn.sh", stubborn_script(leash), 0755);
  ServerProcess server({"--root", folder.path(), "--drain-timeout", "600"});
  const std::uint16_t port = server.port();
  REQUIRE(port != 0);
  Client client(port);
  client.send("GET /cgi-bin/stubborn.sh HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(leash.wait_until_taken() == "running\n");
  server.signal(SIGTERM);
  CHECK(stops_listening(port));
  server.signal(SIGINT);
  CHECK(server.exit_status() == 0);
  CHECK(leash.wait_until_dropped());
}

TEST_CASE("a killed server takes its scripts with it") {
  TemporaryFolder folder;
  Leash leash;
  folder.write("cgi-bin/silent.sh",
               "#!/bin/sh\nexec 9>" + leash.path() + "\necho running >&9\nexec sleep 1000\n", 0755);
  ServerProcess server({"--root", folder.path()});
  Client client(server.port());
  client.send("GET /cgi-bin/silent.sh HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(leash.wait_until_taken() == "running\n");
  server.signal(SIGKILL);
  CHECK(server.exit_status() == 128 + SIGKILL);
  CHECK(leash.wait_until_dropped());
}

TEST_CASE("other signals disturb nothing") {
  TemporaryFolder folder;
  folder.write("a.txt", "a");
  folder.write("cgi-bin/hello.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhello'\n", 0755);
  ServerProcess server({"--root", folder.path()});
  const std::uint16_t port = server.port();
  REQUIRE(port != 0);
  Client client(port);
  for (int i = 0; i < 20; ++i) {
    for (const int signal : {SIGHUP, SIGPIPE, SIGCHLD, SIGUSR1, SIGUSR2, SIGWINCH, SIGSTOP, SIGCONT})
      server.signal(signal);
    client.send(kGetA);
    CHECK(client.read().body == "a");
    CHECK(get(port, "/cgi-bin/hello.sh").body == "hello");
  }
  server.signal(SIGTERM);
  CHECK(server.exit_status() == 0);
}

TEST_CASE("what a script leaves behind is adopted, and reaped when it ends") {
  TemporaryFolder folder;
  Daemon daemon(folder);
  ServerProcess server({"--root", folder.path()});
  const std::uint16_t port = server.port();
  REQUIRE(port != 0);
  const pid_t orphan = daemon.start(port);
  REQUIRE(orphan > 0);
  CHECK(parent_of(orphan) == server.pid());
  CHECK(daemon.end());
  CHECK(is_reaped(orphan, port));
}

namespace {

/// Goes on as process 1 of a new process namespace; the process before waits for it and ends as it does.
void become_process_one() {
  if (::unshare(CLONE_NEWPID) != 0) ::_exit(125);
  const pid_t one = ::fork();
  if (one == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    return;
  }
  int status = 0;
  ::waitpid(one, &status, 0);
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

pid_t child_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  pid_t child = 0;
  file >> child;
  return child;
}

}  // namespace

TEST_CASE("as process 1 it reaps what has nobody else, and SIGTERM ends it") {
  // The kernel drops signals for process 1 that it has made no provision for (pid_namespaces(7)).
  const int permitted = tinyhttpd::in_forked_child([] { return ::unshare(CLONE_NEWPID) == 0 ? 0 : 1; });
  if (permitted != 0) {
    MESSAGE("no new process namespace is permitted here: see the subreaper's test");
    return;
  }
  TemporaryFolder folder;
  Daemon daemon(folder);
  ServerProcess server({"--root", folder.path()}, become_process_one);
  const std::uint16_t port = server.port();
  REQUIRE(port != 0);
  const pid_t one = child_of(server.pid());
  REQUIRE(one > 0);
  CHECK(daemon.start(port) > 1);
  const pid_t orphan = child_of(one);
  REQUIRE(orphan > 0);
  CHECK(daemon.end());
  CHECK(is_reaped(orphan, port));
  ::kill(one, SIGTERM);
  CHECK(server.exit_status() == 0);
}

TEST_CASE("a server that cannot have its threads says so and does not start") {
  TemporaryFolder folder;
  ServerProcess server({"--root", folder.path()}, [] {
    // clone3 hides its flags from a filter: without it, the C library falls back to clone.
    tinyhttpd::refuse_system_call(SYS_clone3, ENOSYS);
    tinyhttpd::refuse_system_call(SYS_clone, EAGAIN, 0, CLONE_THREAD);
  });
  CHECK(server.exit_status() == 1);
  CHECK(server.says("tinyhttpd: "));
  CHECK(server.said().find("listening") == std::string::npos);
}
