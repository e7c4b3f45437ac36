#include "tinyhttpd/forward_to_fastcgi.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/fastcgi_run.hpp"
#include "tinyhttpd/gateway_answer.hpp"

namespace tinyhttpd {
namespace {

/// Whether doing it twice does what doing it once does (RFC 9110 section 9.2.2).
bool is_idempotent(Method method) {
  switch (method) {
    case Method::get:
    case Method::head:
    case Method::put:
    case Method::delete_:
    case Method::options: return true;
    default: return false;
  }
}

ScriptFailure failure_of(const ConnectFailure& failure, Seconds timeout) {
  switch (failure.kind) {
    case ConnectFailure::Kind::full: return {.fault = ScriptFault::backend_full, .detail = failure.what};
    case ConnectFailure::Kind::timed_out:
      return {.fault = ScriptFault::backend_silent,
              .number = static_cast<int>(timeout.count()),
              .detail = failure.what};
    case ConnectFailure::Kind::stopped: return {ScriptFault::stopped};
    case ConnectFailure::Kind::shortage: return {.fault = ScriptFault::backend_full, .detail = failure.what};
    case ConnectFailure::Kind::refused: break;
  }
  return {.fault = ScriptFault::backend_unreachable, .detail = failure.what};
}

/// One request and the backends it is offered to.
class Forwarding {
 public:
  Forwarding(const Exchange& exchange, const ScriptTarget& script, const FastcgiHost& host,
             const std::vector<std::string>& variables)
      : exchange_(exchange),
        script_(script),
        host_(host),
        variables_(variables),
        tried_(host.backends.size(), false),
        end_of_life_(Clock::now() + as_duration(host.config.cgi.max_time)) {}

  Result<Response, ScriptFailure> run();

 private:
  Result<BackendConnection, ConnectFailure> connect();
  std::unique_ptr<FastcgiRun> start(BackendConnection connection) const;
  bool may_try_another(const ScriptFailure& failure, bool has_answered) const;
  ScriptFailure give_up(const ConnectFailure& failure) const;

  const Exchange& exchange_;
  const ScriptTarget& script_;
  const FastcgiHost& host_;
  const std::vector<std::string>& variables_;
  Backends::Tried tried_;
  TimePoint end_of_life_;
  bool allow_reused_ = true;
  std::optional<ScriptFailure> last_;  // why the backend before did not answer, unless it may be there still
};

Result<Response, ScriptFailure> Forwarding::run() {
  // What is not idempotent must not be sent where it may already have been: a connection that was kept may be
  // closed at this moment, and then nobody knows whether the request was read.
  allow_reused_ = is_idempotent(exchange_.request.method);
  for (;;) {
    auto connection = connect();
    if (!connection) return Unexpected(give_up(connection.error()));
    const std::size_t backend = connection->backend();
    const bool was_reused = connection->is_reused();
    auto started = start(*std::move(connection));
    const FastcgiRun& fastcgi = *started;
    std::unique_ptr<GatewayRun> run = std::move(started);
    auto response = answer_parsed(exchange_, run);
    if (response) return response;
    const ScriptFailure& failure = response.error();
    const bool may_go_on = may_try_another(failure, fastcgi.has_answered());
    // The backend may well be there, and only that connection was at its end, as any is that was kept.
    const bool is_stale = was_reused && failure.fault == ScriptFault::backend_closed;
    if (is_stale) {
      allow_reused_ = false;
    } else {
      tried_[backend] = true;
      last_ = failure;
    }
    const bool is_another_left = std::find(tried_.begin(), tried_.end(), false) != tried_.end();
    if (!may_go_on || !is_another_left) {
      run->report(failure);
      return response;
    }
    if (!is_stale)
      exchange_.trace.warning("[" + script_.script_name + "] " + describe(failure) + "; another is tried");
  }
}

Result<BackendConnection, ConnectFailure> Forwarding::connect() {
  const TimePoint deadline = Clock::now() + as_duration(host_.config.fastcgi.timeout);
  return host_.backends.connect(tried_, allow_reused_, std::min(deadline, end_of_life_), host_.stop_fd);
}

std::unique_ptr<FastcgiRun> Forwarding::start(BackendConnection connection) const {
  const bool keep = host_.config.fastcgi.connections > 0;
  return std::make_unique<FastcgiRun>(
      exchange_, script_.script_name, std::move(connection), variables_, keep,
      BackendPatience{host_.config.fastcgi.timeout, host_.config.cgi.max_time, end_of_life_, host_.stop_fd});
}

bool Forwarding::may_try_another(const ScriptFailure& failure, bool has_answered) const {
  if (has_answered) return false;
  const bool is_untouched =
      failure.fault == ScriptFault::backend_full || failure.fault == ScriptFault::backend_refused;
  const bool is_lost = failure.fault == ScriptFault::backend_closed;
  return is_untouched || (is_lost && is_idempotent(exchange_.request.method));
}

/// Nobody is left to be asked. What the last one did that was asked says more than that.
ScriptFailure Forwarding::give_up(const ConnectFailure& failure) const {
  const bool is_stopped = failure.kind == ConnectFailure::Kind::stopped;
  ScriptFailure reason = last_ && !is_stopped ? *last_ : failure_of(failure, host_.config.fastcgi.timeout);
  // There is no run that would tell of it.
  exchange_.trace.cgi_failed(exchange_.id, script_.script_name, reason);
  return reason;
}

/// Writes the variables over what `variables` holds.
Result<Response> forward_with(std::vector<std::string>& variables, const Exchange& exchange,
                              const ScriptTarget& script, const FastcgiHost& host) {
  write_cgi_environment(variables, exchange.request, script, exchange.endpoints, exchange.body.size(),
                        host.config.cgi);
  if (auto fits = check_exec_size({}, variables); !fits) return std::move(fits).error();
  exchange.trace.cgi_environment(exchange.id, script.script_name, variables, {});
  auto response = Forwarding(exchange, script, host, variables).run();
  if (response) return std::move(*response);
  return cannot_execute(response.error());
}

}  // namespace

Result<Response> forward_to_fastcgi(const Exchange& exchange, const ScriptTarget& script,
                                    const FastcgiHost& host) {
  // php-fpm took a newline in it for the end of PATH_INFO (CVE-2019-11043).
  if (std::any_of(exchange.request.path.begin(), exchange.request.path.end(), is_control))
    return bad_request("a control byte in the path of a FastCGI application");
  thread_local std::vector<std::string> variables;  // keeps its memory
  auto response = forward_with(variables, exchange, script, host);
  release_if_large(variables);
  return response;
}

}  // namespace tinyhttpd
