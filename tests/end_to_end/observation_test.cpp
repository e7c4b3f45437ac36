// What a listener is told of an exchange, and in which order.

#include <doctest/doctest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/command_line.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/server.hpp"

using namespace tinyhttpd;

namespace {

/// Writes down the names of the hooks that are told of while an exchange goes on, and what they carried.
class Listener : public Trace {
 public:
  void worker_began(std::size_t worker, TimePoint) override {
    note("worker_began", worker < 8 ? "" : "no such worker");
  }
  void worker_done(std::size_t) override { note("worker_done"); }
  void request_received(RequestId, const Request&, const Endpoints&, const Arrival& came) override {
    {
      const std::lock_guard lock(mutex_);
      arrivals_.push_back(came);
      heads_.emplace_back(came.head);
    }
    note("request_received");
  }
  void body_received(RequestId, std::uint64_t bytes) override {
    note("body_received", std::to_string(bytes));
  }
  void route_chosen(RequestId, std::string_view handler, std::string_view) override {
    note("route_chosen", std::string(handler));
  }
  void cgi_environment(RequestId, std::string_view, std::span<const std::string>,
                       std::span<const std::string>) override {
    note("cgi_environment");
  }
  void cgi_pipes(RequestId, const ScriptDescriptors& descriptors) override {
    const std::lock_guard lock(mutex_);
    descriptors_ = descriptors;
    steps_.emplace_back("cgi_pipes");
  }
  void cgi_spawned(RequestId, int) override { note("cgi_spawned"); }
  void cgi_reaping(RequestId) override { note("cgi_reaping"); }
  void cgi_exited(RequestId, std::string_view, const ExitReport&) override { note("cgi_exited"); }
  void rejected(RequestId, const Rejection&, std::string_view, const Endpoints&) override {
    note("rejected");
  }
  void request_lost(RequestId) override { note("request_lost"); }
  void response_sent(RequestId, const Request&, const Endpoints&, const AnswerSummary& summary) override {
    note("response_sent", std::string(summary.handler));
  }

  /// Waits until a hook was told of for the `count`th time.
  void wait_for(const std::string& step, std::ptrdiff_t count = 1) {
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_for(lock, std::chrono::seconds(20), [&] {
      return std::count(steps_.begin(), steps_.end(), step) >= count;
    });
    REQUIRE(came);
  }
  std::vector<std::string> steps() {
    const std::lock_guard lock(mutex_);
    return steps_;
  }
  std::vector<Arrival> arrivals() {
    const std::lock_guard lock(mutex_);
    return arrivals_;
  }
  std::vector<std::string> heads() {
    const std::lock_guard lock(mutex_);
    return heads_;
  }
  ScriptDescriptors descriptors() {
    const std::lock_guard lock(mutex_);
    return descriptors_;
  }

 private:
  void note(std::string name, const std::string& detail = {}) {
    const std::lock_guard lock(mutex_);
    if (!detail.empty()) name += ": " + detail;
    steps_.push_back(std::move(name));
    changed_.notify_all();
  }

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::vector<std::string> steps_, heads_;
  std::vector<Arrival> arrivals_;
  ScriptDescriptors descriptors_;
};

/// A server that tells it.
struct Observed {
  Observed() {
    folder.write("/cgi-bin/hello.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; cat\n", 0755);
    folder.write("/a.txt", "a", 0644);
    Config config;
    config.port = 0;
    config.bind = {"127.0.0.1"};
    config.root = folder.path();
    config.threads = 8;
    complete(config);
    server = std::make_unique<Server>(config, listener);
    server->start();
  }

  TemporaryFolder folder;
  Listener listener;
  std::unique_ptr<Server> server;
};

const std::string kPost =
    "POST /cgi-bin/hello.cgi HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

}  // namespace

TEST_CASE("a listener is told of a script's life step by step") {
  Observed observed;
  REQUIRE(ask(observed.server->port(), kPost).body == "hello");
  observed.listener.wait_for("worker_done");
  std::vector<std::string> steps = observed.listener.steps();
  // A worker may have looked at the connection before anything had come.
  steps.erase(steps.begin(), std::find(steps.begin(), steps.end(), "request_received"));
  const std::vector<std::string> expected = {"request_received",
                                             "route_chosen: execute_cgi",
                                             "body_received: 5",
                                             "cgi_environment",
                                             "cgi_pipes",
                                             "cgi_spawned",
                                             "cgi_reaping",
                                             "cgi_exited",
                                             "response_sent: execute_cgi"};
  REQUIRE(steps.size() > expected.size());
  CHECK(std::vector<std::string>(steps.begin(), steps.begin() + 9) == expected);
  CHECK(std::find(steps.begin(), steps.end(), "worker_began: no such worker") == steps.end());
}

TEST_CASE("a listener is told of the descriptors of the three pipes") {
  Observed observed;
  REQUIRE(ask(observed.server->port(), kPost).status == 200);
  const ScriptDescriptors pipes = observed.listener.descriptors();
  std::vector<int> all = {pipes.input_read,   pipes.input_write, pipes.output_read,
                          pipes.output_write, pipes.error_read,  pipes.error_write};
  std::sort(all.begin(), all.end());
  CHECK(all.front() > 2);
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
  REQUIRE(ask(observed.server->port(),
              "GET /cgi-bin/hello.cgi HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
              .status == 200);
  CHECK(observed.listener.descriptors().input_write == -1);  // /dev/null has no end of ours
}

TEST_CASE("a request's times are in order, and one that came with another was not queued for itself") {
  Observed observed;
  Client client(observed.server->port());
  const std::string get = "GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n";
  REQUIRE(client.send(get + get));
  REQUIRE(client.read().body == "a");
  REQUIRE(client.read().body == "a");
  const auto arrivals = observed.listener.arrivals();
  REQUIRE(arrivals.size() == 2);
  CHECK(arrivals[0].accepted <= arrivals[0].queued);
  CHECK(arrivals[0].queued <= arrivals[0].taken);
  CHECK(arrivals[0].taken <= arrivals[0].first_byte);
  CHECK(arrivals[1].accepted == arrivals[0].accepted);
  CHECK(arrivals[1].queued == TimePoint());
  CHECK(arrivals[1].taken == TimePoint());
  CHECK(arrivals[1].first_byte > arrivals[0].first_byte);
  CHECK(observed.listener.heads() == std::vector<std::string>{get, get});
}

TEST_CASE("a listener is told of a client that leaves before its request is complete") {
  Observed observed;
  {
    Client client(observed.server->port());
    REQUIRE(client.send("POST /cgi-bin/hello.cgi HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhel"));
    observed.listener.wait_for("request_received");
    client.reset();
  }
  observed.listener.wait_for("request_lost");
  const auto steps = observed.listener.steps();
  CHECK(std::count(steps.begin(), steps.end(), "body_received: 5") == 0);
}

TEST_CASE("a request that is refused is told of once, before the reason") {
  Observed observed;
  CHECK(get(observed.server->port(), "/no-such-file").status == 404);
  CHECK(ask(observed.server->port(), "GET / HTTP/1.1\r\n\r\n").status == 400);
  observed.listener.wait_for("rejected", 2);
  const auto steps = observed.listener.steps();
  // The second could not be understood.
  CHECK(std::count(steps.begin(), steps.end(), "request_received") == 1);
  CHECK(std::find(steps.begin(), steps.end(), "request_received") <
        std::find(steps.begin(), steps.end(), "rejected"));
}

TEST_CASE("every worker that began is done in the end") {
  Observed observed;
  for (int i = 0; i < 20; ++i) REQUIRE(get(observed.server->port(), "/a.txt").status == 200);
  observed.server.reset();
  const auto steps = observed.listener.steps();
  CHECK(std::count(steps.begin(), steps.end(), "worker_began") ==
        std::count(steps.begin(), steps.end(), "worker_done"));
}

TEST_CASE("the figures of a server tell what it is busy with") {
  Observed observed;
  const ServerFigures quiet = observed.server->figures();
  CHECK(quiet.workers == 8);
  CHECK(quiet.gateways.places == 6);
  CHECK(quiet.gateways.running == 0);
  CHECK(quiet.connections == 0);

  Client idle(observed.server->port());
  REQUIRE(idle.send("GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n"));
  REQUIRE(idle.read().status == 200);
  Client uploading(observed.server->port());
  REQUIRE(uploading.send("POST /cgi-bin/hello.cgi HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhe"));
  observed.listener.wait_for("request_received", 2);
  // What a worker has done it has told before it parks the connection.
  ParkedFigures parked = observed.server->parked();
  while (parked.idle + parked.reading_body < 2) parked = observed.server->parked();
  CHECK(observed.server->figures().connections == 2);
  CHECK(parked.idle == 1);
  CHECK(parked.reading_body == 1);
}
