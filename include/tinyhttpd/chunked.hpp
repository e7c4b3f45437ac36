// The chunked transfer coding, both ways (RFC 9112 section 7.1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

/// Takes the chunked coding off a body that arrives in any pieces. Line ends must be CRLF; a bare LF, a
/// signed or prefixed size, a size over 16 digits (leading zeros count), or data longer than its size is 400.
/// Extensions and trailers must follow their grammar; they are bounded and dropped. Sizes up to 2^64 - 1 are
/// taken: the caller bounds the body.
class ChunkedDecoder {
 public:
  /// The extensions of one body together may not pass the first (400, against CVE-2023-39326), its trailers
  /// together the second (431).
  static constexpr std::size_t kMaxOverheadBytes = 4096;
  static constexpr std::size_t kMaxTrailerBytes = 8192;

  /// What one call found.
  struct Step {
    std::size_t consumed = 0;  ///< bytes of the input that are done with, `data` among them
    std::string_view data;     ///< body bytes found, a view into the input; may be empty
    bool finished = false;     ///< the last chunk and its trailers have been read
  };

  /// Reads on in `input`. Call again with the rest until nothing is consumed or it is finished: each call
  /// yields at most one run of data. An error (400; 431 for trailers over their bound) is final.
  Result<Step> decode(std::string_view input);

  /// How many bytes the chunk in hand has announced that have not come yet.
  std::uint64_t announced() const { return state_ == State::data ? remaining_ : 0; }

 private:
  // What comes next. The states before size_lf that are not `size` are those of a chunk extension.
  enum class State {
    size,
    gap,  // white space before a ';'
    name_start,
    name,
    name_end,
    value_start,
    value,
    quoted,
    escaped,
    quote_closed,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
    done,
    failed
  };
  State after(char c);
  State after_size(char c);
  State after_extension(char c);
  State after_trailer(char c);
  Rejection fail();

  State state_ = State::size;
  std::uint64_t remaining_ = 0;  // of the size being read, then of the data
  int digits_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
};

/// The line before a chunk of `size` bytes (more than 0, which would be the last chunk), "1f\r\n", in
/// `buffer`; the view returned lies in it.
std::string_view chunk_head(std::size_t size, std::array<char, 20>& buffer);

inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace tinyhttpd
