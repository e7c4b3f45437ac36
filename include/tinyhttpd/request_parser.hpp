// Bytes of a request's head in, a Request out. Strict, and without allocation for the usual request.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

/// Takes the next line off `rest`: without its LF or CRLF, as the tutorial's get_line. False, and nothing
/// taken, when there is no LF any more. A CR anywhere but before the LF stays in the line, for the parser to
/// refuse (RFC 9112 section 2.2).
bool get_line(std::string_view& rest, std::string_view& line);

/// Where a head ends, counted over bytes that arrive in any pieces: linear, whatever the pieces.
class HeadScanner {
 public:
  /// `received` is all that has come since reset(), the new bytes at its end. The number of bytes up to and
  /// with the empty line that ends the head, once that has come; then reset() before the next head. An empty
  /// line before the request line is part of the head and does not end it (RFC 9112 section 2.2); a second
  /// one does, and parse_request refuses what there is.
  std::optional<std::size_t> find_end(std::string_view received);
  void reset() { *this = HeadScanner(); }

 private:
  std::size_t scanned_ = 0;     ///< bytes that need not be looked at again
  std::size_t line_start_ = 0;  ///< where the line that has not ended yet begins
};

/// Why a head that has not ended yet can be refused already, if it can: the target is too long (414), the
/// head is (431), the method is longer than any we know (501), or it begins with more than one empty line or
/// a byte no method has (400): a TLS handshake is refused at its first byte. What it says of the first bytes
/// of a head, parse_request says of the whole: the answer does not depend on the pieces.
std::optional<Rejection> refuse_early(std::string_view received, const Limits& limits);

/// Parses one whole head, with its empty line (RFC 9112 sections 2 to 6, RFC 9110 sections 5, 7, 9). Every
/// deviation from the grammar is a Rejection: 400, 414, 417, 431, 501 or 505; after any of them the
/// connection must be closed. Accepted beyond it: a bare LF as a line end, one empty line before the head,
/// and in the target what browsers leave unescaped (see parse_target). `request` is filled; its views point
/// into `head`. After an error it holds what was read before it (the line, for the log). Methods TRACE and
/// CONNECT are parsed; that nobody serves them is the router's to say (405).
Result<void> parse_request(std::string_view head, const Limits& limits, Request& request);

}  // namespace tinyhttpd
