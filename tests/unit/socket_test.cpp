#include "tinyhttpd/socket.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "support/process_under_test.hpp"
#include "support/temporary_folder.hpp"

using namespace tinyhttpd;
using Outcome = Transfer::Outcome;

namespace {

TimePoint soon() {
  return Clock::now() + std::chrono::seconds(10);
}

/// Two connected sockets that do not wait.
std::pair<UniqueFd, UniqueFd> socket_pair() {
  std::array<int, 2> ends{-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
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

std::string receive_text(int fd) {
  std::array<char, 1000> buffer;
  const Transfer got = receive(fd, buffer);
  return got.outcome == Outcome::some ? std::string(buffer.data(), got.bytes) : std::string();
}

/// Everything up to the end of the stream.
std::string receive_all(int fd) {
  std::string all;
  std::array<char, 65536> buffer;
  for (;;) {
    REQUIRE(wait_for(fd, POLLIN, soon()) == Waited::ready);
    const Transfer got = receive(fd, buffer);
    if (got.outcome == Outcome::closed) return all;
    REQUIRE(got.outcome == Outcome::some);
    all.append(buffer.data(), got.bytes);
  }
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

/// Fills a socket until it takes no more.
void fill(int fd) {
  const std::string block(65536, 'x');
  while (send(fd, block).outcome == Outcome::some) {
  }
}

UniqueFd open_file(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
}

}  // namespace

// --- Listening

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

TEST_CASE("A socket that is not of the internet has an empty address") {
  const auto [left, right] = socket_pair();
  CHECK(local_address(left.get()).address.empty());
  CHECK(local_address(left.get()).port == 0);
}

// --- Receiving and sending

TEST_CASE("receive tells bytes, nothing yet, and the end apart") {
  auto [left, right] = socket_pair();
  std::array<char, 10> buffer;
  CHECK(receive(left.get(), buffer).outcome == Outcome::would_wait);
  CHECK(send(right.get(), "hello").bytes == 5);
  CHECK(receive_text(left.get()) == "hello");
  right.reset();
  CHECK(receive(left.get(), buffer).outcome == Outcome::closed);
}

TEST_CASE("receive does not wait on a socket that would") {
  auto [left, right] = socket_pair();
  ::fcntl(left.get(), F_SETFL, 0);
  std::array<char, 10> buffer;
  CHECK(receive(left.get(), buffer).outcome == Outcome::would_wait);
  fill(left.get());
  CHECK(send(left.get(), "x").outcome == Outcome::would_wait);
}

TEST_CASE("Sending to a peer that has gone fails and raises no SIGPIPE") {
  CHECK(in_forked_child([] {
          std::signal(SIGPIPE, SIG_DFL);
          auto [left, right] = socket_pair();
          right.reset();
          if (send(left.get(), "x").outcome != Outcome::failed) return 1;
          return send_two(left.get(), "x", "y").outcome == Outcome::failed ? 0 : 2;
        }) == 0);
}

TEST_CASE("send says when nothing more fits, and goes on when the peer has read") {
  auto [left, right] = socket_pair();
  fill(left.get());
  CHECK(send(left.get(), "x").outcome == Outcome::would_wait);
  CHECK(wait_for(left.get(), POLLOUT, Clock::now()) == Waited::timed_out);
  std::array<char, 65536> buffer;
  while (receive(right.get(), buffer).outcome == Outcome::some) {
  }
  CHECK(wait_for(left.get(), POLLOUT, soon()) == Waited::ready);
  CHECK(send(left.get(), "x").outcome == Outcome::some);
}

TEST_CASE("More that follows is joined to what was held back for it") {
  auto [client, server] = tcp_pair();
  CHECK(send(server.get(), "head", true).bytes == 4);
  CHECK(send(server.get(), "body").bytes == 4);
  shut_down_sending(server.get());
  CHECK(receive_all(client.get()) == "headbody");
}

TEST_CASE("send_two sends both pieces in order, of which either may be empty") {
  auto [left, right] = socket_pair();
  CHECK(send_two(left.get(), "first ", "second").bytes == 12);
  CHECK(receive_text(right.get()) == "first second");
  CHECK(send_two(left.get(), "", "second").bytes == 6);
  CHECK(send_two(left.get(), "first", "").bytes == 5);
  CHECK(receive_text(right.get()) == "secondfirst");
}

TEST_CASE("send_two into a socket that is nearly full says how much it took") {
  auto [client, server] = tcp_pair();
  const std::string first(1000, 'a');
  const std::string second(32 << 20U, 'b');
  const Transfer sent = send_two(server.get(), first, second);
  REQUIRE(sent.outcome == Outcome::some);
  CHECK(sent.bytes < first.size() + second.size());
  shut_down_sending(server.get());
  CHECK(receive_all(client.get()) == (first + second).substr(0, sent.bytes));
}

TEST_CASE("send_file sends just the run it is asked for") {
  const TemporaryFolder folder;
  folder.write("file", "0123456789");
  const UniqueFd file = open_file(folder / "file");
  auto [left, right] = socket_pair();
  CHECK(send_file(left.get(), file.get(), 3, 4).bytes == 4);
  CHECK(receive_text(right.get()) == "3456");
  CHECK(send_file(left.get(), file.get(), 3, 0).outcome == Outcome::some);
}

TEST_CASE("send_file tells a file that was cut from a socket that is full") {
  const TemporaryFolder folder;
  folder.write("file", std::string(1 << 20U, 'f'));
  const UniqueFd file = open_file(folder / "file");
  auto [left, right] = socket_pair();
  fill(left.get());
  CHECK(send_file(left.get(), file.get(), 0, 100).outcome == Outcome::would_wait);

  auto [other, peer] = socket_pair();
  REQUIRE(::ftruncate(file.get(), 50) == 0);
  CHECK(send_file(other.get(), file.get(), 0, 100).bytes == 50);
  CHECK(send_file(other.get(), file.get(), 50, 50).outcome == Outcome::closed);
}

TEST_CASE("send_file sends a file beyond four gibibytes from its place") {
  const TemporaryFolder folder;
  folder.write("file", "");
  const UniqueFd file = open_file(folder / "file");
  constexpr off_t kFar = (off_t{5} << 30U) + 1;
  REQUIRE(::pwrite(file.get(), "end", 3, kFar) == 3);
  auto [left, right] = socket_pair();
  CHECK(send_file(left.get(), file.get(), kFar, 3).bytes == 3);
  CHECK(receive_text(right.get()) == "end");
}

// --- Ending

TEST_CASE("shut_down_sending ends one direction and keeps the other") {
  auto [client, server] = tcp_pair();
  CHECK(send(server.get(), "bye").bytes == 3);
  shut_down_sending(server.get());
  CHECK(receive_all(client.get()) == "bye");
  CHECK(send(client.get(), "thanks").bytes == 6);
  REQUIRE(wait_for(server.get(), POLLIN, soon()) == Waited::ready);
  CHECK(receive_text(server.get()) == "thanks");
}

TEST_CASE("reset_on_close lets the peer see a failure and not an end") {
  auto [client, server] = tcp_pair();
  reset_on_close(server.get());
  server.reset();
  REQUIRE(wait_for(client.get(), POLLIN, soon()) == Waited::ready);
  std::array<char, 10> buffer;
  CHECK(receive(client.get(), buffer).outcome == Outcome::failed);
}

// --- Waiting

TEST_CASE("wait_for looks once even when the deadline has passed") {
  auto [left, right] = socket_pair();
  CHECK(wait_for(left.get(), POLLIN, TimePoint::min()) == Waited::timed_out);
  CHECK(send(right.get(), "x").bytes == 1);
  CHECK(wait_for(left.get(), POLLIN, TimePoint::min()) == Waited::ready);
}

TEST_CASE("wait_for never ends before its deadline") {
  auto [left, right] = socket_pair();
  const TimePoint deadline = Clock::now() + std::chrono::microseconds(2500);
  CHECK(wait_for(left.get(), POLLIN, deadline) == Waited::timed_out);
  CHECK(Clock::now() >= deadline);
}

TEST_CASE("wait_for ends when it is told to stop, but not before what is ready") {
  auto [left, right] = socket_pair();
  auto [stop, stopper] = socket_pair();
  CHECK(send(stopper.get(), "x").bytes == 1);
  CHECK(wait_for(left.get(), POLLIN, TimePoint::max(), stop.get()) == Waited::stopped);
  CHECK(send(right.get(), "x").bytes == 1);
  CHECK(wait_for(left.get(), POLLIN, TimePoint::max(), stop.get()) == Waited::ready);
}

TEST_CASE("A hang-up counts as ready") {
  auto [left, right] = socket_pair();
  fill(left.get());
  right.reset();
  CHECK(wait_for(left.get(), POLLOUT, soon()) == Waited::ready);
}

TEST_CASE("milliseconds_until rounds up and fits into an int") {
  CHECK(milliseconds_until(TimePoint::min()) == 0);
  CHECK(milliseconds_until(Clock::now()) == 0);
  CHECK(milliseconds_until(TimePoint::max()) == INT_MAX);
  CHECK(milliseconds_until(Clock::now() + std::chrono::hours(1)) > 3'590'000);
  const int rounded = milliseconds_until(Clock::now() + std::chrono::milliseconds(500));
  CHECK(rounded > 0);
  CHECK(rounded <= 500);
}
