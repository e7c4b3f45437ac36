#include "tinyhttpd/check_command.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "tinyhttpd/command_line.hpp"

namespace tinyhttpd {
namespace {

constexpr const char* kUsage = "tinyhttpd check [options] SCRIPT";

/// Takes every such word out; whether there was one.
bool take(std::vector<const char*>& words, std::string_view word) {
  return std::erase_if(words, [word](const char* other) { return word == other; }) > 0;
}

/// The server's configuration by the words that are left.
Config config_of(const std::vector<const char*>& words) {
  Command command = parse_command_line(static_cast<int>(words.size()), words.data());
  if (auto* config = std::get_if<Config>(&command)) return std::move(*config);
  throw UsageError(std::string("only options that scripts are run by can be given: ") + kUsage);
}

}  // namespace

std::string check_help() {
  return std::string("Usage: ") + kUsage + R"(

Runs a script as the server would, with one request after the other, and says which rules of
RFC 3875 (CGI/1.1) it breaks, and how to mend it.

      --json                          the report as JSON
      --strict                        warnings count as errors

and the options of the server that scripts are run by: --root, --cgi-interpreter, --cgi-timeout,
--cgi-max-time, --cgi-env, --cgi-limit, --cgi-user … (tinyhttpd --help).

Exit status: 0 nothing is wrong, 1 a rule is broken or the script does not run, 2 wrong usage.
)";
}

bool is_check_command(int argc, const char* const* argv) {
  return argc > 1 && std::string_view(argv[1]) == "check";
}

ScriptCheckOptions parse_check_command(int argc, const char* const* argv) {
  std::vector<const char*> words(argv, argv + argc);
  words.erase(words.begin() + 1);
  ScriptCheckOptions options;
  if (take(words, "--help") || take(words, "-h")) return options;
  options.json = take(words, "--json");
  options.strict = take(words, "--strict");
  if (words.size() < 2 || words.back()[0] == '-' || words.back()[0] == '\0')
    throw UsageError(std::string("the script to check is missing: ") + kUsage);
  options.script = words.back();
  words.pop_back();
  options.config = config_of(words);
  return options;
}

}  // namespace tinyhttpd
