// Reading order of the whole: main → Server::startup → accept_request → execute_cgi. The map is
// src/README.md.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "tinyhttpd/access_log.hpp"
#include "tinyhttpd/check_command.hpp"
#include "tinyhttpd/command_line.hpp"
#include "tinyhttpd/inspection.hpp"
#include "tinyhttpd/privileges.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/replay_command.hpp"
#include "tinyhttpd/server.hpp"
#include "tinyhttpd/server_log.hpp"
#include "tinyhttpd/service_manager.hpp"
#include "tinyhttpd/standard_streams.hpp"
#include "tinyhttpd/tee.hpp"
#include "tinyhttpd/terminal_trace.hpp"

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

/// The words the program was started with: a reload reads them again.
struct Words {
  int count;
  char** words;
};

/// What the signals speak to.
struct Running {
  Server& server;
  ServerLog& server_log;
  AccessLog& access_log;
  Inspection* inspection;  // or null
  const ServiceManager& manager;
  Trace& trace;
};

/// The configuration is read again and takes effect, or an error is logged and nothing changes.
void reload(const Running& running, const Config& started_with, Words words) {
  try {
    const Reloaded reloaded = reload_configuration(words.count, words.words, started_with);
    running.server.reload(reloaded.config);
    running.server_log.set_level(reloaded.config.log_level);
    for (const std::string& warning : reloaded.config.warnings) running.trace.warning(warning);
    for (const std::string& option : reloaded.kept)
      running.trace.warning(option + " changes when the server is started again");
    running.trace.reloaded("the configuration was read again and is in force");
  } catch (const std::exception& error) {
    running.trace.error(std::string("the configuration stays as it is: ") + error.what());
  }
}

void answer_hangup(const Running& running, const Config& started_with, Words words) {
  running.manager.notify_reloading();
  if (auto reopened = running.access_log.reopen(); !reopened)
    running.trace.error("the access log stays as it is: " + reopened.error().message());
  reload(running, started_with, words);
  running.manager.notify("READY=1");
}

void stop(const Running& running) {
  running.manager.notify("STOPPING=1");
  if (running.inspection != nullptr) running.inspection->let_go();
  running.server.stop();
}

/// Answers signals until the server has ended. In the main thread, because the kernel hands it the orphans.
void answer_signals(const UniqueFd& signals, const Running& running, const Config& started_with,
                    Words words) {
  std::array<pollfd, 2> entries{pollfd{signals.get(), POLLIN, 0},
                                pollfd{running.server.ended_fd(), POLLIN, 0}};
  while (entries[1].revents == 0) {
    ::poll(entries.data(), entries.size(), -1);
    signalfd_siginfo info{};
    while (::read(signals.get(), &info, sizeof info) == sizeof info) {
      switch (info.ssi_signo) {
        case SIGTERM:
        case SIGINT: stop(running); break;
        case SIGHUP: answer_hangup(running, started_with, words); break;
        case SIGCHLD: reap_orphans(); break;
        default: break;
      }
    }
  }
}

/// Tells of exchanges on standard error (--trace).
struct Teller {
  explicit Teller(ServerLog& log)
      : writer(STDERR_FILENO,
               [&log](std::string_view what) { log.warning("--trace: " + std::string(what)); }),
        trace([this](std::string_view line) { writer.add(line); },
              wants_colour(STDERR_FILENO, std::getenv("NO_COLOR"))) {}
  LogWriter writer;
  TerminalTrace trace;
};

void serve(const Config& config, Words words) {
  const UniqueFd signals = take_signals();
  become_subreaper();
  const ServiceManager manager;
  Handover handover{.sockets = inherited_sockets()};
  std::optional<StandardStreams> streams;
  if (config.inetd)
    handover.client = streams.emplace(as_duration(std::min(config.limits.send_timeout, config.drain_timeout)))
                          .take_connection();
  ServerLog server_log(config.log_level);
  if (config.trace || !config.inspect.address.empty()) server_log.cover_secrets();
  AccessLog access_log(config.access_log, config.log_format, server_log);
  Tee trace;
  trace.add(server_log);
  if (access_log.is_on()) trace.add(access_log);
  std::optional<Teller> teller;
  if (config.trace) trace.add(teller.emplace(server_log).trace);
  std::optional<Inspection> inspection;
  if (!config.inspect.address.empty()) inspection.emplace(config, trace, server_log);
  for (const std::string& warning : config.warnings) trace.warning(warning);
  if (!handover.sockets.empty() && (config.given.contains("bind") || config.given.contains("port")))
    trace.warning("--bind and --port are not used: the sockets were handed over (LISTEN_FDS)");
  Server server(config, trace, std::move(handover));
  if (::geteuid() == 0 && config.cgi.user.empty())
    trace.warning("scripts run as root; --cgi-user NAME, or --user NAME for all of the server, changes that");
  if (inspection) inspection->start(server);
  server.start();
  manager.notify("READY=1");
  answer_signals(signals,
                 {server, server_log, access_log, inspection ? &*inspection : nullptr, manager, trace},
                 config, words);
  server.wait();
  reap_orphans();
}

/// Makes of the configuration what can be made without serving, in the order of a start, so that what is
/// wrong with it is found; then says what would be served.
void check(const Check& asked) {
  const Config& config = asked.config;
  check_access_log(config.access_log);
  std::optional<Credentials> credentials;
  if (!config.user.empty()) credentials = credentials_of(config.user);
  if (!config.chroot.empty()) enter_root(config.chroot);
  if (credentials) become(*credentials);
  constexpr int kNoStop = -1;
  const Site site(config, MediaTypes(), nullptr, kNoStop);
  for (const std::string& warning : config.warnings) std::fprintf(stderr, "tinyhttpd: %s\n", warning.c_str());
  for (const std::string& doubt : doubts_about(site)) std::fprintf(stderr, "tinyhttpd: %s\n", doubt.c_str());
  std::fputs(asked.text.c_str(), stdout);
}

/// `tinyhttpd check SCRIPT`.
int check_script(int argc, char** argv) {
  ScriptCheckOptions options = parse_check_command(argc, argv);
  if (options.script.empty()) {
    std::fputs(check_help().c_str(), stdout);
    return EXIT_SUCCESS;
  }
  ::signal(SIGPIPE, SIG_IGN);
  options.color = wants_colour(STDOUT_FILENO, std::getenv("NO_COLOR"));
  std::string report;
  const int status = check_script(options, report);
  std::fputs(report.c_str(), stdout);
  return status;
}

/// `tinyhttpd replay FILE`.
int replay_script(int argc, char** argv) {
  const ReplayOptions options = parse_replay_command(argc, argv);
  if (options.file.empty()) {
    std::fputs(replay_help().c_str(), stdout);
    return EXIT_SUCCESS;
  }
  ::signal(SIGPIPE, SIG_IGN);
  std::string report;
  const int status = replay_script(options, report);
  std::fputs(report.c_str(), stdout);
  return status;
}

int run(int argc, char** argv) {
  open_standard_streams();
  if (is_check_command(argc, argv)) return check_script(argc, argv);
  if (is_replay_command(argc, argv)) return replay_script(argc, argv);
  const Command command = parse_command_line(argc, argv);
  if (const auto* printout = std::get_if<Printout>(&command)) {
    std::fputs(printout->text.c_str(), stdout);
  } else if (const auto* asked = std::get_if<Check>(&command)) {
    check(*asked);
  } else {
    serve(std::get<Config>(command), {argc, argv});
  }
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
