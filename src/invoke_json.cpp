#include "tinyhttpd/invoke_json.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <utility>

#include "tinyhttpd/http_date.hpp"
#include "tinyhttpd/json_answer.hpp"
#include "tinyhttpd/json_event.hpp"

namespace tinyhttpd {
namespace {

/// The whole body of the exchange: an event with a part of it would be another request.
Result<std::string> text_of(const Exchange& exchange) {
  std::string text;
  std::array<char, 64 * 1024> buffer;
  std::error_code error;
  while (text.size() < exchange.body.size()) {
    const std::string_view bytes = exchange.body.read(text.size(), buffer, error);
    if (error) return internal_error("the stored body of a request cannot be read: " + error.message());
    text.append(bytes);
  }
  return text;
}

std::string event_of(const Exchange& exchange, const std::string& body, const ScriptTarget& script,
                     const CgiConfig& config) {
  using namespace std::chrono;
  const auto now = system_clock::now();
  const std::string local_time = log_date(system_clock::to_time_t(now));
  const EventContext context{exchange.id, duration_cast<milliseconds>(now.time_since_epoch()), local_time};
  return json_event(exchange.request, script, exchange.endpoints, body, context, config);
}

/// All that the program prints until it ends, which it must do well.
Result<std::string, ScriptFailure> output_of(ScriptRun& run) {
  std::string output;
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    auto bytes = run.read_output(buffer);
    if (!bytes) return Unexpected(std::move(bytes).error());
    if (bytes->empty()) break;
    output.append(*bytes);
    if (output.size() > kMaxJsonAnswerBytes)
      return Unexpected(
          ScriptFailure{.fault = ScriptFault::bad_json,
                        .detail = "it is longer than " + std::to_string(kMaxJsonAnswerBytes) + " bytes"});
  }
  GatewayEnd end = run.settle();
  if (!run.is_over()) {
    // It has closed its output and goes on: how it ends is not known yet.
    if (auto rest = run.read_output(buffer); !rest) return Unexpected(std::move(rest).error());
    end = run.settle();
  }
  if (end.failure) return Unexpected(*std::move(end.failure));
  if (end.status != 0)
    return Unexpected(ScriptFailure{.fault = ScriptFault::exit_status,
                                    .number = end.status,
                                    .detail = ", so that what it printed does not count"});
  return output;
}

Result<Response, ScriptFailure> answer_of(ScriptRun& run) {
  auto output = output_of(run);
  if (!output) return Unexpected(std::move(output).error());
  return parse_json_answer(*output);
}

}  // namespace

Result<Response> invoke_json(const Exchange& exchange, const ScriptTarget& script, const JsonRule& rule,
                             const CgiHost& host) {
  if (exchange.body.size() > kMaxEventBodyBytes)
    return content_too_large("a JSON event takes a body of " + std::to_string(kMaxEventBodyBytes) + " bytes");
  const auto body = text_of(exchange);
  if (!body) return body.error();
  Spool event;
  if (const auto error = event.append(event_of(exchange, *body, script, host.config), host.spool_folder))
    return insufficient_storage("the JSON event cannot be stored: " + error.message());

  const bool is_for_file = rule.where.front() == '.';
  std::vector<std::string> arguments = rule.command;
  if (is_for_file) arguments.push_back(script.script_filename);
  const std::string folder = is_for_file ? folder_of(script.script_name) : "/";
  const auto environment = configured_environment(host.config);
  const Exchange with_event{exchange.id, exchange.request, exchange.endpoints,
                            event,       exchange.client,  exchange.trace};
  auto run = start_script(with_event, {script.script_name, folder, arguments, environment}, host);
  if (!run) {
    exchange.trace.cgi_failed(exchange.id, script.script_name, run.error());
    return cannot_execute(run.error());
  }
  auto response = answer_of(**run);
  if (response) return std::move(*response);
  (*run)->report(response.error());
  return cannot_execute(response.error());
}

}  // namespace tinyhttpd
