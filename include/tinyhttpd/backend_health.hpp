// Whether a server may be asked for work: one that failed is left out for a while, longer each time.
#pragma once

#include <chrono>
#include <optional>

#include "tinyhttpd/deadline.hpp"

namespace tinyhttpd {

/// What is known of a backend by the work it was given. One thread at a time.
///
/// What began before the last change tells nothing new: many pieces of work are lost at once when a backend
/// dies, and are one failure.
class BackendHealth {
 public:
  static constexpr std::chrono::seconds kShortestPause{1};
  static constexpr std::chrono::seconds kLongestPause{10};

  /// It failed, and has not answered since.
  bool is_left_out() const { return is_left_out_; }

  /// It is left out, its pause is over, and nobody tries it at the moment.
  bool is_due(TimePoint now) const { return is_left_out_ && !is_on_trial_ && now >= pause_ends_; }

  /// One piece of work tries it from now on, until it has failed, was answered, or ended by itself.
  void begin_trial() { is_on_trial_ = true; }
  void end_trial() { is_on_trial_ = false; }

  /// A piece of work that began at `began` failed. The pause that begins now: the shortest, or twice the last
  /// when a trial failed. Nothing when that was known already.
  std::optional<std::chrono::seconds> note_failure(TimePoint began, TimePoint now);

  /// A piece of work that began at `began` is being answered. Whether the backend was left out and no longer
  /// is.
  bool note_answer(TimePoint began, TimePoint now);

 private:
  bool is_left_out_ = false;
  bool is_on_trial_ = false;
  std::chrono::seconds pause_{0};
  TimePoint pause_ends_{};
  TimePoint changed_ = TimePoint::min();  // when it was left out, or came back
};

}  // namespace tinyhttpd
