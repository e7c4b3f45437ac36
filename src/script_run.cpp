#include "tinyhttpd/script_run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "tinyhttpd/socket.hpp"

namespace tinyhttpd {
namespace {

using namespace std::chrono_literals;

/// A pipe holds this much by default; one read empties it.
constexpr std::size_t kPipeBytes = 64 * 1024;

/// What it holds for a script with much to say. Twice as much saves half of the waits; more is read from
/// colder memory.
constexpr int kLargePipeBytes = 128 * 1024;

/// Between the end of output and the end of a program lies no more than the kernel's clean-up, unless it goes
/// on on purpose.
constexpr auto kExitMoment = 200ms;

/// Between SIGTERM and SIGKILL.
constexpr auto kGrace = 2s;
constexpr auto kGraceWhenStopping = 300ms;

bool is_ready(const pollfd& entry) {
  return entry.revents != 0;
}

std::size_t bytes_waiting_in(const UniqueFd& pipe) {
  int count = 0;
  return pipe && ::ioctl(pipe.get(), FIONREAD, &count) == 0 ? static_cast<std::size_t>(count) : 0;
}

}  // namespace

ScriptRun::ScriptRun(const Exchange& exchange, std::string script_name, Child child, ScriptPipes pipes,
                     ScriptPatience patience)
    : exchange_(exchange),
      script_name_(std::move(script_name)),
      child_(std::move(child)),
      pipes_(std::move(pipes)),
      patience_(patience),
      end_of_life_(Clock::now() + as_duration(patience.life)),
      body_(std::move(exchange.body)),
      errors_(exchange.trace, exchange.id, script_name_) {}

ScriptRun::~ScriptRun() {
  // Nobody wants the rest of its answer: the client took no more of it.
  if (child_) report({is_stopping() ? ScriptFault::stopped : ScriptFault::abandoned});
  end();
}

Result<std::string_view, ScriptFailure> ScriptRun::read_output(std::span<char> buffer) {
  TimePoint silence_ends = Clock::now() + as_duration(patience_.silence);
  for (;;) {
    // A script that never stops writing never lets the poll below time out.
    if (!ended_ && Clock::now() >= end_of_life_) return Unexpected(failure_of(Wake::timed_out));
    switch (const Wake wake = wait(Watch::output_and_client, std::min(silence_ends, end_of_life_))) {
      case Wake::activity: silence_ends = Clock::now() + as_duration(patience_.silence); break;
      case Wake::output:
        if (auto bytes = try_read_output(buffer)) return *bytes;
        break;
      case Wake::ended: return last_output(buffer);
      default: return Unexpected(failure_of(wake));
    }
  }
}

GatewayEnd ScriptRun::settle() {
  const TimePoint deadline = Clock::now() + kExitMoment;
  while (!ended_) {
    const Wake wake = wait(Watch::neither, deadline);
    if (wake != Wake::activity && wake != Wake::ended) return {};
  }
  const ExitReport report = reap();
  if (!report.by_signal) return {.status = report.code};
  return {.failure = ScriptFailure{.fault = ScriptFault::killed_by_signal, .number = report.code}};
}

void ScriptRun::wait_for_end() {
  std::array<char, kPipeBytes> dropped;
  while (child_ && !ended_) {
    const TimePoint silence_ends = Clock::now() + as_duration(patience_.silence);
    Wake wake = wait(Watch::output, std::min(silence_ends, end_of_life_));
    if (wake == Wake::output) (void)try_read_output(dropped);
    if (Clock::now() >= end_of_life_ && !ended_) wake = Wake::timed_out;
    if (wake == Wake::activity || wake == Wake::output || wake == Wake::ended) continue;
    report(failure_of(wake));
    break;
  }
  end();
}

/// One turn of the poll loop. Feeds standard input and logs standard error by itself; tells of the rest, the
/// most urgent first.
ScriptRun::Wake ScriptRun::wait(Watch watch, TimePoint deadline) {
  enum { kInput, kOutput, kError, kExit, kStop, kClient, kCount };
  std::array<pollfd, kCount> entries{};
  entries[kInput] = {.fd = pipes_.standard_input.get(), .events = POLLOUT, .revents = 0};
  const int output = watch == Watch::neither ? -1 : pipes_.standard_output.get();
  entries[kOutput] = {.fd = output, .events = POLLIN, .revents = 0};
  entries[kError] = {.fd = pipes_.standard_error.get(), .events = POLLIN, .revents = 0};
  entries[kExit] = {.fd = ended_ ? -1 : child_->pidfd(), .events = POLLIN, .revents = 0};
  entries[kStop] = {.fd = patience_.stop_fd, .events = POLLIN, .revents = 0};
  const bool has_client = watch == Watch::output_and_client;
  entries[kClient] = has_client ? watched_client() : pollfd{.fd = -1, .events = 0, .revents = 0};
  // A program that has ended writes no more: what its pipes hold is all there is.
  const int ready = ::poll(entries.data(), entries.size(), ended_ ? 0 : milliseconds_until(deadline));
  if (ready == 0) return ended_ ? Wake::ended : Wake::timed_out;
  if (ready < 0) return Wake::activity;  // EINTR

  if (is_ready(entries[kStop])) return Wake::stopped;
  if (is_ready(entries[kClient]) && exchange_.client.has_left(entries[kClient].revents))
    return Wake::abandoned;
  if (is_ready(entries[kInput])) feed_input();
  if (is_ready(entries[kError])) read_errors();
  if (is_ready(entries[kExit])) note_end();
  if (is_ready(entries[kOutput])) return Wake::output;
  if (ended_) return Wake::ended;
  return Clock::now() < deadline ? Wake::activity : Wake::timed_out;
}

/// What is in the pipe now is the end of the script's output. What others put in later, who hold the pipe's
/// other end, is not.
void ScriptRun::note_end() {
  ended_ = true;
  last_bytes_ = bytes_waiting_in(pipes_.standard_output);
}

pollfd ScriptRun::watched_client() const {
  return {.fd = exchange_.client.watched_fd(), .events = exchange_.client.watched_events(), .revents = 0};
}

/// What is in the pipe now; an empty view at its end; nothing when there was nothing to read after all.
std::optional<std::string_view> ScriptRun::try_read_output(std::span<char> buffer) {
  if (ended_) buffer = buffer.first(std::min(buffer.size(), last_bytes_));
  const ssize_t count = ::read(pipes_.standard_output.get(), buffer.data(), buffer.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (count <= 0) {
    pipes_.standard_output.reset();
    exchange_.trace.cgi_closed(exchange_.id, Stream::standard_output);
    return std::string_view();
  }
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
  if (ended_) last_bytes_ -= bytes.size();
  exchange_.trace.cgi_read(exchange_.id, Stream::standard_output, bytes);
  if (bytes.size() > kPipeBytes / 2) widen_output();
  return bytes;
}

/// The script has ended: what it wrote is still in the pipe. Whoever else holds the pipe's other end is not
/// waited for.
Result<std::string_view, ScriptFailure> ScriptRun::last_output(std::span<char> buffer) {
  if (!pipes_.standard_output) return std::string_view();
  return try_read_output(buffer).value_or(std::string_view());
}

/// A script that fills its pipe would write more at once, and wait less. Where the user has too many large
/// pipes already it stays as it is.
void ScriptRun::widen_output() {
  if (std::exchange(output_is_wide_, true)) return;
  ::fcntl(pipes_.standard_output.get(), F_SETPIPE_SZ, kLargePipeBytes);
}

ScriptFailure ScriptRun::failure_of(Wake wake) const {
  if (wake == Wake::stopped) return {ScriptFault::stopped};
  if (wake == Wake::abandoned) return {ScriptFault::abandoned};
  if (Clock::now() >= end_of_life_)
    return {.fault = ScriptFault::too_long, .number = static_cast<int>(patience_.life.count())};
  return {.fault = ScriptFault::silent, .number = static_cast<int>(patience_.silence.count())};
}

void ScriptRun::feed_input() {
  std::array<char, kPipeBytes> buffer;
  std::error_code error;
  const std::string_view bytes = body_.read(fed_, buffer, error);
  if (error) exchange_.trace.warning("the stored body of a request cannot be read: " + error.message());
  if (bytes.empty()) return close_input();
  const ssize_t count =
      ::write(pipes_.standard_input.get(), bytes.data(), std::min(bytes.size(), kPipeBytes));
  if (count < 0) {
    // EPIPE: a script need not read what it was sent.
    if (errno != EAGAIN && errno != EINTR) close_input();
    return;
  }
  fed_ += static_cast<std::uint64_t>(count);
  exchange_.trace.cgi_wrote(exchange_.id, bytes.substr(0, static_cast<std::size_t>(count)));
  // End of file follows the last byte at once: `cat` waits for it (RFC 3875 section 4.2).
  if (fed_ == body_.size()) close_input();
}

void ScriptRun::close_input() {
  pipes_.standard_input.reset();
  exchange_.trace.cgi_closed(exchange_.id, Stream::standard_input);
}

/// Reads standard error once. False when nothing came.
bool ScriptRun::read_errors() {
  if (!pipes_.standard_error) return false;
  std::array<char, 4096> buffer;
  const ssize_t count = ::read(pipes_.standard_error.get(), buffer.data(), buffer.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count <= 0) {
    pipes_.standard_error.reset();
    exchange_.trace.cgi_closed(exchange_.id, Stream::standard_error);
    return false;
  }
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
  exchange_.trace.cgi_read(exchange_.id, Stream::standard_error, bytes);
  errors_.add(bytes);
  return true;
}

/// What a pipe can still hold once its program has ended, and the last line, finished or not.
void ScriptRun::drain_errors() {
  for (std::size_t turn = 0; turn < kPipeBytes / 4096 && read_errors(); ++turn) continue;
  errors_.finish();
}

void ScriptRun::report(const ScriptFailure& failure) {
  if (std::exchange(failed_, true)) return;
  exchange_.trace.cgi_failed(exchange_.id, script_name_, failure);
}

bool ScriptRun::is_stopping() const {
  return wait_for(patience_.stop_fd, POLLIN, Clock::now()) == Waited::ready;
}

/// Leaves no process of the script's group, whatever state it is in.
void ScriptRun::end() {
  if (!child_) return;
  pipes_.standard_input.reset();
  pipes_.standard_output.reset();
  if (!ended_) {
    child_->terminate();
    exchange_.trace.cgi_signalled(exchange_.id, SIGTERM);
    if (!child_->wait_until(Clock::now() + (is_stopping() ? kGraceWhenStopping : kGrace)))
      exchange_.trace.cgi_signalled(exchange_.id, SIGKILL);
  }
  reap();
}

ExitReport ScriptRun::reap() {
  drain_errors();
  exchange_.trace.cgi_reaping(exchange_.id);
  const ExitReport report = child_->reap();
  child_.reset();
  exchange_.trace.cgi_exited(exchange_.id, script_name_, report);
  return report;
}

}  // namespace tinyhttpd
