// The two kinds of slow work that get some of the workers and never all: answers made by others, and
// passwords.
#pragma once

#include <cstddef>
#include <vector>

#include "tinyhttpd/bulkhead.hpp"
#include "tinyhttpd/connection.hpp"
#include "tinyhttpd/server_figures.hpp"

namespace tinyhttpd {

using Lane = Bulkhead<ConnectionPtr>;

inline LaneFigures figures_of(const Lane& lane) {
  return {lane.running(), lane.places(), lane.waiting(), lane.lane()};
}

/// Any thread.
struct Lanes {
  Lane gateways;   ///< for Phase::answering: scripts, backends, JSON handlers
  Lane passwords;  ///< for Phase::authenticating: to hash one takes a processor for long, on purpose

  /// Where a connection of this phase needs a place; null: it needs none.
  Lane* of(Phase phase) {
    if (phase == Phase::answering) return &gateways;
    return phase == Phase::authenticating ? &passwords : nullptr;
  }

  /// Takes out those whose deadline has passed, at most `most` of them; TimePoint::max(): all that wait.
  std::vector<ConnectionPtr> take_expired(TimePoint now, std::size_t most) {
    std::vector<ConnectionPtr> expired = gateways.take_expired(now, most);
    for (ConnectionPtr& connection : passwords.take_expired(now, most - expired.size()))
      expired.push_back(std::move(connection));
    return expired;
  }
};

}  // namespace tinyhttpd
