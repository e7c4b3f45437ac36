#include "tinyhttpd/exchange_store.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace tinyhttpd;

namespace {

constexpr TimePoint kStart{std::chrono::seconds(1000)};

TimePoint after(int seconds) {
  return kStart + std::chrono::seconds(seconds);
}

void begin(ExchangeStore& store, RequestId id, TimePoint now = kStart) {
  store.begin(id, now,
              [id](Recording& recording) { recording.exchange().target = "/" + std::to_string(id); });
}

void end(ExchangeStore& store, RequestId id) {
  store.change(
      id, [] { return kStart; }, ExchangeStore::Tell::no,
      [](Recording& recording) { recording.set_answered(); });
}

std::vector<RequestId> ids(const std::vector<ExchangePtr>& exchanges) {
  std::vector<RequestId> all;
  for (const ExchangePtr& exchange : exchanges) all.push_back(exchange->id);
  return all;
}

}  // namespace

TEST_CASE("ExchangeStore lists those in hand and those over, by their ids") {
  ExchangeStore store({.keep = 3});
  for (RequestId id = 1; id <= 6; ++id) begin(store, id);
  for (const RequestId id : {5U, 2U, 4U, 1U}) end(store, id);
  CHECK(ids(store.newer_than(0)) == std::vector<RequestId>{1, 2, 3, 4, 6});  // 5 was over first
  CHECK(ids(store.newer_than(3)) == std::vector<RequestId>{4, 6});
  CHECK(store.find(5) == nullptr);
  CHECK(store.find(0) == nullptr);
  CHECK(store.find(4)->over);
  CHECK_FALSE(store.find(6)->over);
}

TEST_CASE("ExchangeStore counts what it cannot take, and forgets whom nobody has heard of for a minute") {
  // Ids 16 apart share a shard, which has two places here.
  ExchangeStore store({.keep = 4, .in_hand = 32});
  begin(store, 1, after(0));
  begin(store, 17, after(10));
  begin(store, 33, after(30));
  CHECK(store.find(33) == nullptr);
  CHECK(store.recorded() == 2);
  CHECK(store.not_recorded() == 1);

  begin(store, 49, after(61));
  CHECK(store.find(49) != nullptr);
  CHECK(store.find(1)->over);
  CHECK_FALSE(store.find(1)->complete);
  CHECK_FALSE(store.find(17)->over);
  CHECK(store.change(
            1, [] { return after(62); }, ExchangeStore::Tell::no, [](Recording&) {}) ==
        ExchangeStore::Outcome::unknown);
}

TEST_CASE("whoever looks on is told of an exchange that gave way: it is over") {
  ExchangeStore store({.keep = 4, .in_hand = 16});
  begin(store, 1, after(0));
  const std::uint64_t seen = store.revision();
  begin(store, 17, after(61));
  CHECK(store.wait_for_changes(seen, after(0)).ids == std::vector<RequestId>{1, 17});
  CHECK_FALSE(store.is_in_hand(1));
  CHECK(store.is_in_hand(17));
}

TEST_CASE("ExchangeStore writes into no record that somebody reads") {
  ExchangeStore store({.keep = 1});
  std::vector<ExchangePtr> read;
  for (RequestId id = 16; id <= 160; id += 16) {  // all of one shard, which would use their memory again
    begin(store, id);
    end(store, id);
    read.push_back(store.find(id));
  }
  for (std::size_t i = 0; i < read.size(); ++i) {
    CHECK(read[i]->id == 16 * (i + 1));
    CHECK(read[i]->target == "/" + std::to_string(read[i]->id));
  }
}

TEST_CASE("ExchangeStore uses a record again only after whoever read it is done with it") {
  ExchangeStore store({.keep = 1});
  begin(store, 16);
  end(store, 16);
  std::atomic<bool> is_done = false;
  std::string read;
  // Nothing orders the two threads but the record's owners: ThreadSanitizer would see it.
  std::thread reader([&] {
    ExchangePtr exchange = store.find(16);
    read = exchange->target;
    exchange.reset();
    is_done.store(true, std::memory_order_relaxed);
  });
  while (!is_done.load(std::memory_order_relaxed)) std::this_thread::yield();
  for (const RequestId id : {32U, 48U, 64U}) {
    begin(store, id);
    end(store, id);
  }
  reader.join();
  CHECK(read == "/16");
  CHECK(store.find(64)->target == "/64");
}

TEST_CASE("a replay that is over is told by another record in its place") {
  ExchangeStore store({.keep = 2});
  begin(store, 1);
  begin(store, 2);
  end(store, 1);
  const ExchangePtr before = store.find(1);
  const std::uint64_t revision = store.revision();
  store.set_replay(1, 9);
  store.set_replay(2, 9);
  store.set_replay(77, 9);
  CHECK(before->replay_of == 0);
  CHECK(store.find(1)->replay_of == 9);
  CHECK(store.find(2)->replay_of == 9);
  CHECK(store.revision() == revision + 2);
}
