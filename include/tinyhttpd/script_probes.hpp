// The requests that every script is tried with.
#pragma once

#include <string_view>
#include <vector>

#include "tinyhttpd/probed_run.hpp"

namespace tinyhttpd {

/// What the hostile request would have a careless script print into its page, and into its head.
inline constexpr std::string_view kHostileMarkup = "<probe";
inline constexpr std::string_view kInjectedField = "Probe-Injected";

/// All of them, in the order they are sent. Those that are `one_of_two` are neighbours.
std::vector<Probe> script_probes();

/// The head of such a request to the script at `script_path` (encoded), as a client would send it. Only an
/// unknown method is not in it, but GET: the server itself would refuse it, and it would never get as far as
/// a script.
std::string head_of(const Probe& probe, std::string_view script_path);

}  // namespace tinyhttpd
