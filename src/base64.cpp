#include "tinyhttpd/base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace tinyhttpd {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint32_t kNoDigit = 64;

// The value of each byte as a digit.
constexpr auto kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t value = 0; value < kAlphabet.size(); ++value) {
    values[static_cast<unsigned char>(kAlphabet[value])] = static_cast<std::uint8_t>(value);
  }
  return values;
}();

// Up to three bytes as the upper ones of 24 bits.
std::uint32_t bits_of(std::string_view bytes) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    bits <<= 8U;
    if (i < bytes.size()) bits |= static_cast<unsigned char>(bytes[i]);
  }
  return bits;
}

// Appends the bytes of two to four digits, without their padding. False when one is no digit, or the last one
// says more than those bytes.
bool decode_group(std::string_view digits, std::string& bytes) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint32_t value = i < digits.size() ? kValues[static_cast<unsigned char>(digits[i])] : 0;
    if (value == kNoDigit) return false;
    bits = bits << 6U | value;
  }
  const std::size_t count = digits.size() - 1;
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(bits >> (16U - 8U * i) & 0xFFU);
  return (bits & (0xFFFFFFU >> (8U * count))) == 0;
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (; !bytes.empty(); bytes.remove_prefix(bytes.size() < 3 ? bytes.size() : 3)) {
    const auto bits = bits_of(bytes);
    text += kAlphabet[bits >> 18U];
    text += kAlphabet[bits >> 12U & 0x3FU];
    text += bytes.size() > 1 ? kAlphabet[bits >> 6U & 0x3FU] : '=';
    text += bytes.size() > 2 ? kAlphabet[bits & 0x3FU] : '=';
  }
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (; !text.empty(); text.remove_prefix(4)) {
    auto digits = text.substr(0, 4);
    if (text.size() == 4 && digits.ends_with("==")) {
      digits.remove_suffix(2);
    } else if (text.size() == 4 && digits.ends_with("=")) {
      digits.remove_suffix(1);
    }
    if (!decode_group(digits, bytes)) return std::nullopt;
  }
  return bytes;
}

}  // namespace tinyhttpd
