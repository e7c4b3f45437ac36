#include "tinyhttpd/password_file.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/lines.hpp"

namespace tinyhttpd {
namespace {

bool holds_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

/// Takes one line; tells what is wrong with it, if anything.
std::optional<std::string> read_entry(std::string_view line, PasswordEntries& entries) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return "no ':'";
  const std::string_view name = line.substr(0, colon);
  if (name.empty()) return "a name is missing";
  // No client can say such a name, and no log should.
  if (holds_control(name)) return "a control byte in the name";
  const std::string_view rest = line.substr(colon + 1);
  const std::string_view hash = rest.substr(0, rest.find(':'));
  if (scheme_of(hash) == HashScheme::unknown)
    return "an unknown kind of hash (bcrypt, SHA-256, SHA-512, yescrypt and apr1 are known: htpasswd -B)";
  if (!entries.emplace(name, hash).second)
    return "the name '" + std::string(name) + "' stands for the second time";
  return std::nullopt;
}

}  // namespace

HashScheme scheme_of(std::string_view hash) {
  constexpr std::array<std::pair<std::string_view, HashScheme>, 7> kPrefixes = {{
      {"$2y$", HashScheme::bcrypt},
      {"$2b$", HashScheme::bcrypt},
      {"$2a$", HashScheme::bcrypt},
      {"$5$", HashScheme::sha256},
      {"$6$", HashScheme::sha512},
      {"$y$", HashScheme::yescrypt},
      {"$apr1$", HashScheme::apr1},
  }};
  for (const auto& [prefix, scheme] : kPrefixes) {
    if (hash.starts_with(prefix)) return scheme;
  }
  return HashScheme::unknown;
}

Result<PasswordEntries, std::string> parse_password_file(std::string_view text) {
  PasswordEntries entries;
  text = without_byte_order_mark(text);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    if (line.empty() || line.front() == '#') continue;
    if (const auto complaint = read_entry(line, entries))
      return "line " + std::to_string(number) + ": " + *complaint;
  }
  return entries;
}

std::optional<BasicCredentials> parse_basic_credentials(std::string_view authorization) {
  constexpr std::string_view kScheme = "Basic";
  if (!iequals(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  authorization.remove_prefix(kScheme.size());
  const std::size_t start = authorization.find_first_not_of(' ');
  if (start == 0 || start == authorization.npos) return std::nullopt;
  const auto pair = decode_base64(authorization.substr(start));
  if (!pair || holds_control(*pair)) return std::nullopt;
  // The first colon ends the name (RFC 7617 section 2): a password may hold others.
  const std::size_t colon = pair->find(':');
  if (colon == pair->npos) return std::nullopt;
  return BasicCredentials{pair->substr(0, colon), pair->substr(colon + 1)};
}

std::string basic_challenge(std::string_view realm) {
  std::string challenge = "Basic realm=\"";
  for (const char c : realm) {
    if (c == '"' || c == '\\') challenge += '\\';
    challenge += c;
  }
  // RFC 7617 section 2.1: clients then send names and passwords in UTF-8.
  return challenge + "\", charset=\"UTF-8\"";
}

}  // namespace tinyhttpd
