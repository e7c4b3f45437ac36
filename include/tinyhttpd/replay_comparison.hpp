// A request that was sent again: whether it can be, and whether its answer was the same.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tinyhttpd {

struct RecordedExchange;

/// The body of the request as far as a script was given it; "" where there was none. Nothing where it was not
/// recorded, or not all of it. Of a JSON event it is what the event holds.
std::optional<std::string> request_body_of(const RecordedExchange& exchange);

/// Why the exchange cannot be repeated; nothing where it can.
std::optional<std::string> why_no_replay(const RecordedExchange& exchange);

/// Two exchanges compared.
struct ReplayComparison {
  bool same_status = false;
  bool same_body = false;                ///< what the scripts wrote after their heads, as far as it was kept
  std::vector<std::string> differences;  ///< a sentence each, with raw bytes of heads; empty: none was found
};

ReplayComparison compare_replay(const RecordedExchange& original, const RecordedExchange& replay);

}  // namespace tinyhttpd
