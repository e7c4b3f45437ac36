#include "tinyhttpd/base64.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

using tinyhttpd::decode_base64;
using tinyhttpd::encode_base64;

TEST_CASE("base64 gives the vectors of RFC 4648 section 10, both ways") {
  constexpr std::pair<std::string_view, std::string_view> kVectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& vector : kVectors) {
    CAPTURE(vector.first);
    CHECK(encode_base64(vector.first) == vector.second);
    CHECK(decode_base64(vector.second) == std::string(vector.first));
  }
}

TEST_CASE("base64 carries every byte, at each of the three places of a group") {
  for (int value = 0; value < 256; ++value) {
    for (const std::string_view before : {"", "a", "ab"}) {
      for (const std::string_view after : {"", "y", "yz"}) {
        const auto bytes = std::string(before) + static_cast<char>(value) + std::string(after);
        CHECK(decode_base64(encode_base64(bytes)) == bytes);
      }
    }
  }
}

TEST_CASE("encode_base64 uses all 64 digits in their order") {
  std::string bytes;
  for (unsigned group = 0; group < 64; group += 4) {
    const unsigned bits = group << 18U | (group + 1) << 12U | (group + 2) << 6U | (group + 3);
    for (const unsigned shift : {16U, 8U, 0U}) bytes += static_cast<char>(bits >> shift & 0xFFU);
  }
  CHECK(encode_base64(bytes) == "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

TEST_CASE("decode_base64 refuses padding that is missing, misplaced or too much") {
  for (const std::string_view text : {"Zg", "Zg=", "Zm8", "Zm9vY", "Zg===", "====", "=", "==", "A===", "Z=g=",
                                      "Zg==Zg==", "Zm8=Zm8=", "=Zm8", "Zm9v=", "Zm9v====", "Z==="}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text));
  }
}

TEST_CASE("decode_base64 refuses what is not in the alphabet") {
  int digits = 0;
  for (int value = 0; value < 256; ++value) {
    // First of four: padding is no digit there, and every digit is right.
    if (decode_base64(static_cast<char>(value) + std::string("m9v"))) ++digits;
  }
  CHECK(digits == 64);
  for (const std::string_view text : {"Zm9v\n", "Zm9v\r\nZm9v", " Zm9v", "Zm 9", "Zm9-", "Zm9_"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_base64(text));
  }
}

// Else two texts would stand for the same bytes, and a check of one would miss the other.
TEST_CASE("decode_base64 refuses bits left over by the padding") {
  CHECK(decode_base64("Zg==") == "f");
  CHECK_FALSE(decode_base64("Zh=="));
  CHECK_FALSE(decode_base64("Zv=="));
  CHECK(decode_base64("Zm8=") == "fo");
  CHECK_FALSE(decode_base64("Zm9="));
  CHECK_FALSE(decode_base64("Zm+="));
}
