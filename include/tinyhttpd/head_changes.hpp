// The head that a script wrote beside the head that was sent: which line became which, and why.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tinyhttpd {

struct RecordedExchange;

/// One line of either head, or one of each. Raw bytes, without line ends.
struct HeadChange {
  std::optional<std::string> script;  ///< as the script wrote it; nothing: the server added the line
  std::optional<std::string> sent;    ///< as the client got it; nothing: the server took the line out
  std::string why;                    ///< a sentence
  std::string section = {};           ///< "RFC 3875 section 6.3.3"; "" where none says so
};

/// The lines of the script's head in its order, then those that only the server wrote. A line that went out
/// as it came is among them, and says so. Nothing where no script and no backend answered. Where the script
/// failed before its head was sent, none of its lines becomes one of the answer.
std::vector<HeadChange> head_changes(const RecordedExchange& exchange);

}  // namespace tinyhttpd
