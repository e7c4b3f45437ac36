// The command line: words in, a Config out, or what to print instead, or what is wrong with it.
#pragma once

#include <string>
#include <variant>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/option_value.hpp"

namespace tinyhttpd {

/// The command line asked for a text, not for a server: print it on standard output and exit 0.
struct Printout {
  std::string text;
};

/// What a command line comes to.
using Command = std::variant<Config, Printout>;

/// Reads the command line; argv[0] is skipped. --help and --version come before everything but an unknown
/// option. An option that is given twice counts the last time, a repeatable one each time. The Config is
/// complete() and consistent: its interpreters, its folder for spooling and its user exist. Throws UsageError
/// (print it on standard error, exit 2). Call it before the first thread starts: it reads the environment.
Command parse_command_line(int argc, const char* const* argv);

/// Fills in what follows from the machine and from other settings, where nothing was said: the number of
/// threads, how many gateways may run, the folder for spooling.
void complete(Config& config);

/// What --help prints: every option with its default, by group, within 100 columns.
std::string help_text();

}  // namespace tinyhttpd
