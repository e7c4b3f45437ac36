#include "tinyhttpd/exchange_store.hpp"

#include <algorithm>
#include <utility>

namespace tinyhttpd {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxSpareOfShard = 8;

/// A client may have left before its request was complete, and then nobody says so.
constexpr auto kForgottenAfter = 60s;

/// Whether nobody else has it, and whatever others did with it has happened before.
bool is_mine_alone(std::shared_ptr<RecordedExchange>& exchange) {
  if (exchange.use_count() != 1) return false;
  // To read the count orders nothing. To change it does, and a second owner does that.
  std::shared_ptr<RecordedExchange> second = exchange;
  exchange.swap(second);
  return true;
}

/// A record to write into: the last of the spare ones, or a new one.
std::shared_ptr<RecordedExchange> take_empty(std::vector<std::shared_ptr<RecordedExchange>>& spare) {
  if (!spare.empty()) {
    std::shared_ptr<RecordedExchange> exchange = std::move(spare.back());
    spare.pop_back();
    if (is_small(*exchange) && is_mine_alone(exchange)) {
      // Only now: whoever cleared it before would have had to fetch all of it, too.
      clear(*exchange);
      return exchange;
    }
  }
  return std::make_shared<RecordedExchange>();
}

/// Null: it is not among them.
template <typename Recordings>
auto find_in(Recordings& recordings, RequestId id) {
  const auto found =
      std::find_if(recordings.begin(), recordings.end(), [id](const Recording& r) { return r.id() == id; });
  return found == recordings.end() ? nullptr : &*found;
}

}  // namespace

// ---- ExchangeRing

std::shared_ptr<RecordedExchange> ExchangeRing::push(std::shared_ptr<RecordedExchange> exchange) {
  if (slots_.empty()) return exchange;
  Slot& slot = slots_[next_];
  if (++next_ == slots_.size()) next_ = 0;
  slot.id = exchange->id;
  slot.exchange.swap(exchange);
  return exchange;
}

ExchangePtr ExchangeRing::find(RequestId id) const {
  const auto slot = std::find_if(slots_.begin(), slots_.end(), [id](const Slot& s) { return s.id == id; });
  return slot == slots_.end() ? nullptr : slot->exchange;
}

void ExchangeRing::replace(RequestId id, std::shared_ptr<RecordedExchange>& exchange) {
  const auto slot = std::find_if(slots_.begin(), slots_.end(), [id](const Slot& s) { return s.id == id; });
  if (slot != slots_.end()) slot->exchange.swap(exchange);
}

void ExchangeRing::append_newer_than(RequestId since, std::vector<ExchangePtr>& exchanges) const {
  for (const Slot& slot : slots_)
    if (slot.id > since) exchanges.push_back(slot.exchange);
}

std::size_t ExchangeRing::bytes() const {
  std::size_t bytes = slots_.capacity() * sizeof(Slot);
  for (const Slot& slot : slots_)
    if (slot.exchange) bytes += bytes_of(*slot.exchange);
  return bytes;
}

// ---- ExchangeStore

ExchangeStore::ExchangeStore(const RecorderLimits& limits)
    : limits_(limits), of_gateways_(limits.keep), others_(limits.keep) {}

Recording* ExchangeStore::Shard::find(RequestId id) {
  return find_in(in_hand, id);
}

const Recording* ExchangeStore::Shard::find(RequestId id) const {
  return find_in(in_hand, id);
}

/// Null: there is no place.
Recording* ExchangeStore::open(Shard& shard, RequestId id, TimePoint now, ExchangePtr& dropped) {
  if (shard.in_hand.size() * kShards >= limits_.in_hand && !make_place(shard, now, dropped)) {
    ++shard.not_recorded;
    return nullptr;
  }
  std::shared_ptr<RecordedExchange> exchange = take_empty(shard.spare);
  exchange->began = now;
  Recording& recording = shard.in_hand.emplace_back(std::move(exchange), id, limits_);
  recording.set_now(now);
  ++shard.recorded;
  return &recording;
}

bool ExchangeStore::make_place(Shard& shard, TimePoint now, ExchangePtr& dropped) {
  const auto oldest = std::min_element(
      shard.in_hand.begin(), shard.in_hand.end(),
      [](const Recording& a, const Recording& b) { return a.last_heard() < b.last_heard(); });
  if (oldest == shard.in_hand.end() || now - oldest->last_heard() < kForgottenAfter) return false;
  shard.journal.add(counter_.next(), oldest->id());  // told with the one that takes its place
  finish(shard, *oldest, dropped);
  return true;
}

/// Moves an exchange from those in hand to those that are over. The one that has to go for it is used again,
/// unless its memory is that of streams.
void ExchangeStore::finish(Shard& shard, Recording& recording, ExchangePtr& dropped) {
  std::shared_ptr<RecordedExchange> exchange = recording.take_exchange();
  if (&recording != &shard.in_hand.back()) recording = std::move(shard.in_hand.back());
  shard.in_hand.pop_back();
  exchange->over = true;
  const bool of_gateway = is_of_gateway(*exchange);
  {
    const std::lock_guard lock(rings_mutex_);
    exchange = (of_gateway ? of_gateways_ : others_).push(std::move(exchange));
  }
  if (exchange && !of_gateway && shard.spare.size() < kMaxSpareOfShard) {
    shard.spare.push_back(std::move(exchange));
  } else {
    dropped = std::move(exchange);
  }
}

ExchangePtr ExchangeStore::find_over(RequestId id) const {
  const std::lock_guard lock(rings_mutex_);
  ExchangePtr found = of_gateways_.find(id);
  return found ? found : others_.find(id);
}

ExchangePtr ExchangeStore::find(RequestId id) const {
  if (id == 0) return nullptr;
  {
    const Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    if (const Recording* recording = shard.find(id))
      return std::make_shared<const RecordedExchange>(recording->exchange());
  }
  return find_over(id);
}

/// Only the copy is made with the lock: to look for secrets takes longer.
std::optional<RecordedExchange> ExchangeStore::summary_in_hand(RequestId id) const {
  RecordedExchange copy;
  {
    const Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const Recording* recording = shard.find(id);
    if (recording == nullptr) return std::nullopt;
    copy = copy_for_summary(recording->exchange());
  }
  return covered_summary(copy);
}

ExchangePtr ExchangeStore::find_summary(RequestId id) const {
  if (id == 0) return nullptr;
  if (auto summary = summary_in_hand(id))
    return std::make_shared<const RecordedExchange>(*std::move(summary));
  return find_over(id);
}

std::vector<ExchangePtr> ExchangeStore::newer_than(RequestId since) const {
  std::vector<RequestId> in_hand;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (const Recording& recording : shard.in_hand)
      if (recording.id() > since) in_hand.push_back(recording.id());
  }
  std::vector<ExchangePtr> exchanges;
  // In this order none is missed that is over meanwhile; it may be found twice.
  for (const RequestId id : in_hand)
    if (auto summary = summary_in_hand(id))
      exchanges.push_back(std::make_shared<const RecordedExchange>(*std::move(summary)));
  exchanges.reserve(exchanges.size() + 2 * limits_.keep);
  {
    const std::lock_guard lock(rings_mutex_);
    of_gateways_.append_newer_than(since, exchanges);
    others_.append_newer_than(since, exchanges);
  }
  std::sort(exchanges.begin(), exchanges.end(), [](const ExchangePtr& a, const ExchangePtr& b) {
    return a->id != b->id ? a->id < b->id : a->over && !b->over;
  });
  const auto end = std::unique(exchanges.begin(), exchanges.end(),
                               [](const ExchangePtr& a, const ExchangePtr& b) { return a->id == b->id; });
  exchanges.erase(end, exchanges.end());
  return exchanges;
}

std::string ExchangeStore::target_in_hand(RequestId id) const {
  const auto summary = summary_in_hand(id);
  return summary ? summary->target : std::string();
}

bool ExchangeStore::is_in_hand(RequestId id) const {
  const Shard& shard = shard_of(id);
  const std::lock_guard lock(shard.mutex);
  return shard.find(id) != nullptr;
}

void ExchangeStore::set_replay(RequestId id, RequestId of) {
  const auto outcome =
      change(id, Clock::now, Tell::yes, [of](Recording& recording) { recording.exchange().replay_of = of; });
  if (outcome == Outcome::unknown) replace_over(id, of);
}

/// Others may be reading the one that is kept: it stays as it is, and another takes its place.
void ExchangeStore::replace_over(RequestId id, RequestId replay_of) {
  const ExchangePtr found = find_over(id);
  if (!found) return;
  auto changed = std::make_shared<RecordedExchange>(*found);
  changed->replay_of = replay_of;
  {
    const std::lock_guard lock(rings_mutex_);
    of_gateways_.replace(id, changed);
    others_.replace(id, changed);
  }
  Shard& shard = shard_of(id);
  {
    const std::lock_guard lock(shard.mutex);
    shard.journal.add(counter_.next(), id);
  }
  counter_.tell();
}

ExchangeChanges ExchangeStore::wait_for_changes(std::uint64_t seen, TimePoint deadline) const {
  counter_.wait(seen, deadline);
  // Changes are numbered under their shard's lock: those up to this number are in the journals by the time
  // that we have the locks.
  ExchangeChanges changes{.revision = counter_.revision()};
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    shard.journal.append_since(seen, changes);
  }
  std::sort(changes.ids.begin(), changes.ids.end());
  changes.ids.erase(std::unique(changes.ids.begin(), changes.ids.end()), changes.ids.end());
  return changes;
}

std::uint64_t ExchangeStore::recorded() const {
  std::uint64_t count = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    count += shard.recorded;
  }
  return count;
}

std::uint64_t ExchangeStore::not_recorded() const {
  std::uint64_t count = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    count += shard.not_recorded;
  }
  return count;
}

std::size_t ExchangeStore::bytes() const {
  std::size_t bytes = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    for (const Recording& recording : shard.in_hand) bytes += bytes_of(recording.exchange());
    for (const auto& exchange : shard.spare) bytes += bytes_of(*exchange);
  }
  const std::lock_guard lock(rings_mutex_);
  return bytes + of_gateways_.bytes() + others_.bytes();
}

}  // namespace tinyhttpd
