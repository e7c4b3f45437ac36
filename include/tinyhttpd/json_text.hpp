// Text that should be JSON, checked more strictly than a parser does (RFC 8259).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

/// Values nested deeper than this are refused.
inline constexpr std::size_t kMaxJsonDepth = 64;

/// What a JSON value is, seen from outside.
struct JsonOutline {
  bool has_member = false;                      ///< it is an object with the member that was asked for
  std::optional<std::string> bare_string = {};  ///< its text, when it is a string
};

/// Reads one JSON value, with white space around it, and keeps nothing of it. Fails with a sentence that says
/// what is wrong and where: "line 1, column 7: …", columns in bytes. Refused beside what RFC 8259 refuses:
/// nesting deeper than kMaxJsonDepth, a member named twice in one object, a byte order mark, strings that are
/// no UTF-8 or name half of a surrogate pair, numbers past the range of a double. Time and memory grow in
/// proportion to `text`.
Result<JsonOutline, std::string> check_json(std::string_view text, std::string_view member);

}  // namespace tinyhttpd
