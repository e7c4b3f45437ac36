// Compressed texts, made once and kept for whoever asks next, within bounds of memory and of work.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "tinyhttpd/lru_cache.hpp"

namespace tinyhttpd {

/// A cache of texts that are expensive to make. Any thread. It may be destroyed while texts of it are still
/// in use.
class CompressedTexts {
 public:
  using Text = std::shared_ptr<const std::string>;
  /// Makes a text; none: it cannot be made.
  using Make = std::function<std::optional<std::string>()>;

  /// So many are made at once; each takes all of a core.
  static constexpr std::size_t kMostAtWork = 2;

  /// What texts that are not kept, but on their way to slow clients, may hold.
  static constexpr std::uint64_t kMostBytesOnTheirWay = 16ULL << 20U;

  /// Keeps at most this many bytes.
  explicit CompressedTexts(std::uint64_t max_kept_bytes)
      : kept_(max_kept_bytes), max_bytes_(max_kept_bytes + kMostBytesOnTheirWay) {}

  /// The text of this key. Calls `make` for it when there is none yet, in this thread, and keeps what that
  /// makes if `keep`. Null, without waiting, while another thread makes the same, while kMostAtWork are being
  /// made, or while texts hold as much memory as they may: the caller then does without.
  Text get(const std::string& key, bool keep, const Make& make);

 private:
  bool begin(const std::string& key);
  void end(const std::string& key);
  Text counted(std::string text) const;

  LruCache<std::string> kept_;
  const std::uint64_t max_bytes_;
  std::shared_ptr<std::atomic<std::uint64_t>> bytes_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);  // of texts alive
  std::mutex mutex_;                                    // guards at_work_
  std::set<std::string, std::less<>> at_work_;          // keys of texts that are being made
};

}  // namespace tinyhttpd
