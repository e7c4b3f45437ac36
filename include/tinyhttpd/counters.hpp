// Counts what the server does, for whoever watches it from outside.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "tinyhttpd/script_failure.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// Who can have answered, as AnswerSummary has it: "none" where no route was found, "other" for a name that
/// is not here. There are no more, so a client cannot make the figures grow.
inline constexpr std::array<std::string_view, 10> kCountedHandlers = {
    "none",        "serve_file", "execute_cgi", "forward_to_fastcgi", "invoke_json",
    "list_folder", "redirect",   "options",     "application",        "other"};

/// The methods, by Method; the last is whatever has no name there.
inline constexpr std::array<std::string_view, 10> kCountedMethods = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "other"};

/// The final status codes of the registry (RFC 9110 section 16.2.1). A script may invent others: they are
/// counted together, as 0.
inline constexpr std::array<int, 59> kCountedCodes = {
    200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401,
    402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423,
    424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 0};

/// The upper ends of the buckets that durations are sorted into, in microseconds, inclusive.
inline constexpr std::array<std::int64_t, 18> kDurationBounds = {
    100,     250,     500,     1'000,     2'500,     5'000,     10'000,     25'000,     50'000,
    100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000, 60'000'000};

inline constexpr std::size_t kCountedFaults = static_cast<std::size_t>(ScriptFault::bad_json) + 1;

/// Where each figure lies among the others.
struct CounterPlace {
  static constexpr std::size_t kBuckets = kDurationBounds.size() + 1;

  static constexpr std::size_t kAnswers = 0;  // by handler, then by code
  static constexpr std::size_t kDurations = kAnswers + kCountedHandlers.size() * kCountedCodes.size();
  static constexpr std::size_t kDurationSums = kDurations + kCountedHandlers.size() * kBuckets;
  static constexpr std::size_t kMethods = kDurationSums + kCountedHandlers.size();
  static constexpr std::size_t kRefusals = kMethods + kCountedMethods.size();
  static constexpr std::size_t kFailures = kRefusals + kCountedCodes.size();
  static constexpr std::size_t kSingles = kFailures + kCountedFaults;  // by CounterName
};

/// The figures that stand alone.
enum class CounterName : std::size_t {
  response_body_bytes,
  request_body_bytes,
  incomplete_answers,  ///< the connection ended first
  gateway_waits,       ///< for a place, be it a gateway's or one for hashing a password
  scripts_started,
  script_user_time,    ///< microseconds
  script_system_time,  ///< microseconds
  fastcgi_new,         ///< requests that went over a new connection
  fastcgi_reused,      ///< over one that was kept
  count_of_them,
};

inline constexpr std::size_t kCounters =
    CounterPlace::kSingles + static_cast<std::size_t>(CounterName::count_of_them);

/// What was counted, as plain numbers. `handler`, `code` and `method` are places in the tables above.
class CounterValues {
 public:
  explicit CounterValues(std::vector<std::uint64_t> values) : values_(std::move(values)) {}

  std::uint64_t answers(std::size_t handler, std::size_t code) const;
  /// How many durations lie in each bucket and not in one below it; the last: over 60 s.
  std::span<const std::uint64_t> durations(std::size_t handler) const;
  /// All durations of a handler together, in microseconds.
  std::uint64_t duration_sum(std::size_t handler) const;
  /// Heads that were parsed.
  std::uint64_t received(std::size_t method) const;
  std::uint64_t refusals(std::size_t code) const;
  std::uint64_t failures(ScriptFault fault) const;
  std::uint64_t of(CounterName name) const;

 private:
  std::vector<std::uint64_t> values_;  // kCounters of them
};

/// Counts. A hook takes one uncontended atomic addition for each figure it changes: each worker has a shard
/// of the figures to itself, as far as there are shards, and whoever reads adds them up.
class Counters : public Trace {
 public:
  Counters();

  /// All figures as they are now. Each only ever grows; they are not of the same instant. Any thread.
  CounterValues read() const;

  void worker_began(std::size_t worker, TimePoint now) override;
  void request_received(RequestId id, const Request& request, const Endpoints& endpoints,
                        const Arrival& arrival) override;
  void body_received(RequestId id, std::uint64_t bytes) override;
  void rejected(RequestId id, const Rejection& rejection, std::string_view line,
                const Endpoints& endpoints) override;
  void gateway_wait(RequestId id) override;
  void cgi_spawned(RequestId id, int pid) override;
  void cgi_failed(RequestId id, std::string_view script, const ScriptFailure& failure) override;
  void fastcgi_connected(RequestId id, std::string_view backend, bool reused) override;
  void cgi_exited(RequestId id, std::string_view script, const ExitReport& report) override;
  void response_sent(RequestId id, const Request& request, const Endpoints& endpoints,
                     const AnswerSummary& summary) override;

 private:
  static constexpr std::size_t kShards = 32;

  /// Begins at a cache line of its own, so that no other shard's additions take it away.
  struct alignas(64) Shard {
    std::array<std::atomic<std::uint64_t>, kCounters> values{};
  };

  void add(std::size_t place, std::uint64_t amount = 1);
  void add(CounterName name, std::uint64_t amount = 1);

  std::unique_ptr<std::array<Shard, kShards>> shards_;
};

}  // namespace tinyhttpd
