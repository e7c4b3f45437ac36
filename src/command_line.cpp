#include "tinyhttpd/command_line.hpp"

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdlib>
#include <numeric>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tinyhttpd/option_table.hpp"

namespace tinyhttpd {

namespace {

namespace po = boost::program_options;

/// The options as Boost knows them, for every source they may come from. Values stay text here: whatever the
/// source, the table reads them.
po::options_description description() {
  po::options_description all;
  for (const Option& option : option_table()) {
    auto* values = po::value<std::vector<std::string>>();
    if (!takes_value(option)) values->implicit_value({"on"}, "on");
    all.add_options()(option.name, values, option.help);
  }
  return all;
}

/// How many letters must be added, dropped or changed to make `a` of `b` (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, diagonal + 1, replaced});
    }
  }
  return row.back();
}

/// The option that was probably meant, or "".
std::string nearest_option(std::string_view misspelt) {
  std::string nearest;
  std::size_t least = 3;  // more than two wrong letters is another word
  for (const Option& option : option_table()) {
    std::string name = long_name(option);
    std::size_t distance = name.starts_with(misspelt) ? 1 : edit_distance(misspelt, name);
    if (distance < least) {
      least = distance;
      nearest = name;
    }
  }
  return nearest;
}

[[noreturn]] void refuse_option(const std::string& option) {
  std::size_t begin = option.find_first_not_of('-');
  std::string hint = begin == std::string::npos || begin < 2 ? "" : nearest_option(option.substr(begin));
  throw UsageError(option + ": there is no such option; " +
                   (hint.empty() ? "--help lists them" : "did you mean --" + hint + "?"));
}

[[noreturn]] void refuse_word(const std::string& word) {
  bool is_number = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
  throw UsageError((word.empty() ? "''" : word) + ": a word that belongs to no option; did you mean " +
                   (is_number ? "--port " : "--root ") + (word.empty() ? "DIR" : word) + "?");
}

[[noreturn]] void refuse_missing_value(const Option& option) {
  throw UsageError("--" + long_name(option) + ": needs a value, --" + long_name(option) + " " +
                   option.argument);
}

/// Boost's complaint about the form of an option in our words.
[[noreturn]] void refuse_form(const po::error_with_option_name& error) {
  std::string shown = error.get_option_name();
  std::string name = shown.substr(std::min(shown.size(), shown.find_first_not_of('-')));
  for (const Option& option : option_table()) {
    if (long_name(option) == name)
      throw UsageError("--" + name + ": needs a value, --" + name + " " + option.argument);
  }
  throw UsageError(error.what());
}

po::variables_map read_arguments(const std::vector<std::string>& arguments) {
  try {
    // Half a name is no name: an option that comes later must not change what an old script says.
    int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::options_description options = description();
    po::parsed_options parsed = po::command_line_parser(arguments).options(options).style(style).run();
    for (const auto& option : parsed.options) {
      if (option.position_key >= 0) refuse_word(option.value.empty() ? "" : option.value.front());
    }
    po::variables_map given;
    po::store(parsed, given);
    return given;
  } catch (const po::unknown_option& error) {
    refuse_option(error.get_option_name());
  } catch (const po::error_with_option_name& error) {
    refuse_form(error);
  } catch (const po::error& error) {
    throw UsageError(error.what());
  }
}

void check_together(const Config& config) {
  std::size_t most = std::max<std::size_t>(config.threads - 1, 1);
  if (config.cgi.max_running <= most) return;
  throw UsageError("--cgi-max " + std::to_string(config.cgi.max_running) +
                   ": must be less than the threads (" + std::to_string(config.threads) +
                   "), so that files are answered while scripts run; at most " + std::to_string(most));
}

Config config_from(const po::variables_map& given) {
  Config config;
  for (const Option& option : option_table()) {
    std::string name = long_name(option);
    if (option.apply == nullptr || given.count(name) == 0) continue;
    bool first = true;
    for (const auto& text : given[name].as<std::vector<std::string>>()) {
      if (text.starts_with("--")) refuse_missing_value(option);  // the next option was read as the value
      option.apply(config, {name, text, std::exchange(first, false)});
    }
  }
  complete(config);
  check_together(config);
  return config;
}

}  // namespace

void complete(Config& config) {
  if (config.threads == 0)
    config.threads = std::max<std::size_t>(8, std::size_t{4} * std::thread::hardware_concurrency());
  if (config.cgi.max_running == 0) {
    std::size_t most = std::max<std::size_t>(config.threads - 1, 1);
    config.cgi.max_running = std::clamp<std::size_t>(config.threads * 3 / 4, 1, most);
  }
  if (config.limits.spool_dir.empty()) {
    const char* folder = std::getenv("TMPDIR");
    config.limits.spool_dir = folder != nullptr && *folder != '\0' ? folder : "/tmp";
  }
}

Command parse_command_line(int argc, const char* const* argv) {
  po::variables_map given = read_arguments({argv + std::min(argc, 1), argv + argc});
  if (given.count("help") != 0) return Printout{help_text()};
  if (given.count("version") != 0) return Printout{"tinyhttpd " TINYHTTPD_VERSION "\n"};
  return config_from(given);
}

}  // namespace tinyhttpd
