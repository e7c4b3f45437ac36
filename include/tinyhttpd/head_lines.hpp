// The lines of a head as somebody wrote them: a client, a script, or this server. Nothing is judged here.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace tinyhttpd {

/// One line of a head. All views point into the head.
struct HeadLine {
  std::string_view text;   ///< without its end
  std::string_view end;    ///< "\r\n", "\n", or "" where the head stops first
  std::string_view name;   ///< before the ':', without the blanks behind it; "" where that is no field name
  std::string_view value;  ///< after it, without the blanks around it; all of `text` where there is no name
};

/// The lines of `head` up to its first empty line, or up to its end. Empty lines before the first line are
/// passed over, as a server does with those before a request line (RFC 9112 section 2.2).
std::vector<HeadLine> lines_of_head(std::string_view head);

/// The value of the first field of that name, whatever its case.
std::optional<std::string_view> value_in(const std::vector<HeadLine>& lines, std::string_view name);

/// The value of a variable in a list of "NAME=VALUE", if it is there.
template <typename Strings>
std::optional<std::string_view> variable_in(const Strings& environment, std::string_view name) {
  for (const std::string_view variable : environment)
    if (variable.size() > name.size() && variable[name.size()] == '=' && variable.starts_with(name))
      return variable.substr(name.size() + 1);
  return std::nullopt;
}

}  // namespace tinyhttpd
