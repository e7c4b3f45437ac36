#include "tinyhttpd/socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

namespace tinyhttpd {

// --- Addresses ---------------------------------------------------------------------------------------

namespace {

std::string text_of(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(family, address, text.data(), text.size()) == nullptr) return {};
  return text.data();
}

/// The end that `ask` (getsockname or getpeername) tells of.
template <typename Ask>
SocketAddress end_of(int fd, Ask ask) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (ask(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  return socket_address(address);
}

}  // namespace

SocketAddress socket_address(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &address, sizeof ipv4);
    return {text_of(AF_INET, &ipv4.sin_addr), ntohs(ipv4.sin_port)};
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &address, sizeof ipv6);
    // An IPv4 client of a listener for both: the last four of the sixteen bytes are its
    // address (RFC 4291 section 2.5.5.2).
    if (IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr)) {
      return {text_of(AF_INET, &ipv6.sin6_addr.s6_addr[12]), ntohs(ipv6.sin6_port)};
    }
    return {text_of(AF_INET6, &ipv6.sin6_addr), ntohs(ipv6.sin6_port)};
  }
  return {};
}

SocketAddress local_address(int fd) {
  return end_of(fd, ::getsockname);
}

SocketAddress remote_address(int fd) {
  return end_of(fd, ::getpeername);
}

// --- Receiving and sending ---------------------------------------------------------------------------

namespace {

/// Makes one system call until no signal interrupts it, and says what came of it.
template <typename Call>
Transfer transfer(Call call) {
  ssize_t count;
  do {
    count = call();
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return {Transfer::Outcome::some, static_cast<std::size_t>(count)};
  const bool would_wait = errno == EAGAIN || errno == EWOULDBLOCK;
  return {would_wait ? Transfer::Outcome::would_wait : Transfer::Outcome::failed};
}

Transfer zero_means_closed(Transfer transfer) {
  if (transfer.outcome == Transfer::Outcome::some && transfer.bytes == 0) return {Transfer::Outcome::closed};
  return transfer;
}

}  // namespace

Transfer receive(int fd, std::span<char> buffer) {
  return zero_means_closed(transfer([&] { return ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT); }));
}

Transfer receive_into_pipe(int fd, int pipe, std::size_t most) {
  const Transfer moved =
      transfer([&] { return ::splice(fd, nullptr, pipe, nullptr, most, SPLICE_F_NONBLOCK); });
  const bool failed = moved.outcome == Transfer::Outcome::failed;
  // EPERM, ENOSYS: forbidden by a filter of system calls.
  const bool unsupported = failed && (errno == EINVAL || errno == EPERM || errno == ENOSYS);
  // Urgent data stops splice, and looks like nothing or like the end: only recv passes it over.
  return unsupported || (!failed && moved.bytes == 0) ? Transfer{Transfer::Outcome::would_wait} : moved;
}

Transfer send(int fd, std::string_view bytes, bool more) {
  const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
  return transfer([&] { return ::send(fd, bytes.data(), bytes.size(), flags); });
}

Transfer send_two(int fd, std::string_view first, std::string_view second, bool more) {
  // iovec has no const: sendmsg only reads.
  std::array<iovec, 2> pieces{iovec{const_cast<char*>(first.data()), first.size()},
                              iovec{const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
  return transfer([&] { return ::sendmsg(fd, &message, flags); });
}

Transfer send_parts(int fd, std::span<std::string_view> parts) {
  std::array<iovec, 4> pieces{};
  std::size_t count = 0;
  for (const std::string_view part : parts.first(std::min(parts.size(), pieces.size())))
    pieces[count++] = {const_cast<char*>(part.data()), part.size()};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = count;
  const Transfer sent = transfer([&] { return ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
  std::size_t left = sent.bytes;
  for (std::string_view& part : parts) {
    const std::size_t taken = std::min(left, part.size());
    part.remove_prefix(taken);
    left -= taken;
  }
  return sent;
}

Transfer send_file(int fd, int file, std::uint64_t offset, std::uint64_t length) {
  if (length == 0) return {Transfer::Outcome::some};
  constexpr std::uint64_t kMostAtOnce = 0x7ffff000;  // Linux moves no more in one call.
  const auto count = static_cast<std::size_t>(std::min(length, kMostAtOnce));
  auto position = static_cast<off_t>(offset);
  return zero_means_closed(transfer([&] { return ::sendfile(fd, file, &position, count); }));
}

std::size_t unacknowledged(int fd) {
  int bytes = 0;
  return ::ioctl(fd, SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

Waited wait_for(int fd, short events, TimePoint deadline, int stop_fd) {
  std::array<pollfd, 2> watched{pollfd{fd, events, 0}, pollfd{stop_fd, POLLIN, 0}};
  for (;;) {
    const int milliseconds = milliseconds_until(deadline);
    const int count = ::poll(watched.data(), watched.size(), milliseconds);
    // A hang-up or an error counts as ready: the next receive or send says which.
    if (count > 0) return watched[0].revents != 0 ? Waited::ready : Waited::stopped;
    if (count < 0 && errno != EINTR) return Waited::timed_out;
    if (Clock::now() >= deadline) return Waited::timed_out;
  }
}

void shut_down_sending(int fd) {
  ::shutdown(fd, SHUT_WR);
}

void reset_on_close(int fd) {
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

int milliseconds_until(TimePoint deadline) {
  const TimePoint now = Clock::now();
  if (deadline <= now) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  constexpr auto kLongest = std::numeric_limits<int>::max();
  return left > kLongest ? kLongest : static_cast<int>(left);
}

}  // namespace tinyhttpd
