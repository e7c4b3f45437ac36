#include "tinyhttpd/execute_cgi.hpp"

#include <memory>
#include <utility>

#include "tinyhttpd/gateway_answer.hpp"

namespace tinyhttpd {

Result<Response> execute_cgi(const Exchange& exchange, const ScriptTarget& script, const CgiHost& host) {
  const auto arguments = cgi_arguments(exchange.request, script);
  const auto environment =
      cgi_environment(exchange.request, script, exchange.endpoints, exchange.body.size(), host.config);
  if (auto fits = check_exec_size(arguments, environment); !fits) return std::move(fits).error();

  // RFC 3875 section 7.2: a script runs in its own folder.
  const std::string folder = folder_of(script.script_name);
  auto started = start_script(exchange, {script.script_name, folder, arguments, environment}, host);
  if (!started) {
    exchange.trace.cgi_failed(exchange.id, script.script_name, started.error());
    return cannot_execute(started.error());
  }
  std::unique_ptr<GatewayRun> run = std::move(*started);
  auto response = script.non_parsed_header ? answer_unparsed(run) : answer_parsed(exchange, run);
  if (response) return std::move(*response);
  run->report(response.error());
  return cannot_execute(response.error());
}

}  // namespace tinyhttpd
