#include "tinyhttpd/event.hpp"

#include <doctest/doctest.h>
#include <poll.h>

#include <thread>

#include "tinyhttpd/socket.hpp"

using namespace tinyhttpd;

namespace {

bool is_readable(const Event& event) {
  return wait_for(event.fd(), POLLIN, Clock::now()) == Waited::ready;
}

}  // namespace

TEST_CASE("an Event is readable from the first time it is set until it is taken") {
  const Event event;
  CHECK_FALSE(is_readable(event));
  CHECK(event.take() == 0);
  event.set();
  event.set();
  CHECK(is_readable(event));
  CHECK(event.take() == 2);
  CHECK_FALSE(is_readable(event));
}

TEST_CASE("an Event that is set in one thread wakes another") {
  const Event event;
  std::thread setter([&] { event.set(); });
  CHECK(wait_for(event.fd(), POLLIN, Clock::now() + std::chrono::seconds(20)) == Waited::ready);
  setter.join();
}
