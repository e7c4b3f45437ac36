#include "tinyhttpd/option_sources.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/program_options.hpp>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/config_file.hpp"
#include "tinyhttpd/option_table.hpp"
#include "tinyhttpd/option_value.hpp"

namespace tinyhttpd {

namespace {

namespace po = boost::program_options;

// ---- The command line

/// The options as Boost knows them. Values stay text: whatever the source, the table reads them.
po::options_description description() {
  po::options_description all;
  for (const Option& option : option_table()) {
    if (takes_value(option)) {
      all.add_options()(option.name, po::value<std::string>());
    } else if (is_switch(option)) {
      all.add_options()(option.name, po::value<std::string>()->implicit_value("on"));
    } else {
      all.add_options()(option.name, "");
    }
  }
  return all;
}

[[noreturn]] void refuse_option(const std::string& shown) {
  const std::size_t begin = shown.find_first_not_of('-');
  const std::string hint = begin == shown.npos || begin < 2 ? "" : nearest_option(shown.substr(begin));
  throw UsageError(shown + ": there is no such option; " +
                   (hint.empty() ? "--help lists them" : "did you mean --" + hint + "?"));
}

[[noreturn]] void refuse_word(const std::string& word) {
  const bool is_number = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
  throw UsageError((word.empty() ? "''" : word) + ": a word that belongs to no option; did you mean " +
                   (is_number ? "--port " : "--root ") + (word.empty() ? "DIR" : word) + "?");
}

/// Of a word that stands behind a switch and is neither on nor off.
[[noreturn]] void refuse_switch_word(const Option& option, const std::string& word) {
  const bool is_meant_for_it = word == "yes" || word == "no" || word == "true" || word == "false";
  if (!is_meant_for_it) refuse_word(word);
  refuse_value({.option = long_name(option), .text = word}, "must be on or off");
}

[[noreturn]] void refuse_missing_value(const Option& option) {
  const std::string name = "--" + long_name(option);
  throw UsageError(name + ": needs a value, " + name + " " + option.argument);
}

/// Boost's complaint about the form of an option, in our words.
[[noreturn]] void refuse_form(const po::error_with_option_name& error) {
  std::string name = error.get_option_name();
  name.erase(0, std::min(name.size(), name.find_first_not_of('-')));
  const Option* option = find_option(name);
  if (option == nullptr) throw UsageError(error.what());
  if (takes_value(*option)) refuse_missing_value(*option);
  throw UsageError("--" + name + ": takes no value");
}

std::vector<po::option> split_arguments(const std::vector<std::string>& arguments) {
  try {
    // Half a name is no name: an option that comes later must not change what an old script says.
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    const po::options_description options = description();
    return po::command_line_parser(arguments).options(options).style(style).run().options;
  } catch (const po::unknown_option& error) {
    refuse_option(error.get_option_name());
  } catch (const po::error_with_option_name& error) {
    refuse_form(error);
  } catch (const po::error& error) {
    throw UsageError(error.what());
  }
}

/// The text of the value. Boost hands a word of its own to whatever option may take one: "--port --threads 4"
/// would be a port named --threads, and "--autoindex htdocs" a switch.
std::string value_of(const Option& option, const po::option& found) {
  if (found.value.empty()) return "on";
  const std::string& word = found.value.front();
  const bool is_own_word = found.original_tokens.size() > 1;
  if (is_own_word && takes_value(option) && word.starts_with("--")) refuse_missing_value(option);
  if (is_own_word && is_switch(option) && word != "on" && word != "off") refuse_switch_word(option, word);
  return word;
}

// ---- The environment

constexpr std::string_view kPrefix = "TINYHTTPD_";

/// What the tests of this project say to themselves.
constexpr std::string_view kNoOption = "TINYHTTPD_UNDER_TEST";

const Option* option_of(std::string_view variable) {
  for (const Option& option : option_table()) {
    if (variable_of(long_name(option)) == variable) return &option;
  }
  return nullptr;
}

std::string option_name_of(std::string_view variable) {
  std::string name(variable.substr(kPrefix.size()));
  for (char& c : name) c = c == '_' ? '-' : to_lower(c);
  return name;
}

/// Why this variable counts for nothing.
std::string unused(const std::string& variable, const Option* option) {
  if (option != nullptr)
    return variable + ": is not used; --" + long_name(*option) + " belongs on the command line";
  const std::string hint = nearest_option(option_name_of(variable));
  return variable + ": is not used, there is no such option" +
         (hint.empty() ? "" : "; did you mean " + variable_of(hint) + "?");
}

std::vector<Said> values_in(std::string_view text, const std::string& variable) {
  std::vector<Said> values;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) values.push_back({std::string(text.substr(0, end)), Source::environment, variable});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return values;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

}  // namespace

std::string lead_of(const std::string& option, const Said& said) {
  switch (said.source) {
    case Source::arguments: return "--" + option + " ";
    case Source::environment: return said.place + "=";
    case Source::file: return said.place + ": " + option + " ";
  }
  return option;
}

Given read_arguments(const std::vector<std::string>& arguments) {
  Given given;
  for (const po::option& found : split_arguments(arguments)) {
    if (found.position_key >= 0) refuse_word(found.value.empty() ? "" : found.value.front());
    given[found.string_key].push_back({value_of(*find_option(found.string_key), found)});
  }
  return given;
}

Given read_environment(const std::vector<std::string>& environment, std::vector<std::string>& warnings) {
  Given given;
  for (const std::string& entry : environment) {
    const std::size_t equals = entry.find('=');
    const std::string variable = entry.substr(0, equals);
    if (!variable.starts_with(kPrefix) || variable == kNoOption || equals == entry.npos) continue;
    const Option* option = option_of(variable);
    if (option == nullptr || option->said_in == SaidIn::arguments) {
      warnings.push_back(unused(variable, option));
      continue;
    }
    auto values = values_in(std::string_view(entry).substr(equals + 1), variable);
    if (!values.empty()) given[long_name(*option)] = std::move(values);
  }
  return given;
}

Given with_other_sources(Given given, Reading reading, std::vector<std::string>& warnings) {
  given.merge(read_environment(own_environment(), warnings));
  const auto config = given.find("config");
  if (config == given.end()) return given;
  const Said& path = config->second.back();
  const std::string lead = lead_of("config", path);
  given.merge(read_config_file({.option = "config", .text = path.text, .lead = lead}, reading));
  return given;
}

std::string variable_of(std::string_view option) {
  std::string variable(kPrefix);
  for (const char c : option) {
    const bool is_lower = c >= 'a' && c <= 'z';
    variable += c == '-' ? '_' : is_lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return variable;
}

}  // namespace tinyhttpd
