// All that a script printed, taken apart as far as it goes: for those who judge it, where the server itself
// would stop at the first mistake.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/http.hpp"

namespace tinyhttpd {

/// Views point into the text that was read.
struct ScriptOutput {
  bool has_head = false;                     ///< an empty line ends it; else all below is empty
  std::string_view status_line = {};         ///< of an nph- script
  std::vector<std::string_view> lines = {};  ///< of the head, without their ends and the empty one
  std::vector<Field> fields = {};            ///< those lines that are fields
  std::size_t lf_lines = 0, crlf_lines = 0;  ///< how they end, all that belong to the head counted
  std::string_view body = {};
  int status = 0;  ///< what the client gets; 0 where that cannot be told

  const Field* find(std::string_view name) const;  ///< the first of that name that has a value, or null
  std::size_t count(std::string_view name) const;
};

/// Reads what a script printed (RFC 3875 section 6), or an nph- script (section 5).
ScriptOutput read_script_output(std::string_view output, bool non_parsed_header);

/// A media type and its charset, in lower case: "text/html" and "utf-8" of `text/html; Charset="UTF-8"`.
struct MediaTypeValue {
  std::string type;
  std::string charset = {};  ///< "" where none is said
};

/// Reads the value of Content-Type (RFC 9110 section 8.3.1); nothing when it has not that form.
std::optional<MediaTypeValue> read_media_type(std::string_view value);

/// What a Location is (RFC 3875 section 6.3.2).
enum class LocationForm {
  local,     ///< "/path?query"
  absolute,  ///< "scheme:…", with a fragment or without
  neither,   ///< relative, of another host by "//", with a fragment after a path, or no URI at all
};
LocationForm form_of_location(std::string_view value);

}  // namespace tinyhttpd
