// Several ranges of a file at once, as multipart/byteranges (RFC 9110 sections 14.6 and 15.3.7.2).

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "support/client.hpp"
#include "support/server_under_test.hpp"

namespace {

/// Text in which every place is known from what stands there.
std::string numbers(std::size_t size) {
  std::string text;
  for (std::uint64_t i = 0; text.size() < size; ++i) text += std::to_string(i * 7919) + " ";
  text.resize(size);
  return text;
}

struct Part {
  std::string type;
  std::string range;
  std::string body;
};

/// Takes what stands before `end` off the front of `text`, and `end` itself.
std::string take_until(std::string_view& text, std::string_view end) {
  const std::size_t at = text.find(end);
  REQUIRE(at != text.npos);
  const std::string taken(text.substr(0, at));
  text.remove_prefix(at + end.size());
  return taken;
}

/// The parts of a multipart body, read by the length that each range says.
std::vector<Part> parts_of(const Answer& answer) {
  const std::string type = answer.field("content-type");
  const std::string_view start = "multipart/byteranges; boundary=";
  REQUIRE(type.starts_with(start));
  const std::string delimiter = "\r\n--" + type.substr(start.size());
  std::string_view rest = answer.body;
  std::vector<Part> parts;
  for (;;) {
    REQUIRE(take_until(rest, delimiter).empty());
    if (rest == "--\r\n") return parts;
    Part part;
    CHECK(take_until(rest, "\r\nContent-Type: ").empty());
    part.type = take_until(rest, "\r\nContent-Range: bytes ");
    part.range = take_until(rest, "\r\n\r\n");
    const std::uint64_t first = std::strtoull(part.range.c_str(), nullptr, 10);
    const std::uint64_t last = std::strtoull(part.range.c_str() + part.range.find('-') + 1, nullptr, 10);
    part.body = rest.substr(0, last - first + 1);
    rest.remove_prefix(part.body.size());
    parts.push_back(std::move(part));
  }
}

std::string ranges_of(const std::vector<Part>& parts) {
  std::string all;
  for (const Part& part : parts) all += (all.empty() ? "" : " ") + part.range;
  return all;
}

Answer on(Client& client, const std::string& method, const std::string& target,
          const std::string& fields = {}) {
  client.send(method + " " + target + " HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n");
  return client.read(method == "HEAD");
}

/// A server with /text.txt, which is sent at once, and /large.bin, which is sent out of its file.
struct NumberServer : ServerUnderTest {
  NumberServer() {
    file("/text.txt", text);
    file("/large.bin", large);
  }
  const std::string text = numbers(10'000);
  const std::string large = numbers(3'000'000);
};

/// Makes the server's buffer for this client as small as can be: both ends are in this process.
void shrink_server_buffer(const Client& client) {
  sockaddr_in wanted{};
  socklen_t size = sizeof wanted;
  REQUIRE(::getsockname(client.fd(), reinterpret_cast<sockaddr*>(&wanted), &size) == 0);
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in peer{};
    size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family != AF_INET || peer.sin_port != wanted.sin_port) continue;
    const int smallest = 1;
    REQUIRE(::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest) == 0);
    return;
  }
  FAIL("the server has not accepted the connection");
}

}  // namespace

TEST_CASE("several ranges are one 206 with a part for each, in the order asked for") {
  NumberServer server;
  Client client(server.port());
  const Answer answer = on(client, "GET", "/text.txt", "Range: bytes=9000-9009, 0-3,-5\r\n");
  CHECK(answer.status == 206);
  CHECK(answer.count("content-range") == 0);  // of the parts alone
  CHECK(answer.field("content-length") == std::to_string(answer.body.size()));
  CHECK(answer.count("etag") == 1);
  CHECK(answer.count("last-modified") == 1);
  const auto parts = parts_of(answer);
  CHECK(ranges_of(parts) == "9000-9009/10000 0-3/10000 9995-9999/10000");
  for (const Part& part : parts) CHECK(part.type == "text/plain; charset=utf-8");
  CHECK(parts[0].body == server.text.substr(9000, 10));
  CHECK(parts[1].body == server.text.substr(0, 4));
  CHECK(parts[2].body == server.text.substr(9995));
  CHECK(on(client, "GET", "/text.txt").body == server.text);
}

TEST_CASE("ranges that overlap or touch are one, and one alone is never multipart") {
  struct Row {
    const char* range;
    const char* content_range;  // "": several
    const char* ranges;
  };
  const Row rows[] = {
      {"0-99,50-149", "bytes 0-149/10000", ""},    {"0-99,100-199", "bytes 0-199/10000", ""},
      {"100-199,0-99", "bytes 0-199/10000", ""},   {"0-1,5-9,-3", "", "0-1/10000 5-9/10000 9997-9999/10000"},
      {"5-9,20000-", "bytes 5-9/10000", ""},  // past the end is left out
      {"0-,-1", "bytes 0-9999/10000", ""},         {"0-9,5000-5009,5-14", "", "0-14/10000 5000-5009/10000"},
      {"0-0,-1", "", "0-0/10000 9999-9999/10000"},
  };
  NumberServer server;
  Client client(server.port());
  for (const Row& row : rows) {
    CAPTURE(std::string(row.range));
    const Answer answer = on(client, "GET", "/text.txt", "Range: bytes=" + std::string(row.range) + "\r\n");
    CHECK(answer.status == 206);
    CHECK(answer.field("content-range") == row.content_range);
    if (*row.content_range == '\0') CHECK(ranges_of(parts_of(answer)) == row.ranges);
  }
}

TEST_CASE("several ranges all past the end are 416") {
  NumberServer server;
  const Answer answer = get(server.port(), "/text.txt", "Range: bytes=10000-,20000-20009\r\n");
  CHECK(answer.status == 416);
  CHECK(answer.field("content-range") == "bytes */10000");
}

TEST_CASE("one bad range spoils all of them: the whole is sent") {
  NumberServer server;
  for (const char* range : {"0-3,x", "0-3,9-4", "0-3 5000-5003"}) {
    const Answer answer = get(server.port(), "/text.txt", "Range: bytes=" + std::string(range) + "\r\n");
    CHECK(answer.status == 200);
    CHECK(answer.body == server.text);
  }
}

// CVE-2011-3192: many overlapping ranges, each answered, cost a server its memory.
TEST_CASE("a thousand overlapping ranges are answered with the whole, once") {
  NumberServer server;
  std::string range = "Range: bytes=0-";
  for (int i = 1; i < 1000; ++i) range += ",5-" + std::to_string(i);
  const Answer answer = get(server.port(), "/text.txt", range + "\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.body == server.text);
}

TEST_CASE("sixteen ranges are sixteen parts, seventeen the whole") {
  NumberServer server;
  std::string range = "Range: bytes=0-0";
  for (int i = 1; i < 16; ++i) range += "," + std::to_string(i * 500) + "-" + std::to_string(i * 500);
  CHECK(parts_of(get(server.port(), "/text.txt", range + "\r\n")).size() == 16);
  CHECK(get(server.port(), "/text.txt", range + ",9000-9000\r\n").body == server.text);
}

TEST_CASE("large parts come out of the file byte for byte, on a connection that goes on") {
  NumberServer server;
  Client client(server.port());
  for (const char* range :
       {"0-9,1000000-1999999,2500000-", "2000000-2999999,0-999999", "0-40000,100000-100000"}) {
    CAPTURE(std::string(range));
    const Answer answer = on(client, "GET", "/large.bin", "Range: bytes=" + std::string(range) + "\r\n");
    CHECK(answer.status == 206);
    CHECK(answer.complete);
    for (const Part& part : parts_of(answer)) {
      const auto first = std::strtoul(part.range.c_str(), nullptr, 10);
      CHECK(part.type == "application/octet-stream");
      CHECK(part.body == server.large.substr(first, part.body.size()));
    }
    CHECK(on(client, "GET", "/text.txt").body == server.text);
  }
}

TEST_CASE("parts go out byte for byte through the smallest socket buffer") {
  NumberServer server;
  Client client(server.port());
  REQUIRE(on(client, "HEAD", "/text.txt").status == 200);
  shrink_server_buffer(client);
  const Answer large =
      on(client, "GET", "/large.bin", "Range: bytes=1-150000,200000-200000,300000-400000\r\n");
  const auto parts = parts_of(large);
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].body == server.large.substr(1, 150'000));
  CHECK(parts[1].body == server.large.substr(200'000, 1));
  CHECK(parts[2].body == server.large.substr(300'000, 100'001));
  const auto small = parts_of(on(client, "GET", "/text.txt", "Range: bytes=0-3999,5000-9999\r\n"));
  REQUIRE(small.size() == 2);
  CHECK(small[1].body == server.text.substr(5000));
}

TEST_CASE("a file cut while its parts are sent is an answer cut, never padded") {
  NumberServer server;
  server.file("/long.bin", numbers(40'000'000));
  Client client(server.port());
  client.send("GET /long.bin HTTP/1.1\r\nHost: test\r\nRange: bytes=0-19999999,30000000-39999999\r\n\r\n");
  REQUIRE(client.read_until("\r\n\r\n"));
  REQUIRE(::truncate((server.root() + "/long.bin").c_str(), 25'000'000) == 0);
  const Answer answer = client.read();
  CHECK(answer.status == 206);
  CHECK_FALSE(answer.complete);
  CHECK(client.ends_within(20'000));
}

TEST_CASE("HEAD with several ranges is that of the whole") {  // RFC 9110 section 14.2
  NumberServer server;
  Client client(server.port());
  const Answer answer = on(client, "HEAD", "/text.txt", "Range: bytes=0-3,9000-9003\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.field("content-length") == "10000");
  CHECK(answer.field("content-type") == "text/plain; charset=utf-8");
}

TEST_CASE("If-Range holds for several ranges as for one") {
  NumberServer server;
  const std::string etag = get(server.port(), "/text.txt").field("etag");
  const auto with = [&](const std::string& tag) {
    return get(server.port(), "/text.txt", "Range: bytes=0-3,9000-9003\r\nIf-Range: " + tag + "\r\n");
  };
  CHECK(parts_of(with(etag)).size() == 2);
  CHECK(with("W/" + etag).body == server.text);
  CHECK(with("\"other\"").body == server.text);
}

TEST_CASE("the same ranges of the same file are answered with the same bytes") {  // so that caches agree
  NumberServer server;
  const std::string range = "Range: bytes=0-3,9000-9003\r\n";
  const Answer first = get(server.port(), "/text.txt", range);
  const Answer second = get(server.port(), "/text.txt", range);
  CHECK(first.field("content-type") == second.field("content-type"));
  CHECK(first.body == second.body);
}

TEST_CASE("the access log counts the bytes of all parts and of the text between them") {
  NumberServer server;
  const Answer answer = get(server.port(), "/large.bin", "Range: bytes=0-99999,200000-299999\r\n");
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return r.answers().size() == 1; }));
  CHECK(server.recorder().answers().front().body_bytes == answer.body.size());
  CHECK(server.recorder().answers().front().complete);
}
