#include "tinyhttpd/backend_address.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/process_under_test.hpp"
#include "support/silent_host.hpp"
#include "tinyhttpd/listener.hpp"
#include "tinyhttpd/socket.hpp"

using namespace tinyhttpd;
using namespace std::chrono_literals;
using Kind = ConnectFailure::Kind;
using Addresses = std::vector<RawSocketAddress>;

namespace {

TimePoint soon() {
  return Clock::now() + 10s;
}

RawSocketAddress loopback(std::uint16_t port) {
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(port);
  ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  RawSocketAddress raw;
  std::memcpy(&raw.storage, &ipv4, sizeof ipv4);
  raw.length = sizeof ipv4;
  return raw;
}

std::uint16_t dead_port() {
  return open_listeners({"127.0.0.1"}, 0).front().address.port;
}

/// A name whose addresses the test decides.
struct Name {
  Result<Addresses, ConnectFailure> look_up(const std::string& host, const std::string& port) {
    asked.push_back(host + " " + port);
    if (!is_known) return ConnectFailure{Kind::refused, "no such name"};
    return addresses;
  }
  Result<UniqueFd, ConnectFailure> connect() { return address.connect(now, soon(), -1); }

  bool is_known = true;
  Addresses addresses = {};
  std::vector<std::string> asked = {};
  TimePoint now = Clock::now();
  BackendAddress address{"app.example:9000", [this](const std::string& host, const std::string& port) {
                           return look_up(host, port);
                         }};
};

}  // namespace

TEST_CASE("BackendAddress refuses what is no address") {
  for (const char* text : {"", "unix:", "9000", ":9000", "/run/x.sock"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(BackendAddress{text}, std::invalid_argument);
  }
  CHECK_THROWS_AS(BackendAddress("unix:/" + std::string(107, 'x')), std::invalid_argument);
  CHECK_NOTHROW(BackendAddress("unix:/" + std::string(106, 'x')));
}

TEST_CASE("BackendAddress looks no number up") {
  const auto forbidden = [](const std::string&, const std::string&) -> Result<Addresses, ConnectFailure> {
    throw std::logic_error("looked up");
  };
  const std::string dead = std::to_string(dead_port());
  BackendAddress ipv4("127.0.0.1:" + dead, forbidden);
  CHECK(ipv4.connect(Clock::now(), soon(), -1).error().kind == Kind::refused);
  BackendAddress ipv6("[::1]:" + dead, forbidden);
  CHECK(ipv6.text() == "[::1]:" + dead);
  CHECK(ipv6.connect(Clock::now(), soon(), -1).error().kind == Kind::refused);
}

TEST_CASE("BackendAddress looks a name up by the system, and says why when that fails") {
  const auto listeners = open_listeners({"127.0.0.1"}, 0);
  BackendAddress known("localhost:" + std::to_string(listeners.front().address.port));
  CHECK(known.connect(Clock::now(), soon(), -1));
  BackendAddress unknown("localhost:nine");  // which asks no name server
  const auto failure = unknown.connect(Clock::now(), soon(), -1);
  REQUIRE_FALSE(failure);
  CHECK(failure.error().kind == Kind::refused);
  CHECK(failure.error().what == "Name or service not known");
}

TEST_CASE("BackendAddress uses what it found for ten seconds") {
  const auto listeners = open_listeners({"127.0.0.1"}, 0);
  Name name;
  name.addresses = {loopback(listeners.front().address.port)};
  CHECK(name.connect());
  CHECK(name.asked == std::vector<std::string>{"app.example 9000"});
  name.now += 10s - 1ms;
  CHECK(name.connect());
  CHECK(name.asked.size() == 1);
  name.now += 1ms;
  CHECK(name.connect());
  CHECK(name.asked.size() == 2);
}

TEST_CASE("BackendAddress looks a name up again when nobody listens there any more") {
  const auto listeners = open_listeners({"127.0.0.1"}, 0);
  Name name;
  name.addresses = {loopback(dead_port())};
  CHECK_FALSE(name.connect());
  name.addresses = {loopback(listeners.front().address.port)};
  CHECK(name.connect());
  CHECK(name.asked.size() == 2);
}

TEST_CASE("BackendAddress tries each address of a name") {
  const auto listeners = open_listeners({"127.0.0.1"}, 0);
  const std::uint16_t port = listeners.front().address.port;
  Name name;
  name.addresses = {loopback(dead_port()), loopback(port)};
  const auto connection = name.connect();
  REQUIRE(connection);
  CHECK(remote_address(connection->get()).port == port);
}

TEST_CASE("BackendAddress leaves time for the next address when one is silent") {
  const SilentHost host;
  const auto listeners = open_listeners({"127.0.0.1"}, 0);
  Name name;
  name.addresses = {loopback(host.port()), loopback(listeners.front().address.port)};
  const TimePoint deadline = Clock::now() + 600ms;
  CHECK(name.address.connect(name.now, deadline, -1));
  CHECK(Clock::now() < deadline);
}

TEST_CASE("BackendAddress goes on with what it knows while the name cannot be looked up") {
  const auto listeners = open_listeners({"127.0.0.1"}, 0);
  Name name;
  name.is_known = false;
  CHECK(name.connect().error().what == "no such name");
  name.is_known = true;
  name.now += 2s;
  name.addresses = {loopback(listeners.front().address.port)};
  CHECK(name.connect());
  name.is_known = false;
  name.now += 11s;
  CHECK(name.connect());
  CHECK(name.asked.size() == 3);
}

// A name server that is away is waited for by each look-up for seconds.
TEST_CASE("BackendAddress remembers for a second that a name it never found cannot be looked up") {
  const auto listeners = open_listeners({"127.0.0.1"}, 0);
  Name name;
  name.addresses = {loopback(listeners.front().address.port)};
  name.is_known = false;
  CHECK(name.connect().error().what == "no such name");
  name.is_known = true;
  name.now += 999ms;
  const auto failure = name.connect();
  REQUIRE_FALSE(failure);
  CHECK(failure.error().kind == Kind::refused);
  CHECK(failure.error().what == "no such name");
  CHECK(name.asked.size() == 1);
  name.now += 1s;
  CHECK(name.connect());
  CHECK(name.asked.size() == 2);
}

TEST_CASE("BackendAddress remembers a failed look-up from its end, however long it took") {
  int asked = 0;
  BackendAddress address("app.example:9000", [&asked](const std::string&, const std::string&) {
    ++asked;
    for (const TimePoint end = Clock::now() + 20ms; Clock::now() < end;) continue;
    return Result<Addresses, ConnectFailure>(ConnectFailure{Kind::refused, "no answer"});
  });
  const TimePoint now = Clock::now();
  CHECK_FALSE(address.connect(now, soon(), -1));
  CHECK_FALSE(address.connect(now + 1s + 19ms, soon(), -1));
  CHECK(asked == 1);
}

TEST_CASE("BackendAddress tries the next address where this machine has none to connect from") {
  constexpr std::uint32_t kBitOfIpv6 = 0x8;  // in the length of sockaddr_in6, and not in that of sockaddr_in
  const auto listeners = open_listeners({"127.0.0.1"}, 0);
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_addr = in6addr_loopback;
  ipv6.sin6_port = htons(9);
  RawSocketAddress first;
  std::memcpy(&first.storage, &ipv6, sizeof ipv6);
  first.length = sizeof ipv6;
  Name name;
  name.addresses = {first, loopback(listeners.front().address.port)};
  CHECK(in_forked_child([&] {
          if (!refuse_system_call(SYS_connect, EADDRNOTAVAIL, 2, kBitOfIpv6)) return 1;
          return name.connect() ? 0 : 2;
        }) == 0);
}

TEST_CASE("share_of leaves as much time for each attempt that follows") {
  const TimePoint deadline = Clock::now() + 9s;
  CHECK(share_of(deadline, 1) == deadline);
  CHECK(share_of(deadline, 3) > deadline - 7s);
  CHECK(share_of(deadline, 3) < deadline - 5s);
  const TimePoint past = Clock::now() - 1s;
  CHECK(share_of(past, 3) == past);
}
