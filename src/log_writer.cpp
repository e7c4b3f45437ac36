#include "tinyhttpd/log_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>

#include "tinyhttpd/log_text.hpp"

namespace tinyhttpd {

namespace {

using namespace std::chrono_literals;

/// How long the end of the program waits for a reader that does not read.
constexpr Clock::duration kPatience = 1s;

/// Under load, lines are gathered this long: few system calls, and nobody sees the delay.
constexpr Clock::duration kGather = 20ms;

/// How often a writer that is stuck looks whether the program ends.
constexpr int kStuckMilliseconds = 50;

constexpr char kTooSlow[] = "its reader is too slow";

[[noreturn]] void throw_error(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct stat status_of_file(int fd) {
  struct stat status {};
  ::fstat(fd, &status);
  return status;
}

UniqueFd open_log(const std::string& path) {
  constexpr int kFlags = O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  UniqueFd fd(::open(path.c_str(), O_WRONLY | kFlags, 0640));
  // A named pipe that nobody reads yet: open for reading as well, there is always a reader.
  if (!fd && errno == ENXIO) fd.reset(::open(path.c_str(), O_RDWR | kFlags, 0640));
  return fd;
}

/// A descriptor of our own for what `fd` names. O_NONBLOCK belongs to the open file, which a shell and other
/// programs share with us: a pipe or terminal is opened anew, so that the flag is ours alone. Where that
/// cannot be done poll(2) has to do.
UniqueFd borrow(int fd) {
  const mode_t mode = status_of_file(fd).st_mode;
  if (S_ISFIFO(mode) || S_ISCHR(mode)) {
    const std::string name = "/proc/self/fd/" + std::to_string(fd);
    UniqueFd own(::open(name.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (own) return own;
  }
  return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

bool can_write(int fd, int milliseconds) {
  pollfd wanted{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&wanted, 1, milliseconds) > 0;
}

std::string count_of_lines(std::size_t lines) {
  return std::to_string(lines) + (lines == 1 ? " line" : " lines");
}

}  // namespace

LogWriter::LogWriter(int fd, LossReport report) : report_(std::move(report)) {
  UniqueFd own = borrow(fd);
  if (!own) throw_error("descriptor " + std::to_string(fd) + ", for a log");
  use(std::move(own));
  buffer_.reserve(kMaxBufferedBytes);
  thread_ = std::thread([this] { run(); });
}

LogWriter::LogWriter(std::string path, LossReport report)
    : path_(std::move(path)), report_(std::move(report)) {
  UniqueFd file = open_log(path_);
  if (!file) throw_error(path_);
  use(std::move(file));
  buffer_.reserve(kMaxBufferedBytes);
  thread_ = std::thread([this] { run(); });
}

LogWriter::~LogWriter() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    give_up_at_ = Clock::now() + kPatience;
  }
  wake_.notify_one();
  thread_.join();
}

void LogWriter::add(std::string_view line) noexcept {
  line = line.substr(0, kMaxLogLineBytes - 1);
  bool wake = false;
  try {
    std::lock_guard lock(mutex_);
    if (buffer_.size() + line.size() >= kMaxBufferedBytes) {
      ++lost_lines_;
      loss_reason_ = kTooSlow;
      return;
    }
    buffer_.append(line).push_back('\n');
    // Once is enough: until it has woken up, all who add lines would make a system call.
    wake = std::exchange(waiting_, false) || buffer_.size() > kMaxBufferedBytes / 2;
  } catch (...) {
    return;  // Out of memory: a line less is the smallest harm.
  }
  if (wake) wake_.notify_one();
}

void LogWriter::flush() {
  std::unique_lock lock(mutex_);
  const auto all_written = [this] { return buffer_.empty() && !writing_; };
  if (!all_written()) idle_.wait_for(lock, kPatience, all_written);
}

Result<void, std::error_code> LogWriter::reopen() {
  if (path_.empty()) return {};
  UniqueFd fd = open_log(path_);
  if (!fd) return std::error_code(errno, std::generic_category());
  flush();
  std::lock_guard lock(mutex_);
  reopened_ = std::move(fd);
  wake_.notify_one();
  return {};
}

std::size_t LogWriter::lost_lines() const {
  std::lock_guard lock(mutex_);
  return lost_lines_;
}

// --- The writer's thread
// ----------------------------------------------------------------------------------------

void LogWriter::run() {
  // Signals are for the thread that waits for them.
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);

  std::string batch;
  batch.reserve(kMaxBufferedBytes);
  while (take(batch)) {
    try {
      write_batch(batch);
    } catch (const std::exception&) {
      // No memory to say what was lost; the next lines may get through.
    }
    batch.clear();
  }
}

/// Goes on with this file.
void LogWriter::use(UniqueFd fd) {
  fd_ = std::move(fd);
  const mode_t mode = status_of_file(fd_.get()).st_mode;
  in_pieces_ = !S_ISREG(mode);
  is_socket_ = S_ISSOCK(mode);
  mid_line_ = false;
}

/// Waits for lines, or for a file that was opened again. False when the program ends and nothing is left.
bool LogWriter::take(std::string& batch) {
  std::unique_lock lock(mutex_);
  if (std::exchange(writing_, false)) {
    if (buffer_.empty()) idle_.notify_all();
    wake_.wait_for(lock, kGather, [this] { return closing_ || buffer_.size() > kMaxBufferedBytes / 2; });
  }
  waiting_ = true;
  wake_.wait(lock, [this] { return closing_ || reopened_ || !buffer_.empty(); });
  waiting_ = false;
  if (reopened_) use(std::move(reopened_));
  batch.swap(buffer_);
  writing_ = !batch.empty();
  return writing_ || !closing_;
}

void LogWriter::write_batch(std::string_view batch) {
  // Half a line is left from an error: what follows begins on a line of its own.
  std::string_view line_end = mid_line_ ? "\n" : "";
  while (!batch.empty() && !gave_up()) {
    switch (write_some(line_end.empty() ? batch : line_end)) {
      case Outcome::written: report_losses(); break;
      case Outcome::blocked: break;
      case Outcome::failed: return drop(batch, std::generic_category().message(errno));
    }
  }
}

/// Writes from the front of `rest`, as much as goes at once, and removes it there.
LogWriter::Outcome LogWriter::write_some(std::string_view& rest) {
  if (!can_write(fd_.get(), kStuckMilliseconds)) return Outcome::blocked;
  const std::string_view piece = piece_of(rest);
  const ssize_t count = is_socket_
                            ? ::send(fd_.get(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                            : ::write(fd_.get(), piece.data(), piece.size());
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Outcome::blocked : Outcome::failed;
  mid_line_ = count > 0 && piece[static_cast<std::size_t>(count) - 1] != '\n';
  rest.remove_prefix(static_cast<std::size_t>(count));
  return Outcome::written;
}

/// Whole lines that a pipe takes in one piece, so that nobody else's fall between them (pipe(7), PIPE_BUF);
/// for a file all.
std::string_view LogWriter::piece_of(std::string_view rest) const {
  if (!in_pieces_ || rest.size() <= kMaxLogLineBytes) return rest;
  return rest.substr(0, rest.rfind('\n', kMaxLogLineBytes - 1) + 1);
}

/// Counts the lines of `rest` as lost.
void LogWriter::drop(std::string_view rest, const std::string& reason) {
  bool is_first = false;
  {
    std::lock_guard lock(mutex_);
    is_first = lost_lines_ == reported_lines_;
    lost_lines_ += static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '\n'));
    loss_reason_ = reason;
  }
  if (is_first && report_) report_("lines are being dropped: " + reason);
}

/// Lines get through: says how many did not.
void LogWriter::report_losses() {
  std::string text;
  {
    std::lock_guard lock(mutex_);
    // While the buffer is still half full, more may be lost: one report for all of it.
    if (lost_lines_ == reported_lines_ || buffer_.size() > kMaxBufferedBytes / 2) return;
    text = count_of_lines(lost_lines_ - reported_lines_) + " dropped: " + loss_reason_;
    reported_lines_ = lost_lines_;
  }
  if (report_) report_(text);
}

bool LogWriter::gave_up() const {
  std::lock_guard lock(mutex_);
  return closing_ && Clock::now() >= give_up_at_;
}

}  // namespace tinyhttpd
