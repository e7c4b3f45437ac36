#include "tinyhttpd/listener.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "support/process_under_test.hpp"
#include "support/temporary_folder.hpp"

using namespace tinyhttpd;

namespace {

TimePoint soon() {
  return Clock::now() + std::chrono::seconds(10);
}

UniqueFd connect_ipv4(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

UniqueFd connect_ipv6(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  address.sin6_addr = in6addr_loopback;
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

bool has_ipv6() {
  const UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  return fd && ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

Accepted accept_one(const Listener& listener) {
  REQUIRE(wait_for(listener.fd.get(), POLLIN, soon()) == Waited::ready);
  auto accepted = accept_client(listener.fd.get());
  REQUIRE(accepted);
  return std::move(*accepted);
}

/// A TCP connection over the loopback interface: the client's end and the server's.
std::pair<UniqueFd, UniqueFd> tcp_pair() {
  const auto listeners = open_listeners({"127.0.0.1"}, 0);
  UniqueFd client = connect_ipv4(listeners.front().address.port);
  REQUIRE(client);
  return {std::move(client), accept_one(listeners.front()).fd};
}

/// What open_listeners throws.
std::string refusal(const std::vector<std::string>& bind, std::uint16_t port) {
  try {
    open_listeners(bind, port);
  } catch (const std::system_error& error) {
    return error.what();
  }
  return "no refusal";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  ::getsockopt(fd, level, name, &value, &length);
  return value;
}

/// A Unix socket that is connected there; empty: nobody listens.
UniqueFd connect_unix(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

/// A Unix socket that is bound there and left behind, as by a program that was killed.
void leave_behind(const std::string& path) {
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

/// What adopt_listener throws.
std::string refusal_to_adopt(UniqueFd socket) {
  try {
    adopt_listener(std::move(socket));
  } catch (const std::system_error& error) {
    return error.what();
  }
  return "no refusal";
}

}  // namespace

// --- On the internet

TEST_CASE(
    "open_listeners without addresses takes IPv4 clients and IPv6 clients, each under its own address") {
  const auto listeners = open_listeners({}, 0);
  REQUIRE(listeners.size() == 1);
  const std::uint16_t port = listeners.front().address.port;
  CHECK(port != 0);

  const UniqueFd ipv4 = connect_ipv4(port);
  REQUIRE(ipv4);
  const Accepted accepted = accept_one(listeners.front());
  CHECK(accepted.remote.address == "127.0.0.1");
  CHECK(accepted.remote.port == local_address(ipv4.get()).port);
  CHECK(local_address(accepted.fd.get()).address == "127.0.0.1");
  CHECK(local_address(accepted.fd.get()).port == port);

  if (!has_ipv6()) return;
  const UniqueFd ipv6 = connect_ipv6(port);
  REQUIRE(ipv6);
  CHECK(accept_one(listeners.front()).remote.address == "::1");
}

TEST_CASE("open_listeners without addresses makes do with IPv4 where there is no IPv6") {
  CHECK(in_forked_child([] {
          refuse_system_call(SYS_socket, EAFNOSUPPORT, 0, AF_INET6 & ~AF_INET);
          const auto listeners = open_listeners({}, 0);
          return listeners.front().address.address == "0.0.0.0" &&
                         connect_ipv4(listeners.front().address.port)
                     ? 0
                     : 1;
        }) == 0);
}

TEST_CASE("open_listeners gives all its addresses the same free port") {
  if (!has_ipv6()) return;
  const auto listeners = open_listeners({"127.0.0.1", "[::1]"}, 0);
  REQUIRE(listeners.size() == 2);
  CHECK(listeners[0].address.address == "127.0.0.1");
  CHECK(listeners[1].address.address == "::1");
  CHECK(listeners[0].address.port == listeners[1].address.port);
  CHECK(listeners[0].address.port != 0);
  CHECK(connect_ipv4(listeners[0].address.port));
  CHECK(connect_ipv6(listeners[0].address.port));
}

TEST_CASE("open_listeners listens once on an address that is given twice, also by name") {
  const auto listeners = open_listeners({"127.0.0.1", "localhost", "127.0.0.1"}, 0);
  std::size_t on_ipv4 = 0;
  for (const Listener& listener : listeners) on_ipv4 += listener.address.address == "127.0.0.1" ? 1U : 0U;
  CHECK(on_ipv4 == 1);
  CHECK(connect_ipv4(listeners.front().address.port));
}

TEST_CASE("An IPv6 address that is given takes IPv6 clients alone") {
  if (!has_ipv6()) return;
  const auto listeners = open_listeners({"::"}, 0);
  CHECK(connect_ipv6(listeners.front().address.port));
  CHECK_FALSE(connect_ipv4(listeners.front().address.port));
}

TEST_CASE("A listener does not wait, and is not handed to programs") {
  const auto listeners = open_listeners({"127.0.0.1"}, 0);
  const int fd = listeners.front().fd.get();
  CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  const auto nobody = accept_client(fd);
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error() == std::errc::resource_unavailable_try_again);
}

TEST_CASE("A port that is taken is named, with what to do about it") {
  const auto listeners = open_listeners({"127.0.0.1"}, 0);
  const std::uint16_t port = listeners.front().address.port;
  const std::string reason = refusal({"127.0.0.1"}, port);
  CHECK(contains(reason, "127.0.0.1 port " + std::to_string(port)));
  CHECK(contains(reason, "another program"));
  CHECK(contains(reason, "--port"));
  CHECK(contains(reason, std::strerror(EADDRINUSE)));
}

TEST_CASE("The port of a server that has just ended can be taken again at once") {
  auto listeners = open_listeners({"127.0.0.1"}, 0);
  const std::uint16_t port = listeners.front().address.port;
  const UniqueFd client = connect_ipv4(port);
  accept_one(listeners.front()).fd.reset();  // ended by us first: our end stays in TIME_WAIT
  listeners.clear();
  CHECK(open_listeners({"127.0.0.1"}, port).size() == 1);
}

TEST_CASE("An address this machine does not have is named") {
  const std::string reason = refusal({"192.0.2.1"}, 0);  // RFC 5737: for documentation only
  CHECK(contains(reason, "192.0.2.1"));
  CHECK(contains(reason, "--bind"));
}

TEST_CASE("A low port without the right to it is named, with what to do about it") {
  CHECK(in_forked_child([] {
          refuse_system_call(SYS_bind, EACCES);
          const std::string reason = refusal({"127.0.0.1"}, 80);
          return contains(reason, "127.0.0.1 port 80") && contains(reason, "CAP_NET_BIND_SERVICE") ? 0 : 1;
        }) == 0);
}

TEST_CASE("Brackets hold an address, not a name") {
  CHECK(contains(refusal({"[localhost]"}, 0), "'[localhost]'"));
}

TEST_CASE("An accepted client does not wait, is not handed to programs, and its answers are not held back") {
  const auto [client, server] = tcp_pair();
  CHECK((::fcntl(server.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(server.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(option(server.get(), IPPROTO_TCP, TCP_NODELAY) == 1);
}

TEST_CASE("accept_client says EMFILE with no descriptors left, and the client still waits to be accepted") {
  const auto listeners = open_listeners({"127.0.0.1"}, 0);
  const UniqueFd client = connect_ipv4(listeners.front().address.port);
  std::optional<NoMoreDescriptors> none(std::in_place);
  const auto refused = accept_client(listeners.front().fd.get());
  none.reset();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().value() == EMFILE);
  CHECK(accept_one(listeners.front()).fd);
}

// --- On a Unix socket

TEST_CASE("A Unix socket is found by its path, takes everybody's clients, and is removed at the end") {
  const TemporaryFolder folder;
  const std::string path = folder / "http.sock";
  {
    const auto listeners = open_listeners({"unix:" + path}, 4000);
    REQUIRE(listeners.size() == 1);
    CHECK(listeners.front().address.address == "unix:" + path);
    CHECK(listeners.front().address.port == 0);
    CHECK(mode_of(path) == 0666);
    const UniqueFd client = connect_unix(path);
    REQUIRE(client);
    const Accepted accepted = accept_one(listeners.front());
    CHECK(accepted.remote.address.empty());
    CHECK(accepted.remote.port == 0);
    CHECK((::fcntl(accepted.fd.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(accepted.fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK_FALSE(exists(path));
}

TEST_CASE("Unix sockets and addresses go together, the Unix sockets last") {
  const TemporaryFolder folder;
  const auto listeners = open_listeners({"unix:" + (folder / "a"), "127.0.0.1", "unix:" + (folder / "b")}, 0);
  REQUIRE(listeners.size() == 3);
  CHECK(listeners[0].address.address == "127.0.0.1");
  CHECK(connect_ipv4(listeners[0].address.port));
  CHECK(connect_unix(folder / "a"));
  CHECK(connect_unix(folder / "b"));
}

TEST_CASE("A socket that nobody listens on any more is replaced") {
  const TemporaryFolder folder;
  leave_behind(folder / "http.sock");
  const auto listeners = open_listeners({"unix:" + (folder / "http.sock")}, 0);
  CHECK(connect_unix(folder / "http.sock"));
}

TEST_CASE("A socket that somebody listens on is left to him") {
  const TemporaryFolder folder;
  const std::string path = folder / "http.sock";
  const auto listeners = open_listeners({"unix:" + path}, 0);
  const std::string reason = refusal({"unix:" + path}, 0);
  CHECK(contains(reason, "unix:" + path));
  CHECK(contains(reason, "another program is listening"));
  CHECK(contains(reason, std::strerror(EADDRINUSE)));
  const UniqueFd client = connect_unix(path);
  CHECK(client);
}

TEST_CASE("What lies at the path and is no socket is left there") {
  const TemporaryFolder folder;
  folder.write("notes", "precious");
  const std::string reason = refusal({"unix:" + (folder / "notes")}, 0);
  CHECK(contains(reason, "not a socket"));
  CHECK(exists(folder / "notes"));
  folder.link("link", folder / "notes");
  CHECK(contains(refusal({"unix:" + (folder / "link")}, 0), "not a socket"));
  CHECK(exists(folder / "link"));
}

TEST_CASE("A path that is too long or empty, or whose folder is missing, is named") {
  const TemporaryFolder folder;
  const std::string fitting = folder.path() + "/" + std::string(107 - folder.path().size() - 1, 'x');
  CHECK(open_listeners({"unix:" + fitting}, 0).size() == 1);
  CHECK(contains(refusal({"unix:" + fitting + "x"}, 0), "at most 107 bytes"));
  CHECK(contains(refusal({"unix:"}, 0), "unix:"));
  CHECK(contains(refusal({"unix:" + (folder / "none/http.sock")}, 0), std::strerror(ENOENT)));
}

TEST_CASE("A socket that was put in the place of ours is not removed with ours") {
  const TemporaryFolder folder;
  const std::string path = folder / "http.sock";
  {
    const auto listeners = open_listeners({"unix:" + path}, 0);
    REQUIRE(::rename(path.c_str(), (folder / "old").c_str()) == 0);  // so that its inode stays in use
    leave_behind(path);
  }
  CHECK(exists(path));
}

TEST_CASE("A listener that is moved removes its file once, and one it takes the place of at once") {
  const TemporaryFolder folder;
  auto first = open_listeners({"unix:" + (folder / "a")}, 0);
  auto second = open_listeners({"unix:" + (folder / "b")}, 0);
  first.front() = std::move(second.front());
  CHECK_FALSE(exists(folder / "a"));
  second.clear();
  CHECK(exists(folder / "b"));
  first.clear();
  CHECK_FALSE(exists(folder / "b"));
}

// --- Taking over

TEST_CASE("A listener of somebody else's is taken over, made not to wait, and keeps its address") {
  auto opened = open_listeners({"127.0.0.1"}, 0);
  const std::uint16_t port = opened.front().address.port;
  const int fd = opened.front().fd.get();
  REQUIRE(::fcntl(fd, F_SETFL, 0) == 0);
  REQUIRE(::fcntl(fd, F_SETFD, 0) == 0);
  const int off = 0;
  REQUIRE(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &off, sizeof off) == 0);
  const Listener adopted = adopt_listener(std::move(opened.front().fd));
  CHECK(adopted.address.address == "127.0.0.1");
  CHECK(adopted.address.port == port);
  CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(option(fd, IPPROTO_TCP, TCP_NODELAY) == 1);
}

TEST_CASE("A Unix socket of somebody else's is taken over, and its file stays") {
  const TemporaryFolder folder;
  const std::string path = folder / "http.sock";
  auto opened = open_listeners({"unix:" + path}, 0);
  CHECK(adopt_listener(std::move(opened.front().fd)).address.address == "unix:" + path);
  CHECK(exists(path));
}

TEST_CASE("An abstract Unix socket is named with an '@'") {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "tinyhttpd-test-" + std::to_string(::getpid());
  name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(::listen(fd.get(), 1) == 0);
  CHECK(adopt_listener(std::move(fd)).address.address == "unix:@" + name);
}

TEST_CASE("What does not listen for streams is not taken over") {
  CHECK(contains(refusal_to_adopt(UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))),
                 "not a stream socket that listens"));
  CHECK(
      contains(refusal_to_adopt(UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))), "not a stream"));
  CHECK(contains(refusal_to_adopt(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC))), "not a stream"));
}
