// Something that happens in one thread and is waited for, by poll or epoll, in others.
#pragma once

#include <cstdint>

#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

/// A count that can be polled (eventfd). Any thread may call any member.
class Event {
 public:
  /// Throws std::system_error when there is no descriptor left.
  Event();

  /// Readable from the first set() on, until take(). Borrowed.
  int fd() const { return fd_.get(); }

  /// It has happened once more.
  void set() const;

  /// How often it has happened since the last call.
  std::uint64_t take() const;

 private:
  UniqueFd fd_;
};

}  // namespace tinyhttpd
