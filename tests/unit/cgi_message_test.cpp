#include "tinyhttpd/cgi_message.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <vector>

using namespace tinyhttpd;
using Kind = CgiHead::Kind;

namespace {

CgiHead parsed(std::string_view head) {
  auto result = parse_cgi_head(head);
  REQUIRE_MESSAGE(result.has_value(), (result ? std::string() : describe(result.error())));
  return std::move(result).value();
}

// What was found wrong with the head; a head that was accepted has none of these.
HeaderFault fault_of(std::string_view head) {
  auto result = parse_cgi_head(head);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().fault == ScriptFault::bad_header);
  CHECK(status_of(result.error()) == Status::bad_gateway);
  return HeaderFault{result.error().number};
}

HeaderFault fault_of_line(const std::string& line) {
  auto result = parse_cgi_head("Content-Type: text/plain\n" + line + "\n\n");
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().detail == line);
  return HeaderFault{result.error().number};
}

// The end as it is found when the output comes in two pieces.
std::optional<std::size_t> end_when_split(std::string_view output, std::size_t split) {
  if (const auto end = find_cgi_head_end(output.substr(0, split), 0)) return end;
  return find_cgi_head_end(output, split);
}

// The end as it is found when the output comes byte by byte.
std::optional<std::size_t> end_byte_by_byte(std::string_view output) {
  for (std::size_t size = 1; size <= output.size(); ++size) {
    if (const auto end = find_cgi_head_end(output.substr(0, size), size - 1)) return end;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("find_cgi_head_end finds the first empty line however the bytes arrive") {  // RFC 3875 section 7.2
  struct Sample {
    std::string_view output;
    std::optional<std::size_t> end;
  };
  const std::vector<Sample> samples = {
      {"A: 1\n\nbody\n\n", 6},
      {"A: 1\r\n\r\nbody\r\n\r\n", 8},
      {"A: 1\r\n\nbody", 7},
      {"A: 1\n\r\nbody", 7},
      {"A: 1\nB: 2\r\n\r\n", 13},
      {"\nbody", 1},
      {"\r\nbody", 2},
      {"A: 1\r\n", std::nullopt},
      {"A: 1\n\r", std::nullopt},
      {"A: 1\n\r\r\n", std::nullopt},
      {"A: 1\r\r", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& sample : samples) {
    CAPTURE(sample.output);
    CHECK(find_cgi_head_end(sample.output, 0) == sample.end);
    CHECK(end_byte_by_byte(sample.output) == sample.end);
    for (std::size_t split = 0; split <= sample.output.size(); ++split) {
      CHECK(end_when_split(sample.output, split) == sample.end);
    }
  }
}

TEST_CASE("parse_cgi_head reads the simplest document") {  // RFC 3875 section 6.2.1
  const auto head = parsed("Content-Type: text/html\n\n");
  CHECK(head.kind == Kind::document);
  CHECK(head.status == Status::ok);
  CHECK(head.reason == "");
  CHECK(head.fields == "Content-Type: text/html\r\n");
  CHECK(head.dropped == "");
  CHECK_FALSE(head.content_length.has_value());
}

TEST_CASE("parse_cgi_head reads LF, CRLF and both mixed to the same head") {
  const std::string_view golden = "Content-Type: a/b\r\nX-One: 1\r\n";
  CHECK(parsed("Content-Type: a/b\nX-One: 1\n\n").fields == golden);
  CHECK(parsed("Content-Type: a/b\r\nX-One: 1\r\n\r\n").fields == golden);
  CHECK(parsed("Content-Type: a/b\r\nX-One: 1\n\r\n").fields == golden);
}

TEST_CASE("parse_cgi_head reads names in any case and fields in any order") {  // RFC 3875 sections 6.2, 6.3
  for (const auto* text : {"STATUS: 404 Gone Fishing\ncontent-type: a/b\ncOnTeNt-LeNgTh: 5\n\n",
                           "cOnTeNt-LeNgTh: 5\ncontent-type: a/b\nSTATUS: 404 Gone Fishing\n\n"}) {
    const auto head = parsed(text);
    CHECK(code(head.status) == 404);
    CHECK(head.reason == "Gone Fishing");
    CHECK(head.content_length == 5U);
    CHECK(head.fields == "content-type: a/b\r\n");
  }
}

TEST_CASE("parse_cgi_head removes white space around a value, and keeps an empty one") {
  CHECK(parsed("A:1\nB: \t 2 \t \nC:\nD: x\ty \xC3\xA9\n\n").fields ==
        "A: 1\r\nB: 2\r\nC: \r\nD: x\ty \xC3\xA9\r\n");
}

TEST_CASE("parse_cgi_head keeps fields that are repeated, in their order") {
  CHECK(parsed("Set-Cookie: a=1\nX: y\nSet-Cookie: b=2\n\n").fields ==
        "Set-Cookie: a=1\r\nX: y\r\nSet-Cookie: b=2\r\n");
}

TEST_CASE("parse_cgi_head takes a Status with and without a reason") {  // RFC 3875 section 6.3.3
  const auto status = [](const std::string& value) { return parsed("Status: " + value + "\n\n"); };
  CHECK(code(status("200").status) == 200);
  CHECK(code(status("599").status) == 599);
  CHECK(code(status("404 Not Found").status) == 404);
  CHECK(status("404 Not Found").reason == "Not Found");
  CHECK(status("404  ").reason == "");
  CHECK(status("200 OK").fields == "");
}

TEST_CASE("parse_cgi_head refuses a Status that is none") {
  for (const auto* value : {"", "99", "999", "600", "199", "100", "101 Switching Protocols", "200x", "2 00",
                            "-20", "+200", "0200", "2000", "OK", "HTTP/1.1 200 OK", "200\tOK", "0xC8"}) {
    CAPTURE(value);
    CHECK(fault_of(std::string("Status: ") + value + "\n\n") == HeaderFault::bad_status);
  }
}

TEST_CASE("parse_cgi_head takes a lone local Location for a local redirect") {  // RFC 3875 section 6.2.2
  for (const auto* text : {"Location: /x/y?a=b\n\n", "location:/x/y?a=b\r\n\r\n",
                           "X-CGI-Note: n\nLocation: /x/y?a=b\nContent-Length: 0\n\n"}) {
    CAPTURE(text);
    const auto head = parsed(text);
    CHECK(head.kind == Kind::local_redirect);
    CHECK(head.location == "/x/y?a=b");
    CHECK(head.fields == "");
  }
}

TEST_CASE("parse_cgi_head sends the client where only the client can go") {  // RFC 3875 section 6.2.3
  for (const std::string location :
       {"http://example.org/a#b", "//evil.example/x", "/page#part", "other.html", "?page=2"}) {
    CAPTURE(location);
    const auto head = parsed("Location: " + location + "\n\n");
    CHECK(head.kind == Kind::client_redirect);
    CHECK(head.status == Status::found);
    CHECK(head.location == location);
    CHECK(head.fields == "Location: " + location + "\r\n");
  }
}

TEST_CASE("parse_cgi_head gives a local Location that does not stand alone to the client") {
  for (const std::string other : {"Content-Type: text/html", "Set-Cookie: a=1"}) {
    for (const auto& text : {other + "\nLocation: /x\n\n", "Location: /x\n" + other + "\n\n"}) {
      CAPTURE(text);
      const auto head = parsed(text);
      CHECK(head.kind == Kind::client_redirect);
      CHECK(head.status == Status::found);
      CHECK(head.fields.find("Location: /x\r\n") != std::string::npos);
      CHECK(head.fields.find(other + "\r\n") != std::string::npos);
    }
  }
  CHECK(parsed("Location: /x\nContent-Length: 5\n\n").kind == Kind::client_redirect);
}

TEST_CASE("parse_cgi_head lets a Status decide what a Location means") {  // RFC 3875 section 6.2.4
  const auto moved = parsed("Status: 301 Moved\nLocation: http://example.org/\nContent-Type: text/html\n\n");
  CHECK(moved.kind == Kind::document);
  CHECK(moved.status == Status::moved_permanently);
  CHECK(moved.fields == "Location: http://example.org/\r\nContent-Type: text/html\r\n");
  const auto created = parsed("Location: /items/5\nStatus: 201 Created\n\n");
  CHECK(created.kind == Kind::document);
  CHECK(code(created.status) == 201);
  CHECK(created.fields == "Location: /items/5\r\n");
}

TEST_CASE(
    "parse_cgi_head drops what is not for a script to say, and names it") {  // RFC 3875 sections 6.3.4, 6.3.5
  const auto head = parsed(
      "Content-Type: a/b\nTRANSFER-ENCODING: chunked\nConnection: keep-alive\nKeep-Alive: "
      "timeout=5\nUpgrade: h2c\n"
      "TE: trailers\nTrailer: X\nProxy-Authenticate: Basic\nDate: now\nServer: Apache\nX-CGI-Debug: 1\n"
      "X-Sendfile: /etc/passwd\nX-Accel-Redirect: /internal\nX-Other: kept\n\n");
  CHECK(head.fields == "Content-Type: a/b\r\nX-Other: kept\r\n");
  CHECK(head.dropped ==
        "TRANSFER-ENCODING, Connection, Keep-Alive, Upgrade, TE, Trailer, Proxy-Authenticate, Date, Server, "
        "X-CGI-Debug, "
        "X-Sendfile, X-Accel-Redirect");
}

TEST_CASE("parse_cgi_head believes one good Content-Length and no other") {
  CHECK(parsed("Content-Length: 0\n\n").content_length == 0U);
  CHECK(parsed("Content-Length: 18446744073709551615\n\n").content_length == 18446744073709551615U);
  for (const auto* value : {"", "-1", "+5", "5, 5", "5x", "0x10", "1e3", "18446744073709551616",
                            "5\nContent-Length: 6", "5\nContent-Length: 5", "x\nContent-Length: 5"}) {
    CAPTURE(value);
    const auto head = parsed(std::string("Content-Type: a/b\nContent-Length: ") + value + "\n\n");
    CHECK_FALSE(head.content_length.has_value());
    CHECK(head.dropped.substr(0, 14) == "Content-Length");
    CHECK(head.fields == "Content-Type: a/b\r\n");
  }
}

TEST_CASE("parse_cgi_head refuses a line that is no header, and quotes it") {
  CHECK(fault_of_line("<html>") == HeaderFault::no_colon);
  CHECK(fault_of_line("HTTP/1.1 200 OK") == HeaderFault::no_colon);
  CHECK(fault_of_line(": value") == HeaderFault::bad_name);
  CHECK(fault_of_line("X-Field : value") == HeaderFault::bad_name);
  CHECK(fault_of_line("X Field: value") == HeaderFault::bad_name);
  CHECK(fault_of_line("X\xC3\xA9: value") == HeaderFault::bad_name);
  CHECK(fault_of_line(std::string("X\0Y: value", 10)) == HeaderFault::bad_name);
  CHECK(fault_of_line(" folded: value") == HeaderFault::continued);
  CHECK(fault_of_line("\tfolded") == HeaderFault::continued);
  CHECK(fault_of_line(std::string("X: a\0b", 6)) == HeaderFault::control_byte);
  CHECK(fault_of_line("X: a\rSet-Cookie: b") == HeaderFault::control_byte);
  CHECK(fault_of_line("X: a\x7F") == HeaderFault::control_byte);
  CHECK(fault_of_line("X: \x1B[2J") == HeaderFault::control_byte);
  CHECK(fault_of_line("Location:") == HeaderFault::bad_location);
}

TEST_CASE("parse_cgi_head refuses a carriage return before the line's end") {  // CVE-2024-24795
  CHECK(fault_of("Content-Type: a/b\r\r\n\r\n") == HeaderFault::control_byte);
  CHECK(fault_of("Status: 200\rX: y\n\n") == HeaderFault::control_byte);
}

TEST_CASE("parse_cgi_head refuses a second Status, Location or Content-Type") {  // RFC 3875 section 6.3
  CHECK(fault_of("Status: 200\nstatus: 200\n\n") == HeaderFault::repeated);
  CHECK(fault_of("Location: /a\nLOCATION: /b\n\n") == HeaderFault::repeated);
  CHECK(fault_of("Content-Type: a/b\nContent-type: c/d\n\n") == HeaderFault::repeated);
}

TEST_CASE("parse_cgi_head refuses a head without any field") {
  CHECK(fault_of("\n") == HeaderFault::none);
  CHECK(fault_of("\r\n") == HeaderFault::none);
  CHECK(fault_of("") == HeaderFault::none);
}

TEST_CASE("parse_cgi_head invents no Content-Type") {
  CHECK(parsed("X: y\n\n").fields == "X: y\r\n");
}

TEST_CASE("explain_missing_head says what was wrong with output that has no head") {
  CHECK(explain_missing_head("").fault == ScriptFault::no_output);

  const auto unended = explain_missing_head("Content-Type: text/html\r\n<html>\r\n<p>hello");
  CHECK(unended.fault == ScriptFault::no_blank_line);
  CHECK(unended.detail == "<p>hello");
  CHECK(explain_missing_head("Content-Type: text/html\r\n").detail == "Content-Type: text/html");
  CHECK(explain_missing_head("Content-Ty").fault == ScriptFault::no_blank_line);
  CHECK(explain_missing_head("\r").fault == ScriptFault::bad_header);

  const auto garbage = explain_missing_head("Hello, world\nand more\n");
  CHECK(garbage.fault == ScriptFault::bad_header);
  CHECK(garbage.detail == "Hello, world");
  CHECK(explain_missing_head("Hello, world").fault == ScriptFault::bad_header);
  CHECK(explain_missing_head("Hello\n").fault == ScriptFault::bad_header);
}

TEST_CASE("explain_exec_failure names what the kernel did not find") {
  const auto missing = explain_exec_failure(ENOENT, true, false, "#!/usr/local/bin/perl -w\nprint 1;\n");
  CHECK(missing.fault == ScriptFault::interpreter_missing);
  CHECK(missing.detail == "/usr/local/bin/perl");

  const auto windows = explain_exec_failure(ENOENT, true, false, "#!/bin/sh\r\necho\r\n");
  CHECK(windows.fault == ScriptFault::interpreter_crlf);
  CHECK(windows.detail == "#!/bin/sh\r");

  const auto argument = explain_exec_failure(ENOENT, true, false, "#!/nowhere/perl -w\r\n");
  CHECK(argument.fault == ScriptFault::interpreter_missing);
  CHECK(argument.detail == "/nowhere/perl");
}

TEST_CASE("explain_exec_failure tells what is no program, and what the kernel refused") {
  const auto text = explain_exec_failure(ENOEXEC, false, true, "echo hello\n");
  CHECK(text.fault == ScriptFault::not_a_program);
  CHECK(text.detail == "echo hello");
  CHECK(explain_exec_failure(ENOEXEC, false, true, "").fault == ScriptFault::not_a_program);

  const auto gone = explain_exec_failure(ENOENT, true, false, "");
  CHECK(gone.fault == ScriptFault::spawn_failed);
  CHECK(gone.number == ENOENT);
  const auto loader = explain_exec_failure(ENOENT, true, false,
                                           "\x7F"
                                           "ELF\x02");
  CHECK(loader.fault == ScriptFault::spawn_failed);
  CHECK(loader.detail.find("loader") != std::string::npos);
  const auto forbidden = explain_exec_failure(EACCES, false, false, "#!/bin/sh\n");
  CHECK(forbidden.fault == ScriptFault::spawn_failed);
  CHECK(forbidden.number == EACCES);
}
