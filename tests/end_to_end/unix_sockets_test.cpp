// The server on a Unix socket, alone and beside an address.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "support/client.hpp"
#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"

namespace {

using tinyhttpd::TemporaryFolder;
using tinyhttpd::UniqueFd;

const std::string kGetA = "GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n";

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

/// A root with a document and a script that shows its environment, and the path of a socket beside it.
class Site {
 public:
  Site() {
    folder_.write("root/a.txt", "a");
    folder_.write("root/cgi-bin/env.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec env\n",
                  0755);
  }
  std::string root() const { return folder_ / "root"; }
  std::string socket() const { return folder_ / "http.sock"; }
  std::string address() const { return "unix:" + socket(); }

 private:
  TemporaryFolder folder_;
};

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

/// A socket that is bound there and left behind, as by a server that was killed.
void leave_behind(const std::string& path) {
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

}  // namespace

TEST_CASE("A Unix socket serves files and scripts, and keeps its connections alive") {
  const Site site;
  ServerProcess server({"--root", site.root(), "--bind", site.address()});
  REQUIRE(server.says("listening on unix:" + site.socket() + "\n"));
  Client client(connect_to(site.socket()));
  REQUIRE(client.send(kGetA));
  CHECK(client.read().body == "a");
  REQUIRE(client.send("GET /cgi-bin/env.sh HTTP/1.1\r\nHost: example.org:8080\r\n\r\n"));
  const std::string environment = client.read().body;
  CHECK(has_line(environment, "REMOTE_ADDR=0.0.0.0"));
  CHECK(has_line(environment, "SERVER_NAME=example.org"));
  CHECK(has_line(environment, "SERVER_PORT=8080"));
}

TEST_CASE("A server on a Unix socket alone listens on no port") {
  const Site site;
  ServerProcess server({"--root", site.root(), "--bind", site.address()});
  REQUIRE(server.says("listening on "));
  Client client(connect_to(site.socket()));
  REQUIRE(client.send(kGetA));
  CHECK(client.read().status == 200);
  CHECK(server.said().find("127.0.0.1") == std::string::npos);
  CHECK(server.said().find("localhost") == std::string::npos);
}

TEST_CASE("A Unix socket and an address serve side by side") {
  const Site site;
  ServerProcess server({"--root", site.root(), "--bind", site.address(), "--bind", "127.0.0.1"});
  const std::uint16_t port = server.port();
  REQUIRE(port != 0);
  REQUIRE(server.says("unix:"));
  Client by_path(connect_to(site.socket()));
  Client by_port(port);
  REQUIRE(by_path.send(kGetA));
  REQUIRE(by_port.send(kGetA));
  CHECK(by_path.read().body == "a");
  CHECK(by_port.read().body == "a");
}

TEST_CASE("Everybody may connect to the Unix socket, whatever the umask") {
  const Site site;
  ServerProcess server({"--root", site.root(), "--bind", site.address()}, [] { ::umask(077); });
  REQUIRE(server.says("listening on "));
  struct stat status {};
  REQUIRE(::lstat(site.socket().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0666);
}

TEST_CASE("The socket of a server that was killed is replaced") {
  const Site site;
  leave_behind(site.socket());
  ServerProcess server({"--root", site.root(), "--bind", site.address()});
  REQUIRE(server.says("listening on "));
  Client client(connect_to(site.socket()));
  REQUIRE(client.send(kGetA));
  CHECK(client.read().status == 200);
}

TEST_CASE("The Unix socket goes with the server") {
  const Site site;
  ServerProcess server({"--root", site.root(), "--bind", site.address()});
  REQUIRE(server.says("listening on "));
  REQUIRE(exists(site.socket()));
  server.signal(SIGTERM);
  CHECK(server.exit_status() == 0);
  CHECK_FALSE(exists(site.socket()));
}

TEST_CASE("A second server does not take the first one's Unix socket, at its start or at its end") {
  const Site site;
  ServerProcess first({"--root", site.root(), "--bind", site.address()});
  REQUIRE(first.says("listening on "));
  ServerProcess second({"--root", site.root(), "--bind", site.address()});
  CHECK(second.says("another program is listening there"));
  CHECK(second.exit_status() == EXIT_FAILURE);
  Client client(connect_to(site.socket()));
  REQUIRE(client.send(kGetA));
  CHECK(client.read().status == 200);
}

TEST_CASE("A file that lies where the Unix socket should be stays, and the server does not start") {
  const Site site;
  const UniqueFd file(::creat(site.socket().c_str(), 0600));
  ServerProcess server({"--root", site.root(), "--bind", site.address()});
  CHECK(server.says("not a socket"));
  CHECK(server.exit_status() == EXIT_FAILURE);
  CHECK(exists(site.socket()));
}
