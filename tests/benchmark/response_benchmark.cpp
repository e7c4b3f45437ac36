// What an answer costs before it is sent: its head, and the values in it.

#include <benchmark/benchmark.h>

#include <string>

#include "tinyhttpd/conditional.hpp"
#include "tinyhttpd/http_date.hpp"
#include "tinyhttpd/response.hpp"

using namespace tinyhttpd;

namespace {

constexpr UnixTime kNow = 1'760'000'000;

void compose_headers(benchmark::State& state) {
  Response response;
  response.add("Content-Type", "text/html; charset=utf-8");
  response.add("Last-Modified", http_date(kNow));
  response.add("ETag", make_etag(1, 123456, 1024, kNow, 0));
  response.add("Vary", "Accept-Encoding");
  const std::string lines = date_and_server(http_date(kNow));
  const HeadContext context{
      .date_and_server = lines, .delimiter = Delimiter::content_length, .content_length = 1024};
  std::string head;
  for (auto _ : state) {
    head.clear();
    headers(head, response, context);
    benchmark::DoNotOptimize(head.data());
  }
}
BENCHMARK(compose_headers);

void make_etag_of_file(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(make_etag(2049, 123456, 1024, kNow, 123456789));
}
BENCHMARK(make_etag_of_file);

void format_http_date(benchmark::State& state) {
  UnixTime time = kNow;
  for (auto _ : state) benchmark::DoNotOptimize(http_date(++time));
}
BENCHMARK(format_http_date);

}  // namespace
