// The recorder: what the server tells of its requests, remembered for those who look later.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/exchange_store.hpp"
#include "tinyhttpd/trace.hpp"
#include "tinyhttpd/worker_board.hpp"

namespace tinyhttpd {

/// Makes a RecordedExchange of every request, and keeps the last of them: as many that had to do with a
/// script or backend as of all others, so that a page's pictures do not push its script out. Memory is
/// bounded, and used again; a hook waits for nothing but short locks.
///
/// An exchange is over when its answer is and its script has ended. One that was never answered, because its
/// client left before its body was complete, stays in hand until its place is needed.
///
/// Any thread may call any member.
class Recorder : public Trace {
 public:
  /// `load` says how busy the server is; it may be empty. It is called whenever a script is about to be
  /// started, without a lock held.
  Recorder(const RecorderLimits& limits, std::function<RecordedLoad()> load);

  // ---- what was recorded

  /// One that is over; a copy, as it is now, of one in hand; null: it is not kept.
  ExchangePtr find(RequestId id) const { return store_.find(id); }

  /// One that is over; a copy of what a list shows of one in hand, its secrets covered; null: it is not kept.
  /// Whoever wants a summary makes no worker wait by this.
  ExchangePtr find_summary(RequestId id) const { return store_.find_summary(id); }

  /// It is recorded, and not over.
  bool is_in_hand(RequestId id) const { return store_.is_in_hand(id); }

  /// All with greater ids, by id. Those in hand are as find_summary() has them: without streams, steps,
  /// environment and heads.
  std::vector<ExchangePtr> newer_than(RequestId since) const { return store_.newer_than(since); }

  /// Exchanges that were recorded since the start, those in hand included; and those that were not, because
  /// too many were in hand, or came in one second without a script.
  std::uint64_t recorded() const { return store_.recorded(); }
  std::uint64_t not_recorded() const { return store_.not_recorded() + board_.passed_by(); }

  /// The memory that the exchanges take, about.
  std::size_t bytes() const { return store_.bytes(); }

  /// What one worker does.
  struct Worker {
    bool busy = false;
    RequestId exchange = 0;  ///< 0: none, or not known
    std::string what = {};   ///< the target of that, its secrets covered; ""
    TimePoint since = {};    ///< it has been busy, or idle; TimePoint() before its first work
  };

  /// By number: all that have worked so far.
  std::vector<Worker> workers() const;

  // ---- for a live view

  using Changes = ExchangeChanges;

  /// Grows whenever an exchange begins, is answered, is over, is held or released, or turns out to repeat
  /// another.
  std::uint64_t revision() const { return store_.revision(); }

  /// Waits until the revision is greater than `seen`, until `deadline` or until stop(). Whichever it was:
  /// what changed since `seen`, maybe nothing.
  Changes wait_for_changes(std::uint64_t seen, TimePoint deadline) const {
    return store_.wait_for_changes(seen, deadline);
  }

  /// Nobody waits for changes from now on.
  void stop() { store_.stop(); }

  // ---- what the server does not tell

  /// The exchange is held at this stop; it goes on.
  void note_held(RequestId id, std::string_view where);
  void note_released(RequestId id);

  /// Exchange `is`, in hand or over, repeats `of`.
  void note_replay(RequestId of, RequestId is) { store_.set_replay(is, of); }

  // ---- Trace

  void worker_began(std::size_t worker, TimePoint now) override;
  void worker_done(std::size_t worker) override;
  void request_received(RequestId id, const Request& request, const Endpoints& endpoints,
                        const Arrival& arrival) override;
  void route_chosen(RequestId id, std::string_view handler, std::string_view why) override;
  void body_received(RequestId id, std::uint64_t bytes) override;
  void rejected(RequestId id, const Rejection& rejection, std::string_view line,
                const Endpoints& endpoints) override;
  void gateway_wait(RequestId id) override;
  void cgi_environment(RequestId id, std::string_view script, std::span<const std::string> environment,
                       std::span<const std::string> arguments) override;
  void cgi_pipes(RequestId id, const ScriptDescriptors& descriptors) override;
  void cgi_spawned(RequestId id, int pid) override;
  bool wants_input() const override { return true; }
  void cgi_wrote(RequestId id, std::string_view bytes) override;
  void cgi_read(RequestId id, Stream stream, std::string_view bytes) override;
  void cgi_closed(RequestId id, Stream stream) override;
  void cgi_error_line(RequestId id, std::string_view script, std::string_view line) override;
  void cgi_head(RequestId id, const CgiHead& head) override;
  void cgi_failed(RequestId id, std::string_view script, const ScriptFailure& failure) override;
  void fastcgi_connected(RequestId id, std::string_view backend, bool reused) override;
  void fastcgi_sent(RequestId id, std::uint8_t type, std::size_t content_bytes) override;
  void fastcgi_received(RequestId id, std::uint8_t type, std::uint16_t record_id,
                        std::size_t content_bytes) override;
  void fastcgi_ended(RequestId id, std::string_view script, int status) override;
  void cgi_signalled(RequestId id, int signal) override;
  void cgi_reaping(RequestId id) override;
  void cgi_exited(RequestId id, std::string_view script, const ExitReport& report) override;
  void request_lost(RequestId id) override;
  void head_sent(RequestId id, const Response& response, std::string_view head) override;
  void response_sent(RequestId id, const Request& request, const Endpoints& endpoints,
                     const AnswerSummary& summary) override;

 private:
  using Tell = ExchangeStore::Tell;

  template <typename Write>
  void change(RequestId id, Write write, Tell tell = Tell::no);
  void record_unparsed(RequestId id, TimePoint now, const Rejection& rejection, std::string_view line,
                       const Endpoints& endpoints);

  TimePoint work_on(RequestId id);
  bool is_passed_by(RequestId id) const;
  bool has_room_for_other(TimePoint now);

  const std::function<RecordedLoad()> load_;
  const std::size_t others_a_second_;
  std::atomic<std::int64_t> second_ = 0;  // of the clock
  std::atomic<std::size_t> others_in_it_ = 0;
  ExchangeStore store_;
  WorkerBoard board_;
};

}  // namespace tinyhttpd
