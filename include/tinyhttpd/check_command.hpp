// The words of `tinyhttpd check [options] SCRIPT`.
#pragma once

#include "tinyhttpd/check_script.hpp"

namespace tinyhttpd {

/// What `tinyhttpd check --help` prints.
std::string check_help();

/// Whether the words of the program are for this command: the first after its name is "check".
bool is_check_command(int argc, const char* const* argv);

/// Reads them. The last word is the script. --json and --strict are of this command; all others are the
/// server's, of which those count that scripts are run by. An empty script: --help was asked for. Throws
/// UsageError. Call it before the first thread starts.
ScriptCheckOptions parse_check_command(int argc, const char* const* argv);

}  // namespace tinyhttpd
