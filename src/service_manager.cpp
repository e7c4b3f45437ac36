#include "tinyhttpd/service_manager.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <system_error>

namespace tinyhttpd {

namespace {

constexpr int kFirstDescriptor = 3;  // SD_LISTEN_FDS_START
constexpr long kMostDescriptors = 256;

/// The value of a variable, which is gone from the environment afterwards.
std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value != nullptr ? value : "";
  ::unsetenv(name);
  return taken;
}

/// A whole decimal number, or nothing.
std::optional<long> number_in(const std::string& text) {
  long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

[[noreturn]] void throw_error(int error_number, const std::string& what) {
  throw std::system_error(error_number, std::generic_category(), what);
}

/// How many descriptors were promised. A promise that cannot be true ends the start: whoever made it expects
/// those sockets to be served.
int promised(const std::string& count) {
  const auto number = number_in(count);
  if (!number || *number < 0 || *number > kMostDescriptors)
    throw_error(EINVAL, "LISTEN_FDS is '" + count + "', which is no number up to " +
                            std::to_string(kMostDescriptors));
  return static_cast<int>(*number);
}

/// A manager's address, or none for a form that is not of Unix sockets ("vsock:…").
std::optional<sockaddr_un> manager_address(const std::string& name, socklen_t& length) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool is_abstract = name.starts_with('@');
  if (!is_abstract && !name.starts_with('/')) return std::nullopt;
  if (name.size() >= sizeof address.sun_path) return std::nullopt;
  name.copy(address.sun_path, name.size());
  if (is_abstract) address.sun_path[0] = '\0';
  // An abstract name is as long as the address says; a path ends with a NUL.
  length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 0 : 1));
  return address;
}

/// Connected now, and not found by its name for each message: after a chroot there is no such name.
UniqueFd connect_to_manager(const std::string& name) {
  socklen_t length = 0;
  const auto address = manager_address(name, length);
  if (!address) return {};
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), length) != 0) fd.reset();
  return fd;
}

/// CLOCK_MONOTONIC in microseconds, the clock that systemd reads.
std::int64_t monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace

std::vector<UniqueFd> inherited_sockets() {
  const std::string pid = take_variable("LISTEN_PID");
  const std::string count = take_variable("LISTEN_FDS");
  take_variable("LISTEN_FDNAMES");
  take_variable("LISTEN_PIDFDID");
  if (count.empty() || number_in(pid) != static_cast<long>(::getpid())) return {};

  const int end = kFirstDescriptor + promised(count);
  std::vector<UniqueFd> sockets;
  for (int fd = kFirstDescriptor; fd < end; ++fd) {
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
      throw_error(errno, "LISTEN_FDS promises descriptor " + std::to_string(fd));
    sockets.emplace_back(fd);
  }
  return sockets;
}

ServiceManager::ServiceManager() : socket_(connect_to_manager(take_variable("NOTIFY_SOCKET"))) {}

void ServiceManager::notify(std::string_view state) const {
  if (!socket_) return;
  (void)!::send(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void ServiceManager::notify_reloading() const {
  notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_microseconds()));
}

}  // namespace tinyhttpd
