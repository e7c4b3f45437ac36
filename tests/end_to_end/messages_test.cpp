// What may be said on a connection, and what happens to those who say something else. The exchanges in
// tests/exchanges tell the usual cases as documents; here are the tables of attacks, and what cannot be
// written down.

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/server_under_test.hpp"

namespace {

const std::string kFollower = "GET /canary HTTP/1.1\r\nHost: test\r\n\r\n";

constexpr const char* kEcho = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\ncat\n";

struct Attack {
  std::string bytes;
  int status;
};

/// A server in front of which each attack is followed by an innocent request, as from a proxy that read the
/// attack in another way.
class Victim {
 public:
  explicit Victim(const ServerUnderTest::Adjust& adjust = {}) : server_(adjust) {
    server_.file("/canary", "the follower was answered");
    server_.file("/a.txt", "a");
    server_.script("/cgi-bin/echo.sh", kEcho);
  }

  /// One answer with the status, then the end: what follows a bad message is not looked at (CVE-2022-22720).
  void refuses(const Attack& attack) {
    CAPTURE(attack.bytes.substr(0, 300));
    Client client(server_.port());
    client.send(attack.bytes + kFollower);
    const Answer answer = client.read();
    CHECK(answer.status == attack.status);
    CHECK(answer.field("connection") == "close");
    CHECK(answer.count("date") == 1);
    CHECK(answer.complete);
    CHECK(answer.closed);
  }

  void refuses_all(const std::vector<Attack>& attacks) {
    for (const Attack& attack : attacks) refuses(attack);
    CHECK(server_.recorder().pids().empty());
    // The server is none the worse.
    CHECK(get(server_.port(), "/canary").body == "the follower was answered");
  }

  ServerUnderTest& server() { return server_; }

 private:
  ServerUnderTest server_;
};

std::string post_with(const std::string& fields, const std::string& body = "0\r\n\r\n") {
  return "POST /cgi-bin/echo.sh HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n\r\n" + body;
}

std::string chunks(const std::string& body) {
  return post_with("Transfer-Encoding: chunked", body);
}

std::string get_with(const std::string& fields) {
  return "GET /a.txt HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n\r\n";
}

std::string with_host(const std::string& host) {
  return "GET /a.txt HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

std::string with_line(const std::string& line) {
  return line + "\r\nHost: test\r\n\r\n";
}

using std::string_literals::operator""s;

}  // namespace

TEST_CASE(
    "a body whose length two readers could see differently is refused, and nothing after it is a request") {
  Victim victim;
  victim.refuses_all({
      // Both ways at once, in either order (RFC 9112 section 6.1; CVE-2020-13950).
      {post_with("Content-Length: 5\r\nTransfer-Encoding: chunked"), 400},
      {post_with("Transfer-Encoding: chunked\r\nContent-Length: 5"), 400},
      {post_with("Transfer-Encoding: chunked\r\nContent-Length: 30",
                 "0\r\n\r\nHEAD /canary HTTP/1.1\r\n\r\n"),
       400},
      // Two lengths, equal or not.
      {post_with("Content-Length: 5\r\nContent-Length: 6", ""), 400},
      {post_with("Content-Length: 5\r\nContent-Length: 5", "hello"), 400},
      {post_with("Content-Length: 5, 5", "hello"), 400},
      // Numbers for some and not for others.
      {post_with("Content-Length: -1", ""), 400},
      {post_with("Content-Length: +5", "hello"), 400},
      {post_with("Content-Length: 0x5", "hello"), 400},
      {post_with("Content-Length: 0o5", "hello"), 400},
      {post_with("Content-Length: 1_0", "hello"), 400},
      {post_with("Content-Length: 1 0", "hello"), 400},
      {post_with("Content-Length: 1Z", "h"), 400},
      {post_with("Content-Length:", ""), 400},
      {post_with("Content-Length: -0", ""), 400},
      {post_with("Content-Length: 1E3", ""), 400},
      {post_with("Content-Length: 00", ""), 400},
      {post_with("Content-Length: 0200", ""), 400},
      {post_with("Content-Length: 18446744073709551616", ""), 400},
      {post_with("Content-Length: 9223372036854775808", ""), 400},
      {post_with("Content-Length: 1" + std::string(30, '0'), ""), 400},
      // A number, and more than --max-body: refused before a byte of it is read.
      {post_with("Content-Length: 9223372036854775807", ""), 413},
      // Codings that nobody here knows, or that leave the end of the body open (RFC 9112 section 6.3).
      {post_with("Transfer-Encoding: xchunked"), 501},
      {post_with("Transfer-Encoding: identity"), 501},
      {post_with("Transfer-Encoding: gzip, chunked"), 501},
      {post_with("Transfer-Encoding: blegh"), 501},
      {post_with("Transfer-Encoding: chunked, gzip"), 400},
      {post_with("Transfer-Encoding: chunked, chunked"), 400},
      {post_with("Transfer-Encoding: chunked, identity"), 400},
      {post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400},
      {post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"), 400},
      {post_with("Transfer-Encoding: ,chunked"), 400},
      {post_with("Transfer-Encoding: chunked,"), 400},
      {post_with("Transfer-Encoding: chunked;a=b"), 400},
      {post_with("Transfer-Encoding: \x0b"
                 "chunked"),
       400},
      {post_with("Transfer-Encoding: chunked\0"s), 400},
      {post_with("Transfer-Encoding: \xa0"
                 "chunked"),
       400},
      {post_with("Transfer-Encoding:\r\n chunked"), 400},
      {post_with("Transfer-Encoding:"), 400},
      // A name that only one of two readers takes for the field (RFC 9112 section 5.1).
      {post_with("Transfer-Encoding : chunked"), 400},
      {post_with("Content-Length : 5", "hello"), 400},
      {post_with("Transfer_Encoding: chunked"), 400},
      {post_with("Content_Length: 5", "hello"), 400},
      // HTTP/1.0 knows no chunks.
      {"POST /cgi-bin/echo.sh HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
  });
}

TEST_CASE("white space around a length or a coding is no part of it") {
  Victim victim;
  Client client(victim.server().port());
  client.send(post_with("Content-Length:   5 \t", "hello") +
              post_with("Transfer-Encoding:\tchunked ", "2\r\nhi\r\n0\r\n\r\n"));
  CHECK(client.read().body == "hello");
  CHECK(client.read().body == "hi");
}

TEST_CASE("chunks that are not framed to the letter are refused, and the script never runs") {
  Victim victim;
  victim.refuses_all({
      // Sizes.
      {chunks("0x5\r\nhello\r\n0\r\n\r\n"), 400},
      {chunks("+5\r\nhello\r\n0\r\n\r\n"), 400},
      {chunks("-1\r\nhello\r\n0\r\n\r\n"), 400},
      {chunks("1_0\r\nhello\r\n0\r\n\r\n"), 400},
      {chunks(" 5\r\nhello\r\n0\r\n\r\n"), 400},
      {chunks("\r\nhello\r\n0\r\n\r\n"), 400},
      {chunks("5;\r\nhello\r\n0\r\n\r\n"), 400},
      {chunks("FFFFFFFFFFFFFFFF1\r\nhello\r\n0\r\n\r\n"), 400},
      {chunks(std::string(10'000, '0') + "5\r\nhello\r\n0\r\n\r\n"), 400},
      // So large a size may overflow what counts the body (CVE-2013-2028); here it is refused when announced.
      {chunks("FFFFFFFFFFFFFFFF\r\n" + std::string(70'000, 'x')), 413},
      // Line ends (CVE-2015-3183, CVE-2025-22871).
      {chunks("5\nhello\r\n0\r\n\r\n"), 400},
      {chunks("5\r\nhello\n0\r\n\r\n"), 400},
      {chunks("5\r\nhello\r\n0\n\r\n"), 400},
      {chunks("5\r\nhello\r\n0\r\n\n"), 400},
      {chunks("5\r\r;hello\r\n0\r\n\r\n"), 400},
      {chunks("5\r\nhello!!\r\n0\r\n\r\n"), 400},
      {chunks("5\r\nhell\r\n0\r\n\r\n"), 400},
      // Extensions: never gigabytes of them (CVE-2023-39326), and no line ends within.
      {chunks("5;" + std::string(20'000, 'a') + "\r\nhello\r\n0\r\n\r\n"), 400},
      {chunks("5;a\nb\r\nhello\r\n0\r\n\r\n"), 400},
      {chunks("5;a=\"\0\"\r\nhello\r\n0\r\n\r\n"s), 400},
      // Trailers: bounded, and only what is a field.
      {chunks("0\r\n" + std::string(20'000, 'a') + ": b\r\n\r\n"), 431},
      {chunks("0\r\nGET /canary HTTP/1.1\r\n\r\n"), 400},
  });
}

TEST_CASE("lines and fields that some would mend and others would not are refused") {
  Victim victim;
  victim.refuses_all({
      {get_with("X: begins\r\n and goes on"), 400},  // folded (RFC 9112 section 5.2)
      {"GET /a.txt HTTP/1.1\r\n Host: test\r\n\r\n", 400},
      {"GET /a.txt HTTP/1.1\r\n\tX: 1\r\nHost: test\r\n\r\n", 400},
      {get_with(" X: 1"), 400},
      // A carriage return alone, anywhere.
      {with_line("GET /a.txt\r HTTP/1.1"), 400},
      {with_line("GET\r/a.txt HTTP/1.1"), 400},
      {get_with("X\r: 1"), 400},
      {get_with("X: a\rb"), 400},
      {get_with("X: a\r\rY: b"), 400},
      {"GET /a.txt HTTP/1.1\r\nHost: test\r\n\rX: 1\r\n\r\n", 400},
      // Control bytes and what is no name (CVE-2023-25725: an empty one).
      {get_with("X: a\0b"s), 400},
      {get_with("X: a\x01z"), 400},
      {get_with("X: a\x7fz"), 400},
      {get_with("X\0: a"s), 400},
      {get_with("X\x08: a"), 400},
      {get_with("no colon here"), 400},
      {get_with(": no name"), 400},
      {get_with(":"), 400},
      {get_with("a(b): 1"), 400},
      {get_with("a{b: 1"), 400},
      {get_with("caf\xc3\xa9: 1"), 400},
      {get_with("a b: 1"), 400},
  });
}

TEST_CASE("request lines that are not three words with one space between are refused") {
  Victim victim;
  victim.refuses_all({
      {with_line("G/T /a.txt HTTP/1.1"), 400},
      {with_line("GET\0 /a.txt HTTP/1.1"s), 400},
      {std::string(100'000, 'A'), 501},
      {with_line("BREW /a.txt HTTP/1.1"), 501},
      {with_line("get /a.txt HTTP/1.1"), 501},
      {with_line("GET /a.txt HTTP/0.9"), 505},
      {with_line("GET /a.txt"), 400},
      {with_line("GET /a.txt HTTP/1.32"), 400},
      {with_line("GET /a.txt HTTP/01.1"), 400},
      {with_line("GET /a.txt http/1.1"), 400},
      {with_line("GET /a.txt HTTP/1.1 x"), 400},
      {with_line("GET /a.txt HTTP/2.0"), 505},
      {with_line("GET /a.txt HTTP/9.9"), 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {with_line("GET\t/a.txt HTTP/1.1"), 400},
      {with_line("GET /a.txt\tHTTP/1.1"), 400},
      {with_line("GET  /a.txt HTTP/1.1"), 400},
      {with_line("GET /a.txt  HTTP/1.1"), 400},
      {with_line("GET /a b.txt HTTP/1.1"), 400},
      {with_line("GET /a.txt HTTP/1.1 "), 400},
      {with_line(" GET /a.txt HTTP/1.1"), 400},
      {with_line("GET a.txt HTTP/1.1"), 400},
      {with_line("GET /a.txt#b HTTP/1.1"), 400},
      {with_line("GET * HTTP/1.1"), 400},
      {with_line("GET /a\\b HTTP/1.1"), 400},
      {with_line("GET /a\xc0\xaf HTTP/1.1"), 400},
      {with_line("GET /a%00 HTTP/1.1"), 400},
      {with_line("GET /a% HTTP/1.1"), 400},
      {with_line("GET http://test:99999/ HTTP/1.1"), 400},
      {with_line("GET http:///a.txt HTTP/1.1"), 400},
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400},  // TLS
  });
}

TEST_CASE("HTTP/1.1 names one valid host") {
  Victim victim;
  victim.refuses_all({
      {"GET /a.txt HTTP/1.1\r\n\r\n", 400},
      {get_with("Host: test"), 400},
      {with_host("a@b"), 400},
      {with_host("a/b"), 400},
      {with_host("a,b"), 400},
      {with_host("a:port:"), 400},
      {with_host("a b"), 400},
      {with_host("[::1"), 400},
      {with_host("a:99999"), 400},
      {with_host("../../etc"), 400},
  });
}

TEST_CASE("a flood of empty lines is ended at the second") {
  Victim victim;
  Client client(victim.server().port());
  std::string flood;
  for (int i = 0; i < 5'000; ++i) flood += "\r\n";
  bool goes_on = true;
  for (int i = 0; i < 1'000 && goes_on; ++i) goes_on = client.send(flood);
  CHECK(client.read().status == 400);
}

TEST_CASE("an upload that ends early runs no script") {
  // PHP runs on what there is of a body (php-src issue 12343).
  Victim victim;
  for (const std::string& begun : {post_with("Content-Length: 10", "hello"), chunks("5\r\nhel"),
                                   chunks("5\r\nhello\r\n"), chunks("5\r\nhello\r\n0\r\n")}) {
    Client client(victim.server().port());
    client.send(begun);
    client.finish();
    CHECK(client.read().status == 400);
    Client other(victim.server().port());
    other.send(begun);
    other.reset();
  }
  CHECK(get(victim.server().port(), "/canary").status == 200);
  CHECK(victim.server().recorder().pids().empty());
}

TEST_CASE("a request is the same however its bytes arrive") {
  Victim victim;
  const std::string request =
      "POST /cgi-bin/echo.sh HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;x=1\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: 1\r\n\r\n";

  SUBCASE("byte by byte") {
    Client client(victim.server().port());
    for (const char byte : request.substr(0, request.size() - 1)) client.send({&byte, 1});
    CHECK(victim.server().recorder().pids().empty());
    client.send(request.substr(request.size() - 1));
    CHECK(client.read().body == "hello!");
  }
  SUBCASE("in two parts, cut at every place") {
    // A body that a file's GET need not have makes the same way through the parser without a script.
    const std::string plain = "GET /a.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 7\r\n\r\nignored";
    std::string chunked = request;
    chunked.replace(0, chunked.find(" HTTP"), "GET /a.txt");
    Client client(victim.server().port());
    for (const std::string& whole : {plain, chunked}) {
      for (std::size_t cut = 1; cut < whole.size(); ++cut) {
        CAPTURE(cut);
        client.send(whole.substr(0, cut));
        client.send(whole.substr(cut));
        const Answer answer = client.read();
        REQUIRE(answer.status == 200);
        REQUIRE(answer.body == "a");
      }
    }
  }
}

TEST_CASE("nothing is answered before the request is complete") {
  Victim victim;
  Client client(victim.server().port());
  client.send("POST /cgi-bin/echo.sh HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\n");
  // The head has certainly been read when its route is known.
  CHECK(victim.server().recorder().wait_until([](const Recorder& r) { return r.routes().size() == 1; }));
  CHECK_FALSE(client.ends_within(0));
  client.send("a");
  CHECK(victim.server().recorder().pids().empty());
  client.send("b");
  CHECK(client.read().body == "ab");
}

TEST_CASE("a hundred requests in one segment are answered in their order") {
  ServerUnderTest server;
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "/" + std::to_string(i) + ".txt";
    server.file(name, "number " + std::to_string(i));
    requests += "GET " + name + " HTTP/1.1\r\nHost: test\r\n\r\n";
  }
  Client client(server.port());
  client.send(requests);
  for (int i = 0; i < 100; ++i) CHECK(client.read().body == "number " + std::to_string(i));
}

TEST_CASE("a body that ends at the edge of the buffer takes nothing of the next request") {
  Victim victim;
  for (const std::size_t edge :
       {std::size_t{4096}, std::size_t{8192}, std::size_t{16 * 1024}, std::size_t{64 * 1024}}) {
    for (std::size_t total = edge - 2; total <= edge + 2; ++total) {
      CAPTURE(total);
      const auto with_length = [](std::size_t length) {
        return "GET /a.txt HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
      };
      std::size_t length = total - with_length(total).size();
      if (with_length(length).size() + length < total) ++length;
      const std::string whole = with_length(length) + std::string(length, 'x');
      Client client(victim.server().port());
      client.send(whole + kFollower);
      CHECK(client.read().body == "a");
      CHECK(client.read().body == "the follower was answered");
      // With the bytes of the follower in the same chunk of reading, the other way of framing.
      client.send("GET /a.txt HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
      std::array<char, 20> size{};
      std::snprintf(size.data(), size.size(), "%zx\r\n", length);
      client.send(size.data() + std::string(length, 'y') + "\r\n0\r\n\r\n" + kFollower + kFollower);
      CHECK(client.read().body == "a");
      CHECK(client.read().body == "the follower was answered");
      CHECK(client.read().body == "the follower was answered");
    }
  }
}

TEST_CASE("one connection carries a thousand requests, and the last answer says so") {
  ServerUnderTest server;
  server.file("/a.txt", "a");
  std::string requests;
  for (int i = 0; i < 1'002; ++i) requests += "GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n";
  Client client(server.port());
  client.send(requests);
  for (int i = 0; i < 999; ++i) REQUIRE(client.read().count("connection") == 0);
  const Answer last = client.read();
  CHECK(last.status == 200);
  CHECK(last.field("connection") == "close");
  CHECK(last.closed);
}

TEST_CASE("a refusal comes instead of 100 Continue, never after it") {
  Victim victim([](tinyhttpd::Config& config) { config.limits.max_body_bytes = 100; });
  const auto first_bytes = [&](const std::string& target, int length) {
    Client client(victim.server().port());
    client.send("POST " + target + " HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: " +
                std::to_string(length) + "\r\n\r\n");
    return client.read_all().substr(0, 12);
  };
  CHECK(first_bytes("/cgi-bin/echo.sh", 101) == "HTTP/1.1 413");
  CHECK(first_bytes("/nowhere", 5) == "HTTP/1.1 404");
  CHECK(first_bytes("/a.txt", 5) == "HTTP/1.1 405");
}

TEST_CASE("a client that has begun its body needs no 100 Continue") {
  Victim victim;
  Client client(victim.server().port());
  client.send(post_with("Expect: 100-continue\r\nConnection: close\r\nContent-Length: 5", "hello"));
  CHECK(client.read_all().starts_with("HTTP/1.1 200"));
}

TEST_CASE("a long Connection list is read in one pass") {
  // An empty element made lighttpd loop for ever (CVE-2012-5533).
  Victim victim;
  std::string list = "Connection: TE,,Keep-Alive";
  while (list.size() < 10'000) list += ",,a";
  Client client(victim.server().port());
  client.send(get_with(list) + get_with(list + ", close"));
  CHECK(client.read().count("connection") == 0);
  CHECK(client.read().field("connection") == "close");
}

TEST_CASE("a coded body is handed on as it is, never unpacked") {
  // What is unpacked may be a thousand times as large (CVE-2014-0118).
  Victim victim;
  const std::string packed = "\x1f\x8b\x08\x00 not really"s;
  CHECK(post(victim.server().port(), "/cgi-bin/echo.sh", packed, "Content-Encoding: gzip\r\n").body ==
        packed);
}
