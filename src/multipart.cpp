#include "tinyhttpd/multipart.hpp"

namespace tinyhttpd {

namespace {

/// The hash FNV-1a (Fowler, Noll, Vo) of 64 bits.
constexpr std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::string part_head(const ByteRange& range, std::uint64_t size, std::string_view media_type,
                      std::string_view boundary) {
  std::string head = "\r\n--";
  head.append(boundary).append("\r\n");
  if (!media_type.empty()) head.append("Content-Type: ").append(media_type).append("\r\n");
  return head.append("Content-Range: ").append(content_range(range, size)).append("\r\n\r\n");
}

}  // namespace

MultipartRanges multipart_ranges(std::span<const ByteRange> ranges, std::uint64_t size,
                                 std::string_view media_type, std::string_view etag) {
  const std::string boundary = boundary_for(etag);
  MultipartRanges body;
  body.content_type = "multipart/byteranges; boundary=" + boundary;
  for (const ByteRange& range : ranges)
    body.parts.push_back({part_head(range, size, media_type, boundary), range.first, range.length});
  body.parts.push_back({"\r\n--" + boundary + "--\r\n", 0, 0});
  for (const PartsBody::Part& part : body.parts) body.content_length += part.text.size() + part.length;
  return body;
}

std::string content_range(const ByteRange& range, std::uint64_t size) {
  std::string value = "bytes " + std::to_string(range.first) + "-";
  return value.append(std::to_string(range.first + range.length - 1)).append("/" + std::to_string(size));
}

std::string boundary_for(std::string_view etag) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string boundary = "tinyhttpd-";
  const std::uint64_t hash = fnv1a(etag);
  for (unsigned shift = 64; shift > 0; shift -= 4) boundary += kDigits[(hash >> (shift - 4)) & 0xF];
  return boundary;
}

}  // namespace tinyhttpd
