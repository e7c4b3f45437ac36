#include "tinyhttpd/script_failure.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <set>
#include <string>

#include "tinyhttpd/rejection.hpp"

using namespace tinyhttpd;

namespace {

constexpr int kFaults = static_cast<int>(ScriptFault::bad_json) + 1;

bool says(const ScriptFailure& failure, const std::string& words) {
  return describe(failure).find(words) != std::string::npos;
}

std::string described_header(HeaderFault why, const std::string& line) {
  return describe({ScriptFault::bad_header, static_cast<int>(why), line});
}

}  // namespace

TEST_CASE("describe names the cause of a failure and its cure") {
  CHECK(describe({ScriptFault::not_executable}) ==
        "the file is not executable: chmod +x it, or name an interpreter with --cgi-interpreter");
  CHECK(describe({ScriptFault::interpreter_missing, ENOENT, "/usr/local/bin/perl"}) ==
        R"(line 1 asks for "/usr/local/bin/perl", which does not exist here: )"
        "correct the path there, or install that program");
  CHECK(
      describe({ScriptFault::interpreter_crlf, ENOENT, "#!/bin/sh\r"}) ==
      R"(line 1 ends in CRLF, so the kernel looks for "/bin/sh\r": save the script with Unix line ends (dos2unix))");
  CHECK(says({ScriptFault::killed_by_signal, 11}, "killed by signal 11 (SIGSEGV): run it in a debugger"));
  CHECK(says({ScriptFault::killed_by_signal, 64}, "killed by signal 64: "));
  CHECK(
      says({ScriptFault::killed_by_signal, 24}, "(SIGXCPU): it used up its processor time (let it do less"));
  CHECK(describe({ScriptFault::exit_status, 3}) ==
        "ended with exit status 3 before its header was complete: "
        "read what it wrote on standard error, in the log");
  CHECK(says({ScriptFault::exit_status, 3, ", so that what it printed does not count"},
             "ended with exit status 3, so that what it printed does not count: "));
  CHECK(says({ScriptFault::exit_status, 127}, "not found"));
  CHECK(says({ScriptFault::no_output}, "wrote no output at all"));
  CHECK(describe({ScriptFault::no_blank_line, 0, "Content-Type: text/html"}) ==
        R"(its output has no blank line after the header; it ends with "Content-Type: text/html" )"
        "(print an empty line between the header and the page)");
  CHECK(describe({ScriptFault::silent, 30}) ==
        "wrote nothing for 30 s (--cgi-timeout): see what it waits for, or raise --cgi-timeout");
  CHECK(says({ScriptFault::silent, 0}, "wrote nothing for less than 1 s (--cgi-timeout)"));
  CHECK(says({ScriptFault::too_long, 300}, "ran for longer than 300 s (--cgi-max-time)"));
  CHECK(says({ScriptFault::spawn_failed, EAGAIN, "clone"}, "could not be started: clone: "));
  CHECK(says({ScriptFault::not_a_program, ENOEXEC, "\xEF\xBB\xBF#!/bin/sh"}, "byte order mark"));
  CHECK(says({ScriptFault::not_a_program, ENOEXEC, "echo hello"}, "begin it with #!/bin/sh"));
}

TEST_CASE("describe tells the ways apart in which a line is no header") {
  CHECK(described_header(HeaderFault::unspecified, "x").find("such as HTTP/1.1 200 OK") != std::string::npos);
  CHECK(described_header(HeaderFault::no_colon, "HTTP/1.1 200 OK").find("nph-") != std::string::npos);
  CHECK(described_header(HeaderFault::no_colon, "<html>").find("must come first") != std::string::npos);
  CHECK(described_header(HeaderFault::no_colon, "hello").find("no colon") != std::string::npos);
  CHECK(described_header(HeaderFault::bad_status, "Status: 999") ==
        R"(printed a Status that is no number from 200 to 599: "Status: 999" )"
        "(write a number and words, as in Status: 404 Not Found)");
  CHECK(described_header(HeaderFault::none, "").find("printed a blank line before its header: ") == 0);

  std::set<std::string> sentences;
  for (int why = 0; why <= static_cast<int>(HeaderFault::none); ++why) {
    sentences.insert(described_header(HeaderFault{why}, "x"));
  }
  CHECK(sentences.size() == static_cast<std::size_t>(HeaderFault::none) + 1);
}

TEST_CASE("describe lets no byte of a script reach the terminal of whoever reads the log") {
  const std::string nasty("\x1B[2J\0\r\n\t\"\\\xFF\x7F", 12);
  CHECK(described_header(HeaderFault::unspecified, nasty)
            .find(R"(printed a line that is no header: "\x1b[2J\x00\r\n\t\"\\\xff\x7f")") == 0);
  for (int fault = 0; fault < kFaults; ++fault) {
    for (const char byte : describe({ScriptFault{fault}, 1, nasty})) {
      CHECK(static_cast<unsigned char>(byte) >= 0x20);
      CHECK(byte != '\x7F');
    }
  }
}

TEST_CASE("describe quotes the beginning of a long line") {
  const auto sentence = described_header(HeaderFault::unspecified, std::string(100'000, 'x'));
  CHECK(sentence.size() < 250);
  CHECK(sentence.find("xxx…\"") != std::string::npos);
}

TEST_CASE("every fault has a name and a sentence of its own") {
  std::set<std::string_view> names;
  std::set<std::string> sentences;
  for (int fault = 0; fault < kFaults; ++fault) {
    names.insert(name_of(ScriptFault{fault}));
    sentences.insert(describe({ScriptFault{fault}, 1, "detail"}));
  }
  CHECK(names.size() == kFaults);
  CHECK(sentences.size() == kFaults);
  CHECK(name_of(ScriptFault::no_blank_line) == "no_blank_line");
}

TEST_CASE("status_of gives the script's mistakes 502, its silence 504, and our shortages 503") {
  CHECK(status_of({ScriptFault::bad_header}) == Status::bad_gateway);
  CHECK(status_of({ScriptFault::no_output}) == Status::bad_gateway);
  CHECK(status_of({ScriptFault::killed_by_signal, 9}) == Status::bad_gateway);
  CHECK(status_of({ScriptFault::exit_status, 1}) == Status::bad_gateway);
  CHECK(status_of({ScriptFault::interpreter_missing}) == Status::bad_gateway);
  CHECK(status_of({ScriptFault::silent, 30}) == Status::gateway_timeout);
  CHECK(status_of({ScriptFault::too_long, 300}) == Status::gateway_timeout);
  CHECK(status_of({ScriptFault::not_executable}) == Status::forbidden);
  CHECK(status_of({ScriptFault::stopped}) == Status::service_unavailable);
  CHECK(status_of({ScriptFault::redirect_loop, 5}) == Status::internal_server_error);
  for (const int shortage : {EAGAIN, ENOMEM, EMFILE, ENFILE}) {
    CHECK(status_of({ScriptFault::spawn_failed, shortage}) == Status::service_unavailable);
  }
  CHECK(status_of({ScriptFault::spawn_failed, E2BIG}) == Status::internal_server_error);
}

TEST_CASE("cannot_execute keeps the failure, and asks the client back only after a shortage") {
  const auto broken = cannot_execute({ScriptFault::exit_status, 3});
  CHECK(broken.status == Status::bad_gateway);
  CHECK(broken.reason == describe({ScriptFault::exit_status, 3}));
  CHECK_FALSE(broken.retry_later);
  REQUIRE(broken.failure.has_value());
  CHECK(broken.failure->number == 3);
  CHECK(cannot_execute({ScriptFault::spawn_failed, EAGAIN, "clone"}).retry_later);
}

TEST_CASE("interpreter_of reads a #! line as the kernel does") {
  CHECK(interpreter_of("#!/bin/sh") == "/bin/sh");
  CHECK(interpreter_of("#! \t/usr/bin/env python3") == "/usr/bin/env");
  CHECK(interpreter_of("#!/bin/sh\r") == "/bin/sh\r");
  CHECK(interpreter_of("#!/usr/bin/perl -w\r") == "/usr/bin/perl");
  CHECK(interpreter_of("#!") == "");
  CHECK(interpreter_of("/bin/sh") == "");
}
