// The configuration file: options one a line, as Boost.Program_options' INI form has them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tinyhttpd/option_sources.hpp"
#include "tinyhttpd/option_value.hpp"

namespace tinyhttpd {

/// A file over this size is none of ours.
inline constexpr std::size_t kMaxConfigFileBytes = std::size_t{1} << 20U;

/// Reads the text of a configuration file that errors call `name`: a line is "OPTION = VALUE", the long name
/// of an option and its value, blanks around each left out; '#' begins a comment; empty lines count for
/// nothing. What this accepts means the same to boost::program_options::parse_config_file, which also takes
/// sections and values cut short by a '#'. A byte order mark and line ends of CR LF do not matter. Values are
/// not read yet. Throws UsageError "NAME line N: …".
Given read_config_text(std::string_view text, const std::string& name);

/// Reads the file that this value of --config names. Throws UsageError when it cannot be read, is a folder or
/// is over kMaxConfigFileBytes, and as read_config_text does. At the start a pipe will do, such as a shell
/// makes of <(command); for a reload it is refused, since it can be read only once.
Given read_config_file(const OptionValue& path, Reading reading);

}  // namespace tinyhttpd
