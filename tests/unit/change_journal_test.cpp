#include "tinyhttpd/change_journal.hpp"

#include <doctest/doctest.h>

#include <thread>

using namespace tinyhttpd;

TEST_CASE("ChangeJournal tells what happened after a change and up to another") {
  ChangeJournal journal;
  for (std::uint64_t number = 1; number <= 5; ++number) journal.add(number, 10 * number);
  ExchangeChanges changes{.revision = 4};
  journal.append_since(2, changes);
  CHECK(changes.ids == std::vector<RequestId>{30, 40});
  CHECK_FALSE(changes.missed);
}

TEST_CASE("ChangeJournal says so when it remembers less than was asked for") {
  ChangeJournal journal;
  const std::uint64_t last = ChangeJournal::kRemembered + 2;
  for (std::uint64_t number = 1; number <= last; ++number) journal.add(number, number);
  ExchangeChanges changes{.revision = last};
  journal.append_since(1, changes);
  CHECK(changes.missed);
  CHECK(changes.ids.size() == ChangeJournal::kRemembered);

  ExchangeChanges rest{.revision = last};
  journal.append_since(2, rest);
  CHECK_FALSE(rest.missed);
}

TEST_CASE("ChangeCounter wakes who waits, at a change, at the deadline and at the end") {
  ChangeCounter counter;
  std::thread other([&] {
    counter.next();
    counter.tell();
  });
  counter.wait(0, TimePoint::max());
  other.join();
  CHECK(counter.revision() == 1);

  counter.wait(1, Clock::now() + std::chrono::milliseconds(1));
  CHECK(counter.revision() == 1);

  std::thread end([&] { counter.stop(); });
  counter.wait(1, TimePoint::max());
  end.join();
  counter.wait(1, TimePoint::max());
}
