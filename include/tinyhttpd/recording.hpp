// One exchange while it is written down, within its limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/recorded_exchange.hpp"

namespace tinyhttpd {

struct Endpoints;

/// How much is kept.
struct RecorderLimits {
  std::size_t keep = 200;                ///< exchanges with a script or backend, and as many others
  std::size_t stream_bytes = 64 * 1024;  ///< of each stream of an exchange
  std::size_t steps = 600;               ///< of an exchange, but for its last ones
  std::size_t in_hand = 2048;            ///< exchanges that are not over
  /// Requests that no script or backend answers, of one second. A page has few; of a flood of them the last
  /// few hundred say nothing, and to write each down would cost more than to answer it.
  std::size_t others_a_second = 1000;
};

/// What a step carries besides its time, where it carries it: see Step.
struct StepDetail {
  int stream = -1;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::int64_t number = 0;
  std::string_view text = {};
};

/// Writes into an exchange. One thread at a time.
class Recording {
 public:
  /// `exchange` is an empty one. `limits` are borrowed.
  Recording(std::shared_ptr<RecordedExchange> exchange, RequestId id, const RecorderLimits& limits)
      : exchange_(std::move(exchange)), limits_(&limits), id_(id) {
    exchange_->id = id;
  }

  RequestId id() const { return id_; }
  RecordedExchange& exchange() { return *exchange_; }
  const RecordedExchange& exchange() const { return *exchange_; }
  std::shared_ptr<RecordedExchange> take_exchange() { return std::move(exchange_); }

  /// The moment of the steps that are added next.
  void set_now(TimePoint now) { now_ = now; }
  TimePoint last_heard() const { return now_; }

  /// Adds a step at this moment, or `at` another. One past the limit is counted only, unless it is among
  /// those that end an exchange.
  void add(Step step, const StepDetail& detail = {}) { add_at(now_, step, detail); }
  void add_at(TimePoint at, Step step, const StepDetail& detail = {});

  /// Adds bytes to a stream, with a step `wrote` or `read`.
  void add_bytes(int stream, std::string_view bytes);

  /// Whoever answers begins anew: a second script after a local redirect (RFC 3875 section 6.2.2), or another
  /// backend. What was said before is in the steps alone.
  void restart_streams();

  /// As restart_streams(); and what the script before left of itself goes, too.
  void restart_script();

  void set_endpoints(const Endpoints& endpoints);

  /// A script or backend is at work on it: it is not over, be it answered.
  void set_at_work(bool at_work) { at_work_ = at_work; }
  void set_answered() { answered_ = true; }
  bool is_over() const { return answered_ && !at_work_; }

 private:
  std::shared_ptr<RecordedExchange> exchange_;
  const RecorderLimits* limits_;
  RequestId id_;
  TimePoint now_ = {};
  std::size_t text_bytes_ = 0;  // of all steps
  bool at_work_ = false;
  bool answered_ = false;
};

/// Whether this handler, as route_chosen names it, has a script or backend answer.
bool is_gateway(std::string_view handler);

/// Whether a script or backend has to do with it.
bool is_of_gateway(const RecordedExchange& exchange);

/// A copy of what a list shows, and of what tells its secrets: both heads, the environment, the
/// beginnings of its body and of what the script wrote. Of a bounded size, whatever was kept. Raw: what is
/// handed out is a covered_summary() of it.
RecordedExchange copy_for_summary(const RecordedExchange& exchange);

/// What a list shows of it, its secrets covered: no streams, no steps, no environment, no heads, no query,
/// and no detail of a failure.
RecordedExchange covered_summary(const RecordedExchange& copy);

/// Whether its memory is little enough to be used for another.
bool is_small(const RecordedExchange& exchange);

/// Makes it as a new one, and keeps its memory.
void clear(RecordedExchange& exchange);

/// The memory that it holds, itself included.
std::size_t bytes_of(const RecordedExchange& exchange);

}  // namespace tinyhttpd
