#include "tinyhttpd/document_root.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>

namespace tinyhttpd {
namespace {

// How often to begin anew when somebody renames what is being opened, before saying EAGAIN.
constexpr int kTries = 32;

// How much of a folder is read with one call.
constexpr std::size_t kFolderPieceBytes = 32 * 1024;

// Names are counted up to so many times those wanted: a folder of millions must not hold up a thread.
constexpr std::size_t kMostCounted = 10;

constexpr int kLookUp = O_PATH | O_CLOEXEC;

std::error_code error_of(int number) {
  return {number, std::generic_category()};
}

Result<UniqueFd, std::error_code> call_openat2(int folder, const std::string& path, int flags,
                                               std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.resolve = resolve;
  UniqueFd fd;
  // EAGAIN: a rename went on while a ".." of a link was resolved, and the kernel cannot tell where that led.
  for (int tries = 0; tries < kTries && !fd; ++tries) {
    fd.reset(static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how)));
    if (!fd && errno != EAGAIN && errno != EINTR) break;
  }
  if (!fd) return error_of(errno);
  return fd;
}

/// Before Linux 5.6 there is no openat2, and some container sandboxes refuse it as a call they do not know.
bool lacks_openat2(int error_number) {
  return error_number == ENOSYS || error_number == EPERM;
}

/// The path as openat takes it. None when it is not as promised: openat would take it as absolute, or climb.
std::optional<std::string> relative(std::string_view path) {
  if (path.empty() || path.front() != '/' || path.starts_with("//")) return {};
  if (path.find('\0') != std::string_view::npos) return {};
  if (path.find("/../") != std::string_view::npos || path.ends_with("/..")) return {};
  if (path == "/") return ".";
  return std::string(path.substr(1));
}

/// Where an open file really lies, links resolved; empty without /proc.
std::string real_path_of(int fd) {
  std::array<char, PATH_MAX> buffer;
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), buffer.data(), buffer.size());
  return length < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(length));
}

/// What remains of `path` below `folder`, "." for the folder itself; none when it lies elsewhere.
std::optional<std::string> below(const std::string& folder, const std::string& path) {
  if (folder.empty() || path.empty()) return {};
  if (path == folder) return ".";
  const std::string prefix = folder == "/" ? folder : folder + "/";
  if (!path.starts_with(prefix)) return {};
  return path.substr(prefix.size());
}

/// A link that is absolute, or climbs above the root on its way, may still end below it. RESOLVE_BENEATH
/// refuses those all, so it is looked where the link ends, without opening that, and what lies there is
/// opened by its real path, which holds no link: if one has been put there since, it is refused.
Result<UniqueFd, std::error_code> open_where_links_end(int folder, const std::string& path, int flags) {
  const auto end = call_openat2(folder, path, kLookUp, RESOLVE_NO_MAGICLINKS);
  if (!end) return end.error();
  const auto real_path = below(real_path_of(folder), real_path_of(end->get()));
  if (!real_path) return error_of(ELOOP);
  return call_openat2(folder, *real_path, flags,
                      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

Result<struct stat, std::error_code> stat_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return error_of(errno);
  return status;
}

FileFacts::Kind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileFacts::Kind::regular;
  return S_ISDIR(mode) ? FileFacts::Kind::directory : FileFacts::Kind::special;
}

FileFacts facts_of(const struct stat& status) {
  FileFacts facts;
  facts.kind = kind_of(status.st_mode);
  facts.size = static_cast<std::uint64_t>(status.st_size);
  facts.device = status.st_dev;
  facts.inode = status.st_ino;
  facts.mtime_seconds = status.st_mtim.tv_sec;
  facts.mtime_nanoseconds = status.st_mtim.tv_nsec;
  facts.ctime_seconds = status.st_ctim.tv_sec;
  facts.ctime_nanoseconds = status.st_ctim.tv_nsec;
  facts.mode = status.st_mode;
  return facts;
}

Result<FileFacts, std::error_code> facts_of(int fd) {
  const auto status = stat_of(fd);
  if (!status) return status.error();
  return facts_of(*status);
}

bool same_file(const FileFacts& left, const FileFacts& right) {
  return left.device == right.device && left.inode == right.inode && left.kind == right.kind;
}

/// Adds the names in what the kernel has said of a folder, past `most` only their number.
void add_names(std::span<const char> said, std::size_t most, DocumentRoot::Names& names) {
  while (!said.empty()) {
    const auto* entry = reinterpret_cast<const dirent64*>(said.data());
    const std::string_view name = entry->d_name;
    said = said.subspan(entry->d_reclen);
    if (name == "." || name == "..") continue;
    if (names.names.size() < most) {
      names.names.emplace_back(name);
    } else {
      ++names.left_out;
    }
  }
}

/// Not by readdir: fdopendir would take the descriptor over, and it has an owner.
Result<DocumentRoot::Names, std::error_code> read_names(int folder, std::size_t most) {
  alignas(dirent64) std::array<char, kFolderPieceBytes> buffer;
  DocumentRoot::Names names;
  while (names.left_out < kMostCounted * most) {
    const ssize_t length = ::getdents64(folder, buffer.data(), buffer.size());
    if (length < 0) return error_of(errno);
    if (length == 0) break;
    add_names(std::span(buffer).first(static_cast<std::size_t>(length)), most, names);
  }
  names.left_out = std::min(names.left_out, kMostCounted * most);
  return names;
}

/// One component of a walk, which must not be a link. O_PATH opens the link
/// itself where another open says ELOOP.
Result<UniqueFd, std::error_code> open_component(int folder, const std::string& name, int flags) {
  UniqueFd fd(::openat(folder, name.c_str(), flags | O_NOFOLLOW));
  if (!fd) return error_of(errno);
  const auto status = stat_of(fd.get());
  if (!status) return status.error();
  if (S_ISLNK(status->st_mode)) return error_of(ELOOP);
  return fd;
}

}  // namespace

DocumentRoot::DocumentRoot(const std::string& folder, Symlinks symlinks)
    : folder_(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), symlinks_(symlinks) {
  const std::string what = "cannot serve the folder '" + folder + "' (--root names it)";
  if (!folder_) throw std::system_error(error_of(errno), what);
  if (::faccessat(folder_.get(), ".", X_OK, AT_EACCESS) != 0) throw std::system_error(error_of(errno), what);
  const std::unique_ptr<char, decltype(&::free)> absolute(::realpath(folder.c_str(), nullptr), &::free);
  if (!absolute) throw std::system_error(error_of(errno), what);
  absolute_path_ = absolute.get();
}

Result<FileFacts, std::error_code> DocumentRoot::look_up(std::string_view path) const {
  const auto fd = open_beneath(path, kLookUp);
  if (!fd) return fd.error();
  return facts_of(fd->get());
}

Result<FileFacts, std::error_code> DocumentRoot::glance(const std::string& path) const {
  struct stat status {};
  const char* relative_path = path.size() > 1 ? path.c_str() + 1 : ".";
  if (::fstatat(folder_.get(), relative_path, &status, 0) != 0) return error_of(errno);
  return facts_of(status);
}

Result<OpenFile, std::error_code> DocumentRoot::open(std::string_view path) const {
  for (int tries = 0; tries < kTries; ++tries) {
    // Looked at first: to open a device may set it going, and O_NONBLOCK helps with a FIFO only.
    const auto seen = look_up(path);
    if (!seen) return seen.error();
    if (seen->kind != FileFacts::Kind::regular) return error_of(ENOENT);

    auto fd = open_beneath(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (!fd) return fd.error();
    const auto opened = facts_of(fd->get());
    if (!opened) return opened.error();
    if (same_file(*seen, *opened)) return OpenFile{std::move(*fd), *opened};
  }
  return error_of(EAGAIN);
}

Result<UniqueFd, std::error_code> DocumentRoot::open_folder(std::string_view path) const {
  return open_beneath(path, kLookUp | O_DIRECTORY);
}

Result<DocumentRoot::Names, std::error_code> DocumentRoot::names(std::string_view path,
                                                                 std::size_t most) const {
  const auto folder = open_beneath(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!folder) return folder.error();
  const auto facts = facts_of(folder->get());
  if (!facts) return facts.error();
  if (!facts->readable_by_others()) return error_of(EACCES);
  return read_names(folder->get(), most);
}

Result<UniqueFd, std::error_code> DocumentRoot::open_beneath(std::string_view path, int flags) const {
  const auto name = relative(path);
  if (!name) return error_of(ENOENT);

  std::uint64_t resolve = RESOLVE_NO_MAGICLINKS;
  if (symlinks_ != Symlinks::follow) resolve |= RESOLVE_BENEATH;
  if (symlinks_ == Symlinks::off) resolve |= RESOLVE_NO_SYMLINKS;
  auto fd = call_openat2(folder_.get(), *name, flags, resolve);

  const auto error = [&fd] { return fd ? 0 : fd.error().value(); };
  if (error() == EXDEV) fd = open_where_links_end(folder_.get(), *name, flags);
  if (lacks_openat2(error())) fd = walk(*name, flags);
  if (error() == EXDEV) return error_of(ELOOP);
  if (error() == ENAMETOOLONG) return error_of(ENOENT);
  return fd;
}

Result<UniqueFd, std::error_code> DocumentRoot::walk(std::string_view path, int flags) const {
  if (symlinks_ == Symlinks::follow) {
    UniqueFd fd(::openat(folder_.get(), std::string(path).c_str(), flags));
    if (!fd) return error_of(errno);
    return fd;
  }
  UniqueFd walked;  // the folder reached so far; none: the root
  for (;;) {
    const int folder = walked ? walked.get() : folder_.get();
    const std::size_t slash = path.find('/');
    const std::string name(path.substr(0, slash));
    if (slash == std::string_view::npos) return open_component(folder, name, flags);
    if (slash + 1 == path.size()) return open_component(folder, name, flags | O_DIRECTORY);

    auto next = open_component(folder, name, kLookUp);
    if (!next) return next.error();
    walked = std::move(*next);
    path.remove_prefix(slash + 1);
  }
}

}  // namespace tinyhttpd
