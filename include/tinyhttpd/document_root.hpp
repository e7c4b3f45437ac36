// The folder that is served, and nothing outside it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

/// What lies at a path, learned without opening it for reading: no device wakes, no FIFO blocks.
struct FileFacts {
  enum class Kind { regular, directory, special } kind = Kind::special;
  std::uint64_t size = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t mtime_seconds = 0;
  std::int64_t mtime_nanoseconds = 0;
  std::int64_t ctime_seconds = 0;  ///< of the last change of anything, also of the mtime
  std::int64_t ctime_nanoseconds = 0;
  std::uint32_t mode = 0;
  bool executable_by_any() const { return (mode & 0111U) != 0; }
  bool readable_by_others() const { return (mode & 0004U) != 0; }
  friend bool operator==(const FileFacts&, const FileFacts&) = default;
};

/// A file open for reading, with its facts as of opening.
struct OpenFile {
  UniqueFd fd;
  FileFacts facts;
};

/// Looks up paths below one folder, by openat2. What a symbolic link there may do:
///   - inside: lead anywhere below the root, by whatever way (RESOLVE_BENEATH; an absolute link needs /proc)
///   - off: nothing (RESOLVE_NO_SYMLINKS)
///   - follow: lead anywhere
///
/// None may go through the links of /proc that stand for open files (RESOLVE_NO_MAGICLINKS). Where the kernel
/// has no openat2, a walk opens one component after the other with O_NOFOLLOW, and `inside` is as strict as
/// `off`.
///
/// Safe for many threads at once: it holds nothing but the descriptor. Paths are normalised URL paths: they
/// begin with '/', hold no "..", no empty segment, and may end in '/' (then only a folder is found, else
/// ENOTDIR). Errors: ENOENT (also a name that is too long), ENOTDIR, EACCES, ELOOP (a link that may not do
/// what it does), EAGAIN (the tree keeps changing), EMFILE, ENFILE, ENOMEM …
class DocumentRoot {
 public:
  /// Opens the folder; throws std::system_error that names it.
  DocumentRoot(const std::string& folder, Symlinks symlinks);

  /// What is at `path`.
  Result<FileFacts, std::error_code> look_up(std::string_view path) const;

  /// What is at `path`, wherever links lead: one system call instead of three, and without what keeps a path
  /// inside. Only to be compared with facts that look_up() or open() gave.
  Result<FileFacts, std::error_code> glance(const std::string& path) const;

  /// Opens a regular file (O_NONBLOCK, O_NOCTTY, close-on-exec). Whatever is not a regular file is ENOENT.
  Result<OpenFile, std::error_code> open(std::string_view path) const;

  /// Opens a folder, to become the working folder of a script.
  Result<UniqueFd, std::error_code> open_folder(std::string_view path) const;

  /// The names in the folder at `path`, in no order, without "." and "..", at most `most`, and how many more
  /// there are (counted up to ten times `most`). EACCES: the server, or others, may not read it.
  struct Names {
    std::vector<std::string> names;
    std::size_t left_out = 0;
  };
  Result<Names, std::error_code> names(std::string_view path, std::size_t most) const;

  /// The folder as an absolute path without links.
  const std::string& absolute_path() const { return absolute_path_; }

 private:
  Result<UniqueFd, std::error_code> open_beneath(std::string_view path, int flags) const;
  Result<UniqueFd, std::error_code> walk(std::string_view path, int flags) const;

  std::string absolute_path_;
  UniqueFd folder_;
  Symlinks symlinks_;
};

}  // namespace tinyhttpd
