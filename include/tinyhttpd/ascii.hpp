// Classes of ASCII bytes, without the locale that <cctype> asks.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace tinyhttpd {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The value of a hexadecimal digit; -1 for any other byte.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool is_hex_digit(char c) {
  return hex_value(c) >= 0;
}

/// A class of bytes as a table: one look for each byte of what a client sent.
using CharSet = std::array<bool, 256>;

constexpr CharSet letters_digits_and(std::string_view others) {
  CharSet set{};
  for (std::size_t byte = 0; byte < set.size(); ++byte) {
    const char c = static_cast<char>(byte);
    set[byte] = is_letter(c) || is_digit(c);
  }
  for (const char c : others) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr bool contains(const CharSet& set, char c) {
  return set[static_cast<unsigned char>(c)];
}

}  // namespace tinyhttpd
