// --user and --chroot: what the server may do once it has started. They need root; without it, the tests hold
// that the server says so and does not start.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"

namespace {

using tinyhttpd::TemporaryFolder;

bool is_root() {
  return ::geteuid() == 0;
}

/// A root with a document and a script that says who it is, and a folder for the log that only root may
/// write.
struct Site : TemporaryFolder {
  Site() {
    write("www/a.txt", "a");
    write("www/cgi-bin/who.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nid -u; id -g; id -G\n",
          0755);
    write("log/readme", "");
    write("tmp/readme", "");  // what --chroot wants for large bodies
  }
  std::string root() const { return *this / "www"; }
  std::string log() const { return *this / "log/access.log"; }
};

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string status_of_process(pid_t pid) {
  return content_of("/proc/" + std::to_string(pid) + "/status");
}

std::string link_of_process(pid_t pid, const char* link) {
  char target[PATH_MAX];
  const std::string path = "/proc/" + std::to_string(pid) + "/" + link;
  const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
  return {target, length > 0 ? static_cast<std::size_t>(length) : 0};
}

/// What the server has logged when it has ended well.
std::string log_of(ServerProcess& server, const Site& site) {
  server.signal(SIGTERM);
  CHECK(server.exit_status() == 0);
  return content_of(site.log());
}

/// What a server does that must not start without root.
void check_refused(ServerProcess& server, const std::string& words) {
  CHECK(server.says(words));
  CHECK(server.exit_status() != 0);
}

/// A leak checker of the program's cannot work where there is no /proc.
void without_leak_checker() {
  ::setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
}

}  // namespace

TEST_CASE("--user: the server and its scripts are that user, in all respects") {
  const Site site;
  ServerProcess server({"--root", site.root(), "--user", "nobody"});
  if (!is_root()) return check_refused(server, "user 65534");
  REQUIRE(server.port() != 0);
  const std::string status = status_of_process(server.pid());
  CHECK(contains(status, "\nUid:\t65534\t65534\t65534\t65534\n"));
  CHECK(contains(status, "\nGid:\t65534\t65534\t65534\t65534\n"));
  CHECK(contains(status, "\nGroups:\t65534 \n"));
  CHECK(contains(status, "\nCapPrm:\t0000000000000000\n"));
  CHECK(contains(status, "\nCapEff:\t0000000000000000\n"));
  CHECK(get(server.port(), "/a.txt").body == "a");
  CHECK(get(server.port(), "/cgi-bin/who.sh").body == "65534\n65534\n65534\n");
}

TEST_CASE("--user: every thread of the server is that user") {
  if (!is_root()) return;  // the first of these tests holds that it does not start
  const Site site;
  ServerProcess server({"--root", site.root(), "--user", "nobody", "--access-log", site.log()});
  REQUIRE(server.port() != 0);
  const std::string tasks = "/proc/" + std::to_string(server.pid()) + "/task";
  int threads = 0;
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    ++threads;
    CHECK(contains(content_of(task.path() / "status"), "\nUid:\t65534\t65534\t65534\t65534\n"));
  }
  CHECK(threads > 3);
}

TEST_CASE("--user: what that user may not read is not served") {
  const Site site;
  site.write("www/secret.txt", "for root alone", 0600);
  ServerProcess server({"--root", site.root(), "--user", "nobody"});
  if (!is_root()) return check_refused(server, "user 65534");
  REQUIRE(server.port() != 0);
  CHECK(get(server.port(), "/secret.txt").status == 403);
}

TEST_CASE(
    "--user: a log that only root may open was opened before, and stays when it cannot be opened again") {
  const Site site;
  ServerProcess server({"--root", site.root(), "--user", "nobody", "--access-log", site.log()});
  if (!is_root()) return check_refused(server, "user 65534");
  REQUIRE(server.port() != 0);
  CHECK(get(server.port(), "/a.txt?before").status == 200);
  server.signal(SIGHUP);
  CHECK(server.says("the access log stays as it is: Permission denied"));
  CHECK(get(server.port(), "/a.txt?after").status == 200);
  const std::string log = log_of(server, site);
  CHECK(contains(log, "GET /a.txt?before "));
  CHECK(contains(log, "GET /a.txt?after "));
}

TEST_CASE("--user: bodies and answers that need a temporary file still find one") {
  const Site site;
  site.write("www/cgi-bin/count.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec wc -c\n",
             0755);
  ServerProcess server({"--root", site.root(), "--user", "nobody"});
  if (!is_root()) return check_refused(server, "user 65534");
  REQUIRE(server.port() != 0);
  const std::string large(3U << 20U, 'x');
  CHECK(std::atoi(post(server.port(), "/cgi-bin/count.sh", large).body.c_str()) == 3 << 20);
}

TEST_CASE("--user that does not exist ends the start, and is named") {
  const Site site;
  ServerProcess server({"--root", site.root(), "--user", "no-such-user"});
  CHECK(server.says("no-such-user"));
  CHECK(server.exit_status() != 0);
}

TEST_CASE("--chroot: the server's world is that folder, and the root is looked up in it") {
  const Site site;
  ServerProcess server({"--chroot", site.path(), "--root", "/www", "--access-log", site.log()},
                       without_leak_checker);
  if (!is_root()) return check_refused(server, site.path());
  REQUIRE(server.port() != 0);
  CHECK(link_of_process(server.pid(), "root") == site.path());
  CHECK(link_of_process(server.pid(), "cwd") == site.path());
  CHECK(get(server.port(), "/a.txt").body == "a");
  CHECK(contains(log_of(server, site), "GET /a.txt "));
}

TEST_CASE("--chroot and --user go together: the user's name is looked up before the folder is entered") {
  const Site site;
  ServerProcess server({"--chroot", site.path(), "--root", "/www", "--user", "nobody"}, without_leak_checker);
  if (!is_root()) return check_refused(server, site.path());
  REQUIRE(server.port() != 0);
  CHECK(link_of_process(server.pid(), "root") == site.path());
  CHECK(contains(status_of_process(server.pid()), "\nUid:\t65534\t65534\t65534\t65534\n"));
  CHECK(get(server.port(), "/a.txt").body == "a");
}

TEST_CASE("--chroot: a symbolic link that leads out of the world leads nowhere") {
  const Site site;
  site.link("www/passwd", "/etc/passwd");
  ServerProcess server({"--chroot", site.path(), "--root", "/www", "--symlinks", "follow"},
                       without_leak_checker);
  if (!is_root()) return check_refused(server, site.path());
  REQUIRE(server.port() != 0);
  CHECK(get(server.port(), "/passwd").status == 404);
}

TEST_CASE("--chroot to a folder that is not there ends the start, and is named") {
  const Site site;
  ServerProcess server({"--chroot", site / "none", "--root", "/www"}, without_leak_checker);
  CHECK(server.says(site / "none"));
  CHECK(server.exit_status() != 0);
}
