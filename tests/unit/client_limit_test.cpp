#include "tinyhttpd/client_limit.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace tinyhttpd;

TEST_CASE("A client has as many places as are allowed, and one again when one is free") {
  ClientLimit limit;
  auto first = limit.enter("192.0.2.1", 2);
  auto second = limit.enter("192.0.2.1", 2);
  REQUIRE(first);
  REQUIRE(second);
  CHECK_FALSE(limit.enter("192.0.2.1", 2));
  first.reset();
  CHECK(limit.enter("192.0.2.1", 2));
  CHECK(limit.clients() == 1);
}

TEST_CASE("One client's places are no other's") {
  ClientLimit limit;
  const auto first = limit.enter("192.0.2.1", 1);
  CHECK(limit.enter("192.0.2.2", 1));
  CHECK(limit.enter("2001:db8::1", 1));
}

TEST_CASE("An IPv6 subscriber is one client, with all the addresses of the 64 bits") {
  ClientLimit limit;
  const auto first = limit.enter("2001:db8:1:2::1", 1);
  REQUIRE(first);
  CHECK_FALSE(limit.enter("2001:db8:1:2:ffff:ffff:ffff:ffff", 1));
  CHECK_FALSE(limit.enter("2001:0db8:0001:0002:0:0:0:2", 1));
  CHECK(limit.enter("2001:db8:1:3::1", 1));
}

TEST_CASE("A client without an address is never turned away, and not counted") {
  ClientLimit limit;
  const auto first = limit.enter("", 1);
  CHECK(first);
  CHECK(limit.enter("", 1));
  CHECK(limit.clients() == 0);
}

TEST_CASE("A client is forgotten with its last connection") {
  ClientLimit limit;
  for (int i = 0; i < 1000; ++i) CHECK(limit.enter("192.0.2." + std::to_string(i), 1));
  CHECK(limit.clients() == 0);
}

TEST_CASE("A refused client leaves no trace") {
  ClientLimit limit;
  CHECK_FALSE(limit.enter("192.0.2.1", 0));
  CHECK(limit.clients() == 0);
}

TEST_CASE("A place that is moved is counted once, and one it takes the place of is free") {
  ClientLimit limit;
  auto first = limit.enter("192.0.2.1", 9);
  auto other = limit.enter("192.0.2.2", 9);
  ClientLimit::Place kept = std::move(*first);
  first.reset();
  CHECK(limit.clients() == 2);
  kept = std::move(*other);
  CHECK(limit.clients() == 1);
  CHECK_FALSE(limit.enter("192.0.2.2", 1));
  CHECK(limit.enter("192.0.2.1", 1));
  kept = ClientLimit::Place();
  CHECK(limit.clients() == 0);
}

TEST_CASE("Many threads never have more places together than are allowed") {
  ClientLimit limit;
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int turn = 0; turn < 2000; ++turn) {
          const auto place = limit.enter("192.0.2.1", 2);
          if (!place) continue;
          const int now = ++inside;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          --inside;
        }
      });
  }
  CHECK(most >= 1);
  CHECK(most <= 2);
  CHECK(limit.clients() == 0);
}
