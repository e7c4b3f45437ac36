#include "tinyhttpd/authority.hpp"

#include <algorithm>
#include <cstddef>

#include "tinyhttpd/ascii.hpp"

namespace tinyhttpd {

namespace {

/// What a label of a host name is made of, '-' aside. RFC 3986 would allow sub-delims and escapes too; no
/// client needs them, and they are how "a,b" or "a%2fb" reaches a log, a header or a file name.
constexpr CharSet kLabelChar = letters_digits_and("_");

/// The bytes between the colons of an IPv6 address: one to four hexadecimal digits.
bool is_ipv6_group(std::string_view group) {
  return !group.empty() && group.size() <= 4 && std::all_of(group.begin(), group.end(), is_hex_digit);
}

/// dec-octet of RFC 3986 section 3.2.2: 0 to 255 without leading zeros.
bool is_decimal_octet(std::string_view octet) {
  if (octet.empty() || octet.size() > 3 || (octet.size() > 1 && octet[0] == '0')) return false;
  int value = 0;
  for (const char c : octet) {
    if (!is_digit(c)) return false;
    value = value * 10 + (c - '0');
  }
  return value <= 255;
}

bool is_ipv4_address(std::string_view address) {
  for (int octets = 1; octets < 4; ++octets) {
    const std::size_t dot = address.find('.');
    if (dot == address.npos || !is_decimal_octet(address.substr(0, dot))) return false;
    address.remove_prefix(dot + 1);
  }
  return is_decimal_octet(address);
}

/// How many 16-bit groups "a:b:c" has; the last may be an IPv4 address, which counts two. -1 when one is bad.
int count_ipv6_groups(std::string_view groups) {
  if (groups.empty()) return 0;
  int count = 0;
  for (std::size_t colon = groups.find(':'); colon != groups.npos; colon = groups.find(':')) {
    if (!is_ipv6_group(groups.substr(0, colon))) return -1;
    ++count;
    groups.remove_prefix(colon + 1);
  }
  if (is_ipv6_group(groups)) return count + 1;
  return is_ipv4_address(groups) ? count + 2 : -1;
}

/// RFC 3986 section 3.2.2, IPv6address: eight groups, or fewer around one "::".
bool is_ipv6_address(std::string_view address) {
  const std::size_t gap = address.find("::");
  if (gap == address.npos) return count_ipv6_groups(address) == 8;
  const std::string_view before = address.substr(0, gap);
  // An IPv4 address is the end of the whole, so it cannot stand before the gap.
  if (before.find('.') != before.npos) return false;
  const int left = count_ipv6_groups(before);
  const int right = count_ipv6_groups(address.substr(gap + 2));
  return left >= 0 && right >= 0 && left + right <= 7;
}

/// A host name or an IPv4 address.
bool is_host_name(std::string_view name) {
  constexpr std::size_t kMaxHostBytes = 255;  // RFC 1035 section 2.3.4
  if (name.size() > kMaxHostBytes) return false;
  // "example.com." is the same name, fully qualified.
  if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  char before = '.';
  for (const char c : name) {
    // A label is not empty, and does not begin with '-'.
    const bool is_inner = before != '.' && (c == '.' || c == '-');
    if (!contains(kLabelChar, c) && !is_inner) return false;
    before = c;
  }
  return before != '.';
}

bool is_port(std::string_view port) {
  if (port.size() > 5) return false;
  int value = 0;
  for (const char c : port) {
    if (!is_digit(c)) return false;
    value = value * 10 + (c - '0');
  }
  return value <= 65535;
}

}  // namespace

bool split_authority(std::string_view authority, std::string_view& host, std::string_view& port) {
  const bool in_brackets = authority.starts_with('[');
  const std::size_t bracket = in_brackets ? authority.find(']') : 0;
  if (bracket == authority.npos) return false;
  const std::size_t host_end = in_brackets ? bracket + 1 : authority.find(':');
  host = authority.substr(0, host_end);
  const std::string_view rest = authority.substr(host.size());
  if (!rest.empty() && rest.front() != ':') return false;
  port = rest.empty() ? rest : rest.substr(1);
  const bool host_is_valid =
      in_brackets ? is_ipv6_address(host.substr(1, host.size() - 2)) : is_host_name(host);
  return host_is_valid && is_port(port);
}

}  // namespace tinyhttpd
