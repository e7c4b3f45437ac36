#include "tinyhttpd/recording.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace tinyhttpd;

namespace {

constexpr TimePoint kNow{std::chrono::seconds(1000)};

Recording recording_with(const RecorderLimits& limits) {
  auto exchange = std::make_shared<RecordedExchange>();
  exchange->began = kNow;
  Recording recording(exchange, 7, limits);
  recording.set_now(kNow + std::chrono::microseconds(12));
  return recording;
}

}  // namespace

TEST_CASE("a step is told in microseconds since the request began, and may lie before it") {
  const RecorderLimits limits;
  Recording recording = recording_with(limits);
  recording.add(Step::head_parsed, {.bytes = 18});
  recording.add_at(kNow - std::chrono::milliseconds(2), Step::accepted);
  const auto& steps = recording.exchange().steps;
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].at == 12);
  CHECK(steps[0].bytes == 18);
  CHECK(steps[1].at == -2000);
}

TEST_CASE("steps past the limit are counted, and those that end an exchange are kept") {
  const RecorderLimits limits{.steps = 3};
  Recording recording = recording_with(limits);
  for (int i = 0; i < 5; ++i) recording.add(Step::read, {.stream = 1});
  for (const Step step :
       {Step::failed, Step::signalled, Step::reaping, Step::exited, Step::head_sent, Step::sent})
    recording.add(step);
  const RecordedExchange& exchange = recording.exchange();
  REQUIRE(exchange.steps.size() == 8);
  CHECK(exchange.steps_left_out == 3);
  CHECK(exchange.steps[3].step == Step::failed);
  CHECK(exchange.steps[4].step == Step::reaping);
  CHECK(exchange.steps.back().step == Step::sent);
}

TEST_CASE("the texts of all steps together stay small") {
  const RecorderLimits limits{.steps = 1000};
  Recording recording = recording_with(limits);
  const std::string line(10000, 'e');
  for (int i = 0; i < 1000; ++i) recording.add(Step::error_line, {.text = line});
  std::size_t bytes = 0;
  for (const RecordedStep& step : recording.exchange().steps) bytes += step.text.size();
  CHECK(recording.exchange().steps.front().text.size() == 2048);
  CHECK(bytes == 32 * 1024);
}

TEST_CASE("a stream keeps its first bytes in no more memory than that, and counts the rest") {
  const RecorderLimits limits{.stream_bytes = 100};
  Recording recording = recording_with(limits);
  recording.add_bytes(1, std::string(60, 'a'));
  recording.add_bytes(1, std::string(60, 'b'));
  recording.add_bytes(1, std::string(60, 'c'));
  const RecordedStream& stream = recording.exchange().streams[1];
  CHECK(stream.bytes == std::string(60, 'a') + std::string(40, 'b'));
  CHECK(stream.bytes.capacity() == 100);
  CHECK(stream.total == 180);
  CHECK(recording.exchange().steps[2].offset == 120);
  CHECK(recording.exchange().steps[2].bytes == 60);
}

TEST_CASE("a cleared exchange has nothing left of the one before") {
  auto used = std::make_shared<RecordedExchange>();
  used->id = 9, used->began = kNow, used->began_unix = 5, used->over = true;
  used->remote_address = used->server_address = "::1";
  used->remote_port = used->server_port = 80;
  used->worker = 3;
  used->request_head = used->request_line = used->method = used->target = used->path = used->query = "x";
  used->minor_version = 0;
  used->handler = used->why = used->rejection = used->script = used->backend = used->sent_head = used->held =
      "x";
  used->environment = used->arguments = {"A=1"};
  used->descriptors = ScriptDescriptors{};
  used->pid = 4;
  for (RecordedStream& stream : used->streams) stream = {.bytes = "x", .total = 1, .closed = true};
  used->script_head_bytes = 8;
  used->exit = RecordedExit{};
  used->fastcgi_status = 1;
  used->failure = ScriptFailure{ScriptFault::silent};
  used->load = RecordedLoad{};
  used->status = 200, used->body_bytes = 7, used->complete = true, used->duration = 8;
  used->steps = {{Step::sent}};
  used->steps_left_out = 2, used->replay_of = 3;
  clear(*used);

  // A member that is added needs a line here, and one in clear().
  const auto& [id, began, began_unix, over, remote, server, remote_port, server_port, worker, head, line,
               method, target, path, query, minor, handler, why, rejection, script, environment, arguments,
               descriptors, pid, backend, streams, script_head_bytes, exit, fastcgi_status, failure, load,
               sent_head, status, body_bytes, complete, duration, steps, left_out, replay_of, held] = *used;
  CHECK(id + static_cast<RequestId>(began_unix) + left_out + replay_of + body_bytes + script_head_bytes == 0);
  CHECK(began == TimePoint());
  CHECK((!over && !complete));
  CHECK(remote + server + head + line + method + target + path + query + handler + why + rejection + script +
            backend + sent_head + held ==
        "");
  CHECK(remote_port + server_port + pid + status + duration == 0);
  CHECK(worker == -1);
  CHECK(minor == 1);
  CHECK((environment.empty() && arguments.empty() && steps.empty()));
  CHECK((!descriptors && !exit && !fastcgi_status && !failure && !load));
  for (const RecordedStream& stream : streams)
    CHECK((stream.bytes.empty() && stream.total == 0 && !stream.closed));
}

TEST_CASE("a summary is made of a bounded copy, whatever was kept of the streams") {
  RecordedExchange exchange;
  exchange.target = "/reset/treasure42/t0ps3cret";
  exchange.failure = ScriptFailure{ScriptFault::no_blank_line, 0, "treasure42"};
  exchange.environment = {"A=1"};
  exchange.request_head = "GET / HTTP/1.1\r\n\r\n";
  exchange.streams[0].bytes = "password=treasure42&more=" + std::string(1'000'000, 'x');
  exchange.streams[1].bytes = "X-Token: t0ps3cret\n\n" + std::string(1'000'000, 'x');
  exchange.streams[2].bytes = std::string(1'000'000, 'x');
  const RecordedExchange copy = copy_for_summary(exchange);
  CHECK(bytes_of(copy) < 200'000);
  const RecordedExchange summary = covered_summary(copy);
  CHECK(summary.target == "/reset/**********/*********");
  CHECK(summary.failure->fault == ScriptFault::no_blank_line);
  CHECK(summary.failure->detail.empty());
  CHECK((summary.request_head.empty() && summary.environment.empty() && summary.query.empty()));
  for (const RecordedStream& stream : summary.streams) CHECK(stream.bytes.empty());
}

TEST_CASE("an exchange with streams in it is not small") {
  RecordedExchange exchange;
  CHECK(is_small(exchange));
  exchange.streams[1].bytes.reserve(64 * 1024);
  CHECK_FALSE(is_small(exchange));
  CHECK(bytes_of(exchange) > 64 * 1024);
}

TEST_CASE("every step has a name of its own") {
  CHECK(name_of(Step::accepted) == "accepted");
  CHECK(name_of(Step::head_parsed) == "head_parsed");
  CHECK(name_of(Step::fastcgi_ended) == "fastcgi_ended");
  CHECK(name_of(Step::released) == "released");
  for (int a = 0; a <= static_cast<int>(Step::released); ++a)
    for (int b = 0; b < a; ++b) CHECK(name_of(static_cast<Step>(a)) != name_of(static_cast<Step>(b)));
}
