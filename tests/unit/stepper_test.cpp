#include "tinyhttpd/stepper.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/process.hpp"

using namespace tinyhttpd;

namespace {

constexpr RequestId kId = 7;
const std::vector<std::string> kEnvironment = {"A=1"};
const std::vector<std::string> kArguments = {"/srv/a.cgi"};

Stepper::Wanted all_stops(std::string prefix = "/") {
  return {{true, true, true, true}, std::move(prefix)};
}

void end_exchange(Stepper& stepper, RequestId id) {
  stepper.response_sent(id, Request(), Endpoints(), AnswerSummary());
}

/// The hooks of a script's life, with two real pipes, as a worker calls them. The script is this process.
void live(Stepper& stepper, RequestId id, std::string_view script = "/cgi-bin/a.cgi") {
  auto output = make_pipe();
  auto errors = make_pipe();
  REQUIRE(output);
  REQUIRE(errors);
  stepper.cgi_environment(id, script, kEnvironment, kArguments);
  stepper.cgi_pipes(id, {.output_read = output->read_end.get(),
                         .output_write = output->write_end.get(),
                         .error_read = errors->read_end.get(),
                         .error_write = errors->write_end.get()});
  output->write_end.reset();
  errors->write_end.reset();
  stepper.cgi_spawned(id, ::getpid());
  stepper.cgi_reaping(id);
  stepper.cgi_exited(id, script, ExitReport());
  end_exchange(stepper, id);
}

/// Waits until something is held there.
Stepper::Held wait_until_held(const Stepper& stepper, Stop where) {
  for (;;)
    if (auto held = stepper.held(); held && held->where == where) return *held;
}

}  // namespace

TEST_CASE("an exchange is held at each stop that is wanted, until the viewer says go on") {
  Stepper stepper;
  stepper.want(all_stops());
  std::thread worker([&] { live(stepper, kId); });
  for (const Stop stop :
       {Stop::before_pipes, Stop::before_fork, Stop::before_first_byte, Stop::before_waitpid}) {
    CHECK(wait_until_held(stepper, stop).id == kId);
    CHECK(stepper.go_on());
  }
  worker.join();
  CHECK(!stepper.held());
  CHECK(!stepper.go_on());
}

TEST_CASE("what is held shows the descriptors of both sides as they are then") {
  Stepper stepper;
  stepper.want(all_stops());
  std::thread worker([&] { live(stepper, kId); });
  CHECK(wait_until_held(stepper, Stop::before_pipes).server.empty());
  stepper.go_on();
  const auto before_fork = wait_until_held(stepper, Stop::before_fork);
  REQUIRE(before_fork.server.size() == 4);
  CHECK(before_fork.server[0].what.starts_with("pipe:["));
  CHECK(before_fork.server[0].what == before_fork.server[1].what);  // the two ends of one
  CHECK(!before_fork.script);
  stepper.go_on();
  const auto running = wait_until_held(stepper, Stop::before_first_byte);
  CHECK(running.server.size() == 2);
  REQUIRE(running.script);
  CHECK(running.script->size() > 2);
  stepper.go_on();
  CHECK(!wait_until_held(stepper, Stop::before_waitpid).script);
  stepper.go_on();
  worker.join();
}

TEST_CASE("only the stops that are wanted hold, and only below the prefix") {
  Stepper stepper;
  live(stepper, kId);  // none is wanted
  stepper.want({{false, false, false, true}, "/cgi-bin/"});
  live(stepper, kId, "/other/a.cgi");
  std::thread worker([&] { live(stepper, kId); });
  wait_until_held(stepper, Stop::before_waitpid);
  CHECK(stepper.go_on());
  worker.join();
}

TEST_CASE("one exchange is held at a time: the others pass by") {
  Stepper stepper;
  stepper.want(all_stops());
  std::thread worker([&] { live(stepper, kId); });
  wait_until_held(stepper, Stop::before_pipes);
  live(stepper, kId + 1);
  CHECK(stepper.held()->id == kId);
  stepper.stop();
  worker.join();
}

TEST_CASE("once it is over, the next exchange is held") {
  Stepper stepper;
  stepper.want({{true, false, false, false}, "/"});
  for (const RequestId id : {kId, kId + 1}) {
    std::thread worker([&] { live(stepper, id); });
    CHECK(wait_until_held(stepper, Stop::before_pipes).id == id);
    stepper.go_on();
    worker.join();
  }
}

TEST_CASE("a script that outlives its answer is held before it is reaped, and only then the next one") {
  Stepper stepper;
  stepper.want({{false, false, false, true}, "/"});
  stepper.cgi_environment(kId, "/a.cgi", kEnvironment, kArguments);
  stepper.cgi_spawned(kId, ::getpid());
  end_exchange(stepper, kId);
  live(stepper, kId + 1);  // passes by
  std::thread worker([&] { stepper.cgi_reaping(kId); });
  CHECK(wait_until_held(stepper, Stop::before_waitpid).id == kId);
  stepper.go_on();
  worker.join();
  stepper.cgi_exited(kId, "/a.cgi", ExitReport());
  std::thread next([&] { live(stepper, kId + 1); });
  CHECK(wait_until_held(stepper, Stop::before_waitpid).id == kId + 1);
  stepper.go_on();
  next.join();
}

TEST_CASE("a script that follows another by a local redirect is held as that one was") {
  std::vector<RequestId> held;
  Stepper stepper([&held](RequestId id, std::string_view where) {
    if (!where.empty()) held.push_back(id);
  });
  stepper.want({{true, false, false, false}, "/"});
  for (int script = 0; script < 2; ++script) {
    std::thread worker([&] { stepper.cgi_environment(kId, "/a.cgi", kEnvironment, kArguments); });
    wait_until_held(stepper, Stop::before_pipes);
    stepper.go_on();
    worker.join();
    stepper.cgi_spawned(kId, ::getpid());
    stepper.cgi_reaping(kId);
    stepper.cgi_exited(kId, "/a.cgi", ExitReport());
    stepper.cgi_environment(kId + 1, "/b.cgi", kEnvironment, kArguments);  // passes by
  }
  CHECK(held == std::vector<RequestId>{kId, kId});
}

TEST_CASE("a request that is lost makes room for the next exchange") {
  Stepper stepper;
  stepper.want({{false, false, false, true}, "/"});
  stepper.cgi_environment(kId, "/a.cgi", kEnvironment, kArguments);
  stepper.request_lost(kId);
  std::thread worker([&] { live(stepper, kId + 1); });
  CHECK(wait_until_held(stepper, Stop::before_waitpid).id == kId + 1);
  stepper.go_on();
  worker.join();
}

TEST_CASE("where nobody looks on, holding ends by itself, and nothing is held any more") {
  int times = 0;
  Stepper stepper([&times](RequestId, std::string_view where) { times += where.empty() ? 0 : 1; },
                  std::chrono::milliseconds(1));
  stepper.want(all_stops("/cgi-bin/"));
  for (const RequestId id : {kId, kId + 1}) live(stepper, id);
  CHECK(times == 1);
  CHECK(!stepper.held());
  CHECK(!stepper.wanted().any());
  CHECK(stepper.wanted().prefix == "/cgi-bin/");
}

TEST_CASE("a viewer who said anew what is to be held while it was held is there") {
  std::vector<std::string> told;
  Stepper* viewed = nullptr;
  Stepper stepper(
      [&](RequestId, std::string_view where) {
        told.emplace_back(where);
        if (where == "before_pipes") viewed->want({{false, true, false, false}, "/"});
      },
      std::chrono::milliseconds(1));
  viewed = &stepper;
  stepper.want(all_stops());
  live(stepper, kId);
  CHECK(told == std::vector<std::string>{"before_pipes", "", "before_fork", ""});
}

TEST_CASE("a stepper that was stopped holds nothing, and lets go of what it held") {
  Stepper stepper;
  stepper.want(all_stops());
  std::thread worker([&] { live(stepper, kId); });
  wait_until_held(stepper, Stop::before_pipes);
  stepper.stop();
  worker.join();
  live(stepper, kId + 1);
  CHECK(!stepper.held());
}

TEST_CASE("whoever wants to know is told where an exchange is held, and that it goes on") {
  std::vector<std::string> told;
  Stepper stepper([&told](RequestId id, std::string_view where) {
    told.push_back(std::to_string(id) + " " + std::string(where));
  });
  stepper.want({{true, false, false, true}, "/"});
  std::thread worker([&] { live(stepper, kId); });
  for (const Stop stop : {Stop::before_pipes, Stop::before_waitpid}) {
    wait_until_held(stepper, stop);
    stepper.go_on();
  }
  worker.join();
  CHECK(told == std::vector<std::string>{"7 before_pipes", "7 ", "7 before_waitpid", "7 "});
}

TEST_CASE("a FastCGI application is not held: it is not started here") {
  Stepper stepper;
  stepper.want(all_stops());
  stepper.cgi_environment(kId, "/app", kEnvironment, {});
  CHECK(!stepper.held());
}
