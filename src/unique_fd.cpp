#include "tinyhttpd/unique_fd.hpp"

#include <unistd.h>

#include <cerrno>

namespace tinyhttpd {

UniqueFd::~UniqueFd() {
  reset();
}

void UniqueFd::reset(int fd) noexcept {
  const int old = std::exchange(fd_, fd);
  if (old < 0 || old == fd) return;

  // Whoever looks at errno after a failed call must not find the errno of a descriptor
  // that went out of scope meanwhile.
  const int saved_errno = errno;
  // Never repeated on EINTR: on Linux the descriptor is gone by then, and another
  // thread may have been given its number.
  ::close(old);
  errno = saved_errno;
}

}  // namespace tinyhttpd
