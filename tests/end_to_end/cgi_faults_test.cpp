// Each way in which a script fails: what the client gets, what the log says, and that nothing is left behind.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "support/cgi_scripts.hpp"
#include "support/client.hpp"
#include "support/fifo.hpp"
#include "support/process_under_test.hpp"
#include "support/server_under_test.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/script_failure.hpp"

using tinyhttpd::ScriptFailure;
using tinyhttpd::ScriptFault;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

ScriptFailure last_failure(const ServerUnderTest& server) {
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return !r.failures().empty(); }));
  return server.recorder().failures().back();
}

bool wait_for_failure(const ServerUnderTest& server, ScriptFault fault) {
  return server.recorder().wait_until(
      [&](const Recorder& r) { return !r.failures().empty() && r.failures().back().fault == fault; });
}

bool wait_for_exits(const ServerUnderTest& server, std::size_t count) {
  return server.recorder().wait_until([&](const Recorder& r) { return r.exits().size() >= count; });
}

void quick(tinyhttpd::Config& config) {
  config.cgi.timeout = tinyhttpd::Seconds(0.3);
}

/// The shell's part of a Leash: holds it as long as the shell, or a child of its, lives.
std::string take(const Leash& leash) {
  return "exec 9>" + leash.path() + "; echo $$ >&9\n";
}

/// The children of this process, zombies among them.
std::set<int> children() {
  std::set<int> pids;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(thread.path() / "children");
    for (int pid; file >> pid;) pids.insert(pid);
  }
  return pids;
}

}  // namespace

TEST_CASE("Each way to fail before the head is complete has its status, its name and its sentence") {
  const struct {
    const char* what;
    std::string text;
    int mode, status;
    ScriptFault fault;
    std::string sentence;
  } rows[] = {
      {"no execute bit", sh_text("SECRET\n"), 0644, 403, ScriptFault::not_executable, "chmod +x"},
      {"no interpreter", "#!/usr/local/no/perl -w\nSECRET\n", 0755, 502, ScriptFault::interpreter_missing,
       "\"/usr/local/no/perl\", which does not exist"},
      {"CRLF", "#!/bin/sh\r\necho SECRET\r\n", 0755, 502, ScriptFault::interpreter_crlf, "\"/bin/sh\\r\""},
      {"no #! line", "echo SECRET\n", 0755, 502, ScriptFault::not_a_program, "line 1 names no interpreter"},
      {"byte order mark", "\xEF\xBB\xBF#!/bin/sh\necho SECRET\n", 0755, 502, ScriptFault::not_a_program,
       "byte order mark"},
      {"an empty file", "", 0755, 502, ScriptFault::not_a_program, "no program for this machine"},
      {"a cut ELF file", "\177ELFSECRET", 0755, 502, ScriptFault::not_a_program, "no program"},
      {"a folder for an interpreter", "#!/tmp\nSECRET\n", 0755, 500, ScriptFault::spawn_failed,
       "Permission denied"},
      {"no output", sh("exit 0\n"), 0755, 502, ScriptFault::no_output, "wrote no output at all"},
      {"no blank line", sh("echo Content-Type: text/SECRET\n"), 0755, 502, ScriptFault::no_blank_line,
       "no blank line after the header; it ends with \"Content-Type: text/SECRET\""},
      {"a page without head", sh("echo '<p>SECRET'\n"), 0755, 502, ScriptFault::bad_header,
       "\"<p>SECRET\" (its header must come first"},
      {"a message before the head", sh("echo SECRET; echo Content-Type: a/b; echo\n"), 0755, 502,
       ScriptFault::bad_header, "\"SECRET\""},
      {"a bad Status", sh_prints("Status: 1000\\n\\n"), 0755, 502, ScriptFault::bad_header,
       "\"Status: 1000\""},
      {"exit status", sh("echo SECRET >&2; exit 3\n"), 0755, 502, ScriptFault::exit_status, "exit status 3"},
      {"half a head, then exit", sh("echo Content-Type: a/b; exit 4\n"), 0755, 502, ScriptFault::exit_status,
       "exit status 4"},
      {"a missing command", sh("exec no-such-command-SECRET\n"), 0755, 502, ScriptFault::exit_status,
       "a command in it was not found"},
      {"a signal", sh("kill -SEGV $$\n"), 0755, 502, ScriptFault::killed_by_signal, "(SIGSEGV)"},
      {"half a head, then a signal", sh("echo Content-Type: a/b; kill -ABRT $$\n"), 0755, 502,
       ScriptFault::killed_by_signal, "(SIGABRT)"},
      {"a head too large", sh("yes 'X: SECRET'\n"), 0755, 502, ScriptFault::head_too_large,
       "longer than 65536 bytes"},
      {"no line end ever", sh("exec cat /dev/zero\n"), 0755, 502, ScriptFault::head_too_large, "longer than"},
  };
  ServerUnderTest server;
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const std::size_t before = server.recorder().failures().size();
    server.file("/cgi-bin/x.cgi", row.text, row.mode);
    const Answer answer = get(server.port(), "/cgi-bin/x.cgi");
    CHECK(answer.status == row.status);
    CHECK(answer.complete);
    // The reason is for the log: nothing of it, nor of the script, is the client's business.
    CHECK_FALSE(contains(answer.body, "SECRET"));
    CHECK_FALSE(contains(answer.body, server.root()));
    REQUIRE(server.recorder().failures().size() == before + 1);
    const ScriptFailure failure = server.recorder().failures().back();
    CHECK(name_of(failure.fault) == name_of(row.fault));
    CHECK_MESSAGE(contains(describe(failure), row.sentence), describe(failure));
  }
}

TEST_CASE("What a dying script says on standard error is in the log, a line at a time") {
  ServerUnderTest server;
  server.script("/cgi-bin/x.cgi", sh("echo first >&2; printf 'second, unfinished' >&2; exit 2\n"));
  CHECK(get(server.port(), "/cgi-bin/x.cgi").status == 502);
  CHECK(server.recorder().error_lines() == std::vector<std::string>{"first", "second, unfinished"});
}

TEST_CASE("An exit status after a complete answer does not harm it") {
  ServerUnderTest server;
  server.script("/cgi-bin/x.cgi", sh_text("echo done; exit 1\n"));
  const Answer answer = get(server.port(), "/cgi-bin/x.cgi");
  CHECK(answer.body == "done\n");
  CHECK(answer.complete);
  REQUIRE(wait_for_exits(server, 1));
  CHECK(server.recorder().exits()[0].code == 1);
  CHECK(server.recorder().failures().empty());
}

TEST_CASE("A script that dies by a signal in the middle cuts the answer, so that the client can tell") {
  ServerUnderTest server;
  server.script("/cgi-bin/chunked.cgi", sh_text("echo half; kill -SEGV $$\n"));
  server.script("/cgi-bin/length.cgi", sh("printf 'Content-Length: 100\\n\\nhalf'; kill -KILL $$\n"));
  for (const std::string name : {"chunked", "length"}) {
    const Answer answer = get(server.port(), "/cgi-bin/" + name + ".cgi");
    CHECK(answer.status == 200);
    CHECK_FALSE(answer.complete);
    REQUIRE(wait_for_failure(server, ScriptFault::killed_by_signal));
  }
  // Without chunks and length only a reset tells the end from a break.
  Client old(server.port());
  old.send("GET /cgi-bin/chunked.cgi HTTP/1.0\r\n\r\n");
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return r.answers().size() == 3; }));
  CHECK_FALSE(server.recorder().answers().back().complete);
  char bytes[1000];
  ssize_t count;
  while ((count = ::read(old.fd(), bytes, sizeof bytes)) > 0) continue;
  CHECK(count == -1);
}

// ---- silence and length of life

TEST_CASE("A silent script is 504, is asked to end, and leaves no process") {
  ServerUnderTest server(quick);
  Leash leash;
  server.script("/cgi-bin/x.cgi", sh(take(leash) + "sleep 1000 & sleep 1000\n"));
  CHECK(get(server.port(), "/cgi-bin/x.cgi").status == 504);
  CHECK(last_failure(server).fault == ScriptFault::silent);
  CHECK(contains(describe(last_failure(server)), "--cgi-timeout"));
  CHECK(server.recorder().signals() == std::vector<int>{SIGTERM});
  leash.wait_until_taken();
  CHECK(leash.wait_until_dropped());  // both sleeps, too
}

TEST_CASE("A script that falls silent in the middle has its answer cut") {
  ServerUnderTest server(quick);
  server.script("/cgi-bin/x.cgi", sh_text("echo half; sleep 1000\n"));
  const Answer answer = get(server.port(), "/cgi-bin/x.cgi");
  CHECK(answer.status == 200);
  CHECK_FALSE(answer.complete);
  CHECK(wait_for_failure(server, ScriptFault::silent));
}

TEST_CASE("A script that ignores SIGTERM, or has stopped itself, is ended by SIGKILL") {
  ServerUnderTest server(quick);
  for (const std::string how : {"trap '' TERM; while :; do sleep 1; done", "kill -STOP $$"}) {
    CAPTURE(how);
    Leash leash;
    server.script("/cgi-bin/x.cgi", sh(take(leash) + how + "\n"));
    CHECK(get(server.port(), "/cgi-bin/x.cgi").status == 504);
    CHECK(server.recorder().signals().back() == SIGKILL);
    leash.wait_until_taken();
    CHECK(leash.wait_until_dropped());
    CHECK(server.recorder().exits().back().by_signal);
  }
}

TEST_CASE("A script may end itself in order when it is asked to") {
  ServerUnderTest server(quick);
  server.script("/cgi-bin/x.cgi", sh("trap 'echo goodbye >&2; exit 5' TERM; sleep 1000 & wait\n"));
  CHECK(get(server.port(), "/cgi-bin/x.cgi").status == 504);
  CHECK(server.recorder().error_lines() == std::vector<std::string>{"goodbye"});
  CHECK(server.recorder().exits().back().code == 5);
}

TEST_CASE("A script that works in silence but says so on standard error is not silent") {
  ServerUnderTest server([](tinyhttpd::Config& config) { config.cgi.timeout = tinyhttpd::Seconds(1); });
  server.script("/cgi-bin/x.cgi",
                sh("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.1; echo $i >&2; done\n" + kPrintTextHead +
                   "echo done\n"));
  CHECK(get(server.port(), "/cgi-bin/x.cgi").body == "done\n");
}

TEST_CASE("A life longer than --cgi-max-time is ended, however busy the script is") {
  const std::string talks[] = {
      sh("while :; do echo talk >&2; sleep 0.05; done\n"),                     // 504, no head yet
      sh("yes >&2\n"),                                                         // never lets the poll rest
      sh_text("while :; do echo talk; sleep 0.05; done\n"),                    // cut
      sh_text("exec yes\n"),                                                   // cut
      sh_text("exec >&-; exec yes >&2\n"),                                     // ended after its answer
      sh("printf 'Content-Length: 2\\n\\n'; exec yes\n"),                      // after its last byte
      sh("printf 'Location: /cgi-bin/none\\n\\n'; exec >&-; exec yes >&2\n"),  // before a redirect
  };
  for (const std::string& text : talks) {
    CAPTURE(text);
    ServerUnderTest server([](tinyhttpd::Config& config) { config.cgi.max_time = tinyhttpd::Seconds(0.5); });
    server.script("/cgi-bin/x.cgi", text);
    Client client(server.port());
    client.send("GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    while (!client.read_some(1 << 20).empty()) continue;
    REQUIRE(wait_for_failure(server, ScriptFault::too_long));
    CHECK(contains(describe(last_failure(server)), "--cgi-max-time"));
    CHECK(wait_for_exits(server, 1));
  }
}

TEST_CASE("A client that reads slowly does not make the script silent") {
  ServerUnderTest server([](tinyhttpd::Config& config) { config.cgi.timeout = tinyhttpd::Seconds(1); });
  server.script("/cgi-bin/x.cgi", sh_text("head -c 20000000 /dev/zero\n"));
  Client client(server.port());
  client.send("GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  REQUIRE(client.read_until("\r\n\r\n"));
  // The patience with a script passes while the client takes nothing: another script shows when.
  server.script("/cgi-bin/sleep.cgi", sh("sleep 1000\n"));
  CHECK(get(server.port(), "/cgi-bin/sleep.cgi").status == 504);
  const Answer answer = client.read();
  CHECK(answer.body.size() == 20'000'000);
  CHECK(answer.complete);
}

// ---- three pipes at once

TEST_CASE("A script that never reads its ten megabytes answers all the same") {  // CVE-2014-0231
  ServerUnderTest server;
  server.script("/cgi-bin/ends.cgi", sh_text("echo done\n"));
  server.script("/cgi-bin/closes.cgi", sh_text("exec <&-; echo done\n"));
  server.script("/cgi-bin/writes.cgi", sh_text("head -c 3000000 /dev/zero; echo done\n"));
  const std::string body(10 << 20, 'x');
  CHECK(post(server.port(), "/cgi-bin/ends.cgi", body).body == "done\n");
  CHECK(post(server.port(), "/cgi-bin/closes.cgi", body).body == "done\n");
  CHECK(post(server.port(), "/cgi-bin/writes.cgi", body).body.size() == 3'000'005);
  CHECK(server.recorder().failures().empty());
}

TEST_CASE("Ten megabytes of complaints come before the answer, and are not all logged") {  // CVE-2002-1850
  ServerUnderTest server;
  server.script("/cgi-bin/x.cgi",
                sh("yes complaint | head -c 10000000 >&2\n" + kPrintTextHead + "echo done\n"));
  CHECK(get(server.port(), "/cgi-bin/x.cgi").body == "done\n");
  const auto lines = server.recorder().error_lines();
  CHECK(lines.front() == "complaint");
  CHECK(lines.size() > 20'000);
  CHECK(lines.size() < 30'000);
}

TEST_CASE("A line of standard error without end is logged in pieces") {
  ServerUnderTest server;
  server.script("/cgi-bin/x.cgi", sh_text("head -c 100000 /dev/zero | tr '\\0' x >&2; echo done\n"));
  CHECK(get(server.port(), "/cgi-bin/x.cgi").body == "done\n");
  REQUIRE(wait_for_exits(server, 1));
  std::size_t bytes = 0;
  for (const std::string& line : server.recorder().error_lines()) {
    CHECK(line.size() <= 2048);
    bytes += line.size();
  }
  CHECK(bytes == 100'000);
}

TEST_CASE("Twenty megabytes go into a script and come out of it at the same time, unharmed") {
  ServerUnderTest server;
  server.script("/cgi-bin/cat.cgi", sh_text("exec cat\n"));
  std::string body;
  body.reserve(20 << 20);
  for (std::uint32_t i = 0; body.size() < 20 << 20; ++i) body += static_cast<char>(i * 2654435761U >> 24U);
  const Answer answer = post(server.port(), "/cgi-bin/cat.cgi", body);
  CHECK(answer.complete);
  CHECK((answer.body == body));
}

// ---- what a script leaves behind

TEST_CASE("A grandchild that holds the pipe does not hold the answer, and ends with the script") {
  ServerUnderTest server;
  for (const std::string grandchild : {"sleep 1000", "yes", "sh -c \"trap '' TERM HUP; sleep 1000\""}) {
    CAPTURE(grandchild);
    Leash leash;
    server.script("/cgi-bin/x.cgi", sh_text(take(leash) + grandchild + " &\necho done\n"));
    const Answer answer = get(server.port(), "/cgi-bin/x.cgi");
    CHECK(answer.complete);
    CHECK(contains(answer.body, "done\n"));
    leash.wait_until_taken();
    CHECK(leash.wait_until_dropped());
  }
  CHECK(server.recorder().failures().empty());
}

TEST_CASE("A daemon in a session of its own does not hold the answer, is left to run, and is reaped") {
  tinyhttpd::become_subreaper();
  ServerUnderTest server;
  Leash leash;
  Gate script_gate, daemon_gate;
  server.script("/cgi-bin/x.cgi",
                sh_text("setsid sh -c 'exec 9>" + leash.path() + "; echo $$ >&9; read line < " +
                        daemon_gate.path() + "' & echo done; read line < " + script_gate.path() + "\n"));
  Client client(server.port());
  client.send("GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\n\r\n");
  const int daemon = std::atoi(leash.wait_until_taken().c_str());
  REQUIRE(daemon > 0);
  script_gate.open();
  const Answer answer = client.read();
  CHECK(answer.body == "done\n");
  CHECK(answer.complete);
  REQUIRE(wait_for_exits(server, 1));
  CHECK(leash.is_held());
  daemon_gate.open();
  CHECK(leash.wait_until_dropped());
  siginfo_t ended{};
  CHECK(::waitid(P_PID, static_cast<id_t>(daemon), &ended, WEXITED | WNOWAIT) == 0);  // it is ours now
  CHECK(tinyhttpd::reap_orphans() >= 1);
  CHECK_FALSE(children().contains(daemon));
}

TEST_CASE("A daemon that goes on writing into the answer's pipe does not make the answer endless") {
  ServerUnderTest server;
  Leash leash;
  Gate gate;
  server.script("/cgi-bin/x.cgi", sh_text("setsid sh -c 'exec 9>" + leash.path() +
                                          "; echo $$ >&9; exec yes' &\nread line < " + gate.path() + "\n"));
  Client client(server.port());
  client.send("GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\n\r\n");
  leash.wait_until_taken();
  gate.open();
  CHECK(client.read().complete);
  CHECK(leash.wait_until_dropped());  // by SIGPIPE, now that nobody reads
}

TEST_CASE("A script that closes its output and goes on has answered: nobody waits for it") {
  ServerUnderTest server;
  Gate gate;
  server.file("/next.txt", "next");
  server.script("/cgi-bin/x.cgi",
                sh_text("echo done; exec >&-; read line < " + gate.path() + "; echo finished >&2\n"));
  Client client(server.port());
  client.send("GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.read().body == "done\n");
  client.send("GET /next.txt HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.read().body == "next");
  CHECK(server.recorder().exits().empty());
  gate.open();
  REQUIRE(wait_for_exits(server, 1));
  CHECK(server.recorder().exits()[0].code == 0);
  CHECK(server.recorder().signals().empty());
  CHECK(server.recorder().error_lines() == std::vector<std::string>{"finished"});
}

TEST_CASE("A script that goes on without its output is not ended by the next request in the pipeline") {
  ServerUnderTest server;
  Gate gate;
  server.script("/cgi-bin/x.cgi", sh_text("echo done; exec >&-; read line < " + gate.path() + "\n"));
  server.script("/cgi-bin/y.cgi", sh_text("echo other\n"));
  Client client(server.port());
  client.send(
      "GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\n\r\nGET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /cgi-bin/y.cgi HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.read().body == "done\n");
  CHECK(client.read().body == "done\n");
  CHECK(client.read().body == "other\n");
  CHECK(server.recorder().signals().empty());
  gate.open();
  gate.open();
  REQUIRE(wait_for_exits(server, 3));
  CHECK(server.recorder().signals().empty());
}

TEST_CASE("A script that goes on without its output keeps its place until it ends") {
  ServerUnderTest server([](tinyhttpd::Config& config) { config.cgi.max_running = 1; });
  Gate gate;
  server.script("/cgi-bin/x.cgi", sh_text("echo done; exec >&-; read line < " + gate.path() + "\n"));
  server.script("/cgi-bin/y.cgi", sh_text("echo other\n"));
  CHECK(get(server.port(), "/cgi-bin/x.cgi").body == "done\n");
  Client second(server.port());
  second.send("GET /cgi-bin/y.cgi HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return r.waits().size() == 1; }));
  CHECK(server.recorder().pids().size() == 1);
  gate.open();
  CHECK(second.read().body == "other\n");
}

TEST_CASE("A script that closes its output without an answer has failed, and is ended") {
  ServerUnderTest server;
  Leash leash;
  server.script("/cgi-bin/x.cgi", sh(take(leash) + "exec >&-; sleep 1000\n"));
  CHECK(get(server.port(), "/cgi-bin/x.cgi").status == 502);
  CHECK(last_failure(server).fault == ScriptFault::no_output);
  leash.wait_until_taken();
  CHECK(leash.wait_until_dropped());
}

// ---- clients that leave

TEST_CASE("A script is ended when its client breaks the connection") {
  const struct {
    const char* what;
    std::string text;
  } rows[] = {
      {"before the head", "sleep 1000\n"},
      {"in the middle", "printf 'Content-Type: a/b\\n\\nhalf'; sleep 1000\n"},
      {"in the middle of much", "printf 'Content-Type: a/b\\n\\nhalf'; exec yes\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    ServerUnderTest server;
    Leash leash;
    server.script("/cgi-bin/x.cgi", sh(take(leash) + row.text));
    Client client(server.port());
    client.send("GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\n\r\n");
    leash.wait_until_taken();
    if (std::string(row.what) != "before the head") client.read_until("half");
    client.reset();
    CHECK(leash.wait_until_dropped());
    CHECK(wait_for_failure(server, ScriptFault::abandoned));
    REQUIRE(wait_for_exits(server, 1));
    CHECK(server.recorder().signals().front() == SIGTERM);
  }
}

TEST_CASE("A client that just closes is noticed before the answer begins, and when the next piece is sent") {
  ServerUnderTest server;
  Leash quiet;
  server.script("/cgi-bin/quiet.cgi", sh(take(quiet) + "sleep 1000\n"));
  {
    Client client(server.port());
    client.send("GET /cgi-bin/quiet.cgi HTTP/1.1\r\nHost: a\r\n\r\n");
    quiet.wait_until_taken();
  }
  CHECK(quiet.wait_until_dropped());
  CHECK(wait_for_failure(server, ScriptFault::abandoned));

  Leash talks;
  Gate gate;
  server.script("/cgi-bin/talks.cgi",
                sh_text(take(talks) + "echo a; read line < " + gate.path() + "; while :; do echo b; done\n"));
  {
    Client client(server.port());
    client.send("GET /cgi-bin/talks.cgi HTTP/1.1\r\nHost: a\r\n\r\n");
    client.read_until("a\n");
  }
  gate.open();
  talks.wait_until_taken();
  CHECK(talks.wait_until_dropped());
}

TEST_CASE("A client that has only ended its own side still gets its answer") {
  ServerUnderTest server;
  Gate gate;
  server.script("/cgi-bin/x.cgi",
                sh("read line < " + gate.path() + "; printf 'Content-Type: text/plain\\n\\ndone'\n"));
  for (const std::string version : {"1.1", "1.0"}) {
    Client client(server.port());
    client.send("GET /cgi-bin/x.cgi HTTP/" + version + "\r\nHost: a\r\nConnection: close\r\n\r\n");
    client.finish();
    gate.open();
    CHECK(client.read().body == "done");
  }
}

TEST_CASE("A client that takes nothing of its answer for --send-timeout loses it, and the script ends") {
  ServerUnderTest server(
      [](tinyhttpd::Config& config) { config.limits.send_timeout = tinyhttpd::Seconds(0.3); });
  Leash leash;
  server.script("/cgi-bin/x.cgi", sh_text(take(leash) + "exec yes\n"));
  Client client(server.port());
  client.send("GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\n\r\n");
  leash.wait_until_taken();
  CHECK(leash.wait_until_dropped());
  CHECK(wait_for_failure(server, ScriptFault::abandoned));
}

TEST_CASE("Scripts that run when the server stops are ended, and their clients told") {
  auto server = std::make_unique<ServerUnderTest>(
      [](tinyhttpd::Config& config) { config.drain_timeout = tinyhttpd::Seconds(0.2); });
  Leash leash;
  server->script("/cgi-bin/x.cgi", sh(take(leash) + "sleep 1000\n"));
  Client client(server->port());
  client.send("GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\n\r\n");
  leash.wait_until_taken();
  server->server().stop();
  CHECK(client.read().status == 503);
  CHECK(last_failure(*server).fault == ScriptFault::stopped);
  CHECK(leash.wait_until_dropped());
}

TEST_CASE("After a thousand scripts, good, bad, silent and abandoned, nothing is left") {
  tinyhttpd::TemporaryFolder spool;
  const auto descriptors_before = tinyhttpd::count_descriptors();
  const std::set<int> children_before = children();
  {
    ServerUnderTest server([&](tinyhttpd::Config& config) {
      config.cgi.timeout = tinyhttpd::Seconds(0.2);
      config.limits.spool_dir = spool.path();
    });
    server.script("/cgi-bin/good.cgi", sh_text("echo good\n"));
    server.script("/cgi-bin/exit.cgi", sh("exit 1\n"));
    server.script("/cgi-bin/signal.cgi", sh("kill -KILL $$\n"));
    server.script("/cgi-bin/silent.cgi", sh("exec sleep 1000\n"));
    server.script("/cgi-bin/leaves.cgi", sh_text("sleep 1000 & echo left\n"));
    server.script("/cgi-bin/much.cgi", sh_text("exec yes\n"));
    server.file("/cgi-bin/broken.cgi", "#!/no/such/program\n", 0755);
    const std::string body(100'000, 'x');  // more than is kept in memory
    for (int i = 0; i < 145; ++i) {
      for (const std::string name : {"good", "exit", "signal", "leaves", "broken"})
        get(server.port(), "/cgi-bin/" + name + ".cgi");
      post(server.port(), "/cgi-bin/good.cgi", body);
      if (i % 20 == 0) get(server.port(), "/cgi-bin/silent.cgi");
      Client client(server.port());
      client.send("POST /cgi-bin/much.cgi HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + body);
      client.read_until("y\n");
      client.reset();
    }
    // No child, not even a zombie, while the server still runs.
    CHECK(server.recorder().wait_until([&](const Recorder& r) {
      tinyhttpd::reap_orphans();
      const std::set<int> now = children();
      return r.exits().size() == r.pids().size() &&
             std::includes(children_before.begin(), children_before.end(), now.begin(), now.end());
    }));
  }
  CHECK(tinyhttpd::count_descriptors() == descriptors_before);
  CHECK(std::filesystem::is_empty(spool.path()));
}
