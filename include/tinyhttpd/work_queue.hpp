// The bounded queue between the acceptor and the workers.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "tinyhttpd/deadline.hpp"

namespace tinyhttpd {

/// First in, first out, never longer than its capacity: whoever fills it asks for room first. Any thread may
/// call any member.
template <typename Item>
class WorkQueue {
 public:
  explicit WorkQueue(std::size_t capacity) : capacity_(capacity) {}

  /// Waits until there is room, `deadline`, or close(); how many items may be pushed now. For the one thread
  /// that pushes.
  std::size_t wait_for_room(TimePoint deadline) {
    std::unique_lock lock(mutex_);
    room_.wait_until(lock, deadline, [this] { return items_.size() < capacity_ || closed_; });
    return capacity_ - std::min(capacity_, items_.size());
  }

  /// Adds an item at the end. The caller has seen room for it; only one thread pushes.
  void push(Item item) {
    bool someone_waits;
    {
      std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
      someone_waits = waiting_ > 0;
    }
    if (someone_waits) work_.notify_one();
  }

  /// Takes the first item, waiting for one; nothing once the queue is closed and empty.
  std::optional<Item> pop() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    work_.wait(lock, [this] { return !items_.empty() || closed_; });
    --waiting_;
    if (items_.empty()) return std::nullopt;
    std::optional<Item> item(std::move(items_.front()));
    items_.pop_front();
    if (items_.size() + 1 == capacity_) room_.notify_one();
    return item;
  }

  /// No item waits and at least one worker is idle: a moment's patience costs nobody anything.
  bool is_quiet() const {
    std::lock_guard lock(mutex_);
    return items_.empty() && waiting_ > 0;
  }

  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

  /// Wakes everybody; pop() gives what is left, then nothing.
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    work_.notify_all();
    room_.notify_all();
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable work_;
  std::condition_variable room_;
  std::deque<Item> items_;
  std::size_t waiting_ = 0;
  bool closed_ = false;
};

}  // namespace tinyhttpd
