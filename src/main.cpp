// Reading order of the whole: main → Server::startup → accept_request → execute_cgi. The map is
// src/README.md.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <system_error>

#include "tinyhttpd/access_log.hpp"
#include "tinyhttpd/command_line.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/server.hpp"
#include "tinyhttpd/server_log.hpp"
#include "tinyhttpd/tee.hpp"

namespace tinyhttpd {
namespace {

constexpr int kUsageError = 2;

/// A server started without standard streams must not give their numbers to its sockets and logs.
void open_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) == -1)
      (void)!::open("/dev/null", O_RDWR);  // takes the lowest number that is free
}

/// Blocks the signals we answer to, in this thread and all it will start, and makes them readable from a
/// descriptor. No handler is installed, so no system call is ever interrupted.
UniqueFd take_signals() {
  // A client that left, and a file over its limit, are errors of the call that finds them.
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2}) sigaddset(&signals, number);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) throw std::system_error(errno, std::generic_category(), "signalfd");
  return fd;
}

void reopen(AccessLog& access_log, Trace& trace) {
  if (auto reopened = access_log.reopen(); !reopened)
    trace.warning("the access log stays as it is: " + reopened.error().message());
}

void answer_signal(std::uint32_t number, Server& server, AccessLog& access_log, Trace& trace) {
  switch (number) {
    case SIGTERM:
    case SIGINT: return server.stop();
    case SIGHUP: return reopen(access_log, trace);
    case SIGCHLD: reap_orphans(); return;
    default: return;
  }
}

/// Answers signals until the server has ended. In the main thread, because the kernel hands it the orphans.
void answer_signals(const UniqueFd& signals, Server& server, AccessLog& access_log, Trace& trace) {
  std::array<pollfd, 2> entries{pollfd{signals.get(), POLLIN, 0}, pollfd{server.ended_fd(), POLLIN, 0}};
  while (entries[1].revents == 0) {
    ::poll(entries.data(), entries.size(), -1);
    signalfd_siginfo info{};
    while (::read(signals.get(), &info, sizeof info) == sizeof info)
      answer_signal(info.ssi_signo, server, access_log, trace);
  }
}

void serve(const Config& config) {
  const UniqueFd signals = take_signals();
  become_subreaper();
  ServerLog server_log(config.log_level);
  AccessLog access_log(config.access_log, server_log);
  Tee trace;
  trace.add(server_log);
  trace.add(access_log);
  Server server(config, trace);
  server.start();
  answer_signals(signals, server, access_log, trace);
  server.wait();
  reap_orphans();
}

int run(int argc, char** argv) {
  open_standard_streams();
  const Command command = parse_command_line(argc, argv);
  if (const auto* printout = std::get_if<Printout>(&command)) {
    std::fputs(printout->text.c_str(), stdout);
    return EXIT_SUCCESS;
  }
  serve(std::get<Config>(command));
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace tinyhttpd

/// The tutorial's error_die is here: whatever keeps the server from starting ends it with one line that says
/// why.
int main(int argc, char** argv) {
  try {
    return tinyhttpd::run(argc, argv);
  } catch (const tinyhttpd::UsageError& error) {
    std::fprintf(stderr, "tinyhttpd: %s\n", error.what());
    return tinyhttpd::kUsageError;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tinyhttpd: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
