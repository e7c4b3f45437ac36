// The bounded queue between the acceptor and the workers.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "tinyhttpd/deadline.hpp"

namespace tinyhttpd {

/// First in, first out, never longer than its capacity. Any thread may call any member.
///
/// Waking a thread takes longer than most items do, so it wakes as few as it can:
///   - A worker is expected back at once for its next item, unless it says that its work is slow. Others are
///     woken where many items wait, and no more than there are processors for.
///   - A worker that finds the queue empty looks for items itself, for a moment, before it wakes the thread
///     whose business that is. One thread at a time fills the queue, be it a worker or the acceptor.
///
/// Workers that do not come back within kPatience, though they never said so, are noticed by the acceptor.
template <typename Item>
class WorkQueue {
 public:
  /// How long workers may stay away without a word before others do what is queued. A worker that looks for
  /// items is not away.
  static constexpr auto kPatience = std::chrono::milliseconds(10);

  /// So many more items make it worth waking one more worker: fewer are done before it is awake.
  static constexpr std::size_t kItemsWorthWaking = 32;

  /// `processors`: how many workers can run at a time, at least 1.
  explicit WorkQueue(std::size_t capacity, std::size_t processors = 1)
      : capacity_(capacity), processors_(processors) {}

  // ---- For the acceptor, and for a worker that fills

  /// Waits until there is room, `deadline`, or close(); how many items may be pushed now.
  std::size_t wait_for_room(TimePoint deadline) {
    std::unique_lock lock(mutex_);
    filler_.wait_until(lock, deadline, [this] { return items_.size() < capacity_ || closed_; });
    return capacity_ - std::min(capacity_, items_.size());
  }

  /// Adds items at the end and leaves `items` empty. The caller has seen room for them.
  void push_all(std::vector<Item>& items) {
    std::unique_lock lock(mutex_);
    for (Item& item : items) items_.push_back(std::move(item));
    items.clear();
    wake(lock);
  }

  /// Adds one item, likewise.
  void push(Item item) {
    std::unique_lock lock(mutex_);
    items_.push_back(std::move(item));
    wake(lock);
  }

  // ---- For the acceptor

  /// Waits until no worker can be expected to look for items: all wait, are at slow work, or stay away. From
  /// then on the caller fills the queue, until end_filling().
  void begin_filling() {
    std::unique_lock lock(mutex_);
    while (filled_ || (!is_idle() && !closed_)) {
      const std::uint64_t taken_before = taken_;
      const auto waited = filler_.wait_for(lock, kPatience);
      if (waited == std::cv_status::timeout && !filled_ && taken_ == taken_before) {
        missing_ = busy_ - slow_;
        missing_since_ = taken_;
      }
      if (!filled_ && missing_ > 0) break;
    }
    filled_ = true;
    wake(lock);
  }

  void end_filling() {
    const std::lock_guard lock(mutex_);
    filled_ = false;
  }

  // ---- For the workers

  /// A thread that takes items, as the queue counts it.
  class Worker {
   public:
    explicit Worker(WorkQueue& queue) : queue_(queue) {}
    ~Worker() { queue_.come_back(took_); }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// The item before is done. Takes the first, waiting for one; nothing once the queue is closed and empty.
    /// Where it is empty and nobody fills it, `fill()` is called before any waiting, without a lock: it may
    /// push what it finds within a moment.
    template <typename Fill>
    std::optional<Item> pop(Fill fill) {
      return queue_.pop(took_, fill);
    }

   private:
    WorkQueue& queue_;
    std::uint64_t took_ = 0;  // the number of its item, from 1; 0: it has none
  };

  /// While it lives, its worker is not expected back: others do what is queued.
  class SlowWork {
   public:
    explicit SlowWork(WorkQueue& queue) : queue_(queue) {
      std::unique_lock lock(queue_.mutex_);
      ++queue_.slow_;
      queue_.wake(lock);
    }
    ~SlowWork() {
      const std::lock_guard lock(queue_.mutex_);
      --queue_.slow_;
    }
    SlowWork(const SlowWork&) = delete;
    SlowWork& operator=(const SlowWork&) = delete;

   private:
    WorkQueue& queue_;
  };

  // ---- For all

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

  std::size_t capacity() const { return capacity_; }

  /// Workers that have an item.
  std::size_t busy() const {
    const std::lock_guard lock(mutex_);
    return busy_;
  }

  /// Wakes everybody; pop() gives what is left, then nothing.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    work_.notify_all();
    filler_.notify_all();
  }

 private:
  // All of these need the lock.

  /// Workers that are expected back at once.
  std::size_t quick() const { return busy_ + called_ - std::min(busy_, slow_ + missing_); }

  bool is_idle() const { return items_.empty() && quick() == 0; }

  /// Wakes as many workers as there is use for, or the acceptor where nobody would look for items. Releases
  /// the lock first: whoever wakes needs it.
  void wake(std::unique_lock<std::mutex>& lock) {
    const std::size_t useful = std::min({processors_, items_.size(), 1 + items_.size() / kItemsWorthWaking});
    std::size_t calls = 0;
    for (; called_ < waiting_ && quick() < useful; ++calls) ++called_;
    const bool is_left_alone = !filled_ && is_idle();
    lock.unlock();
    for (; calls > 0; --calls) work_.notify_one();
    if (is_left_alone) filler_.notify_one();
  }

  void come_back(std::uint64_t& took) {
    const std::lock_guard lock(mutex_);
    give_back(took);
  }

  /// The worker is done with its item.
  void give_back(std::uint64_t& took) {
    if (took == 0) return;
    --busy_;
    if (missing_ > 0 && took <= missing_since_) --missing_;
    took = 0;
  }

  template <typename Fill>
  std::optional<Item> pop(std::uint64_t& took, Fill fill) {
    std::unique_lock lock(mutex_);
    if (took > 0 && items_.empty() && !filled_ && !closed_) {
      filled_ = true;
      lock.unlock();
      fill();
      lock.lock();
      filled_ = false;
    }
    give_back(took);
    wait_for_item(lock);
    if (items_.empty()) return std::nullopt;
    std::optional<Item> item(std::move(items_.front()));
    items_.pop_front();
    ++busy_;
    took = ++taken_;
    if (items_.size() + 1 == capacity_) filler_.notify_one();
    return item;
  }

  void wait_for_item(std::unique_lock<std::mutex>& lock) {
    while (items_.empty() && !closed_) {
      if (!filled_ && is_idle()) filler_.notify_one();
      ++waiting_;
      work_.wait(lock);
      --waiting_;
      if (called_ > 0) --called_;
    }
  }

  const std::size_t capacity_;
  const std::size_t processors_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable work_;
  std::condition_variable filler_;  // the acceptor waits here
  std::deque<Item> items_;
  std::size_t waiting_ = 0;          // workers that wait for an item
  std::size_t called_ = 0;           // of those: woken, and not here yet
  std::size_t busy_ = 0;             // workers with an item
  std::size_t slow_ = 0;             // of those: at slow work
  std::size_t missing_ = 0;          // of those: away for too long without a word
  std::uint64_t missing_since_ = 0;  // the item that was the last taken when they were counted
  std::uint64_t taken_ = 0;          // items, ever
  bool filled_ = false;              // somebody looks for items
  bool closed_ = false;
};

}  // namespace tinyhttpd
