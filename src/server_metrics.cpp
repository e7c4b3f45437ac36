#include "tinyhttpd/server_metrics.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tinyhttpd/counters.hpp"
#include "tinyhttpd/process_figures.hpp"
#include "tinyhttpd/prometheus_text.hpp"

namespace tinyhttpd {

namespace {

constexpr double kMicrosecondsPerSecond = 1e6;

double seconds(std::uint64_t microseconds) {
  return static_cast<double>(microseconds) / kMicrosecondsPerSecond;
}

std::string label_of_code(std::size_t place) {
  return kCountedCodes[place] == 0 ? "other" : std::to_string(kCountedCodes[place]);
}

/// As many answers as a handler gave.
std::uint64_t answers_by(const CounterValues& values, std::size_t handler) {
  std::uint64_t count = 0;
  for (const std::uint64_t in_bucket : values.durations(handler)) count += in_bucket;
  return count;
}

void write_answers(PrometheusText& text, const CounterValues& values) {
  text.begin("tinyhttpd_requests_total", MetricType::counter, "Requests that were answered or refused.");
  for (std::size_t handler = 0; handler < kCountedHandlers.size(); ++handler) {
    for (std::size_t code = 0; code < kCountedCodes.size(); ++code) {
      const std::uint64_t count = values.answers(handler, code);
      if (count > 0)
        text.sample(count, {{"handler", kCountedHandlers[handler]}, {"code", label_of_code(code)}});
    }
  }
}

void write_durations(PrometheusText& text, const CounterValues& values) {
  std::array<double, kDurationBounds.size()> bounds;
  std::transform(kDurationBounds.begin(), kDurationBounds.end(), bounds.begin(),
                 [](std::int64_t bound) { return static_cast<double>(bound) / kMicrosecondsPerSecond; });
  text.begin("tinyhttpd_request_duration_seconds", MetricType::histogram,
             "From the first byte of a request to the last of its answer.");
  for (std::size_t handler = 0; handler < kCountedHandlers.size(); ++handler) {
    if (answers_by(values, handler) == 0) continue;
    text.histogram(bounds, values.durations(handler), seconds(values.duration_sum(handler)),
                   {{"handler", kCountedHandlers[handler]}});
  }
}

void write_requests(PrometheusText& text, const CounterValues& values) {
  text.begin("tinyhttpd_requests_received_total", MetricType::counter,
             "Requests whose head could be parsed, answered yet or not.");
  for (std::size_t method = 0; method < kCountedMethods.size(); ++method)
    text.sample(values.received(method), {{"method", kCountedMethods[method]}});
  text.begin("tinyhttpd_refusals_total", MetricType::counter,
             "Requests that were refused at any step, a script's failure included.");
  for (std::size_t code = 0; code < kCountedCodes.size(); ++code) {
    if (values.refusals(code) > 0) text.sample(values.refusals(code), {{"code", label_of_code(code)}});
  }
  text.counter("tinyhttpd_responses_incomplete_total", "Answers whose connection ended before they did.",
               values.of(CounterName::incomplete_answers));
  text.counter("tinyhttpd_request_body_bytes_total", "Bytes of request bodies, without transfer coding.",
               values.of(CounterName::request_body_bytes));
  text.counter("tinyhttpd_response_body_bytes_total", "Bytes sent of bodies, without transfer coding.",
               values.of(CounterName::response_body_bytes));
}

void write_scripts(PrometheusText& text, const CounterValues& values) {
  text.begin("tinyhttpd_failures_total", MetricType::counter,
             "Scripts and backends that failed, by what went wrong.");
  for (std::size_t fault = 0; fault < kCountedFaults; ++fault) {
    const auto cause = static_cast<ScriptFault>(fault);
    text.sample(values.failures(cause), {{"cause", name_of(cause)}});
  }
  text.counter("tinyhttpd_scripts_started_total", "Processes started for CGI and JSON handlers.",
               values.of(CounterName::scripts_started));
  text.begin("tinyhttpd_script_user_seconds_total", MetricType::counter,
             "Processor time that ended scripts used themselves.");
  text.sample(seconds(values.of(CounterName::script_user_time)));
  text.begin("tinyhttpd_script_system_seconds_total", MetricType::counter,
             "Processor time that the kernel used for ended scripts.");
  text.sample(seconds(values.of(CounterName::script_system_time)));
  text.begin("tinyhttpd_fastcgi_requests_total", MetricType::counter,
             "Requests handed to FastCGI applications, by the connection they went over.");
  text.sample(values.of(CounterName::fastcgi_new), {{"connection", "new"}});
  text.sample(values.of(CounterName::fastcgi_reused), {{"connection", "reused"}});
  text.counter("tinyhttpd_gateway_wait_total",
               "Requests that waited for a place, a gateway's or one to check a password in.",
               values.of(CounterName::gateway_waits));
}

void write_pool(PrometheusText& text, const ServerFigures& figures) {
  text.begin("tinyhttpd_workers", MetricType::gauge, "Threads of the pool.");
  text.sample(std::uint64_t{figures.busy}, {{"state", "busy"}});
  text.sample(std::uint64_t{figures.workers - std::min(figures.busy, figures.workers)}, {{"state", "idle"}});
  text.gauge("tinyhttpd_queue_length", "Connections that wait for a worker.", figures.queue);
  text.gauge("tinyhttpd_queue_capacity", "Connections that may wait for a worker.", figures.queue_capacity);
}

void write_lanes(PrometheusText& text, const ServerFigures& figures) {
  const LaneFigures& gateways = figures.gateways;
  text.gauge("tinyhttpd_gateways_running", "Scripts and other gateways at work.", gateways.running);
  text.gauge("tinyhttpd_gateway_places", "Gateways that may be at work at once (--cgi-max).",
             gateways.places);
  text.gauge("tinyhttpd_gateways_waiting", "Requests that wait for such a place.", gateways.waiting);
  text.gauge("tinyhttpd_gateway_queue_capacity", "Requests that may wait for such a place (--cgi-queue).",
             gateways.capacity);
  const LaneFigures& passwords = figures.passwords;
  text.gauge("tinyhttpd_passwords_running", "Passwords that are being checked.", passwords.running);
  text.gauge("tinyhttpd_password_places", "Passwords that may be checked at once.", passwords.places);
  text.gauge("tinyhttpd_passwords_waiting", "Requests that wait for such a place.", passwords.waiting);
  text.gauge("tinyhttpd_password_queue_capacity", "Requests that may wait for such a place.",
             passwords.capacity);
}

void write_connections(PrometheusText& text, const ServerFigures& figures, const ParkedFigures& parked) {
  const std::size_t waiting =
      parked.idle + parked.reading_head + parked.reading_body + parked.sending + parked.lingering;
  const std::size_t active = figures.connections - std::min(waiting, figures.connections);
  text.begin("tinyhttpd_connections", MetricType::gauge,
             "Open connections: by what they wait for the client for, or active.");
  text.sample(std::uint64_t{active}, {{"state", "active"}});
  text.sample(std::uint64_t{parked.idle}, {{"state", "idle"}});
  text.sample(std::uint64_t{parked.reading_head}, {{"state", "reading_head"}});
  text.sample(std::uint64_t{parked.reading_body}, {{"state", "reading_body"}});
  text.sample(std::uint64_t{parked.sending}, {{"state", "sending"}});
  text.sample(std::uint64_t{parked.lingering}, {{"state", "lingering"}});
  text.gauge("tinyhttpd_max_connections", "Connections that may be open.", figures.max_connections);
}

void write_build(PrometheusText& text, const ServerGauges& gauges) {
#ifdef __clang__
  constexpr std::string_view kCompiler = "clang " __clang_version__;
#else
  constexpr std::string_view kCompiler = "gcc " __VERSION__;
#endif
  text.begin("tinyhttpd_build_info", MetricType::gauge, "Always 1; the labels say what runs.");
  text.sample(std::uint64_t{1}, {{"version", gauges.version}, {"compiler", kCompiler}});
  text.gauge("tinyhttpd_draining", "Whether the server was asked to stop and finishes what it has.",
             gauges.figures.draining ? 1 : 0);
}

void write_process(PrometheusText& text, double start_seconds) {
  const ProcessFigures figures = process_figures();
  text.begin("process_start_time_seconds", MetricType::gauge, "When the process was started, since 1970.");
  text.sample(start_seconds);
  text.begin("process_cpu_seconds_total", MetricType::counter, "User and system processor time.");
  text.sample(figures.cpu_seconds);
  const auto gauge = [&text](std::string_view name, std::string_view help,
                             const std::optional<std::uint64_t>& value) {
    if (value) text.gauge(name, help, *value);
  };
  gauge("process_resident_memory_bytes", "Memory that is resident.", figures.resident_bytes);
  gauge("process_virtual_memory_bytes", "Address space in use.", figures.virtual_bytes);
  gauge("process_open_fds", "Open descriptors.", figures.open_fds);
  gauge("process_max_fds", "Descriptors that may be open.", figures.max_fds);
}

}  // namespace

std::string metrics_text(const Counters& counters, const ServerGauges& gauges) {
  const CounterValues values = counters.read();
  PrometheusText text;
  write_build(text, gauges);
  write_answers(text, values);
  write_durations(text, values);
  write_requests(text, values);
  write_scripts(text, values);
  write_pool(text, gauges.figures);
  write_lanes(text, gauges.figures);
  write_connections(text, gauges.figures, gauges.parked);
  write_process(text, gauges.start_seconds);
  return text.text();
}

}  // namespace tinyhttpd
