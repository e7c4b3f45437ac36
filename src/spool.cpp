#include "tinyhttpd/spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

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
