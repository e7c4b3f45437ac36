// Files that are asked for often, kept ready to be sent: head lines, and content where it is small.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/conditional.hpp"
#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/document_root.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/http_date.hpp"
#include "tinyhttpd/lru_cache.hpp"
#include "tinyhttpd/response.hpp"

namespace tinyhttpd {

/// A representation of a file, and what it was made of. Never changes once made.
struct KeptFile {
  /// A file, and its state when it was read.
  struct Origin {
    std::string path;
    FileFacts facts;
  };
  std::vector<Origin> origins;  ///< the file, and its sibling where the content comes from that
  Validators validators;
  std::string fields;               ///< header lines of 200
  std::string not_modified_fields;  ///< header lines of 304
  SharedText text;                  ///< the content; null when that is large
  SharedFile file;                  ///< then this is open instead
  std::uint64_t size = 0;           ///< of the content
  bool negotiated = false;          ///< by Accept-Encoding, among siblings that may come and go
  UnixTime made = 0;
  mutable std::atomic<Turn> looked_at{0};  ///< the turn before the last look at the origins
};
using KeptFilePtr = std::shared_ptr<const KeptFile>;

/// Whether the times of this file lie so far back that a change of it would show in them, however coarse they
/// are: what was read of it stays right until they change.
bool is_settled(const FileFacts& facts, UnixTime now);

/// A cache of them, for many threads. A hit costs one stat of each origin, shared by the requests that came
/// in one turn, so that an edited file shows at once; a sibling that was not there before shows within two
/// seconds.
class KeptFiles {
 public:
  /// Contents up to this size are kept in memory, larger files open.
  static constexpr std::uint64_t kMostContentBytes = 64 * 1024;

  /// Keeps at most so many bytes, and descriptors for a 128th of them each.
  explicit KeptFiles(std::uint64_t max_bytes) : files_(max_bytes), bytes_of_descriptor_(max_bytes / 128) {}

  /// The turn in which a request was seen (0: unknown), and the one we are in, read before the call.
  struct Turns {
    Turn seen = 0;
    Turn now = 0;
  };

  /// What answers this GET or HEAD, still as it was; null: ask serve_file. Never for a request with Range.
  KeptFilePtr find(const Request& request, const DocumentRoot& root, UnixTime now, const Turns& turns);

  /// Keeps what was made for a request.
  void keep(const Request& request, const KeptFilePtr& file);

 private:
  LruCache<KeptFile> files_;
  const std::uint64_t bytes_of_descriptor_;
};

}  // namespace tinyhttpd
