#include "tinyhttpd/event.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace tinyhttpd {

Event::Event() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!fd_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void Event::set() const {
  const std::uint64_t one = 1;
  // Fails only when the count is full: then it is readable already.
  (void)!::write(fd_.get(), &one, sizeof one);
}

std::uint64_t Event::take() const {
  std::uint64_t count = 0;
  return ::read(fd_.get(), &count, sizeof count) == sizeof count ? count : 0;
}

}  // namespace tinyhttpd
