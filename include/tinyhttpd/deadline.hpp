// Time as the server counts it: monotonic, so that a changed wall clock ends nothing early and nothing late.
#pragma once

#include <chrono>
#include <cstdint>

namespace tinyhttpd {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

/// A length of time an option may give: seconds, fractions allowed.
using Seconds = std::chrono::duration<double>;

/// Counts the moments at which somebody saw what clients had sent: what happened in one of them happened
/// before all that happens in a later one. 0: before the first.
using Turn = std::uint64_t;

constexpr Clock::duration as_duration(Seconds seconds) {
  return std::chrono::duration_cast<Clock::duration>(seconds);
}

}  // namespace tinyhttpd
