// Whoever makes an answer outside of this server, while it does: a script, a backend.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "tinyhttpd/result.hpp"
#include "tinyhttpd/script_failure.hpp"

namespace tinyhttpd {

/// How it ended.
struct GatewayEnd {
  std::optional<ScriptFailure> failure = {};  ///< spoils the answer, whatever was written
  int status = 0;                             ///< the exit status it gave; 0: success, or none is known yet
};

/// Destroying it ends whoever makes the answer. For one thread at a time. The request and the client are used
/// while output is read, and never after.
class GatewayRun {
 public:
  virtual ~GatewayRun() = default;

  /// Waits for output and reads it into `buffer`. Empty: the output is complete. Failures are those of time
  /// (silent, too_long, stopped), abandoned, and what the kind of gateway has of its own.
  virtual Result<std::string_view, ScriptFailure> read_output(std::span<char> buffer) = 0;

  /// Whether read_output() reads into its buffer at all. Without, the bytes lie in memory of the run, and an
  /// empty buffer will do.
  virtual bool needs_buffer() const { return true; }

  /// After the end of output: waits a moment for the end, and tells how it was.
  virtual GatewayEnd settle() = 0;

  /// Whether nothing goes on any more.
  virtual bool is_over() const = 0;

  /// Waits for the end within the limits, dropping what is still written. The client is not watched any more.
  virtual void wait_for_end() = 0;

  /// Tells the trace of a failure, once.
  virtual void report(const ScriptFailure& failure) = 0;
};

}  // namespace tinyhttpd
