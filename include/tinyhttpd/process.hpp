// Starting a program and ending it: the fork-and-exec of the tutorials, with nothing left behind.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

/// The two ends of a pipe, both close-on-exec.
struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

/// A new pipe, blocking at both ends. Errors: EMFILE, ENFILE.
Result<Pipe, std::error_code> make_pipe();

/// Makes reads and writes of this end of a pipe not wait. The other end, the program's, stays as it is.
void set_nonblocking(int fd);

/// Whom a program runs as.
struct Credentials {
  uid_t user;
  gid_t group;
  std::vector<gid_t> groups;
};

/// Looks a user up by name. Throws std::system_error when there is none.
Credentials credentials_of(const std::string& user);

/// A program to start. All is borrowed until spawn() returns.
struct ProgramStart {
  const std::string& path;                      ///< absolute
  const std::vector<std::string>& arguments;    ///< with the program's own name first
  const std::vector<std::string>& environment;  ///< "NAME=VALUE"
  int working_folder;                           ///< descriptor
  int standard_input;
  int standard_output;
  int standard_error;
  const ScriptLimits& limits;
  const Credentials* credentials;  ///< null: the server's own
};

/// Which step before the program ran failed, and why.
struct SpawnError {
  enum class Step { clone, process_group, redirect, limits, credentials, working_folder, exec } step;
  int error_number;
};

/// The step in words, for the log.
const char* name_of(SpawnError::Step step);

/// How a program ended and what it used.
struct ExitReport {
  bool by_signal = false;
  int code = 0;  ///< exit status, or the signal
  std::chrono::microseconds user_time{0};
  std::chrono::microseconds system_time{0};
  long max_resident_kib = 0;
};

/// A running program that leads a process group of its own. Destroying it kills the group (SIGKILL) and reaps
/// the program, so that no path leaves a zombie or an orphan of the group. One thread at a time.
class Child {
 public:
  Child(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }

  /// Readable once the program has ended. Borrowed.
  int pidfd() const { return pidfd_.get(); }

  /// Waits until it ends, at most until `deadline`. True when it has ended.
  bool wait_until(TimePoint deadline) const;

  /// Asks the group to end (SIGTERM).
  void terminate() const;

  /// Ends what is left of the group (SIGKILL), waits for the program and reaps it. A program
  /// that has ended by itself before keeps its own exit status. Once; SIGCHLD must not be
  /// ignored, or the kernel keeps no status.
  ExitReport reap();

 private:
  void signal(int number) const;

  pid_t pid_;
  UniqueFd pidfd_;
};

/// Starts a program: clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD), in the child only raw system calls
/// (setpgid, dup2 three times, limits, credentials, fchdir, parent-death signal, no_new_privs, umask 022,
/// default signal dispositions, empty signal mask, close_range, execve), the errno of whatever fails handed
/// back in shared memory. A thread sleeps until its program has begun; the others run on.
///
/// The program gets descriptors 0, 1 and 2 and no other. It dies (SIGKILL) with the thread that called this:
/// call it only from threads that live as long as the server. Because of no_new_privs, neither it nor what it
/// starts gains rights by a set-user-ID bit, a set-group-ID bit or file capabilities: sudo, or a mailer with
/// such a bit, does not work from there. A limit above the server's own is lowered to it. SpawnError says
/// EAGAIN or ENOMEM when the system is full, ENOENT also when an interpreter is missing.
Result<Child, SpawnError> spawn(const ProgramStart& start);

/// Makes this process the reaper of orphaned descendants (PR_SET_CHILD_SUBREAPER). Throws std::system_error.
void become_subreaper();

/// Reaps orphans that were handed to the calling thread; never the children that other threads spawned
/// (__WNOTHREAD). Call it from the main thread, which the kernel picks to adopt them, on SIGCHLD. That thread
/// must spawn no program of its own: its exit status would be lost here. The number reaped.
int reap_orphans();

}  // namespace tinyhttpd
