#include "tinyhttpd/inspector_events.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/http.hpp"

using namespace tinyhttpd;

TEST_CASE("a place is taken until it is given up, and no more than there are") {
  std::atomic<int> taken = 0;
  Place first = take_place(taken, 2);
  const Place second = take_place(taken, 2);
  CHECK((first && second));
  CHECK_FALSE(take_place(taken, 2));
  first.reset();
  CHECK(take_place(taken, 2));
  CHECK(taken == 1);
}

TEST_CASE("threads that ask for places at once get no more than there are") {
  std::atomic<int> taken = 0, at_once = 0, most = 0;
  const auto ask = [&] {
    for (int i = 0; i < 2000; ++i) {
      const Place place = take_place(taken, 2);
      if (!place) continue;
      const int now = ++at_once;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
      std::this_thread::yield();
      --at_once;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(ask);
  for (std::thread& thread : threads) thread.join();
  CHECK((most >= 1 && most <= 2));
  CHECK(taken == 0);
}

TEST_CASE("a page that looks on is told of a request in hand without its secrets") {
  Recorder recorder({}, {});
  Request request;
  request.target = "/a.cgi?sid=cookiesecret123";
  recorder.request_received(
      1, request, Endpoints(),
      {.head = "GET / HTTP/1.1\r\nCookie: sid=cookiesecret123\r\n\r\n", .handler = "execute_cgi"});
  const std::atomic<bool> stopped = false;
  std::atomic<int> viewers = 0;
  EventStream stream(
      recorder, 0, [] { return "{}"; }, stopped, take_place(viewers, 1));
  const std::string told(stream.pull().bytes);
  CHECK(told.find("event: exchange\nid: 1\n") != told.npos);
  CHECK(told.find("/a.cgi?sid=***************") != told.npos);
  CHECK(told.find("cookiesecret123") == told.npos);
  CHECK(viewers == 1);
}
