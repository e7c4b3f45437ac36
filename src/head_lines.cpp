#include "tinyhttpd/head_lines.hpp"

#include <algorithm>

#include "tinyhttpd/http.hpp"

namespace tinyhttpd {

namespace {

HeadLine take_line(std::string_view& rest) {
  const std::size_t line_feed = std::min(rest.find('\n'), rest.size());
  const std::string_view whole = rest.substr(0, line_feed + 1);
  rest.remove_prefix(whole.size());
  std::size_t length = line_feed;
  if (whole.ends_with("\r\n")) --length;
  HeadLine line{whole.substr(0, length), whole.substr(length), {}, {}};
  const std::size_t colon = std::min(line.text.find(':'), line.text.size());
  const std::string_view name = trim(line.text.substr(0, colon));
  const bool is_field = colon < line.text.size() && is_token(name);
  if (is_field) line.name = name;
  line.value = trim(is_field ? line.text.substr(colon + 1) : line.text);
  return line;
}

}  // namespace

std::vector<HeadLine> lines_of_head(std::string_view head) {
  std::vector<HeadLine> lines;
  while (!head.empty()) {
    const HeadLine line = take_line(head);
    if (!line.text.empty()) {
      lines.push_back(line);
    } else if (!lines.empty()) {
      break;
    }
  }
  return lines;
}

std::optional<std::string_view> value_in(const std::vector<HeadLine>& lines, std::string_view name) {
  for (const HeadLine& line : lines)
    if (iequals(line.name, name)) return line.value;
  return std::nullopt;
}

}  // namespace tinyhttpd
