// What the caches cost: a file that is kept, and the table beneath.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "benchmark/requests.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/kept_files.hpp"

using namespace tinyhttpd;

namespace {

/// A kept file that is found again. Unless another request of the same turn has done so, with a look at the
/// real one.
void find_kept_file(benchmark::State& state, const std::string& head, const KeptFiles::Turns& turns = {}) {
  const TemporaryFolder folder;
  const benchmarks::ParsedRequest asked(head);
  folder.write(asked.request.path.substr(1), std::string(1024, 'a'));
  const DocumentRoot root(folder.path(), Symlinks::inside);
  const auto facts = root.look_up(asked.request.path);
  if (!facts) return state.SkipWithError("no file");

  auto file = std::make_shared<KeptFile>();
  file->origins.push_back({asked.request.path, *facts});
  file->text = std::make_shared<const std::string>(1024, 'a');
  file->size = 1024;
  KeptFiles kept(1U << 20U);
  kept.keep(asked.request, file);
  const UnixTime now = facts->ctime_seconds + 60;
  for (auto _ : state) {
    if (!kept.find(asked.request, root, now, turns)) return state.SkipWithError("not kept");
  }
}

void find_kept_file_short_head(benchmark::State& state) {
  find_kept_file(state, benchmarks::short_head());
}
BENCHMARK(find_kept_file_short_head);

void find_kept_file_browser(benchmark::State& state) {
  find_kept_file(state, benchmarks::browser_head());
}
BENCHMARK(find_kept_file_browser);

void find_kept_file_same_turn(benchmark::State& state) {
  find_kept_file(state, benchmarks::short_head(), {.seen = 1, .now = 1});
}
BENCHMARK(find_kept_file_same_turn);

std::string key_of(std::int64_t number) {
  return "/photos/2026/" + std::to_string(number) + ".jpg";
}

/// As many entries as it is made for, each counted as 1024 bytes and its key.
struct FullCache {
  explicit FullCache(std::int64_t entries) : cache(static_cast<std::uint64_t>(entries) * 1048) {
    for (std::int64_t number = 0; number < entries; ++number) keys.push_back(key_of(number));
    for (const std::string& key : keys) cache.keep(key, value, 1024);
  }

  std::shared_ptr<const std::string> value = std::make_shared<const std::string>("value");
  std::vector<std::string> keys;
  LruCache<std::string> cache;
};

void lru_cache_find(benchmark::State& state) {
  FullCache full(state.range(0));
  std::size_t next = 0;
  for (auto _ : state) {
    if (!full.cache.find(full.keys[next])) return state.SkipWithError("not kept");
    next = (next + 7919) % full.keys.size();  // in no order that the processor foresees
  }
}
BENCHMARK(lru_cache_find)->Arg(10)->Arg(10000);

void lru_cache_find_nothing(benchmark::State& state) {
  FullCache full(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(full.cache.find("/photos/2026/none.jpg"));
}
BENCHMARK(lru_cache_find_nothing)->Arg(10000);

/// Each new value drives an old one out.
void lru_cache_keep(benchmark::State& state) {
  FullCache full(state.range(0));
  std::int64_t number = state.range(0);
  for (auto _ : state) full.cache.keep(key_of(number++), full.value, 1024);
}
BENCHMARK(lru_cache_keep)->Arg(10000);

}  // namespace
