#include "tinyhttpd/secret_forms.hpp"

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/html.hpp"
#include "tinyhttpd/utf8_text.hpp"

namespace tinyhttpd {

namespace {

// What begins no escape stays.
std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && is_hex_digit(text[i + 1]) && is_hex_digit(text[i + 2])) {
      decoded += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// All but the unreserved (RFC 3986 section 2.3).
std::string percent_encoded(std::string_view text, std::string_view digits) {
  constexpr CharSet kUnreserved = letters_digits_and("-._~");
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (contains(kUnreserved, c)) {
      encoded += c;
    } else {
      encoded.append(1, '%').append(1, digits[byte >> 4U]).append(1, digits[byte & 0xFU]);
    }
  }
  return encoded;
}

std::string json_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    if (c == '\t') {
      escaped += "\\t";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string html_escaped(std::string_view text) {
  std::string escaped;
  append_escaped_html(escaped, text);
  return escaped;
}

}  // namespace

std::vector<std::string> forms_of_secret(std::string_view secret) {
  return {std::string(secret),
          percent_decoded(secret),
          percent_encoded(secret, "0123456789ABCDEF"),
          percent_encoded(secret, "0123456789abcdef"),
          encode_base64(secret),
          json_escaped(to_utf8(secret)),
          html_escaped(secret)};
}

}  // namespace tinyhttpd
