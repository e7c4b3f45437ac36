#include "tinyhttpd/tee.hpp"

#include <algorithm>

namespace tinyhttpd {

void Tee::listening(std::string_view url) {
  for (Trace* listener : listeners_) listener->listening(url);
}

void Tee::warning(std::string_view what) {
  for (Trace* listener : listeners_) listener->warning(what);
}

void Tee::error(std::string_view what) {
  for (Trace* listener : listeners_) listener->error(what);
}

void Tee::reloaded(std::string_view what) {
  for (Trace* listener : listeners_) listener->reloaded(what);
}

void Tee::stopping(std::string_view what) {
  for (Trace* listener : listeners_) listener->stopping(what);
}

void Tee::worker_began(std::size_t worker, TimePoint now) {
  for (Trace* listener : listeners_) listener->worker_began(worker, now);
}

void Tee::worker_done(std::size_t worker) {
  for (Trace* listener : listeners_) listener->worker_done(worker);
}

void Tee::request_received(RequestId id, const Request& request, const Endpoints& endpoints,
                           const Arrival& arrival) {
  for (Trace* listener : listeners_) listener->request_received(id, request, endpoints, arrival);
}

void Tee::body_received(RequestId id, std::uint64_t bytes) {
  for (Trace* listener : listeners_) listener->body_received(id, bytes);
}

void Tee::route_chosen(RequestId id, std::string_view handler, std::string_view why) {
  for (Trace* listener : listeners_) listener->route_chosen(id, handler, why);
}

void Tee::rejected(RequestId id, const Rejection& rejection, std::string_view line,
                   const Endpoints& endpoints) {
  for (Trace* listener : listeners_) listener->rejected(id, rejection, line, endpoints);
}

void Tee::gateway_wait(RequestId id) {
  for (Trace* listener : listeners_) listener->gateway_wait(id);
}

void Tee::cgi_environment(RequestId id, std::string_view script, std::span<const std::string> environment,
                          std::span<const std::string> arguments) {
  for (Trace* listener : listeners_) listener->cgi_environment(id, script, environment, arguments);
}

void Tee::cgi_pipes(RequestId id, const ScriptDescriptors& descriptors) {
  for (Trace* listener : listeners_) listener->cgi_pipes(id, descriptors);
}

void Tee::cgi_spawned(RequestId id, int pid) {
  for (Trace* listener : listeners_) listener->cgi_spawned(id, pid);
}

bool Tee::wants_input() const {
  return std::any_of(listeners_.begin(), listeners_.end(),
                     [](const Trace* listener) { return listener->wants_input(); });
}

void Tee::cgi_wrote(RequestId id, std::string_view bytes) {
  for (Trace* listener : listeners_) listener->cgi_wrote(id, bytes);
}

void Tee::cgi_read(RequestId id, Stream stream, std::string_view bytes) {
  for (Trace* listener : listeners_) listener->cgi_read(id, stream, bytes);
}

void Tee::cgi_closed(RequestId id, Stream stream) {
  for (Trace* listener : listeners_) listener->cgi_closed(id, stream);
}

void Tee::cgi_error_line(RequestId id, std::string_view script, std::string_view line) {
  for (Trace* listener : listeners_) listener->cgi_error_line(id, script, line);
}

void Tee::cgi_head(RequestId id, const CgiHead& head) {
  for (Trace* listener : listeners_) listener->cgi_head(id, head);
}

void Tee::cgi_failed(RequestId id, std::string_view script, const ScriptFailure& failure) {
  for (Trace* listener : listeners_) listener->cgi_failed(id, script, failure);
}

void Tee::fastcgi_connected(RequestId id, std::string_view backend, bool reused) {
  for (Trace* listener : listeners_) listener->fastcgi_connected(id, backend, reused);
}

void Tee::fastcgi_sent(RequestId id, std::uint8_t type, std::size_t content_bytes) {
  for (Trace* listener : listeners_) listener->fastcgi_sent(id, type, content_bytes);
}

void Tee::fastcgi_received(RequestId id, std::uint8_t type, std::uint16_t record_id,
                           std::size_t content_bytes) {
  for (Trace* listener : listeners_) listener->fastcgi_received(id, type, record_id, content_bytes);
}

void Tee::fastcgi_ended(RequestId id, std::string_view script, int status) {
  for (Trace* listener : listeners_) listener->fastcgi_ended(id, script, status);
}

void Tee::cgi_signalled(RequestId id, int signal) {
  for (Trace* listener : listeners_) listener->cgi_signalled(id, signal);
}

void Tee::cgi_reaping(RequestId id) {
  for (Trace* listener : listeners_) listener->cgi_reaping(id);
}

void Tee::cgi_exited(RequestId id, std::string_view script, const ExitReport& report) {
  for (Trace* listener : listeners_) listener->cgi_exited(id, script, report);
}

void Tee::request_lost(RequestId id) {
  for (Trace* listener : listeners_) listener->request_lost(id);
}

void Tee::head_sent(RequestId id, const Response& response, std::string_view head) {
  for (Trace* listener : listeners_) listener->head_sent(id, response, head);
}

void Tee::response_sent(RequestId id, const Request& request, const Endpoints& endpoints,
                        const AnswerSummary& summary) {
  for (Trace* listener : listeners_) listener->response_sent(id, request, endpoints, summary);
}

}  // namespace tinyhttpd
