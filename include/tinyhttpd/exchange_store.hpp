// The exchanges that are remembered: those in hand, and the last of those that are over.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tinyhttpd/change_journal.hpp"
#include "tinyhttpd/recording.hpp"

namespace tinyhttpd {

/// An exchange that does not change any more, or a copy of one.
using ExchangePtr = std::shared_ptr<const RecordedExchange>;

/// The last exchanges that were put in, up to a number. One thread at a time.
class ExchangeRing {
 public:
  explicit ExchangeRing(std::size_t keep) : slots_(keep) {}

  /// Puts one in. The one that had to go, or null.
  std::shared_ptr<RecordedExchange> push(std::shared_ptr<RecordedExchange> exchange);

  ExchangePtr find(RequestId id) const;

  /// Puts another in the place of the one with this id, where that is still kept.
  void replace(RequestId id, std::shared_ptr<RecordedExchange>& exchange);

  void append_newer_than(RequestId since, std::vector<ExchangePtr>& exchanges) const;
  std::size_t bytes() const;

 private:
  struct Slot {
    RequestId id = 0;
    std::shared_ptr<RecordedExchange> exchange = {};
  };

  std::vector<Slot> slots_;
  std::size_t next_ = 0;
};

/// Holds a bounded number of exchanges in a bounded memory, which it uses again, and numbers their changes.
/// Any thread may call any member. Those in hand lie in shards with a lock each, so that workers hardly ever
/// wait for each other.
class ExchangeStore {
 public:
  enum class Outcome { unknown, in_hand, over };

  /// Whether a change that does not end an exchange is one that those who wait are told of.
  enum class Tell { no, yes };

  explicit ExchangeStore(const RecorderLimits& limits);

  /// Begins an exchange, and calls `write` with its Recording. It is not recorded where too many are in hand;
  /// one that nobody has heard of for a minute gives way, and is over then.
  template <typename Write>
  void begin(RequestId id, TimePoint now, Write write) {
    Shard& shard = shard_of(id);
    {
      ExchangePtr dropped;  // freed without the lock
      const std::lock_guard lock(shard.mutex);
      Recording* recording = open(shard, id, now, dropped);
      if (recording == nullptr) return;
      write(*recording);
      shard.journal.add(counter_.next(), id);
    }
    counter_.tell();
  }

  /// Calls `write` with the Recording of an exchange in hand, and stores it if it is over then, which is
  /// told. `now()` is asked for one in hand only.
  template <typename Now, typename Write>
  Outcome change(RequestId id, Now now, Tell tell, Write write) {
    Shard& shard = shard_of(id);
    Outcome outcome = Outcome::in_hand;
    {
      ExchangePtr dropped;  // freed without the lock
      const std::lock_guard lock(shard.mutex);
      Recording* recording = shard.find(id);
      if (recording == nullptr) return Outcome::unknown;
      recording->set_now(now());
      write(*recording);
      if (recording->is_over()) {
        finish(shard, *recording, dropped);
        outcome = Outcome::over;
      } else if (tell == Tell::no) {
        return outcome;
      }
      shard.journal.add(counter_.next(), id);
    }
    counter_.tell();
    return outcome;
  }

  /// One that is over; a copy, as it is now, of one in hand; or null.
  ExchangePtr find(RequestId id) const;

  /// One that is over; a covered_summary() of one in hand; or null. No worker waits while its streams are
  /// copied, or its secrets looked for.
  ExchangePtr find_summary(RequestId id) const;

  /// All with greater ids, by id. Those in hand are as find_summary() has them.
  std::vector<ExchangePtr> newer_than(RequestId since) const;

  /// What the client asked for, its secrets covered; "" of one that is not in hand.
  std::string target_in_hand(RequestId id) const;

  bool is_in_hand(RequestId id) const;

  /// Says that `id`, in hand or over, repeats `of`.
  void set_replay(RequestId id, RequestId of);

  /// The number of the last change.
  std::uint64_t revision() const { return counter_.revision(); }

  /// Waits for a change after `seen`, until `deadline` or stop(). The changes after it, maybe none.
  ExchangeChanges wait_for_changes(std::uint64_t seen, TimePoint deadline) const;
  void stop() { counter_.stop(); }

  std::uint64_t recorded() const;
  std::uint64_t not_recorded() const;

  /// The memory that all of it takes, about.
  std::size_t bytes() const;

 private:
  static constexpr std::size_t kShards = 16;

  struct alignas(64) Shard {
    mutable std::mutex mutex;  // guards all below
    std::vector<Recording> in_hand = {};
    std::vector<std::shared_ptr<RecordedExchange>> spare = {};  // to be cleared, if nobody else has them
    ChangeJournal journal = {};
    std::uint64_t recorded = 0;
    std::uint64_t not_recorded = 0;

    /// Null: it is not in hand here.
    Recording* find(RequestId id);
    const Recording* find(RequestId id) const;
  };

  Shard& shard_of(RequestId id) { return shards_[id % kShards]; }
  const Shard& shard_of(RequestId id) const { return shards_[id % kShards]; }

  Recording* open(Shard& shard, RequestId id, TimePoint now, ExchangePtr& dropped);
  bool make_place(Shard& shard, TimePoint now, ExchangePtr& dropped);
  void finish(Shard& shard, Recording& recording, ExchangePtr& dropped);
  void replace_over(RequestId id, RequestId replay_of);
  ExchangePtr find_over(RequestId id) const;
  std::optional<RecordedExchange> summary_in_hand(RequestId id) const;

  const RecorderLimits limits_;
  mutable ChangeCounter counter_;
  std::array<Shard, kShards> shards_;
  mutable std::mutex rings_mutex_;  // guards the rings; locked last
  ExchangeRing of_gateways_;
  ExchangeRing others_;
};

}  // namespace tinyhttpd
