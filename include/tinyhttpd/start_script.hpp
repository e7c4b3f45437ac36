// Starts a program in its folder with its three pipes: what every gateway does that runs one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/document_root.hpp"
#include "tinyhttpd/exchange.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/script_run.hpp"

namespace tinyhttpd {

/// What stays the same from script to script. Borrowed.
struct CgiHost {
  const CgiConfig& config;
  const DocumentRoot& root;
  const Credentials* credentials;   ///< of --cgi-user; null: the server's own
  int stop_fd;                      ///< readable once every script must end
  const std::string& spool_folder;  ///< for what is too large for memory
};

/// One program to run. Borrowed.
struct ScriptStart {
  const std::string& name;                      ///< what the log calls it: its URL path
  const std::string& folder;                    ///< URL path of the folder it runs in, below the root
  const std::vector<std::string>& arguments;    ///< an absolute program first
  const std::vector<std::string>& environment;  ///< "NAME=VALUE"
};

/// The folder that the script of this URL path lies in: "/" or without a slash at its end.
std::string folder_of(const std::string& script_name);

/// Starts it; the body of the exchange is its standard input. Tells the trace of its environment and its
/// start. A failure is not reported yet.
Result<std::unique_ptr<ScriptRun>, ScriptFailure> start_script(const Exchange& exchange,
                                                               const ScriptStart& start, const CgiHost& host);

}  // namespace tinyhttpd
