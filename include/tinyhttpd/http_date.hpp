// Dates as HTTP writes and reads them (RFC 9110 section 5.6.7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tinyhttpd {

/// Seconds since 1970, UTC.
using UnixTime = std::int64_t;

/// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(UnixTime time);

/// Reads all three forms (IMF-fixdate, RFC 850, asctime). `now` decides the century of a two-digit year: one
/// more than 50 years ahead is in the past. Nothing for anything else.
std::optional<UnixTime> parse_http_date(std::string_view text, UnixTime now);

/// "06/Nov/1994:08:49:37 +0000", as the Combined log writes it.
std::string log_date(UnixTime time);

}  // namespace tinyhttpd
