// Several ranges of a file as one body: multipart/byteranges (RFC 9110 sections 14.6 and 15.3.7.2, RFC 2046
// section 5.1).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/conditional.hpp"
#include "tinyhttpd/response.hpp"

namespace tinyhttpd {

/// What an answer with several ranges needs besides the file.
struct MultipartRanges {
  std::string content_type;            ///< "multipart/byteranges; boundary=…", for the answer's head
  std::uint64_t content_length = 0;    ///< of the whole body, in bytes
  std::vector<PartsBody::Part> parts;  ///< one for each range, and a last one of text only: the end
};

/// The body for `ranges`, in their order, of a representation of `size` bytes (less than 2^63, as all files
/// are); each range lies within it and none overlaps another. `media_type` is the Content-Type the whole
/// would have had; without one ("") the parts have none either. The boundary comes from `etag`.
MultipartRanges multipart_ranges(std::span<const ByteRange> ranges, std::uint64_t size,
                                 std::string_view media_type, std::string_view etag);

/// "bytes 0-499/1000", the value of Content-Range (RFC 9110 section 14.4).
std::string content_range(const ByteRange& range, std::uint64_t size);

/// The line between the parts: always the same for the same entity tag, so that the same request gets the
/// same answer and nothing random is needed. Its 64 bits of a hash are in a file's content by accident only
/// where 2^64 bytes are read. Who writes a file with its own boundary in it, after guessing the entity tag it
/// will get, can break that file's parts for its readers, and nothing else; most clients read the length of a
/// part from Content-Range and are not misled at all.
std::string boundary_for(std::string_view etag);

}  // namespace tinyhttpd
