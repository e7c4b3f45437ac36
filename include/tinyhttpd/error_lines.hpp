// What a script or a backend says on standard error, for the log: a line at a time, and not without end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// Collects standard error and tells the trace (cgi_error_line) of each line once it is complete. An
/// over-long line is told in pieces; past 256 KiB nothing is told any more, but that there is more. One
/// thread at a time.
class ErrorLines {
 public:
  /// Borrows the trace; `script_name`: whom the lines are of.
  ErrorLines(Trace& trace, RequestId id, std::string script_name)
      : trace_(trace), id_(id), script_name_(std::move(script_name)) {}

  void add(std::string_view bytes);

  /// Tells of the last line, finished or not.
  void finish() { tell(true); }

 private:
  void tell(bool all);

  Trace& trace_;
  RequestId id_;
  std::string script_name_;
  std::string line_;       // since the last line end
  std::size_t bytes_ = 0;  // in all
};

}  // namespace tinyhttpd
