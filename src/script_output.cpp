#include "tinyhttpd/script_output.hpp"

#include <algorithm>
#include <charconv>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/cgi_message.hpp"

namespace tinyhttpd {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), to_lower);
  return result;
}

void read_lines(std::string_view head, ScriptOutput& output) {
  while (!head.empty()) {
    const std::size_t end = head.find('\n');
    std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 1);  // a complete head ends in LF
    const bool is_crlf = line.ends_with('\r');
    ++(is_crlf ? output.crlf_lines : output.lf_lines);
    if (is_crlf) line.remove_suffix(1);
    if (!line.empty()) output.lines.push_back(line);
  }
}

int number_in(std::string_view digits) {
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? number : 0;
}

int status_in(const ScriptOutput& output) {
  constexpr std::size_t kStatusAt = 9;  // of "HTTP/1.1 200 OK"
  if (output.status_line.size() >= kStatusAt) return number_in(output.status_line.substr(kStatusAt, 3));
  if (const Field* status = output.find("Status")) return number_in(status->value.substr(0, 3));
  return output.find("Location") != nullptr ? 302 : 200;
}

bool belongs_in_a_uri(char c) {
  constexpr std::string_view kNever = "\"<>\\^`{|} ";
  return c > ' ' && c < 0x7F && kNever.find(c) == kNever.npos;
}

std::size_t scheme_length(std::string_view value) {
  constexpr CharSet kSchemeBytes = letters_digits_and("+-.");
  if (value.empty() || !is_letter(value.front())) return 0;
  const auto end =
      std::find_if(value.begin(), value.end(), [&](char c) { return !contains(kSchemeBytes, c); });
  return static_cast<std::size_t>(end - value.begin());
}

/// Takes the value of a parameter off `rest`: a token or a quoted string (RFC 9110 section 5.6.6).
std::optional<std::string> take_value(std::string_view& rest) {
  if (!rest.starts_with('"')) {
    const std::string_view token = rest.substr(0, token_length(rest));
    rest.remove_prefix(token.size());
    return token.empty() ? std::nullopt : std::optional<std::string>(token);
  }
  std::string value;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '"') {
      rest.remove_prefix(at + 1);
      return value;
    }
    if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
    value += rest[at];
  }
  return std::nullopt;
}

/// Takes "; name=value" off `rest`. Empty parameters between semicolons are none. False: it is not one.
bool take_parameter(std::string_view& rest, MediaTypeValue& type) {
  rest = trim(rest);
  if (!rest.starts_with(';')) return false;
  rest = trim(rest.substr(1));
  const std::string_view name = rest.substr(0, token_length(rest));
  if (name.empty()) return rest.empty() || rest.starts_with(';');
  rest.remove_prefix(name.size());
  if (!rest.starts_with('=')) return false;
  rest.remove_prefix(1);
  const auto value = take_value(rest);
  if (value && iequals(name, "charset")) type.charset = lower(*value);
  return value.has_value();
}

}  // namespace

const Field* ScriptOutput::find(std::string_view name) const {
  // RFC 3875 section 6.3: a field without a value is as if it had not been sent.
  const auto found = std::find_if(fields.begin(), fields.end(), [name](const Field& field) {
    return iequals(field.name, name) && !field.value.empty();
  });
  return found == fields.end() ? nullptr : &*found;
}

std::size_t ScriptOutput::count(std::string_view name) const {
  const auto number = std::count_if(fields.begin(), fields.end(),
                                    [name](const Field& field) { return iequals(field.name, name); });
  return static_cast<std::size_t>(number);
}

ScriptOutput read_script_output(std::string_view text, bool non_parsed_header) {
  ScriptOutput output;
  const auto end = find_cgi_head_end(text, 0);
  if (!end) return output;
  output.has_head = true;
  output.body = text.substr(*end);
  read_lines(text.substr(0, *end), output);
  if (non_parsed_header && !output.lines.empty()) {
    output.status_line = output.lines.front();
    output.lines.erase(output.lines.begin());
  }
  for (const std::string_view line : output.lines) {
    const std::size_t colon = line.find(':');
    if (colon != line.npos && is_token(line.substr(0, colon)))
      output.fields.push_back({line.substr(0, colon), trim(line.substr(colon + 1))});
  }
  output.status = status_in(output);
  return output;
}

std::optional<MediaTypeValue> read_media_type(std::string_view value) {
  const std::size_t major = token_length(value);
  if (major == 0 || value.substr(major, 1) != "/") return std::nullopt;
  const std::size_t minor = token_length(value.substr(major + 1));
  if (minor == 0) return std::nullopt;
  MediaTypeValue type{lower(value.substr(0, major + 1 + minor))};
  std::string_view rest = value.substr(type.type.size());
  while (!trim(rest).empty())
    if (!take_parameter(rest, type)) return std::nullopt;
  return type;
}

LocationForm form_of_location(std::string_view value) {
  if (!std::all_of(value.begin(), value.end(), belongs_in_a_uri)) return LocationForm::neither;
  if (value.starts_with('/')) {
    const bool is_local = !value.starts_with("//") && value.find('#') == value.npos;
    return is_local ? LocationForm::local : LocationForm::neither;
  }
  const std::size_t scheme = scheme_length(value);
  const bool is_absolute = scheme > 0 && scheme + 1 < value.size() && value[scheme] == ':';
  return is_absolute ? LocationForm::absolute : LocationForm::neither;
}

}  // namespace tinyhttpd
