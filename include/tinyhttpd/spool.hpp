// Bytes put aside until all have come: small in memory, larger in a temporary file without a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "tinyhttpd/socket.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

/// A body that grows, then is read from its start. One thread at a time.
class Spool {
 public:
  /// Up to this many bytes stay in memory.
  static constexpr std::size_t kMemoryBytes = 16 * 1024;

  Spool() = default;
  Spool(Spool&& other) noexcept;             ///< leaves `other` empty
  Spool& operator=(Spool&& other) noexcept;  ///< leaves `other` empty
  ~Spool() = default;

  /// Adds bytes. Past kMemoryBytes all goes to a file without a name in `folder` (O_TMPFILE, or one unlinked
  /// at once where the file system has none). Errors are the system's: ENOSPC, EDQUOT, EFBIG, EMFILE, EIO …;
  /// after one the spool is unusable. EFBIG needs SIGXFSZ to be ignored, or the process ends instead.
  [[nodiscard]] std::error_code append(std::string_view bytes, const std::string& folder);

  /// Moves what has come to a non-blocking socket, at most `most` bytes, on into its file without a copy in
  /// between (splice). would_wait: nothing could be taken this way, because nothing is there, the peer has
  /// ended its side, the spool is in memory, or the kernel cannot do so; receive() and append() tell and
  /// help. `error` is set as append() returns it.
  Transfer take_from(int socket, std::uint64_t most, std::error_code& error);

  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// The bytes from `offset` on, as many as are at hand (at most buffer.size() when they come from the file):
  /// a view into memory or into `buffer`. Empty at the end. An I/O error sets `error`.
  std::string_view read(std::uint64_t offset, std::span<char> buffer, std::error_code& error) const;

  /// A way to read its file from the start that cannot change it and has a position of its own. None while it
  /// is in memory, and where no file can be opened anew because there is no /proc.
  UniqueFd open_file() const;

  /// Empties it and closes its file.
  void clear() noexcept;

 private:
  std::error_code move_to_file(const std::string& folder);

  std::string memory_;
  UniqueFd file_;
  std::uint64_t size_ = 0;
};

}  // namespace tinyhttpd
