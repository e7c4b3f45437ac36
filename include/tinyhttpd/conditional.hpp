// Conditional and range requests: whether to send, and which bytes (RFC 9110 sections 13 and 14).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/http.hpp"
#include "tinyhttpd/http_date.hpp"

namespace tinyhttpd {

/// What is known of the representation the conditions are held against.
struct Validators {
  std::string etag;  ///< with its quotes; "W/" before a weak one; empty: none
  UnixTime last_modified = 0;
};

/// A strong entity tag for a file's state: changes whenever the file is replaced, edited or resized, even
/// within one second.
std::string make_etag(std::uint64_t device, std::uint64_t inode, std::uint64_t size,
                      std::int64_t mtime_seconds, std::int64_t mtime_nanoseconds);

enum class Condition { send, not_modified, precondition_failed };

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC 9110
/// section 13.2.2. A date that cannot be read, or lies in the future where it must not, is ignored.
Condition evaluate_conditions(const Request& request, const Validators& validators, UnixTime now);

/// A run of bytes of a representation.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// What a Range field asks for.
struct RangeDecision {
  enum class Kind { whole, parts, unsatisfiable } kind = Kind::whole;
  /// For `parts`: at least one, none empty, none touching another, in the order they were asked for. One
  /// alone is never sent as multipart (RFC 9110 section 15.3.7.2).
  std::vector<ByteRange> parts = {};
};

/// More range-specs than this in one field are nobody's download (CVE-2011-3192): the whole is sent.
inline constexpr std::size_t kMaxRanges = 16;

/// Reads Range for a GET of a representation of `size` bytes, with If-Range (strong comparison; a date only
/// when it is Last-Modified exactly). Ranges that overlap or touch are made one, in the place of the first of
/// them (RFC 9110 section 15.3.7.2); those past the end are left out. An unknown unit, bad syntax, a false
/// If-Range, another method, or more than kMaxRanges gives `whole` (a server may ignore Range, RFC 9110
/// section 14.2); only ranges past the end give `unsatisfiable`.
RangeDecision decide_range(const Request& request, const Validators& validators, std::uint64_t size,
                           UnixTime now);

}  // namespace tinyhttpd
