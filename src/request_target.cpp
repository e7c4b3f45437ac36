#include "tinyhttpd/request_target.hpp"

#include <cstddef>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/utf8.hpp"

namespace tinyhttpd {

namespace {

/// Whether every byte of `text` is in `set`.
bool all_in(const CharSet& set, std::string_view text) {
  for (const char c : text) {
    if (!contains(set, c)) return false;
  }
  return true;
}

/// pchar and '/' of RFC 3986 section 3.3, without '%'.
constexpr CharSet kPathChar = letters_digits_and("-._~!$&'()*+,;=:@/");

/// What a target's path or query may hold: RFC 3986's characters and those that browsers do not escape
/// (WHATWG URL section 1.3).
constexpr CharSet kTargetChar = letters_digits_and("-._~!$&'()*+,;=:@/%?[]{}|^`");

/// What a path may hold that means itself wherever it stands.
constexpr CharSet kOrdinaryPathChar = letters_digits_and("-_~!$&'()*+,;=:@[]{}|^`");

/// Whether normalise_path would make of `raw` just that, as it does of most: nothing is escaped, no segment
/// is empty or begins with a dot.
bool is_normal(std::string_view raw) {
  bool begins_segment = false;
  for (const char c : raw) {
    if (contains(kOrdinaryPathChar, c)) {
      begins_segment = false;
      continue;
    }
    if (begins_segment || (c != '/' && c != '.')) return false;
    begins_segment = c == '/';
  }
  return true;
}

/// The byte that the escape at the beginning of `raw` means ("%2F"); -1 when there is no whole escape.
int escaped_byte(std::string_view raw) {
  if (raw.size() < 3 || raw[0] != '%') return -1;
  const int high = hex_value(raw[1]);
  const int low = hex_value(raw[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/// Ends the segment that begins at `start`: drops it when it is empty or ".", takes the one before it away
/// too when it is "..". `path` then ends with a '/', or with a segment when that was the last. RFC 3986
/// section 5.2.4, but for what climbs above the root.
Result<void> end_segment(std::string& path, std::size_t start, bool last) {
  const std::string_view segment = std::string_view(path).substr(start);
  if (segment.empty()) return {};
  if (segment == ".") {
    path.resize(start);
  } else if (segment == "..") {
    if (start == 1) return bad_request("path climbs above the root");
    path.resize(path.rfind('/', start - 2) + 1);
  } else {
    if (!is_utf8(segment)) return bad_request("path is not UTF-8");
    if (!last) path += '/';
  }
  return {};
}

/// Splits `target` into `path_part` and the request's query, which begins after the first '?'.
void split_query(std::string_view target, std::string_view& path_part, Request& request) {
  const std::size_t mark = target.find('?');
  path_part = target.substr(0, mark);
  request.has_query = mark != target.npos;
  if (request.has_query) request.query = target.substr(mark + 1);
}

/// RFC 9112 section 3.2.1: absolute-path [ "?" query ].
Result<void> parse_origin_form(std::string_view target, Request& request) {
  std::string_view path_part;
  split_query(target, path_part, request);
  return normalise_path(path_part, request.path);
}

/// RFC 9112 section 3.2.2: a whole http or https URI. Its authority counts, not the Host field's.
Result<void> parse_absolute_form(Request& request) {
  const std::size_t colon = request.target.find("://");
  const std::string_view scheme = request.target.substr(0, colon);
  if (colon == request.target.npos || !(iequals(scheme, "http") || iequals(scheme, "https"))) {
    return bad_request("target is neither a path nor an http URI");
  }
  std::string_view rest = request.target.substr(colon + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  std::string_view port;
  if (!split_authority(authority, request.host, port)) return bad_request("bad authority in the target");
  request.host_field = authority;
  rest.remove_prefix(authority.size());
  if (rest.empty() && request.method == Method::options) {
    request.path = "*";  // RFC 9110 section 4.2.3: here no path is not "/"
    return {};
  }
  if (!rest.empty() && rest.front() == '/') return parse_origin_form(rest, request);
  std::string_view no_path;
  split_query(rest, no_path, request);
  request.path = "/";
  return {};
}

/// RFC 9112 section 3.2.3: host ":" port, both there, for CONNECT only.
Result<void> parse_authority_form(Request& request) {
  std::string_view port;
  if (!split_authority(request.target, request.host, port) || port.empty()) {
    return bad_request("CONNECT needs host:port");
  }
  request.host_field = request.target;
  request.path = "*";
  return {};
}

}  // namespace

Result<void> parse_target(Request& request) {
  // '#' is not in the set: no client may send a fragment (RFC 9112 section 3.2), and whoever does wants two
  // readers to differ.
  if (!all_in(kTargetChar, request.target)) return bad_request("target holds a byte that belongs in no URI");
  if (request.method == Method::connect) return parse_authority_form(request);
  if (request.target.starts_with('/')) return parse_origin_form(request.target, request);
  if (request.target != "*") return parse_absolute_form(request);
  // RFC 9112 section 3.2.4: only a server-wide OPTIONS has no path.
  if (request.method != Method::options) return bad_request("target * with another method than OPTIONS");
  request.path = "*";
  return {};
}

Result<void> normalise_path(std::string_view raw, std::string& path) {
  if (!raw.starts_with('/')) return bad_request("path does not begin with /");
  if (is_normal(raw)) {
    path = raw;
    return {};
  }
  path = "/";
  std::size_t segment_start = 1;
  for (std::size_t i = 1; i < raw.size(); ++i) {
    if (raw[i] == '/') {
      if (auto ended = end_segment(path, segment_start, false); !ended) return ended;
      segment_start = path.size();
    } else if (raw[i] == '%') {
      const int byte = escaped_byte(raw.substr(i));
      if (byte < 0) return bad_request("bad escape in the path");
      if (byte == '/') return bad_request("encoded slash in the path");
      if (is_control(static_cast<char>(byte))) return bad_request("encoded control byte in the path");
      path += static_cast<char>(byte);
      i += 2;
    } else {
      if (raw[i] == '?' || !contains(kTargetChar, raw[i]))
        return bad_request("path holds a byte that belongs in no URI");
      path += raw[i];
    }
  }
  return end_segment(path, segment_start, true);
}

bool percent_decode(std::string_view raw, std::string& decoded) {
  decoded.clear();
  while (!raw.empty()) {
    if (raw.front() != '%') {
      decoded += raw.front();
      raw.remove_prefix(1);
      continue;
    }
    const int byte = escaped_byte(raw);
    if (byte < 0) return false;
    decoded += static_cast<char>(byte);
    raw.remove_prefix(3);
  }
  return true;
}

std::string percent_encode_path(std::string_view path) {
  constexpr std::string_view kHexDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(path.size());
  for (const char c : path) {
    if (contains(kPathChar, c)) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kHexDigits[byte >> 4U], kHexDigits[byte & 0xFU]};
    }
  }
  return encoded;
}

}  // namespace tinyhttpd
