// Command lines and environments for the tests of the options.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tinyhttpd/command_line.hpp"

namespace tinyhttpd {

/// Reads the words as those after the program's name.
inline Command parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "tinyhttpd");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

inline Config config_of(std::vector<const char*> arguments) {
  return std::get<Config>(parse(std::move(arguments)));
}

/// The settings alone: not what was said for them, nor the warnings.
inline Config settings_of(std::vector<const char*> arguments) {
  Config config = config_of(std::move(arguments));
  config.given.clear();
  config.warnings.clear();
  return config;
}

/// The one line that refuses these words; "accepted" when there is none.
inline std::string error_of(const std::vector<const char*>& arguments) {
  try {
    parse(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

/// Sets a variable of this process for as long as it lives. What it was before comes back.
class Variable {
 public:
  Variable(const std::string& name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  ~Variable() {
    if (before_) ::setenv(name_.c_str(), before_->c_str(), 1);
    if (!before_) ::unsetenv(name_.c_str());
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

}  // namespace tinyhttpd
