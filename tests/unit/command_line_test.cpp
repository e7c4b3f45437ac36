#include "tinyhttpd/command_line.hpp"

#include <doctest/doctest.h>

#include <pwd.h>
#include <unistd.h>

#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "support/command_lines.hpp"
#include "support/temporary_folder.hpp"

using namespace tinyhttpd;

namespace {

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("parse_command_line with nothing said gives the documented defaults") {
  Config config = config_of({});
  CHECK(config.port == 4000);
  CHECK(config.bind.empty());
  CHECK(config.root == "htdocs");
  CHECK(config.access_log == "-");
  CHECK(config.threads >= 8);
  CHECK(config.cgi.max_running == config.threads * 3 / 4);
  CHECK_FALSE(config.limits.spool_dir.empty());
}

TEST_CASE("each option of starting sets its own field") {
  CHECK(config_of({"--port", "8080"}).port == 8080);
  CHECK(config_of({"-p", "0"}).port == 0);
  CHECK(config_of({"-p65535"}).port == 65535);
  CHECK(config_of({"--bind", "127.0.0.1", "-b", "::1", "--bind=[::2]"}).bind ==
        Strings{"127.0.0.1", "::1", "::2"});
  CHECK(config_of({"--root=/srv/www"}).root == "/srv/www");
  CHECK(config_of({"-r", "."}).root == ".");
  CHECK(config_of({"--index", "a.html, b.cgi"}).index == Strings{"a.html", "b.cgi"});
  CHECK(config_of({"--threads", "3"}).threads == 3);
  CHECK(config_of({"--queue", "1"}).queue == 1);
  CHECK(config_of({"--max-connections", "7"}).max_connections == 7);
  CHECK(config_of({"--symlinks", "inside"}).symlinks == Symlinks::inside);
  CHECK(config_of({"--symlinks", "follow"}).symlinks == Symlinks::follow);
  CHECK(config_of({"--symlinks", "off"}).symlinks == Symlinks::off);
  CHECK(config_of({"--access-log", "/var/log/x"}).access_log == "/var/log/x");
  CHECK(config_of({"--access-log", "-"}).access_log == "-");
  CHECK(config_of({"--log-level", "debug"}).log_level == LogLevel::debug);
  CHECK(config_of({"--log-level", "info"}).log_level == LogLevel::info);
  CHECK(config_of({"--log-level", "warning"}).log_level == LogLevel::warning);
  CHECK(config_of({"--log-level", "error"}).log_level == LogLevel::error);
  CHECK(config_of({"--log-level", "off"}).log_level == LogLevel::off);
  CHECK(config_of({"--drain-timeout", "0.25"}).drain_timeout.count() == 0.25);
}

TEST_CASE("each option of CGI sets its own field") {
  CHECK(config_of({"--cgi-prefix", "/a/", "--cgi-prefix", "/b/c/"}).cgi.prefixes == Strings{"/a/", "/b/c/"});
  CHECK(config_of({"--cgi-extension", ".cgi,.rb"}).cgi.extensions == Strings{".cgi", ".rb"});
  CHECK_FALSE(config_of({"--cgi-executable", "off"}).cgi.executable_bit);
  CHECK(config_of({"--cgi-executable", "on"}).cgi.executable_bit);
  CHECK(config_of({"--cgi-interpreter", ".php=/bin/sh"}).cgi.interpreters.at(".php") == "/bin/sh");
  CHECK(config_of({"--cgi-timeout", "1.5"}).cgi.timeout.count() == 1.5);
  CHECK(config_of({"--cgi-max-time", "2"}).cgi.max_time.count() == 2);
  CHECK(config_of({"--threads", "8", "--cgi-max", "7"}).cgi.max_running == 7);
  CHECK(config_of({"--cgi-queue", "0"}).cgi.queue == 0);
  CHECK_FALSE(config_of({}).cgi.pass_authorization);
  CHECK(config_of({"--cgi-pass-authorization"}).cgi.pass_authorization);
  CHECK(config_of({"--cgi-pass-authorization", "--port", "1"}).port == 1);
  const char* own_name = ::getpwuid(::geteuid())->pw_name;  // nobody else can be had without being root
  CHECK(config_of({"--cgi-user", own_name}).cgi.user == own_name);
}

TEST_CASE("--cgi-limit sets the limit it names") {
  ScriptLimits limits =
      config_of({"--cgi-limit", "cpu=10", "--cgi-limit", "memory=64M", "--cgi-limit=processes=5",
                 "--cgi-limit", "files=32", "--cgi-limit", "file-size=1g"})
          .cgi.limits;
  CHECK(limits.cpu_seconds == 10U);
  CHECK(limits.memory_bytes == 64U << 20U);
  CHECK(limits.processes == 5U);
  CHECK(limits.files == 32U);
  CHECK(limits.file_size_bytes == 1U << 30U);
  CHECK_FALSE(config_of({"--cgi-limit", "cpu=10"}).cgi.limits.files.has_value());
}

TEST_CASE("--cgi-env sets a variable, or hands on the server's own, or nothing where it has none") {
  Variable own("TINYHTTPD_TEST_OWN", "a=b");
  CHECK(config_of({"--cgi-env", "A_1=x=y z"}).cgi.environment == Strings{"A_1=x=y z"});
  CHECK(config_of({"--cgi-env", "EMPTY="}).cgi.environment == Strings{"EMPTY="});
  CHECK(config_of({"--cgi-env", "TINYHTTPD_TEST_OWN"}).cgi.environment == Strings{"TINYHTTPD_TEST_OWN=a=b"});
  CHECK(config_of({"--cgi-env", "TINYHTTPD_TEST_ABSENT"}).cgi.environment.empty());
}

TEST_CASE("each option of limits sets its own field") {
  CHECK(config_of({"--max-header", "64k"}).limits.max_header_bytes == 65536);
  CHECK(config_of({"--max-headers", "5"}).limits.max_headers == 5);
  CHECK(config_of({"--max-body", "2G"}).limits.max_body_bytes == 2ULL << 30U);
  CHECK(config_of({"--max-body", "0"}).limits.max_body_bytes == 0);
  CHECK(config_of({"--header-timeout", "0.5"}).limits.header_timeout.count() == 0.5);
  CHECK(config_of({"--body-timeout", "3"}).limits.body_timeout.count() == 3);
  CHECK(config_of({"--min-rate", "1K"}).limits.min_rate == 1024);
  CHECK(config_of({"--keepalive-timeout", "4"}).limits.keepalive_timeout.count() == 4);
  CHECK(config_of({"--send-timeout", "2000000"}).limits.send_timeout.count() == 2000000);
  CHECK(config_of({"--spool-dir", "/var/tmp"}).limits.spool_dir == "/var/tmp");
}

TEST_CASE("a switch is on when it stands alone, and takes on or off") {
  CHECK_FALSE(config_of({}).files.autoindex);
  CHECK(config_of({"--autoindex"}).files.autoindex);
  CHECK(config_of({"--autoindex", "on", "--port", "1"}).files.autoindex);
  CHECK_FALSE(config_of({"--autoindex", "off"}).files.autoindex);
  CHECK_FALSE(config_of({"--autoindex=off"}).files.autoindex);
  CHECK_FALSE(config_of({"--autoindex", "--autoindex=off"}).files.autoindex);
  CHECK(error_of({"--autoindex", "htdocs"}) ==
        "htdocs: a word that belongs to no option; did you mean --root htdocs?");
  CHECK(error_of({"--autoindex", "on", "off"}) ==
        "off: a word that belongs to no option; did you mean --root off?");
  for (const std::string word : {"yes", "no", "true", "false"})
    CHECK(error_of({"--autoindex", word.c_str()}) == "--autoindex " + word + ": must be on or off");
  CHECK(error_of({"--autoindex=yes"}) == "--autoindex yes: must be on or off");
  CHECK(error_of({"off"}) == "off: a word that belongs to no option; did you mean --root off?");
}

TEST_CASE("with --inetd standard output is the client's") {
  const Config config = config_of({"--inetd"});
  CHECK(config.inetd);
  CHECK(config.access_log == "off");
  CHECK(config_of({"--inetd", "--access-log", "/dev/null"}).access_log == "/dev/null");
  CHECK(error_of({"--inetd", "--access-log", "-"}) ==
        "--access-log -: standard output is the client's with --inetd; must be a file or off");
}

TEST_CASE("--inetd refuses a place to listen on, but not in what it shares with a listening server") {
  CHECK(error_of({"--inetd", "--port", "80"}) ==
        "--port 80: --inetd takes the connection it is given and listens nowhere");
  CHECK(error_of({"--inetd", "--bind", "::1"}) ==
        "--bind ::1: --inetd takes the connection it is given and listens nowhere");
  const Variable shared("TINYHTTPD_PORT", "8080");
  CHECK(config_of({"--inetd"}).inetd);
}

TEST_CASE("--check-config asks for a check, and for its text where nothing was wrong") {
  const Command command = parse({"--check-config", "--port", "80"});
  REQUIRE(std::holds_alternative<Check>(command));
  CHECK(std::get<Check>(command).config.port == 80);
  CHECK(std::get<Check>(command).text.find("port 80 of every address") != std::string::npos);
  CHECK(std::holds_alternative<Config>(parse({"--port", "80"})));
}

TEST_CASE("redirects that lead one to the other for ever are refused, the first of them by name") {
  CHECK(error_of({"--redirect", "/in=/l1", "--redirect", "/l1=/in"}) ==
        "--redirect /in=/l1: leads in a circle");
  CHECK(error_of({"--redirect", "/a=/b", "--redirect", "/b=/c"}) == "accepted");
}

TEST_CASE("each option of other gateways sets its own field") {
  const Config config =
      config_of({"--fastcgi", ".php=h:1", "--fastcgi", "/a/=h:2", "--json", "/b/=/bin/sh", "--json",
                 ".x=/bin/sh", "--auth", "/p=/etc/passwd", "--auth", "/q=/etc/group"});
  CHECK(config.fastcgi.rules == std::vector<FastcgiRule>{{".php", {"h:1"}}, {"/a/", {"h:2"}}});
  CHECK(config.fastcgi.connections == 8);
  CHECK(config.fastcgi.timeout.count() == 30);
  CHECK(config.json == std::vector<JsonRule>{{"/b/", {"/bin/sh"}}, {".x", {"/bin/sh"}}});
  CHECK(config.auth == std::vector<AuthRule>{{"/p", "/etc/passwd", "/p"}, {"/q", "/etc/group", "/q"}});
  CHECK(config.warnings.empty());
}

TEST_CASE("a reload takes over every rule of other gateways") {
  const TemporaryFolder folder;
  folder.write("f", "fastcgi = .php=h:1\njson = /j/=/bin/sh\nauth = /p=/etc/passwd\n");
  const std::string file = folder / "f";
  const char* words[] = {"tinyhttpd", "--config", file.c_str()};
  const Config now = std::get<Config>(parse_command_line(3, words));
  folder.write("f",
               "fastcgi = .php=h:2\nfastcgi-connections = 0\nfastcgi-timeout = 3\nauth = /q=/etc/passwd\n");
  const Reloaded reloaded = reload_configuration(3, words, now);
  CHECK(reloaded.kept.empty());
  CHECK(reloaded.config.fastcgi == FastcgiConfig{{{".php", {"h:2"}}}, 0, Seconds(3)});
  CHECK(reloaded.config.json.empty());
  CHECK(reloaded.config.auth == std::vector<AuthRule>{{"/q", "/etc/passwd", "/q"}});
}

TEST_CASE("two rules for one place are refused, both by name") {
  struct Row {
    std::vector<const char*> arguments;
    const char* error;
  };
  const Row rows[] = {
      {{"--fastcgi", ".php=h:1", "--fastcgi", ".PHP=h:2"}, "--fastcgi .PHP=h:2: --fastcgi .php=h:1"},
      {{"--json", "/=/bin/sh", "--json", "/=/bin/sh x"}, "--json /=/bin/sh x: --json /=/bin/sh"},
      {{"--json", "/a/=/bin/sh", "--fastcgi", "/a/=h:1"}, "--json /a/=/bin/sh: --fastcgi /a/=h:1"},
      {{"--fastcgi", ".php=h:1", "--cgi-interpreter", ".php=/bin/sh"},
       "--cgi-interpreter .php=/bin/sh: --fastcgi .php=h:1"},
      {{"--json", "/a/=/bin/sh", "--cgi-prefix", "/b/", "--cgi-prefix", "/a/"},
       "--cgi-prefix /a/: --json /a/=/bin/sh"},
      {{"--auth", "/a=/etc/passwd", "--auth", "/a/=/etc/group"},
       "--auth /a/=/etc/group: --auth /a=/etc/passwd"},
  };
  for (const Row& row : rows)
    CHECK(error_of(row.arguments) == std::string(row.error) + " is for the same place; one of them must go");
}

TEST_CASE("rules for other places, and for what CGI covers by default, go together") {
  CHECK(error_of({"--fastcgi", "/cgi-bin/=h:1", "--json", ".py=/bin/sh", "--fastcgi", ".php=h:1", "--json",
                  "/a/=/bin/sh", "--cgi-interpreter", ".php5=/bin/sh", "--auth", "/a=/etc/passwd"}) ==
        "accepted");
  CHECK(error_of({"--cgi-interpreter", ".x=/bin/sh", "--cgi-interpreter", ".x=/bin/bash"}) == "accepted");
}

TEST_CASE("a rule in a file that clashes with another names the lines of both") {
  const TemporaryFolder folder;
  folder.write("f", "json = .php=/bin/sh\n\nfastcgi = .php=h:1\n");
  const std::string file = folder / "f";
  CHECK(error_of({"-c", file.c_str()}) == file + " line 1: json .php=/bin/sh: " + file +
                                              " line 3: fastcgi .php=h:1 is for the same place; one of them "
                                              "must go");
}

TEST_CASE("what counts for nothing without --fastcgi, or behind another rule, gets a warning") {
  CHECK(config_of({"--fastcgi-timeout", "3", "--fastcgi-connections", "4", "--fastcgi-timeout", "5"})
            .warnings == Strings{"--fastcgi-connections 4: counts for nothing without --fastcgi",
                                 "--fastcgi-timeout 5: counts for nothing without --fastcgi"});
  CHECK(config_of({"--fastcgi-timeout", "3", "--fastcgi", ".php=h:1"}).warnings.empty());
  // Rules of --fastcgi are asked before those of --json.
  CHECK(config_of({"--json", "/a/b/=/bin/sh", "--fastcgi", ".php=h:1", "--fastcgi", "/a/=h:1"}).warnings ==
        Strings{"--json /a/b/=/bin/sh: counts for nothing, an earlier rule covers all of it"});
}

TEST_CASE("--user gives up what --cgi-user would need") {
  if (::geteuid() != 0) return;  // nobody else can become another user at all
  CHECK(config_of({"--user", "nobody"}).user == "nobody");
  CHECK(config_of({"--user", "nobody", "--cgi-user", "nobody"}).cgi.user == "nobody");
  CHECK(error_of({"--user", "nobody", "--cgi-user", "root"}) ==
        "--cgi-user root: only root may become another user, and --user nobody gives that up; must be the "
        "same");
}

TEST_CASE("with --chroot programs and folders are looked for where they will be") {
  if (::geteuid() != 0) return;
  const TemporaryFolder jail;
  const std::string& path = jail.path();
  CHECK(error_of({"--chroot", path.c_str(), "--spool-dir", "/etc"}) ==
        "--spool-dir /etc: must be a folder that exists within --chroot " + path);
  const Variable usual("TMPDIR", "/var/none");
  CHECK(
      error_of({"--chroot", path.c_str()}) ==
      "--chroot " + path +
          ": there is no folder /var/none in it for large bodies; make it, or name another with --spool-dir");
  jail.write("spool/x", "");
  jail.write("bin/real", "#!/bin/sh\n", 0755);
  jail.link("bin/php", "/bin/real");  // counts from the new root
  const Config config =
      config_of({"--chroot", path.c_str(), "--spool-dir", "/spool", "--cgi-interpreter", ".php=/bin/php"});
  CHECK(config.chroot == path);
  CHECK(config.cgi.interpreters.at(".php") == "/bin/php");
  CHECK(error_of({"--chroot", path.c_str(), "--spool-dir", "/spool", "--cgi-interpreter", ".php=/bin/sh"}) ==
        "--cgi-interpreter .php=/bin/sh: there is no program /bin/sh that can be executed within --chroot " +
            path);
}

TEST_CASE("an option given twice counts the last time") {
  CHECK(config_of({"--port", "1", "-p", "2"}).port == 2);
}

TEST_CASE("a wrong value is refused in one line that names it and says what is right") {
  struct Row {
    std::vector<const char*> arguments;
    const char* error;
  };
  const Row rows[] = {
      {{"--port", "65536"}, "--port 65536: must be a number from 0 to 65535"},
      {{"-p", "-1"}, "--port -1: must be a number from 0 to 65535"},
      {{"-p", "http"}, "--port http: must be a number from 0 to 65535"},
      {{"-p", "0x50"}, "--port 0x50: must be a number from 0 to 65535"},
      {{"-p", "+80"}, "--port +80: must be a number from 0 to 65535"},
      {{"-p", " 80"}, "--port  80: must be a number from 0 to 65535"},
      {{"-p", "99999999999999999999"}, "--port 99999999999999999999: must be a number from 0 to 65535"},
      {{"--port", ""}, "--port '': must be a number from 0 to 65535"},
      {{"--port"}, "--port: needs a value, --port N"},
      {{"--port="}, "--port: needs a value, --port N"},
      {{"--root", "--port=1"}, "--root: needs a value, --root DIR"},
      {{"--port", "--threads", "4"}, "--port: needs a value, --port N"},
      {{"-p", "--threads", "4"}, "--port: needs a value, --port N"},
      {{"--help=on"}, "--help: takes no value"},
      {{"--inetd=off"}, "--inetd: takes no value"},
      {{"--bind", "unix:run/x"},
       "--bind unix:run/x: must be an absolute path of at most 107 bytes, such as unix:/run/tinyhttpd.sock"},
      {{"--bind", "/run/x"},
       "--bind /run/x: must be an IP address or a host name; a Unix socket is written unix:/path"},
      {{"--bind", "127.0.0.1:80"},
       "--bind 127.0.0.1:80: must be an address without a port; the port is given by --port"},
      {{"--bind", ""}, "--bind '': must be an IP address, a host name or unix:/path"},
      {{"--root", ""}, "--root '': must be a folder"},
      {{"--index", "a,,b"}, "--index a,,b: must be names with a comma between them, such as a,b"},
      {{"--index", "a/b"}, "--index a/b: must be file names without '/', such as index.html"},
      {{"--threads", "0"}, "--threads 0: must be a number from 1 to 1024"},
      {{"--threads", "1025"}, "--threads 1025: must be a number from 1 to 1024"},
      {{"--queue", "0"}, "--queue 0: must be a number from 1 to 1000000"},
      {{"--max-connections", "0"}, "--max-connections 0: must be a number from 1 to 1000000"},
      {{"--symlinks", "yes"}, "--symlinks yes: must be one of inside, follow, off"},
      {{"--log-level", "Info"}, "--log-level Info: must be one of debug, info, warning, error, off"},
      {{"--drain-timeout", "0"},
       "--drain-timeout 0: must be a number of seconds above 0 and at most 2000000, such as 30 or 0.5"},
      {{"--cgi-timeout", "nan"},
       "--cgi-timeout nan: must be a number of seconds above 0 and at most 2000000, such as 30 or 0.5"},
      {{"--cgi-timeout", "inf"},
       "--cgi-timeout inf: must be a number of seconds above 0 and at most 2000000, such as 30 or 0.5"},
      {{"--cgi-timeout", "30s"},
       "--cgi-timeout 30s: must be a number of seconds above 0 and at most 2000000, such as 30 or 0.5"},
      {{"--cgi-prefix", "/cgi"}, "--cgi-prefix /cgi: must begin and end with '/', such as /cgi-bin/"},
      {{"--cgi-prefix", "cgi/"}, "--cgi-prefix cgi/: must begin and end with '/', such as /cgi-bin/"},
      {{"--cgi-prefix", "/a//"}, "--cgi-prefix /a//: must begin and end with '/', such as /cgi-bin/"},
      {{"--cgi-extension", ".cgi,pl"},
       "--cgi-extension .cgi,pl: each extension must begin with '.', such as .cgi,.pl"},
      {{"--cgi-executable", "yes"}, "--cgi-executable yes: must be on or off"},
      {{"--cgi-interpreter", ".php"},
       "--cgi-interpreter .php: must be EXT=PROGRAM, such as .php=/usr/bin/php-cgi"},
      {{"--cgi-interpreter", "php=/bin/sh"},
       "--cgi-interpreter php=/bin/sh: the extension must begin with '.', such as .php=/usr/bin/php-cgi"},
      {{"--cgi-interpreter", ".php=sh"},
       "--cgi-interpreter .php=sh: the program must be an absolute path, such as /usr/bin/php-cgi"},
      {{"--cgi-interpreter", ".php=/no/php"},
       "--cgi-interpreter .php=/no/php: there is no program /no/php that can be executed"},
      {{"--cgi-interpreter", ".php=/etc"},
       "--cgi-interpreter .php=/etc: there is no program /etc that can be executed"},
      {{"--cgi-interpreter", ".php=/etc/passwd"},
       "--cgi-interpreter .php=/etc/passwd: there is no program /etc/passwd that can be executed"},
      {{"--cgi-max", "0"}, "--cgi-max 0: must be a number from 1 to 1024"},
      {{"--threads", "4", "--cgi-max", "4"},
       "--cgi-max 4: must be less than the threads (4), so that files are answered while scripts run; at "
       "most 3"},
      {{"--cgi-env", "1A=x"}, "--cgi-env 1A=x: must be NAME or NAME=VALUE, NAME of letters, digits and '_'"},
      {{"--cgi-env", "=x"}, "--cgi-env =x: must be NAME or NAME=VALUE, NAME of letters, digits and '_'"},
      {{"--cgi-env", "QUERY_STRING=x"},
       "--cgi-env QUERY_STRING=x: QUERY_STRING is set by the request, it cannot be set here"},
      {{"--cgi-env", "HTTP_PROXY"},
       "--cgi-env HTTP_PROXY: HTTP_PROXY is set by the request, it cannot be set here"},
      {{"--cgi-pass-authorization=yes"}, "--cgi-pass-authorization yes: must be on or off"},
      {{"--cgi-user", "no-such-user"}, "--cgi-user no-such-user: there is no such user"},
      {{"--cgi-limit", "disk=1"},
       "--cgi-limit disk=1: must be WHAT=N, where WHAT is cpu, memory, processes, files or file-size"},
      {{"--cgi-limit", "cpu"},
       "--cgi-limit cpu: must be WHAT=N, where WHAT is cpu, memory, processes, files or file-size"},
      {{"--cgi-limit", "cpu=0"}, "--cgi-limit cpu=0: must be a number from 1 to 1000000"},
      {{"--cgi-limit", "memory=1T"},
       "--cgi-limit memory=1T: must be a size from 1 to 1048576G, in bytes or with K, M or G, such as 64K"},
      {{"--max-header", "8"},
       "--max-header 8: must be a size from 64 to 1G, in bytes or with K, M or G, such as 64K"},
      {{"--max-headers", "0"}, "--max-headers 0: must be a number from 1 to 1000000"},
      {{"--max-body", "1.5M"},
       "--max-body 1.5M: must be a size from 0 to 1048576G, in bytes or with K, M or G, such as 64K"},
      {{"--max-body", "M"},
       "--max-body M: must be a size from 0 to 1048576G, in bytes or with K, M or G, such as 64K"},
      // 2^34 G is 2^64: what overflows must not come round to 0.
      {{"--max-body", "17179869184G"},
       "--max-body 17179869184G: must be a size from 0 to 1048576G, in bytes or with K, M or G, such as 64K"},
      {{"--min-rate", "0"},
       "--min-rate 0: must be a size from 1 to 1G, in bytes or with K, M or G, such as 64K"},
      {{"--spool-dir", "/no/folder"}, "--spool-dir /no/folder: must be a folder that exists"},
      {{"--spool-dir", "/etc/passwd"}, "--spool-dir /etc/passwd: must be a folder that exists"},
  };
  for (const Row& row : rows) CHECK(error_of(row.arguments) == row.error);
}

TEST_CASE("what is no option is refused with a hint") {
  CHECK(error_of({"--prot", "1"}) == "--prot: there is no such option; did you mean --port?");
  CHECK(error_of({"--cgi-time", "1"}) == "--cgi-time: there is no such option; did you mean --cgi-timeout?");
  CHECK(error_of({"--xyzzy"}) == "--xyzzy: there is no such option; --help lists them");
  CHECK(error_of({"-Z"}) == "-Z: there is no such option; --help lists them");
  CHECK(error_of({"htdocs"}) == "htdocs: a word that belongs to no option; did you mean --root htdocs?");
  CHECK(error_of({"--", "8080"}) == "8080: a word that belongs to no option; did you mean --port 8080?");
  CHECK(error_of({""}) == "'': a word that belongs to no option; did you mean --root DIR?");
}

TEST_CASE("--help and --version ask for a text, whatever else is said") {
  for (const char* option : {"--help", "-h"}) {
    CHECK(std::get<Printout>(parse({option, "--port", "wrong"})).text == help_text());
  }
  CHECK(std::get<Printout>(parse({"--version"})).text == "tinyhttpd " TINYHTTPD_VERSION "\n");
}

TEST_CASE("help_text fits 100 columns and names its groups in order") {
  std::istringstream lines(help_text());
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(line.size() <= 100);
    CHECK((line.empty() || line.back() != ' '));
  }
  std::string text = help_text();
  std::size_t last = 0;
  for (const char* heading :
       {"Usage: tinyhttpd", "\nStarting\n", "\nStatic files\n", "\nCGI\n", "\nOther gateways (", "\nLimits (",
        "\nElsewhere than on the command line\n", "\nSignals\n", "\nMore: man tinyhttpd\n"}) {
    INFO(heading);
    const std::size_t found = text.find(heading);
    REQUIRE(found != text.npos);
    CHECK(found >= last);
    last = found;
  }
}

TEST_CASE("the defaults that help_text shows are the defaults") {
  // The wrapping is undone first; "(default: in words)" is not a value.
  std::string text = std::regex_replace(help_text(), std::regex("\n {10,}(?! *--)"), " ");
  const Config untouched = settings_of({});
  std::regex shown("--([a-z-]+) [^\\n]*\\(default ([^)]+)\\)");
  std::size_t seen = 0;
  for (std::sregex_iterator match(text.begin(), text.end(), shown), end; match != end; ++match, ++seen) {
    std::string option = "--" + (*match)[1].str() + "=" + (*match)[2].str();
    INFO(option);
    CHECK(settings_of({option.c_str()}) == untouched);
  }
  CHECK(seen >= 25);
}

TEST_CASE("complete keeps a thread free of scripts wherever there are two") {
  for (auto [threads, running] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {2, 1}, {3, 2}, {4, 3}, {8, 6}, {64, 48}}) {
    Config config;
    config.threads = threads;
    complete(config);
    CHECK(config.threads == threads);
    CHECK(config.cgi.max_running == running);
  }
}

TEST_CASE("complete spools below TMPDIR, or /tmp where that is empty, and keeps what was said") {
  {
    Variable folder("TMPDIR", "/var/tmp");
    Config config;
    complete(config);
    CHECK(config.limits.spool_dir == "/var/tmp");
  }
  const Variable unset("TMPDIR", "");
  Config config;
  complete(config);
  CHECK(config.limits.spool_dir == "/tmp");
  config.limits.spool_dir = "/srv";
  complete(config);
  CHECK(config.limits.spool_dir == "/srv");
}
