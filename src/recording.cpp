#include "tinyhttpd/recording.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/secrets.hpp"

namespace tinyhttpd {
namespace {

// A script's standard error is in its stream; in the steps its lines are for orientation.
constexpr std::size_t kMaxTextBytes = 2048;
constexpr std::size_t kMaxTextBytesOfAll = 32 * 1024;
constexpr std::size_t kFewSteps = 16;
constexpr std::size_t kSmallBytes = 12 * 1024;

using Text = std::string RecordedExchange::*;

constexpr std::array<Text, 15> kTexts = {&RecordedExchange::remote_address,
                                         &RecordedExchange::server_address,
                                         &RecordedExchange::request_head,
                                         &RecordedExchange::request_line,
                                         &RecordedExchange::method,
                                         &RecordedExchange::target,
                                         &RecordedExchange::path,
                                         &RecordedExchange::query,
                                         &RecordedExchange::handler,
                                         &RecordedExchange::why,
                                         &RecordedExchange::rejection,
                                         &RecordedExchange::script,
                                         &RecordedExchange::backend,
                                         &RecordedExchange::sent_head,
                                         &RecordedExchange::held};

/// What a list shows of the texts above.
constexpr std::array<Text, 5> kTextsOfSummary = {&RecordedExchange::remote_address, &RecordedExchange::method,
                                                 &RecordedExchange::target, &RecordedExchange::handler,
                                                 &RecordedExchange::held};

/// What a body and a script's head may tell of secrets is looked for in so much of them.
constexpr std::size_t kMostLookedAt = 64 * 1024;

/// Without these an exchange would have no end. There are few of them.
bool is_always_kept(Step step) {
  switch (step) {
    case Step::failed:
    case Step::reaping:
    case Step::exited:
    case Step::head_sent:
    case Step::sent: return true;
    default: return false;
  }
}

/// Doubles the room, as a container does by itself, but never past `most`: that would be memory for nothing.
void make_room(std::vector<RecordedStep>& steps, std::size_t most) {
  if (steps.size() < steps.capacity()) return;
  steps.reserve(std::max(steps.size() + 1, std::clamp(2 * steps.capacity(), kFewSteps, most)));
}

/// Likewise, for `more` bytes. A string's own reserve() would double past it.
void make_room(std::string& text, std::size_t more, std::size_t most) {
  const std::size_t needed = text.size() + more;
  if (needed <= text.capacity()) return;
  std::string wider;
  wider.reserve(std::max(needed, std::min(2 * text.capacity(), most)));
  wider.append(text);
  text.swap(wider);
}

void clear(RecordedStream& stream) {
  stream.bytes.clear();
  stream.total = 0;
  stream.closed = false;
}

std::size_t bytes_of(const std::vector<std::string>& texts) {
  std::size_t bytes = texts.capacity() * sizeof(std::string);
  for (const std::string& text : texts) bytes += text.capacity();
  return bytes;
}

/// What a list shows but for its texts.
RecordedExchange figures_of(const RecordedExchange& exchange) {
  RecordedExchange summary;
  summary.id = exchange.id;
  summary.began = exchange.began;
  summary.began_unix = exchange.began_unix;
  summary.over = exchange.over;
  summary.remote_port = exchange.remote_port;
  summary.worker = exchange.worker;
  summary.minor_version = exchange.minor_version;
  // What a failure quotes of the script may be secret, and is long.
  if (exchange.failure) summary.failure = {exchange.failure->fault, exchange.failure->number, {}};
  summary.status = exchange.status;
  summary.body_bytes = exchange.body_bytes;
  summary.complete = exchange.complete;
  summary.duration = exchange.duration;
  summary.replay_of = exchange.replay_of;
  return summary;
}

}  // namespace

void Recording::add_at(TimePoint at, Step step, const StepDetail& detail) {
  auto& steps = exchange_->steps;
  if (steps.size() >= limits_->steps && !is_always_kept(step)) {
    ++exchange_->steps_left_out;
    return;
  }
  make_room(steps, limits_->steps + kFewSteps);
  RecordedStep& added = steps.emplace_back();
  added.step = step;
  added.at = std::chrono::duration_cast<std::chrono::microseconds>(at - exchange_->began).count();
  added.stream = detail.stream;
  added.offset = detail.offset;
  added.bytes = detail.bytes;
  added.number = detail.number;
  added.text = detail.text.substr(0, std::min(kMaxTextBytes, kMaxTextBytesOfAll - text_bytes_));
  text_bytes_ += added.text.size();
}

void Recording::add_bytes(int number, std::string_view bytes) {
  RecordedStream& stream = exchange_->streams[static_cast<std::size_t>(number)];
  add(number == 0 ? Step::wrote : Step::read,
      {.stream = number, .offset = stream.total, .bytes = bytes.size()});
  stream.total += bytes.size();
  const std::size_t most = std::max(limits_->stream_bytes, stream.bytes.size());
  const std::string_view kept = bytes.substr(0, most - stream.bytes.size());
  make_room(stream.bytes, kept.size(), most);
  stream.bytes.append(kept);
}

void Recording::restart_streams() {
  for (RecordedStream& stream : exchange_->streams) clear(stream);
  exchange_->script_head_bytes = 0;
}

void Recording::restart_script() {
  restart_streams();
  exchange_->descriptors.reset();
  exchange_->pid = 0;
  exchange_->backend.clear();
  exchange_->exit.reset();
  exchange_->fastcgi_status.reset();
  exchange_->failure.reset();
  exchange_->load.reset();
}

void Recording::set_endpoints(const Endpoints& endpoints) {
  exchange_->remote_address = endpoints.remote_address;
  exchange_->server_address = endpoints.server_address;
  exchange_->remote_port = endpoints.remote_port;
  exchange_->server_port = endpoints.server_port;
}

bool is_gateway(std::string_view handler) {
  return handler == "execute_cgi" || handler == "forward_to_fastcgi" || handler == "invoke_json";
}

bool is_of_gateway(const RecordedExchange& exchange) {
  return !exchange.script.empty() || exchange.failure || is_gateway(exchange.handler);
}

RecordedExchange copy_for_summary(const RecordedExchange& exchange) {
  RecordedExchange copy = figures_of(exchange);
  for (const Text text : kTextsOfSummary) copy.*text = exchange.*text;
  copy.query = exchange.query;
  copy.request_head = exchange.request_head;
  copy.sent_head = exchange.sent_head;
  copy.environment = exchange.environment;
  copy.streams[0].bytes = exchange.streams[0].bytes.substr(0, kMostLookedAt);
  copy.script_head_bytes = std::min(exchange.script_head_bytes, kMostLookedAt);
  const std::size_t looked_at = copy.script_head_bytes > 0 ? copy.script_head_bytes : kMostLookedAt;
  copy.streams[1].bytes = exchange.streams[1].bytes.substr(0, looked_at);
  return copy;
}

RecordedExchange covered_summary(const RecordedExchange& copy) {
  const Mask mask(copy);
  RecordedExchange summary = figures_of(copy);
  for (const Text text : kTextsOfSummary) summary.*text = copy.*text;
  summary.method = mask.mask(summary.method);
  summary.target = mask.mask(summary.target);
  return summary;
}

bool is_small(const RecordedExchange& exchange) {
  // The other texts are parts of these.
  std::size_t bytes = exchange.request_head.capacity() + exchange.request_line.capacity() +
                      exchange.sent_head.capacity() + exchange.steps.capacity() * sizeof(RecordedStep);
  for (const RecordedStream& stream : exchange.streams) bytes += stream.bytes.capacity();
  return bytes <= kSmallBytes;
}

void clear(RecordedExchange& exchange) {
  for (const Text text : kTexts) (exchange.*text).clear();
  exchange.steps.clear();
  exchange.environment.clear();
  exchange.arguments.clear();
  for (RecordedStream& stream : exchange.streams) clear(stream);
  exchange.descriptors.reset();
  exchange.exit.reset();
  exchange.fastcgi_status.reset();
  exchange.failure.reset();
  exchange.load.reset();
  exchange.began = {};
  exchange.began_unix = exchange.duration = 0;
  exchange.over = exchange.complete = false;
  exchange.remote_port = exchange.server_port = 0;
  exchange.worker = -1;
  exchange.minor_version = 1;
  exchange.pid = exchange.status = 0;
  exchange.script_head_bytes = 0;
  exchange.body_bytes = exchange.steps_left_out = 0;
  exchange.id = exchange.replay_of = 0;
}

std::size_t bytes_of(const RecordedExchange& exchange) {
  std::size_t bytes = sizeof exchange;
  for (const Text text : kTexts) bytes += (exchange.*text).capacity();
  for (const RecordedStream& stream : exchange.streams) bytes += stream.bytes.capacity();
  bytes += bytes_of(exchange.environment) + bytes_of(exchange.arguments);
  bytes += exchange.steps.capacity() * sizeof(RecordedStep);
  for (const RecordedStep& step : exchange.steps) bytes += step.text.capacity();
  if (exchange.failure) bytes += exchange.failure->detail.capacity();
  return bytes;
}

}  // namespace tinyhttpd
