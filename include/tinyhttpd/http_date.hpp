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

/// What `format` makes of a time, made anew only when it is another time than in the thread's last call: most
/// answers of a second say the same. Valid until that thread's next call.
template <std::string (*format)(UnixTime)>
std::string_view once_a_second(UnixTime time) {
  thread_local UnixTime made_for = -1;
  thread_local std::string text;
  if (time != made_for) {
    text = format(time);
    made_for = time;
  }
  return text;
}

}  // namespace tinyhttpd
