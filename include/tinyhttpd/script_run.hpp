// One script while it runs: its three pipes and its process in a single poll, so that none of them can block
// another.
#pragma once

#include <poll.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tinyhttpd/exchange.hpp"
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
/// group, two seconds, SIGKILL, reaped. For one thread at a time.
/// The request and the client of the exchange are used while output is read, and never after.
class ScriptRun {
 public:
  ScriptRun(const Exchange& exchange, std::string script_name, Child child, ScriptPipes pipes,
            ScriptPatience patience);
  ~ScriptRun();
  ScriptRun(const ScriptRun&) = delete;
  ScriptRun& operator=(const ScriptRun&) = delete;

  /// Waits for output and reads it into `buffer`. Empty: the output is complete, because the script closed it
  /// or has ended; what others who hold the pipe write after its end is no part of it. Failures: silent,
  /// too_long, stopped, abandoned. Only time spent in here counts as silence.
  Result<std::string_view, ScriptFailure> read_output(std::span<char> buffer);

  /// After the end of output: waits a moment for the script to end, and tells how it did. Nothing when it
  /// goes on without its output.
  std::optional<ExitReport> settle();

  /// Whether the program has been reaped.
  bool is_over() const { return !child_; }

  /// Waits for the script to end by itself within its limits, feeding it, dropping what it still writes and
  /// logging its errors, then reaps it. The client is not watched any more.
  void wait_for_end();

  /// Tells the trace of a failure, once.
  void report(const ScriptFailure& failure);

  const std::string& script_name() const { return script_name_; }

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
  void keep_errors(std::string_view bytes);
  void log_error_lines(bool all);
  bool is_stopping() const;
  void end();

  Exchange exchange_;
  std::string script_name_;
  std::optional<Child> child_;  // empty once reaped
  ScriptPipes pipes_;
  ScriptPatience patience_;
  TimePoint end_of_life_;
  Spool body_;
  std::uint64_t fed_ = 0;        // bytes of the body written to standard input
  std::string error_line_;       // standard error since its last line end
  std::size_t error_bytes_ = 0;  // of standard error so far
  bool output_is_wide_ = false;  // its pipe has been enlarged
  bool ended_ = false;           // the program has exited; it may not be reaped yet
  std::size_t last_bytes_ = 0;   // of its output, still in the pipe, once it has
  bool failed_ = false;          // a failure has been reported
};

}  // namespace tinyhttpd
