// What becomes of a script's answer on its way to the client.

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "support/cgi_scripts.hpp"
#include "support/client.hpp"
#include "support/fifo.hpp"
#include "support/server_under_test.hpp"

using tinyhttpd::ScriptFault;

namespace {

/// What a GET answers when the script prints exactly this.
Answer answer_to(ServerUnderTest& server, const std::string& bytes) {
  server.script("/cgi-bin/x.cgi", sh_prints(bytes));
  return get(server.port(), "/cgi-bin/x.cgi");
}

/// A client that keeps its connection, and asks again to learn whether the framing held.
struct Kept {
  explicit Kept(ServerUnderTest& server) : client(server.port()) { server.file("/next.txt", "next"); }

  Answer ask(const std::string& method, const std::string& target) {
    client.send(method + " " + target + " HTTP/1.1\r\nHost: test\r\n\r\n");
    return client.read(method == "HEAD");
  }
  bool goes_on() { return ask("GET", "/next.txt").body == "next"; }

  Client client;
};

std::string bytes_of_every_kind(std::size_t count) {
  std::string bytes;
  bytes.reserve(count);
  std::uint32_t state = 1;
  while (bytes.size() < count) {
    state = state * 1664525U + 1013904223U;
    bytes += static_cast<char>(state >> 24U);
  }
  return bytes;
}

}  // namespace

TEST_CASE("A document without a Status is 200, with the script's type and one Date and Server") {
  ServerUnderTest server;
  const Answer answer = answer_to(server, "Content-Type: text/x\\n\\nhello");
  CHECK(answer.status == 200);
  CHECK(answer.field("content-type") == "text/x");
  CHECK(answer.count("date") == 1);
  CHECK(answer.count("server") == 1);
  CHECK(answer.body == "hello");
}

TEST_CASE("A Status becomes the status line, with its reason or without one") {
  ServerUnderTest server;
  CHECK(answer_to(server, "Status: 404 Gone Fishing\\n\\n").status_line == "HTTP/1.1 404 Gone Fishing");
  CHECK(answer_to(server, "Status: 404\\n\\n").status_line == "HTTP/1.1 404 Not Found");
  CHECK(answer_to(server, "Status: 299\\n\\n").status_line == "HTTP/1.1 299 ");
  CHECK(answer_to(server, "X-First: 1\\nContent-Type: a/b\\nstatus: 201\\n\\n").status == 201);
  CHECK(answer_to(server, "Status: 503 Busy\\nRetry-After: 7\\n\\n").field("retry-after") == "7");
}

TEST_CASE("Line ends of a head may be LF, CRLF and mixed, and are CRLF to the client") {
  ServerUnderTest server;
  for (const std::string head : {"A: 1\\nB: 2\\n\\n", "A: 1\\r\\nB: 2\\r\\n\\r\\n", "A: 1\\nB: 2\\r\\n\\n",
                                 "A: 1\\r\\nB: 2\\n\\r\\n"}) {
    server.script("/cgi-bin/x.cgi", sh_prints(head + "\\r\\nbody\\n"));
    Client client(server.port());
    client.send("GET /cgi-bin/x.cgi HTTP/1.0\r\n\r\n");
    const std::string bytes = client.read_all();
    CHECK(bytes.find("\r\nA: 1\r\nB: 2\r\n") != std::string::npos);
    CHECK(bytes.ends_with("\r\n\r\n\r\nbody\n"));
  }
}

TEST_CASE("A head may come in pieces as small as a byte") {
  ServerUnderTest server;
  // Each printf of the shell is a write of its own.
  const std::string head = "Content-Type: text/plain\r\nStatus: 202\r\n\r\n";
  std::string script;
  for (const char byte : head) {
    char octal[32];
    std::snprintf(octal, sizeof octal, "printf '\\%03o'\n", static_cast<unsigned>(byte));
    script += octal;
  }
  server.script("/cgi-bin/x.cgi", sh(script + "printf body\n"));
  const Answer answer = get(server.port(), "/cgi-bin/x.cgi");
  CHECK(answer.status == 202);
  CHECK(answer.body == "body");
}

TEST_CASE("Fields of the connection, of this server and of other servers do not get past it") {
  ServerUnderTest server;
  const Answer answer = answer_to(
      server,
      "Connection: keep-alive\\nKeep-Alive: timeout=9\\nTransfer-Encoding: gzip\\nUpgrade: h2c\\nTE: x\\n"
      "Trailer: x\\nProxy-Authenticate: x\\nDate: yesterday\\nServer: mine\\nX-CGI-Secret: x\\n"
      "X-Sendfile: /etc/passwd\\nX-Accel-Redirect: /etc/passwd\\nX-Kept: 1\\n\\nbody");
  CHECK(answer.body == "body");
  CHECK(answer.field("x-kept") == "1");
  CHECK(answer.field("connection") == "close");  // what the client asked for, not the script
  CHECK(answer.field("transfer-encoding") == "chunked");
  CHECK(answer.field("date") != "yesterday");
  CHECK(answer.field("server") != "mine");
  for (const std::string name : {"keep-alive", "upgrade", "te", "trailer", "proxy-authenticate",
                                 "x-cgi-secret", "x-sendfile", "x-accel-redirect"})
    CHECK(answer.count(name) == 0);
}

TEST_CASE("No type is invented for a body without one") {
  ServerUnderTest server;
  CHECK(answer_to(server, "X-A: b\\n\\n<html>").count("content-type") == 0);
}

TEST_CASE("A head that is none is 502, and not a byte of it reaches the client") {
  ServerUnderTest server;
  for (const std::string bytes : {"<html>EVIL</html>\\n",
                                  "EVIL\\n\\nbody",
                                  ": EVIL\\n\\n",
                                  "EVIL NAME: x\\n\\n",
                                  "EVIL : x\\n\\n",
                                  "X: a\\rEVIL: b\\n\\n",
                                  "X: \\0001EVIL\\n\\n",
                                  "X: \\0000EVIL\\n\\n",
                                  " EVIL: x\\n\\n",
                                  "X: a\\n EVIL\\n\\n",
                                  "Status: 999x EVIL\\n\\n",
                                  "Status: 200\\rX: EVIL\\n\\n",
                                  "Status: 100\\nX: EVIL\\n\\n",
                                  "Status: 101 EVIL\\n\\n",
                                  "Status: 99\\n\\nEVIL",
                                  "Status: 200\\nStatus: 201 EVIL\\n\\n",
                                  "Location: /a\\nLocation: /EVIL\\n\\n",
                                  "Content-Type: a/b\\nContent-Type: EVIL\\n\\n",
                                  "Location:\\n\\nEVIL",
                                  "\\nEVIL",
                                  "\\r\\n\\r\\nEVIL",
                                  "HTTP/1.1 200 OK\\nX: EVIL\\n\\n"}) {
    CAPTURE(bytes);
    const std::size_t before = server.recorder().failures().size();
    const Answer answer = answer_to(server, bytes);
    CHECK(answer.status == 502);
    CHECK(answer.complete);
    CHECK(answer.body.find("EVIL") == std::string::npos);
    for (const auto& [name, value] : answer.fields) CHECK(value.find("EVIL") == std::string::npos);
    REQUIRE(server.recorder().failures().size() == before + 1);
    CHECK(server.recorder().failures().back().fault == ScriptFault::bad_header);
  }
}

TEST_CASE("Ten megabytes of every byte reach the client as the script wrote them") {
  ServerUnderTest server;
  const std::string bytes = bytes_of_every_kind(10 << 20);
  server.file("/data/blob", bytes);
  server.script("/cgi-bin/blob.cgi", sh_text("exec cat ../data/blob\n"));
  Kept kept(server);
  const Answer answer = kept.ask("GET", "/cgi-bin/blob.cgi");
  CHECK(answer.field("transfer-encoding") == "chunked");
  CHECK(answer.complete);
  CHECK((answer.body == bytes));  // in brackets: ten megabytes are not for printing
  CHECK(kept.goes_on());

  Client old(server.port());
  old.send("GET /cgi-bin/blob.cgi HTTP/1.0\r\n\r\n");
  const Answer without_chunks = old.read();
  CHECK(without_chunks.count("transfer-encoding") == 0);
  CHECK((without_chunks.body == bytes));
}

TEST_CASE("A 1.0 client that keeps its connection can tell where an answer with a length ends") {
  ServerUnderTest server;
  server.script("/cgi-bin/x.cgi", sh_prints("Content-Length: 5\\n\\nhello"));
  Client client(server.port());
  for (int i = 0; i < 2; ++i) {
    client.send("GET /cgi-bin/x.cgi HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const Answer answer = client.read();
    CHECK(answer.body == "hello");
    CHECK(answer.field("connection") == "keep-alive");
  }
}

TEST_CASE("HEAD runs the script, drops what it writes and reads it to its end") {
  ServerUnderTest server;
  const std::string marker = server.root() + "/marker";
  server.script("/cgi-bin/x.cgi", sh_text("head -c 1000000 /dev/zero && touch '" + marker + "'\n"));
  Kept kept(server);
  const Answer answer = kept.ask("HEAD", "/cgi-bin/x.cgi");
  CHECK(answer.status == 200);
  CHECK(answer.field("content-type") == "text/plain");
  CHECK(kept.goes_on());
  struct stat status {};
  CHECK(::stat(marker.c_str(), &status) == 0);  // it was not ended by SIGPIPE
}

TEST_CASE("204 and 304 have no body, though the script wrote one, and the connection goes on") {
  ServerUnderTest server;
  for (const std::string status : {"204", "304"})
    for (const std::string length : {"", "Content-Length: 4\\n", "Content-Length: 400\\n"}) {
      server.script("/cgi-bin/x.cgi", sh_prints("Status: " + status + "\\n" + length + "\\nbody"));
      Kept kept(server);
      const Answer answer = kept.ask("GET", "/cgi-bin/x.cgi");
      CHECK(std::to_string(answer.status) == status);
      CHECK(answer.count("transfer-encoding") == 0);
      if (status == "204") CHECK(answer.count("content-length") == 0);
      CHECK(kept.goes_on());
    }
}

TEST_CASE("A script that answers HEAD with a length and no body has done right") {
  ServerUnderTest server;
  server.script("/cgi-bin/x.cgi", sh_prints("Content-Length: 400\\n\\n"));
  Kept kept(server);
  CHECK(kept.ask("HEAD", "/cgi-bin/x.cgi").field("content-length") == "400");
  CHECK(kept.goes_on());
  CHECK(server.recorder().failures().empty());
}

TEST_CASE("Bytes past the script's Content-Length are dropped, and never the next answer") {
  ServerUnderTest server;
  server.script("/cgi-bin/x.cgi", sh_prints("Content-Length: 4\\n\\nbodyHTTP/1.1 200 OK\\r\\n\\r\\nEVIL"));
  server.script("/cgi-bin/none.cgi", sh_prints("Content-Length: 0\\n\\nEVIL"));
  Kept kept(server);
  CHECK(kept.ask("GET", "/cgi-bin/x.cgi").body == "body");
  CHECK(kept.goes_on());
  CHECK(kept.ask("GET", "/cgi-bin/none.cgi").body == "");
  CHECK(kept.goes_on());
}

TEST_CASE("An answer with a length is over when its last byte is sent, though the script goes on") {
  ServerUnderTest server;
  Gate gate;
  const std::string marker = server.root() + "/marker";
  server.script("/cgi-bin/x.cgi", sh("printf 'Content-Length: 4\\n\\nbody'; read line < " + gate.path() +
                                     "; head -c 1000000 /dev/zero && touch '" + marker + "'\n"));
  Kept kept(server);
  CHECK(kept.ask("GET", "/cgi-bin/x.cgi").body == "body");
  CHECK(kept.goes_on());
  gate.open();
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return r.exits().size() == 1; }));
  struct stat status {};
  CHECK(::stat(marker.c_str(), &status) == 0);  // it was not ended by SIGPIPE
  CHECK(server.recorder().failures().empty());
}

TEST_CASE("Fewer bytes than the script's Content-Length cut the connection") {
  ServerUnderTest server;
  const Answer answer = answer_to(server, "Content-Length: 10\\n\\nbody");
  CHECK(answer.field("content-length") == "10");
  CHECK_FALSE(answer.complete);
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return !r.failures().empty(); }));
  CHECK(server.recorder().failures()[0].fault == ScriptFault::length_mismatch);
  CHECK(server.recorder().failures()[0].detail == "6");
}

TEST_CASE("A Content-Length that is none, or two of them, is not believed") {
  ServerUnderTest server;
  for (const std::string length :
       {"Content-Length: x", "Content-Length: -1", "Content-Length: 99999999999999999999",
        "Content-Length: 1\\nContent-Length: 2", "Content-Length: 1\\ncontent-length: 1",
        "Content-Length:"}) {
    CAPTURE(length);
    server.script("/cgi-bin/x.cgi", sh_prints(length + "\\n\\nbody"));
    Kept kept(server);
    const Answer answer = kept.ask("GET", "/cgi-bin/x.cgi");
    CHECK(answer.count("content-length") == 0);
    CHECK(answer.body == "body");
    CHECK(kept.goes_on());
  }
}

TEST_CASE("Output is sent when it is written, not when the script ends") {
  ServerUnderTest server;
  Gate gate;
  server.script("/cgi-bin/x.cgi", sh_text("echo first; read line < " + gate.path() + "; echo second\n"));
  Client client(server.port());
  client.send("GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.read_until("first\n"));  // while the script waits
  gate.open();
  const Answer answer = client.read();
  CHECK(answer.body == "first\nsecond\n");
  CHECK(answer.complete);
}

TEST_CASE("Output is sent while the body is still being read by the script") {
  ServerUnderTest server;
  Gate gate;
  server.script("/cgi-bin/x.cgi", sh_text("echo first; read line < " + gate.path() + "; exec cat\n"));
  Client client(server.port());
  client.send("POST /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" +
              std::string(300'000, 'x'));
  CHECK(client.read_until("first\n"));
  gate.open();
  CHECK((client.read().body == "first\n" + std::string(300'000, 'x')));
}

TEST_CASE("The output of two scripts is never swapped") {  // CVE-2003-0789
  ServerUnderTest server;
  server.script("/cgi-bin/echo.cgi", sh_text("printf '%s ' \"$QUERY_STRING\"; exec cat\n"));
  constexpr int kClients = 8;
  constexpr int kRequests = 50;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(std::make_unique<Client>(server.port()));
  int right = 0;
  for (int round = 0; round < kRequests; ++round) {
    const auto id = [&](int i) { return "id=" + std::to_string(i) + "-" + std::to_string(round); };
    for (int i = 0; i < kClients; ++i)
      clients[static_cast<std::size_t>(i)]->send(
          "POST /cgi-bin/echo.cgi?" + id(i) +
          " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(id(i).size()) + "\r\n\r\n" + id(i));
    for (int i = 0; i < kClients; ++i)
      right += clients[static_cast<std::size_t>(i)]->read().body == id(i) + " " + id(i);
  }
  CHECK(right == kClients * kRequests);
}

// ---- redirects (RFC 3875 section 6.2)

TEST_CASE("A lone local Location is answered by what lies there, and the client sees no redirect") {
  ServerUnderTest server;
  server.file("/page.txt", "page");
  server.script("/cgi-bin/show.cgi",
                sh_text("printf '%s|%s|%s|%s|' \"$REQUEST_METHOD\" \"$QUERY_STRING\" \"$PATH_INFO\" "
                        "\"$CONTENT_LENGTH$CONTENT_TYPE\"; cat\n"));
  CHECK(answer_to(server, "Location: /page.txt\\n\\n").body == "page");
  CHECK(answer_to(server, "Location: /page.txt?x=y\\n\\n").body == "page");
  CHECK(answer_to(server, "Location: /cgi-bin/show.cgi/p?q=r\\n\\n").body == "GET|q=r|/p||");
  CHECK(answer_to(server, "Location: /missing\\n\\n").status == 404);
  // What was posted was for the first script: the second is asked with GET, and without a body.
  server.script("/cgi-bin/x.cgi", sh_prints("Location: /cgi-bin/show.cgi\\n\\n"));
  CHECK(post(server.port(), "/cgi-bin/x.cgi", "a=b", "Content-Type: a/b\r\n").body == "GET||||");
  Kept kept(server);
  CHECK(kept.ask("HEAD", "/cgi-bin/x.cgi").status == 200);
  CHECK(kept.goes_on());
}

TEST_CASE("A local redirect leads nowhere that a request could not") {  // CVE-2024-38476
  ServerUnderTest server;
  server.file("/cgi-bin/source.cgi", "SECRET", 0644);
  server.file("/.htpasswd", "SECRET");
  for (const std::string target :
       {"/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/cgi-bin/source.cgi", "/.htpasswd", "/a%00b",
        "/a%2fb", "/cgi-bin/../../etc/passwd"}) {
    CAPTURE(target);
    // The shell's printf would take its part of the escapes.
    server.script("/cgi-bin/x.cgi", sh("printf 'Location: %s\\n\\n' '" + target + "'\n"));
    const Answer answer = get(server.port(), "/cgi-bin/x.cgi");
    CHECK(answer.status >= 400);
    CHECK(answer.body.find("SECRET") == std::string::npos);
    CHECK(answer.body.find("root:") == std::string::npos);
  }
  // Another host's path, not ours.
  CHECK(answer_to(server, "Location: //etc/passwd\\n\\n").status == 302);
}

TEST_CASE("Local redirects that go round in a circle end with 500, and say so") {
  ServerUnderTest server;
  const Answer answer = answer_to(server, "Location: /cgi-bin/x.cgi\\n\\n");
  CHECK(answer.status == 500);
  REQUIRE(server.recorder().failures().size() == 1);
  CHECK(server.recorder().failures()[0].fault == ScriptFault::redirect_loop);
  CHECK(server.recorder().failures()[0].number == 5);
  CHECK(server.recorder().pids().size() == 6);
}

TEST_CASE("Redirects are counted for each request, not for the connection") {
  ServerUnderTest server;
  server.file("/page.txt", "page");
  server.script("/cgi-bin/x.cgi", sh_prints("Location: /page.txt\\n\\n"));
  Kept kept(server);
  for (int i = 0; i < 12; ++i) CHECK(kept.ask("GET", "/cgi-bin/x.cgi").body == "page");
}

TEST_CASE("A Location for the client is 302, or what the Status says") {
  ServerUnderTest server;
  const struct {
    std::string head;
    int status;
    std::string location, body;
  } rows[] = {
      {"Location: http://example.org/a?b#c\\n\\n", 302, "http://example.org/a?b#c", ""},
      {"Location: https://example.org/\\nContent-Type: text/html\\n\\nmoved", 302, "https://example.org/",
       "moved"},
      {"Status: 301 Moved\\nLocation: http://example.org/\\nContent-Type: a/b\\n\\nmoved", 301,
       "http://example.org/", "moved"},
      {"Location: /local\\nStatus: 303\\n\\n", 303, "/local", ""},
      {"Status: 307\\nLocation: /local\\n\\n", 307, "/local", ""},
      {"Status: 201 Created\\nLocation: /new\\n\\nmade", 201, "/new", "made"},
      {"Location: /local\\nContent-Type: text/html\\n\\nbody", 302, "/local", "body"},
      {"Location: mailto:a@example.org\\n\\n", 302, "mailto:a@example.org", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.head);
    const Answer answer = answer_to(server, row.head);
    CHECK(answer.status == row.status);
    CHECK(answer.field("location") == row.location);
    CHECK(answer.body == row.body);
  }
}

// ---- non-parsed headers (RFC 3875 section 5)

TEST_CASE("The output of an nph- script is the answer, byte for byte, and ends the connection") {
  ServerUnderTest server;
  const std::string answer =
      "HTTP/1.1 299 My Own\nServer: mine\r\nConnection: keep-alive\n\nb\\0001o\\0377dy";
  server.script("/cgi-bin/nph-x.cgi", "#!/bin/sh\nprintf '%b' '" + answer + "'\n");
  Client client(server.port());
  client.send("GET /cgi-bin/nph-x.cgi HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.read_all() ==
        "HTTP/1.1 299 My Own\nServer: mine\r\nConnection: keep-alive\n\nb\x01o\xFF"
        "dy");
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return r.answers().size() == 1; }));
  CHECK(server.recorder().answers()[0].status == 299);
}

TEST_CASE("The output of an nph- script is not held back") {
  ServerUnderTest server;
  Gate gate;
  server.script("/cgi-bin/nph-x.cgi", sh("printf 'HTTP/1.0 200 OK\\r\\n\\r\\nfirst'; read line < " +
                                         gate.path() + "; printf second\n"));
  Client client(server.port());
  client.send("GET /cgi-bin/nph-x.cgi HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.read_until("first"));
  gate.open();
  CHECK(client.read_all() == "HTTP/1.0 200 OK\r\n\r\nfirstsecond");
}

TEST_CASE("An nph- script gets its body unaltered") {
  ServerUnderTest server;
  server.script("/cgi-bin/nph-x.cgi", sh("printf 'HTTP/1.0 200 OK\\r\\n\\r\\n'; exec cat\n"));
  CHECK(post(server.port(), "/cgi-bin/nph-x.cgi", "a\r\nb").status == 0);  // its version is its own: 1.0
  Client client(server.port());
  client.send("POST /cgi-bin/nph-x.cgi HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\na\r\nb");
  CHECK(client.read_all() == "HTTP/1.0 200 OK\r\n\r\na\r\nb");
}

TEST_CASE("An nph- script that writes no HTTP is 502, not a broken answer") {
  ServerUnderTest server;
  const struct {
    std::string bytes;
    ScriptFault fault;
  } rows[] = {
      {"Content-Type: text/html\\n\\nEVIL", ScriptFault::bad_header},
      {"EVIL", ScriptFault::bad_header},
      {"HTTP/2 200\\n\\nEVIL", ScriptFault::bad_header},
      {"HTTP/1.1", ScriptFault::bad_header},
      {"HTT", ScriptFault::no_blank_line},
      {"", ScriptFault::no_output},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bytes);
    server.script("/cgi-bin/nph-x.cgi", sh_prints(row.bytes));
    const Answer answer = get(server.port(), "/cgi-bin/nph-x.cgi");
    CHECK(answer.status == 502);
    CHECK(answer.body.find("EVIL") == std::string::npos);
    CHECK(server.recorder().failures().back().fault == row.fault);
  }
}

TEST_CASE("A local redirect to what no path can be is the script's fault, and the log names the script") {
  ServerUnderTest server;
  server.script("/cgi-bin/climbs.cgi", sh_prints("Location: /../secret\\n\\n"));
  CHECK(get(server.port(), "/cgi-bin/climbs.cgi").status == 502);
  REQUIRE(server.recorder().failures().size() == 1);
  CHECK(server.recorder().failures()[0].fault == tinyhttpd::ScriptFault::bad_header);
}
