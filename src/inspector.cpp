#include "tinyhttpd/inspector.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "tinyhttpd/exchange_exports.hpp"
#include "tinyhttpd/exchange_json.hpp"
#include "tinyhttpd/inspector_events.hpp"
#include "tinyhttpd/inspector_guard.hpp"
#include "tinyhttpd/page_files.hpp"
#include "tinyhttpd/prometheus_text.hpp"
#include "tinyhttpd/replay.hpp"
#include "tinyhttpd/replay_comparison.hpp"
#include "tinyhttpd/server_metrics.hpp"

namespace tinyhttpd {
namespace {

using namespace std::chrono_literals;

constexpr auto kReplayTime = 60s;
constexpr std::size_t kMostStepBytes = 16 * 1024;

constexpr auto kConflict = Status{409};
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kExchanges = "/api/exchanges/";

Response text_response(std::string_view type, std::string text, Status status = Status::ok) {
  Response response{.status = status};
  response.add("Content-Type", type);
  response.body = std::move(text);
  return response;
}

Response json_response(std::string text, Status status = Status::ok) {
  return text_response(kJson, std::move(text), status);
}

/// 17 of "17"; nothing of anything else.
std::optional<RequestId> id_from(std::string_view text) {
  RequestId id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

/// The value of `name` in "a=1&since=17".
std::string_view parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
      return pair.substr(name.size() + 1);
  }
  return {};
}

Rejection no_such_exchange(std::string_view name) {
  return not_found("no exchange " + std::string(name) + " is kept");
}

std::string text_of(const Spool& body) {
  std::string text;
  std::array<char, kMostStepBytes> buffer;
  std::error_code error;
  for (;;) {
    const std::string_view bytes = body.read(text.size(), buffer, error);
    if (bytes.empty() || text.size() > kMostStepBytes) return text;
    text += bytes;
  }
}

/// The exchange that came from this port of ours after `before`; from a Unix socket: that asked the same.
RequestId find_replayed(const Recorder& recorder, RequestId before, std::uint16_t port,
                        const RecordedExchange& original) {
  for (const ExchangePtr& exchange : recorder.newer_than(before)) {
    if (exchange->remote_port != port || exchange->replay_of != 0) continue;
    // Of one in hand the list has no line.
    const ExchangePtr whole = recorder.find(exchange->id);
    if (whole && whole->request_line == original.request_line) return exchange->id;
  }
  return 0;
}

/// An answer may have reached its client before its script was reaped.
void wait_until_over(const Recorder& recorder, RequestId id, TimePoint deadline) {
  std::uint64_t seen = recorder.revision();
  while (recorder.is_in_hand(id) && Clock::now() < deadline)
    seen = recorder.wait_for_changes(seen, std::min(deadline, Clock::now() + 200ms)).revision;
}

}  // namespace

Result<Response> Inspector::answer(const Request& request, const Spool& body) {
  if (auto refused = refuse_foreign(request, bound_)) return *std::move(refused);
  if (request.method == Method::get || request.method == Method::head) return get(request);
  if (request.method == Method::post) return post(request, body);
  return method_not_allowed(std::string(request.method_name) + " means nothing to the inspector",
                            "GET, HEAD, POST");
}

Result<Response> Inspector::get(const Request& request) {
  const std::string_view path = request.path;
  if (path == "/api/server") return json_response(server_text());
  if (path == "/api/exchanges") return exchanges(request);
  if (path == "/api/events") return events(request);
  if (path == "/api/step") return json_response(step_json(inspected_.stepper));
  if (path.starts_with(kExchanges)) return exchange(path.substr(kExchanges.size()));
  if (path == "/healthz") return health();
  if (path == "/metrics") return metrics();
  const std::string_view name = path == "/" ? "/index.html" : path;
  for (const PageFile& file : page_files())
    if (file.path == name) return text_response(file.type, std::string(file.text));
  return not_found(request.path + ": the inspector has no such page");
}

Result<Response> Inspector::post(const Request& request, const Spool& body) {
  std::string_view path = request.path;
  if (path == "/api/step") {
    auto wanted = wanted_from(text_of(body));
    if (!wanted) return json_response(error_json(wanted.error().reason), Status::bad_request);
    inspected_.stepper.want(*std::move(wanted));
    return json_response(step_json(inspected_.stepper));
  }
  if (path == "/api/step/go")
    return json_response(inspected_.stepper.go_on() ? R"({"released":true})" : R"({"released":false})");
  constexpr std::string_view kReplay = "/replay";
  if (path.starts_with(kExchanges) && path.ends_with(kReplay)) {
    path.remove_prefix(kExchanges.size());
    path.remove_suffix(kReplay.size());
    if (const auto id = id_from(path)) return replay(*id);
  }
  return not_found(request.path + ": nothing to be done there");
}

Result<Response> Inspector::exchanges(const Request& request) const {
  const auto list = inspected_.recorder.newer_than(id_from(parameter(request.query, "since")).value_or(0));
  std::string text = "{\"newest\":" + std::to_string(list.empty() ? 0 : list.back()->id) + ",\"exchanges\":[";
  for (const ExchangePtr& exchange : list) {
    if (text.back() != '[') text += ',';
    text += summary_json(*exchange);
  }
  return json_response(text + "]}");
}

/// "17", "17.mmd", "17.har", "17.sh".
Result<Response> Inspector::exchange(std::string_view name) const {
  const std::string_view form = name.substr(std::min(name.find('.'), name.size()));
  const auto id = id_from(name.substr(0, name.size() - form.size()));
  const ExchangePtr found = id ? inspected_.recorder.find(*id) : nullptr;
  if (!found) return no_such_exchange(name);
  if (form.empty()) {
    const ExchangePtr original = found->replay_of != 0 ? inspected_.recorder.find(found->replay_of) : nullptr;
    return json_response(exchange_json(*found, original.get()));
  }
  if (form == ".mmd") return text_response("text/plain; charset=utf-8", exchange_mermaid(*found));
  if (form == ".har") return json_response(exchange_har(*found));
  if (form == ".sh") return text_response("text/x-shellscript; charset=utf-8", exchange_shell(*found));
  return not_found("an exchange is shown as JSON, .mmd, .har or .sh, not as " + std::string(form));
}

Result<Response> Inspector::replay(RequestId id) {
  const ExchangePtr original = inspected_.recorder.find(id);
  if (!original) return no_such_exchange(std::to_string(id));
  if (const auto why_not = why_no_replay(*original)) return json_response(error_json(*why_not), kConflict);
  const Place place = take_place(replays_, kMostReplays);
  if (!place) return json_response(error_json("another request is being replayed"), kConflict);
  return send_replay(*original);
}

/// Asks the server again, as a client. What came of it is compared when it is shown.
Result<Response> Inspector::send_replay(const RecordedExchange& original) {
  Recorder& recorder = inspected_.recorder;
  const auto last = recorder.newer_than(0);
  const RequestId before = last.empty() ? 0 : last.back()->id;
  const std::string body = request_body_of(original).value_or("");
  const TimePoint deadline = Clock::now() + kReplayTime;
  const auto port = send_again(address_of(inspected_.server().urls.front()),
                               replayed_head(original.request_head, body.size()), body, deadline);
  if (!port) return json_response(error_json(port.error()), kConflict);
  const RequestId again = find_replayed(recorder, before, *port, original);
  if (again == 0) return json_response(error_json("the server did not take the request"), kConflict);
  wait_until_over(recorder, again, deadline);
  recorder.note_replay(original.id, again);
  return json_response("{\"id\":" + std::to_string(again) + "}");
}

Result<Response> Inspector::events(const Request& request) {
  Place place = take_place(viewers_, kMostViewers);
  if (!place) return unavailable("as many pages look on as the inspector has workers for");
  Response response;
  response.add("Content-Type", "text/event-stream");
  if (request.method == Method::head) return response;
  response.body = std::make_unique<EventStream>(
      inspected_.recorder, inspected_.recorder.revision(), [this] { return server_text(); }, stopped_,
      std::move(place));
  return response;
}

Response Inspector::health() const {
  const bool is_draining = inspected_.server().figures.draining;
  return text_response("text/plain; charset=utf-8", is_draining ? "draining\n" : "ok\n",
                       is_draining ? Status::service_unavailable : Status::ok);
}

Response Inspector::metrics() const {
  const ServerView server = inspected_.server();
  return text_response(
      kPrometheusMediaType,
      metrics_text(inspected_.counters, {.version = TINYHTTPD_VERSION,
                                         .start_seconds = static_cast<double>(server.started) / 1e6,
                                         .figures = server.figures,
                                         .parked = server.parked}));
}

std::string Inspector::server_text() const {
  return server_json(inspected_.server(), inspected_.recorder, inspected_.stepper);
}

void Inspector::stop() {
  stopped_ = true;
  inspected_.recorder.stop();
  inspected_.stepper.stop();
}

}  // namespace tinyhttpd
