#include "tinyhttpd/parked_connections.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <string_view>
#include <utility>

#include "tinyhttpd/event.hpp"
#include "tinyhttpd/socket.hpp"

using namespace tinyhttpd;

namespace {

/// A connection, and the client's end of it.
struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    client = UniqueFd(ends[0]);
    connection = std::make_unique<Connection>(UniqueFd(ends[1]), Endpoints(), TimePoint(), count);
  }
  void say(std::string_view bytes) const { REQUIRE(send(client.get(), bytes).bytes == bytes.size()); }

  ConnectionCount count{0};
  UniqueFd client;
  ConnectionPtr connection;
};

TimePoint soon() {
  return Clock::now() + std::chrono::seconds(20);
}

/// What one look finds, which does not wait.
ParkedConnections::Found look(ParkedConnections& parked) {
  ParkedConnections::Found found;
  parked.look(10, Clock::now(), found);
  return found;
}

/// The one connection that is found before long.
ConnectionPtr only_one(ParkedConnections& parked) {
  ParkedConnections::Found found;
  parked.look(10, soon(), found);
  REQUIRE(found.connections.size() == 1);
  return std::move(found.connections.front());
}

void drop_input(const Connection& connection) {
  std::array<char, 100> bytes;
  while (receive(connection.socket(), bytes).outcome == Transfer::Outcome::some) continue;
}

}  // namespace

TEST_CASE("a parked connection is found once its client has sent something, before or after") {
  for (const bool before : {true, false}) {
    CAPTURE(before);
    Pair pair;
    ParkedConnections parked;
    if (before) pair.say("a");
    CHECK_FALSE(parked.park(std::move(pair.connection), Progress::need_input));
    if (!before) {
      CHECK(look(parked).connections.empty());
      pair.say("a");
    }
    CHECK(only_one(parked));
    CHECK(look(parked).connections.empty());
  }
}

TEST_CASE("a connection whose client has sent more since it was taken is given back") {
  Pair pair;
  ParkedConnections parked;
  pair.say("a");
  CHECK_FALSE(parked.park(std::move(pair.connection), Progress::need_input));
  ConnectionPtr taken = only_one(parked);
  drop_input(*taken);
  pair.say("b");
  CHECK(look(parked).connections.empty());  // somebody has it
  taken = parked.park(std::move(taken), Progress::need_input);
  REQUIRE(taken);
  drop_input(*taken);
  CHECK_FALSE(parked.park(std::move(taken), Progress::need_input));
  CHECK(look(parked).connections.empty());
  pair.say("c");
  CHECK(only_one(parked));
}

TEST_CASE("the end of a client is noted, for nothing announces it a second time") {
  Pair pair;
  ParkedConnections parked;
  CHECK_FALSE(parked.park(std::move(pair.connection), Progress::need_input));
  pair.say("a");
  const ConnectionPtr first = only_one(parked);
  CHECK_FALSE(first->has_ended);
  Pair other;
  CHECK_FALSE(parked.park(std::move(other.connection), Progress::need_input));
  other.say("a");
  other.client.reset();
  const ConnectionPtr second = only_one(parked);
  CHECK(second->has_ended);
  CHECK(second->may_have_more());

  // Also while somebody has the connection.
  Pair busy;
  CHECK_FALSE(parked.park(std::move(busy.connection), Progress::need_input));
  busy.say("a");
  ConnectionPtr third = only_one(parked);
  busy.say("b");
  busy.client.reset();
  CHECK(look(parked).connections.empty());
  third = parked.park(std::move(third), Progress::need_input);
  REQUIRE(third);
  CHECK(third->has_ended);
}

TEST_CASE("a connection that waits for room is found as soon as there is some, each time") {
  Pair pair;
  ParkedConnections parked;
  for (int round = 0; round < 3; ++round) {
    CHECK_FALSE(parked.park(std::move(pair.connection), Progress::need_output));
    pair.connection = only_one(parked);
  }
  while (send(pair.connection->socket(), "0123456789").outcome == Transfer::Outcome::some) continue;
  CHECK_FALSE(parked.park(std::move(pair.connection), Progress::need_output));
  CHECK(look(parked).connections.empty());
  std::array<char, 4096> bytes;
  while (receive(pair.client.get(), bytes).outcome == Transfer::Outcome::some) continue;
  CHECK(only_one(parked));
}

TEST_CASE("a connection may wait for input and for room in turn") {
  Pair pair;
  ParkedConnections parked;
  for (int round = 0; round < 3; ++round) {
    CHECK_FALSE(parked.park(std::move(pair.connection), Progress::need_input));
    pair.say("a");
    pair.connection = only_one(parked);
    drop_input(*pair.connection);
    CHECK_FALSE(parked.park(std::move(pair.connection), Progress::need_output));
    pair.connection = only_one(parked);
  }
}

TEST_CASE("a look takes no more than it may, and the next one the rest") {
  std::array<Pair, 5> pairs;
  ParkedConnections parked;
  for (Pair& pair : pairs) {
    pair.say("a");
    CHECK_FALSE(parked.park(std::move(pair.connection), Progress::need_input));
  }
  std::size_t taken = 0;
  for (int looks = 0; looks < 3; ++looks) {
    ParkedConnections::Found found;
    parked.look(2, soon(), found);
    CHECK(found.connections.size() <= 2);
    taken += found.connections.size();
  }
  CHECK(taken == 5);
}

TEST_CASE("what is no connection is found by its descriptor as long as it is watched") {
  const Event event;
  ParkedConnections parked;
  parked.watch(event.fd());
  CHECK(look(parked).others.empty());
  event.set();
  CHECK(look(parked).others == std::vector<int>{event.fd()});
  CHECK(look(parked).others == std::vector<int>{event.fd()});
  parked.set_watched(event.fd(), false);
  CHECK(look(parked).others.empty());
  parked.set_watched(event.fd(), true);
  CHECK(look(parked).others == std::vector<int>{event.fd()});
}

TEST_CASE("each look that finds something is a turn of its own") {
  Pair pair;
  ParkedConnections parked;
  CHECK(parked.turn() == 0);
  look(parked);
  CHECK(parked.turn() == 0);
  for (Turn turn = 1; turn <= 3; ++turn) {
    pair.say("a");
    if (auto given_back = parked.park(std::move(pair.connection), Progress::need_input))
      CHECK_FALSE(parked.park(std::move(given_back), Progress::need_output));
    pair.connection = only_one(parked);
    CHECK(parked.turn() == turn);
    CHECK(pair.connection->seen == turn);
    drop_input(*pair.connection);
  }
}

TEST_CASE("take_if takes those that are wanted, and leaves the others parked") {
  std::array<Pair, 3> pairs;
  ParkedConnections parked;
  for (Pair& pair : pairs) {
    pair.connection->id = static_cast<RequestId>(&pair - pairs.data());
    CHECK_FALSE(parked.park(std::move(pair.connection), Progress::need_input));
  }
  const auto taken = parked.take_if([](const Connection& connection) { return connection.id != 1; });
  CHECK(taken.size() == 2);
  pairs[1].say("a");
  CHECK(only_one(parked)->id == 1);
}

TEST_CASE("a descriptor that was another connection's starts anew") {
  ParkedConnections parked;
  for (int round = 0; round < 3; ++round) {
    Pair pair;
    pair.say("a");
    CHECK_FALSE(parked.park(std::move(pair.connection), Progress::need_input));
    const ConnectionPtr taken = only_one(parked);
    pair.say("b");
    CHECK(look(parked).connections.empty());  // noted, and the connection ends
  }
}
