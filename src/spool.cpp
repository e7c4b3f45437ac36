#include "tinyhttpd/spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "tinyhttpd/process.hpp"

namespace tinyhttpd {
namespace {

std::error_code last_error() {
  return {errno, std::generic_category()};
}

// For file systems without O_TMPFILE: between mkostemp and unlink the file has a
// name, readable by its owner alone.
UniqueFd make_unlinked_file(const std::string& folder) {
  std::string path = folder + "/tinyhttpd-XXXXXX";
  UniqueFd file(::mkostemp(path.data(), O_CLOEXEC));
  if (file) ::unlink(path.c_str());
  return file;
}

UniqueFd make_nameless_file(const std::string& folder) {
  // O_EXCL: nobody can give it a name later, not even through /proc/self/fd.
  UniqueFd file(::open(folder.c_str(), O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  const bool unsupported = !file && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL);
  return unsupported ? make_unlinked_file(folder) : std::move(file);
}

std::error_code write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (written == 0 || errno != EINTR) {
      return written == 0 ? std::make_error_code(std::errc::no_space_on_device) : last_error();
    }
  }
  return {};
}

/// How much a thread's pipe holds: with the usual 64 KiB splicing is slower than copying.
constexpr int kPipeBytes = 1024 * 1024;

/// The pipe through which this thread moves bytes: empty before and after. Without ends when none of that
/// size can be made.
Pipe& spare_pipe() {
  thread_local Pipe spare;
  if (spare.read_end) return spare;
  auto made = make_pipe();
  if (made && ::fcntl(made->write_end.get(), F_SETPIPE_SZ, kPipeBytes) >= 0) spare = std::move(*made);
  return spare;
}

/// One read and its writes. `moved`: how many bytes it read.
std::error_code copy_some(int pipe, int file, std::size_t count, ssize_t& moved) {
  std::array<char, 64 * 1024> piece;
  moved = ::read(pipe, piece.data(), std::min(count, piece.size()));
  return moved > 0 ? write_all(file, {piece.data(), static_cast<std::size_t>(moved)}) : std::error_code();
}

/// Moves `count` bytes out of a pipe that holds as many.
std::error_code move_all(int pipe, int file, std::size_t count) {
  while (count > 0) {
    ssize_t moved = ::splice(pipe, nullptr, file, nullptr, count, 0);
    if (moved < 0 && errno == EINVAL) {  // a file system that cannot
      if (const std::error_code error = copy_some(pipe, file, count, moved)) return error;
    }
    if (moved > 0) {
      count -= static_cast<std::size_t>(moved);
    } else if (moved == 0 || errno != EINTR) {
      return moved == 0 ? std::make_error_code(std::errc::no_space_on_device) : last_error();
    }
  }
  return {};
}

}  // namespace

Spool::Spool(Spool&& other) noexcept
    : memory_(std::move(other.memory_)), file_(std::move(other.file_)), size_(other.size_) {
  other.clear();
}

Spool& Spool::operator=(Spool&& other) noexcept {
  if (this == &other) return *this;
  memory_ = std::move(other.memory_);
  file_ = std::move(other.file_);
  size_ = other.size_;
  other.clear();
  return *this;
}

std::error_code Spool::append(std::string_view bytes, const std::string& folder) {
  if (!file_ && bytes.size() > kMemoryBytes - memory_.size()) {
    if (const std::error_code error = move_to_file(folder)) return error;
  }
  if (file_) {
    if (const std::error_code error = write_all(file_.get(), bytes)) return error;
  } else {
    memory_.append(bytes);
  }
  size_ += bytes.size();
  return {};
}

// Received and written, the bytes would be copied twice; a pipe takes the pages in which they came, and they
// are copied once, into the file.
Transfer Spool::take_from(int socket, std::uint64_t most, std::error_code& error) {
  constexpr Transfer kNotThisWay{Transfer::Outcome::would_wait};
  if (!file_) return kNotThisWay;
  Pipe& pipe = spare_pipe();
  if (!pipe.read_end) return kNotThisWay;
  // As many as end where a page of the file does: whole pages are written faster.
  const std::uint64_t piece = std::min<std::uint64_t>(most, kPipeBytes - size_ % kPipeBytes);
  const Transfer taken = receive_into_pipe(socket, pipe.write_end.get(), piece);
  error = move_all(pipe.read_end.get(), file_.get(), taken.bytes);
  if (error) pipe = Pipe();  // for what is left in it
  size_ += taken.bytes;
  return taken;
}

std::error_code Spool::move_to_file(const std::string& folder) {
  file_ = make_nameless_file(folder);
  if (!file_) return last_error();
  const std::error_code error = write_all(file_.get(), memory_);
  memory_ = std::string();  // and not clear(), which would keep the memory
  return error;
}

std::string_view Spool::read(std::uint64_t offset, std::span<char> buffer, std::error_code& error) const {
  if (offset >= size_) return {};
  if (!file_) return std::string_view(memory_).substr(static_cast<std::size_t>(offset));

  ssize_t count;
  do {
    count = ::pread(file_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
  } while (count < 0 && errno == EINTR);
  if (count > 0) return {buffer.data(), static_cast<std::size_t>(count)};
  error = count < 0 ? last_error() : std::make_error_code(std::errc::io_error);
  return {};
}

UniqueFd Spool::open_file() const {
  if (!file_) return UniqueFd();
  const std::string name = "/proc/self/fd/" + std::to_string(file_.get());
  return UniqueFd(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
}

void Spool::clear() noexcept {
  memory_ = std::string();
  file_.reset();
  size_ = 0;
}

}  // namespace tinyhttpd
