// Lines on their way to a log, so that whoever logs never waits for a disk, a pipe or a terminal.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

/// Takes lines from any thread into a bounded buffer, which one thread of its own writes out: the first line
/// at once, under load many with one write(2). What cannot be written is dropped and counted: by a full
/// buffer when a pipe's reader has stopped, by an error such as a full disk. The first loss by an error is
/// reported at once; all of them when lines get through again. Lines are never torn by lines that others
/// write to the same pipe.
class LogWriter {
 public:
  /// Hears of lost lines in words, in the writer's thread: "lines are being dropped: No space left on
  /// device", later "12 lines dropped: No space left on device".
  using LossReport = std::function<void(std::string_view)>;

  /// Most that waits to be written.
  static constexpr std::size_t kMaxBufferedBytes = std::size_t{1} << 20U;

  /// Writes to a descriptor that stays the caller's, such as standard output, and never changes its flags.
  /// Throws std::system_error.
  LogWriter(int fd, LossReport report);

  /// Appends to a file, made with mode 0640 where there is none. Throws std::system_error that names it.
  LogWriter(std::string path, LossReport report);

  /// Writes what is left, for at most one second.
  ~LogWriter();

  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  /// Adds one line, without its end; past kMaxLogLineBytes it is cut. Never waits, never throws.
  void add(std::string_view line) noexcept;

  /// Waits until everything added before is written or dropped, at most one second.
  void flush();

  /// Opens the file again by its name and goes on there, after what was added before has gone to the old one:
  /// for log rotation. On an error the old file stays. Does nothing for a descriptor.
  Result<void, std::error_code> reopen();

  /// Lines dropped since the start.
  std::size_t lost_lines() const;

 private:
  enum class Outcome { written, blocked, failed };

  void use(UniqueFd fd);
  void run();
  bool take(std::string& batch);
  void write_batch(std::string_view batch);
  Outcome write_some(std::string_view& rest);
  std::string_view piece_of(std::string_view rest) const;
  void drop(std::string_view rest, const std::string& reason);
  void report_losses();
  bool gave_up() const;

  const std::string path_;  // empty for a descriptor
  const LossReport report_;

  mutable std::mutex mutex_;  // guards all down to loss_reason_
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::string buffer_;  // all its memory from the start: no line waits while it grows; the kernel gives pages
                        // when they are used
  UniqueFd reopened_;   // takes the place of fd_ with the next batch
  bool writing_ = false;
  bool waiting_ = false;
  bool closing_ = false;
  TimePoint give_up_at_;
  std::size_t lost_lines_ = 0;
  std::size_t reported_lines_ = 0;  // of the lost ones
  std::string loss_reason_;

  UniqueFd fd_;             // from here on for the writer's thread only
  bool in_pieces_ = false;  // not a regular file: a write must not exceed what is taken in one piece
  bool is_socket_ = false;
  bool mid_line_ = false;  // the last write ended inside a line
  std::thread thread_;
};

}  // namespace tinyhttpd
