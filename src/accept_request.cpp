#include "tinyhttpd/accept_request.hpp"

#include <poll.h>

#include <ctime>
#include <exception>

#include "tinyhttpd/explanation.hpp"
#include "tinyhttpd/invoke_json.hpp"
#include "tinyhttpd/list_folder.hpp"
#include "tinyhttpd/request_target.hpp"
#include "tinyhttpd/send_response.hpp"
#include "tinyhttpd/serve_file.hpp"
#include "tinyhttpd/socket.hpp"

namespace tinyhttpd {
namespace {

using namespace std::chrono_literals;

/// Closing in stages: how long the client has to read our answer and end its side, and how long it may stay
/// silent meanwhile.
constexpr auto kLingerTotal = 30s;
constexpr auto kLingerSilence = 5s;
constexpr auto kLingerSilenceDraining = 500ms;

/// More local redirects than this are a loop.
constexpr int kMaxLocalRedirects = 5;

using SlowWork = WorkQueue<ConnectionPtr>::SlowWork;

/// What is to happen next with the connection in hand.
enum class Next {
  go_on,  ///< its phase has changed: take the next step
  await_input,
  await_output,
  handed_over,  ///< somebody else owns it now
  end,
};

/// One worker's dealing with one connection, step by step.
class RequestSteps {
 public:
  RequestSteps(ConnectionPtr connection, const Services& services)
      : connection_(std::move(connection)), services_(services) {}

  /// Runs until the connection is parked, handed over, or over. Returns the connections that got the places
  /// it had.
  std::vector<ConnectionPtr> run(bool has_place);

 private:
  Connection& client() { return *connection_; }
  const Config& config() { return client().site->config; }
  Next step();
  Next guarded_step();
  Next give_up(const std::exception& error);
  Next read_head();
  Next read_body();
  Next answer();
  Next answer_slowly();
  Next answer_by_another();
  Progress send_some();
  Next send();
  Next linger();
  Clock::duration linger_silence() const;

  Next begin_request();
  void tell_of_request(std::string_view handler);
  Next ask_who();
  Next authenticate();
  Next admit(const Authenticator::Judgement& judgement);
  Phase phase_after_head();
  Next route_request();
  bool take_kept();
  Next enter(Lane& lane);
  Rejection expiry(std::string reason) const;
  Next refuse_request(const Rejection& rejection);
  Next refuse_route(const Rejection& rejection);
  Next end_answer(bool complete, std::uint64_t body_bytes);
  Next answer_with(Result<Response>&& response);
  Next begin_sending(Response&& response);
  Next stream(Response response);
  Next follow_redirect(const std::string& target);
  Result<Response> response_to(const Route& route);
  Result<Response> gateway_response();
  Response refusal_of(const Rejection& rejection);
  void use_error_page(Response& refusal);
  Next give_up_place(Next next);
  void leave_lane();
  void let_go(Next next);
  Next park(Next wanted);

  ConnectionPtr connection_;
  const Services& services_;
  SitePtr site_of_source_;  // which source_ still uses
  // The script of an answer that is over, while it still runs: one whose answer was whole may end in its own
  // time.
  std::unique_ptr<BodySource> source_;
  bool answer_is_whole_ = false;
  Lane* place_ = nullptr;                  // where this one has a place
  std::vector<ConnectionPtr> successors_;  // from the lanes, each with a place this one had
  int redirects_ = 0;                      // that the request in hand has gone through
};

std::vector<ConnectionPtr> RequestSteps::run(bool has_place) {
  if (has_place) place_ = services_.lanes.of(client().phase);
  Next next = Next::go_on;
  while (next == Next::go_on) {
    next = guarded_step();
    if (place_ && connection_ && place_ != services_.lanes.of(client().phase)) next = give_up_place(next);
    if (next == Next::await_input || next == Next::await_output) next = park(next);
  }
  let_go(next);
  if (place_) leave_lane();
  return std::move(successors_);
}

/// The slow part is over: its place is the next one's, and so is this worker where somebody waits for both.
Next RequestSteps::give_up_place(Next next) {
  if (source_) return next;  // it goes on without its output, and keeps its place
  leave_lane();
  // While draining the acceptor may have ended, and nobody would take this client up again: it comes first
  // then.
  if (successors_.empty() || next != Next::go_on || services_.draining) return next;
  // Another worker goes on with this client, at once: its socket can be written.
  return Next::await_output;
}

void RequestSteps::leave_lane() {
  if (auto waiting = std::exchange(place_, nullptr)->leave()) successors_.push_back(std::move(*waiting));
}

/// A connection that is over ends. Then its script: one whose answer is whole in its own time, another now.
void RequestSteps::let_go(Next next) {
  if (next == Next::end && connection_) {
    if (client().is_told_of) services_.trace.request_lost(client().id);
    connection_.reset();
  }
  if (!source_) return;
  const SlowWork slow(services_.queue);
  try {
    if (answer_is_whole_) source_->finish();
  } catch (const std::exception& error) {
    services_.trace.warning(std::string("a script is ended: ") + error.what());
  }
  source_.reset();
}

/// One request must not take down the pool.
Next RequestSteps::guarded_step() {
  try {
    return step();
  } catch (const std::exception& error) {
    return give_up(error);
  }
}

/// 500, where the answer has not begun and there is memory enough to say so.
Next RequestSteps::give_up(const std::exception& error) {
  try {
    services_.trace.warning(std::string("a request ended with an exception: ") + error.what());
    if (!connection_ || client().answer_begun || client().phase >= Phase::sending) return Next::end;
    return refuse_request(internal_error(error.what()));
  } catch (const std::exception&) {
    return Next::end;
  }
}

Next RequestSteps::step() {
  switch (client().phase) {
    case Phase::idle:
    case Phase::reading_head: return read_head();
    case Phase::authenticating: return authenticate();
    case Phase::reading_body: return read_body();
    case Phase::answering: return answer();
    case Phase::sending: return send();
    case Phase::lingering: return linger();
  }
  return Next::end;
}

Next RequestSteps::read_head() {
  if (client().phase == Phase::idle) client().site = services_.site.get();
  if (client().expired) return refuse_request(request_timeout("the head took longer than --header-timeout"));
  const Limits& limits = config().limits;
  auto progress = client().read_head(limits);
  if (client().phase == Phase::idle && client().has_input()) {
    client().phase = Phase::reading_head;
    client().started = Clock::now();
    client().deadline = client().started + as_duration(limits.header_timeout);
    client().id = ++services_.last_id;
  }
  if (!progress) return refuse_request(progress.error());
  if (*progress == Progress::need_input) return Next::await_input;
  if (*progress == Progress::gone) return Next::end;
  return begin_request();
}

/// The head is there: understand it, before a byte of the body is waited for.
Next RequestSteps::begin_request() {
  Request& request = client().request;
  redirects_ = 0;
  if (auto parsed = parse_request(client().head(), config().limits, request); !parsed)
    return refuse_request(parsed.error());
  client().phase = phase_after_head();
  return ask_who();
}

/// Tells listeners of a request that was understood, and of who will answer it; "": it is refused.
void RequestSteps::tell_of_request(std::string_view handler) {
  if (std::exchange(client().is_told_of, true)) return;
  services_.trace.request_received(client().id, client().request, client().endpoints,
                                   {.head = client().head(),
                                    .accepted = client().accepted,
                                    .queued = client().queued_at,
                                    .taken = client().taken_at,
                                    .first_byte = client().started,
                                    .handler = handler});
}

Phase RequestSteps::phase_after_head() {
  return client().request.framing.has_body() ? Phase::reading_body : Phase::answering;
}

/// Decides whether the client may ask for this, where that can be told at once.
Next RequestSteps::ask_who() {
  Authenticator& authenticator = client().site->authenticator();
  if (!authenticator.is_on()) return route_request();
  const auto judgement = authenticator.judge(client().request);
  if (judgement.verdict != Authenticator::Verdict::must_hash) return admit(judgement);
  client().phase = Phase::authenticating;
  client().deadline = Clock::now() + as_duration(config().cgi.timeout);
  return Next::go_on;
}

/// Hashes a password, of which a few are hashed at once: anybody can ask for it.
Next RequestSteps::authenticate() {
  if (!place_ && !client().expired) return enter(services_.lanes.passwords);
  client().phase = phase_after_head();
  if (client().expired)
    return refuse_request(expiry("the password could not be checked within --cgi-timeout"));
  const SlowWork slow(services_.queue);
  return admit(client().site->authenticator().check_password(client().request));
}

Next RequestSteps::admit(const Authenticator::Judgement& judgement) {
  if (judgement.verdict == Authenticator::Verdict::refused)
    return refuse_request(unauthorized(judgement.reason, judgement.challenge));
  client().request.user = judgement.user;
  return route_request();
}

/// Decides who answers.
Next RequestSteps::route_request() {
  Request& request = client().request;
  if (request.framing.has_body())
    client().deadline = Clock::now() + as_duration(config().limits.body_timeout);
  if (services_.application == nullptr && take_kept()) return Next::go_on;
  auto route = services_.application != nullptr
                   ? Route{ApplicationRoute{}, "application", "all of this server is"}
                   : client().site->router.route(request);
  if (!route) return refuse_route(route.error());
  tell_of_request(route->handler);
  services_.trace.route_chosen(client().id, route->handler, route->why);
  client().route = std::move(*route);
  const Limits& limits = config().limits;
  if (!request.framing.chunked && request.framing.content_length > limits.max_body_bytes)
    return refuse_request(
        content_too_large("Content-Length is over --max-body " + std::to_string(limits.max_body_bytes)));
  if (request.framing.has_body()) client().send_continue();
  return Next::go_on;
}

/// Takes the answer out of the cache, which saves the router and the handler their work.
bool RequestSteps::take_kept() {
  const Site& site = *client().site;
  const KeptFiles::Turns turns{client().seen, services_.parking.turn()};
  KeptFilePtr kept = site.files.kept.find(client().request, site.root, std::time(nullptr), turns);
  if (!kept) return false;
  tell_of_request("serve_file");
  services_.trace.route_chosen(client().id, "serve_file", kWhyFile);
  client().route = Route{FileRoute{.kept = std::move(kept)}, "serve_file", kWhyFile};
  return true;
}

Next RequestSteps::read_body() {
  if (client().expired)
    return refuse_request(request_timeout("the body came too slowly (--body-timeout, --min-rate)"));
  const Limits& limits = config().limits;
  std::optional<SlowWork> slow;  // a large body goes to a disk
  if (client().request.framing.chunked || client().request.framing.content_length > Spool::kMemoryBytes)
    slow.emplace(services_.queue);
  auto progress = client().read_body(limits, limits.spool_dir);
  if (!progress) return refuse_request(progress.error());
  if (*progress == Progress::need_input) return Next::await_input;
  if (*progress == Progress::gone) return Next::end;
  services_.trace.body_received(client().id, client().body.size());
  client().phase = Phase::answering;
  return Next::go_on;
}

Next RequestSteps::answer() {
  if (client().expired) return refuse_request(expiry("no gateway place came free within --cgi-timeout"));
  const auto* file = std::get_if<FileRoute>(&client().route->to);
  if (file != nullptr && file->kept) return answer_with(response_to(*client().route));
  if (client().route->needs_gateway() && !place_) return enter(services_.lanes.gateways);
  return answer_slowly();
}

/// Answers with what may have to wait for a disk or a program. Others do the queued work meanwhile.
Next RequestSteps::answer_slowly() {
  const SlowWork slow(services_.queue);
  const bool is_of_application = std::holds_alternative<ApplicationRoute>(client().route->to);
  if (client().route->needs_gateway() || is_of_application) return answer_by_another();
  return answer_with(response_to(*client().route));
}

/// Why a client that waited in a lane is sent away.
Rejection RequestSteps::expiry(std::string reason) const {
  return unavailable(services_.draining ? "the server stops" : std::move(reason));
}

Next RequestSteps::answer_with(Result<Response>&& response) {
  if (!response) return begin_sending(refusal_of(response.error()));
  use_error_page(*response);
  return begin_sending(std::move(*response));
}

Next RequestSteps::begin_sending(Response&& response) {
  if (services_.draining) client().close_after = true;
  client().deadline = Clock::now() + as_duration(config().limits.send_timeout);
  add_configured(response, config().files.fields);
  prepare_response(client(), std::move(response), services_.trace);
  return Next::go_on;
}

/// Takes a place in the lane, or waits in it for one.
Next RequestSteps::enter(Lane& lane) {
  const RequestId id = client().id;
  const TimePoint deadline = Clock::now() + as_duration(config().cgi.timeout);
  client().deadline = deadline;
  switch (lane.enter(connection_, deadline)) {
    case Lane::Entry::entered: place_ = &lane; return Next::go_on;
    case Lane::Entry::waiting: services_.trace.gateway_wait(id); return Next::handed_over;
    case Lane::Entry::full: break;
  }
  if (&lane == &services_.lanes.gateways)
    return refuse_request(unavailable("all gateway places and the whole --cgi-queue are taken"));
  client().phase = phase_after_head();
  return refuse_request(unavailable("as many passwords as --cgi-queue says wait to be checked"));
}

/// Who answers may still be busy with it when the answer begins.
Next RequestSteps::answer_by_another() {
  auto response = client().route->needs_gateway()
                      ? gateway_response()
                      : services_.application->answer(client().request, client().body);
  if (!response) return refuse_request(response.error());
  if (response->local_redirect) return follow_redirect(*response->local_redirect);
  if (!std::holds_alternative<std::unique_ptr<BodySource>>(response->body))
    return begin_sending(std::move(*response));
  return stream(std::move(*response));
}

Result<Response> RequestSteps::gateway_response() {
  if (client().endpoints.server_address.empty())
    client().endpoints.server_address = local_address(client().socket()).address;
  const Exchange exchange{.id = client().id,
                          .request = client().request,
                          .endpoints = client().endpoints,
                          .body = client().body,
                          .client = client(),
                          .trace = services_.trace};
  const Site& site = *client().site;
  const auto& to = client().route->to;
  if (const auto* fastcgi = std::get_if<FastcgiRoute>(&to))
    return forward_to_fastcgi(exchange, fastcgi->target, site.fastcgi(fastcgi->rule));
  if (const auto* json = std::get_if<JsonRoute>(&to))
    return invoke_json(exchange, json->target, site.config.json[json->rule], site.cgi);
  return execute_cgi(exchange, std::get<ScriptRoute>(to).target, site.cgi);
}

/// Answers as if the script's path had been asked for with GET (RFC 3875 section 6.2.2).
Next RequestSteps::follow_redirect(const std::string& target) {
  if (++redirects_ > kMaxLocalRedirects)
    return refuse_route(cannot_execute({.fault = ScriptFault::redirect_loop, .number = kMaxLocalRedirects}));
  if (auto redirected = client().redirect(target); !redirected)
    return refuse_route(cannot_execute({.fault = ScriptFault::bad_header,
                                        .number = static_cast<int>(HeaderFault::bad_location),
                                        .detail = "Location: " + target}));
  return ask_who();
}

Next RequestSteps::stream(Response response) {
  auto source = std::move(std::get<std::unique_ptr<BodySource>>(response.body));
  response.body = std::unique_ptr<BodySource>();
  ResponseStream stream(client(), config().limits, services_.stop_fd, services_.trace);
  if (services_.draining) client().close_after = true;
  if (!response.raw) add_configured(response, config().files.fields);
  answer_is_whole_ = stream.send(response, *source);
  const Next next = end_answer(answer_is_whole_, stream.body_bytes_sent());
  if (source->is_finished()) return next;
  // The script goes on without its output, watched by this worker. The client's next request need not wait
  // for it: where it may have come already another worker takes it at once, for the socket can be written.
  site_of_source_ = client().site;
  source_ = std::move(source);
  return next == Next::go_on ? Next::await_output : next;
}

Result<Response> RequestSteps::response_to(const Route& route) {
  const Site& site = *client().site;
  if (const auto* file = std::get_if<FileRoute>(&route.to); file != nullptr && file->kept)
    return serve_kept(client().request, file->kept, std::time(nullptr));
  if (const auto* file = std::get_if<FileRoute>(&route.to))
    return serve_file(client().request, file->path, site.files, std::time(nullptr));
  if (const auto* folder = std::get_if<FolderRoute>(&route.to))
    return list_folder(
        client().request, folder->path, site.root,
        [&site](std::string_view path, const FileFacts& facts) { return site.router.offers(path, facts); });
  if (const auto* redirect = std::get_if<RedirectRoute>(&route.to)) {
    Response response = refuse(Rejection{Status::moved_permanently, {}});
    response.add("Location", redirect->location);
    return response;
  }
  Response response{.status = Status::no_content};
  response.add("Allow", std::get<OptionsRoute>(route.to).allow);
  return response;
}

Response RequestSteps::refusal_of(const Rejection& rejection) {
  if (client().phase > Phase::reading_head) tell_of_request("");
  services_.trace.rejected(client().id, rejection, client().request.line, client().endpoints);
  const bool is_explained =
      rejection.failure && is_explained_to(config().explained, client().request, client().endpoints);
  Response refusal = refuse(rejection, is_explained);
  if (!is_explained) use_error_page(refusal);
  return refusal;
}

/// Gives a refusal the page that --error-page names for it, where that can be had.
void RequestSteps::use_error_page(Response& refusal) {
  const auto& pages = config().files.error_pages;
  const auto named = pages.find(code(refusal.status));
  if (named == pages.end()) return;
  const Site& site = *client().site;
  // Never a script's source; and a page that is missing must not hide what it was to explain.
  auto page = site.router.is_plain_file(named->second)
                  ? serve_error_page(refusal.status, named->second, site.files)
                  : Result<Response>(not_found(named->second + ": no such file, or a script"));
  if (!page) {
    services_.trace.warning("--error-page " + std::to_string(named->first) + ": " + page.error().reason);
    return;
  }
  refusal.remove("Content-Type");
  refusal.fields += page->fields;
  refusal.body = std::move(page->body);
}

/// Refuses the request in hand at any step. Where bytes of it may still come the connection cannot go on:
/// they would be read as the next request.
Next RequestSteps::refuse_request(const Rejection& rejection) {
  if (client().phase != Phase::answering) client().close_after = client().linger_after = true;
  client().expired = false;
  return begin_sending(refusal_of(rejection));
}

/// Refuses a request that found no handler. Where a script is to blame that has not run, nobody else tells of
/// it.
Next RequestSteps::refuse_route(const Rejection& rejection) {
  if (client().phase > Phase::reading_head) tell_of_request("");
  if (rejection.failure) services_.trace.cgi_failed(client().id, client().request.path, *rejection.failure);
  return refuse_request(rejection);
}

/// What is not in memory may have to be read from a disk first. Others do the queued work meanwhile.
Progress RequestSteps::send_some() {
  const Body& body = client().outgoing.body;
  if (!std::holds_alternative<FileBody>(body) && !std::holds_alternative<PartsBody>(body))
    return client().send_outgoing();
  const SlowWork slow(services_.queue);
  return client().send_outgoing();
}

Next RequestSteps::send() {
  const Progress progress = client().expired ? Progress::gone : send_some();
  if (progress == Progress::need_output) return Next::await_output;
  const std::uint64_t sent = client().outgoing.body_bytes_sent();
  if (progress == Progress::gone) client().cut();
  return end_answer(progress == Progress::done, sent);
}

/// The answer is over, whole or not: the connection goes on to the next request, or to its end.
Next RequestSteps::end_answer(bool complete, std::uint64_t body_bytes) {
  AnswerSummary summary{.status = code(client().status), .body_bytes = body_bytes, .complete = complete};
  const TimePoint now = Clock::now();
  summary.duration = std::chrono::duration_cast<std::chrono::microseconds>(now - client().started);
  if (client().route) summary.handler = client().route->handler;
  services_.trace.response_sent(client().id, client().request, client().endpoints, summary);
  client().is_told_of = false;
  if (!complete) return Next::end;
  ++client().answered;
  if (client().close_after) {
    // A client that wanted to go on may have sent more: closing at once would reset the connection under its
    // feet.
    const bool surprised = client().request.keep_alive || client().has_more_input();
    if (!client().linger_after && !surprised) return Next::end;
    client().linger_until = now + kLingerTotal;
    client().start_lingering(now + linger_silence());
    return Next::go_on;
  }
  client().next_request();
  client().deadline = now + as_duration(config().limits.keepalive_timeout);
  // Hardly any client has sent its next request by now: to try would be a system call for nothing.
  return client().has_input() || client().may_have_more() ? Next::go_on : Next::await_input;
}

/// A server that is to end does not wait long for clients that have all they asked for.
Clock::duration RequestSteps::linger_silence() const {
  return services_.draining ? kLingerSilenceDraining : kLingerSilence;
}

Next RequestSteps::linger() {
  if (client().drop_input() == Progress::gone) return Next::end;
  client().deadline = std::min(Clock::now() + linger_silence(), client().linger_until);
  return Next::await_input;
}

/// Hands the connection to whoever waits for its client, unless the client has sent more meanwhile.
Next RequestSteps::park(Next wanted) {
  try {
    if (client().phase == Phase::idle) {
      if (services_.draining) return Next::end;
      client().release_idle_memory();
      client().site.reset();
    }
    const Progress need = wanted == Next::await_input ? Progress::need_input : Progress::need_output;
    connection_ = services_.parking.park(std::move(connection_), need);
    if (!connection_) return Next::handed_over;
    if (!source_ && successors_.empty()) return Next::go_on;
    // This worker has something else to do: another is told at once, for the socket can be written.
    connection_ = services_.parking.park(std::move(connection_), Progress::need_output);
  } catch (const std::exception& error) {
    services_.trace.warning(std::string("a connection is dropped: ") + error.what());
  }
  return Next::handed_over;
}

}  // namespace

void accept_request(ConnectionPtr connection, const Services& services) {
  auto with_place = RequestSteps(std::move(connection), services).run(false);
  while (!with_place.empty()) {
    ConnectionPtr next = std::move(with_place.back());
    with_place.pop_back();
    for (ConnectionPtr& successor : RequestSteps(std::move(next), services).run(true))
      with_place.push_back(std::move(successor));
  }
}

void run_worker(const Services& services, std::size_t number) {
  WorkQueue<ConnectionPtr>::Worker worker(services.queue);
  const auto look_for_work = [&services] {
    if (!services.draining) services.parking.look_for_work();
  };
  while (auto connection = worker.pop(look_for_work)) {
    const TimePoint now = Clock::now();
    (*connection)->taken_at = now;
    services.trace.worker_began(number, now);
    accept_request(std::move(*connection), services);
    services.trace.worker_done(number);
  }
}

}  // namespace tinyhttpd
