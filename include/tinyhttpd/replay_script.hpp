// `tinyhttpd replay FILE`: runs the script of a saved exchange again and tells what differs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tinyhttpd/deadline.hpp"

namespace tinyhttpd {

struct ReplayOptions {
  std::string file;                                      ///< "-": standard input
  bool json = false;                                     ///< the report is JSON
  std::vector<std::pair<std::string, std::string>> set;  ///< names and values of variables; the last counts
  Seconds timeout{30};                                   ///< the script may take so long
};

/// Runs the script as the server would, with the environment, the arguments, the folder and the standard
/// input of the file, as the user of this process and with its limits, and writes the report. Returns the
/// exit status: 0, or 1 where something differs or the script does not run. Throws UsageError where the file
/// cannot be read or replayed, std::system_error where the system has no room for its standard input. SIGPIPE
/// must be ignored.
int replay_script(const ReplayOptions& options, std::string& report);

}  // namespace tinyhttpd
