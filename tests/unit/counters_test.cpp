#include "tinyhttpd/counters.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/rejection.hpp"
#include "tinyhttpd/server_metrics.hpp"

using namespace tinyhttpd;
using namespace std::chrono_literals;

namespace {

std::size_t place_of_code(int code) {
  for (std::size_t place = 0; place < kCountedCodes.size(); ++place)
    if (kCountedCodes[place] == code) return place;
  FAIL("no such code");
  return 0;
}

std::size_t place_of_handler(std::string_view name) {
  for (std::size_t place = 0; place < kCountedHandlers.size(); ++place)
    if (kCountedHandlers[place] == name) return place;
  FAIL("no such handler");
  return 0;
}

void answer(Counters& counters, std::string_view handler, int status,
            std::chrono::microseconds duration = 1us) {
  counters.response_sent(
      1, Request(), Endpoints(),
      {.status = status, .body_bytes = 10, .complete = true, .duration = duration, .handler = handler});
}

std::uint64_t answers(const Counters& counters, std::string_view handler, int code) {
  return counters.read().answers(place_of_handler(handler), place_of_code(code));
}

/// The sample lines of a text, by what stands before the value.
std::map<std::string, std::string> samples_of(const std::string& text) {
  std::map<std::string, std::string> samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    const auto space = line.rfind(' ');
    CHECK(samples.emplace(line.substr(0, space), line.substr(space + 1)).second);  // no series twice
  }
  return samples;
}

}  // namespace

TEST_CASE("Counters count an answer by its handler and code") {
  Counters counters;
  answer(counters, "serve_file", 200);
  answer(counters, "serve_file", 200);
  answer(counters, "serve_file", 404);
  answer(counters, "execute_cgi", 200);
  answer(counters, "", 400);
  CHECK(answers(counters, "serve_file", 200) == 2);
  CHECK(answers(counters, "serve_file", 404) == 1);
  CHECK(answers(counters, "execute_cgi", 200) == 1);
  CHECK(answers(counters, "none", 400) == 1);
  CHECK(counters.read().of(CounterName::response_body_bytes) == 50);
}

TEST_CASE("Counters put what they do not know under one name, however much of it there is") {
  Counters counters;
  for (const std::string name : {"novelty", "serve_fil", "other", "none"}) answer(counters, name, 200);
  CHECK(answers(counters, "other", 200) == 4);
  for (const int code : {-1, 0, 99, 299, 499, 511, 512, 599, 999}) answer(counters, "serve_file", code);
  CHECK(answers(counters, "serve_file", 0) == 8);
  CHECK(answers(counters, "serve_file", 511) == 1);
}

TEST_CASE("Counters have a place for every status and every fault there is") {
  for (int code = 200; code < 600; ++code) {
    if (reason_phrase(Status{code}).empty()) continue;
    Counters counters;
    answer(counters, "serve_file", code);
    CHECK(answers(counters, "serve_file", code) == 1);
  }
  CHECK(name_of(ScriptFault{kCountedFaults - 1}) != "unknown");
  CHECK(name_of(ScriptFault{kCountedFaults}) == "unknown");
  CHECK(kCountedMethods.back() == "other");
  for (std::size_t method = 0; method + 1 < kCountedMethods.size(); ++method)
    CHECK(static_cast<std::size_t>(method_named(kCountedMethods[method])) == method);
}

TEST_CASE("Counters sort durations into buckets that include their upper end") {
  Counters counters;
  for (const auto duration : {0us, 100us, 101us, 250us, 59'999'999us, 60'000'000us, 60'000'001us})
    answer(counters, "serve_file", 200, duration);
  const CounterValues values = counters.read();
  const auto buckets = values.durations(place_of_handler("serve_file"));
  REQUIRE(buckets.size() == kDurationBounds.size() + 1);
  CHECK(buckets[0] == 2);
  CHECK(buckets[1] == 2);
  CHECK(buckets[buckets.size() - 2] == 2);
  CHECK(buckets.back() == 1);
  CHECK(values.duration_sum(place_of_handler("serve_file")) == 180'000'451);
  CHECK(std::is_sorted(kDurationBounds.begin(), kDurationBounds.end()));
}

TEST_CASE("Counters count what scripts and backends do") {
  Counters counters;
  counters.gateway_wait(1);
  counters.cgi_spawned(1, 4711);
  counters.cgi_failed(1, "/a.cgi", {ScriptFault::no_blank_line});
  counters.rejected(1, cannot_execute({ScriptFault::no_blank_line}), "GET / HTTP/1.1", Endpoints());
  counters.cgi_exited(1, "/a.cgi", {.user_time = 1200us, .system_time = 800us});
  counters.fastcgi_connected(2, "unix:/run/php", false);
  counters.fastcgi_connected(3, "unix:/run/php", true);
  counters.fastcgi_connected(4, "unix:/run/php", true);
  counters.body_received(4, 1000);
  Request request;
  request.method = Method::post;
  counters.request_received(4, request, Endpoints(), Arrival());
  counters.response_sent(4, request, Endpoints(), {.status = 502, .complete = false});

  const CounterValues values = counters.read();
  CHECK(values.of(CounterName::gateway_waits) == 1);
  CHECK(values.of(CounterName::scripts_started) == 1);
  CHECK(values.failures(ScriptFault::no_blank_line) == 1);
  CHECK(values.failures(ScriptFault::no_output) == 0);
  CHECK(values.refusals(place_of_code(502)) == 1);
  CHECK(values.of(CounterName::script_user_time) == 1200);
  CHECK(values.of(CounterName::script_system_time) == 800);
  CHECK(values.of(CounterName::fastcgi_new) == 1);
  CHECK(values.of(CounterName::fastcgi_reused) == 2);
  CHECK(values.of(CounterName::request_body_bytes) == 1000);
  CHECK(values.received(static_cast<std::size_t>(Method::post)) == 1);
  CHECK(values.of(CounterName::incomplete_answers) == 1);
}

TEST_CASE("Counters lose nothing that many threads count at once") {
  Counters counters;
  constexpr int kEach = 2000;
  std::vector<std::thread> threads;
  for (std::size_t number = 0; number < 40; ++number) {  // more than there are shards
    threads.emplace_back([&counters, number] {
      if (number > 0) counters.worker_began(number, Clock::now());  // one of them is no worker
      for (int i = 0; i < kEach; ++i) answer(counters, "serve_file", 200, 1ms);
    });
  }
  std::uint64_t before = 0;
  for (int look = 0; look < 20; ++look) {  // what is read meanwhile never shrinks
    const std::uint64_t now = answers(counters, "serve_file", 200);
    CHECK(now >= before);
    before = now;
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(answers(counters, "serve_file", 200) == 40 * kEach);
  CHECK(counters.read().duration_sum(place_of_handler("serve_file")) == 40 * kEach * 1000);
}

TEST_CASE("metrics_text has a series for each figure") {
  Counters counters;
  answer(counters, "execute_cgi", 200, 3ms);
  answer(counters, "serve_file", 299);
  counters.cgi_failed(1, "/a.cgi", {ScriptFault::silent, 30});
  counters.cgi_exited(1, "/a.cgi", {.user_time = 1200us});
  ServerGauges gauges{.version = "0.1.0", .start_seconds = 1795403179.5};
  gauges.figures = {.workers = 8,
                    .busy = 3,
                    .queue = 2,
                    .queue_capacity = 1024,
                    .gateways = {.running = 1, .places = 6, .waiting = 4, .capacity = 256},
                    .passwords = {.running = 0, .places = 2, .waiting = 0, .capacity = 256},
                    .connections = 12,
                    .max_connections = 10000,
                    .draining = true};
  gauges.parked = {.idle = 5, .reading_head = 1, .sending = 1};
  auto samples = samples_of(metrics_text(counters, gauges));
  CHECK(samples["tinyhttpd_requests_total{handler=\"execute_cgi\",code=\"200\"}"] == "1");
  CHECK(samples["tinyhttpd_requests_total{handler=\"serve_file\",code=\"other\"}"] == "1");
  const std::string histogram = "tinyhttpd_request_duration_seconds";
  CHECK(samples[histogram + "_bucket{handler=\"execute_cgi\",le=\"0.0025\"}"] == "0");
  CHECK(samples[histogram + "_bucket{handler=\"execute_cgi\",le=\"0.005\"}"] == "1");
  CHECK(samples[histogram + "_bucket{handler=\"execute_cgi\",le=\"60\"}"] == "1");
  CHECK(samples[histogram + "_bucket{handler=\"execute_cgi\",le=\"+Inf\"}"] == "1");
  CHECK(samples[histogram + "_sum{handler=\"execute_cgi\"}"] == "0.003");
  CHECK(samples[histogram + "_count{handler=\"execute_cgi\"}"] == "1");
  CHECK(samples["tinyhttpd_failures_total{cause=\"silent\"}"] == "1");
  CHECK(samples["tinyhttpd_failures_total{cause=\"bad_json\"}"] == "0");
  CHECK(samples["tinyhttpd_script_user_seconds_total"] == "0.0012");
  CHECK(samples["tinyhttpd_workers{state=\"busy\"}"] == "3");
  CHECK(samples["tinyhttpd_workers{state=\"idle\"}"] == "5");
  CHECK(samples["tinyhttpd_queue_length"] == "2");
  CHECK(samples["tinyhttpd_gateways_waiting"] == "4");
  CHECK(samples["tinyhttpd_connections{state=\"idle\"}"] == "5");
  CHECK(samples["tinyhttpd_connections{state=\"active\"}"] == "5");
  CHECK(samples["tinyhttpd_draining"] == "1");
  CHECK(samples["process_start_time_seconds"] == "1795403179.5");
  CHECK(std::stoul(samples["process_resident_memory_bytes"]) > 100'000);
  CHECK(std::stoul(samples["process_open_fds"]) >= 3);
  CHECK(std::stod(samples["process_cpu_seconds_total"]) > 0);
}

TEST_CASE("metrics_text has figures that are not of one instant without a number below zero") {
  ServerGauges gauges;
  gauges.figures.busy = 1;
  gauges.parked.idle = 1;
  auto samples = samples_of(metrics_text(Counters(), gauges));
  CHECK(samples["tinyhttpd_workers{state=\"idle\"}"] == "0");
  CHECK(samples["tinyhttpd_connections{state=\"active\"}"] == "0");
}

TEST_CASE("metrics_text tells the type of every metric once, before its samples") {
  Counters counters;
  answer(counters, "serve_file", 200);
  counters.rejected(1, not_found("/x: no such file"), "GET /x HTTP/1.1", Endpoints());
  const std::regex type("# TYPE ([a-z_]+) (counter|gauge|histogram)"), help("# HELP [a-z_]+ [^\\\\]+\\.?");
  const std::regex sample("([a-z_]+)(\\{[a-z_]+=\"[^\"]*\"(,[a-z_]+=\"[^\"]*\")*\\})? [0-9.e+-]+");
  std::istringstream lines(metrics_text(counters, {.version = "0.1.0"}));
  std::set<std::string> names;
  std::string name, kind;
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    std::smatch match;
    if (std::regex_match(line, match, type)) {
      name = match[1], kind = match[2];
      CHECK(names.insert(name).second);
      CHECK((kind == "counter") == name.ends_with("_total"));
    } else if (!std::regex_match(line, help)) {
      REQUIRE(std::regex_match(line, match, sample));
      std::string of = match[1];
      if (kind == "histogram") of.erase(of.rfind('_'));
      CHECK(of == name);
    }
  }
  CHECK(names.size() > 25);
}
