// --redirect, --header and --mime, as a client sees them.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/server_under_test.hpp"

namespace {

using tinyhttpd::Config;
using tinyhttpd::Redirect;

struct RedirectServer : ServerUnderTest {
  RedirectServer()
      : ServerUnderTest([](Config& config) {
          config.files.redirects = {
              {.from = "/old.html", .to = "/new.html"},
              {.from = "/docs/", .to = "/manual/", .prefix = true, .rest = true},
              {.from = "/gone/", .to = "/sorry.html", .prefix = true},
              {.from = "/away/", .to = "https://example.org/", .prefix = true, .rest = true},
              {.from = "/bare", .to = "https://example.org", .prefix = true, .rest = true},
              {.from = "/all", .to = "/", .prefix = true, .rest = true},
              {.from = "/part", .to = "/page.html#part"},
              {.from = "/asked", .to = "/page.html?lang=en"},
          };
        }) {}

  std::string location(const std::string& target) {
    const Answer answer = get(port(), target);
    CHECK(answer.status == 301);
    return answer.field("location");
  }
};

ServerUnderTest::Adjust with_fields(std::vector<tinyhttpd::ConfiguredField> fields) {
  return [fields](Config& config) { config.files.fields = fields; };
}

}  // namespace

TEST_CASE("--redirect leads from the old path to the new one, the query kept") {
  RedirectServer server;
  CHECK(server.location("/old.html") == "/new.html");
  CHECK(server.location("/old.html?a=b&c") == "/new.html?a=b&c");
  CHECK(server.location("/%6fld.html") == "/new.html");
  CHECK(server.location("/./x/../old.html") == "/new.html");
  CHECK(get(server.port(), "/old.html.more").status == 404);
}

TEST_CASE("--redirect with * carries the rest over, or leads all to one place") {
  RedirectServer server;
  CHECK(server.location("/docs/") == "/manual/");
  CHECK(server.location("/docs/a/b%20c?d") == "/manual/a/b%20c?d");
  CHECK(server.location("/gone/x/y") == "/sorry.html");
  CHECK(server.location("/away/a") == "https://example.org/a");
}

TEST_CASE("a query goes before a fragment, and does not replace the new place's own") {  // RFC 3986 section 3
  RedirectServer server;
  CHECK(server.location("/part?a=b") == "/page.html?a=b#part");
  CHECK(server.location("/asked?a=b") == "/page.html?lang=en");
}

TEST_CASE("a redirect leads to the host that was configured, whatever the client writes") {  // CVE-2019-10098
  RedirectServer server;
  for (const char* rest : {"/evil.example", "//evil.example", "/%2fevil.example", "/%5cevil.example",
                           ".evil.example", "@evil.example", ":80@evil.example", "/..//evil.example"}) {
    CAPTURE(std::string(rest));
    const Answer to_path = get(server.port(), "/all" + std::string(rest));
    if (to_path.status == 301) CHECK_FALSE(to_path.field("location").starts_with("//"));
    if (to_path.status == 301) CHECK_FALSE(to_path.field("location").starts_with("/\\"));
    const Answer to_host = get(server.port(), "/bare" + std::string(rest));
    if (to_host.status == 301) CHECK(to_host.field("location").starts_with("https://example.org/"));
  }
  CHECK(server.location("/all/evil.example") == "/evil.example");
  CHECK(server.location("/bare.evil.example") == "https://example.org/.evil.example");
}

TEST_CASE("--redirect counts for every method, and before anything is looked for") {
  RedirectServer server;
  server.file("/old.html", "still here");
  CHECK(post(server.port(), "/old.html", "a=b").status == 301);
  Client client(server.port());
  client.send("HEAD /old.html HTTP/1.1\r\nHost: test\r\n\r\n");
  const Answer head = client.read(true);
  CHECK(head.status == 301);
  CHECK(head.field("location") == "/new.html");
}

TEST_CASE("--header is added to every answer: files, 304, errors, redirects, scripts, refused clients") {
  ServerUnderTest server([](Config& config) {
    config.files.fields = {{"X-Frame-Options", "DENY"}, {"Link", "</a>"}, {"Link", "</b>"}};
    config.max_connections = 2;
  });
  server.file("/a.txt", "a");
  server.file("/folder/index.html", "");
  server.script("/cgi-bin/a.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhello'\n");
  const Answer file = get(server.port(), "/a.txt");
  CHECK(file.field("x-frame-options") == "DENY");
  CHECK(file.count("link") == 2);
  CHECK(get(server.port(), "/a.txt", "If-None-Match: " + file.field("etag") + "\r\n")
            .field("x-frame-options") == "DENY");
  for (const char* target : {"/missing", "/folder", "/cgi-bin/a.cgi", "/%00"}) {
    CAPTURE(std::string(target));
    CHECK(get(server.port(), target).field("x-frame-options") == "DENY");
  }
  const auto holding = [&server] {
    for (;;) {
      Client client(server.port());
      client.send("GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n");
      // Until the server has noticed the end of the clients before, this may be one too many.
      if (client.read().status == 200) return client;
    }
  };
  const Client one = holding(), two = holding();
  CHECK(Client(server.port()).read().field("x-frame-options") == "DENY");
}

TEST_CASE("a field that a script sends itself is not sent twice") {
  ServerUnderTest server(with_fields({{"Cache-Control", "no-store"}}));
  server.script("/cgi-bin/a.cgi",
                "#!/bin/sh\nprintf 'Content-Type: text/plain\\ncache-control: max-age=5\\n\\n'\n");
  CHECK(get(server.port(), "/cgi-bin/a.cgi").field("cache-control") == "max-age=5");
  CHECK(get(server.port(), "/missing").field("cache-control") == "no-store");
}

TEST_CASE("an answer that a script writes whole stays as it is") {  // RFC 3875 section 5
  ServerUnderTest server(with_fields({{"X-Added", "yes"}}));
  server.script("/cgi-bin/nph-a.cgi",
                "#!/bin/sh\nprintf 'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n'\n");
  CHECK(get(server.port(), "/cgi-bin/nph-a.cgi").count("x-added") == 0);
}

TEST_CASE("--mime says what an extension means, also where the program knows better") {
  ServerUnderTest server([](Config& config) {
    config.files.mime_types = {{"html", "application/xhtml+xml"}, {"mine", "text/x-mine"}};
  });
  server.file("/a.html", "");
  server.file("/a.mine", "");
  server.file("/a.css", "");
  CHECK(get(server.port(), "/a.html").field("content-type").starts_with("application/xhtml+xml"));
  CHECK(get(server.port(), "/a.mine").field("content-type") == "text/x-mine; charset=utf-8");
  CHECK(get(server.port(), "/a.css").field("content-type") == "text/css; charset=utf-8");
}
