#include "tinyhttpd/gzip.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <cstdint>

using namespace tinyhttpd;

namespace {

/// What zlib reads from one whole gzip member; "" with a failed check when that is not what it is.
std::string gunzip(std::string compressed, std::size_t expected_size) {
  std::string bytes(expected_size + 1, '\0');
  z_stream stream = {};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  CHECK(stream.avail_in == 0);
  bytes.resize(stream.total_out);
  inflateEnd(&stream);
  return bytes;
}

std::string noise(std::size_t size) {
  std::string bytes;
  std::uint32_t state = 1;
  while (bytes.size() < size) {
    state = state * 1664525 + 1013904223;
    bytes += static_cast<char>(state >> 24U);
  }
  return bytes;
}

}  // namespace

TEST_CASE("gzip gives back what it was given") {
  for (const std::string& bytes : {std::string(), std::string("a"), std::string("\0\xFF", 2), noise(1000),
                                   noise(1U << 20U), std::string(1U << 20U, 'x')}) {
    CAPTURE(bytes.size());
    CHECK((gunzip(gzip(bytes), bytes.size()) == bytes));
  }
}

TEST_CASE("gzip makes one member without name, time and comment") {  // RFC 1952 section 2.3
  const std::string header = gzip("hello").substr(0, 8);
  CHECK(header == std::string("\x1F\x8B\x08\0\0\0\0\0", 8));
}

TEST_CASE("gzip makes the same of the same") {
  CHECK((gzip(noise(100'000)) == gzip(noise(100'000))));
}

TEST_CASE("gzip makes text small and noise hardly larger") {
  std::string text;
  while (text.size() < 100'000) text += "the quick brown fox jumps over the lazy dog ";
  CHECK(gzip(text).size() < text.size() / 50);
  CHECK(gzip(noise(1U << 20U)).size() < (1U << 20U) + 1024);
}

TEST_CASE("gzip keeps no memory that the result does not need") {
  const std::string compressed = gzip(std::string(1U << 20U, 'x'));
  CHECK(compressed.capacity() < 64 * 1024);
}
