// The server log: what whoever runs the server should know, one line an event, on standard error.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/log_writer.hpp"
#include "tinyhttpd/secrets.hpp"
#include "tinyhttpd/trace.hpp"

namespace spdlog {
class logger;
}

namespace tinyhttpd {

/// Writes "2026-11-22 13:00:00.123 [warning] …" lines, in local time, from `level` on; where it listens is
/// said at every level but off. Text from outside is escaped, and a line never exceeds kMaxLogLineBytes.
/// Hooks never wait: see LogWriter for what happens when lines cannot be written.
class ServerLog : public Trace {
 public:
  /// `fd` stays the caller's: standard error but in tests. Throws std::system_error.
  explicit ServerLog(LogLevel level, int fd = 2);
  ~ServerLog() override;

  /// Writes this line at every level but off, as the one that says where the server listens.
  void announce(std::string_view what);

  /// From now on covers what is secret wherever the log quotes a script (see Mask): the passwords, tokens and
  /// cookies that it was given. Without it the log has what a script said, as it said it. To be called before
  /// there are requests.
  void cover_secrets() { covers_secrets_ = true; }

  /// Waits until what was logged is written, at most one second.
  void flush() { writer_.flush(); }

  /// From now on shows what is of this level or above. Any thread.
  void set_level(LogLevel level);

  void listening(std::string_view url) override;
  void warning(std::string_view what) override;
  void error(std::string_view what) override;
  void stopping(std::string_view what) override;
  void reloaded(std::string_view what) override;
  void rejected(RequestId id, const Rejection& rejection, std::string_view line,
                const Endpoints& endpoints) override;
  void gateway_wait(RequestId id) override;
  void cgi_environment(RequestId id, std::string_view script, std::span<const std::string> environment,
                       std::span<const std::string> arguments) override;
  void cgi_spawned(RequestId id, int pid) override;
  void cgi_error_line(RequestId id, std::string_view script, std::string_view line) override;
  void cgi_failed(RequestId id, std::string_view script, const ScriptFailure& failure) override;
  void cgi_signalled(RequestId id, int signal) override;
  void fastcgi_connected(RequestId id, std::string_view backend, bool reused) override;
  void fastcgi_ended(RequestId id, std::string_view script, int status) override;
  void cgi_exited(RequestId id, std::string_view script, const ExitReport& report) override;

 private:
  /// What a script that runs was given and nobody may read.
  struct Covered {
    Mask mask;
    bool goes_on = false;  ///< the line that was told last: its next piece follows
  };

  template <typename WriteText>
  void log(LogLevel level, WriteText write_text);
  std::string covered_line(RequestId id, std::string_view line);
  ScriptFailure covered(RequestId id, const ScriptFailure& failure);

  bool covers_secrets_ = false;
  std::mutex mutex_;  // of what follows
  std::map<RequestId, Covered> covered_;

  std::unique_ptr<spdlog::logger>
      logger_;  // before the writer, whose thread reports its losses here until it ends
  LogWriter writer_;
};

}  // namespace tinyhttpd
