// --max-connections-per-client: nobody takes all connections for himself.

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/server_under_test.hpp"

namespace {

const std::string kGetA = "GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n";

ServerUnderTest::Adjust at_most(std::size_t connections) {
  return [connections](tinyhttpd::Config& config) { config.limits.max_connections_per_client = connections; };
}

/// A connection to the server from another of this machine's addresses.
tinyhttpd::UniqueFd connect_from(const char* address, std::uint16_t port) {
  tinyhttpd::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in here{};
  here.sin_family = AF_INET;
  REQUIRE(::inet_pton(AF_INET, address, &here.sin_addr) == 1);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0);
  sockaddr_in there = here;
  there.sin_port = htons(port);
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0);
  return fd;
}

/// A connection that has had an answer, and is kept.
std::optional<Client> served(std::uint16_t port) {
  std::optional<Client> client(std::in_place, port);
  REQUIRE(client->send(kGetA));
  REQUIRE(client->read().status == 200);
  return client;
}

}  // namespace

TEST_CASE("Past its connections a client gets 503 and the end, also while they are idle") {
  ServerUnderTest server(at_most(2));
  server.file("/a.txt", "a");
  const auto first = served(server.port());
  const auto second = served(server.port());
  Client third(server.port());
  const Answer answer = third.read();
  CHECK(answer.status == 503);
  CHECK(answer.count("retry-after") == 1);
  CHECK(third.read_all().empty());
}

TEST_CASE("A connection that has said nothing yet counts, too") {
  ServerUnderTest server(at_most(1));
  server.file("/a.txt", "a");
  const Client silent(server.port());
  Client next(server.port());  // accepted after it: connections are taken in order
  CHECK(next.read().status == 503);
}

TEST_CASE("When one of a client's connections has ended, the next is served") {
  ServerUnderTest server(at_most(1));
  server.file("/a.txt", "a");
  auto first = served(server.port());
  REQUIRE(first->send("GET /a.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"));
  REQUIRE(first->read_all().find("200 OK") != std::string::npos);
  first.reset();
  // The server notices the end when it does; until then it says 503.
  Answer answer;
  for (int tries = 0; tries < 2000 && answer.status != 200; ++tries) {
    Client next(server.port());
    if (next.send(kGetA)) answer = next.read();
  }
  CHECK(answer.status == 200);
}

TEST_CASE("What one client has does not count for another") {
  ServerUnderTest server(at_most(1));
  server.file("/a.txt", "a");
  const auto first = served(server.port());
  Client other(connect_from("127.0.0.2", server.port()));
  REQUIRE(other.send(kGetA));
  CHECK(other.read().status == 200);
  CHECK(Client(server.port()).read().status == 503);
}

TEST_CASE("A client that is turned away is not served later for having stayed") {
  ServerUnderTest server(at_most(1));
  server.file("/a.txt", "a");
  const auto first = served(server.port());
  Client refused(server.port());
  CHECK(refused.read().status == 503);
  (void)refused.send(kGetA);
  CHECK(refused.read_all().empty());
}

TEST_CASE("Without the limit one client has as many connections as it likes") {
  ServerUnderTest server;
  server.file("/a.txt", "a");
  std::vector<std::optional<Client>> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(served(server.port()));
  CHECK(clients.size() == 50);
}

TEST_CASE("A client that is refused again and again takes no place from others") {
  ServerUnderTest server([](tinyhttpd::Config& config) {
    config.limits.max_connections_per_client = 1;
    config.max_connections = 4;
  });
  server.file("/a.txt", "a");
  const auto first = served(server.port());
  std::vector<Client> refused;  // each is left open, and may still be reading its 503
  for (int i = 0; i < 30; ++i) {
    refused.emplace_back(server.port());
    REQUIRE(refused.back().read().status == 503);
  }
  Client other(connect_from("127.0.0.2", server.port()));
  REQUIRE(other.send(kGetA));
  CHECK(other.read().status == 200);
}
