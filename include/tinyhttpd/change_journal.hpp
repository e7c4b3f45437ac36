// Which exchanges have changed, for those who wait to hear of it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// What happened since somebody last looked.
struct ExchangeChanges {
  std::uint64_t revision = 0;       ///< to be given to the next wait
  std::vector<RequestId> ids = {};  ///< that changed, each once, ascending
  bool missed = false;              ///< there were more than are remembered: ids holds the last of them only
};

/// Numbers changes from 1 and wakes those who wait for the next. Any thread may call any member. Where nobody
/// waits, a change takes no lock.
class ChangeCounter {
 public:
  /// The number of a change that happens now.
  std::uint64_t next() { return ++revision_; }

  /// Wakes those who wait: the change can be seen.
  void tell();

  /// The number of the last change.
  std::uint64_t revision() const { return revision_; }

  /// Waits until there is a change after `seen`, until `deadline` or until stop().
  void wait(std::uint64_t seen, TimePoint deadline);

  /// Nobody waits from now on.
  void stop();

 private:
  std::atomic<std::uint64_t> revision_ = 0;
  std::atomic<unsigned> waiting_ = 0;
  std::mutex mutex_;  // guards stopped_, and that no change is told between a look and the sleep after it
  std::condition_variable changed_;
  bool stopped_ = false;
};

/// The last changes of some exchanges. One thread at a time.
class ChangeJournal {
 public:
  static constexpr std::size_t kRemembered = 256;

  void add(std::uint64_t number, RequestId id);

  /// Adds what happened after `seen` and not after changes.revision.
  void append_since(std::uint64_t seen, ExchangeChanges& changes) const;

 private:
  struct Change {
    std::uint64_t number = 0;
    RequestId id = 0;
  };

  std::vector<Change> recent_;
  std::size_t next_ = 0;
  std::uint64_t forgotten_ = 0;  // the greatest number that had to go
};

}  // namespace tinyhttpd
