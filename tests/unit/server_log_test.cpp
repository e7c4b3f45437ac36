#include "tinyhttpd/server_log.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <string>
#include <vector>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/log_text.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/rejection.hpp"
#include "tinyhttpd/script_failure.hpp"

using namespace tinyhttpd;

namespace {

const Endpoints kClient{
    .remote_address = "127.0.0.1", .remote_port = 1, .server_address = "::1", .server_port = 80};

/// Everything that is logged at this level while `events` happen.
std::string logged(LogLevel level, const std::function<void(ServerLog&)>& events) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  UniqueFd read_end(ends[0]);
  {
    UniqueFd write_end(ends[1]);
    ServerLog log(level, write_end.get());
    events(log);
  }
  std::string text;
  char buffer[65536];
  for (ssize_t count; (count = ::read(read_end.get(), buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

/// The lines without the time before each, whose form is checked on the way.
std::vector<std::string> lines_of(LogLevel level, const std::function<void(ServerLog&)>& events) {
  std::string text = logged(level, events);
  std::vector<std::string> lines;
  for (std::size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
    std::string shape = text.substr(0, 24);
    std::replace_if(
        shape.begin(), shape.end(), [](unsigned char byte) { return std::isdigit(byte) != 0; }, '0');
    CHECK(shape == "0000-00-00 00:00:00.000 ");
    lines.push_back(text.substr(24, end - 24));
  }
  CHECK(text.empty());
  return lines;
}

std::vector<std::string> lines_at_debug(const std::function<void(ServerLog&)>& events) {
  return lines_of(LogLevel::debug, events);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("ServerLog says where it listens at every level but off") {
  auto listen = [](ServerLog& log) { log.listening("http://127.0.0.1:4000/"); };
  for (LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    CHECK(lines_of(level, listen) == Lines{"[info] listening on http://127.0.0.1:4000/"});
  }
  CHECK(logged(LogLevel::off, listen).empty());
}

TEST_CASE("ServerLog shows what is at its level or above") {
  auto events = [](ServerLog& log) {
    log.cgi_spawned(7, 4711);
    log.stopping("SIGTERM");
    log.warning("careful");
    log.cgi_failed(7, "/a.cgi", {ScriptFault::no_output});
  };
  const Lines all = lines_of(LogLevel::debug, events);
  REQUIRE(all.size() == 4);
  CHECK(all[0] == "[debug] request 7: script started, pid 4711");
  CHECK(all[1] == "[info] stopping: SIGTERM");
  CHECK(all[2] == "[warning] careful");
  CHECK(all[3] == "[error] [/a.cgi] " + describe({ScriptFault::no_output}));
  CHECK(lines_of(LogLevel::info, events) == Lines(all.begin() + 1, all.end()));
  CHECK(lines_of(LogLevel::warning, events) == Lines(all.begin() + 2, all.end()));
  CHECK(lines_of(LogLevel::error, events) == Lines(all.begin() + 3, all.end()));
  CHECK(logged(LogLevel::off, events).empty());
}

TEST_CASE("ServerLog gives the reason of a refusal with who asked what") {
  CHECK(lines_at_debug([](ServerLog& log) {
          log.rejected(1, not_found("/x: no such file"), "GET /x HTTP/1.1", kClient);
          log.rejected(2, request_timeout("no head within 10 s"), "", Endpoints{});
          log.rejected(3, internal_error("disk"), "GET / HTTP/1.1", kClient);
          log.rejected(4, unavailable("all places are taken"), "GET / HTTP/1.1", kClient);
        }) == Lines{"[info] 127.0.0.1 GET /x HTTP/1.1: 404: /x: no such file",
                    "[info] - -: 408: no head within 10 s", "[error] 127.0.0.1 GET / HTTP/1.1: 500: disk",
                    "[warning] 127.0.0.1 GET / HTTP/1.1: 503: all places are taken"});
}

TEST_CASE("ServerLog has one line for one failure of a script") {
  ScriptFailure failure{ScriptFault::silent, 30};
  CHECK(lines_at_debug([&](ServerLog& log) {
          log.cgi_failed(1, "/cgi-bin/a.cgi", failure);
          log.rejected(1, cannot_execute(failure), "GET /cgi-bin/a.cgi HTTP/1.1", kClient);
        }) == Lines{"[error] [/cgi-bin/a.cgi] " + describe(failure)});
}

TEST_CASE("ServerLog shows a script's standard error with its name") {
  CHECK(lines_at_debug([](ServerLog& log) { log.cgi_error_line(1, "/cgi-bin/a.cgi", "line 3: oops"); }) ==
        Lines{"[warning] [/cgi-bin/a.cgi] line 3: oops"});
}

TEST_CASE("ServerLog covers the secrets that a script was given in what it says, when it is told to") {
  const std::vector<std::string> environment = {"HTTP_COOKIE=sid=COOKIESECRET", "DB_PASS=hunter2"};
  const ScriptFailure failure{.fault = ScriptFault::bad_header, .detail = "I have hunter2"};
  const std::string first = std::string(kErrorPieceBytes - 10, 'x') + "COOKIESECR";
  const auto say_all = [&](ServerLog& log) {
    log.cgi_environment(7, "/a.cgi", environment, {});
    log.cgi_error_line(7, "/a.cgi", "the cookie is COOKIESECRET");
    log.cgi_error_line(7, "/a.cgi", first);
    log.cgi_error_line(7, "/a.cgi", "ETHunter2 hunter2");
    log.cgi_error_line(8, "/b.cgi", "hunter2 of another script");
    log.cgi_failed(7, "/a.cgi", failure);
  };
  const auto covered = lines_of(LogLevel::warning, [&](ServerLog& log) {
    log.cover_secrets();
    say_all(log);
  });
  REQUIRE(covered.size() == 5);
  CHECK(covered[0] == "[warning] [/a.cgi] the cookie is ************");
  CHECK(covered[1].ends_with("xxx**********"));
  CHECK(covered[2] == "[warning] [/a.cgi] **Hunter2 *******");
  CHECK(covered[3] == "[warning] [/b.cgi] hunter2 of another script");
  CHECK(covered[4].find("I have *******") != std::string::npos);
  const auto open = lines_of(LogLevel::warning, say_all);
  REQUIRE(open.size() == 5);
  CHECK(open[0] == "[warning] [/a.cgi] the cookie is COOKIESECRET");
}

TEST_CASE("ServerLog tells of an exit status that is not 0, and of others only when debugging") {
  auto exit = [](bool by_signal, int code) {
    return [=](ServerLog& log) {
      ExitReport report;
      report.by_signal = by_signal;
      report.code = code;
      report.user_time = std::chrono::milliseconds(12);
      report.system_time = std::chrono::microseconds(3999);
      report.max_resident_kib = 2048;
      log.cgi_exited(7, "/a.cgi", report);
    };
  };
  CHECK(lines_of(LogLevel::info, exit(false, 3)) ==
        Lines{"[info] [/a.cgi] ended with exit status 3, 12 ms user, 3 ms system, 2048 KiB"});
  CHECK(lines_of(LogLevel::info, exit(false, 0)).empty());
  CHECK(lines_of(LogLevel::info, exit(true, 15)).empty());
  CHECK(lines_at_debug(exit(true, 15)) ==
        Lines{"[debug] request 7: [/a.cgi] killed by signal 15, 12 ms user, 3 ms system, 2048 KiB"});
}

TEST_CASE("ServerLog tells of a FastCGI application's status likewise, and of its backends when debugging") {
  auto end = [](int status) { return [=](ServerLog& log) { log.fastcgi_ended(7, "/a.php", status); }; };
  CHECK(lines_of(LogLevel::info, end(3)) == Lines{"[info] [/a.php] ended with exit status 3"});
  CHECK(lines_of(LogLevel::info, end(0)).empty());
  CHECK(lines_at_debug(end(0)) == Lines{"[debug] request 7: [/a.php] ended with exit status 0"});
  CHECK(lines_at_debug([](ServerLog& log) {
          log.fastcgi_connected(7, "unix:/run/x", false);
          log.fastcgi_connected(8, "unix:/run/x", true);
        }) == Lines{"[debug] request 7: goes to unix:/run/x",
                    "[debug] request 8: goes to unix:/run/x, over a connection that was kept"});
}

TEST_CASE("ServerLog escapes whatever came from outside and keeps to one line of bounded length an event") {
  const std::string hostile = "\x1b[2J\n2026-01-01 [error] forged\x9b";
  const std::string shown = "\\x1b[2J\\x0a2026-01-01 [error] forged\\x9b";
  CHECK(lines_at_debug([&](ServerLog& log) {
          log.rejected(1, not_found(hostile), hostile, kClient);
          log.cgi_error_line(1, hostile, hostile);
          log.warning(hostile);
        }) == Lines{"[info] 127.0.0.1 " + shown + ": 404: " + shown, "[warning] [" + shown + "] " + shown,
                    "[warning] " + shown});

  const std::string endless(100'000, '\x01');
  const std::string text = logged(LogLevel::debug, [&](ServerLog& log) {
    log.rejected(1, not_found(endless), endless, kClient);
    log.cgi_error_line(1, endless, endless);
    log.cgi_failed(1, endless, {ScriptFault::bad_header, 0, endless});
    log.warning(endless);
    log.stopping(endless);
  });
  CHECK(std::count(text.begin(), text.end(), '\n') == 5);
  for (std::size_t begin = 0, end; begin < text.size(); begin = end + 1) {
    end = text.find('\n', begin);
    CHECK(end - begin < kMaxLogLineBytes);
    CHECK(text.find("[+", begin) < end);
  }
}

TEST_CASE("ServerLog never waits for a standard error that nobody reads") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  ServerLog log(LogLevel::info, write_end.get());
  const auto started = Clock::now();
  for (int i = 0; i < 20'000; ++i)
    log.warning("the same again and again, as a server in trouble would say it");
  CHECK(Clock::now() - started < std::chrono::seconds(3));
}

TEST_CASE("ServerLog shows another level from the moment it is told so, in both directions") {
  CHECK(lines_of(LogLevel::info, [](ServerLog& log) {
          log.gateway_wait(1);
          log.set_level(LogLevel::debug);
          log.gateway_wait(2);
          log.set_level(LogLevel::error);
          log.warning("hidden");
          log.set_level(LogLevel::warning);
          log.warning("shown");
          log.set_level(LogLevel::off);
          log.warning("hidden");
          log.listening("http://127.0.0.1:4000/");
        }) == Lines{"[debug] request 2: waits for a place among the running scripts", "[warning] shown"});
}
