#include "tinyhttpd/backend_health.hpp"

#include <algorithm>

namespace tinyhttpd {

std::optional<std::chrono::seconds> BackendHealth::note_failure(TimePoint began, TimePoint now) {
  if (began < changed_) return std::nullopt;
  // With nobody else to ask, it is asked within its pause, too.
  if (is_left_out_ && now < pause_ends_) return std::nullopt;
  pause_ = is_left_out_ ? std::min(2 * pause_, kLongestPause) : kShortestPause;
  is_left_out_ = true;
  is_on_trial_ = false;
  pause_ends_ = now + pause_;
  changed_ = now;
  return pause_;
}

bool BackendHealth::note_answer(TimePoint began, TimePoint now) {
  if (!is_left_out_ || began < changed_) return false;
  is_left_out_ = false;
  is_on_trial_ = false;
  changed_ = now;
  return true;
}

}  // namespace tinyhttpd
