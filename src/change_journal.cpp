#include "tinyhttpd/change_journal.hpp"

namespace tinyhttpd {

// ---- ChangeCounter

void ChangeCounter::tell() {
  // Who waits says so before it looks at the revision, which is greater by now: one of the two is seen.
  if (waiting_ == 0) return;
  { const std::lock_guard lock(mutex_); }
  changed_.notify_all();
}

void ChangeCounter::wait(std::uint64_t seen, TimePoint deadline) {
  ++waiting_;
  {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] { return revision_ > seen || stopped_; });
  }
  --waiting_;
}

void ChangeCounter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

// ---- ChangeJournal

void ChangeJournal::add(std::uint64_t number, RequestId id) {
  if (recent_.size() < kRemembered) {
    if (recent_.capacity() == 0) recent_.reserve(kRemembered);
    recent_.push_back({number, id});
    return;
  }
  forgotten_ = recent_[next_].number;
  recent_[next_] = {number, id};
  next_ = (next_ + 1) % kRemembered;
}

void ChangeJournal::append_since(std::uint64_t seen, ExchangeChanges& changes) const {
  if (forgotten_ > seen) changes.missed = true;
  for (const Change& change : recent_)
    if (change.number > seen && change.number <= changes.revision) changes.ids.push_back(change.id);
}

}  // namespace tinyhttpd
