#include "tinyhttpd/bulkhead.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

using namespace tinyhttpd;

namespace {

using Item = std::unique_ptr<int>;
using Places = Bulkhead<Item>;

constexpr TimePoint kStart{std::chrono::seconds(1000)};

TimePoint after(int seconds) {
  return kStart + std::chrono::seconds(seconds);
}

Places::Entry enter(Places& places, int number, TimePoint deadline = after(60)) {
  auto item = std::make_unique<int>(number);
  return places.enter(item, deadline);
}

std::vector<int> numbers(const std::vector<Item>& items) {
  std::vector<int> all;
  for (const auto& item : items) all.push_back(*item);
  return all;
}

}  // namespace

TEST_CASE("Bulkhead gives places, then room in the lane, then nothing") {
  Places places(2, 1);
  CHECK(enter(places, 1) == Places::Entry::entered);
  CHECK(enter(places, 2) == Places::Entry::entered);
  CHECK(enter(places, 3) == Places::Entry::waiting);
  CHECK(enter(places, 4) == Places::Entry::full);
  CHECK(places.running() == 2);
  CHECK(places.waiting() == 1);
}

TEST_CASE("Bulkhead takes the item only when it waits") {
  Places places(1, 1);
  auto first = std::make_unique<int>(1), second = std::make_unique<int>(2), third = std::make_unique<int>(3);
  CHECK(places.enter(first, after(60)) == Places::Entry::entered);
  CHECK(first);
  CHECK(places.enter(second, after(60)) == Places::Entry::waiting);
  CHECK(!second);
  CHECK(places.enter(third, after(60)) == Places::Entry::full);
  CHECK(third);
}

TEST_CASE("Bulkhead hands a place to who has waited longest") {
  Places places(1, 2);
  enter(places, 1);
  enter(places, 2);
  enter(places, 3);
  const auto second = places.leave();
  REQUIRE(second);
  CHECK(**second == 2);
  CHECK(places.running() == 1);  // the place has changed hands, nobody could slip in
  CHECK(enter(places, 4) == Places::Entry::waiting);
  CHECK(**places.leave() == 3);
  CHECK(**places.leave() == 4);
  CHECK(!places.leave());
  CHECK(places.running() == 0);
  CHECK(enter(places, 5) == Places::Entry::entered);
}

TEST_CASE("Bulkhead takes out those whose deadline has passed, oldest first") {
  Places places(1, 4);
  enter(places, 0);
  for (const int number : {1, 2, 3, 4}) enter(places, number, after(number));
  CHECK(places.take_expired(kStart, 10).empty());
  CHECK(numbers(places.take_expired(after(1), 10)) == std::vector{1});
  CHECK(numbers(places.take_expired(after(4), 2)) == std::vector{2, 3});
  CHECK(places.waiting() == 1);
  CHECK(numbers(places.take_expired(TimePoint::max(), 10)) == std::vector{4});
  CHECK(places.running() == 1);
  CHECK(!places.leave());
}

TEST_CASE("Bulkhead without places lets everybody wait for their deadline") {
  Places places(0, 1);
  CHECK(enter(places, 1) == Places::Entry::waiting);
  CHECK(enter(places, 2) == Places::Entry::full);
}

TEST_CASE("Bulkhead runs everything that entered or waited, never more than its places at once") {
  constexpr int kThreads = 4, kEach = 20'000;
  constexpr std::size_t kPlaces = 2;
  Places places(kPlaces, 1);
  std::atomic<std::size_t> inside = 0, most = 0, done = 0, refused = 0;

  const auto run = [&] {
    const std::size_t now_inside = ++inside;
    for (auto seen = most.load(); seen < now_inside && !most.compare_exchange_weak(seen, now_inside);) {
    }
    ++done;
    --inside;
  };
  const auto work = [&] {
    for (int i = 0; i < kEach; ++i) {
      const auto entry = enter(places, i);
      if (entry == Places::Entry::full) ++refused;
      if (entry != Places::Entry::entered) continue;
      run();
      while (places.leave()) run();
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();

  CHECK(done + refused == kThreads * kEach);
  CHECK(most <= kPlaces);
  CHECK(places.running() == 0);
  CHECK(places.waiting() == 0);
}
