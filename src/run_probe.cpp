#include "tinyhttpd/run_probe.hpp"

#include <array>
#include <stdexcept>

#include "tinyhttpd/execute_cgi.hpp"
#include "tinyhttpd/probe_recorder.hpp"
#include "tinyhttpd/request_parser.hpp"
#include "tinyhttpd/request_target.hpp"
#include "tinyhttpd/script_probes.hpp"

namespace tinyhttpd {
namespace {

/// Waits for its answer as long as it takes.
class PatientClient : public ClientWatch {
 public:
  int watched_fd() const override { return -1; }
  short watched_events() const override { return 0; }
  bool has_left(short) override { return false; }
};

/// The request as the server would have parsed it. Its views point into both.
Request parse(const Probe& probe, const std::string& head) {
  Request request;
  if (auto parsed = parse_request(head, Limits(), request); !parsed)
    throw std::runtime_error("check: " + probe.name + " is no request: " + parsed.error().reason);
  if (probe.kind == ProbeKind::unknown_method) request.method = Method::other;
  request.method_name = probe.method;
  return request;
}

void add_input(const Probe& probe, const CgiHost& host, Spool& body) {
  std::string bytes = probe.body.value_or("");
  if (probe.has_extra_input()) bytes.append(kExtraInputBytes, 'x');
  if (const auto error = body.append(bytes, host.spool_folder))
    throw std::system_error(error, "check: the request's body, in " + host.spool_folder);
}

/// As the server would: pulls the body to its end, and lets the script end by itself.
void take_answer(Response& response) {
  auto* source = std::get_if<std::unique_ptr<BodySource>>(&response.body);
  if (source == nullptr) return;
  BodySource::Piece piece{};
  do {
    piece = (*source)->pull();
  } while (piece.outcome == BodySource::Pulled::data);
  if (piece.outcome == BodySource::Pulled::end && !(*source)->is_finished()) (*source)->finish();
}

/// Standard input goes on after the body: the server never does so, hence not by execute_cgi.
void run_with_extra_input(const Exchange& exchange, const ScriptTarget& script, const CgiHost& host) {
  const std::uint64_t said = exchange.body.size() - kExtraInputBytes;
  const auto arguments = cgi_arguments(exchange.request, script);
  const auto environment = cgi_environment(exchange.request, script, exchange.endpoints, said, host.config);
  const std::string folder = folder_of(script.script_name);
  auto run = start_script(exchange, {script.script_name, folder, arguments, environment}, host);
  if (!run) return exchange.trace.cgi_failed(exchange.id, script.script_name, run.error());
  std::array<char, 16 * 1024> buffer;
  auto output = (*run)->read_output(buffer);
  while (output && !output->empty()) output = (*run)->read_output(buffer);
  if (!output) return (*run)->report(output.error());
  (*run)->wait_for_end();
}

void run(const Exchange& exchange, const ScriptTarget& script, const CgiHost& host, ProbeRecorder& recorder) {
  auto response = execute_cgi(exchange, script, host);
  if (response) return take_answer(*response);
  // Whatever is no failure of the script was refused before there was one.
  if (!response.error().failure)
    recorder.cgi_failed(exchange.id, script.script_name,
                        {.fault = ScriptFault::spawn_failed, .detail = response.error().reason});
}

}  // namespace

ProbedRun run_probe(const Probe& probe, const ScriptTarget& script, const CgiHost& host) {
  const std::string head = head_of(probe, percent_encode_path(script.script_name));
  const Request request = parse(probe, head);
  ScriptTarget target = script;
  target.path_info = probe.path_info;
  const Endpoints endpoints{
      .remote_address = "127.0.0.1", .remote_port = 50000, .server_address = "127.0.0.1", .server_port = 80};
  Spool body;
  add_input(probe, host, body);
  PatientClient client;
  ProbeRecorder recorder(probe);
  const Exchange exchange{1, request, endpoints, body, client, recorder};
  if (probe.has_extra_input()) {
    run_with_extra_input(exchange, target, host);
  } else {
    run(exchange, target, host, recorder);
  }
  return std::move(recorder).take();
}

}  // namespace tinyhttpd
