// What a path may reach: never what lies outside the root, whatever spelling, link or race is tried.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "support/client.hpp"
#include "support/server_under_test.hpp"
#include "support/temporary_folder.hpp"

namespace {

using tinyhttpd::Symlinks;

// What nobody may ever get. In a folder beside the root, and looked for in every answer.
constexpr auto kSecret = "not for the clients of this server";

/// A server with pages, a script, and a secret outside its root.
class GuardedServer : public ServerUnderTest {
 public:
  explicit GuardedServer(Symlinks symlinks = Symlinks::inside)
      : ServerUnderTest([symlinks](tinyhttpd::Config& config) { config.symlinks = symlinks; }) {
    outside_.write("secret.txt", kSecret);
    file("/page.html", "page");
    file("/a/b.html", "inner");
    script("/cgi-bin/x.cgi",
           "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nran '; printf '%s' \"$PATH_INFO\"\n");
  }

  std::string outside() const { return outside_.path(); }

  void link(const std::string& path, const std::string& target) const {
    std::filesystem::create_directories(std::filesystem::path(root() + path).parent_path());
    REQUIRE(::symlink(target.c_str(), (root() + path).c_str()) == 0);
  }

  /// The status of a GET; the secret is in no answer.
  int status_of(const std::string& target) const {
    const Answer answer = get(port(), target);
    CHECK(answer.body.find(kSecret) == answer.body.npos);
    return answer.status;
  }

 private:
  tinyhttpd::TemporaryFolder outside_;
};

struct Row {
  std::string target;
  int status;
};

}  // namespace

TEST_CASE(
    "a path that climbs above the root is refused, by whatever spelling and prefix") {  // CVE-2021-41773
  GuardedServer server;
  const std::string passwd = "etc/passwd";
  for (const std::string& prefix : {std::string("/"), std::string("/a/../"), std::string("/cgi-bin/../"),
                                    std::string("/cgi-bin/x.cgi/../../")}) {
    for (const char* up : {"../", "%2e%2e/", ".%2e/", "%2E./", "%2e%2E/"}) {
      for (int times = 1; times <= 8; times += 7) {
        std::string target = prefix;
        for (int i = 0; i < times; ++i) target += up;
        CAPTURE(std::string(target));
        CHECK(server.status_of(target + passwd) == 400);
      }
    }
  }
  CHECK(server.status_of("/..") == 400);
  CHECK(server.status_of("/a/../..") == 400);
}

TEST_CASE("a path that stays inside is brought to one spelling before anything is decided by it") {
  GuardedServer server;
  const Row rows[] = {
      {"/a/../page.html", 200},       {"/./page.html", 200},
      {"//page.html", 200},           {"///a////b.html", 200},  // CVE-2019-0220
      {"/a/./b.html", 200},           {"/%61/%62.html", 200},
      {"/a/..;/page.html", 404},  // no Java here: a segment parameter is part of a name
      {"/nowhere/../page.html", 200},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    CHECK(server.status_of(row.target) == row.status);
  }
  CHECK(get(server.port(), "//cgi-bin///x.cgi").body == "ran ");
  CHECK(get(server.port(), "/./cgi-bin/./x.cgi//a/../b").body == "ran /b");
}

TEST_CASE("escapes are decoded once, and those that hide something are refused") {
  GuardedServer server;
  const Row rows[] = {
      {"/%252e%252e/%252e%252e/etc/passwd", 404},  // CVE-2021-42013
      {"/%%32%65%%32%65/etc/passwd", 400},
      {"/cgi-bin%2fx.cgi", 400},  // CVE-2014-4650
      {"/a%2Fb.html", 400},
      {"/%5c..%5c..%5cetc%5cpasswd", 404},
      {"/page.html%00", 400},  // CVE-2013-4547
      {"/cgi-bin/x.cgi%00.html", 400},
      {"/page.html%0a", 400},  // CVE-2017-15715
      {"/page.html%0d%0aX:y", 400},
      {"/page%09.html", 400},
      {"/page.html%7f", 400},
      {"/%c0%ae%c0%ae/etc/passwd", 400},  // overlong UTF-8
      {"/%c0%afetc", 400},
      {"/a%", 400},
      {"/a%1", 400},
      {"/a%zz", 400},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    CHECK(server.status_of(row.target) == row.status);
  }
}

TEST_CASE("raw bytes that belong in no URI are refused") {
  using namespace std::string_literals;
  GuardedServer server;
  for (const std::string& target :
       {"/\\..\\..\\etc"s, "/a\0b"s, "/page.html \0.php"s, "/\xc0\xaf"s, "/\x01"s, "/\x1f"s, "/\x7f"s,
        "/caf\xc3\xa9"s, "/page.html#top"s, "/\"page\""s, "/<page>"s}) {
    CAPTURE(std::string(target));
    CHECK(server.status_of(target) == 400);
  }
}

TEST_CASE("a name of UTF-8 is found by its escapes") {
  GuardedServer server;
  server.file("/caf\xc3\xa9 au lait.html", "coffee");
  CHECK(get(server.port(), "/caf%C3%A9%20au%20lait.html").body == "coffee");
}

TEST_CASE("hidden names are not there, but for .well-known") {
  GuardedServer server;
  server.file("/.git/config", kSecret);
  server.file("/a/.htpasswd", kSecret);
  server.file("/.hidden/index.html", kSecret);
  server.file("/.well-known/security.txt", "contact");
  server.file("/.well-known/.secret", kSecret);
  server.file("/.well-known-not/a.txt", kSecret);
  server.link("/.link", server.outside() + "/secret.txt");
  server.script("/.cgi/run.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nran'\n");
  for (const char* target : {"/.git/config", "/.git", "/.git/", "/%2egit/config", "/a/.htpasswd", "/.hidden/",
                             "/.hidden/x/y", "/.link", "/.cgi/run.cgi", "/.cgi/run.cgi/info",
                             "/.well-known/.secret", "/.well-known-not/a.txt", "/.nothing"}) {
    CAPTURE(std::string(target));
    CHECK(server.status_of(target) == 404);
  }
  CHECK(get(server.port(), "/.well-known/security.txt").body == "contact");
  // What follows a script is its business.
  CHECK(get(server.port(), "/cgi-bin/x.cgi/.config").body == "ran /.config");
}

TEST_CASE("nothing follows a file that is no script") {
  GuardedServer server;
  for (const char* target : {"/page.html/", "/page.html/.", "/page.html/x", "/page.html.", "/page.html%20",
                             "/page.html/../page.html/", "/page.html/cgi-bin/x.cgi"}) {
    CAPTURE(std::string(target));
    CHECK(server.status_of(target) == 404);
  }
}

TEST_CASE(
    "a redirect leads to a path of this server, never to another host") {  // CVE-2019-10098, CVE-2020-1927
  GuardedServer server;
  server.file("/evil.example/index.html", "a folder named as a host");
  server.file("/\\evil/index.html", "a folder named with a backslash");
  struct Redirect {
    const char* target;
    const char* location;
  };
  const Redirect rows[] = {
      {"//evil.example", "/evil.example/"},
      {"///evil.example", "/evil.example/"},
      {"//evil.example/a/..?q", nullptr},  // that is the folder with its slash
      {"/%5cevil", "/%5Cevil/"},
      {"/.//evil.example", "/evil.example/"},
      {"http://other.example//evil.example", "/evil.example/"},
  };
  for (const Redirect& row : rows) {
    CAPTURE(row.target);
    const Answer answer = get(server.port(), row.target);
    CHECK(answer.status == (row.location != nullptr ? 301 : 200));
    CHECK(answer.field("location") == (row.location != nullptr ? row.location : ""));
  }
}

TEST_CASE("a name or a path too long to exist is missing, not a fault") {
  GuardedServer server;
  std::string deep;
  while (deep.size() < 5000) deep += "/" + std::string(200, 'd');
  CHECK(server.status_of("/" + std::string(256, 'n')) == 404);
  CHECK(server.status_of("/a/" + std::string(4090, 'n')) == 404);
  CHECK(server.status_of(deep) == 404);
  CHECK(server.status_of("/cgi-bin/" + std::string(300, 'n')) == 404);
  CHECK(server.status_of("/" + std::string(9000, 'n')) == 414);
  // To a script, the same length is only information.
  CHECK(get(server.port(), "/cgi-bin/x.cgi" + deep).body == "ran " + deep);
}

// ---- Host

TEST_CASE(
    "a Host that is none is refused, and no Host comes back in an answer") {  // CVE-2014-2324, CVE-2018-18778
  GuardedServer server;
  for (const char* host :
       {"../../etc", "a/b", "a b", "<script>", "a@b", "[::1", "a:b", "test, test", "%2e%2e"}) {
    CAPTURE(host);
    const Answer answer = ask(server.port(), "GET /page.html HTTP/1.1\r\nHost: " + std::string(host) +
                                                 "\r\nConnection: close\r\n\r\n");
    CHECK(answer.status == 400);
    CHECK(answer.body.find(host) == answer.body.npos);
  }
  for (const char* target : {"/a", "/missing"}) {
    Client client(server.port());
    client.send("GET " + std::string(target) +
                " HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    CHECK(client.read_all().find("evil.example") == std::string::npos);
  }
}

// ---- Links

TEST_CASE("--symlinks says where a link may lead") {
  struct LinkRow {
    const char* name;
    std::string target;
    int inside;
    int follow;
    int off;
  };
  for (const Symlinks symlinks : {Symlinks::inside, Symlinks::follow, Symlinks::off}) {
    ServerUnderTest server([symlinks](tinyhttpd::Config& config) { config.symlinks = symlinks; });
    const tinyhttpd::TemporaryFolder outside;
    outside.write("public.txt", "outside");
    server.file("/page.txt", "page");
    server.file("/folder/page.txt", "page");
    const LinkRow rows[] = {
        {"/relative.txt", "page.txt", 200, 200, 403},
        {"/absolute.txt", server.root() + "/page.txt", 200, 200, 403},
        {"/linked/page.txt", "", 200, 200, 403},  // by /linked, below
        {"/out.txt", outside / "public.txt", 403, 200, 403},
        {"/out-folder/public.txt", "", 403, 200, 403},  // by /out-folder, below
        {"/chain.txt", "out.txt", 403, 200, 403},
        {"/climbing.txt", "../../../../../../../../.." + (outside / "public.txt"), 403, 200, 403},
        {"/loop.txt", "loop.txt", 403, 403, 403},
        {"/dangling.txt", "nothing.txt", 404, 404, 403},
        {"/magic.txt", "/proc/self/root" + (outside / "public.txt"), 403, 403, 403},
        {"/descriptor.txt", "/proc/self/fd/0", 403, 403, 403},
    };
    REQUIRE(::symlink("folder", (server.root() + "/linked").c_str()) == 0);
    REQUIRE(::symlink(outside.path().c_str(), (server.root() + "/out-folder").c_str()) == 0);
    for (const LinkRow& row : rows) {
      if (!row.target.empty())
        REQUIRE(::symlink(row.target.c_str(), (server.root() + row.name).c_str()) == 0);
      CAPTURE(row.name);
      CAPTURE(static_cast<int>(symlinks));
      const int expected = symlinks == Symlinks::inside   ? row.inside
                           : symlinks == Symlinks::follow ? row.follow
                                                          : row.off;
      CHECK(get(server.port(), row.name).status == expected);
    }
  }
}

TEST_CASE("a folder exchanged with a link to outside, over and over, never lets a byte out") {
  GuardedServer server;
  server.file("/folder/secret.txt", "inside");
  const std::string folder = server.root() + "/folder", away = server.root() + "/away";
  std::atomic<bool> over{false};
  std::atomic<int> answered{0};
  std::thread exchanger([&] {
    for (int round = 0; !over; ++round) {
      // Now and then the folder stays for a whole request: not every one may meet it in the middle.
      const int seen = answered;
      while (round % 16 == 0 && !over && answered < seen + 2) std::this_thread::yield();
      std::filesystem::rename(folder, away);
      std::filesystem::create_directory_symlink(server.outside(), folder);
      std::filesystem::remove(folder);
      std::filesystem::rename(away, folder);
    }
  });
  Client client(server.port());
  int served = 0, odd = 0, leaked = 0;
  for (int i = 0; i < 3000; ++i) {
    client.send("GET /folder/secret.txt HTTP/1.1\r\nHost: test\r\n\r\n");
    const Answer answer = client.read();
    ++answered;
    if (answer.status == 200 && answer.body == "inside") ++served;
    if (answer.status != 200 && answer.status != 403 && answer.status != 404 && answer.status != 503) ++odd;
    if (answer.body.find(kSecret) != answer.body.npos) ++leaked;
    if (answer.field("connection") == "close") client = Client(server.port());
  }
  over = true;
  exchanger.join();
  CHECK(leaked == 0);
  CHECK(odd == 0);
  CHECK(served > 0);
  CHECK(server.status_of("/folder/secret.txt") == 200);
}

// ---- What is neither a file nor a folder

TEST_CASE("a FIFO, a socket and a device are not there, and hold nobody up") {
  GuardedServer server(Symlinks::follow);
  REQUIRE(::mkfifo((server.root() + "/fifo.txt").c_str(), 0644) == 0);
  REQUIRE(::mkfifo((server.root() + "/cgi-bin/fifo.cgi").c_str(), 0755) == 0);
  server.link("/device.txt", "/dev/zero");
  const tinyhttpd::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  (server.root() + "/socket.txt").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);

  // More requests than there are workers: one that hangs for each would end the service.
  for (int round = 0; round < 10; ++round) {
    for (const char* target :
         {"/fifo.txt", "/cgi-bin/fifo.cgi", "/device.txt", "/socket.txt", "/fifo.txt/x"}) {
      CAPTURE(std::string(target));
      CHECK(server.status_of(target) == 404);
    }
  }
  CHECK(get(server.port(), "/page.html").body == "page");
}

TEST_CASE("an index that is a FIFO is passed over") {
  GuardedServer server;
  server.file("/mixed/index.cgi", "", 0644);
  REQUIRE(::mkfifo((server.root() + "/mixed/index.html").c_str(), 0644) == 0);
  CHECK(server.status_of("/mixed/") == 403);  // index.cgi, which cannot be run
}
