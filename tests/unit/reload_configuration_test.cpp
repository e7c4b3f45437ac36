#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "support/command_lines.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/option_table.hpp"

using namespace tinyhttpd;

namespace {

using Strings = std::vector<std::string>;

/// A server that was started with a configuration file, which is then rewritten.
class Started {
 public:
  explicit Started(const std::string& text) {
    rewrite(text);
    now_ = std::get<Config>(parse_command_line(3, words_));
  }
  void rewrite(const std::string& text) const { folder_.write("f", text); }
  Reloaded reload() const { return reload_configuration(3, words_, now_); }
  void replace_by_pipe() const {
    REQUIRE(::unlink(file_.c_str()) == 0);
    REQUIRE(::mkfifo(file_.c_str(), 0600) == 0);
  }
  const std::string& file() const { return file_; }
  const Config& now() const { return now_; }

 private:
  TemporaryFolder folder_;
  std::string file_ = folder_ / "f";
  const char* words_[3] = {"tinyhttpd", "--config", file_.c_str()};
  Config now_;
};

}  // namespace

TEST_CASE("reload_configuration of an unchanged file changes nothing") {
  const Started server("port = 1\nheader = X-A: b\n");
  const Reloaded reloaded = server.reload();
  CHECK(reloaded.kept.empty());
  CHECK(reloaded.config == server.now());
}

TEST_CASE("reload_configuration takes over what may change while the server runs") {
  const Started server("header = X-A: b\nmax-body = 1M\n");
  server.rewrite("root = /srv\nheader = X-C: d\nredirect = /a=/b\ncgi-timeout = 3\nlog-level = error\n");
  const Reloaded reloaded = server.reload();
  CHECK(reloaded.kept.empty());
  CHECK(reloaded.config.root == "/srv");
  CHECK(reloaded.config.files.fields == std::vector<ConfiguredField>{{"X-C", "d"}});
  CHECK(reloaded.config.files.redirects.size() == 1);
  CHECK(reloaded.config.cgi.timeout.count() == 3);
  CHECK(reloaded.config.log_level == LogLevel::error);
  CHECK(reloaded.config.limits.max_body_bytes == Config{}.limits.max_body_bytes);
}

TEST_CASE("reload_configuration keeps what cannot change, and names it as long as it differs") {
  const Started server("port = 1\nthreads = 8\ncgi-max = 2\n");
  server.rewrite("port = 2\nthreads = 8\ncgi-max = 3\nlog-format = json\nheader = X-A: b\n");
  for (int time = 0; time < 2; ++time) {
    const Reloaded reloaded = server.reload();
    CHECK(reloaded.config.port == 1);
    CHECK(reloaded.config.threads == 8);
    CHECK(reloaded.config.cgi.max_running == 2);
    CHECK(reloaded.config.log_format == LogFormat::combined);
    CHECK(reloaded.config.files.fields.size() == 1);
    CHECK(reloaded.kept == Strings{"--port", "--log-format", "--cgi-max"});
  }
  server.rewrite("port = 1\nthreads = 8\ncgi-max = 2\n");
  CHECK(server.reload().kept.empty());
}

TEST_CASE("reload_configuration after a reload still compares with the start") {
  const Started server("port = 1\n");
  server.rewrite("port = 2\n");
  const Config after = server.reload().config;
  const char* words[] = {"tinyhttpd", "--config", server.file().c_str()};
  CHECK(reload_configuration(3, words, after).kept == Strings{"--port"});
}

TEST_CASE("reload_configuration does not ask for rights that were given up") {
  const Started server("");
  server.rewrite("user = no-such-user\ncgi-user = no-such-user\nchroot = /no/folder\n");
  const Reloaded reloaded = server.reload();
  CHECK(reloaded.kept == Strings{"--user", "--chroot", "--cgi-user"});
  CHECK(reloaded.config.user.empty());
  CHECK(reloaded.config.chroot.empty());
}

TEST_CASE("reload_configuration refuses a wrong file as the start does") {
  const Started server("");
  server.rewrite("\nmax-body = 5X\n");
  CHECK_THROWS_WITH_AS(
      server.reload(),
      (server.file() +
       " line 2: max-body 5X: must be a size from 0 to 1048576G, in bytes or with K, M or G, such as 64K")
          .c_str(),
      UsageError);
}

TEST_CASE("reload_configuration refuses what the next start would refuse, even where it keeps what was") {
  const Started server("threads = 8\ncgi-max = 7\nport = 1\n");
  struct Row {
    const char* text;
    const char* error;
  };
  const Row rows[] = {
      {"threads = banana", "threads banana: must be a number from 1 to 1024"},
      {"port = 999999", "port 999999: must be a number from 0 to 65535"},
      {"bind = /run/x",
       "bind /run/x: must be an IP address or a host name; a Unix socket is written unix:/path"},
      {"log-format = xml", "log-format xml: must be one of combined, json"},
      {"redirect = /a=/a", "redirect /a=/a: leads in a circle"},
      {"redirect = /a=/b\nredirect = /b=/a", "redirect /a=/b: leads in a circle"},
      {"cgi-max = 4\nthreads = 4",
       "cgi-max 4: must be less than the threads (4), so that files are answered while scripts run; at most "
       "3"},
  };
  for (const Row& row : rows) {
    server.rewrite(row.text);
    CHECK_THROWS_WITH_AS(server.reload(), (server.file() + " line 1: " + row.error).c_str(), UsageError);
  }
}

TEST_CASE("reload_configuration neither waits for a pipe nor takes it for an empty file") {
  const Started server("header = X-A: b\n");
  server.replace_by_pipe();
  CHECK_THROWS_WITH_AS(server.reload(),
                       ("--config " + server.file() + ": cannot be read again: no regular file").c_str(),
                       UsageError);
}

TEST_CASE("what belongs to the start is kept by a reload") {
  Strings kept;
  for (const Option& option : option_table())
    if (option.keep != nullptr) kept.push_back(long_name(option));
  CHECK(kept == Strings{"port", "bind", "config", "threads", "queue", "max-connections", "user", "chroot",
                        "access-log", "log-format", "inetd", "check-config", "cgi-max", "cgi-queue",
                        "cgi-user", "inspect", "inspect-keep", "inspect-bytes", "trace"});
}
