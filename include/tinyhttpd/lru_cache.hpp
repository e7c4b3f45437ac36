// Values kept within a budget of bytes: those unused for longest go first.
#pragma once

#include <cstdint>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace tinyhttpd {

/// A cache for many threads. A value that is in use lives on after it was dropped here: it is shared. Keys
/// are kept in a tree, not a hash table, so that no client can choose keys that collide.
template <typename Value>
class LruCache {
 public:
  /// At most this many bytes of values and keys; 0: it keeps nothing.
  explicit LruCache(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  /// The value kept under `key`, now the most recently used; null when there is none.
  std::shared_ptr<const Value> find(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return found->second->value;
  }

  /// Keeps `value`, which counts `bytes`, instead of what was under `key`, and drops others for it. One that
  /// is larger than the whole budget is not kept.
  void keep(std::string key, std::shared_ptr<const Value> value, std::uint64_t bytes) {
    Entries dropped;  // freed once the others may go on
    const std::lock_guard lock(mutex_);
    if (const auto old = by_key_.find(key); old != by_key_.end()) drop(old->second, dropped);
    if (key.size() > max_bytes_ || bytes > max_bytes_ - key.size()) return;
    bytes += key.size();
    while (bytes > max_bytes_ - bytes_) drop(std::prev(by_use_.end()), dropped);
    by_use_.push_front({std::move(key), std::move(value), bytes});
    by_key_.emplace(by_use_.front().key, by_use_.begin());
    bytes_ += bytes;
  }

  /// What the values kept and their keys count together.
  std::uint64_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const Value> value;
    std::uint64_t bytes;  // of both
  };
  using Entries = std::list<Entry>;

  void drop(typename Entries::iterator entry, Entries& dropped) {
    bytes_ -= entry->bytes;
    by_key_.erase(entry->key);
    dropped.splice(dropped.begin(), by_use_, entry);
  }

  const std::uint64_t max_bytes_;
  mutable std::mutex mutex_;                                       // guards what follows
  Entries by_use_;                                                 // the most recently used first
  std::map<std::string_view, typename Entries::iterator> by_key_;  // the keys are those in by_use_
  std::uint64_t bytes_ = 0;                                        // never over max_bytes_
};

}  // namespace tinyhttpd
