// The command line: words in, a Config out, or what to print instead, or what is wrong with it.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/option_value.hpp"

namespace tinyhttpd {

/// The command line asked for a text, not for a server: print it on standard output and exit 0.
struct Printout {
  std::string text;
};

/// --check-config: make of the Config what can be made without serving; if nothing is wrong with that, print
/// the text on standard output and exit 0.
struct Check {
  Config config;
  std::string text;
};

/// What a command line comes to.
using Command = std::variant<Config, Check, Printout>;

/// Reads the command line (argv[0] is skipped), then the variables TINYHTTPD_* of the environment, then the
/// file that --config names: for each option the first of them that says something wins. --help and --version
/// come before everything but an unknown option. An option that is given twice in one place counts the last
/// time, a repeatable one each time. The Config is complete() and consistent: its interpreters, its folder
/// for spooling and its user exist. Throws UsageError (print it on standard error, exit 2); one from a file
/// or the environment names where. Call it before the first thread starts: it reads the environment.
Command parse_command_line(int argc, const char* const* argv);

/// The same words read again while the server runs with `now`, after the configuration file may have changed.
/// What cannot change before a restart is kept from `now`; its names ("--port") are put into `kept` where a
/// source says something else than before. Its values are checked nevertheless, but for those of --user,
/// --chroot and --cgi-user. Throws UsageError: nothing has changed then. Any one thread.
struct Reloaded {
  Config config;
  std::vector<std::string> kept;
};
Reloaded reload_configuration(int argc, const char* const* argv, const Config& now);

/// Fills in what follows from the machine and from other settings, where nothing was said: the number of
/// threads, how many gateways may run, the folder for spooling, no access log where standard output is a
/// client's.
void complete(Config& config);

/// What --help prints: every option with its default, by group, within 100 columns.
std::string help_text();

}  // namespace tinyhttpd
