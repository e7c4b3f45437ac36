// Moments as ISO 8601 writes them.
#pragma once

#include <cstdint>
#include <string>

namespace tinyhttpd {

/// "2026-03-12T19:03:58.004Z" of microseconds since 1970. Years 0 to 9999.
std::string iso_time(std::int64_t unix_microseconds);

}  // namespace tinyhttpd
