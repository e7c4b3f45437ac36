// The words of `tinyhttpd replay [options] FILE`.
#pragma once

#include "tinyhttpd/replay_script.hpp"

namespace tinyhttpd {

/// What `tinyhttpd replay --help` prints.
std::string replay_help();

/// Whether the words of the program are for this command: the first after its name is "replay".
bool is_replay_command(int argc, const char* const* argv);

/// Reads them. An empty file: --help was asked for. Throws UsageError.
ReplayOptions parse_replay_command(int argc, const char* const* argv);

}  // namespace tinyhttpd
