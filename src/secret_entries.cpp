#include "tinyhttpd/secret_entries.hpp"

#include <algorithm>

#include "tinyhttpd/secrets.hpp"

namespace tinyhttpd {

namespace {

void add(std::vector<SecretEntry>& entries, std::string_view name, std::string_view value,
         const std::string& decoded) {
  entries.push_back({std::string(name), std::string(value)});
  if (decoded != value) entries.push_back({std::string(name), decoded});
}

/// Where the string whose quote is at `open` ends: at its other quote; the size of the text where that is
/// missing.
std::size_t end_of_string(std::string_view text, std::size_t open) {
  std::size_t end = open + 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2U : 1U;
  return std::min(end, text.size());
}

std::string without_escapes(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    plain += text[i];
  }
  return plain;
}

/// The first byte from `at` on that is no white space of JSON.
std::size_t past_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

}  // namespace

std::vector<SecretEntry> secrets_of_query(std::string_view text) {
  std::vector<SecretEntry> entries;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const std::size_t equals = pair.find('=');
    if (equals == pair.npos || !is_secret_name(pair.substr(0, equals))) continue;
    const std::string_view value = pair.substr(equals + 1);
    std::string decoded(value);
    std::replace(decoded.begin(), decoded.end(), '+', ' ');
    add(entries, pair.substr(0, equals), value, decoded);
  }
  return entries;
}

std::vector<SecretEntry> secrets_of_json(std::string_view text) {
  std::vector<SecretEntry> entries;
  for (std::size_t open = text.find('"'); open < text.size(); open = text.find('"', open)) {
    const std::size_t close = end_of_string(text, open);
    const std::size_t colon = past_blanks(text, close + 1);
    const std::size_t value = past_blanks(text, colon + 1);
    const std::string_view name = text.substr(open + 1, close - open - 1);
    open = close + 1;
    if (colon >= text.size() || text[colon] != ':' || value >= text.size() || text[value] != '"') continue;
    const std::size_t end = end_of_string(text, value);
    open = end + 1;
    if (!is_secret_name(name)) continue;
    const std::string_view content = text.substr(value + 1, end - value - 1);
    add(entries, name, content, without_escapes(content));
  }
  return entries;
}

}  // namespace tinyhttpd
