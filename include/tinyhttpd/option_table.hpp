// The options as data: how each is written, what --help says of it, what it does to the Config.
#pragma once

#include <span>
#include <string>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/option_value.hpp"

namespace tinyhttpd {

/// The heading of --help an option stands under.
enum class Group { starting, cgi, limits };

/// One option.
struct Option {
  Group group;
  const char* name;                            ///< long, or "long,s" with its short name
  const char* argument;                        ///< what the value stands for; "" for an option without one
  const char* help;                            ///< one sentence or two, the default at the end
  void (*apply)(Config&, const OptionValue&);  ///< null: it asks for a text instead of a server
};

/// Every option there is, in the order of --help. Each value is read by its own function, which throws
/// UsageError.
std::span<const Option> option_table();

/// The long name, without dashes.
std::string long_name(const Option& option);

/// Whether a value follows the name.
bool takes_value(const Option& option);

}  // namespace tinyhttpd
