#include "tinyhttpd/socket.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <string>
#include <utility>

#include "support/process_under_test.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/listener.hpp"

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

// --- Addresses

TEST_CASE("Each end of a connection knows the other's address as its own") {
  const auto [client, server] = tcp_pair();
  CHECK(remote_address(server.get()).address == "127.0.0.1");
  CHECK(remote_address(server.get()).port == local_address(client.get()).port);
  CHECK(remote_address(client.get()).port == local_address(server.get()).port);
}

TEST_CASE("A socket that is not of the internet has an empty address") {
  const auto [left, right] = socket_pair();
  CHECK(local_address(left.get()).address.empty());
  CHECK(local_address(left.get()).port == 0);
  CHECK(remote_address(left.get()).address.empty());
}

TEST_CASE("What is no connected socket has no other end") {
  const UniqueFd lonely(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK(remote_address(lonely.get()).address.empty());
  CHECK(remote_address(-1).address.empty());
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
