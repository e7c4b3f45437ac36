#include "tinyhttpd/process.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/process_under_test.hpp"
#include "support/temporary_folder.hpp"

using namespace tinyhttpd;
using Step = SpawnError::Step;

namespace {

constexpr uid_t kNobody = 65534;

TimePoint soon() {
  return Clock::now() + std::chrono::seconds(20);
}

/// What a test starts: a shell script, unless it says otherwise.
struct Program {
  std::string path = "/bin/sh";
  std::vector<std::string> arguments;
  std::vector<std::string> environment = {"PATH=/usr/bin:/bin"};
  ScriptLimits limits = {};
  const Credentials* credentials = nullptr;
};

Program script(const std::string& text) {
  return {.arguments = {"sh", "-c", text}};
}

UniqueFd open_folder(const char* path) {
  return UniqueFd(::open(path, O_PATH | O_CLOEXEC));
}

Pipe new_pipe() {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  return std::move(*pipe);
}

/// A program that was started, and our ends of its three pipes.
struct Started {
  Child child;
  UniqueFd input;
  UniqueFd output;
  UniqueFd errors;
};

Result<Started, SpawnError> start(const Program& program, int working_folder) {
  Pipe in = new_pipe();
  Pipe out = new_pipe();
  Pipe err = new_pipe();
  auto child = spawn({.path = program.path,
                      .arguments = program.arguments,
                      .environment = program.environment,
                      .working_folder = working_folder,
                      .standard_input = in.read_end.get(),
                      .standard_output = out.write_end.get(),
                      .standard_error = err.write_end.get(),
                      .limits = program.limits,
                      .credentials = program.credentials});
  if (!child) return child.error();
  return Started{std::move(*child), std::move(in.write_end), std::move(out.read_end),
                 std::move(err.read_end)};
}

Started started(const Program& program) {
  const UniqueFd folder = open_folder("/");
  auto result = start(program, folder.get());
  REQUIRE(result);
  return std::move(*result);
}

/// Everything up to the end of the stream.
std::string read_all(int fd) {
  std::string all;
  std::array<char, 4096> buffer;
  for (ssize_t count; (count = ::read(fd, buffer.data(), buffer.size())) > 0;) {
    all.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return all;
}

std::string read_line(int fd) {
  std::string line;
  for (char byte; ::read(fd, &byte, 1) == 1 && byte != '\n';) line += byte;
  return line;
}

/// What a program wrote until it ended.
std::string output_of(const Program& program) {
  Started running = started(program);
  running.input.reset();
  return read_all(running.output.get());
}

ExitReport report_of(const Program& program) {
  Started running = started(program);
  REQUIRE(running.child.wait_until(soon()));
  return running.child.reap();
}

/// The error of a program that cannot be started.
SpawnError error_of(const Program& program, int working_folder) {
  const auto result = start(program, working_folder);
  REQUIRE_FALSE(result);
  return result.error();
}

SpawnError error_of(const Program& program) {
  return error_of(program, open_folder("/").get());
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Waits until a process that is not our child has ended. False: it has not.
bool ends(pid_t pid) {
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return errno == ESRCH;
  pollfd watched{process.get(), POLLIN, 0};
  return ::poll(&watched, 1, 20'000) == 1;
}

/// Changes how this process takes a signal, as long as it lives.
class Disposition {
 public:
  Disposition(int signal, void (*handler)(int)) : signal_(signal), before_(std::signal(signal, handler)) {}
  Disposition(const Disposition&) = delete;
  Disposition& operator=(const Disposition&) = delete;
  ~Disposition() { std::signal(signal_, before_); }

 private:
  int signal_;
  void (*before_)(int);
};

}  // namespace

// --- What a program finds

TEST_CASE("A program gets its arguments, its environment and its folder, and no more of the server's") {
  ::setenv("TINYHTTPD_SECRET", "secret", 1);
  Program program = script("echo \"$0|$1|$2|$NAME|$TINYHTTPD_SECRET|\"; pwd");
  program.arguments.insert(program.arguments.end(), {"name", "first", "sec ond"});
  program.environment.push_back("NAME=value=\"1\"");
  const UniqueFd folder = open_folder("/usr/bin");
  auto running = start(program, folder.get());
  ::unsetenv("TINYHTTPD_SECRET");
  REQUIRE(running);
  CHECK(read_all(running->output.get()) == "name|first|sec ond|value=\"1\"||\n/usr/bin\n");
}

TEST_CASE("A program reads its input and writes to two outputs kept apart") {
  Started running = started(script("cat; echo warning >&2"));
  CHECK(::write(running.input.get(), "body", 4) == 4);
  running.input.reset();
  CHECK(read_all(running.output.get()) == "body");
  CHECK(read_all(running.errors.get()) == "warning\n");
}

TEST_CASE("A program gets descriptors 0, 1 and 2 and no other, whatever the server holds open") {
  const UniqueFd inherited(
      ::open("/dev/null", O_RDONLY));  // NOLINT: as if a careless parent had left it open
  const UniqueFd high(::fcntl(inherited.get(), F_DUPFD, 700));
  const std::string each = "for i in $(seq 0 1023); do [ -e /proc/self/fd/$i ] && echo $i; done; true";
  CHECK(output_of(script(each)) == "0\n1\n2\n");
}

TEST_CASE("A program gets descriptors 0, 1 and 2 and no other where there is no close_range") {
  CHECK(in_forked_child([] {
          refuse_system_call(SYS_close_range, ENOSYS);
          const UniqueFd inherited(::open("/dev/null", O_RDONLY));  // NOLINT: without close-on-exec
          return output_of(script("[ -e /proc/self/fd/" + std::to_string(inherited.get()) +
                                  " ] || echo none")) == "none\n"
                     ? 0
                     : 1;
        }) == 0);
}

TEST_CASE("A program's signals are neither ignored nor blocked, whatever the server does with them") {
  const Disposition ignored(SIGPIPE, SIG_IGN);
  const Disposition child_ignored(SIGHUP, SIG_IGN);
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const std::string status = output_of({.path = "/bin/cat", .arguments = {"cat", "/proc/self/status"}});
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(contains(status, "SigBlk:\t0000000000000000\n"));
  CHECK(contains(status, "SigIgn:\t0000000000000000\n"));
}

TEST_CASE("A program that writes to a pipe nobody reads ends by SIGPIPE") {
  CHECK(output_of(script("yes | head -n 1")) == "y\n");
  Started running = started({.path = "/usr/bin/yes", .arguments = {"yes"}});
  running.output.reset();
  REQUIRE(running.child.wait_until(soon()));
  const ExitReport report = running.child.reap();
  CHECK(report.by_signal);
  CHECK(report.code == SIGPIPE);
}

TEST_CASE("The server's own signal mask is the same after a spawn as before") {
  sigset_t before;
  sigset_t after;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &before);
  output_of(script(":"));
  ::pthread_sigmask(SIG_BLOCK, nullptr, &after);
  for (int signal = 1; signal < _NSIG; ++signal)
    CHECK(sigismember(&before, signal) == sigismember(&after, signal));
}

TEST_CASE("A program's umask is 022, whatever the server's") {
  const mode_t before = ::umask(077);
  CHECK(output_of(script("umask")) == "0022\n");
  ::umask(before);
}

TEST_CASE("A program leads a process group of its own") {
  Started running = started(script("cat"));
  CHECK(::getpgid(running.child.pid()) == running.child.pid());
  CHECK(::getpgrp() != running.child.pid());
}

TEST_CASE("A program cannot gain rights") {
  CHECK(contains(output_of({.path = "/bin/cat", .arguments = {"cat", "/proc/self/status"}}),
                 "NoNewPrivs:\t1\n"));
}

TEST_CASE("Pipes may have the numbers of the standard streams, in any order") {
  // The server was started with its standard streams closed, and its pipes got their numbers.
  std::array<int, 3> order{0, 1, 2};
  do {
    CAPTURE(order[0]);
    CAPTURE(order[1]);
    CHECK(in_forked_child([&] {
            const Pipe in = new_pipe();
            const Pipe out = new_pipe();
            const Pipe err = new_pipe();
            const UniqueFd folder = open_folder("/");
            ::dup2(in.read_end.get(), order[0]);
            ::dup2(out.write_end.get(), order[1]);
            ::dup2(err.write_end.get(), order[2]);
            for (int fd = 0; fd < 3; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
            const std::string path = "/bin/sh";
            const std::vector<std::string> arguments = {"sh", "-c", "head -c 4; echo warning >&2"};
            const std::vector<std::string> environment = {"PATH=/usr/bin:/bin"};
            const ScriptLimits limits;
            auto child = spawn(
                {path, arguments, environment, folder.get(), order[0], order[1], order[2], limits, nullptr});
            if (!child) return 1;
            if (::write(in.write_end.get(), "body", 4) != 4) return 2;
            if (!child->wait_until(soon()) || child->reap().code != 0) return 3;
            std::array<char, 20> buffer;
            if (::read(out.read_end.get(), buffer.data(), buffer.size()) != 4) return 4;
            return ::read(err.read_end.get(), buffer.data(), buffer.size()) == 8 ? 0 : 5;
          }) == 0);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("The working folder may have the number of a standard stream") {
  CHECK(in_forked_child([] {
          ::dup2(open_folder("/usr/bin").get(), STDIN_FILENO);
          auto running = start(script("pwd"), STDIN_FILENO);
          return running && read_all(running->output.get()) == "/usr/bin\n" ? 0 : 1;
        }) == 0);
}

TEST_CASE("A non-blocking end of a pipe leaves the other end blocking") {
  const Pipe pipe = new_pipe();
  CHECK((::fcntl(pipe.read_end.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(pipe.write_end.get(), F_GETFD) & FD_CLOEXEC) != 0);
  set_nonblocking(pipe.read_end.get());
  CHECK((::fcntl(pipe.read_end.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(pipe.write_end.get(), F_GETFL) & O_NONBLOCK) == 0);
}

// --- Limits and users

TEST_CASE("A program is held to its limits") {
  Program program{.path = "/bin/cat", .arguments = {"cat", "/proc/self/limits"}};
  program.limits = {
      .cpu_seconds = 7, .memory_bytes = 1U << 30U, .processes = 321, .files = 33, .file_size_bytes = 4096};
  std::string limits = output_of(program);
  limits.erase(std::unique(limits.begin(), limits.end(), [](char a, char b) { return a == ' ' && b == ' '; }),
               limits.end());
  CHECK(contains(limits, "Max cpu time 7 8 seconds"));  // SIGXCPU first, SIGKILL a second later
  CHECK(contains(limits, "Max address space 1073741824 1073741824 bytes"));
  CHECK(contains(limits, "Max processes 321 321 processes"));
  CHECK(contains(limits, "Max open files 33 33 files"));
  CHECK(contains(limits, "Max file size 4096 4096 bytes"));
}

TEST_CASE("A limit above the server's own is lowered to it") {
  rlimit own{};
  ::getrlimit(RLIMIT_NOFILE, &own);
  Program program = script("ulimit -Hn");
  program.limits.files = ~std::uint64_t{0};
  program.limits.cpu_seconds = ~std::uint64_t{0};
  CHECK(output_of(program) == std::to_string(own.rlim_max) + "\n");
}

TEST_CASE("The limit of processes stops a fork bomb, and the server can still start programs") {
  if (::geteuid() != 0) return;  // it counts all of a user's processes, and needs a user who has no other
  const Credentials nobody = credentials_of("nobody");
  Program program = script("echo started; (sleep 0); echo forked");
  program.limits.processes = 1;
  program.credentials = &nobody;
  CHECK(output_of(program) == "started\n");
  program.limits.processes = 2;
  CHECK(output_of(program) == "started\nforked\n");
  CHECK(output_of(script("echo alive")) == "alive\n");
}

TEST_CASE("A program runs as the user it is given, with that user's groups, for good") {
  if (::geteuid() != 0) return;
  const Credentials nobody = credentials_of("nobody");
  CHECK(nobody.user == kNobody);
  Program program{.path = "/bin/cat", .arguments = {"cat", "/proc/self/status"}};
  program.credentials = &nobody;
  const std::string status = output_of(program);
  CHECK(contains(status, "Uid:\t65534\t65534\t65534\t65534\n"));
  CHECK(contains(status, "Gid:\t65534\t65534\t65534\t65534\n"));
  CHECK(contains(status, "Groups:\t65534 \n"));
  CHECK(contains(status, "CapEff:\t0000000000000000\n"));
  CHECK(::geteuid() == 0);
}

TEST_CASE("A user that does not exist is named") {
  try {
    credentials_of("no-such-user");
    FAIL("there is one");
  } catch (const std::system_error& error) {
    CHECK(contains(error.what(), "'no-such-user'"));
  }
}

// --- How it ends

TEST_CASE("A program's exit status is reported, and what it used") {
  const ExitReport report = report_of(script("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit 7"));
  CHECK_FALSE(report.by_signal);
  CHECK(report.code == 7);
  CHECK(report.user_time + report.system_time > std::chrono::microseconds(0));
  CHECK(report.max_resident_kib > 0);
}

TEST_CASE("A program's death by a signal is reported") {
  const ExitReport report = report_of(script("kill -SEGV $$"));
  CHECK(report.by_signal);
  CHECK(report.code == SIGSEGV);
}

TEST_CASE("Waiting for a program ends at the deadline, and when the program ends") {
  Started running = started(script("read line"));
  CHECK_FALSE(running.child.wait_until(Clock::now()));
  CHECK_FALSE(running.child.wait_until(Clock::now() + std::chrono::milliseconds(2)));
  running.input.reset();
  CHECK(running.child.wait_until(soon()));
}

TEST_CASE("A program that has ended but was not reaped keeps its status, however late it is asked for") {
  Started running = started(script("exit 5"));
  REQUIRE(running.child.wait_until(soon()));
  running.child.terminate();
  const ExitReport report = running.child.reap();
  CHECK_FALSE(report.by_signal);
  CHECK(report.code == 5);
}

TEST_CASE("A program may end itself when it is asked to") {
  Started running =
      started(script("trap 'echo asked; exit 3' TERM; echo ready; while :; do read line; done"));
  CHECK(read_line(running.output.get()) == "ready");
  running.child.terminate();
  REQUIRE(running.child.wait_until(soon()));
  CHECK(running.child.reap().code == 3);
  CHECK(read_all(running.output.get()) == "asked\n");
}

TEST_CASE("A program that ignores SIGTERM, or has stopped itself, is ended all the same") {
  for (const std::string text :
       {"trap '' TERM; echo ready; while :; do sleep 1; done", "echo ready; kill -STOP $$"}) {
    Started running = started(script(text));
    CHECK(read_line(running.output.get()) == "ready");
    const ExitReport report = running.child.reap();
    CHECK(report.by_signal);
    CHECK(report.code == SIGKILL);
  }
}

TEST_CASE("A program that has left its group is ended all the same") {
  Started running =
      started({.path = "/usr/bin/perl",
               .arguments = {"perl", "-e",
                             "$|=1; setpgrp(0, getpgrp(getppid())) or die; print qq(left\n); sleep 1000"}});
  CHECK(read_line(running.output.get()) == "left");
  CHECK(::getpgid(running.child.pid()) == ::getpgrp());
  running.child.terminate();
  REQUIRE(running.child.wait_until(soon()));
  CHECK(running.child.reap().code == SIGTERM);
}

TEST_CASE("What a program leaves running in its group ends with it") {
  become_subreaper();
  Started running = started(script("sleep 1000 & echo $!; exit 3"));
  const pid_t left_behind = std::stoi(read_line(running.output.get()));
  REQUIRE(running.child.wait_until(soon()));
  CHECK(running.child.reap().code == 3);
  CHECK(ends(left_behind));
  CHECK(reap_orphans() >= 1);
  CHECK(::kill(left_behind, 0) == -1);
}

TEST_CASE("A program that is ended takes its children and their children along") {
  become_subreaper();
  Started running = started(script("(sleep 1000 & echo $!; wait) & read line"));
  const pid_t grandchild = std::stoi(read_line(running.output.get()));
  CHECK(running.child.reap().code == SIGKILL);
  CHECK(ends(grandchild));
  // The pipe is at its end: nobody holds it any more.
  CHECK(read_all(running.output.get()).empty());
}

TEST_CASE("A child that goes out of scope, or was moved, leaves no process and no zombie") {
  pid_t pid = -1;
  {
    Started running = started(script("read line"));
    pid = running.child.pid();
    const Child moved(std::move(running.child));
    CHECK(moved.pid() == pid);
    CHECK(::kill(pid, 0) == 0);
  }
  CHECK(::kill(pid, 0) == -1);
  CHECK(::waitpid(pid, nullptr, WNOHANG) == -1);
}

TEST_CASE("A program dies with the thread that started it") {
  std::optional<Started> running;
  std::thread([&] { running.emplace(started(script("read line"))); }).join();
  REQUIRE(running);
  REQUIRE(running->child.wait_until(soon()));
  CHECK(running->child.reap().code == SIGKILL);
}

TEST_CASE("A program dies with the server, even when the server is killed") {
  become_subreaper();
  const Pipe report = new_pipe();
  const pid_t server = ::fork();
  if (server == 0) {
    Started running = started(script("exec sleep 1000"));
    const pid_t program = running.child.pid();
    if (::write(report.write_end.get(), &program, sizeof program) < 0) ::_exit(1);
    for (;;) ::pause();
  }
  pid_t program = -1;
  REQUIRE(::read(report.read_end.get(), &program, sizeof program) == sizeof program);
  const UniqueFd watched(static_cast<int>(::syscall(SYS_pidfd_open, program, 0)));
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  pollfd ended{watched.get(), POLLIN, 0};
  CHECK(::poll(&ended, 1, 20'000) == 1);
}

// --- What cannot be started

TEST_CASE("A program that cannot be started says at which step and why, and leaves nothing behind") {
  const TemporaryFolder folder;
  folder.write("not_executable", "#!/bin/sh\n");
  folder.write("no_format", "echo hello\n", 0755);
  folder.write("no_interpreter", "#!/no/such/interpreter\n", 0755);
  const auto refusal = [&](const std::string& path) {
    return error_of({.path = path, .arguments = {"program"}});
  };
  const auto before = count_descriptors();

  CHECK(refusal(folder / "none").error_number == ENOENT);
  CHECK(refusal(folder / "none").step == Step::exec);
  CHECK(refusal(folder / "not_executable").error_number == EACCES);
  CHECK(refusal(folder / "no_format").error_number == ENOEXEC);
  CHECK(refusal(folder / "no_interpreter").error_number == ENOENT);
  CHECK(refusal(folder.path()).error_number == EACCES);

  const SpawnError not_a_folder = error_of(script(":"), open_folder("/bin/sh").get());
  CHECK(not_a_folder.step == Step::working_folder);
  CHECK(not_a_folder.error_number == ENOTDIR);

  CHECK(count_descriptors() == before);
}

TEST_CASE("A program that cannot be started leaves no zombie") {
  CHECK(in_forked_child([] {
          error_of({.path = "/no/such/program", .arguments = {"program"}});
          error_of(script(":"), open_folder("/bin/sh").get());
          return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD ? 0 : 1;
        }) == 0);
}

TEST_CASE("A stream that is not open fails at the step that redirects") {
  const std::string path = "/bin/sh";
  const std::vector<std::string> none;
  const ScriptLimits limits;
  const UniqueFd folder = open_folder("/");
  const auto child = spawn({path, none, none, folder.get(), -1, -1, -1, limits, nullptr});
  REQUIRE_FALSE(child);
  CHECK(child.error().step == Step::redirect);
  CHECK(child.error().error_number == EBADF);
}

TEST_CASE("Arguments too long for the system are E2BIG") {
  Program program = script(":");
  program.arguments.push_back(std::string(1U << 20U, 'x'));
  CHECK(error_of(program).error_number == E2BIG);
}

TEST_CASE("A folder that the program's user may not enter fails at its own step") {
  if (::geteuid() != 0) return;
  const TemporaryFolder folder;
  ::chmod(folder.path().c_str(), 0700);
  const Credentials nobody = credentials_of("nobody");
  Program program = script(":");
  program.credentials = &nobody;
  const SpawnError error = error_of(program, open_folder(folder.path().c_str()).get());
  CHECK(error.step == Step::working_folder);
  CHECK(error.error_number == EACCES);
}

TEST_CASE("Whoever is not root cannot start a program as another user") {
  const Credentials root{0, 0, {0}};
  CHECK(in_forked_child([&] {
          if (::geteuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) return 1;
          Program program = script(":");
          program.credentials = &root;
          const SpawnError error = error_of(program);
          return error.step == Step::credentials && error.error_number == EPERM ? 0 : 2;
        }) == 0);
}

TEST_CASE("Without room for another process, clone says EAGAIN and nothing stays open") {
  CHECK(in_forked_child([] {
          if (::geteuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) return 1;
          const rlimit none{0, 0};
          ::setrlimit(RLIMIT_NPROC, &none);
          const auto before = count_descriptors();
          const SpawnError error = error_of(script(":"));
          if (error.step != Step::clone || error.error_number != EAGAIN) return 2;
          return count_descriptors() == before ? 0 : 3;
        }) == 0);
}

TEST_CASE("Without descriptors left, make_pipe and spawn say EMFILE, and nothing stays open") {
  const Pipe pipe = new_pipe();
  const UniqueFd folder = open_folder("/");
  const Program program = script(":");
  const auto before = count_descriptors();
  std::optional<NoMoreDescriptors> none(std::in_place);
  const auto no_pipe = make_pipe();
  const auto no_child =
      spawn({program.path, program.arguments, program.environment, folder.get(), pipe.read_end.get(),
             pipe.write_end.get(), pipe.write_end.get(), program.limits, nullptr});
  none.reset();
  REQUIRE_FALSE(no_pipe);
  CHECK(no_pipe.error().value() == EMFILE);
  REQUIRE_FALSE(no_child);
  CHECK(no_child.error().step == Step::clone);
  CHECK(no_child.error().error_number == EMFILE);
  CHECK(count_descriptors() == before);
}

TEST_CASE("make_pipe that gets one descriptor of the two it needs gives it back") {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto before = count_descriptors();
  const auto lowest_free = static_cast<rlim_t>(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)).get());
  const rlimit room_for_one{lowest_free + 1, limit.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &room_for_one);
  const auto no_pipe = make_pipe();
  ::setrlimit(RLIMIT_NOFILE, &limit);
  REQUIRE_FALSE(no_pipe);
  CHECK(no_pipe.error().value() == EMFILE);
  CHECK(count_descriptors() == before);
}

TEST_CASE("Every step has a name of its own") {
  std::vector<std::string> names;
  for (const Step step : {Step::clone, Step::process_group, Step::redirect, Step::limits, Step::credentials,
                          Step::working_folder, Step::exec}) {
    names.push_back(name_of(step));
  }
  std::sort(names.begin(), names.end());
  CHECK(std::unique(names.begin(), names.end()) == names.end());
}

// --- Many at once

TEST_CASE("The main thread reaps every orphan and no program that another thread waits for") {
  become_subreaper();
  constexpr int kThreads = 4;
  constexpr int kPrograms = 25;
  // Each program leaves one process behind. It ends by itself or with the group,
  // and the main thread is to reap it.
  const auto leave_an_orphan = [](int code) { return script("sleep 0 & exit " + std::to_string(code)); };
  const auto before = count_descriptors();

  sigset_t child_ended;
  sigset_t mask_before;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &child_ended, &mask_before);
  std::atomic<int> right_status = 0;
  std::atomic<int> at_work = kThreads;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < kPrograms; ++i) {
          const int code = (thread * kPrograms + i) % 200;
          right_status += report_of(leave_an_orphan(code)).code == code ? 1 : 0;
        }
        --at_work;
      });
    }
    const TimePoint deadline = Clock::now() + std::chrono::seconds(60);
    int orphans = 0;
    while ((at_work > 0 || orphans < kThreads * kPrograms) && Clock::now() < deadline) {
      const timespec patience{0, 100'000'000};
      ::sigtimedwait(&child_ended, nullptr, &patience);
      orphans += reap_orphans();
    }
    CHECK(orphans >= kThreads * kPrograms);  // more, if an earlier test has left one
  }
  ::pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
  CHECK(right_status == kThreads * kPrograms);
  CHECK(count_descriptors() == before);
}

TEST_CASE("No pipe of one program is held open by another that is started meanwhile") {
  constexpr int kPrograms = 50;
  std::atomic<bool> done = false;
  std::jthread other([&] {
    while (!done) report_of(script(":"));
  });
  for (int i = 0; i < kPrograms; ++i) {
    // It reads to the end of its input, which comes only when nobody else holds the writing end.
    Started running = started({.path = "/bin/cat", .arguments = {"cat"}});
    const Started neighbour = started({.path = "/bin/cat", .arguments = {"cat"}});
    running.input.reset();
    CHECK(running.child.wait_until(soon()));
  }
  done = true;
}

namespace {

std::atomic<pid_t> server_pid = 0;
std::atomic<int> handled = 0;
std::atomic<int> handled_elsewhere = 0;

void note_where_it_runs(int) {
  ++handled;
  if (static_cast<pid_t>(::syscall(SYS_getpid)) != server_pid) ++handled_elsewhere;
}

}  // namespace

TEST_CASE("No handler of the server runs in the child, which shares its memory") {
  CHECK(in_forked_child([] {
          // In a group of its own, so that signals to the group reach the server and its children alone.
          ::setpgid(0, 0);
          server_pid = ::getpid();
          std::signal(SIGUSR1, SIG_IGN);
          const Repeating sender([] { ::kill(0, SIGUSR1); });
          std::signal(SIGUSR1, &note_where_it_runs);
          for (int i = 0; i < 100; ++i) report_of(script(":"));
          return handled > 0 && handled_elsewhere == 0 ? 0 : 1;
        }) == 0);
}
