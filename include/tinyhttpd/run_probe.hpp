// Runs a script once, as the server would, and records all that it does.
#pragma once

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/probed_run.hpp"
#include "tinyhttpd/start_script.hpp"

namespace tinyhttpd {

/// Sends `probe` to the script and waits until it has ended, within the limits of `host`. Throws
/// std::runtime_error where the request cannot be made. The script dies with the thread that calls this.
ProbedRun run_probe(const Probe& probe, const ScriptTarget& script, const CgiHost& host);

}  // namespace tinyhttpd
