#include "tinyhttpd/request_parser.hpp"

#include <algorithm>

#include "tinyhttpd/request_fields.hpp"
#include "tinyhttpd/request_target.hpp"

namespace tinyhttpd {

namespace {

/// No method of the registry comes near it. A longer one is refused without a look at the rest.
constexpr std::size_t kMaxMethodBytes = 32;

/// Drops the one empty line that may precede a request line (RFC 9112 section 2.2).
std::string_view skip_empty_line(std::string_view received) {
  if (received.starts_with("\r\n")) return received.substr(2);
  if (received.starts_with('\n')) return received.substr(1);
  return received;
}

// --- The request line (RFC 9112 section 3) ---

/// `line` may be the beginning of a request line. Looks at the method only, and never past kMaxMethodBytes.
std::optional<Rejection> refuse_method(std::string_view line) {
  const std::size_t length = token_length(line.substr(0, kMaxMethodBytes + 1));
  if (length > kMaxMethodBytes) return unimplemented("method is longer than any we know");
  if (length == line.size()) return std::nullopt;
  if (length == 0 || line[length] != ' ') return bad_request("method is not a token");
  return std::nullopt;
}

/// The bytes between the first two spaces, or after the first when there is no second yet.
std::string_view target_of(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == line.npos) return {};
  line.remove_prefix(space + 1);
  return line.substr(0, line.find(' '));
}

/// HTTP-name "/" DIGIT "." DIGIT, case-sensitive (RFC 9112 section 2.3). A higher minor version is read
/// as 1.1 (RFC 9110 section 2.5).
Result<void> parse_version(std::string_view version, Request& request) {
  const auto is_digit_at = [version](std::size_t i) { return version[i] >= '0' && version[i] <= '9'; };
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit_at(5) || version[6] != '.' ||
      !is_digit_at(7)) {
    return bad_request("request line does not end with an HTTP version");
  }
  if (version[5] != '1') return version_not_supported("HTTP version is not 1");
  request.minor_version = version[7] == '0' ? 0 : 1;
  return {};
}

/// method SP request-target SP HTTP-version, each space exactly one. That the method is a token and the
/// target within its limit, refuse_early has seen.
Result<void> parse_request_line(Request& request) {
  const std::string_view line = request.line;
  const std::size_t first = line.find(' ');
  const std::size_t second = first == line.npos ? first : line.find(' ', first + 1);
  if (second == line.npos) return bad_request("request line has fewer than three words");
  request.method_name = line.substr(0, first);
  request.target = line.substr(first + 1, second - first - 1);
  request.method = method_named(request.method_name);
  if (request.target.empty()) return bad_request("request line has two spaces in a row");
  if (auto version = parse_version(line.substr(second + 1), request); !version) return version;
  if (request.method == Method::other) return unimplemented("unknown method");
  return parse_target(request);
}

// --- The field lines (RFC 9112 section 5) ---

/// field-vchar, space and tab (RFC 9110 section 5.5).
constexpr bool is_field_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return ((byte >= 0x20) & (byte != 0x7F)) | (byte == '\t');
}

bool is_field_value(std::string_view value) {
  // Sixteen bytes without an early end, which the compiler takes at once.
  constexpr std::size_t kBlock = 16;
  for (; value.size() >= kBlock; value.remove_prefix(kBlock)) {
    unsigned char invalid = 0;
    for (std::size_t i = 0; i < kBlock; ++i)
      invalid |= static_cast<unsigned char>(!is_field_value_char(value[i]));
    if (invalid != 0) return false;
  }
  return std::all_of(value.begin(), value.end(), [](char c) { return is_field_value_char(c); });
}

/// field-name ":" OWS field-value OWS
Result<void> parse_field_line(std::string_view line, Request& request) {
  const std::size_t name_length = token_length(line);
  if (name_length == 0 && (line[0] == ' ' || line[0] == '\t')) {
    // A folded line, or white space before the first field (RFC 9112 sections 5.2 and 2.2).
    return bad_request("field line begins with white space");
  }
  if (name_length == 0 || name_length == line.size() || line[name_length] != ':') {
    return bad_request("field name is not a token with a colon after it");
  }
  const std::string_view value = trim(line.substr(name_length + 1));
  if (!is_field_value(value)) return bad_request("control byte in a field value");
  request.fields.push_back({line.substr(0, name_length), value});
  return {};
}

/// Reads field lines up to the empty one, which must end `rest`.
Result<void> parse_fields(std::string_view rest, std::size_t max_fields, Request& request) {
  std::string_view line;
  while (get_line(rest, line)) {
    if (line.empty()) {
      if (!rest.empty()) return bad_request("bytes after the end of the head");
      return {};
    }
    if (request.fields.size() == max_fields)
      return header_fields_too_large("more than " + std::to_string(max_fields) + " fields (--max-headers)");
    if (auto parsed = parse_field_line(line, request); !parsed) return parsed;
  }
  return bad_request("head without its empty line");
}

}  // namespace

bool get_line(std::string_view& rest, std::string_view& line) {
  const std::size_t end = rest.find('\n');
  if (end == rest.npos) return false;
  line = rest.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  rest.remove_prefix(end + 1);
  return true;
}

std::optional<std::size_t> HeadScanner::find_end(std::string_view received) {
  while (scanned_ < received.size()) {
    const std::size_t line_end = received.find('\n', scanned_);
    if (line_end == received.npos) {
      scanned_ = received.size();
      return std::nullopt;
    }
    const std::string_view line = received.substr(line_start_, line_end - line_start_);
    const bool is_first_line = line_start_ == 0;
    scanned_ = line_start_ = line_end + 1;
    if ((line.empty() || line == "\r") && !is_first_line) return line_start_;
  }
  return std::nullopt;
}

std::optional<Rejection> refuse_early(std::string_view received, const Limits& limits) {
  if (received.empty()) return std::nullopt;
  // What lies past the limit is not looked at, or the answer would depend on how much of it has come.
  const bool too_large = received.size() > limits.max_header_bytes;
  if (too_large) received = received.substr(0, limits.max_header_bytes);
  if (received == "\r") return std::nullopt;  // may become an empty line
  received = skip_empty_line(received);
  const std::size_t line_end = received.find('\n');
  if (line_end == 0) return bad_request("more than one empty line before the request");
  const std::string_view line = received.substr(0, line_end);
  if (auto refused = refuse_method(line)) return refused;
  if (target_of(line).size() > limits.max_target_bytes)
    return uri_too_long("the target is over " + std::to_string(limits.max_target_bytes) + " bytes");
  if (!too_large) return std::nullopt;
  if (line_end == received.npos) return uri_too_long("request line is too long");
  return header_fields_too_large("the head is over " + std::to_string(limits.max_header_bytes) +
                                 " bytes (--max-header)");
}

Result<void> parse_request(std::string_view head, const Limits& limits, Request& request) {
  request.clear();
  std::string_view rest = skip_empty_line(head);
  const bool has_line = get_line(rest, request.line);
  if (!has_line) request.line = rest;
  if (auto refused = refuse_early(head, limits)) return *std::move(refused);
  if (!has_line) return bad_request("head without its empty line");
  if (auto parsed = parse_request_line(request); !parsed) return parsed;
  if (auto parsed = parse_fields(rest, limits.max_headers, request); !parsed) return parsed;
  return interpret_fields(request);
}

}  // namespace tinyhttpd
