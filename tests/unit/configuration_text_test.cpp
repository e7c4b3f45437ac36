// What --check-config prints.

#include "tinyhttpd/configuration_text.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/command_lines.hpp"
#include "support/temporary_folder.hpp"

using namespace tinyhttpd;

namespace {

std::string text_of(std::vector<const char*> arguments) {
  arguments.push_back("--check-config");
  return std::get<Check>(parse(std::move(arguments))).text;
}

bool holds(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("configuration_text says what is served, where and by how many") {
  const std::string text =
      text_of({"--threads", "8", "--root", "/srv", "-b", "::1", "-b", "unix:/run/x", "--autoindex"});
  CHECK(text.starts_with("tinyhttpd " TINYHTTPD_VERSION ": the configuration is right.\n"));
  CHECK(holds(text, "\n  listens on    port 4000 of ::1, unix:/run/x\n"));
  CHECK(holds(text, "\n  serves        /srv (index.html, index.cgi, index.php, else a list)\n"));
  CHECK(holds(text, "\n  workers       8; 1024 connections may wait for one, 10000 may be open\n"));
  CHECK(holds(text, "\n  access log    standard output, Combined format\n"));
  CHECK(holds(text_of({"--port", "0"}), "  listens on    a free port of every address, IPv6 and IPv4\n"));
  CHECK(
      holds(text_of({"--inetd"}), "  listens on    nowhere: one connection, on standard input and output\n"));
}

TEST_CASE("configuration_text lists what is not the default, and who said it") {
  const TemporaryFolder folder;
  folder.write("f", "queue = 9\nport = 4000\nheader = X-A: 1\nheader = X-B: 2\n");
  const std::string file = folder / "f";
  const Variable variable("TINYHTTPD_MAX_BODY", "1M");
  const std::string text = text_of({"-c", file.c_str(), "--min-rate", "7", "--gzip", "on"});
  CHECK(holds(text, "\n  max-body = 1M                                             TINYHTTPD_MAX_BODY\n"));
  CHECK(holds(text, "\n  min-rate = 7                                              the command line\n"));
  CHECK(holds(text, "  header = X-A: 1"));
  CHECK(holds(text, file + " line 4\n"));
  for (const char* unsaid : {"port = ", "gzip = ", "config = ", "check-config = ", "root = "})
    CHECK(text.find(unsaid) == text.npos);
}

TEST_CASE(
    "configuration_text says who else answers, and where a password is asked for: a line for each rule") {
  const std::string text =
      text_of({"--fastcgi", ".php=unix:/run/a,[::1]:9000", "--fastcgi", "/app/=h:1", "--json",
               "/api/=/bin/sh -c 'a b'", "--json", ".x=/bin/sh", "--auth",
               "/private/=/etc/passwd:Members only", "--auth", "/b=/etc/passwd", "--fastcgi-timeout", "2.5"});
  CHECK(holds(text,
              "\n  FastCGI       .php by unix:/run/a, [::1]:9000"
              "\n                /app/ by h:1"
              "\n                8 connections kept to each at most, 2.5 s of silence"
              "\n  JSON          /api/ by /bin/sh -c 'a b'"
              "\n                .x by /bin/sh"
              "\n  passwords     /private for those in /etc/passwd, realm \"Members only\""
              "\n                /b for those in /etc/passwd, realm \"/b\"\n"));
  CHECK(holds(text, "\n  fastcgi-timeout = 2.5"));
  const std::string plain = text_of({});
  for (const char* what : {"FastCGI", "JSON", "passwords"}) CHECK_FALSE(holds(plain, what));
}

TEST_CASE("configuration_text says what it does not know") {
  const char* not_tried = "(the port is not tried, and no host name is looked up)";
  CHECK(holds(text_of({}), not_tried));
  CHECK_FALSE(holds(text_of({"--inetd"}), not_tried));
}

TEST_CASE("configuration_text looks for folders and programs where they will be") {
  if (::geteuid() != 0) return;
  const TemporaryFolder jail;
  jail.write("spool/x", "");
  jail.write("bin/php", "#!/bin/sh\n", 0755);
  const std::string text = text_of({"--chroot", jail.path().c_str(), "--root", "/srv", "--spool-dir",
                                    "/spool", "--cgi-interpreter", ".php=/bin/php"});
  CHECK(holds(text, "\n  serves        /srv, within " + jail.path()));
  CHECK(holds(text, "\n  spool-dir = /spool"));
  CHECK(holds(text, "\n  cgi-interpreter = .php=/bin/php"));
}

TEST_CASE("configuration_text says so when nothing is but the default") {
  CHECK(holds(text_of({"--gzip", "on"}), "\nEvery option has its default.\n"));
}

TEST_CASE("configuration_text fits 100 columns, speaks to no terminal and tells no password") {
  const std::string root = "/" + std::string(300, 'a');
  const std::string text =
      text_of({"--root", root.c_str(), "--index", "\x1B[31m.html", "--cgi-env", "PASSWORD=secret"});
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
  CHECK(text.find('\x1B') == text.npos);
  CHECK(text.find("secret") == text.npos);
  CHECK(holds(text, "cgi-env = PASSWORD=(not shown)"));
}
