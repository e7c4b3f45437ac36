#include "tinyhttpd/work_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include <thread>
#include <vector>

using namespace tinyhttpd;

namespace {

/// Far enough away never to come within a test that goes well.
TimePoint never() {
  return Clock::now() + std::chrono::minutes(1);
}

/// A moment that has passed: asks without waiting.
TimePoint at_once() {
  return Clock::now();
}

/// Gives way to other threads until `happened()`, and whether it has within a time no machine needs.
template <typename Predicate>
bool comes_to_pass(Predicate happened) {
  const TimePoint limit = Clock::now() + std::chrono::seconds(20);
  while (!happened()) {
    if (Clock::now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

/// Waits in another thread for room in a full queue of two, while `wake` does what should wake it.
struct WokenProducer {
  template <typename Wake>
  explicit WokenProducer(Wake wake) {
    WorkQueue<int> queue(2);
    queue.push(1);
    queue.push(2);
    const TimePoint deadline = never();
    std::atomic<bool> about_to_wait = false;
    std::thread producer([&] {
      about_to_wait = true;
      room = queue.wait_for_room(deadline);
      in_time = Clock::now() < deadline;
    });
    while (!about_to_wait) std::this_thread::yield();
    for (int i = 0; i < 30; ++i) std::this_thread::yield();
    wake(queue);
    producer.join();
  }
  std::size_t room = 99;
  bool in_time = false;
};

}  // namespace

TEST_CASE("WorkQueue gives items in the order they came") {
  WorkQueue<int> queue(4);
  for (const int item : {1, 2, 3}) queue.push(item);
  CHECK(queue.size() == 3);
  CHECK(queue.pop() == 1);
  CHECK(queue.pop() == 2);
  CHECK(queue.pop() == 3);
  CHECK(queue.size() == 0);
}

TEST_CASE("WorkQueue moves items that have one owner") {
  WorkQueue<std::unique_ptr<int>> queue(1);
  queue.push(std::make_unique<int>(7));
  const auto item = queue.pop();
  REQUIRE(item);
  CHECK(**item == 7);
}

TEST_CASE("WorkQueue says how much room there is") {
  WorkQueue<int> queue(2);
  CHECK(queue.wait_for_room(at_once()) == 2);
  queue.push(1);
  CHECK(queue.wait_for_room(at_once()) == 1);
  queue.push(2);
  CHECK(queue.wait_for_room(at_once()) == 0);
  queue.pop();
  CHECK(queue.wait_for_room(at_once()) == 1);
}

TEST_CASE("WorkQueue wakes who waits for room when an item is taken") {
  for (int round = 0; round < 50;
       ++round) {  // in most rounds the other thread comes to wait before the wake-up
    const WokenProducer producer([](auto& queue) { CHECK(queue.pop() == 1); });
    REQUIRE(producer.room == 1);
    REQUIRE(producer.in_time);
  }
}

TEST_CASE("WorkQueue is quiet when a worker waits and nothing else does") {
  WorkQueue<int> queue(2);
  CHECK(!queue.is_quiet());
  std::thread worker([&] {
    while (queue.pop()) {
    }
  });
  CHECK(comes_to_pass([&] { return queue.is_quiet(); }));
  queue.close();
  worker.join();
  CHECK(!queue.is_quiet());
  queue.push(1);
  CHECK(!queue.is_quiet());
}

TEST_CASE("WorkQueue gives what is left after it was closed, then nothing") {
  WorkQueue<int> queue(2);
  queue.push(1);
  queue.push(2);
  queue.close();
  CHECK(queue.pop() == 1);
  CHECK(queue.pop() == 2);
  CHECK(!queue.pop());
  CHECK(!queue.pop());
}

TEST_CASE("WorkQueue wakes every waiting worker when it is closed") {
  WorkQueue<int> queue(2);
  std::vector<std::thread> workers;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      while (queue.pop()) {
      }
      ++ended;
    });
  }
  CHECK(comes_to_pass([&] { return queue.is_quiet(); }));
  queue.close();
  for (auto& worker : workers) worker.join();
  CHECK(ended == 4);
}

TEST_CASE("WorkQueue wakes who waits for room when it is closed") {
  for (int round = 0; round < 50; ++round) {
    const WokenProducer producer([](auto& queue) { queue.close(); });
    REQUIRE(producer.room == 0);
    REQUIRE(producer.in_time);
  }
}

TEST_CASE("WorkQueue loses nothing and gives nothing twice between many threads") {
  constexpr int kItems = 50'000;
  for (const std::size_t capacity : {1U, 2U, 64U}) {
    CAPTURE(capacity);
    WorkQueue<int> queue(capacity);
    std::vector<std::vector<int>> taken(4);
    std::vector<std::thread> workers;
    for (auto& mine : taken) {
      workers.emplace_back([&queue, &mine] {
        while (const auto item = queue.pop()) mine.push_back(*item);
      });
    }
    std::size_t longest = 0;
    for (int next = 0; next < kItems;) {
      for (auto room = queue.wait_for_room(never()); room > 0 && next < kItems; --room) queue.push(next++);
      longest = std::max(longest, queue.size());
    }
    queue.close();
    for (auto& worker : workers) worker.join();

    std::vector<int> times(kItems, 0);
    bool in_order = true;
    for (const auto& mine : taken) {
      in_order = in_order && std::is_sorted(mine.begin(), mine.end());
      for (const int item : mine) ++times[static_cast<std::size_t>(item)];
    }
    CHECK(std::count(times.begin(), times.end(), 1) == kItems);
    CHECK(in_order);
    CHECK(longest <= capacity);
  }
}

TEST_CASE("WorkQueue wakes one worker for one item, each time") {
  // The next item comes only after the one before was taken: one lost wake-up, and this stands still.
  for (const int worker_count : {1, 3}) {
    CAPTURE(worker_count);
    WorkQueue<int> queue(8);
    std::atomic<int> taken = 0;
    std::vector<std::thread> workers;
    for (int i = 0; i < worker_count; ++i) {
      workers.emplace_back([&] {
        while (queue.pop()) ++taken;
      });
    }
    int stalled_at = -1;
    for (int i = 0; i < 3'000 && stalled_at < 0; ++i) {
      queue.push(i);
      if (!comes_to_pass([&] { return taken == i + 1; })) stalled_at = i;
    }
    CHECK(stalled_at == -1);
    queue.close();
    for (auto& worker : workers) worker.join();
  }
}
