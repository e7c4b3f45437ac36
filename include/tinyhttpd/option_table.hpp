// The options as data: how each is written, what --help says of it, what it does to the Config.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/option_value.hpp"

namespace tinyhttpd {

/// The heading of --help an option stands under.
enum class Group { starting, files, cgi, gateways, limits, watching };

/// Which sources may speak of an option. What only this one start is about belongs on the command line.
enum class SaidIn { anywhere, arguments_and_environment, arguments };

/// One option.
struct Option {
  Group group;
  const char* name;                            ///< long, or "long,s" with its short name
  const char* argument;                        ///< what the value stands for; "" for an option without one
  const char* help;                            ///< one sentence or two, the default at the end
  void (*apply)(Config&, const OptionValue&);  ///< null: it asks for a text, or names where options are
  void (*keep)(Config& next, const Config& now) = nullptr;  ///< for what cannot change while the server runs:
                                                            ///< takes it over; null: a reload may change it
  SaidIn said_in = SaidIn::anywhere;
};

/// Every option there is, in the order of --help. Each value is read by its own function, which throws
/// UsageError.
std::span<const Option> option_table();

/// The long name, without dashes.
std::string long_name(const Option& option);

/// Whether a value must follow the name.
bool takes_value(const Option& option);

/// Whether it is on when its name stands alone, and may be followed by on or off.
bool is_switch(const Option& option);

/// The option of that long name; null: there is none.
const Option* find_option(std::string_view name);

/// The long name of the option that was probably meant by `misspelt` (without dashes), or "".
std::string nearest_option(std::string_view misspelt);

}  // namespace tinyhttpd
