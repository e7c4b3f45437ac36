// Which worker is at work, and on which request.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// A line for each worker, written by that worker alone and read by everybody. Nothing here waits.
class WorkerBoard {
 public:
  /// Workers from this number on are not shown.
  static constexpr std::size_t kMostWorkers = 1024;

  struct Line {
    bool busy = false;
    RequestId exchange = 0;  ///< that it was last seen to work on since it became busy; 0: none yet
    TimePoint since = {};    ///< it has been busy, or idle; TimePoint() before its first work
  };

  /// The calling thread is this worker, until done().
  void began(std::size_t worker, TimePoint now);

  /// It has been idle since it was last seen to work.
  void done(std::size_t worker);

  /// The calling thread works on this request. Without effect where it is no worker.
  void works_on(RequestId exchange, TimePoint now);

  /// The calling thread answers a request that is not recorded.
  void pass_by();

  /// How many such requests there were.
  std::uint64_t passed_by() const;

  /// Which worker the calling thread is; -1: none.
  int this_worker() const;

  /// Of every worker that has begun once, and of those with lower numbers. The parts of a line are right each
  /// for itself; they may be of two instants.
  std::vector<Line> lines() const;

 private:
  /// Apart from the others', so that workers do not take memory from each other's caches.
  struct alignas(64) Slot {
    std::atomic<bool> busy = false;
    std::atomic<RequestId> exchange = 0;
    std::atomic<TimePoint::rep> since = 0;
    std::atomic<std::uint64_t> passed_by = 0;
  };

  const std::unique_ptr<std::array<Slot, kMostWorkers>> slots_ =
      std::make_unique<std::array<Slot, kMostWorkers>>();
  std::atomic<std::size_t> count_ = 0;
  std::atomic<std::uint64_t> passed_by_others_ = 0;  // threads that are no workers
};

}  // namespace tinyhttpd
