// A limit on how many of one kind of work run at once, with a bounded lane for those that wait.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "tinyhttpd/deadline.hpp"

namespace tinyhttpd {

/// Places for slow work, fewer than there are workers, so that quick work is always answered. Any thread may
/// call any member.
template <typename Item>
class Bulkhead {
 public:
  enum class Entry { entered, waiting, full };

  Bulkhead(std::size_t places, std::size_t lane) : places_(places), lane_(lane) {}

  /// Takes a place (`entered`: the caller keeps the item and must call leave() later), or puts the item into
  /// the lane until `deadline` (`waiting`: the item has been moved from), or neither (`full`).
  Entry enter(Item& item, TimePoint deadline) {
    std::lock_guard lock(mutex_);
    if (running_ < places_) {
      ++running_;
      return Entry::entered;
    }
    if (waiting_.size() >= lane_) return Entry::full;
    waiting_.push_back({std::move(item), deadline});
    return Entry::waiting;
  }

  /// Gives the place back. When somebody waits, the place is theirs and the caller's next work: it calls
  /// leave() again after it.
  std::optional<Item> leave() {
    std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      --running_;
      return std::nullopt;
    }
    std::optional<Item> next(std::move(waiting_.front().item));
    waiting_.pop_front();
    return next;
  }

  /// Takes out those whose deadline has passed, oldest first, at most `most` of them. TimePoint::max()
  /// empties the lane.
  std::vector<Item> take_expired(TimePoint now, std::size_t most) {
    std::lock_guard lock(mutex_);
    std::vector<Item> expired;
    while (!waiting_.empty() && waiting_.front().deadline <= now && expired.size() < most) {
      expired.push_back(std::move(waiting_.front().item));
      waiting_.pop_front();
    }
    return expired;
  }

  /// How many can have a place, and how many can wait for one.
  std::size_t places() const { return places_; }
  std::size_t lane() const { return lane_; }

  std::size_t running() const {
    std::lock_guard lock(mutex_);
    return running_;
  }
  std::size_t waiting() const {
    std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  struct Waiting {
    Item item;
    TimePoint deadline;
  };
  const std::size_t places_;
  const std::size_t lane_;
  mutable std::mutex mutex_;  // guards all below
  std::size_t running_ = 0;
  std::deque<Waiting>
      waiting_;  // empty while a place is free; deadlines never decrease while every item waits equally long
};

}  // namespace tinyhttpd
