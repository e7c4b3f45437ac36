// A server whose requests an application answers, in place of files and scripts.

#include "tinyhttpd/application.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "support/client.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/command_line.hpp"
#include "tinyhttpd/server.hpp"

using namespace tinyhttpd;

namespace {

/// Counts to three, a piece a pull.
class Counting : public BodySource {
 public:
  Piece pull() override {
    if (next_ == '4') return {Pulled::end};
    piece_ = std::string(1, next_++);
    return {Pulled::data, piece_};
  }
  bool is_finished() const override { return true; }
  void finish() override {}

 private:
  char next_ = '1';
  std::string piece_;
};

/// Says what it was asked.
class Echo : public Application {
 public:
  Result<Response> answer(const Request& request, const Spool& body) override {
    if (request.path == "/refuse") return not_found("the application knows no such thing");
    if (request.path == "/throw") throw std::runtime_error("on purpose");
    Response response;
    response.add("Content-Type", "text/plain");
    if (request.path == "/count") {
      response.body = std::make_unique<Counting>();
    } else {
      response.body =
          std::string(request.method_name) + " " + request.path + " " + std::to_string(body.size());
    }
    return response;
  }
};

struct Applied {
  Applied() {
    folder.write("/a.txt", "a file", 0644);
    Config config;
    config.port = 0;
    config.bind = {"127.0.0.1"};
    config.root = folder.path();
    config.threads = 2;
    complete(config);
    server = std::make_unique<Server>(config, trace, Handover{}, &echo);
    server->start();
  }
  TemporaryFolder folder;
  Trace trace;
  Echo echo;
  std::unique_ptr<Server> server;
};

}  // namespace

TEST_CASE("an application answers every path and method, and no file is served") {
  Applied applied;
  CHECK(get(applied.server->port(), "/a.txt").body == "GET /a.txt 0");
  CHECK(get(applied.server->port(), "/a.txt").body == "GET /a.txt 0");  // not from a cache either
  CHECK(ask(applied.server->port(),
            "DELETE /.hidden HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
            .body == "DELETE /.hidden 3");
}

TEST_CASE("an application's answer may be pulled, and the connection goes on after it") {
  Applied applied;
  Client client(applied.server->port());
  const std::string request = "GET /count HTTP/1.1\r\nHost: test\r\n\r\n";
  for (int i = 0; i < 2; ++i) {
    REQUIRE(client.send(request));
    const Answer answer = client.read();
    CHECK(answer.field("transfer-encoding") == "chunked");
    CHECK(answer.body == "123");
  }
}

TEST_CASE("what an application refuses or throws is answered, and the next request is served") {
  Applied applied;
  CHECK(get(applied.server->port(), "/refuse").status == 404);
  CHECK(get(applied.server->port(), "/throw").status == 500);
  CHECK(get(applied.server->port(), "/then").body == "GET /then 0");
}
