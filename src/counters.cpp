#include "tinyhttpd/counters.hpp"

#include <algorithm>
#include <functional>
#include <thread>
#include <utility>

#include "tinyhttpd/http.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/rejection.hpp"

namespace tinyhttpd {

namespace {

using Place = CounterPlace;

constexpr std::size_t kMaxCode = 512;

/// The place of each code among kCountedCodes: a table, for a search would cost more than the counting.
constexpr std::array<std::uint8_t, kMaxCode> places_of_codes() {
  std::array<std::uint8_t, kMaxCode> places{};
  places.fill(kCountedCodes.size() - 1);
  for (std::size_t place = 0; place + 1 < kCountedCodes.size(); ++place)
    places[static_cast<std::size_t>(kCountedCodes[place])] = static_cast<std::uint8_t>(place);
  return places;
}

std::size_t place_of_code(int code) {
  static constexpr auto kPlaces = places_of_codes();
  const bool is_in_table = code >= 0 && static_cast<std::size_t>(code) < kMaxCode;
  return is_in_table ? kPlaces[static_cast<std::size_t>(code)] : kCountedCodes.size() - 1;
}

std::size_t place_of_handler(std::string_view name) {
  if (name.empty()) return 0;
  const auto found = std::find(kCountedHandlers.begin() + 1, kCountedHandlers.end() - 1, name);
  return static_cast<std::size_t>(found - kCountedHandlers.begin());
}

std::size_t place_of_method(Method method) {
  return std::min(static_cast<std::size_t>(method), kCountedMethods.size() - 1);
}

std::size_t bucket_of(std::chrono::microseconds duration) {
  // From below: most answers take less than a millisecond.
  const auto found = std::find_if(kDurationBounds.begin(), kDurationBounds.end(),
                                  [duration](std::int64_t bound) { return duration.count() <= bound; });
  return static_cast<std::size_t>(found - kDurationBounds.begin());
}

std::uint64_t amount(std::chrono::microseconds time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
}

/// Which shard this thread adds to. Threads that are no workers share those of others.
std::size_t& shard_of_this_thread() {
  thread_local std::size_t shard = std::hash<std::thread::id>()(std::this_thread::get_id());
  return shard;
}

}  // namespace

std::uint64_t CounterValues::answers(std::size_t handler, std::size_t code) const {
  return values_[Place::kAnswers + handler * kCountedCodes.size() + code];
}

std::span<const std::uint64_t> CounterValues::durations(std::size_t handler) const {
  return std::span(values_).subspan(Place::kDurations + handler * Place::kBuckets, Place::kBuckets);
}

std::uint64_t CounterValues::duration_sum(std::size_t handler) const {
  return values_[Place::kDurationSums + handler];
}

std::uint64_t CounterValues::received(std::size_t method) const {
  return values_[Place::kMethods + method];
}

std::uint64_t CounterValues::refusals(std::size_t code) const {
  return values_[Place::kRefusals + code];
}

std::uint64_t CounterValues::failures(ScriptFault fault) const {
  return values_[Place::kFailures + static_cast<std::size_t>(fault)];
}

std::uint64_t CounterValues::of(CounterName name) const {
  return values_[Place::kSingles + static_cast<std::size_t>(name)];
}

Counters::Counters() : shards_(std::make_unique<std::array<Shard, kShards>>()) {}

CounterValues Counters::read() const {
  std::vector<std::uint64_t> sums(kCounters);
  for (const Shard& shard : *shards_) {
    for (std::size_t place = 0; place < kCounters; ++place)
      sums[place] += shard.values[place].load(std::memory_order_relaxed);
  }
  return CounterValues(std::move(sums));
}

void Counters::add(std::size_t place, std::uint64_t amount) {
  (*shards_)[shard_of_this_thread() % kShards].values[place].fetch_add(amount, std::memory_order_relaxed);
}

void Counters::add(CounterName name, std::uint64_t amount) {
  add(Place::kSingles + static_cast<std::size_t>(name), amount);
}

void Counters::worker_began(std::size_t worker, TimePoint) {
  shard_of_this_thread() = worker;
}

void Counters::request_received(RequestId, const Request& request, const Endpoints&, const Arrival&) {
  add(Place::kMethods + place_of_method(request.method));
}

void Counters::body_received(RequestId, std::uint64_t bytes) {
  add(CounterName::request_body_bytes, bytes);
}

void Counters::rejected(RequestId, const Rejection& rejection, std::string_view, const Endpoints&) {
  add(Place::kRefusals + place_of_code(code(rejection.status)));
}

void Counters::gateway_wait(RequestId) {
  add(CounterName::gateway_waits);
}

void Counters::cgi_spawned(RequestId, int) {
  add(CounterName::scripts_started);
}

void Counters::cgi_failed(RequestId, std::string_view, const ScriptFailure& failure) {
  add(Place::kFailures + std::min(static_cast<std::size_t>(failure.fault), kCountedFaults - 1));
}

void Counters::fastcgi_connected(RequestId, std::string_view, bool reused) {
  add(reused ? CounterName::fastcgi_reused : CounterName::fastcgi_new);
}

void Counters::cgi_exited(RequestId, std::string_view, const ExitReport& report) {
  add(CounterName::script_user_time, amount(report.user_time));
  add(CounterName::script_system_time, amount(report.system_time));
}

void Counters::response_sent(RequestId, const Request&, const Endpoints&, const AnswerSummary& summary) {
  const std::size_t handler = place_of_handler(summary.handler);
  add(Place::kAnswers + handler * kCountedCodes.size() + place_of_code(summary.status));
  add(Place::kDurations + handler * Place::kBuckets + bucket_of(summary.duration));
  add(Place::kDurationSums + handler, amount(summary.duration));
  if (summary.body_bytes > 0) add(CounterName::response_body_bytes, summary.body_bytes);
  if (!summary.complete) add(CounterName::incomplete_answers);
}

}  // namespace tinyhttpd
