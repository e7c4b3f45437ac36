// The lines of a file that people write.
#pragma once

#include <algorithm>
#include <string_view>

namespace tinyhttpd {

/// `text` without the byte order mark that some editors put before it.
inline std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

/// Takes the first line off `text`, which is not empty, and returns it without its end: LF, CRLF, or none.
inline std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace tinyhttpd
