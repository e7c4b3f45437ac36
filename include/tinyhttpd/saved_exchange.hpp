// An exchange of a script as somebody saved it: the JSON of /api/exchanges/17, read back.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/recorded_exchange.hpp"

namespace tinyhttpd {

/// One variable of the environment.
struct SavedVariable {
  std::string name, value;
  bool masked = false;  ///< '*' stand in its value for what is secret
};

/// What it takes to run the script once more, and what it did then.
struct SavedExchange {
  std::uint64_t id = 0;
  std::string script;                  ///< its URL path
  std::string folder;                  ///< absolute; it ran in there
  std::vector<std::string> arguments;  ///< an absolute program first
  std::vector<SavedVariable> environment;
  std::array<std::string, 3> streams;             ///< whole; secrets in them are masked
  std::string failure;                            ///< the name of a ScriptFault; "": it did not fail
  std::optional<RecordedExit> exit = {};          ///< nothing where it was not started
  std::optional<std::int64_t> microseconds = {};  ///< from its start to its end
};

/// Reads it. Throws UsageError, one line that begins with `name` (of the file), where the text is no such
/// JSON, with the line or the member that is wrong; and, with the reason, where no CGI script ran, where it
/// had not ended, or where one of its streams was not kept whole. Members that it does not know are passed
/// over.
SavedExchange read_saved_exchange(std::string_view name, std::string_view text);

}  // namespace tinyhttpd
