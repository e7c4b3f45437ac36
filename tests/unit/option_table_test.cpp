#include "tinyhttpd/option_table.hpp"

#include <doctest/doctest.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/command_lines.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/config_file.hpp"
#include "tinyhttpd/option_sources.hpp"

using namespace tinyhttpd;

namespace {

/// A wrong value of an option and what the error says of it; a right value and what it does.
struct Row {
  const char* option;
  const char* wrong;
  const char* error;  // after "OPTION WRONG: "
  std::string right;
  bool (*holds)(const Config&);
};

constexpr const char* kSeconds = "must be a number of seconds above 0 and at most 2000000, such as 30 or 0.5";
constexpr const char* kMillion = "must be a number from 1 to 1000000";
constexpr const char* kSwitch = "must be on or off";
constexpr const char* kBytes = "must be a size from 0 to 1048576G, in bytes or with K, M or G, such as 64K";

std::string own_name() {
  return ::getpwuid(::geteuid())->pw_name;
}

/// Each option that a value belongs to has its row here.
const std::vector<Row> kRows = {
    {"port", "70000", "must be a number from 0 to 65535", "8080",
     [](const Config& c) { return c.port == 8080; }},
    {"bind", "unix:x", "must be an absolute path of at most 107 bytes, such as unix:/run/tinyhttpd.sock",
     "unix:/run/x", [](const Config& c) { return c.bind == std::vector<std::string>{"unix:/run/x"}; }},
    {"root", "", "must be a folder", "/srv", [](const Config& c) { return c.root == "/srv"; }},
    {"index", "a/b", "must be file names without '/', such as index.html", "a.html",
     [](const Config& c) { return c.index == std::vector<std::string>{"a.html"}; }},
    {"autoindex", "1", kSwitch, "on", [](const Config& c) { return c.files.autoindex; }},
    {"threads", "0", "must be a number from 1 to 1024", "77",
     [](const Config& c) { return c.threads == 77; }},
    {"queue", "0", kMillion, "9", [](const Config& c) { return c.queue == 9; }},
    {"max-connections", "x", kMillion, "9", [](const Config& c) { return c.max_connections == 9; }},
    {"user", "no-such-user", "there is no such user", own_name(),
     [](const Config& c) { return c.user == own_name(); }},
    {"chroot", "/no/folder", "must be a folder that exists", "/",
     [](const Config& c) { return c.chroot == "/"; }},
    {"access-log", "", "must be a file, - or off", "off",
     [](const Config& c) { return c.access_log == "off"; }},
    {"log-format", "xml", "must be one of combined, json", "json",
     [](const Config& c) { return c.log_format == LogFormat::json; }},
    {"log-level", "loud", "must be one of debug, info, warning, error, off", "error",
     [](const Config& c) { return c.log_level == LogLevel::error; }},
    {"drain-timeout", "-1", kSeconds, "0.5", [](const Config& c) { return c.drain_timeout.count() == 0.5; }},
    {"mime", "webp=image", "the type must be a media type, such as image/webp", ".WebP=image/webp",
     [](const Config& c) { return c.files.mime_types.at("webp") == "image/webp"; }},
    {"error-page", "200=/x", "the code must be one this server refuses with, such as 403, 404 or 503",
     "404=/a//b.html", [](const Config& c) { return c.files.error_pages.at(404) == "/a/b.html"; }},
    {"redirect", "/a=b", "the new place must be a path such as /new, or an http or https URL", "/a=/b",
     [](const Config& c) {
       return c.files.redirects.at(0) == Redirect{"/a", "/b", false, false};
     }},
    {"header", "Date: now", "Date is decided by the server", "X-A: b",
     [](const Config& c) {
       return c.files.fields.at(0) == ConfiguredField{"X-A", "b"};
     }},
    {"gzip", "yes", kSwitch, "off", [](const Config& c) { return !c.files.gzip; }},
    {"cache-size", "lots", kBytes, "0", [](const Config& c) { return c.files.cache_bytes == 0; }},
    {"symlinks", "on", "must be one of inside, follow, off", "follow",
     [](const Config& c) { return c.symlinks == Symlinks::follow; }},
    {"cgi-prefix", "bin", "must begin and end with '/', such as /cgi-bin/", "/x/",
     [](const Config& c) { return c.cgi.prefixes == std::vector<std::string>{"/x/"}; }},
    {"cgi-extension", "pl", "each extension must begin with '.', such as .cgi,.pl", ".rb",
     [](const Config& c) { return c.cgi.extensions == std::vector<std::string>{".rb"}; }},
    {"cgi-executable", "", kSwitch, "off", [](const Config& c) { return !c.cgi.executable_bit; }},
    {"cgi-interpreter", ".php=php", "the program must be an absolute path, such as /usr/bin/php-cgi",
     ".php=/bin/sh", [](const Config& c) { return c.cgi.interpreters.at(".php") == "/bin/sh"; }},
    {"cgi-timeout", "0", kSeconds, "3", [](const Config& c) { return c.cgi.timeout.count() == 3; }},
    {"cgi-max-time", "1e3", kSeconds, "3", [](const Config& c) { return c.cgi.max_time.count() == 3; }},
    {"cgi-max", "0", "must be a number from 1 to 1024", "1",
     [](const Config& c) { return c.cgi.max_running == 1; }},
    {"cgi-queue", "1000001", "must be a number from 0 to 1000000", "3",
     [](const Config& c) { return c.cgi.queue == 3; }},
    {"cgi-env", "PATH_INFO=x", "PATH_INFO is set by the request, it cannot be set here", "A=b=c",
     [](const Config& c) { return c.cgi.environment == std::vector<std::string>{"A=b=c"}; }},
    {"cgi-pass-authorization", "true", kSwitch, "on",
     [](const Config& c) { return c.cgi.pass_authorization; }},
    {"cgi-user", "no-such-user", "there is no such user", own_name(),
     [](const Config& c) { return c.cgi.user == own_name(); }},
    {"cgi-limit", "disk=1", "must be WHAT=N, where WHAT is cpu, memory, processes, files or file-size",
     "files=9", [](const Config& c) { return c.cgi.limits.files == 9U; }},
    {"fastcgi", ".php=/run/x", "a Unix socket must be written unix:/run/x", ".php=unix:/run/x,[::1]:9000",
     [](const Config& c) {
       return c.fastcgi.rules.at(0) == FastcgiRule{".php", {"unix:/run/x", "[::1]:9000"}};
     }},
    {"fastcgi-connections", "1025", "must be a number from 0 to 1024", "0",
     [](const Config& c) { return c.fastcgi.connections == 0; }},
    {"fastcgi-timeout", "0", kSeconds, "3", [](const Config& c) { return c.fastcgi.timeout.count() == 3; }},
    {"json", "/api/=/etc/passwd x", "there is no program /etc/passwd that can be executed",
     "/api/=/bin/sh -c 'a b'",
     [](const Config& c) {
       return c.json.at(0) == JsonRule{"/api/", {"/bin/sh", "-c", "a b"}};
     }},
    {"auth", "private=/etc/passwd", "the path must begin with '/', such as /private",
     "/private/=/etc/passwd:Members only",
     [](const Config& c) {
       return c.auth.at(0) == AuthRule{"/private", "/etc/passwd", "Members only"};
     }},
    {"max-header", "1", "must be a size from 64 to 1G, in bytes or with K, M or G, such as 64K", "1K",
     [](const Config& c) { return c.limits.max_header_bytes == 1024; }},
    {"max-headers", "0", kMillion, "9", [](const Config& c) { return c.limits.max_headers == 9; }},
    {"max-body", "5X", kBytes, "1G", [](const Config& c) { return c.limits.max_body_bytes == 1U << 30U; }},
    {"header-timeout", "0", kSeconds, "3",
     [](const Config& c) { return c.limits.header_timeout.count() == 3; }},
    {"body-timeout", "0", kSeconds, "3", [](const Config& c) { return c.limits.body_timeout.count() == 3; }},
    {"min-rate", "0", "must be a size from 1 to 1G, in bytes or with K, M or G, such as 64K", "1K",
     [](const Config& c) { return c.limits.min_rate == 1024; }},
    {"keepalive-timeout", "0", kSeconds, "3",
     [](const Config& c) { return c.limits.keepalive_timeout.count() == 3; }},
    {"send-timeout", "0", kSeconds, "3", [](const Config& c) { return c.limits.send_timeout.count() == 3; }},
    {"spool-dir", "/no/folder", "must be a folder that exists", "/var/tmp",
     [](const Config& c) { return c.limits.spool_dir == "/var/tmp"; }},
    {"max-connections-per-client", "-1", "must be a number from 0 to 1000000", "9",
     [](const Config& c) { return c.limits.max_connections_per_client == 9; }},
    {"inspect", "::1:4001",
     "must be a port, or an address and a port, such as 4001, 127.0.0.1:4001 or [::1]:4001", "[::1]:4001",
     [](const Config& c) {
       return c.inspect.address == "::1" && c.inspect.port == 4001 &&
              c.explained == tinyhttpd::Explained::to_this_machine;
     }},
    {"inspect-keep", "0", "must be a number from 1 to 100000", "9",
     [](const Config& c) { return c.inspect.keep == 9; }},
    {"inspect-bytes", "-1", "must be a size from 0 to 1G, in bytes or with K, M or G, such as 64K", "1K",
     [](const Config& c) { return c.inspect.stream_bytes == 1024; }},
};

/// Only root may do what this asks for.
bool is_possible(const Row& row) {
  return std::string(row.option) != "chroot" || ::geteuid() == 0;
}

/// The value as errors show it.
std::string shown(const char* value) {
  return *value == '\0' ? "''" : value;
}

}  // namespace

TEST_CASE("every option that a value belongs to is tested here") {
  for (const Option& option : option_table()) {
    const std::string name = long_name(option);
    const bool has_row =
        std::any_of(kRows.begin(), kRows.end(), [&](const Row& row) { return row.option == name; });
    INFO(name);
    CHECK(has_row == (option.apply != nullptr && (takes_value(option) || is_switch(option))));
  }
}

TEST_CASE("a right value on the command line sets its own setting") {
  for (const Row& row : kRows) {
    if (!is_possible(row)) continue;
    INFO(row.option);
    const std::string said = "--" + std::string(row.option) + "=" + row.right;
    CHECK(row.holds(config_of({said.c_str()})));
    CHECK_FALSE(settings_of({said.c_str()}) == settings_of({}));
  }
}

TEST_CASE("a right value in a file, or in the environment, means what it means on the command line") {
  const TemporaryFolder folder;
  const std::string file = folder / "tinyhttpd.conf";
  for (const Row& row : kRows) {
    if (!is_possible(row)) continue;
    INFO(row.option);
    const std::string said = "--" + std::string(row.option) + "=" + row.right;
    const Config expected = settings_of({said.c_str()});
    folder.write("tinyhttpd.conf", std::string(row.option) + " = " + row.right + "\n");
    CHECK(settings_of({"--config", file.c_str()}) == expected);
    const Variable variable(variable_of(row.option), row.right);
    CHECK(settings_of({}) == expected);
  }
}

TEST_CASE("a wrong value is refused in one line that names it and its place") {
  const TemporaryFolder folder;
  const std::string file = folder / "tinyhttpd.conf";
  for (const Row& row : kRows) {
    const std::string name = row.option;
    INFO(name);
    // An empty value after '=' is a missing one to the command line.
    if (*row.wrong != '\0') {
      const std::string said = "--" + name + "=" + row.wrong;
      CHECK(error_of({said.c_str()}) == "--" + name + " " + row.wrong + ": " + row.error);
      const Variable variable(variable_of(name), row.wrong);
      CHECK(error_of({}) == variable_of(name) + "=" + row.wrong + ": " + row.error);
    }
    folder.write("tinyhttpd.conf", "# not yet\n\n" + name + " = " + row.wrong + "\n");
    CHECK(error_of({"--config", file.c_str()}) ==
          file + " line 3: " + name + " " + shown(row.wrong) + ": " + row.error);
  }
}

TEST_CASE("every option of --help is known to the file, but for those of one start") {
  std::string refused;
  for (const Option& option : option_table()) {
    const std::string name = long_name(option);
    CHECK(help_text().find("--" + name) != std::string::npos);
    try {
      CHECK(read_config_text(name + " = x", "f").contains(name));
    } catch (const UsageError&) {
      refused += name + " ";
    }
  }
  CHECK(refused == "config inetd check-config version help trace ");
}

TEST_CASE("find_option knows long names only") {
  REQUIRE(find_option("port") != nullptr);
  CHECK(long_name(*find_option("port")) == "port");
  CHECK(find_option("p") == nullptr);
  CHECK(find_option("port,p") == nullptr);
  CHECK(find_option("") == nullptr);
}

TEST_CASE("nearest_option finds what a slip of the fingers or half a name meant, and no more") {
  CHECK(nearest_option("prot") == "port");
  CHECK(nearest_option("max_body") == "max-body");
  CHECK(nearest_option("cgi-time") == "cgi-timeout");
  CHECK(nearest_option("elephant") == "");
  CHECK(nearest_option("") == "");
}
