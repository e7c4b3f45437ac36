// `tinyhttpd check SCRIPT`: tries a script with a battery of requests and tells which rules it breaks.
#pragma once

#include <string>

#include "tinyhttpd/config.hpp"

namespace tinyhttpd {

struct ScriptCheckOptions {
  std::string script;   ///< a file, as the user named it
  bool json = false;    ///< the report is JSON
  bool strict = false;  ///< warnings count as errors
  bool color = false;   ///< for a terminal; JSON has none
  /// Limits, interpreters and environment of the run. The root is the script's own folder, unless --root was
  /// given. A script may be silent for 5 seconds and run for 20, unless --cgi-timeout and --cgi-max-time
  /// were.
  Config config = {};
};

/// Runs the script as the server would, again and again, and writes the report. Returns the exit status: 0,
/// or 1 where a rule was broken whose severity is error. Throws std::runtime_error (or std::system_error)
/// where there is no such file, or it does not lie below --root. SIGPIPE must be ignored.
int check_script(const ScriptCheckOptions& options, std::string& report);

}  // namespace tinyhttpd
