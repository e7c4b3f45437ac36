// The server under a service manager: sockets that are handed over, and what the manager is told.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/listener.hpp"

namespace {

using tinyhttpd::Listener;
using tinyhttpd::open_listeners;
using tinyhttpd::TemporaryFolder;
using tinyhttpd::UniqueFd;

const std::string kGetA = "GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n";

/// A root with a document and a script that shows its environment.
struct Site : TemporaryFolder {
  Site() {
    write("root/a.txt", "a");
    write("root/cgi-bin/env.sh", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nexec env\n", 0755);
  }
  std::string root() const { return *this / "root"; }
};

/// In the new process: hands it these sockets from descriptor 3 on, as sd_listen_fds(3) has it, said to be
/// for the process `pid` (0: itself).
void hand_over(const std::vector<Listener>& listeners, pid_t pid = 0) {
  // Out of the way first: one of them may have the number of another's place.
  std::vector<int> aside;
  for (const Listener& listener : listeners)
    aside.push_back(::fcntl(listener.fd.get(), F_DUPFD_CLOEXEC, 100));
  for (std::size_t i = 0; i < aside.size(); ++i) ::dup2(aside[i], 3 + static_cast<int>(i));
  ::setenv("LISTEN_PID", std::to_string(pid == 0 ? ::getpid() : pid).c_str(), 1);
  ::setenv("LISTEN_FDS", std::to_string(listeners.size()).c_str(), 1);
  ::setenv("LISTEN_FDNAMES", "http:unix", 1);
}

/// A service manager's end of NOTIFY_SOCKET.
class Manager {
 public:
  explicit Manager(const std::string& name)
      : name_(name), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    const bool is_abstract = name.front() == '@';
    if (is_abstract) address.sun_path[0] = '\0';
    const auto length =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 0 : 1));
    REQUIRE(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
  }

  /// In the new process: says where to speak.
  void introduce() const { ::setenv("NOTIFY_SOCKET", name_.c_str(), 1); }

  /// The next message, waited for; "" after 20 s.
  std::string message() const {
    pollfd entry{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, 20'000) <= 0) return {};
    char text[512];
    const ssize_t count = ::recv(fd_.get(), text, sizeof text, 0);
    return {text, count > 0 ? static_cast<std::size_t>(count) : 0};
  }

 private:
  std::string name_;
  UniqueFd fd_;
};

std::string environment_of_script(std::uint16_t port) {
  return get(port, "/cgi-bin/env.sh").body;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

// --- Sockets handed over

TEST_CASE("The server serves on the sockets that were handed over, and opens none of its own") {
  const Site site;
  const std::string path = site / "http.sock";
  std::vector<Listener> listeners = open_listeners({"127.0.0.1", "unix:" + path}, 0);
  const std::uint16_t port = listeners[0].address.port;
  ServerProcess server({"--root", site.root(), "--bind", "127.0.0.3"}, [&] { hand_over(listeners); });
  REQUIRE(server.port() == port);
  REQUIRE(server.says("unix:" + path));
  CHECK_FALSE(contains(server.said(), "127.0.0.3"));
  CHECK(get(port, "/a.txt").body == "a");
  Client client(connect_to(path));
  REQUIRE(client.send(kGetA));
  CHECK(client.read().body == "a");
}

TEST_CASE("A client that came before the server started is served by it") {
  const Site site;
  std::vector<Listener> listeners = open_listeners({"127.0.0.1"}, 0);
  Client early(listeners[0].address.port);
  REQUIRE(early.send(kGetA));
  ServerProcess server({"--root", site.root()}, [&] { hand_over(listeners); });
  CHECK(early.read().body == "a");
}

TEST_CASE("The file of a Unix socket that was handed over stays when the server ends") {
  const Site site;
  const std::string path = site / "http.sock";
  std::vector<Listener> listeners = open_listeners({"unix:" + path}, 0);
  ServerProcess server({"--root", site.root()}, [&] { hand_over(listeners); });
  REQUIRE(server.says("listening on "));
  server.signal(SIGTERM);
  CHECK(server.exit_status() == 0);
  CHECK(::access(path.c_str(), F_OK) == 0);
}

TEST_CASE("Sockets that are meant for another process are left alone") {
  const Site site;
  std::vector<Listener> listeners = open_listeners({"127.0.0.1"}, 0);
  ServerProcess server({"--root", site.root()}, [&] { hand_over(listeners, 1); });
  const std::uint16_t port = server.port();
  CHECK(port != 0);
  CHECK(port != listeners[0].address.port);
}

TEST_CASE("No script learns of the service manager") {
  const Site site;
  const Manager manager(site / "notify");
  std::vector<Listener> listeners = open_listeners({"127.0.0.1"}, 0);
  ServerProcess server({"--root", site.root()}, [&] {
    hand_over(listeners);
    manager.introduce();
  });
  REQUIRE(server.port() != 0);
  const std::string environment = environment_of_script(server.port());
  CHECK(contains(environment, "GATEWAY_INTERFACE="));
  CHECK_FALSE(contains(environment, "LISTEN_"));
  CHECK_FALSE(contains(environment, "NOTIFY_SOCKET"));
}

TEST_CASE("What was handed over and does not listen ends the start, and is named") {
  const Site site;
  ServerProcess server({"--root", site.root()}, [] {
    hand_over({});
    ::dup2(STDERR_FILENO, 3);
    ::setenv("LISTEN_FDS", "1", 1);
  });
  CHECK(server.says("descriptor 3"));
  CHECK(server.exit_status() == EXIT_FAILURE);
}

// --- Words for the manager

TEST_CASE("The manager is told of readiness once clients are served, of reloads, and of the end") {
  const Site site;
  const Manager manager(site / "notify");
  ServerProcess server({"--root", site.root()}, [&] { manager.introduce(); });
  CHECK(manager.message() == "READY=1");
  REQUIRE(server.port() != 0);
  CHECK(get(server.port(), "/a.txt").body == "a");
  server.signal(SIGHUP);
  CHECK(manager.message().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  CHECK(manager.message() == "READY=1");
  server.signal(SIGTERM);
  CHECK(manager.message() == "STOPPING=1");
  CHECK(server.exit_status() == 0);
}

TEST_CASE("The manager is told by an abstract name, too") {
  const Site site;
  const Manager manager("@tinyhttpd-activation-test-" + std::to_string(::getpid()));
  const ServerProcess server({"--root", site.root()}, [&] { manager.introduce(); });
  CHECK(manager.message() == "READY=1");
}

TEST_CASE("A manager that is not there keeps nobody from serving") {
  const Site site;
  ServerProcess server({"--root", site.root()}, [] { ::setenv("NOTIFY_SOCKET", "/nowhere/notify", 1); });
  REQUIRE(server.port() != 0);
  CHECK(get(server.port(), "/a.txt").body == "a");
}
