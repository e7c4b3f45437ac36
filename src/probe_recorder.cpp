#include "tinyhttpd/probe_recorder.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "tinyhttpd/process.hpp"
#include "tinyhttpd/process_group.hpp"
#include "tinyhttpd/socket.hpp"

namespace tinyhttpd {
namespace {

using namespace std::chrono_literals;

/// Processes that were killed may need a moment until their ends of the pipe are closed.
constexpr auto kCloseMoment = 500ms;

UniqueFd second(int fd) {
  return UniqueFd(fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

std::int64_t microseconds_between(TimePoint begin, TimePoint end) {
  return std::chrono::duration_cast<std::chrono::microseconds>(end - begin).count();
}

void keep(std::string_view bytes, std::string& kept, std::uint64_t& total) {
  total += bytes.size();
  kept.append(bytes.substr(0, ProbedRun::kKeptBytes - kept.size()));
}

}  // namespace

void ProbeRecorder::cgi_pipes(RequestId, const ScriptDescriptors& descriptors) {
  if (descriptors.input_write >= 0) input_ = second(descriptors.input_read);
  output_ = second(descriptors.output_read);
}

void ProbeRecorder::cgi_spawned(RequestId, int pid) {
  pid_ = pid;
  started_ = Clock::now();
}

void ProbeRecorder::cgi_read(RequestId, Stream stream, std::string_view bytes) {
  if (stream == Stream::standard_output) keep(bytes, run_.output, run_.output_bytes);
  if (stream == Stream::standard_error) keep(bytes, run_.errors, run_.error_bytes);
}

void ProbeRecorder::cgi_closed(RequestId, Stream stream) {
  if (stream == Stream::standard_output) output_ended_ = Clock::now();
}

void ProbeRecorder::cgi_failed(RequestId, std::string_view, const ScriptFailure& failure) {
  run_.failure = failure;
}

void ProbeRecorder::cgi_reaping(RequestId) {
  run_.processes_left = count_followers(pid_);
  int unread = 0;
  if (input_ && ::ioctl(input_.get(), FIONREAD, &unread) == 0)
    run_.input_read = written_ - static_cast<std::uint64_t>(unread);
}

void ProbeRecorder::cgi_exited(RequestId, std::string_view, const ExitReport& report) {
  const TimePoint now = Clock::now();
  (report.by_signal ? run_.signal : run_.exit_code) = report.code;
  run_.microseconds = microseconds_between(started_, now);
  if (output_ended_ != TimePoint()) run_.ran_on = microseconds_between(output_ended_, now);
}

/// What the server needed not, such as bytes past Content-Length. Whoever has left the script's group may
/// still hold the pipe.
void ProbeRecorder::drain_output() {
  std::array<char, 64 * 1024> buffer;
  const TimePoint deadline = Clock::now() + kCloseMoment;
  while (output_) {
    const ssize_t count = ::read(output_.get(), buffer.data(), buffer.size());
    if (count > 0) keep({buffer.data(), static_cast<std::size_t>(count)}, run_.output, run_.output_bytes);
    if (count == 0) output_.reset();
    const bool is_over = Clock::now() >= deadline || (count < 0 && errno != EAGAIN && errno != EINTR);
    if (output_ && (is_over || wait_for(output_.get(), POLLIN, deadline) != Waited::ready)) break;
  }
  run_.output_held = static_cast<bool>(output_);
  output_.reset();
}

ProbedRun ProbeRecorder::take() && {
  input_.reset();
  drain_output();
  return std::move(run_);
}

}  // namespace tinyhttpd
