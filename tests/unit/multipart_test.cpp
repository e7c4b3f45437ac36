#include "tinyhttpd/multipart.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace tinyhttpd;

namespace {

/// The body as it is sent, when the file is `content`.
std::string body_of(const MultipartRanges& ranges, std::string_view content) {
  std::string body;
  for (const auto& part : ranges.parts) body.append(part.text).append(content, part.offset, part.length);
  return body;
}

}  // namespace

TEST_CASE("multipart_ranges makes the body of RFC 9110 section 15.3.7.2") {
  const std::vector<ByteRange> asked = {{2, 3}, {0, 1}};
  const auto ranges = multipart_ranges(asked, 10, "text/plain; charset=utf-8", "\"abc\"");
  CHECK(ranges.content_type == "multipart/byteranges; boundary=tinyhttpd-c6cf8fb538aadbab");
  CHECK(body_of(ranges, "0123456789") ==
        "\r\n--tinyhttpd-c6cf8fb538aadbab\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Range: bytes 2-4/10\r\n"
        "\r\n"
        "234"
        "\r\n--tinyhttpd-c6cf8fb538aadbab\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Range: bytes 0-0/10\r\n"
        "\r\n"
        "0"
        "\r\n--tinyhttpd-c6cf8fb538aadbab--\r\n");
}

TEST_CASE("multipart_ranges ends with a part that is text only") {
  const std::vector<ByteRange> asked = {{0, 1}, {500, 7}};
  const auto parts = multipart_ranges(asked, 1000, "image/png", "\"abc\"").parts;
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].offset == 0);
  CHECK(parts[0].length == 1);
  CHECK(parts[1].offset == 500);
  CHECK(parts[1].length == 7);
  CHECK(parts[2].length == 0);
}

TEST_CASE("multipart_ranges knows the length of the whole body") {
  const std::string content(1000, 'x');
  const std::vector<ByteRange> asked = {{0, 1}, {990, 10}, {200, 300}};
  const auto ranges = multipart_ranges(asked, content.size(), "image/png", "\"abc\"");
  CHECK(ranges.content_length == body_of(ranges, content).size());
}

TEST_CASE("multipart_ranges counts the bytes of files that no memory holds") {
  constexpr std::uint64_t kSize = (1ULL << 63U) - 1;
  const std::vector<ByteRange> asked = {{0, 1}, {1000, kSize - 1000}};
  const auto ranges = multipart_ranges(asked, kSize, "", "\"abc\"");
  std::uint64_t text = 0;
  for (const auto& part : ranges.parts) text += part.text.size();
  CHECK(ranges.content_length == kSize - 999 + text);
  CHECK(ranges.parts[1].text.find("bytes 1000-9223372036854775806/9223372036854775807\r\n") !=
        std::string::npos);
}

TEST_CASE("multipart_ranges leaves Content-Type out where the whole has none") {
  const std::vector<ByteRange> asked = {{0, 1}};
  const auto ranges = multipart_ranges(asked, 10, "", "\"abc\"");
  CHECK(ranges.parts[0].text == "\r\n--tinyhttpd-c6cf8fb538aadbab\r\nContent-Range: bytes 0-0/10\r\n\r\n");
}

TEST_CASE("boundary_for is the same for the same state of a file, and another for another") {
  CHECK(boundary_for("\"abc\"") == boundary_for("\"abc\""));
  std::set<std::string> boundaries;
  for (int i = 0; i < 1000; ++i) boundaries.insert(boundary_for("\"" + std::to_string(i) + "\""));
  CHECK(boundaries.size() == 1000);
}

TEST_CASE("boundary_for makes a token of at most 70 characters") {  // RFC 2046 section 5.1.1, without quotes
  for (const std::string_view etag : {"", "\"abc\"", "W/\"abc\"", "\"\xFF;, \\\""}) {
    const std::string boundary = boundary_for(etag);
    CHECK(is_token(boundary));
    CHECK(boundary.size() <= 70);
  }
}
