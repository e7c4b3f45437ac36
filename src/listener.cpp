#include "tinyhttpd/listener.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace tinyhttpd {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";

std::error_code last_error() {
  return {errno, std::generic_category()};
}

void set_option(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

/// Answers are sent in as few pieces as there are; holding the last one back for an acknowledgement only
/// delays it. What a listener accepts takes this over from it.
void send_at_once(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

int option_of(int fd, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

/// A socket address of any family, as the kernel takes and gives it.
struct RawAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

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

// --- Listening on the internet -----------------------------------------------------------------------

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
  const SocketAddress where = socket_address(raw.storage);
  return {error, "cannot listen on " + where.address + " port " + std::to_string(where.port) +
                     hint_for(error.value())};
}

Result<Listener, std::error_code> listen_on(const BindAddress& address) {
  const int family = address.raw.storage.ss_family;
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return last_error();
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  send_at_once(fd.get());
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

/// The errors of getaddrinfo(3), which have numbers of their own.
class NameErrors : public std::error_category {
 public:
  const char* name() const noexcept override { return "getaddrinfo"; }
  std::string message(int number) const override {
    return ::gai_strerror(number) +
           std::string(" (an address or a name of this machine, or unix:/path, is right)");
  }
};

const std::error_category& name_errors() {
  static const NameErrors errors;
  return errors;
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
    const std::error_code error =
        failure == EAI_SYSTEM ? last_error() : std::error_code(failure, name_errors());
    throw std::system_error(error, "cannot listen on '" + name + "'");
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

/// Listens on what these names stand for. A port that is free on the first address may be taken on the next:
/// then another one is tried.
std::vector<Listener> listen_on_names(const std::vector<std::string>& names, std::uint16_t port) {
  std::vector<BindAddress> addresses;
  for (const std::string& name : names) resolve(name, addresses);

  constexpr int kTries = 8;
  for (int tries_left = port == 0 ? kTries : 1;; --tries_left) {
    try {
      return listen_on_all(addresses, port);
    } catch (const std::system_error& error) {
      if (tries_left <= 1 || error.code() != std::errc::address_in_use) throw;
    }
  }
}

// --- Listening on a Unix socket ----------------------------------------------------------------------

std::system_error cannot_listen(const std::string& path, std::error_code error, const char* hint = "") {
  return {error, "cannot listen on " + std::string(kUnixPrefix) + path + hint};
}

/// Throws when the path does not fit, with the NUL that ends it.
sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty()) throw cannot_listen(path, std::make_error_code(std::errc::invalid_argument));
  if (path.size() >= sizeof address.sun_path)
    throw cannot_listen(path, std::make_error_code(std::errc::filename_too_long), " (at most 107 bytes)");
  path.copy(address.sun_path, path.size());
  return address;
}

UniqueFd unix_socket(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) throw cannot_listen(path, last_error());
  return fd;
}

bool bind_to(int fd, const sockaddr_un& address) {
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

/// Removes a socket that nobody listens on any more: its program was killed, and only the name is left.
/// Throws when there is something else, or when somebody listens.
void remove_stale_socket(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) throw cannot_listen(path, last_error());
  if (!S_ISSOCK(status.st_mode))
    throw cannot_listen(path, std::make_error_code(std::errc::file_exists),
                        " (what is there is not a socket: choose another path)");
  const UniqueFd visitor = unix_socket(path);
  const bool is_stale =
      ::connect(visitor.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno == ECONNREFUSED;
  if (!is_stale)
    throw cannot_listen(path, std::make_error_code(std::errc::address_in_use),
                        " (another program is listening there: stop it, or choose another path)");
  if (::unlink(path.c_str()) != 0) throw cannot_listen(path, last_error());
}

Listener listen_on_path(const std::string& path) {
  const sockaddr_un address = unix_address(path);
  Listener listener{unix_socket(path), {std::string(kUnixPrefix) + path, 0}};
  if (!bind_to(listener.fd.get(), address)) {
    if (errno != EADDRINUSE) throw cannot_listen(path, last_error());
    remove_stale_socket(path, address);
    if (!bind_to(listener.fd.get(), address)) throw cannot_listen(path, last_error());
  }
  listener.file = SocketFile(path);
  // Not by the umask, which is the whole process's. Until listen() nobody can connect, whatever the mode is.
  if (::chmod(path.c_str(), 0666) != 0) throw cannot_listen(path, last_error());
  if (::listen(listener.fd.get(), SOMAXCONN) != 0) throw cannot_listen(path, last_error());
  return listener;
}

// --- Taking over -------------------------------------------------------------------------------------

/// "unix:/path", "unix:@name" for one of the abstract names (unix(7)).
std::string unix_name(const RawAddress& raw) {
  sockaddr_un address{};
  std::memcpy(&address, &raw.storage, sizeof address);
  const auto length =
      raw.length > offsetof(sockaddr_un, sun_path) ? raw.length - offsetof(sockaddr_un, sun_path) : 0;
  std::string name(address.sun_path, std::min<std::size_t>(length, sizeof address.sun_path));
  if (!name.empty() && name.front() == '\0') {
    name.front() = '@';
  } else {
    name = name.c_str();  // which the kernel may have counted with its NUL
  }
  return std::string(kUnixPrefix) + name;
}

SocketAddress listening_address(int fd) {
  RawAddress raw;
  if (::getsockname(fd, raw.get(), &raw.length) != 0) return {};
  if (raw.storage.ss_family == AF_UNIX) return {unix_name(raw), 0};
  return socket_address(raw.storage);
}

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) != 0) throw cannot_listen(path_, last_error());
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  if (this == &other) return *this;
  remove();
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

SocketFile::~SocketFile() {
  remove();
}

/// Somebody may have put another socket in its place: that one stays.
void SocketFile::remove() {
  if (path_.empty()) return;
  struct stat status {};
  if (::lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

std::vector<Listener> open_listeners(const std::vector<std::string>& bind, std::uint16_t port) {
  if (bind.empty()) return listen_everywhere(port);
  std::vector<std::string> names;
  std::vector<std::string> paths;
  for (const std::string& entry : bind) {
    const bool is_path = entry.starts_with(kUnixPrefix);
    (is_path ? paths : names).push_back(is_path ? entry.substr(kUnixPrefix.size()) : entry);
  }
  std::vector<Listener> listeners = listen_on_names(names, port);
  for (const std::string& path : paths) listeners.push_back(listen_on_path(path));
  return listeners;
}

Listener adopt_listener(UniqueFd socket) {
  const int fd = socket.get();
  const int family = option_of(fd, SO_DOMAIN);
  const bool is_known = family == AF_INET || family == AF_INET6 || family == AF_UNIX;
  if (!is_known || option_of(fd, SO_TYPE) != SOCK_STREAM || option_of(fd, SO_ACCEPTCONN) != 1)
    throw std::system_error(
        std::make_error_code(std::errc::not_supported),
        "descriptor " + std::to_string(fd) + ", which was handed over, is not a stream socket that listens");
  const int flags = ::fcntl(fd, F_GETFL);
  if (::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
    throw std::system_error(last_error(), "descriptor " + std::to_string(fd));
  if (family != AF_UNIX) send_at_once(fd);
  return {std::move(socket), listening_address(fd)};
}

Result<Accepted, std::error_code> accept_client(int listener) {
  RawAddress remote;
  UniqueFd fd;
  do {
    fd.reset(::accept4(listener, remote.get(), &remote.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
  } while (!fd && errno == EINTR);
  if (!fd) return last_error();
  return Accepted{std::move(fd), socket_address(remote.storage)};
}

}  // namespace tinyhttpd
