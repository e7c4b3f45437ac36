#include "tinyhttpd/backend_address.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "tinyhttpd/socket.hpp"

namespace tinyhttpd {
namespace {

using Kind = ConnectFailure::Kind;
using Addresses = std::vector<RawSocketAddress>;

constexpr std::string_view kUnixPrefix = "unix:";

Kind kind_of(int error, int family) {
  switch (error) {
    // Of a Unix socket that its queue is full, of others that a table of this kernel is (connect(2)).
    case EAGAIN: return family == AF_UNIX ? Kind::full : Kind::shortage;
    case ETIMEDOUT: return Kind::timed_out;
    // No free port to connect from; or, without IPv6, no address.
    case EADDRNOTAVAIL:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return Kind::shortage;
    default: return Kind::refused;
  }
}

ConnectFailure failure_of(int error, int family) {
  if (error == EAGAIN && family == AF_UNIX) return {Kind::full, "its queue of connections is full"};
  return {kind_of(error, family), std::generic_category().message(error)};
}

int pending_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

/// Waits until a connection that was begun is made.
Result<UniqueFd, ConnectFailure> finish_connecting(UniqueFd fd, int family, TimePoint deadline, int stop_fd) {
  switch (wait_for(fd.get(), POLLOUT, deadline, stop_fd)) {
    case Waited::ready: break;
    case Waited::timed_out: return ConnectFailure{Kind::timed_out, "no connection in the time given"};
    case Waited::stopped: return ConnectFailure{Kind::stopped, "stopped"};
  }
  if (const int error = pending_error(fd.get()); error != 0) return failure_of(error, family);
  return fd;
}

Result<UniqueFd, ConnectFailure> connect_to(const RawSocketAddress& address, TimePoint deadline,
                                            int stop_fd) {
  const int family = address.storage.ss_family;
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return failure_of(errno, family);
  if (family != AF_UNIX) {
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0)
    return fd;
  // An interrupted connect goes on as well (connect(2)).
  if (errno != EINPROGRESS && errno != EINTR) return failure_of(errno, family);
  return finish_connecting(std::move(fd), family, deadline, stop_fd);
}

RawSocketAddress unix_address(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    throw std::invalid_argument("the path of a Unix socket has 1 to 107 bytes: " + std::string(path));
  path.copy(address.sun_path, path.size());
  RawSocketAddress raw;
  std::memcpy(&raw.storage, &address, sizeof address);
  raw.length = sizeof address;
  return raw;
}

/// All addresses of a host, or the number that getaddrinfo gives instead.
Result<Addresses, int> ask_for_addresses(const std::string& host, const std::string& port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (failure != 0) return failure;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  Addresses addresses;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    RawSocketAddress& raw = addresses.emplace_back();
    std::memcpy(&raw.storage, each->ai_addr, each->ai_addrlen);
    raw.length = each->ai_addrlen;
  }
  return addresses;
}

}  // namespace

BackendAddress::BackendAddress(std::string text, LookUp look_up)
    : text_(std::move(text)), look_up_(std::move(look_up)) {
  if (text_.starts_with(kUnixPrefix)) {
    known_.push_back(unix_address(std::string_view(text_).substr(kUnixPrefix.size())));
    return;
  }
  const auto colon = text_.rfind(':');
  if (colon == std::string::npos || colon == 0)
    throw std::invalid_argument("neither unix:/path nor host:port: " + text_);
  host_ = text_.substr(0, colon);
  port_ = text_.substr(colon + 1);
  if (host_.size() > 2 && host_.front() == '[' && host_.back() == ']')
    host_ = host_.substr(1, host_.size() - 2);
  if (auto numbers = ask_for_addresses(host_, port_, AI_NUMERICHOST)) {
    known_ = *std::move(numbers);
    host_.clear();
  }
}

Result<UniqueFd, ConnectFailure> BackendAddress::connect(TimePoint now, TimePoint deadline, int stop_fd) {
  auto targets = addresses(now);
  if (!targets) return std::move(targets).error();
  ConnectFailure failure{Kind::refused, "it has no address"};
  for (std::size_t at = 0; at < targets->size(); ++at) {
    auto fd = connect_to((*targets)[at], share_of(deadline, targets->size() - at), stop_fd);
    if (fd) return fd;
    failure = std::move(fd).error();
    if (failure.kind == Kind::stopped) return failure;
  }
  if (failure.kind == Kind::shortage) return failure;
  const std::lock_guard lock(mutex_);
  fresh_until_ = TimePoint::min();  // it may have moved
  return failure;
}

Result<Addresses, ConnectFailure> BackendAddress::addresses(TimePoint now) {
  const TimePoint began = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (!known_.empty() && (host_.empty() || now < fresh_until_)) return known_;
    if (failure_ && now < failure_ends_) return *failure_;
    fresh_until_ = now + kNameTime;  // the others go on with the old ones while this thread asks
  }
  auto found = look_up_(host_, port_);
  const std::lock_guard lock(mutex_);
  if (found) {
    known_ = *std::move(found);
    failure_.reset();
  } else if (known_.empty()) {
    failure_ = std::move(found).error();
    failure_ends_ = now + (Clock::now() - began) + kFailureTime;
    return *failure_;
  }
  return known_;
}

Result<Addresses, ConnectFailure> BackendAddress::look_up_host(const std::string& host,
                                                               const std::string& port) {
  auto found = ask_for_addresses(host, port, 0);
  if (found) return *std::move(found);
  if (found.error() == EAI_SYSTEM) return failure_of(errno, AF_UNSPEC);
  if (found.error() == EAI_MEMORY) return failure_of(ENOMEM, AF_UNSPEC);
  return ConnectFailure{Kind::refused, ::gai_strerror(found.error())};
}

TimePoint share_of(TimePoint deadline, std::size_t parts) {
  const TimePoint now = Clock::now();
  if (parts <= 1 || deadline <= now) return deadline;
  return now + (deadline - now) / static_cast<Clock::rep>(parts);
}

}  // namespace tinyhttpd
