// What a worker does with one connection, without a server around it.

#include "tinyhttpd/accept_request.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/allocation_count.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/access_log.hpp"
#include "tinyhttpd/server_log.hpp"
#include "tinyhttpd/tee.hpp"

using namespace tinyhttpd;

namespace {

/// Holds the one connection while it waits for its client.
class Shelf : public Parking {
 public:
  ConnectionPtr park(ConnectionPtr connection, Progress) override {
    held = std::move(connection);
    return nullptr;
  }
  void look_for_work() override {}
  Turn turn() const override { return 0; }

  ConnectionPtr held;
};

Config config_for(const std::string& root) {
  Config config;
  config.root = root;
  return config;
}

/// A worker and its client in one thread. `access_log`: as the option says it.
class Conversation {
 public:
  Conversation(const std::string& root, const std::string& access_log, LogFormat format = LogFormat::combined)
      : site_(std::make_shared<const Site>(config_for(root), MediaTypes(), nullptr, -1)),
        access_log_(access_log, format, server_log_) {
    trace_.add(server_log_);
    trace_.add(access_log_);
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    client_ = UniqueFd(ends[1]);
    Endpoints endpoints;
    endpoints.remote_address = "127.0.0.1";
    shelf_.held = std::make_unique<Connection>(UniqueFd(ends[0]), endpoints,
                                               Clock::now() + std::chrono::minutes(1), count_);
  }

  /// Sends a request and reads what one receive gives of the answer. Allocates nothing itself.
  std::string_view answer_to(const std::string& request) {
    if (::send(client_.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
      throw std::runtime_error("cannot send");
    accept_request(std::move(shelf_.held), services_);
    const ssize_t size = ::recv(client_.get(), answer_.data(), answer_.size(), MSG_DONTWAIT);
    if (size <= 0 || !shelf_.held) throw std::runtime_error("no answer, or the connection has ended");
    return {answer_.data(), static_cast<std::size_t>(size)};
  }

  /// How often the worker called operator new for this request.
  std::uint64_t cost_of(const std::string& request) {
    const std::uint64_t before = allocations_of_this_thread();
    (void)answer_to(request);
    return allocations_of_this_thread() - before;
  }

 private:
  CurrentSite site_;
  ServerLog server_log_{LogLevel::warning};
  AccessLog access_log_;
  Tee trace_;
  WorkQueue<ConnectionPtr> queue_{16};
  Lanes lanes_{Lane(1, 1), Lane(1, 1)};
  std::atomic<RequestId> last_id_{0};
  std::atomic<bool> draining_{false};
  ConnectionCount count_{0};
  Shelf shelf_;
  UniqueFd client_;
  std::array<char, 128 * 1024> answer_{};
  Services services_{.site = site_,
                     .stop_fd = -1,
                     .queue = queue_,
                     .lanes = lanes_,
                     .parking = shelf_,
                     .trace = trace_,
                     .last_id = last_id_,
                     .draining = draining_};
};

// A file that nobody has just written: only of such a one the cache believes that it has not changed.
constexpr std::string_view kFile = "/README.md";

std::string get(std::string_view fields = {}) {
  return "GET " + std::string(kFile) + " HTTP/1.1\r\nHost: localhost:4000\r\nUser-Agent: a client\r\n" +
         std::string(fields) + "\r\n";
}

/// Until the file is in the cache, and everything that keeps its memory has it.
void warm_up(Conversation& conversation, const std::string& request) {
  const TimePoint give_up = Clock::now() + std::chrono::seconds(10);
  for (int free_ones = 0; free_ones < 3 && Clock::now() < give_up;)
    free_ones = conversation.cost_of(request) == 0 ? free_ones + 1 : 0;
}

/// How many of 500 requests allocated anything, once it is warm. What is formatted once a second (the dates
/// of the answer and of the log) does not count.
int costly_requests(Conversation& conversation, const std::string& request) {
  warm_up(conversation, request);
  const std::time_t begun = std::time(nullptr);
  (void)conversation.answer_to(request);  // the dates of this second
  int costly = 0;
  for (int i = 0; i < 500; ++i) costly += conversation.cost_of(request) > 0 ? 1 : 0;
  const auto dates = 2 * static_cast<int>(std::time(nullptr) - begun);
  return std::max(costly - dates, 0);
}

}  // namespace

TEST_CASE("accept_request answers request after request from one connection") {
  Conversation conversation(TINYHTTPD_SOURCE_DIR, "off");
  for (int i = 0; i < 3; ++i) {
    const std::string_view answer = conversation.answer_to(get());
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\nDate: "));
    CHECK(answer.find("\r\nContent-Length: ") != answer.npos);
  }
  CHECK(conversation.answer_to("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 404 "));
}

TEST_CASE("accept_request allocates nothing for a file that is kept") {
  Conversation conversation(TINYHTTPD_SOURCE_DIR, "off");
  CHECK(costly_requests(conversation, get()) == 0);
}

TEST_CASE("accept_request allocates nothing for a kept file that the client has already") {
  Conversation conversation(TINYHTTPD_SOURCE_DIR, "off");
  const std::string first(conversation.answer_to(get()));
  const std::size_t at = first.find("ETag: ") + 6;
  const std::string request = get("If-None-Match: " + first.substr(at, first.find("\r\n", at) - at) + "\r\n");
  CHECK(conversation.answer_to(request).starts_with("HTTP/1.1 304 "));
  CHECK(costly_requests(conversation, request) == 0);
}

TEST_CASE("accept_request allocates nothing for a kept file that is compressed") {
  Conversation conversation(TINYHTTPD_SOURCE_DIR, "off");
  const std::string request = get("Accept-Encoding: gzip, deflate, br\r\n");
  const std::string_view answer = conversation.answer_to(request);
  CHECK(answer.find("\r\nContent-Encoding: gzip\r\n") != answer.npos);
  CHECK(costly_requests(conversation, request) == 0);
}

TEST_CASE("accept_request allocates nothing for a line of the access log") {
  const TemporaryFolder folder;
  for (const LogFormat format : {LogFormat::combined, LogFormat::json}) {
    Conversation conversation(TINYHTTPD_SOURCE_DIR, folder / "access.log", format);
    CHECK(costly_requests(conversation, get("Referer: http://localhost/\r\n")) == 0);
  }
}

TEST_CASE("accept_request lends the memory of a connection that is parked to the next one") {
  // The second conversation takes up the memory that the first, which is parked, does not need.
  Conversation first(TINYHTTPD_SOURCE_DIR, "off");
  warm_up(first, get());
  Conversation second(TINYHTTPD_SOURCE_DIR, "off");
  warm_up(second, get());
  const std::time_t begun = std::time(nullptr);
  (void)second.answer_to(get());  // the dates of this second
  int costly = 0;
  for (int i = 0; i < 200; ++i) costly += first.cost_of(get()) + second.cost_of(get()) > 0 ? 1 : 0;
  CHECK(costly <= 2 * static_cast<int>(std::time(nullptr) - begun));
}
