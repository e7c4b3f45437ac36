// Looking at this process from inside, and doing in a copy of it what cannot be undone.
#pragma once

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>

namespace tinyhttpd {

inline bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) != -1;
}

/// How many descriptors this process has open. Two of these are compared: the one
/// that reads /proc counts in both.
inline std::ptrdiff_t count_descriptors() {
  const std::filesystem::directory_iterator descriptors("/proc/self/fd");
  return std::distance(begin(descriptors), end(descriptors));
}

/// Runs `what` in a forked copy of this process, and returns the exit status that it returns. 128 + n: it
/// died of signal n. doctest's checks are of no use in there.
template <typename Function>
int in_forked_child(Function what) {
  std::fflush(nullptr);  // or the copy might print it again
  const pid_t pid = ::fork();
  if (pid < 0) std::abort();
  if (pid == 0) ::_exit(what());
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) std::abort();
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// Another process that does the same over and over, as long as this lives. A process and not a thread: a
/// forked child under ThreadSanitizer may start none.
class Repeating {
 public:
  template <typename Function>
  explicit Repeating(Function what) : pid_(::fork()) {
    if (pid_ < 0) std::abort();
    if (pid_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, static_cast<unsigned long>(SIGKILL), 0UL, 0UL, 0UL);
    for (;;) what();
  }
  Repeating(const Repeating&) = delete;
  Repeating& operator=(const Repeating&) = delete;
  ~Repeating() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_;
};

/// No new descriptor can be opened while it lives, as with `ulimit -n`. Check results afterwards: a sanitizer
/// that checks, too, needs descriptors.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    // The lowest free one: with a limit of 0, poll would not wait for those that are open.
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// From now on a system call fails with `error_number`, as on an older kernel, if its argument `index` has
/// one of the bits `mask`; if `mask` is 0, always. For the rest of the process: only in a forked child.
inline bool refuse_system_call(long number, int error_number, unsigned index = 0, std::uint32_t mask = 0) {
  constexpr auto kNumber = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
  // The lower half of an argument, on a little-endian machine.
  const auto argument =
      static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
  const auto refusal = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error_number);
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, mask, 0, static_cast<std::uint8_t>(mask == 0 ? 0 : 1)),
      BPF_STMT(BPF_RET | BPF_K, refusal),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0) return false;
  // For every thread: ThreadSanitizer has one of its own, and setresuid must end alike in all of them.
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

}  // namespace tinyhttpd
