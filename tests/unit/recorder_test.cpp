#include "tinyhttpd/recorder.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/allocation_count.hpp"
#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/cgi_message.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/rejection.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/script_failure.hpp"

using namespace tinyhttpd;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kHead = "GET /a.html?b=1 HTTP/1.1\r\nHost: localhost:4000\r\n\r\n";
constexpr std::string_view kAnswerHead = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n";

/// Without a say of the test every request is recorded, for they all come in the same second.
RecorderLimits with_all_others(RecorderLimits limits) {
  if (limits.others_a_second == RecorderLimits().others_a_second) limits.others_a_second = 1'000'000'000;
  return limits;
}

/// Tells a recorder what the server would tell.
class Server {
 public:
  explicit Server(const RecorderLimits& limits = {})
      : recorder(with_all_others(limits), [this] { return load(); }) {
    request.line = kHead.substr(0, kHead.find('\r'));
    request.method_name = "GET";
    request.target = "/a.html?b=1";
    request.path = "/a.html";
    request.query = "b=1";
  }

  void receive(RequestId id, std::string_view handler = "execute_cgi", TimePoint when = {}) {
    recorder.request_received(id, request, endpoints,
                              {.head = kHead, .first_byte = when, .handler = handler});
  }
  void send(RequestId id) {
    recorder.head_sent(id, response, kAnswerHead);
    recorder.response_sent(id, request, endpoints, {.status = 200, .body_bytes = 5, .complete = true});
  }
  void serve_file(RequestId id, TimePoint when = {}) {
    receive(id, "serve_file", when);
    recorder.route_chosen(id, "serve_file", "a file, and no script");
    send(id);
  }
  void start_script(RequestId id, const std::string& name = "/cgi-bin/a.cgi") {
    recorder.route_chosen(id, "execute_cgi", "it lies below a --cgi-prefix");
    recorder.cgi_environment(id, name, environment, arguments);
    recorder.cgi_pipes(id, {.output_read = 9});
    recorder.cgi_spawned(id, 4242);
  }
  void end_script(RequestId id) {
    recorder.cgi_reaping(id);
    recorder.cgi_exited(id, "/cgi-bin/a.cgi", {.code = 3, .user_time = 5us});
  }
  RecordedLoad load() {
    ++times_asked;
    return {.workers = 8, .busy = 2};
  }

  Request request;
  Response response;
  Endpoints endpoints{"127.0.0.1", 51234, "127.0.0.1", 4000};
  std::vector<std::string> environment{"REQUEST_METHOD=GET", "QUERY_STRING=b=1"};
  std::vector<std::string> arguments{"/srv/cgi-bin/a.cgi"};
  std::atomic<int> times_asked = 0;
  Recorder recorder;
};

std::string steps_of(const RecordedExchange& exchange) {
  std::string names;
  for (const RecordedStep& step : exchange.steps)
    names.append(names.empty() ? "" : " ").append(name_of(step.step));
  return names;
}

}  // namespace

TEST_CASE("Recorder remembers a file that was served") {
  Server server;
  const TimePoint now = Clock::now();
  server.recorder.worker_began(2, Clock::now());
  server.recorder.request_received(
      7, server.request, server.endpoints,
      {.head = kHead, .accepted = now - 5ms, .queued = now - 2ms, .taken = now - 1ms, .first_byte = now});
  server.recorder.route_chosen(7, "serve_file", "a file, and no script");
  server.send(7);
  server.recorder.worker_done(2);

  const ExchangePtr exchange = server.recorder.find(7);
  REQUIRE(exchange);
  CHECK(exchange->over);
  CHECK(exchange->complete);
  CHECK(exchange->request_head == kHead);
  CHECK(exchange->request_line == "GET /a.html?b=1 HTTP/1.1");
  CHECK(exchange->method + " " + exchange->target + " " + exchange->path + " " + exchange->query ==
        "GET /a.html?b=1 /a.html b=1");
  CHECK(exchange->remote_port == 51234);
  CHECK(exchange->worker == 2);
  CHECK(exchange->handler == "serve_file");
  CHECK(exchange->sent_head == kAnswerHead);
  CHECK(exchange->status == 200);
  CHECK(exchange->body_bytes == 5);
  CHECK(exchange->began == now);
  CHECK(steps_of(*exchange) == "accepted queued taken first_byte head_parsed route head_sent sent");
  CHECK(exchange->steps[0].at == -5000);
  CHECK(exchange->steps[2].number == 2);
  CHECK(exchange->steps[3].at == 0);
  CHECK(server.recorder.recorded() == 1);
}

TEST_CASE("Recorder tells by the wall clock when a request began") {
  Server server;
  const TimePoint now = Clock::now();
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  server.recorder.request_received(1, server.request, server.endpoints,
                                   {.head = kHead, .first_byte = now - 3600s});
  const std::int64_t expected = std::chrono::duration_cast<std::chrono::microseconds>(wall - 3600s).count();
  CHECK(std::abs(server.recorder.find(1)->began_unix - expected) < 30'000'000);
}

TEST_CASE("Recorder puts the steps before the head in the order of their times") {
  // The connection waited with half a head: it was queued after the first byte came.
  Server server;
  const TimePoint now = Clock::now();
  server.recorder.request_received(
      1, server.request, server.endpoints,
      {.head = kHead, .queued = now - 1ms, .taken = now, .first_byte = now - 9ms});
  CHECK(steps_of(*server.recorder.find(1)) == "first_byte queued taken head_parsed");
  CHECK(server.recorder.find(1)->steps[1].at == 8000);
}

TEST_CASE("Recorder remembers what a script was given, what it said and how it ended") {
  Server server;
  server.receive(1);
  server.recorder.body_received(1, 3);
  server.recorder.gateway_wait(1);
  server.start_script(1);
  server.recorder.cgi_wrote(1, "a=b");
  server.recorder.cgi_closed(1, Stream::standard_input);
  server.recorder.cgi_read(1, Stream::standard_output, "Content-Type: text/plain\n\nhello");
  server.recorder.cgi_head(1, {});
  server.recorder.cgi_read(1, Stream::standard_error, "oh\n");
  server.recorder.cgi_error_line(1, "/cgi-bin/a.cgi", "oh");
  server.end_script(1);
  server.send(1);

  const ExchangePtr exchange = server.recorder.find(1);
  REQUIRE(exchange);
  CHECK(exchange->script == "/cgi-bin/a.cgi");
  CHECK(exchange->environment == server.environment);
  CHECK(exchange->arguments == server.arguments);
  CHECK(exchange->descriptors->output_read == 9);
  CHECK(exchange->pid == 4242);
  CHECK(exchange->streams[0].bytes == "a=b");
  CHECK(exchange->streams[0].closed);
  CHECK(exchange->streams[1].bytes.substr(exchange->script_head_bytes) == "hello");
  CHECK(exchange->streams[2].bytes == "oh\n");
  CHECK(exchange->exit->code == 3);
  CHECK(exchange->exit->user_us == 5);
  CHECK(exchange->load->workers == 8);
  CHECK(
      steps_of(*exchange) ==
      "head_parsed body_complete gateway_wait route environment pipes spawned wrote closed read script_head "
      "read error_line reaping exited head_sent sent");
  CHECK(exchange->steps[4].number == 2);
  CHECK(server.recorder.wants_input());
}

TEST_CASE("an exchange is over when its answer is and its script has ended") {
  Server server;
  server.receive(1);
  server.start_script(1);
  server.send(1);
  CHECK_FALSE(server.recorder.find(1)->over);
  CHECK(server.recorder.find(1)->status == 200);
  server.recorder.cgi_failed(1, "/cgi-bin/a.cgi", {ScriptFault::abandoned});
  server.recorder.cgi_signalled(1, 15);
  CHECK_FALSE(server.recorder.find(1)->over);
  server.recorder.cgi_exited(1, "/cgi-bin/a.cgi", {.by_signal = true, .code = 15});
  const ExchangePtr exchange = server.recorder.find(1);
  CHECK(exchange->over);
  CHECK(exchange->failure->fault == ScriptFault::abandoned);
  CHECK(exchange->steps.back().number == -15);
}

TEST_CASE("Recorder remembers a request that was refused before its head was complete") {
  Server server;
  server.recorder.rejected(3, bad_request("no HTTP"), "GET /x y HTTP/1.1", server.endpoints);
  server.recorder.head_sent(3, refuse(bad_request("no HTTP")), "HTTP/1.1 400 Bad Request\r\n\r\n");
  server.recorder.response_sent(3, Request(), server.endpoints, {.status = 400, .complete = true});
  const ExchangePtr exchange = server.recorder.find(3);
  REQUIRE(exchange);
  CHECK(exchange->over);
  CHECK(exchange->request_head.empty());
  CHECK(exchange->request_line == "GET /x y HTTP/1.1");
  CHECK(exchange->method == "GET");
  CHECK(exchange->target == "/x y");
  CHECK(exchange->rejection == "no HTTP");
  CHECK(exchange->status == 400);
  CHECK(exchange->remote_address == "127.0.0.1");
  CHECK(steps_of(*exchange) == "rejected head_sent sent");

  server.recorder.rejected(4, request_timeout("slow"), "", server.endpoints);
  CHECK(server.recorder.find(4)->target.empty());
}

TEST_CASE(
    "after a local redirect the second script takes the place of the first") {  // RFC 3875 section 6.2.2
  Server server;
  server.receive(1);
  server.start_script(1, "/cgi-bin/first.cgi");
  server.recorder.cgi_read(1, Stream::standard_output, "Location: /cgi-bin/second.cgi\n\n");
  server.recorder.cgi_head(1, {});
  server.recorder.cgi_failed(1, "/cgi-bin/first.cgi", {ScriptFault::silent});
  server.end_script(1);
  server.environment = {"SCRIPT_NAME=/cgi-bin/second.cgi"};
  server.start_script(1, "/cgi-bin/second.cgi");

  const ExchangePtr exchange = server.recorder.find(1);
  CHECK(exchange->script == "/cgi-bin/second.cgi");
  CHECK(exchange->environment == server.environment);
  CHECK(exchange->streams[1].total == 0);
  CHECK(exchange->script_head_bytes == 0);
  CHECK_FALSE(exchange->exit);
  CHECK_FALSE(exchange->failure);
  std::string said;
  for (const RecordedStep& step : exchange->steps)
    if (step.step == Step::environment) said += "[" + step.text + "]";
  CHECK(said == "[][local redirect: another script, its streams begin anew]");
}

TEST_CASE("Recorder remembers the conversation with a FastCGI application") {
  Server server;
  server.receive(1);
  server.recorder.route_chosen(1, "forward_to_fastcgi", "it ends in .php");
  server.recorder.cgi_environment(1, "/a.php", server.environment, {});
  server.recorder.fastcgi_connected(1, "127.0.0.1:9000", true);
  server.recorder.cgi_wrote(1, "body");
  server.recorder.fastcgi_connected(1, "127.0.0.1:9001", false);
  server.recorder.fastcgi_sent(1, 1, 8);
  server.recorder.cgi_wrote(1, "body");
  server.recorder.fastcgi_received(1, 6, 1, 5);
  server.send(1);
  CHECK_FALSE(server.recorder.find(1)->over);
  server.recorder.fastcgi_ended(1, "/a.php", 4);
  const ExchangePtr exchange = server.recorder.find(1);
  CHECK(exchange->over);
  CHECK(exchange->backend == "127.0.0.1:9001");
  CHECK(exchange->streams[0].bytes == "body");  // the second backend was given it again
  CHECK(*exchange->fastcgi_status == 4);
  CHECK(exchange->load);
  CHECK(server.times_asked == 1);
}

TEST_CASE("an exchange whose backend failed is over with its answer") {
  Server server;
  server.receive(1);
  server.recorder.cgi_environment(1, "/a.php", server.environment, {});
  server.recorder.fastcgi_connected(1, "127.0.0.1:9000", false);
  server.recorder.cgi_failed(1, "/a.php", {ScriptFault::backend_closed});
  server.send(1);
  CHECK(server.recorder.find(1)->over);
}

TEST_CASE("a page's pictures do not push its script out") {
  Server server({.keep = 4});
  server.receive(1);
  server.start_script(1);
  server.end_script(1);
  server.send(1);
  for (RequestId id = 2; id <= 50; ++id) server.serve_file(id);
  CHECK(server.recorder.find(1));
  CHECK_FALSE(server.recorder.find(46));
  CHECK(server.recorder.find(47));
  CHECK(server.recorder.newer_than(0).size() == 5);
  CHECK(server.recorder.recorded() == 50);
}

TEST_CASE("a list has those in hand without what only one who asks for them sees") {
  Server server;
  server.receive(1);
  server.start_script(1);
  server.recorder.cgi_read(1, Stream::standard_output, "hello");
  server.serve_file(2);
  const auto list = server.recorder.newer_than(0);
  REQUIRE(list.size() == 2);
  CHECK(list[0]->target == "/a.html?b=1");
  CHECK(list[0]->handler == "execute_cgi");
  CHECK(list[0]->steps.empty());
  CHECK(list[0]->streams[1].bytes.empty());
  CHECK(list[0]->environment.empty());
  CHECK(list[1]->steps.size() > 2);
  const ExchangePtr copy = server.recorder.find(1);
  CHECK(copy->streams[1].bytes == "hello");
  server.recorder.cgi_read(1, Stream::standard_output, " again");
  CHECK(copy->streams[1].bytes == "hello");
}

TEST_CASE("what is shown of a request in hand has its secrets covered, as it has them when it is over") {
  Server server;
  server.request.target = "/cgi-bin/a.cgi?sid=cookiesecret123&password=hunter2secret&x=fromtheenv";
  server.request.query = server.request.target.substr(15);
  constexpr std::string_view kCovered = "/cgi-bin/a.cgi?sid=***************&password=*************&x=";
  server.environment.push_back("DB_PASSWORD=fromtheenv");
  server.recorder.worker_began(0, Clock::now());
  server.recorder.request_received(
      1, server.request, server.endpoints,
      {.head = "GET / HTTP/1.1\r\nCookie: sid=cookiesecret123\r\n\r\n", .handler = "execute_cgi"});
  const auto shown = [&server] {
    const std::string target = server.recorder.newer_than(0)[0]->target;
    CHECK(server.recorder.find_summary(1)->target == target);
    const auto worker = server.recorder.workers()[0];
    if (worker.exchange == 1) CHECK(worker.what == target);
    return target;
  };
  CHECK(shown() == std::string(kCovered) + "fromtheenv");
  server.start_script(1);
  CHECK(shown() == std::string(kCovered) + "**********");
  // By the id and when it is over it is all there, and covered by those who show it.
  CHECK(server.recorder.find(1)->target == server.request.target);
  server.end_script(1);
  server.send(1);
  CHECK(server.recorder.find_summary(1)->target == server.request.target);
  CHECK(server.recorder.find_summary(1) == server.recorder.find(1));
  CHECK_FALSE(server.recorder.find_summary(2));
}

TEST_CASE("Recorder knows the query of a line that is no request's, for it may hold secrets") {
  Server server;
  server.recorder.rejected(3, bad_request("a byte"), "GET /x?token=t0ps3cret\x01 HTTP/1.1", server.endpoints);
  CHECK(server.recorder.find(3)->query == "token=t0ps3cret\x01");
  CHECK(server.recorder.newer_than(0)[0]->target.find("t0ps3cret") == std::string::npos);
  server.recorder.rejected(4, bad_request("a byte"), "?", server.endpoints);
  CHECK(server.recorder.find(4)->query.empty());
}

TEST_CASE("an exchange that is held says where") {
  Server server;
  server.receive(1);
  server.recorder.note_held(1, "before_fork");
  CHECK(server.recorder.newer_than(0)[0]->held == "before_fork");
  server.recorder.note_released(1);
  const ExchangePtr exchange = server.recorder.find(1);
  CHECK(exchange->held.empty());
  CHECK(steps_of(*exchange) == "head_parsed held released");
  CHECK(exchange->steps[1].text == "before_fork");
}

TEST_CASE("a live view hears of what begins, is held, is released, is over or turns out to be a replay") {
  Server server;
  std::uint64_t seen = 0;
  const auto changed = [&] {
    const auto changes = server.recorder.wait_for_changes(seen, Clock::now());
    seen = changes.revision;
    return changes.ids;
  };
  server.receive(1);
  CHECK(changed() == std::vector<RequestId>{1});
  server.recorder.route_chosen(1, "serve_file", "");
  CHECK(changed().empty());
  server.recorder.note_held(1, "before_pipes");
  server.serve_file(2);
  CHECK(changed() == std::vector<RequestId>{1, 2});
  server.recorder.note_released(1);
  CHECK(changed() == std::vector<RequestId>{1});
  server.send(1);
  CHECK(changed() == std::vector<RequestId>{1});
  server.recorder.note_replay(1, 2);
  CHECK(changed() == std::vector<RequestId>{2});
  CHECK(server.recorder.find(2)->replay_of == 1);
  CHECK(changed().empty());
  CHECK(server.recorder.revision() == seen);
}

TEST_CASE("a live view that looks too seldom is told that it missed something") {
  Server server({.keep = 2});
  for (RequestId id = 1; id <= 16 * ChangeJournal::kRemembered; ++id) server.serve_file(id);
  const auto changes = server.recorder.wait_for_changes(1, Clock::now());
  CHECK(changes.missed);
  CHECK(changes.revision == server.recorder.revision());
}

TEST_CASE("nobody waits for changes once the recorder is stopped") {
  Server server;
  std::thread waiting([&] { server.recorder.wait_for_changes(0, TimePoint::max()); });
  server.recorder.stop();
  waiting.join();
  CHECK(server.recorder.wait_for_changes(0, TimePoint::max()).ids.empty());
}

TEST_CASE("Recorder shows what each worker does") {
  Server server;
  server.recorder.worker_began(1, Clock::now());
  server.receive(5);
  auto workers = server.recorder.workers();
  REQUIRE(workers.size() == 2);
  CHECK_FALSE(workers[0].busy);
  CHECK(workers[1].busy);
  CHECK(workers[1].exchange == 5);
  CHECK(workers[1].what == "/a.html?b=1");
  server.send(5);
  CHECK(server.recorder.workers()[1].exchange == 0);  // it may look for the next request
  server.recorder.worker_done(1);
  CHECK_FALSE(server.recorder.workers()[1].busy);
}

TEST_CASE("Recorder asks for no memory once it has seen enough") {
  Server server({.keep = 20});
  RequestId id = 0;
  while (id < 5000) server.serve_file(++id);
  const std::uint64_t before = allocations_of_this_thread();
  while (id < 6000) server.serve_file(++id);
  CHECK(allocations_of_this_thread() == before);
}

TEST_CASE("Recorder's memory is that of the streams it keeps, and little more") {
  const RecorderLimits limits{.keep = 10, .stream_bytes = 4096};
  Server server(limits);
  const std::string piece(64 * 1024, 'x');
  for (RequestId id = 1; id <= 2000; id += 2) {
    server.receive(id);
    server.start_script(id);
    for (int i = 0; i < 16; ++i) {
      server.recorder.cgi_wrote(id, piece);
      server.recorder.cgi_read(id, Stream::standard_output, piece);
      server.recorder.cgi_read(id, Stream::standard_error, piece);
    }
    server.end_script(id);
    server.send(id);
    server.serve_file(id + 1);
  }
  const std::size_t streams = limits.keep * 3 * limits.stream_bytes;
  CHECK(server.recorder.bytes() > streams);
  CHECK(server.recorder.bytes() < streams + 600 * 1024);
  CHECK(server.recorder.find(1999)->streams[1].total == 16 * piece.size());
}

TEST_CASE("workers write and others read at once") {
  Server server({.keep = 20, .stream_bytes = 256});
  std::atomic<RequestId> last = 0;
  std::atomic<int> at_work = 4;
  const auto work = [&](std::size_t worker) {
    for (int i = 0; i < 500; ++i) {
      const RequestId id = ++last;
      server.recorder.worker_began(worker, Clock::now());
      if (i % 3 != 0) {
        server.serve_file(id);
      } else {
        server.receive(id);
        server.start_script(id);
        server.recorder.cgi_read(id, Stream::standard_output, "Content-Type: text/plain\n\nhello");
        server.end_script(id);
        server.send(id);
      }
      server.recorder.worker_done(worker);
    }
    --at_work;
  };
  std::vector<std::thread> workers;
  for (std::size_t worker = 0; worker < 4; ++worker) workers.emplace_back(work, worker);
  std::uint64_t seen = 0;
  std::size_t torn = 0;
  while (at_work > 0) {
    const auto changes = server.recorder.wait_for_changes(seen, Clock::now() + 1ms);
    seen = changes.revision;
    for (const RequestId id : changes.ids) {
      const ExchangePtr exchange = server.recorder.find(id);
      if (exchange && (exchange->id != id || exchange->path != "/a.html")) ++torn;
    }
    for (const ExchangePtr& exchange : server.recorder.newer_than(0))
      if (exchange->target != "/a.html?b=1" || (exchange->over && exchange->sent_head != kAnswerHead)) ++torn;
    for (const auto& worker : server.recorder.workers())
      if (!worker.what.empty() && worker.what != "/a.html?b=1") ++torn;
    server.recorder.note_replay(1, last);
  }
  for (std::thread& worker : workers) worker.join();
  CHECK(torn == 0);
  CHECK(server.recorder.recorded() == 2000);
  CHECK(server.recorder.newer_than(0).size() == 40);
}

TEST_CASE(
    "Recorder writes down so many requests of a second that no script answers, and every one of a script") {
  Server server({.others_a_second = 3});
  const TimePoint second(60s);
  for (RequestId id = 1; id <= 10; ++id) server.serve_file(id, second + 1ms * id);
  server.receive(11, "execute_cgi", second + 20ms);
  server.start_script(11);
  server.end_script(11);
  server.send(11);
  CHECK(server.recorder.find(3));
  CHECK_FALSE(server.recorder.find(4));
  CHECK(server.recorder.find(11));
  CHECK(server.recorder.recorded() == 4);
  CHECK(server.recorder.not_recorded() == 7);

  server.serve_file(12, second + 1s);
  CHECK(server.recorder.find(12));
}

TEST_CASE("Recorder counts a request that a worker passes by") {
  Server server({.others_a_second = 0});
  server.recorder.worker_began(3, Clock::now());
  server.serve_file(1);
  server.recorder.worker_done(3);
  CHECK(server.recorder.not_recorded() == 1);
  CHECK(server.recorder.newer_than(0).empty());
}

TEST_CASE("Recorder keeps a request whose client left before it was complete") {
  Server server;
  server.receive(1);
  server.recorder.request_lost(1);
  const ExchangePtr exchange = server.recorder.find(1);
  REQUIRE(exchange);
  CHECK(exchange->over);
  CHECK_FALSE(exchange->complete);
}
