#include "tinyhttpd/utf8.hpp"

namespace tinyhttpd {

namespace {

/// How many bytes follow the first one of a UTF-8 sequence, and what the second may be (RFC 3629 section 4):
/// the range shuts out overlong forms, surrogates and everything above U+10FFFF.
struct Utf8Lead {
  std::size_t following;
  unsigned char second_min;
  unsigned char second_max;
};

/// `following` is 0 for a byte that begins no sequence.
constexpr Utf8Lead utf8_lead(unsigned char byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte_at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte_at(0) < 0x80) return 1;
  const Utf8Lead lead = utf8_lead(byte_at(0));
  if (lead.following == 0 || text.size() <= lead.following) return 0;
  if (byte_at(1) < lead.second_min || byte_at(1) > lead.second_max) return 0;
  for (std::size_t i = 2; i <= lead.following; ++i) {
    if (byte_at(i) < 0x80 || byte_at(i) > 0xBF) return 0;
  }
  return lead.following + 1;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace tinyhttpd
