#include "tinyhttpd/recorder.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/cgi_message.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/rejection.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/script_failure.hpp"

namespace tinyhttpd {
namespace {

/// What a script is blamed for may be all that it wrote; its stream has that, too.
constexpr std::size_t kMaxDetailBytes = 4096;

std::int64_t microseconds_of(Clock::duration time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

/// In microseconds since 1970, of a moment that is about now. The wall clock is asked once in a second, for
/// it costs as much as a lock does.
std::int64_t unix_time(TimePoint now, TimePoint moment) {
  struct Distance {
    TimePoint asked = {};
    std::int64_t of_epochs = 0;
  };
  thread_local Distance distance;
  if (distance.asked == TimePoint() || now - distance.asked > std::chrono::seconds(1)) {
    using namespace std::chrono;
    const auto since_1970 = duration_cast<microseconds>(system_clock::now().time_since_epoch());
    distance = {now, since_1970.count() - microseconds_of(now.time_since_epoch())};
  }
  return distance.of_epochs + microseconds_of(moment.time_since_epoch());
}

void write_request(RecordedExchange& exchange, const Request& request) {
  exchange.request_line = request.line;
  exchange.method = request.method_name;
  exchange.target = request.target;
  exchange.path = request.path;
  exchange.query = request.query;
  exchange.minor_version = request.minor_version;
}

/// What a line that is no request's says nevertheless. Without "HTTP/…" at its end all of it is the target.
void write_line(RecordedExchange& exchange, std::string_view line) {
  exchange.request_line = line;
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  const bool is_like_http = first != 0 && first != last && line.substr(last + 1).starts_with("HTTP/");
  if (is_like_http) exchange.method = line.substr(0, first);
  exchange.target = is_like_http ? line.substr(first + 1, last - first - 1) : line;
  // By its query it is known what of it is secret.
  const std::size_t mark = exchange.target.find('?');
  if (mark != exchange.target.npos) exchange.query = exchange.target.substr(mark + 1);
}

/// The steps before the head was parsed. A connection that was parked with half a head is queued after the
/// first byte of it came.
void add_arrival(Recording& recording, const Arrival& arrival, int worker) {
  using Moment = std::pair<TimePoint, Step>;
  std::array<Moment, 4> moments = {Moment{arrival.accepted, Step::accepted},
                                   {arrival.queued, Step::queued},
                                   {arrival.taken, Step::taken},
                                   {arrival.first_byte, Step::first_byte}};
  std::sort(moments.begin(), moments.end());
  for (const auto& [at, step] : moments)
    if (at != TimePoint()) recording.add_at(at, step, {.number = step == Step::taken ? worker : 0});
}

void write_rejection(Recording& recording, const Rejection& rejection) {
  recording.exchange().rejection = rejection.reason;
  recording.exchange().status = code(rejection.status);
  recording.add(Step::rejected, {.number = code(rejection.status)});
}

/// The request of a thread that is not recorded.
struct PassedBy {
  const Recorder* recorder = nullptr;
  RequestId id = 0;
};

PassedBy& passed_by_thread() {
  thread_local PassedBy passed;
  return passed;
}

/// How much of the kept output belongs to the script's head, which is complete.
std::size_t head_bytes_in(std::string_view output) {
  return find_cgi_head_end(output, 0).value_or(output.size());
}

}  // namespace

Recorder::Recorder(const RecorderLimits& limits, std::function<RecordedLoad()> load)
    : load_(std::move(load)), others_a_second_(limits.others_a_second), store_(limits) {
  passed_by_thread() = {};
}

/// What this thread answers, and nobody writes down, costs one comparison a hook.
bool Recorder::is_passed_by(RequestId id) const {
  const PassedBy& passed = passed_by_thread();
  return passed.id == id && passed.recorder == this;
}

/// Two threads that begin a second together may let a few more in.
bool Recorder::has_room_for_other(TimePoint now) {
  const auto second = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (second_.load(std::memory_order_relaxed) != second) {
    second_.store(second, std::memory_order_relaxed);
    others_in_it_.store(0, std::memory_order_relaxed);
  }
  if (others_in_it_.load(std::memory_order_relaxed) >= others_a_second_) return false;
  others_in_it_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

/// Writes at an exchange in hand. Hooks must not throw: without memory for it, it is not written.
template <typename Write>
void Recorder::change(RequestId id, Write write, Tell tell) {
  if (is_passed_by(id)) return;
  try {
    store_.change(
        id, [this, id] { return work_on(id); }, tell, std::move(write));
  } catch (const std::exception&) {
    // The request itself is well, and that is what counts.
  }
}

/// This thread's worker is at this exchange, now.
TimePoint Recorder::work_on(RequestId id) {
  const TimePoint now = Clock::now();
  board_.works_on(id, now);
  return now;
}

std::vector<Recorder::Worker> Recorder::workers() const {
  std::vector<Worker> workers;
  for (const WorkerBoard::Line& line : board_.lines()) {
    Worker& worker = workers.emplace_back(Worker{.busy = line.busy, .since = line.since});
    if (!line.busy || line.exchange == 0) continue;
    worker.what = store_.target_in_hand(line.exchange);
    if (!worker.what.empty()) worker.exchange = line.exchange;
  }
  return workers;
}

void Recorder::note_held(RequestId id, std::string_view where) {
  change(
      id,
      [&](Recording& recording) {
        recording.exchange().held = where;
        recording.add(Step::held, {.text = where});
      },
      Tell::yes);
}

void Recorder::note_released(RequestId id) {
  change(
      id,
      [](Recording& recording) {
        recording.exchange().held.clear();
        recording.add(Step::released);
      },
      Tell::yes);
}

// ---- A request and its answer

void Recorder::worker_began(std::size_t worker, TimePoint now) {
  board_.began(worker, now);
}

void Recorder::worker_done(std::size_t worker) {
  board_.done(worker);
}

void Recorder::request_received(RequestId id, const Request& request, const Endpoints& endpoints,
                                const Arrival& arrival) {
  if (!is_gateway(arrival.handler) && !has_room_for_other(arrival.first_byte)) {
    passed_by_thread() = {this, id};
    return board_.pass_by();
  }
  try {
    const TimePoint now = work_on(id);
    const int worker = board_.this_worker();
    store_.begin(id, now, [&](Recording& recording) {
      RecordedExchange& exchange = recording.exchange();
      if (arrival.first_byte != TimePoint()) exchange.began = arrival.first_byte;
      exchange.began_unix = unix_time(now, exchange.began);
      exchange.worker = worker;
      exchange.request_head = arrival.head;
      write_request(exchange, request);
      recording.set_endpoints(endpoints);
      add_arrival(recording, arrival, worker);
      recording.add(Step::head_parsed, {.bytes = arrival.head.size()});
    });
  } catch (const std::exception&) {
    // As in change().
  }
}

void Recorder::route_chosen(RequestId id, std::string_view handler, std::string_view why) {
  change(id, [&](Recording& recording) {
    recording.exchange().handler = handler;
    recording.exchange().why = why;
    recording.add(Step::route, {.text = handler});
  });
}

void Recorder::body_received(RequestId id, std::uint64_t bytes) {
  change(id, [bytes](Recording& recording) { recording.add(Step::body_complete, {.bytes = bytes}); });
}

void Recorder::rejected(RequestId id, const Rejection& rejection, std::string_view line,
                        const Endpoints& endpoints) {
  if (is_passed_by(id)) return;
  try {
    const TimePoint now = work_on(id);
    const auto outcome = store_.change(
        id, [now] { return now; }, Tell::no,
        [&](Recording& recording) { write_rejection(recording, rejection); });
    if (outcome == ExchangeStore::Outcome::unknown) record_unparsed(id, now, rejection, line, endpoints);
  } catch (const std::exception&) {
    // As in change().
  }
}

/// Records a request that is refused because it is none.
void Recorder::record_unparsed(RequestId id, TimePoint now, const Rejection& rejection, std::string_view line,
                               const Endpoints& endpoints) {
  // One that gave way to others is over already.
  if (store_.find(id)) return;
  store_.begin(id, now, [&](Recording& recording) {
    recording.exchange().began_unix = unix_time(now, now);
    recording.exchange().worker = board_.this_worker();
    write_line(recording.exchange(), line);
    recording.set_endpoints(endpoints);
    write_rejection(recording, rejection);
  });
}

void Recorder::request_lost(RequestId id) {
  change(id, [](Recording& recording) { recording.set_answered(); });
}

void Recorder::head_sent(RequestId id, const Response& response, std::string_view head) {
  change(id, [&](Recording& recording) {
    recording.exchange().sent_head = head;
    recording.exchange().status = code(response.status);
    recording.add(Step::head_sent, {.bytes = head.size()});
  });
}

void Recorder::response_sent(RequestId id, const Request&, const Endpoints& endpoints,
                             const AnswerSummary& summary) {
  change(
      id,
      [&](Recording& recording) {
        RecordedExchange& exchange = recording.exchange();
        if (exchange.server_address.empty()) recording.set_endpoints(endpoints);
        exchange.status = summary.status;
        exchange.body_bytes = summary.body_bytes;
        exchange.complete = summary.complete;
        exchange.duration = summary.duration.count();
        recording.add(Step::sent, {.bytes = summary.body_bytes, .number = summary.status});
        recording.set_answered();
      },
      Tell::yes);
}

// ---- A script

void Recorder::gateway_wait(RequestId id) {
  change(id, [](Recording& recording) { recording.add(Step::gateway_wait); });
}

void Recorder::cgi_environment(RequestId id, std::string_view script,
                               std::span<const std::string> environment,
                               std::span<const std::string> arguments) {
  std::optional<RecordedLoad> load;
  if (load_) load = load_();
  change(id, [&](Recording& recording) {
    RecordedExchange& exchange = recording.exchange();
    const bool is_second = !exchange.environment.empty();
    recording.restart_script();
    exchange.script = script;
    exchange.environment.assign(environment.begin(), environment.end());
    exchange.arguments.assign(arguments.begin(), arguments.end());
    exchange.load = load;
    const std::string_view why = is_second ? "local redirect: another script, its streams begin anew" : "";
    const auto count = static_cast<std::int64_t>(environment.size());
    recording.add(Step::environment, {.number = count, .text = why});
  });
}

void Recorder::cgi_pipes(RequestId id, const ScriptDescriptors& descriptors) {
  change(id, [&](Recording& recording) {
    recording.exchange().descriptors = descriptors;
    recording.add(Step::pipes);
  });
}

void Recorder::cgi_spawned(RequestId id, int pid) {
  change(id, [pid](Recording& recording) {
    recording.exchange().pid = pid;
    recording.set_at_work(true);
    recording.add(Step::spawned, {.number = pid});
  });
}

void Recorder::cgi_wrote(RequestId id, std::string_view bytes) {
  change(id, [bytes](Recording& recording) { recording.add_bytes(0, bytes); });
}

void Recorder::cgi_read(RequestId id, Stream stream, std::string_view bytes) {
  change(id, [&](Recording& recording) { recording.add_bytes(static_cast<int>(stream), bytes); });
}

void Recorder::cgi_closed(RequestId id, Stream stream) {
  change(id, [stream](Recording& recording) {
    recording.exchange().streams[static_cast<std::size_t>(stream)].closed = true;
    recording.add(Step::closed, {.stream = static_cast<int>(stream)});
  });
}

void Recorder::cgi_error_line(RequestId id, std::string_view, std::string_view line) {
  change(id, [line](Recording& recording) { recording.add(Step::error_line, {.text = line}); });
}

void Recorder::cgi_head(RequestId id, const CgiHead&) {
  change(id, [](Recording& recording) {
    RecordedExchange& exchange = recording.exchange();
    exchange.script_head_bytes = head_bytes_in(exchange.streams[1].bytes);
    recording.add(Step::script_head, {.bytes = exchange.script_head_bytes});
  });
}

/// One whose script failed is of a backend that is done with it, or of a script that is reaped later.
void Recorder::cgi_failed(RequestId id, std::string_view script, const ScriptFailure& failure) {
  change(id, [&](Recording& recording) {
    RecordedExchange& exchange = recording.exchange();
    if (exchange.script.empty()) exchange.script = script;
    exchange.failure = {failure.fault, failure.number, failure.detail.substr(0, kMaxDetailBytes)};
    recording.add(Step::failed, {.text = name_of(failure.fault)});
    if (!exchange.backend.empty()) recording.set_at_work(false);
  });
}

void Recorder::cgi_signalled(RequestId id, int signal) {
  change(id, [signal](Recording& recording) { recording.add(Step::signalled, {.number = signal}); });
}

void Recorder::cgi_reaping(RequestId id) {
  change(id, [](Recording& recording) { recording.add(Step::reaping); });
}

void Recorder::cgi_exited(RequestId id, std::string_view, const ExitReport& report) {
  change(id, [&](Recording& recording) {
    recording.exchange().exit = RecordedExit{.by_signal = report.by_signal,
                                             .code = report.code,
                                             .user_us = report.user_time.count(),
                                             .system_us = report.system_time.count(),
                                             .max_resident_kib = report.max_resident_kib};
    recording.add(Step::exited, {.number = report.by_signal ? -report.code : report.code});
    recording.set_at_work(false);
  });
}

// ---- A backend

void Recorder::fastcgi_connected(RequestId id, std::string_view backend, bool reused) {
  change(id, [&](Recording& recording) {
    RecordedExchange& exchange = recording.exchange();
    if (!exchange.backend.empty()) recording.restart_streams();
    exchange.backend = backend;
    recording.set_at_work(true);
    recording.add(Step::fastcgi_connected, {.number = reused ? 1 : 0, .text = backend});
  });
}

void Recorder::fastcgi_sent(RequestId id, std::uint8_t type, std::size_t content_bytes) {
  change(id, [&](Recording& recording) {
    recording.add(Step::fastcgi_sent, {.bytes = content_bytes, .number = type});
  });
}

void Recorder::fastcgi_received(RequestId id, std::uint8_t type, std::uint16_t record_id,
                                std::size_t content_bytes) {
  change(id, [&](Recording& recording) {
    recording.add(Step::fastcgi_received, {.offset = record_id, .bytes = content_bytes, .number = type});
  });
}

void Recorder::fastcgi_ended(RequestId id, std::string_view, int status) {
  change(id, [status](Recording& recording) {
    recording.exchange().fastcgi_status = status;
    recording.add(Step::fastcgi_ended, {.number = status});
    recording.set_at_work(false);
  });
}

}  // namespace tinyhttpd
