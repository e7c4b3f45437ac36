#include "tinyhttpd/diagnosis.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <set>
#include <string>
#include <vector>

#include "tinyhttpd/script_failure.hpp"

using namespace tinyhttpd;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

ScriptFailure bad_header(HeaderFault why, const std::string& line) {
  return {ScriptFault::bad_header, static_cast<int>(why), line};
}

/// At least one failure for each sentence there is.
std::vector<ScriptFailure> all_failures(const std::string& detail) {
  std::vector<ScriptFailure> failures;
  for (int fault = 0; fault <= static_cast<int>(ScriptFault::bad_json); ++fault)
    failures.push_back({ScriptFault{fault}, 1, detail});
  for (int why = 0; why <= static_cast<int>(HeaderFault::none); ++why)
    failures.push_back(bad_header(HeaderFault{why}, detail));
  for (const char* line : {"HTTP/1.1 200 OK", "<html>", "hello"})
    failures.push_back(bad_header(HeaderFault::no_colon, line));
  for (const char* line : {"\xEF\xBB\xBF#!/bin/sh", "\177ELF", "echo"})
    failures.push_back({ScriptFault::not_a_program, ENOEXEC, line});
  for (int error = 0; error < 140; ++error) failures.push_back({ScriptFault::spawn_failed, error, detail});
  for (int signal = 0; signal < 70; ++signal)
    failures.push_back({ScriptFault::killed_by_signal, signal, detail});
  for (int status = 1; status < 256; ++status) failures.push_back({ScriptFault::exit_status, status, detail});
  return failures;
}

void check_sentence(const std::string& sentence) {
  CAPTURE(sentence);
  REQUIRE_FALSE(sentence.empty());
  CHECK(sentence.back() != '.');
  CHECK(sentence.find_first_of("{}\n") == std::string::npos);
}

}  // namespace

TEST_CASE("diagnose says what happened, why that is a failure, and what to do") {
  const Diagnosis diagnosis = diagnose({ScriptFault::interpreter_crlf, ENOENT, "#!/bin/sh\r"});
  CHECK(diagnosis.what == R"(line 1 ends in CRLF, so the kernel looks for "/bin/sh\r")");
  CHECK(diagnosis.why ==
        "the kernel takes all that follows #!, up to a space or the line feed, for the program's name");
  CHECK(diagnosis.cure == "save the script with Unix line ends (dos2unix)");
}

TEST_CASE("diagnose has three sentences for every failure, and fills in all of their marks") {
  for (const char* detail : {"", "detail"}) {
    for (const ScriptFailure& failure : all_failures(detail)) {
      CAPTURE(name_of(failure.fault));
      CAPTURE(failure.number);
      const Diagnosis diagnosis = diagnose(failure);
      check_sentence(diagnosis.what);
      check_sentence(diagnosis.why);
      check_sentence(diagnosis.cure);
      CHECK(diagnosis.what != "failed");
    }
  }
}

TEST_CASE("diagnose has words of its own for the errors that starting a script meets") {
  std::set<std::string> cures = {diagnose({ScriptFault::spawn_failed, EIO, "exec"}).cure};
  for (const int error :
       {EACCES, EAGAIN, ENOMEM, EMFILE, ENFILE, E2BIG, ENOENT, ENOTDIR, ELOOP, ETXTBSY, EPERM}) {
    CAPTURE(error);
    const Diagnosis diagnosis = diagnose({ScriptFault::spawn_failed, error, "exec"});
    CHECK(contains(diagnosis.what, "could not be started: exec: "));
    CHECK(cures.insert(diagnosis.cure).second);
  }
  CHECK(diagnose({ScriptFault::spawn_failed, 0, ""}).what == "could not be started: exec");
}

TEST_CASE("diagnose names a signal, and what mostly is behind it") {
  const auto why = [](int signal) { return diagnose({ScriptFault::killed_by_signal, signal}).why; };
  CHECK(contains(why(11), "memory that is not its own"));
  CHECK(contains(why(8), "divided by 0"));
  CHECK(contains(why(9), "memory runs out"));
  CHECK(contains(why(13), "nobody reads"));
  CHECK(diagnose({ScriptFault::killed_by_signal, 64}).what == "killed by signal 64");
  CHECK(diagnose({ScriptFault::killed_by_signal, -1}).what == "killed by signal -1");
}

TEST_CASE("diagnose tells a program of another machine from a text without an interpreter") {
  const auto what = [](const char* line) {
    return diagnose({ScriptFault::not_a_program, ENOEXEC, line}).what;
  };
  CHECK(contains(what("\177ELF\2"), "begins as a program of Linux does"));
  CHECK(contains(what("echo hello"), "line 1 names no interpreter"));
  CHECK(contains(what("\xEF\xBB\xBF#!/bin/sh"), "byte order mark"));
}

TEST_CASE("what a script printed is not taken for a mark") {
  CHECK(diagnose(bad_header(HeaderFault::unspecified, "{number} {quoted}")).what ==
        R"(printed a line that is no header: "{number} {quoted}")");
}

TEST_CASE("a header fault that is none of the known ones is still explained") {
  CHECK(contains(diagnose({ScriptFault::bad_header, 99, "x"}).what, "no header"));
  CHECK(contains(diagnose({ScriptFault::bad_header, -1, "x"}).what, "no header"));
}

TEST_CASE("in_one_line adds a short cure to what happened, and leaves a long one out") {
  CHECK(in_one_line({"it fell", "it was heavy", "hold it"}) == "it fell: hold it");
  CHECK(in_one_line({"it fell: hard", "it was heavy", "hold it"}) == "it fell: hard (hold it)");
  CHECK(in_one_line({"it fell", "it was heavy", std::string(101, 'x')}) == "it fell");
}

TEST_CASE("describe is the diagnosis in one line") {
  for (const ScriptFailure& failure : all_failures("detail")) {
    const Diagnosis diagnosis = diagnose(failure);
    CHECK(describe(failure) == in_one_line(diagnosis));
    CHECK(describe(failure).starts_with(diagnosis.what));
    CHECK_MESSAGE(contains(describe(failure), diagnosis.cure), diagnosis.cure);  // all are short as it is
  }
}
