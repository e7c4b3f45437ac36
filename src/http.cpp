#include "tinyhttpd/http.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tinyhttpd/ascii.hpp"

namespace tinyhttpd {

namespace {

constexpr bool is_ows(char c) {
  return c == ' ' || c == '\t';
}

/// tchar of RFC 9110 section 5.6.2.
constexpr CharSet kTokenChar = letters_digits_and("!#$%&'*+-.^_`|~");

constexpr std::array<std::pair<std::string_view, Method>, 9> kMethods = {{
    {"GET", Method::get},
    {"HEAD", Method::head},
    {"POST", Method::post},
    {"PUT", Method::put},
    {"DELETE", Method::delete_},
    {"OPTIONS", Method::options},
    {"PATCH", Method::patch},
    {"TRACE", Method::trace},
    {"CONNECT", Method::connect},
}};

}  // namespace

Method method_named(std::string_view name) {
  const auto found = std::find_if(kMethods.begin(), kMethods.end(),
                                  [name](const auto& method) { return method.first == name; });
  return found == kMethods.end() ? Method::other : found->second;
}

bool iequals_at_length(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(),
                    [](char left, char right) { return left == right || to_lower(left) == to_lower(right); });
}

bool is_token_char(char c) {
  return contains(kTokenChar, c);
}

std::size_t token_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_token_char(text[length])) ++length;
  return length;
}

bool is_token(std::string_view text) {
  return !text.empty() && token_length(text) == text.size();
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_ows(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_ows(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::string_view> Request::field(std::string_view name) const {
  for (const Field& candidate : fields) {
    if (iequals(candidate.name, name)) return candidate.value;
  }
  return std::nullopt;
}

void Request::clear() {
  static_cast<RequestLineAndFraming&>(*this) = {};
  path.clear();
  fields.clear();
  user.clear();
}

}  // namespace tinyhttpd
