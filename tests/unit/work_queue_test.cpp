#include "tinyhttpd/work_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
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

void find_nothing() {}

/// What a worker that has done nothing yet takes; nothing once the queue is closed and empty.
template <typename Item>
std::optional<Item> take_one(WorkQueue<Item>& queue) {
  typename WorkQueue<Item>::Worker worker(queue);
  return worker.pop(find_nothing);
}

/// A thread that takes items until the queue is closed, and gives each to `use`.
template <typename Use>
std::thread start_worker(WorkQueue<int>& queue, Use use) {
  return std::thread([&queue, use] {
    WorkQueue<int>::Worker worker(queue);
    while (const auto item = worker.pop(find_nothing)) use(*item);
  });
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
  CHECK(take_one(queue) == 1);
  CHECK(take_one(queue) == 2);
  CHECK(take_one(queue) == 3);
  CHECK(queue.size() == 0);
}

TEST_CASE("WorkQueue moves items that have one owner") {
  WorkQueue<std::unique_ptr<int>> queue(1);
  queue.push(std::make_unique<int>(7));
  const auto item = take_one(queue);
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
  take_one(queue);
  CHECK(queue.wait_for_room(at_once()) == 1);
}

TEST_CASE("WorkQueue wakes who waits for room when an item is taken") {
  for (int round = 0; round < 50;
       ++round) {  // in most rounds the other thread comes to wait before the wake-up
    const WokenProducer producer([](auto& queue) { CHECK(take_one(queue) == 1); });
    REQUIRE(producer.room == 1);
    REQUIRE(producer.in_time);
  }
}

TEST_CASE("WorkQueue gives what is left after it was closed, then nothing") {
  WorkQueue<int> queue(2);
  queue.push(1);
  queue.push(2);
  queue.close();
  CHECK(take_one(queue) == 1);
  CHECK(take_one(queue) == 2);
  CHECK(!take_one(queue));
  CHECK(!take_one(queue));
}

TEST_CASE("WorkQueue wakes every waiting worker when it is closed") {
  WorkQueue<int> queue(2);
  std::vector<std::thread> workers;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      CHECK(!take_one(queue));
      ++ended;
    });
  }
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
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
      workers.push_back(start_worker(queue, [&mine](int item) { mine.push_back(item); }));
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
      workers.push_back(start_worker(queue, [&taken](int) { ++taken; }));
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

TEST_CASE("WorkQueue adds many items at once, in order") {
  WorkQueue<int> queue(8);
  std::vector<int> items = {1, 2, 3};
  queue.push_all(items);
  CHECK(items.empty());
  for (const int item : {1, 2, 3}) CHECK(take_one(queue) == item);
}

TEST_CASE("a worker that finds the WorkQueue empty looks for items before it waits") {
  WorkQueue<int> queue(8);
  WorkQueue<int>::Worker worker(queue);
  queue.push(1);
  int looks = 0;
  const auto look = [&] {
    queue.push(10 + looks);
    ++looks;
  };
  CHECK(worker.pop(look) == 1);
  CHECK(looks == 0);
  CHECK(worker.pop(look) == 10);
  CHECK(worker.pop(look) == 11);
  queue.close();
  CHECK(!worker.pop(look));
  CHECK(looks == 2);
}

TEST_CASE("a worker that finds a single item takes it without waking another") {
  WorkQueue<int> queue(8, 4);
  WorkQueue<int>::Worker worker(queue);
  queue.push(0);
  REQUIRE(worker.pop(find_nothing) == 0);
  std::atomic<int> taken_by_other = 0;
  std::thread other = start_worker(queue, [&](int) { ++taken_by_other; });
  {
    const WorkQueue<int>::SlowWork slow(queue);
    queue.push(0);  // for the other one
    while (taken_by_other == 0) std::this_thread::yield();
    queue.begin_filling();  // once it waits
    queue.end_filling();
  }
  int pushed = 0;
  const auto look = [&] {
    queue.push(++pushed);
    for (int i = 0; i < 20; ++i) std::this_thread::yield();
  };
  for (int i = 1; i <= 200; ++i) CHECK(worker.pop(look));
  CHECK(taken_by_other == 1);
  queue.close();
  other.join();
}

TEST_CASE("a worker that has done nothing yet leaves it to the acceptor to fill the WorkQueue") {
  WorkQueue<int> queue(8);
  std::atomic<bool> looked = false;
  std::optional<int> taken;
  std::thread thread([&] {
    WorkQueue<int>::Worker worker(queue);
    taken = worker.pop([&] { looked = true; });
  });
  queue.begin_filling();
  queue.push(1);
  queue.end_filling();
  thread.join();
  CHECK(taken == 1);
  CHECK(!looked);
}

TEST_CASE("only one thread fills a WorkQueue at a time") {
  WorkQueue<int> queue(8);
  std::atomic<bool> acceptor_fills = false;
  std::thread acceptor;
  WorkQueue<int>::Worker worker(queue);
  queue.push(1);
  REQUIRE(worker.pop(find_nothing) == 1);
  const auto look = [&] {
    acceptor = std::thread([&] {
      queue.begin_filling();
      acceptor_fills = true;
      queue.push(2);
    });
    // Much longer than workers may stay away: this one is not away, it fills.
    const TimePoint later = Clock::now() + 3 * WorkQueue<int>::kPatience;
    while (Clock::now() < later) std::this_thread::yield();
    CHECK(!acceptor_fills);
  };
  CHECK(worker.pop(look) == 2);
  acceptor.join();
  CHECK(acceptor_fills);

  bool looked_beside_it = false;
  queue.push(3);
  CHECK(worker.pop(find_nothing) == 3);
  std::thread closer([&] { queue.close(); });
  CHECK(!worker.pop([&] { looked_beside_it = true; }));
  closer.join();
  CHECK(!looked_beside_it);
}

TEST_CASE("WorkQueue wakes another worker for what is queued while one is at slow work") {
  WorkQueue<int> queue(8);
  std::atomic<int> taken = 0;
  std::atomic<int> seen_by_first = 0;
  const auto use = [&](int item) {
    if (item == 1) {
      const WorkQueue<int>::SlowWork slow(queue);
      if (comes_to_pass([&] { return taken == 4; })) seen_by_first = taken.load();
    } else {
      ++taken;
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < 3; ++i) workers.push_back(start_worker(queue, use));
  std::vector<int> items = {1, 2, 3};
  queue.push_all(items);
  queue.push(4);
  CHECK(comes_to_pass([&] { return taken == 3; }));
  queue.push(5);
  CHECK(comes_to_pass([&] { return seen_by_first == 4; }));
  queue.close();
  for (auto& worker : workers) worker.join();
}

TEST_CASE("WorkQueue wakes the acceptor when its workers are at slow work") {
  WorkQueue<int> queue(8);
  std::atomic<bool> fills = false;
  std::thread worker = start_worker(queue, [&](int) {
    const WorkQueue<int>::SlowWork slow(queue);
    CHECK(comes_to_pass([&] { return fills.load(); }));
  });
  queue.push(1);
  queue.begin_filling();
  fills = true;
  queue.end_filling();
  queue.close();
  worker.join();
}

TEST_CASE("WorkQueue has others do what is queued when a worker stays away without a word") {
  WorkQueue<int> queue(8);
  std::atomic<bool> second_is_done = false;
  const auto use = [&](int item) {
    if (item == 1) CHECK(comes_to_pass([&] { return second_is_done.load(); }));
    if (item == 2) second_is_done = true;
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < 2; ++i) workers.push_back(start_worker(queue, use));
  queue.push(1);
  queue.begin_filling();
  queue.push(2);
  queue.end_filling();
  CHECK(comes_to_pass([&] { return second_is_done.load(); }));
  queue.close();
  for (auto& worker : workers) worker.join();
}

TEST_CASE("a worker that was never away makes up for none that is") {
  WorkQueue<int> queue(8);
  std::atomic<bool> is_over = false;
  std::atomic<int> taken = 0;
  const auto use = [&](int item) {
    ++taken;
    if (item == 0) CHECK(comes_to_pass([&] { return is_over.load(); }));
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < 3; ++i) workers.push_back(start_worker(queue, use));
  // As the acceptor does, until the item is taken. Returns how long that took.
  const auto push_and_wait = [&](int item) {
    const int before = taken;
    const TimePoint start = Clock::now();
    queue.begin_filling();
    queue.push(item);
    queue.end_filling();
    CHECK(comes_to_pass([&] {
      if (taken > before) return true;
      queue.begin_filling();
      queue.end_filling();
      return false;
    }));
    return Clock::now() - start;
  };
  push_and_wait(0);
  push_and_wait(0);
  push_and_wait(1);
  // Two are stuck, and known to be: the third does the rest without waiting for them.
  int slow_rounds = 0;
  for (int i = 0; i < 20; ++i) slow_rounds += push_and_wait(1) > WorkQueue<int>::kPatience ? 1 : 0;
  CHECK(slow_rounds < 10);
  is_over = true;
  queue.close();
  for (auto& worker : workers) worker.join();
}

TEST_CASE("WorkQueue wakes no more workers for quick work than can run at a time") {
  int rounds_of_one = 0;
  constexpr int kRounds = 100;
  for (int round = 0; round < kRounds; ++round) {
    WorkQueue<int> queue(64, 1);
    std::mutex mutex;
    std::set<std::thread::id> who;
    std::atomic<int> done = 0;
    std::atomic<int> started = 0;
    std::vector<std::thread> workers;
    for (int i = 0; i < 3; ++i) {
      workers.emplace_back([&] {
        WorkQueue<int>::Worker worker(queue);
        ++started;
        while (worker.pop(find_nothing)) {
          {
            const std::lock_guard lock(mutex);
            who.insert(std::this_thread::get_id());
          }
          std::this_thread::yield();
          ++done;
        }
      });
    }
    CHECK(comes_to_pass([&] { return started == 3; }));
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    std::vector<int> items(30, 7);
    queue.push_all(items);
    CHECK(comes_to_pass([&] { return done == 30; }));
    queue.close();
    for (auto& worker : workers) worker.join();
    rounds_of_one += who.size() == 1 ? 1 : 0;
  }
  // A worker may be late to wait, or be woken by nobody.
  CHECK(rounds_of_one > kRounds / 2);
}
