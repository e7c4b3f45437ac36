#include "tinyhttpd/lru_cache.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using tinyhttpd::LruCache;

namespace {

std::shared_ptr<const std::string> text(std::string value) {
  return std::make_shared<const std::string>(std::move(value));
}

/// Keeps ten bytes under a key of one.
void keep_ten(LruCache<std::string>& cache, const std::string& key) {
  cache.keep(key, text(std::string(10, key.front())), 10);
}

bool has(LruCache<std::string>& cache, std::string_view key) {
  return cache.find(key) != nullptr;
}

}  // namespace

TEST_CASE("a cache gives back what was kept under a key, and nothing under any other") {
  LruCache<std::string> cache(100);
  CHECK(cache.find("a") == nullptr);
  cache.keep("a", text("first"), 5);
  cache.keep("b", text("second"), 6);
  CHECK(*cache.find("a") == "first");
  CHECK(*cache.find("b") == "second");
  CHECK(cache.find("") == nullptr);
  CHECK(cache.find("ab") == nullptr);
}

TEST_CASE("a cache counts its values and their keys") {
  LruCache<std::string> cache(100);
  CHECK(cache.bytes() == 0);
  cache.keep("key", text("value"), 5);
  CHECK(cache.bytes() == 8);
  cache.keep("other", text(""), 0);
  CHECK(cache.bytes() == 13);
}

TEST_CASE("what was unused for longest goes first when the budget is full") {
  LruCache<std::string> cache(33);
  for (const char* key : {"a", "b", "c"}) keep_ten(cache, key);
  CHECK(cache.bytes() == 33);
  CHECK(has(cache, "a"));  // used again: now "b" is the oldest
  keep_ten(cache, "d");
  CHECK(cache.bytes() == 33);
  CHECK_FALSE(has(cache, "b"));
  CHECK(has(cache, "a"));
  CHECK(has(cache, "c"));
  CHECK(has(cache, "d"));
}

TEST_CASE("as many go as are in the way, and no more") {
  LruCache<std::string> cache(33);
  for (const char* key : {"a", "b", "c"}) keep_ten(cache, key);
  cache.keep("d", text(std::string(12, 'd')), 12);  // 13 bytes: one is not enough
  CHECK_FALSE(has(cache, "a"));
  CHECK_FALSE(has(cache, "b"));
  CHECK(has(cache, "c"));
  CHECK(has(cache, "d"));
  CHECK(cache.bytes() == 24);
}

TEST_CASE("a value replaces what was kept under its key") {
  LruCache<std::string> cache(100);
  cache.keep("a", text("first"), 5);
  cache.keep("a", text("2"), 1);
  CHECK(*cache.find("a") == "2");
  CHECK(cache.bytes() == 2);
}

TEST_CASE(
    "a value as large as the budget is kept alone, a larger one not, and drops nothing but its old one") {
  LruCache<std::string> cache(20);
  keep_ten(cache, "a");
  cache.keep("b", text(std::string(19, 'b')), 19);
  CHECK(has(cache, "b"));
  CHECK_FALSE(has(cache, "a"));
  cache.keep("c", text(std::string(20, 'c')), 20);
  CHECK_FALSE(has(cache, "c"));
  CHECK(has(cache, "b"));
  cache.keep("b", text(std::string(20, 'b')), 20);
  CHECK_FALSE(has(cache, "b"));  // it would be the old value
  CHECK(cache.bytes() == 0);
}

TEST_CASE("a count near the largest number is too large, not small by overflow") {
  LruCache<std::string> cache(20);
  cache.keep("key", text("x"), std::numeric_limits<std::uint64_t>::max());
  CHECK_FALSE(has(cache, "key"));
  CHECK(cache.bytes() == 0);
}

TEST_CASE("a key longer than the budget is not kept") {
  LruCache<std::string> cache(3);
  cache.keep("long key", text(""), 0);
  CHECK(cache.bytes() == 0);
}

TEST_CASE("a cache without a budget keeps nothing") {
  LruCache<std::string> cache(0);
  cache.keep("a", text("b"), 1);
  CHECK_FALSE(has(cache, "a"));
  CHECK(cache.bytes() == 0);
}

TEST_CASE("a value in use lives on after it was dropped") {
  LruCache<std::string> cache(11);
  keep_ten(cache, "a");
  const auto used = cache.find("a");
  keep_ten(cache, "b");
  CHECK_FALSE(has(cache, "a"));
  CHECK(*used == "aaaaaaaaaa");
}

TEST_CASE("many threads use one cache, and it stays within its budget") {
  constexpr std::uint64_t kBudget = 500;
  LruCache<std::string> cache(kBudget);
  std::vector<std::size_t> wrong(4);
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < wrong.size(); ++thread) {
    threads.emplace_back([&cache, &bad = wrong[thread], thread] {
      for (std::size_t i = 0; i < 2'000; ++i) {
        const std::string key = std::to_string((i * (thread + 3)) % 40);
        if (const auto found = cache.find(key); found && *found != "value of " + key) ++bad;
        cache.keep(key, text("value of " + key), 20);
        if (cache.bytes() > kBudget) ++bad;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::size_t count : wrong) CHECK(count == 0);
  CHECK(cache.bytes() > 0);
}
