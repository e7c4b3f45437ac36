// Where the script of an exchange lies and runs.
#pragma once

#include <string>

namespace tinyhttpd {

struct RecordedExchange;

/// Absolute paths; "" where they are not known.
struct ScriptPlace {
  std::string file;
  std::string folder;  ///< where it is started (RFC 3875 section 7.2)
};

ScriptPlace place_of_script(const RecordedExchange& exchange);

}  // namespace tinyhttpd
