// The values of options: from the text that was said to a number, a size, a time, a list, or a UsageError
// that says what is right.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tinyhttpd/deadline.hpp"

namespace tinyhttpd {

/// The command line, the environment or the configuration file is wrong. what() is one line that names the
/// option and its value, and where it was said if not on the command line, and says what would be right:
/// "--port 70000: must be a number from 0 to 65535".
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One value of one option, as it was given.
struct OptionValue {
  std::string_view option;  ///< long name, without dashes
  std::string_view text;
  bool first = true;          ///< of a repeatable option: it replaces the default
  std::string_view key = {};  ///< of a value that is one side of a pair: "cpu=" in "cpu=10"
  /// How the place where it was said writes the option: "TINYHTTPD_PORT=", "tinyhttpd.conf line 12: port ".
  /// Empty: the command line, "--port ".
  std::string_view lead = {};
};

/// Throws the UsageError "LEAD KEY TEXT: RIGHT", key and text without a blank between them.
[[noreturn]] void refuse_value(const OptionValue& value, std::string_view right);

/// A whole number from `least` to `most`, in decimal digits only.
std::uint64_t number_from(const OptionValue& value, std::uint64_t least, std::uint64_t most);

/// A number of bytes from `least` to `most`: digits, then K, M or G (powers of 1024, either case) or nothing.
std::uint64_t size_from(const OptionValue& value, std::uint64_t least, std::uint64_t most);

/// The longest time an option may give, 23 days: its milliseconds still fit the int that poll(2) takes.
inline constexpr double kMaxSeconds = 2'000'000;

/// 65536 as "64K": the largest unit that divides it.
std::string size_text(std::uint64_t size);

/// Seconds, fractions allowed: more than 0 and at most kMaxSeconds.
Seconds seconds_from(const OptionValue& value);

/// The items of "a,b", without the blanks around each. There is at least one, and none is empty.
std::vector<std::string> list_from(const OptionValue& value);

/// "on" or "off".
bool switch_from(const OptionValue& value);

/// Both sides of the first '='; each of them must hold something. `form` is how it should look:
/// "EXT=PROGRAM".
std::pair<std::string, std::string> pair_from(const OptionValue& value, std::string_view form);

}  // namespace tinyhttpd
