#include "tinyhttpd/socket.hpp"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
#include <memory>
#include <optional>

namespace tinyhttpd {
namespace {

std::error_code last_error() {
  return {errno, std::generic_category()};
}

// --- Addresses ---------------------------------------------------------------------------------------

/// A socket address of any family, as the kernel takes and gives it.
struct RawAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

std::string text_of(int family, const void* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(family, address, text.data(), text.size()) == nullptr) return {};
  return text.data();
}

SocketAddress describe(const RawAddress& raw) {
  if (raw.storage.ss_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &raw.storage, sizeof ipv4);
    return {text_of(AF_INET, &ipv4.sin_addr), ntohs(ipv4.sin_port)};
  }
  if (raw.storage.ss_family == AF_INET6) {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &raw.storage, sizeof ipv6);
    // An IPv4 client of a listener for both: the last four of the sixteen bytes are its
    // address (RFC 4291 section 2.5.5.2).
    if (IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr)) {
      return {text_of(AF_INET, &ipv6.sin6_addr.s6_addr[12]), ntohs(ipv6.sin6_port)};
    }
    return {text_of(AF_INET6, &ipv6.sin6_addr), ntohs(ipv6.sin6_port)};
  }
  return {};
}

void set_port(RawAddress& raw, std::uint16_t port) {
  // The port lies at the same place in both families.
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  const in_port_t network_order = htons(port);
  std::memcpy(reinterpret_cast<char*>(&raw.storage) + offsetof(sockaddr_in, sin_port), &network_order,
              sizeof network_order);
}

bool same(const RawAddress& left, const RawAddress& right) {
  return left.length == right.length && std::memcmp(&left.storage, &right.storage, left.length) == 0;
}

// --- Listening ---------------------------------------------------------------------------------------

/// Where to listen, from one word of the command line.
struct BindAddress {
  RawAddress raw;
  bool both_families = false;   ///< an IPv6 socket that takes IPv4 clients too
  bool one_of_several = false;  ///< a name has more addresses than this one, and this machine may lack some
};

std::string hint_for(int error_number) {
  switch (error_number) {
    case EADDRINUSE: return " (another program is listening there: stop it, or choose another --port)";
    case EACCES: return " (ports below 1024 need root or CAP_NET_BIND_SERVICE: choose a higher --port)";
    case EADDRNOTAVAIL:
      return " (no network interface of this machine has that address: choose another --bind)";
    default: return "";
  }
}

std::system_error cannot_listen(const RawAddress& raw, std::error_code error) {
  const SocketAddress where = describe(raw);
  return {error, "cannot listen on " + where.address + " port " + std::to_string(where.port) +
                     hint_for(error.value())};
}

void set_option(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

Result<Listener, std::error_code> listen_on(const BindAddress& address) {
  const int family = address.raw.storage.ss_family;
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return last_error();
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (family == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, address.both_families ? 0 : 1);
  if (::bind(fd.get(), address.raw.get(), address.raw.length) != 0) return last_error();
  if (::listen(fd.get(), SOMAXCONN) != 0) return last_error();
  SocketAddress where = local_address(fd.get());
  return Listener{std::move(fd), std::move(where)};
}

void add_once(std::vector<BindAddress>& addresses, const BindAddress& one) {
  const auto is_same = [&](const BindAddress& other) { return same(other.raw, one.raw); };
  if (std::none_of(addresses.begin(), addresses.end(), is_same)) addresses.push_back(one);
}

/// Adds every address of a name, or the one of a literal, with or without brackets.
void resolve(const std::string& name, std::vector<BindAddress>& addresses) {
  const bool bracketed = name.size() > 2 && name.front() == '[' && name.back() == ']';
  const std::string host = bracketed ? name.substr(1, name.size() - 2) : name;

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = bracketed ? AI_NUMERICHOST : 0;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  if (failure != 0) {
    const auto error =
        failure == EAI_SYSTEM ? last_error() : std::make_error_code(std::errc::address_not_available);
    throw std::system_error(error, "cannot listen on '" + name + "' (" + ::gai_strerror(failure) + ")");
  }
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    BindAddress address;
    std::memcpy(&address.raw.storage, each->ai_addr, each->ai_addrlen);
    address.raw.length = each->ai_addrlen;
    address.one_of_several = found->ai_next != nullptr;
    add_once(addresses, address);
  }
}

BindAddress every_address_of(int family) {
  // All zeroes is "any" in both families.
  BindAddress any;
  any.raw.storage.ss_family = static_cast<sa_family_t>(family);
  any.raw.length = family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  any.both_families = family == AF_INET6;
  return any;
}

bool machine_lacks(std::error_code error) {
  return error == std::errc::address_family_not_supported || error == std::errc::address_not_available;
}

std::vector<Listener> listen_everywhere(std::uint16_t port) {
  BindAddress address = every_address_of(AF_INET6);
  set_port(address.raw, port);
  auto listener = listen_on(address);
  if (!listener && machine_lacks(listener.error())) {
    address = every_address_of(AF_INET);
    set_port(address.raw, port);
    listener = listen_on(address);
  }
  if (!listener) throw cannot_listen(address.raw, listener.error());
  std::vector<Listener> listeners;
  listeners.push_back(std::move(*listener));
  return listeners;
}

/// Listens on all of them. The first one's port, free if `port` is 0, is the port of the rest.
std::vector<Listener> listen_on_all(std::vector<BindAddress> addresses, std::uint16_t port) {
  std::vector<Listener> listeners;
  std::optional<std::system_error> lacked;
  for (BindAddress& address : addresses) {
    set_port(address.raw, listeners.empty() ? port : listeners.front().address.port);
    auto listener = listen_on(address);
    if (listener) {
      listeners.push_back(std::move(*listener));
    } else if (address.one_of_several && machine_lacks(listener.error())) {
      lacked = cannot_listen(address.raw, listener.error());
    } else {
      throw cannot_listen(address.raw, listener.error());
    }
  }
  if (listeners.empty() && lacked) throw *lacked;
  return listeners;
}

}  // namespace

std::vector<Listener> open_listeners(const std::vector<std::string>& bind, std::uint16_t port) {
  if (bind.empty()) return listen_everywhere(port);

  std::vector<BindAddress> addresses;
  for (const std::string& name : bind) resolve(name, addresses);

  // A port that is free on the first address may be taken on the next: then another one is tried.
  constexpr int kTries = 8;
  for (int tries_left = port == 0 ? kTries : 1;; --tries_left) {
    try {
      return listen_on_all(addresses, port);
    } catch (const std::system_error& error) {
      if (tries_left <= 1 || error.code() != std::errc::address_in_use) throw;
    }
  }
}

Result<Accepted, std::error_code> accept_client(int listener) {
  RawAddress remote;
  UniqueFd fd;
  do {
    fd.reset(::accept4(listener, remote.get(), &remote.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
  } while (!fd && errno == EINTR);
  if (!fd) return last_error();

  // Answers are sent in as few pieces as there are; holding the last one back for
  // an acknowledgement only delays it.
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  return Accepted{std::move(fd), describe(remote)};
}

SocketAddress local_address(int fd) {
  RawAddress local;
  if (::getsockname(fd, local.get(), &local.length) != 0) return {};
  return describe(local);
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

Transfer send(int fd, std::string_view bytes, bool more) {
  const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
  return transfer([&] { return ::send(fd, bytes.data(), bytes.size(), flags); });
}

Transfer send_two(int fd, std::string_view first, std::string_view second) {
  // iovec has no const: sendmsg only reads.
  std::array<iovec, 2> pieces{iovec{const_cast<char*>(first.data()), first.size()},
                              iovec{const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return transfer([&] { return ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
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
