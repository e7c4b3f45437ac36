#include "tinyhttpd/process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>

#include "tinyhttpd/socket.hpp"

// The child shares the memory and the thread-local storage of the thread that started it, of which a
// sanitizer knows nothing: what runs in the child is not instrumented.
#if defined(__clang__)
#define TINYHTTPD_IN_CHILD \
  __attribute__((disable_sanitizer_instrumentation, no_sanitize("address", "thread", "undefined")))
#else
#define TINYHTTPD_IN_CHILD __attribute__((no_sanitize("address", "thread", "undefined")))
#endif

// clone by the name that ThreadSanitizer does not intercept: it takes every clone for a fork, and what it
// does then in the child it would do in the server's memory.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...) noexcept;

namespace tinyhttpd {
namespace {

std::error_code last_error() {
  return {errno, std::generic_category()};
}

// --- The child ---------------------------------------------------------------------------------------

struct ResourceLimit {
  int resource;
  rlimit64 bound;
};

/// A program start as plain numbers and pointers, made ready before the child exists: the child can neither
/// allocate nor lock, for another thread of the memory they share may be in the middle of just that.
struct ChildPlan {
  const char* path = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  int working_folder = -1;
  int standard[3] = {-1, -1, -1};
  ResourceLimit limits[5] = {};
  int limit_count = 0;
  bool change_user = false;
  uid_t user = 0;
  gid_t group = 0;
  const gid_t* groups = nullptr;
  std::size_t group_count = 0;
  pid_t parent = -1;

  // Written by the child, read by the parent, which sleeps until the child has run execve or exited.
  SpawnError::Step failed_step = SpawnError::Step::clone;
  int error_number = 0;
};

// The kernel's own signal set. glibc's is larger, and its functions leave two signals out.
using KernelSignalSet = std::uint64_t;

/// Ends the child and tells the parent why.
TINYHTTPD_IN_CHILD int give_up(ChildPlan& plan, SpawnError::Step step) {
  plan.failed_step = step;
  plan.error_number = errno;
  for (;;) ::syscall(SYS_exit_group, 127);
}

/// The three pipes become descriptors 0, 1 and 2.
TINYHTTPD_IN_CHILD bool redirect(ChildPlan& plan) {
  // A server that was started without standard streams may have got a pipe numbered 0, 1 or 2. Such a one is
  // moved out of the way first: another would be put in its place, and dup2 onto itself keeps close-on-exec.
  int* const borrowed[] = {&plan.standard[0], &plan.standard[1], &plan.standard[2], &plan.working_folder};
  for (int* fd : borrowed) {
    if (*fd < 0 || *fd > STDERR_FILENO) continue;
    *fd = static_cast<int>(::syscall(SYS_fcntl, *fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (*fd < 0) return false;
  }
  for (int target = 0; target <= STDERR_FILENO; ++target) {
    if (::syscall(SYS_dup3, plan.standard[target], target, 0) < 0) return false;
  }
  return true;
}

TINYHTTPD_IN_CHILD bool set_limits(const ChildPlan& plan) {
  for (int i = 0; i < plan.limit_count; ++i) {
    const ResourceLimit& limit = plan.limits[i];
    if (::syscall(SYS_prlimit64, 0, limit.resource, &limit.bound, nullptr) != 0) return false;
  }
  return true;
}

/// Groups first: whoever has given up being root may not change them. By system calls, because glibc's
/// functions of these names would change the other threads of the server as well.
TINYHTTPD_IN_CHILD bool change_user(const ChildPlan& plan) {
  return ::syscall(SYS_setgroups, plan.group_count, plan.groups) == 0 &&
         ::syscall(SYS_setresgid, plan.group, plan.group, plan.group) == 0 &&
         ::syscall(SYS_setresuid, plan.user, plan.user, plan.user) == 0;
}

/// After the change of user, which clears the parent-death signal. A parent that died before it was set has
/// left a child whose parent is another.
TINYHTTPD_IN_CHILD bool tie_to_parent(const ChildPlan& plan) {
  constexpr unsigned long kSignal = SIGKILL;
  if (::syscall(SYS_prctl, PR_SET_PDEATHSIG, kSignal, 0UL, 0UL, 0UL) != 0) return false;
  if (::syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0) return false;
  errno = ESRCH;
  return ::syscall(SYS_getppid) == plan.parent;
}

/// What the server ignores (SIGPIPE) or blocks would stay so across execve. First the dispositions, so that
/// no handler of the server runs in the child.
TINYHTTPD_IN_CHILD void reset_signals() {
  // All zero is SIG_DFL, no flags and an empty mask, however the kernel lays its structure out.
  static constexpr unsigned long kDefault[8] = {};
  static constexpr KernelSignalSet kNone = 0;
  for (int signal = 1; signal < _NSIG; ++signal) {
    ::syscall(SYS_rt_sigaction, signal, kDefault, nullptr, sizeof(KernelSignalSet));
  }
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &kNone, nullptr, sizeof(KernelSignalSet));
}

/// All but 0, 1 and 2, for what the server itself inherited is not close-on-exec.
TINYHTTPD_IN_CHILD void close_the_rest() {
  constexpr int kFirst = STDERR_FILENO + 1;
  constexpr int kEnoughWithoutCloseRange = 1024;
  if (::syscall(SYS_close_range, kFirst, ~0U, 0) == 0) return;
  for (int fd = kFirst; fd < kEnoughWithoutCloseRange; ++fd) ::syscall(SYS_close, fd);
}

/// The child's branch of the fork of the tutorials, from its first instruction to the program's.
TINYHTTPD_IN_CHILD int become_program(void* argument) {
  using Step = SpawnError::Step;
  ChildPlan& plan = *static_cast<ChildPlan*>(argument);

  if (::syscall(SYS_setpgid, 0, 0) != 0) return give_up(plan, Step::process_group);
  if (!redirect(plan)) return give_up(plan, Step::redirect);
  if (!set_limits(plan)) return give_up(plan, Step::limits);
  if (plan.change_user && !change_user(plan)) return give_up(plan, Step::credentials);
  if (::syscall(SYS_fchdir, plan.working_folder) != 0) return give_up(plan, Step::working_folder);
  if (!tie_to_parent(plan)) return give_up(plan, Step::credentials);
  ::syscall(SYS_umask, 022);
  reset_signals();
  close_the_rest();
  ::syscall(SYS_execve, plan.path, plan.arguments, plan.environment);
  return give_up(plan, Step::exec);
}

// --- The parent --------------------------------------------------------------------------------------

/// The strings as execve wants them: pointers, with a null one at the end. execve does not write to them.
std::vector<char*> null_terminated(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// `grace`: how much later than at its bound (a warning signal) the program is ended for good.
void add_limit(ChildPlan& plan, int resource, std::optional<std::uint64_t> value, std::uint64_t grace = 0) {
  if (!value) return;
  // A bound above the server's own would be refused, and is kept by the lower one anyway.
  rlimit64 own{};
  ::getrlimit64(static_cast<__rlimit_resource>(resource), &own);
  const std::uint64_t soft = std::min<std::uint64_t>(*value, own.rlim_max);
  const std::uint64_t hard = own.rlim_max - soft < grace ? own.rlim_max : soft + grace;
  plan.limits[plan.limit_count++] = {resource, {soft, hard}};
}

void add_limits(ChildPlan& plan, const ScriptLimits& limits) {
  // SIGXCPU says why a program ends; one that will not hear it is killed a second later.
  add_limit(plan, RLIMIT_CPU, limits.cpu_seconds, 1);
  add_limit(plan, RLIMIT_AS, limits.memory_bytes);
  add_limit(plan, RLIMIT_NPROC, limits.processes);
  add_limit(plan, RLIMIT_NOFILE, limits.files);
  add_limit(plan, RLIMIT_FSIZE, limits.file_size_bytes);
}

void add_credentials(ChildPlan& plan, const Credentials& credentials) {
  plan.change_user = true;
  plan.user = credentials.user;
  plan.group = credentials.group;
  plan.groups = credentials.groups.data();
  plan.group_count = credentials.groups.size();
}

/// Blocks every signal of this thread while it lives. A handler that ran in the child
/// would run in the server's memory.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() { ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &kAll, &before_, sizeof kAll); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;
  ~AllSignalsBlocked() { ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof before_); }

 private:
  static constexpr KernelSignalSet kAll = ~KernelSignalSet{0};
  KernelSignalSet before_ = 0;
};

/// The child runs on a stack of its own, in the frame of the thread that sleeps meanwhile (CLONE_VFORK).
Result<Child, SpawnError> clone_child(ChildPlan& plan) {
  constexpr std::size_t kStackBytes = 32 * 1024;
  alignas(16) std::array<std::byte, kStackBytes> stack;
  constexpr int kFlags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
  int pidfd = -1;
  pid_t pid;
  int clone_error;
  {
    const AllSignalsBlocked blocked;
    pid = ::__clone(&become_program, stack.data() + stack.size(), kFlags, &plan, &pidfd);
    clone_error = errno;
  }
  if (pid < 0) return SpawnError{SpawnError::Step::clone, clone_error};
  return Child(pid, UniqueFd(pidfd));  // which, when the child gave up, reaps it
}

pid_t wait4_uninterrupted(pid_t pid, int& status, rusage& usage) {
  pid_t waited;
  do {
    waited = ::wait4(pid, &status, 0, &usage);
  } while (waited < 0 && errno == EINTR);
  return waited;
}

std::chrono::microseconds as_microseconds(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

std::vector<gid_t> groups_of(const std::string& user, gid_t group) {
  int count = 0;
  ::getgrouplist(user.c_str(), group, nullptr, &count);
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(count, 1)));
  count = static_cast<int>(groups.size());
  if (::getgrouplist(user.c_str(), group, groups.data(), &count) < 0) return {group};
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

Result<Pipe, std::error_code> make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return last_error();
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0) ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

Credentials credentials_of(const std::string& user) {
  constexpr std::size_t kLargestEntry = 1024 * 1024;
  std::vector<char> buffer(4096);
  passwd entry{};
  passwd* found = nullptr;
  int error;
  while ((error = ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found)) == ERANGE &&
         buffer.size() < kLargestEntry) {
    buffer.resize(buffer.size() * 2);
  }
  if (found == nullptr) {
    throw std::system_error(error != 0 ? error : ENOENT, std::generic_category(),
                            "no user named '" + user + "'");
  }
  return {entry.pw_uid, entry.pw_gid, groups_of(user, entry.pw_gid)};
}

const char* name_of(SpawnError::Step step) {
  switch (step) {
    case SpawnError::Step::clone: return "clone";
    case SpawnError::Step::process_group: return "process group";
    case SpawnError::Step::redirect: return "redirect";
    case SpawnError::Step::limits: return "limits";
    case SpawnError::Step::credentials: return "credentials";
    case SpawnError::Step::working_folder: return "working folder";
    case SpawnError::Step::exec: return "exec";
  }
  return "unknown";
}

Result<Child, SpawnError> spawn(const ProgramStart& start) {
  const std::vector<char*> arguments = null_terminated(start.arguments);
  const std::vector<char*> environment = null_terminated(start.environment);
  ChildPlan plan;
  plan.path = start.path.c_str();
  plan.arguments = arguments.data();
  plan.environment = environment.data();
  plan.working_folder = start.working_folder;
  plan.standard[0] = start.standard_input;
  plan.standard[1] = start.standard_output;
  plan.standard[2] = start.standard_error;
  plan.parent = ::getpid();
  add_limits(plan, start.limits);
  if (start.credentials != nullptr) add_credentials(plan, *start.credentials);

  auto child = clone_child(plan);
  if (child && plan.error_number != 0) return SpawnError{plan.failed_step, plan.error_number};
  return child;
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}

Child::~Child() {
  if (pid_ > 0) reap();
}

bool Child::wait_until(TimePoint deadline) const {
  return wait_for(pidfd_.get(), POLLIN, deadline) == Waited::ready;
}

void Child::signal(int number) const {
  // The group's id is the program's, and no other group can get it before the program is reaped.
  ::kill(-pid_, number);
  // A program can leave its group for another one of the session: then it is reached by its descriptor.
  // Nobody minds a second SIGKILL, but a handler would run twice.
  const bool left_its_group = ::getpgid(pid_) != pid_;
  if (number == SIGKILL || left_its_group) {
    ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
  }
}

void Child::terminate() const {
  if (pid_ > 0) signal(SIGTERM);
}

ExitReport Child::reap() {
  if (pid_ <= 0) return {};
  // Before it is reaped, while the group's id is still its own. A program that
  // has ended already keeps its status.
  signal(SIGKILL);

  int status = 0;
  rusage usage{};
  wait4_uninterrupted(std::exchange(pid_, -1), status, usage);
  ExitReport report;
  report.by_signal = WIFSIGNALED(status);
  report.code = report.by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
  report.user_time = as_microseconds(usage.ru_utime);
  report.system_time = as_microseconds(usage.ru_stime);
  report.max_resident_kib = usage.ru_maxrss;
  return report;
}

void become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
    throw std::system_error(last_error(), "cannot become the reaper of orphaned processes");
  }
}

int reap_orphans() {
  for (int reaped = 0;; ++reaped) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | __WNOTHREAD) != 0 || ended.si_pid == 0) return reaped;
  }
}

}  // namespace tinyhttpd
