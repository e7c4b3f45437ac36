// How a test and a script wait for each other: by FIFOs, so that nobody has to guess how long.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "support/temporary_folder.hpp"
#include "tinyhttpd/unique_fd.hpp"

/// A FIFO in a folder of its own, which every user may open.
class Fifo {
 public:
  explicit Fifo(int flags) {
    if (::mkfifo(path().c_str(), 0666) != 0 || ::chmod(path().c_str(), 0666) != 0) std::abort();
    fd_.reset(::open(path().c_str(), flags | O_NONBLOCK | O_CLOEXEC));
    if (!fd_) std::abort();
  }
  std::string path() const { return folder_ / "fifo"; }

 protected:
  int fd() const { return fd_.get(); }

 private:
  tinyhttpd::TemporaryFolder folder_;
  tinyhttpd::UniqueFd fd_;
};

/// What a script waits at: `read line < PATH` returns once the test has opened the gate.
class Gate : public Fifo {
 public:
  Gate() : Fifo(O_RDWR) {}

  /// Lets one reader through.
  void open() { (void)!::write(fd(), "\n", 1); }
};

/// What shows whether a process lives: `exec 9> PATH; echo >&9` takes it, and it is dropped when the last
/// process that inherited it has ended.
class Leash : public Fifo {
 public:
  Leash() : Fifo(O_RDONLY) {}

  /// Waits until a process has written to it, at most 20 s; what it wrote.
  std::string wait_until_taken() {
    char bytes[256];
    const ssize_t count = wait() ? ::read(fd(), bytes, sizeof bytes) : -1;
    return count > 0 ? std::string(bytes, static_cast<std::size_t>(count)) : "";
  }

  /// Waits until nobody holds it any more; false after 20 s. Only after it was taken.
  bool wait_until_dropped() {
    char bytes[256];
    ssize_t count = 1;
    while (count > 0 && wait()) count = ::read(fd(), bytes, sizeof bytes);
    return count == 0;
  }

  /// Whether somebody holds it now. Only after it was taken.
  bool is_held() {
    pollfd entry{.fd = fd(), .events = POLLIN, .revents = 0};
    ::poll(&entry, 1, 0);
    return (entry.revents & POLLHUP) == 0;
  }

 private:
  bool wait() {
    constexpr int kPatience = 20'000;
    pollfd entry{.fd = fd(), .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, kPatience) > 0;
  }
};
