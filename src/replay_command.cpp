#include "tinyhttpd/replay_command.hpp"

#include <string_view>

#include "tinyhttpd/option_value.hpp"

namespace tinyhttpd {
namespace {

constexpr const char* kUsage = "tinyhttpd replay [options] FILE";

/// The words one after the other.
class Words {
 public:
  Words(int argc, const char* const* argv) : next_(argv), end_(argv + argc) {}

  bool is_over() const { return next_ == end_; }
  std::string_view take() { return *next_++; }

  /// Whether `word` is that option; then `value` is what is joined to it by '=', or else the next word.
  bool is_option(std::string_view word, std::string_view option, std::string_view& value) {
    if (!word.starts_with(option)) return false;
    word.remove_prefix(option.size());
    if (!word.empty() && word.front() != '=') return false;
    if (word.empty() && is_over()) throw UsageError(std::string(option) + ": needs a value: " + kUsage);
    value = word.empty() ? take() : word.substr(1);
    return true;
  }

 private:
  const char* const* next_;
  const char* const* end_;
};

std::pair<std::string, std::string> variable_from(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == text.npos)
    throw UsageError("--set " + std::string(text) + ": must be NAME=VALUE");
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

}  // namespace

std::string replay_help() {
  return std::string("Usage: ") + kUsage + R"(

Runs the script of a saved exchange again and tells what differs from what was recorded: how it
ended, its head, its body, its standard error. FILE is the JSON of an exchange, as --inspect shows
it at /api/exchanges/17 ("-": standard input). The script gets the same environment, arguments,
folder and standard input, but for passwords, cookies and the like, which FILE does not hold.
It runs the program that FILE names: use no file that you do not trust.

      --json                          the report as JSON
      --set NAME=VALUE                changes or adds a variable; may be given more than once
      --timeout SECONDS               the script may take so long (30)
      --help                          this text

Exit status: 0 the same, 1 it differs or does not run, 2 wrong usage or a FILE that cannot be replayed.
)";
}

bool is_replay_command(int argc, const char* const* argv) {
  return argc > 1 && std::string_view(argv[1]) == "replay";
}

ReplayOptions parse_replay_command(int argc, const char* const* argv) {
  Words words(argc - 2, argv + 2);
  ReplayOptions options;
  while (!words.is_over()) {
    const std::string_view word = words.take();
    std::string_view value;
    if (word == "--help" || word == "-h") return {};
    if (word == "--json") {
      options.json = true;
    } else if (words.is_option(word, "--set", value)) {
      options.set.push_back(variable_from(value));
    } else if (words.is_option(word, "--timeout", value)) {
      options.timeout = seconds_from({.option = "timeout", .text = value});
    } else if (word.empty() || (word.starts_with('-') && word != "-") || !options.file.empty()) {
      throw UsageError(std::string(word) + ": is not understood: " + kUsage);
    } else {
      options.file = word;
    }
  }
  if (options.file.empty()) throw UsageError(std::string("the file to replay is missing: ") + kUsage);
  return options;
}

}  // namespace tinyhttpd
