// Time as the server counts it: monotonic, so that a changed wall clock ends nothing early and nothing late.
#pragma once

#include <chrono>

namespace tinyhttpd {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

/// A length of time an option may give: seconds, fractions allowed.
using Seconds = std::chrono::duration<double>;

constexpr Clock::duration as_duration(Seconds seconds) {
  return std::chrono::duration_cast<Clock::duration>(seconds);
}

}  // namespace tinyhttpd
