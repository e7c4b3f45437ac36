// One script while it runs: its three pipes and its process in a single poll, so that none of them can block
// another.
#pragma once

#include <poll.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tinyhttpd/error_lines.hpp"
#include "tinyhttpd/exchange.hpp"
#include "tinyhttpd/gateway_run.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/script_failure.hpp"

namespace tinyhttpd {

/// The server's ends of the three pipes.
struct ScriptPipes {
  UniqueFd standard_input;  ///< none when nothing is to be fed: the script reads /dev/null or a file then
  UniqueFd standard_output;
  UniqueFd standard_error;
};

/// How long a script may take.
struct ScriptPatience {
  Seconds silence;
  Seconds life;
  int stop_fd;  ///< readable once the server must stop at once
};

/// Owns a running script. Feeds it the body, hands out its output, logs its standard error a line at a time,
/// watches for the client to leave, and keeps the deadlines. Destroying it ends the script: SIGTERM to the
/// group, two seconds, SIGKILL, reaped.
class ScriptRun : public GatewayRun {
 public:
  ScriptRun(const Exchange& exchange, std::string script_name, Child child, ScriptPipes pipes,
            ScriptPatience patience);
  ~ScriptRun() override;
  ScriptRun(const ScriptRun&) = delete;
  ScriptRun& operator=(const ScriptRun&) = delete;

  /// Waits for output and reads it into `buffer`. Empty: the output is complete, because the script closed it
  /// or has ended; what others who hold the pipe write after its end is no part of it. Failures: silent,
  /// too_long, stopped, abandoned. Only time spent in here counts as silence.
  Result<std::string_view, ScriptFailure> read_output(std::span<char> buffer) override;

  /// Success also when the script goes on without its output: it is not over then.
  GatewayEnd settle() override;

  /// Whether the program has been reaped.
  bool is_over() const override { return !child_; }

  /// Feeds the script, logs its errors, and reaps it.
  void wait_for_end() override;

  void report(const ScriptFailure& failure) override;

 private:
  /// What a turn of waiting looks at beside the input, the errors and the process.
  enum class Watch { output_and_client, output, neither };

  /// What ended one turn of waiting.
  enum class Wake { activity, output, ended, timed_out, stopped, abandoned };

  Wake wait(Watch watch, TimePoint deadline);
  void note_end();
  std::optional<std::string_view> try_read_output(std::span<char> buffer);
  Result<std::string_view, ScriptFailure> last_output(std::span<char> buffer);
  void widen_output();
  ScriptFailure failure_of(Wake wake) const;
  pollfd watched_client() const;
  void feed_input();
  void close_input();
  bool read_errors();
  void drain_errors();
  bool is_stopping() const;
  void end();
  ExitReport reap();

  Exchange exchange_;
  std::string script_name_;
  std::optional<Child> child_;  // empty once reaped
  ScriptPipes pipes_;
  ScriptPatience patience_;
  TimePoint end_of_life_;
  Spool body_;
  std::uint64_t fed_ = 0;  // bytes of the body written to standard input
  ErrorLines errors_;
  bool output_is_wide_ = false;  // its pipe has been enlarged
  bool ended_ = false;           // the program has exited; it may not be reaped yet
  std::size_t last_bytes_ = 0;   // of its output, still in the pipe, once it has
  bool failed_ = false;          // a failure has been reported
};

}  // namespace tinyhttpd
