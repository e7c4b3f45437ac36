// Pages of the site for answers that refuse (--error-page): the page changes, the answer does not.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/client.hpp"
#include "support/server_under_test.hpp"

namespace {

/// A server with a page for each of these.
struct PagesServer : ServerUnderTest {
  PagesServer()
      : ServerUnderTest([](tinyhttpd::Config& config) {
          for (const int status : {400, 403, 404, 405, 406, 412, 416, 502, 503})
            config.files.error_pages[status] = "/errors/" + std::to_string(status) + ".html";
        }) {}

  void page(int status) { file("/errors/" + std::to_string(status) + ".html", text(status)); }
  static std::string text(int status) { return "<h1>Our own " + std::to_string(status) + "</h1>\n"; }
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

bool has_warning(const Recorder& recorder, std::string_view part) {
  const auto warnings = recorder.warnings();
  return std::any_of(warnings.begin(), warnings.end(),
                     [&](const std::string& warning) { return contains(warning, part); });
}

}  // namespace

TEST_CASE("a refused request is answered with the site's page, the status kept") {
  PagesServer server;
  server.file("/private.txt", "secret", 0600);
  server.file("/page.html", std::string(600, 'x'));
  server.script("/cgi-bin/fails.cgi", "#!/bin/sh\nexit 3\n");
  struct Row {
    int status;
    const char* target;
    const char* fields;
  };
  const Row rows[] = {
      {404, "/missing", ""},
      {403, "/private.txt", ""},
      {502, "/cgi-bin/fails.cgi", ""},
      {400, "/%00", ""},
      {406, "/page.html", "Accept-Encoding: *;q=0\r\n"},
      {412, "/page.html", "If-Match: \"other\"\r\n"},
      {416, "/page.html", "Range: bytes=1000-\r\n"},
  };
  const std::size_t said_at_the_start = server.recorder().warnings().size();
  for (const Row& row : rows) {
    CAPTURE(row.status);
    server.page(row.status);
    const Answer answer = get(server.port(), row.target, row.fields);
    CHECK(answer.status == row.status);
    CHECK(answer.field("content-type") == "text/html; charset=utf-8");
    CHECK(answer.body == PagesServer::text(row.status));
    CHECK(answer.complete);
  }
  CHECK(server.recorder().warnings().size() == said_at_the_start);
}

TEST_CASE("a page that is missing at the start is warned of") {
  PagesServer server;
  const auto warnings = server.recorder().warnings();
  CHECK(std::any_of(warnings.begin(), warnings.end(), [](const std::string& warning) {
    return warning.starts_with("--error-page 404=/errors/404.html");
  }));
}

TEST_CASE("the page of an error has nothing that a cache or a download could hold on to") {
  PagesServer server;
  server.page(404);
  const std::string etag = get(server.port(), "/errors/404.html").field("etag");
  CHECK(etag.size() > 2);
  const Answer answer = get(server.port(), "/missing",
                            "Range: bytes=0-3\r\nAccept-Encoding: gzip\r\nIf-None-Match: " + etag + "\r\n");
  CHECK(answer.status == 404);
  CHECK(answer.body == PagesServer::text(404));
  for (const char* name : {"etag", "last-modified", "accept-ranges", "content-range", "content-encoding"}) {
    CAPTURE(std::string(name));
    CHECK(answer.count(name) == 0);
  }
}

TEST_CASE("what an answer must say beside its page is still there") {
  PagesServer server;
  for (const int status : {405, 406, 416}) server.page(status);
  server.file("/page.html", std::string(600, 'x'));
  const Answer post_answer = post(server.port(), "/page.html", "a=b");
  CHECK(post_answer.status == 405);
  CHECK(post_answer.field("allow") == "GET, HEAD, OPTIONS");
  CHECK(post_answer.body == PagesServer::text(405));
  CHECK(get(server.port(), "/page.html", "Range: bytes=1000-\r\n").field("content-range") == "bytes */600");
  CHECK(get(server.port(), "/page.html", "Accept-Encoding: *;q=0\r\n").field("vary") == "Accept-Encoding");
}

TEST_CASE("HEAD has the fields of the page and no body") {
  PagesServer server;
  server.page(404);
  Client client(server.port());
  for (int i = 0; i < 2; ++i) {
    client.send("HEAD /missing HTTP/1.1\r\nHost: test\r\n\r\n");
    const Answer answer = client.read(true);
    CHECK(answer.status == 404);
    CHECK(answer.field("content-length") == std::to_string(PagesServer::text(404).size()));
    CHECK(answer.field("content-type") == "text/html; charset=utf-8");
  }
}

TEST_CASE("a page larger than a buffer is sent whole") {
  PagesServer server;
  const std::string large(300'000, 'x');
  server.file("/errors/404.html", large);
  CHECK(get(server.port(), "/missing").body == large);
}

TEST_CASE("an edited error page shows at once") {
  PagesServer server;
  server.page(404);
  CHECK(get(server.port(), "/missing").body == PagesServer::text(404));
  server.file("/errors/404.html", "edited");
  CHECK(get(server.port(), "/missing").body == "edited");
}

TEST_CASE("a page that cannot be had makes room for the built-in one, and the log says so") {
  PagesServer server;
  const auto is_built_in = [&] {
    const Answer answer = get(server.port(), "/missing");
    return answer.status == 404 && contains(answer.body, "404 Not Found");
  };
  CHECK(is_built_in());
  CHECK(has_warning(server.recorder(), "/errors/404.html"));
  server.file("/errors/404.html", "secret", 0600);
  CHECK(is_built_in());
  std::filesystem::remove(server.root() + "/errors/404.html");
  std::filesystem::create_symlink("/etc/passwd", server.root() + "/errors/404.html");
  CHECK(is_built_in());
  std::filesystem::remove(server.root() + "/errors/404.html");
  std::filesystem::create_directory(server.root() + "/errors/404.html");
  CHECK(is_built_in());
}

TEST_CASE("a page that is a script is neither run nor sent as its source") {
  struct Row {
    const char* path;
    int mode;
  };
  for (const Row& row :
       {Row{"/errors/404.cgi", 0755}, Row{"/errors/404.cgi", 0644}, Row{"/cgi-bin/404.html", 0644},
        Row{"/errors/404.php", 0644}, Row{"/errors/.404.html", 0644}}) {
    CAPTURE(std::string(row.path));
    ServerUnderTest server([&](tinyhttpd::Config& config) { config.files.error_pages[404] = row.path; });
    server.file(row.path, "#!/bin/sh\necho secret\n", row.mode);
    const Answer answer = get(server.port(), "/missing");
    CHECK(answer.status == 404);
    CHECK_FALSE(contains(answer.body, "secret"));
    CHECK(contains(answer.body, "404 Not Found"));
    CHECK(has_warning(server.recorder(), row.path));
  }
}

TEST_CASE("a script's own answer is its own, whatever its status") {
  PagesServer server;
  server.page(404);
  server.script("/cgi-bin/own.cgi",
                "#!/bin/sh\nprintf 'Status: 404 Not Found\\nContent-Type: text/plain\\n\\nmy own'\n");
  CHECK(get(server.port(), "/cgi-bin/own.cgi").body == "my own");
}

TEST_CASE("an answer without an error keeps its own page") {
  PagesServer server;
  server.page(404);
  server.file("/page.txt", "content");
  CHECK(get(server.port(), "/page.txt").body == "content");
}
