// What a request costs from its bytes to what is known of it: the head, the coding it likes best, a script's
// environment.

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "benchmark/requests.hpp"
#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/content_coding.hpp"
#include "tinyhttpd/request_parser.hpp"

using namespace tinyhttpd;

namespace {

/// As a connection does with a head that came in one piece, into a Request that held another one before.
void parse(benchmark::State& state, const std::string& head) {
  const Limits limits;
  Request request;
  for (auto _ : state) {
    const auto end = HeadScanner().find_end(head);
    if (!end || !parse_request(std::string_view(head).substr(0, *end), limits, request))
      return state.SkipWithError("refused");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(head.size()));
}

void parse_short_head(benchmark::State& state) {
  parse(state, benchmarks::short_head());
}
BENCHMARK(parse_short_head);

void parse_browser_head(benchmark::State& state) {
  parse(state, benchmarks::browser_head());
}
BENCHMARK(parse_browser_head);

void parse_hostile_head(benchmark::State& state) {
  parse(state, benchmarks::hostile_head());
}
BENCHMARK(parse_hostile_head);

/// A head that drips: the scanner must not look at a byte twice.
void scan_head_byte_by_byte(benchmark::State& state) {
  const std::string head = benchmarks::browser_head();
  for (auto _ : state) {
    HeadScanner scanner;
    for (std::size_t size = 1; size <= head.size(); ++size)
      benchmark::DoNotOptimize(scanner.find_end(std::string_view(head).substr(0, size)));
  }
}
BENCHMARK(scan_head_byte_by_byte);

void choose_coding_for_browser(benchmark::State& state) {
  const benchmarks::ParsedRequest browser(benchmarks::browser_head());
  constexpr std::array kAvailable = {Coding::br, Coding::gzip, Coding::identity};
  for (auto _ : state) benchmark::DoNotOptimize(choose_coding(browser.request, kAvailable));
}
BENCHMARK(choose_coding_for_browser);

void cgi_environment_for_browser(benchmark::State& state) {
  const benchmarks::ParsedRequest browser(benchmarks::browser_head());
  const ScriptTarget script{"/cgi-bin/show.cgi", "/extra", "/srv/www/cgi-bin/show.cgi",
                            "/srv/www",          "",       false};
  const Endpoints endpoints{"192.0.2.7", 51234, "192.0.2.1", 4000};
  const CgiConfig config;
  for (auto _ : state)
    benchmark::DoNotOptimize(cgi_environment(browser.request, script, endpoints, 0, config));
}
BENCHMARK(cgi_environment_for_browser);

}  // namespace
