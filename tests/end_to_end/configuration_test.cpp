// Where the program takes its options from, what it says of them, and what SIGHUP changes.

#include <doctest/doctest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>

#include "support/client.hpp"
#include "support/command_lines.hpp"
#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/option_table.hpp"

using namespace tinyhttpd;

namespace {

/// What a run of the program that ends by itself leaves behind.
struct Run {
  int status = -1;
  std::string said;  // on both of its outputs
};

/// Runs the program with options as bash reads them.
Run run(const std::string& options) {
  Run result;
  FILE* output = ::popen(("exec bash -c '" + server_program() + " " + options + " 2>&1'").c_str(), "r");
  if (output == nullptr) return result;
  char piece[4096];
  for (std::size_t count = 0; (count = std::fread(piece, 1, sizeof piece, output)) > 0;)
    result.said.append(piece, count);
  const int status = ::pclose(output);
  if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
  return result;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

/// A folder with a page and a configuration file next to it.
struct Place {
  Place() {
    folder.write("site/index.html", "hello");
    folder.write("site/lost.html", "lost?");
    folder.write("passwords", "anna:$2y$04$8rLFLEpBV4EWj/P8jiGre.as/wkc4qscHCX.ygMzzPGRfuVOwmCG.\n");
  }
  void configure(const std::string& text) const { folder.write("f", "root = " + root + "\n" + text); }
  TemporaryFolder folder;
  std::string root = folder / "site";
  std::string file = folder / "f";
};

/// Lets ServerProcess start the program without the port and the address that it says by itself.
std::string without_own_place(const TemporaryFolder& folder) {
  folder.write("tinyhttpd", "#!/bin/sh\nshift 4\nexec " + server_program() + " \"$@\"\n", 0755);
  return folder / "tinyhttpd";
}

/// A value for every option that a file may hold. Those that only root may use say what changes nothing.
std::map<std::string, std::string> every_option(const Place& place) {
  const std::string user = ::getpwuid(::geteuid())->pw_name;
  std::map<std::string, std::string> all = {{"port", "0"},
                                            {"bind", "127.0.0.1"},
                                            {"root", place.root},
                                            {"index", "index.html"},
                                            {"autoindex", "on"},
                                            {"threads", "4"},
                                            {"queue", "100"},
                                            {"max-connections", "100"},
                                            {"user", user},
                                            {"chroot", "/"},
                                            {"access-log", "off"},
                                            {"log-format", "json"},
                                            {"log-level", "info"},
                                            {"drain-timeout", "2"},
                                            {"mime", "html=text/x-mine"},
                                            {"error-page", "404=/lost.html"},
                                            {"redirect", "/old/*=/new/*"},
                                            {"header", "X-From: a file"},
                                            {"gzip", "off"},
                                            {"cache-size", "1M"},
                                            {"symlinks", "off"},
                                            {"cgi-prefix", "/cgi/"},
                                            {"cgi-extension", ".cgi"},
                                            {"cgi-executable", "off"},
                                            {"cgi-interpreter", ".x=/bin/sh"},
                                            {"cgi-timeout", "2"},
                                            {"cgi-max-time", "3"},
                                            {"cgi-max", "2"},
                                            {"cgi-queue", "3"},
                                            {"cgi-env", "A=b"},
                                            {"cgi-pass-authorization", "on"},
                                            {"cgi-user", user},
                                            {"cgi-limit", "cpu=9"},
                                            {"fastcgi", ".php=unix:/run/nobody.sock"},
                                            {"fastcgi-connections", "2"},
                                            {"fastcgi-timeout", "2"},
                                            {"json", "/event/=/bin/cat"},
                                            {"auth", "/secret=" + place.folder / "passwords"},
                                            {"inspect", "127.0.0.1:0"},
                                            {"inspect-keep", "50"},
                                            {"inspect-bytes", "8K"},
                                            {"max-header", "8K"},
                                            {"max-headers", "50"},
                                            {"max-body", "1M"},
                                            {"header-timeout", "5"},
                                            {"body-timeout", "5"},
                                            {"min-rate", "100"},
                                            {"keepalive-timeout", "5"},
                                            {"send-timeout", "5"},
                                            {"spool-dir", "/tmp"},
                                            {"max-connections-per-client", "50"}};
  if (::geteuid() != 0) all.erase("chroot");
  return all;
}

}  // namespace

TEST_CASE("a configuration file with every option starts the server") {
  const Place place;
  const auto all = every_option(place);
  std::string text;
  for (const Option& option : option_table()) {
    const std::string name = long_name(option);
    if (option.said_in != SaidIn::anywhere || (name == "chroot" && ::geteuid() != 0)) continue;
    INFO(name);
    REQUIRE(all.contains(name));
    text += name + " = " + all.at(name) + "\n";
  }
  place.folder.write("f", text);

  ServerProcess server({"--config", place.file});
  const std::uint16_t port = server.port();
  INFO(server.said());
  REQUIRE(port != 0);
  const Answer page = get(port, "/");
  CHECK(page.status == 200);
  CHECK(page.body == "hello");
  CHECK(page.field("x-from") == "a file");
  CHECK(holds(page.field("content-type"), "text/x-mine"));
  const Answer missing = get(port, "/missing");
  CHECK(missing.status == 404);
  CHECK(missing.body == "lost?");
  const Answer moved = get(port, "/old/a");
  CHECK(moved.status == 301);
  CHECK(moved.field("location") == "/new/a");
}

TEST_CASE("SIGHUP reads the configuration file again") {
  const Place place;
  place.configure("header = X-Time: first\n");
  ServerProcess server({"--config", place.file});
  const std::uint16_t port = server.port();
  CHECK(get(port, "/").field("x-time") == "first");
  CHECK(get(port, "/old").status == 404);

  place.configure("header = X-Time: second\nredirect = /old=/\n");
  server.signal(SIGHUP);
  REQUIRE(server.says("the configuration was read again"));
  CHECK(get(port, "/").field("x-time") == "second");
  CHECK(get(port, "/old").status == 301);
}

TEST_CASE("a configuration file that became wrong is logged by its line, and what was in force stays") {
  const Place place;
  place.configure("header = X-Time: first\n");
  ServerProcess server({"--config", place.file});
  const std::uint16_t port = server.port();
  REQUIRE(port != 0);

  place.configure("header = X-Time: second\nmax-body = lots\n");
  server.signal(SIGHUP);
  REQUIRE(server.says("line 3: max-body lots: must be a size"));
  CHECK(get(port, "/").field("x-time") == "first");

  const std::size_t heard = server.said().size();
  place.folder.write("f", "root = /no/such/folder\n");
  server.signal(SIGHUP);
  REQUIRE(server.says_more("/no/such/folder", heard));
  CHECK(get(port, "/").body == "hello");
}

TEST_CASE("a configuration that can be read only once stays in force") {
  const Place place;
  place.configure("header = X-Time: first\n");
  ServerProcess server({"--config", place.file});
  REQUIRE(server.port() != 0);
  REQUIRE(::unlink(place.file.c_str()) == 0);
  REQUIRE(::mkfifo(place.file.c_str(), 0600) == 0);
  server.signal(SIGHUP);
  CHECK(server.says("the configuration stays as it is: --config " + place.file +
                    ": cannot be read again: no regular file"));
  CHECK(get(server.port(), "/").field("x-time") == "first");
}

TEST_CASE("SIGHUP names what it cannot change") {
  const Place place;
  place.configure("threads = 4\n");
  ServerProcess server({"--config", place.file});
  REQUIRE(server.port() != 0);
  place.configure("threads = 5\n");
  server.signal(SIGHUP);
  CHECK(server.says("--threads changes when the server is started again"));
}

TEST_CASE("the environment says where to listen where the command line does not") {
  const Place place;
  const Variable program("TINYHTTPD_UNDER_TEST", without_own_place(place.folder));
  const Variable port("TINYHTTPD_PORT", "0");
  const Variable bind("TINYHTTPD_BIND", "127.0.0.1");
  const Variable header("TINYHTTPD_HEADER", "X-A: 1\nX-B: 2");
  ServerProcess server({"--root", place.root});
  REQUIRE(server.port() != 0);
  CHECK(server.port() != 4000);
  const Answer page = get(server.port(), "/");
  CHECK(page.field("x-a") == "1");
  CHECK(page.field("x-b") == "2");
}

TEST_CASE("a variable that is no option is named in the log, and nothing else happens") {
  const Place place;
  const Variable typo("TINYHTTPD_MAX_BDOY", "1M");
  ServerProcess server({"--root", place.root});
  CHECK(server.port() != 0);
  CHECK(server.says(
      "TINYHTTPD_MAX_BDOY: is not used, there is no such option; did you mean TINYHTTPD_MAX_BODY?"));
}

TEST_CASE("--check-config says what would be served, and does not listen") {
  const Place place;
  place.configure("port = 8123\nheader = X-A: 1\n");
  const Run right = run("--check-config --config " + place.file);
  INFO(right.said);
  CHECK(right.status == 0);
  CHECK(holds(right.said, ": the configuration is right.\n"));
  CHECK(holds(right.said, "port 8123 of every address"));
  CHECK(holds(right.said, "header = X-A: 1"));
  CHECK_FALSE(holds(right.said, "listening on"));
}

TEST_CASE("--check-config looks at each source once, so that a pipe will do for a file") {
  const Place place;
  place.folder.write("f", "port = 8124\n");
  const Run piped = run("--check-config --config <(cat " + place.file + ") --root " + place.root);
  INFO(piped.said);
  CHECK(piped.status == 0);
  CHECK(holds(piped.said, "  port = 8124"));
}

TEST_CASE("--check-config makes of a new root and a user what the start makes of them") {
  if (::geteuid() != 0) return;
  const Place place;
  place.folder.write("tmp/x", "");
  place.folder.write("secret/x", "");
  REQUIRE(::chmod((place.folder / "secret").c_str(), 0700) == 0);
  REQUIRE(::chmod(place.folder.path().c_str(), 0755) == 0);
  const Variable sanitizer("ASAN_OPTIONS", "detect_leaks=0");  // it would need /proc in the new root
  const std::string inside = "--check-config --user nobody --spool-dir /tmp --chroot " + place.folder.path();
  const Run right = run(inside + " --root /site");
  INFO(right.said);
  CHECK(right.status == 0);
  CHECK(holds(right.said, "/site, within " + place.folder.path()));
  CHECK(holds(right.said, "  chroot = " + place.folder.path()));
  const Run forbidden = run(inside + " --root /secret");
  CHECK(forbidden.status == 1);
  CHECK(holds(forbidden.said, "/secret"));
  CHECK_FALSE(holds(forbidden.said, "the configuration is right"));
}

TEST_CASE("--check-config finds an access log that cannot be written, and makes none") {
  const Place place;
  const std::string start = "--port 0 --root " + place.root + " --access-log ";
  for (const std::string& log : {std::string("/no/such/x"), place.root, place.file + "/x"}) {
    place.folder.write("f", "");
    const Run checked = run("--check-config " + start + log);
    CHECK(checked.status == 1);
    CHECK(holds(checked.said, "--access-log " + log + ": "));
    CHECK(checked.said == run(start + log).said);
  }
  const std::string log = place.folder / "log";
  CHECK(run("--check-config " + start + log).status == 0);
  CHECK(::access(log.c_str(), F_OK) != 0);
  place.folder.write("log", "");
  CHECK(run("--check-config " + start + log).status == 0);
}

TEST_CASE("--check-config of what is wrong says so, and exits as the start would") {
  const Place place;
  place.configure("port = http\n");
  const Run wrong = run("--check-config --config " + place.file);
  CHECK(wrong.status == 2);
  CHECK(wrong.said == "tinyhttpd: " + place.file + " line 2: port http: must be a number from 0 to 65535\n");
  const Run no_root = run("--check-config --root /no/such/folder");
  CHECK(no_root.status == 1);
  CHECK(holds(no_root.said, "/no/such/folder"));
  CHECK_FALSE(holds(no_root.said, "the configuration is right"));
}

TEST_CASE("a wrong word ends the program with status 2 and one line, what cannot be started with 1") {
  struct Row {
    const char* options;
    int status;
    const char* said;
  };
  const Row rows[] = {
      {"--prot 80", 2, "tinyhttpd: --prot: there is no such option; did you mean --port?\n"},
      {"--port --threads 4", 2, "tinyhttpd: --port: needs a value, --port N\n"},
      {"--config /no/file", 2, "tinyhttpd: --config /no/file: cannot be read: No such file or directory\n"},
      {"--inetd --port 80", 2,
       "tinyhttpd: --port 80: --inetd takes the connection it is given and listens nowhere\n"},
      {"--version", 0, "tinyhttpd " TINYHTTPD_VERSION "\n"},
  };
  for (const Row& row : rows) {
    INFO(row.options);
    const Run result = run(row.options);
    CHECK(result.status == row.status);
    CHECK(result.said == row.said);
  }
  CHECK(run("--port 0 --root /no/such/folder").status == 1);
}
