#include "tinyhttpd/fastcgi_run.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tinyhttpd/socket.hpp"

namespace tinyhttpd {
namespace {

using namespace std::chrono_literals;

/// Between the end of the output and the record that ends the request lies nothing but the application's
/// clean-up, unless it goes on on purpose.
constexpr auto kEndMoment = 200ms;

}  // namespace

/// What it reads to and sends from.
struct FastcgiRun::Buffers {
  std::array<char, 64 * 1024> received;
  std::array<char, 64 * 1024> body;
  std::string outgoing;  // empty, with its memory

  /// Those of the last run that ended on this thread. Null: there are none. Kept for the next, because to the
  /// allocator pieces so large are no everyday matter.
  static std::unique_ptr<Buffers>& spare() {
    thread_local std::unique_ptr<Buffers> buffers;
    return buffers;
  }

  static std::unique_ptr<Buffers> take() {
    return spare() ? std::move(spare()) : std::unique_ptr<Buffers>(new Buffers);
  }
};

FastcgiRun::FastcgiRun(const Exchange& exchange, std::string script_name, BackendConnection connection,
                       std::span<const std::string> variables, bool keep, BackendPatience patience)
    : exchange_(exchange),
      script_name_(std::move(script_name)),
      connection_(std::move(connection)),
      address_(connection_->address()),
      keep_(keep),
      patience_(patience),
      buffers_(Buffers::take()),
      outgoing_(std::move(buffers_->outgoing)),
      errors_(exchange.trace, exchange.id, script_name_) {
  exchange_.trace.fastcgi_connected(exchange_.id, address_, connection_->is_reused());
  append_begin_request(outgoing_, keep);
  append_params(outgoing_, variables);
  tell_of_opening();
}

void FastcgiRun::tell_of_opening() const {
  for (std::size_t at = 0; at < outgoing_.size();) {
    const std::string_view record = std::string_view(outgoing_).substr(at);
    const std::size_t length = fastcgi_content_length(record);
    exchange_.trace.fastcgi_sent(exchange_.id, static_cast<std::uint8_t>(record[1]), length);
    at += kFastcgiHeaderBytes + length;
  }
}

FastcgiRun::~FastcgiRun() {
  outgoing_.clear();
  // The memory of one giant request is not kept.
  if (outgoing_.capacity() <= buffers_->body.size()) buffers_->outgoing = std::move(outgoing_);
  Buffers::spare() = std::move(buffers_);
  if (!connection_) return;
  errors_.finish();
  // Nobody wants the rest of its answer: the client took no more of it.
  if (has_answered_) report({ScriptFault::abandoned});
}

Result<std::string_view, ScriptFailure> FastcgiRun::read_output(std::span<char>) {
  return read_until(true, TimePoint::max());
}

/// Waits for output, for the end of the request, or for `deadline`, which is then told of as silence.
FastcgiRun::Output FastcgiRun::read_until(bool has_client, TimePoint deadline) {
  for (TimePoint silent = silence_ends();;) {
    if (auto output = next_output()) return *std::move(output);
    if (!connection_) return std::string_view();
    if (peer_closed_) return break_off();
    const Wake wake = wait(has_client, std::min({silent, patience_.end_of_life, deadline}));
    if (wake != Wake::activity) return give_up(wake);
    silent = silence_ends();
  }
}

TimePoint FastcgiRun::silence_ends() const {
  return Clock::now() + as_duration(patience_.silence);
}

/// What the bytes received so far hold; nothing when more must come. One piece ahead is looked at, so that
/// the last is known for the last: most answers come in one.
std::optional<FastcgiRun::Output> FastcgiRun::next_output() {
  auto output = held_ ? std::exchange(held_, std::nullopt) : next_piece();
  if (output && *output && !(*output)->empty()) held_ = next_piece();
  return output;
}

std::optional<FastcgiRun::Output> FastcgiRun::next_piece() {
  while (connection_) {
    std::string_view content;
    const FastcgiReader::Found found = reader_.next(input_, content);
    if (const auto record = reader_.take_record())
      exchange_.trace.fastcgi_received(exchange_.id, record->type, record->id, record->content_bytes);
    switch (found) {
      case FastcgiReader::Found::record: break;
      case FastcgiReader::Found::nothing: return std::nullopt;
      case FastcgiReader::Found::standard_error:
        exchange_.trace.cgi_read(exchange_.id, Stream::standard_error, content);
        errors_.add(content);
        break;
      case FastcgiReader::Found::standard_output: return begin_answer(content);
      case FastcgiReader::Found::end: return end_request();
      case FastcgiReader::Found::fault:
        connection_->blame("it does not speak FastCGI: " + reader_.fault());
        return Unexpected(ScriptFailure{.fault = ScriptFault::backend_nonsense, .detail = reader_.fault()});
    }
  }
  return std::nullopt;
}

/// The application has closed the connection. That of one that was kept it might close at any time.
FastcgiRun::Output FastcgiRun::break_off() {
  if (!has_answered_ && !connection_->is_reused())
    connection_->blame("it closed the connection without an answer");
  return Unexpected(ScriptFailure{.fault = ScriptFault::backend_closed, .detail = address_});
}

/// Nothing more is waited for. A backend without an answer may be a host that is gone.
FastcgiRun::Output FastcgiRun::give_up(Wake wake) {
  ScriptFailure failure = failure_of(wake);
  if (wake == Wake::timed_out && !has_answered_) connection_->distrust();
  return Unexpected(std::move(failure));
}

/// From now on the request is this backend's, and so is its body: no other will be asked.
std::string_view FastcgiRun::begin_answer(std::string_view bytes) {
  if (!std::exchange(has_answered_, true)) {
    connection_->note_answer();
    body_ = std::move(exchange_.body);
  }
  exchange_.trace.cgi_read(exchange_.id, Stream::standard_output, bytes);
  return bytes;
}

/// The connection goes back if both sides are done with it, and nothing was said that nobody asked for.
FastcgiRun::Output FastcgiRun::end_request() {
  errors_.finish();
  status_ = static_cast<int>(reader_.end().app_status);
  exchange_.trace.fastcgi_ended(exchange_.id, script_name_, status_);
  const bool all_sent = all_prepared_ && outgoing_.empty() && content_.empty();
  auto failure = refusal();
  if (failure && failure->fault == ScriptFault::backend_full) connection_->blame(failure->detail);
  if (!failure && keep_ && all_sent && input_.empty()) connection_->keep();
  connection_.reset();
  if (failure) return Unexpected(*std::move(failure));
  return std::string_view();
}

/// Why the application did not do what it was asked (FastCGI 1.0 section 5.5).
std::optional<ScriptFailure> FastcgiRun::refusal() const {
  switch (reader_.end().protocol) {
    case FastcgiEnd::Protocol::request_complete: break;
    case FastcgiEnd::Protocol::overloaded:
      return ScriptFailure{.fault = ScriptFault::backend_full,
                           .detail = address_ + " is overloaded (FCGI_OVERLOADED)"};
    case FastcgiEnd::Protocol::cannot_multiplex:
      return ScriptFailure{.fault = ScriptFault::backend_refused,
                           .detail = address_ + " takes one request at a time (FCGI_CANT_MPX_CONN)"};
    case FastcgiEnd::Protocol::unknown_role:
      return ScriptFailure{.fault = ScriptFault::backend_refused,
                           .detail = address_ + " is no responder (FCGI_UNKNOWN_ROLE)"};
  }
  return std::nullopt;
}

GatewayEnd FastcgiRun::settle() {
  const TimePoint deadline = Clock::now() + kEndMoment;
  while (!is_over()) {
    auto output = read_until(false, deadline);
    if (output) continue;  // nobody waits for it
    if (output.error().fault == ScriptFault::backend_silent) break;
    return {.failure = std::move(output).error()};
  }
  return {.status = status_};
}

void FastcgiRun::wait_for_end() {
  while (!is_over()) {
    if (auto output = read_until(false, TimePoint::max()); !output) {
      report(output.error());
      connection_.reset();
    }
  }
}

/// One turn of the poll loop: sends and receives what can be.
FastcgiRun::Wake FastcgiRun::wait(bool has_client, TimePoint deadline) {
  // Mostly it can be sent, and no turn is needed to learn so.
  send_some();
  if (body_error_) return Wake::unreadable;
  enum { kBackend, kStop, kClient, kCount };
  std::array<pollfd, kCount> entries{};
  const short sending = outgoing_.empty() && content_.empty() ? 0 : POLLOUT;
  entries[kBackend] = {.fd = connection_->fd(), .events = static_cast<short>(POLLIN | sending), .revents = 0};
  entries[kStop] = {.fd = patience_.stop_fd, .events = POLLIN, .revents = 0};
  entries[kClient] = {.fd = has_client ? exchange_.client.watched_fd() : -1,
                      .events = has_client ? exchange_.client.watched_events() : short{0},
                      .revents = 0};
  const int ready = ::poll(entries.data(), entries.size(), milliseconds_until(deadline));
  if (ready == 0) return Wake::timed_out;
  if (ready < 0) return Wake::activity;  // EINTR
  if (entries[kStop].revents != 0) return Wake::stopped;
  if (entries[kClient].revents != 0 && exchange_.client.has_left(entries[kClient].revents))
    return Wake::abandoned;
  if ((entries[kBackend].revents & ~POLLOUT) != 0) receive_some();
  return Clock::now() < deadline ? Wake::activity : Wake::timed_out;
}

void FastcgiRun::receive_some() {
  const Transfer transfer = receive(connection_->fd(), buffers_->received);
  switch (transfer.outcome) {
    case Transfer::Outcome::some: input_ = {buffers_->received.data(), transfer.bytes}; break;
    case Transfer::Outcome::would_wait: break;
    case Transfer::Outcome::closed:
    case Transfer::Outcome::failed: peer_closed_ = true; break;
  }
}

/// Sends as much as fits. That the application reads no more is no failure: it may have said all it will say.
void FastcgiRun::send_some() {
  prepare_records();
  if (outgoing_.empty() && content_.empty()) return;
  std::array<std::string_view, 2> parts{outgoing_, content_};
  const std::size_t head_bytes = outgoing_.size();
  const Transfer transfer = send_parts(connection_->fd(), parts);
  if (transfer.outcome == Transfer::Outcome::would_wait) return;
  if (transfer.outcome != Transfer::Outcome::some) {
    outgoing_.clear();
    content_ = {};
    all_prepared_ = true;
    keep_ = false;
    return;
  }
  outgoing_.erase(0, std::min(transfer.bytes, head_bytes));
  content_.remove_prefix(transfer.bytes - std::min(transfer.bytes, head_bytes));
  prepare_records();
}

/// Makes the next records of the body, once those before have been sent: a large body is sent from the buffer
/// it is read to; a small one goes out with what stands before and after it.
void FastcgiRun::prepare_records() {
  while (!all_prepared_ && content_.empty()) {
    const Spool& body = has_answered_ ? body_ : exchange_.body;
    content_ = body.read(body_sent_, buffers_->body, body_error_).substr(0, kMaxFastcgiContent);
    // The empty record would say that this was all of it.
    if (body_error_) return;
    all_prepared_ = content_.empty();
    body_sent_ += content_.size();
    append_record_header(outgoing_, FastcgiType::standard_input, content_.size());
    tell_of_record();
    if (content_.data() == buffers_->body.data()) continue;
    outgoing_.append(content_);
    content_ = {};
  }
}

void FastcgiRun::tell_of_record() const {
  const auto type = static_cast<std::uint8_t>(FastcgiType::standard_input);
  exchange_.trace.fastcgi_sent(exchange_.id, type, content_.size());
  if (content_.empty()) return exchange_.trace.cgi_closed(exchange_.id, Stream::standard_input);
  exchange_.trace.cgi_wrote(exchange_.id, content_);
}

ScriptFailure FastcgiRun::failure_of(Wake wake) const {
  if (wake == Wake::stopped) return {ScriptFault::stopped};
  if (wake == Wake::abandoned) return {ScriptFault::abandoned};
  if (wake == Wake::unreadable)
    return {.fault = ScriptFault::spawn_failed,
            .number = body_error_.value(),
            .detail = "reading the stored body"};
  if (Clock::now() >= patience_.end_of_life)
    return {.fault = ScriptFault::too_long, .number = static_cast<int>(patience_.life.count())};
  return {.fault = ScriptFault::backend_silent, .number = static_cast<int>(patience_.silence.count())};
}

void FastcgiRun::report(const ScriptFailure& failure) {
  if (std::exchange(failed_, true)) return;
  exchange_.trace.cgi_failed(exchange_.id, script_name_, failure);
}

}  // namespace tinyhttpd
