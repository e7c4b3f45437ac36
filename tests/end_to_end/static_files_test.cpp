// Files as a client gets them: types, methods, conditions, ranges, and files that change meanwhile.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/client.hpp"
#include "support/process_under_test.hpp"
#include "support/server_under_test.hpp"
#include "tinyhttpd/http_date.hpp"

namespace {

using tinyhttpd::UniqueFd;
using tinyhttpd::UnixTime;

// Long past, so that no test depends on the second it runs in. Three forms of one date (RFC 9110
// section 5.6.7).
constexpr UnixTime kDay = 1'600'000'000;
constexpr auto kThatDay = "Sun, 13 Sep 2020 12:26:40 GMT";
constexpr auto kThatDayRfc850 = "Sunday, 13-Sep-20 12:26:40 GMT";
constexpr auto kThatDayAsctime = "Sun Sep 13 12:26:40 2020";
constexpr auto kDayBefore = "Sat, 12 Sep 2020 12:26:40 GMT";

void set_mtime(const std::string& path, UnixTime seconds, long nanoseconds = 0) {
  timespec times[2]{};
  times[0] = times[1] = {seconds, nanoseconds};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

/// A server with one page, last changed on that day.
class PageServer : public ServerUnderTest {
 public:
  PageServer() {
    file("/page.txt", "0123456789");
    set_mtime(root() + "/page.txt", kDay);
    etag = get(port(), "/page.txt").field("etag");
  }
  std::string etag;
};

/// A request without a body on an open connection.
Answer on(Client& client, const std::string& method, const std::string& target,
          const std::string& fields = {}) {
  client.send(method + " " + target + " HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n");
  return client.read(method == "HEAD");
}

/// "TAG" in a row of a table stands for the page's entity tag.
std::string with_tag(std::string fields, const std::string& etag) {
  for (auto at = fields.find("TAG"); at != fields.npos; at = fields.find("TAG")) fields.replace(at, 3, etag);
  return fields;
}

UniqueFd open_file(const std::string& path, int flags) {
  UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  REQUIRE(fd);
  return fd;
}

/// A file too large for the buffers of a connection: its sending waits for the client.
constexpr std::uint64_t kLargeBytes = 64ULL << 20U;

void make_large(const std::string& path, char content) {
  const UniqueFd fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  const std::string piece(1U << 20U, content);
  for (std::uint64_t size = 0; size < kLargeBytes; size += piece.size())
    REQUIRE(::write(fd.get(), piece.data(), piece.size()) == static_cast<ssize_t>(piece.size()));
}

/// Begins a download of a large file, and reads no more of it than its head.
void begin_download(Client& client, const std::string& target) {
  REQUIRE(client.send("GET " + target + " HTTP/1.1\r\nHost: test\r\n\r\n"));
  REQUIRE(client.read_until("\r\n\r\n"));
}

/// The server's end of a client's connection: both are in this process.
int server_end_of(const Client& client) {
  sockaddr_in wanted{};
  socklen_t size = sizeof wanted;
  REQUIRE(::getsockname(client.fd(), reinterpret_cast<sockaddr*>(&wanted), &size) == 0);
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in peer{};
    size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family == AF_INET && peer.sin_port == wanted.sin_port) return fd;
  }
  FAIL("the server has not accepted the connection");
  return -1;
}

}  // namespace

// ---- What a file is

TEST_CASE("a file's media type is that of its extension, text with its charset") {
  struct Row {
    const char* path;
    const char* type;
  };
  const Row rows[] = {
      {"/page.html", "text/html; charset=utf-8"},
      {"/PAGE.HTML", "text/html; charset=utf-8"},
      {"/style.css", "text/css; charset=utf-8"},
      {"/script.js", "text/javascript; charset=utf-8"},
      {"/data.json", "application/json; charset=utf-8"},
      {"/drawing.svg", "image/svg+xml; charset=utf-8"},
      {"/notes.txt", "text/plain; charset=utf-8"},
      {"/photo.png", "image/png"},
      {"/photo.jpeg", "image/jpeg"},
      {"/book.pdf", "application/pdf"},
      {"/module.wasm", "application/wasm"},
      {"/unknown.of-no-known-kind", "application/octet-stream"},
      {"/without-extension", "application/octet-stream"},
  };
  ServerUnderTest server;
  Client client(server.port());
  for (const Row& row : rows) {
    CAPTURE(row.path);
    server.file(row.path, "content");
    const Answer answer = on(client, "GET", row.path);
    CHECK(answer.status == 200);
    CHECK(answer.field("content-type") == row.type);
  }
}

TEST_CASE("a query does not change what a file is") {
  PageServer server;
  CHECK(get(server.port(), "/page.txt?version=2").body == "0123456789");
}

TEST_CASE("an empty file is answered with no bytes, and the connection goes on") {
  ServerUnderTest server;
  server.file("/empty.txt", "");
  Client client(server.port());
  for (int i = 0; i < 2; ++i) {
    const Answer answer = on(client, "GET", "/empty.txt");
    CHECK(answer.status == 200);
    CHECK(answer.field("content-length") == "0");
  }
  const Answer part = on(client, "GET", "/empty.txt", "Range: bytes=0-\r\n");
  CHECK(part.status == 416);
  CHECK(part.field("content-range") == "bytes */0");
}

TEST_CASE("a static extension is a page though the file may be executed, as on a mounted Windows folder") {
  ServerUnderTest server;
  server.file("/index.html", "<p>page", 0755);
  const Answer answer = get(server.port(), "/index.html");
  CHECK(answer.status == 200);
  CHECK(answer.body == "<p>page");
}

TEST_CASE("the source of a script is never sent") {
  struct Row {
    const char* path;
    int mode;
  };
  const Row rows[] = {
      {"/tool.cgi", 0644},          {"/tool.pl", 0644}, {"/cgi-bin/tool", 0644},
      {"/cgi-bin/page.html", 0644}, {"/tool.py", 0600}, {"/tool.sh", 0444},
  };
  ServerUnderTest server;
  for (const Row& row : rows) {
    CAPTURE(row.path);
    server.file(row.path, "#!/bin/sh\necho secret\n", row.mode);
    const Answer answer = get(server.port(), row.path);
    CHECK(answer.status == 403);
    CHECK(answer.body.find("secret") == answer.body.npos);
  }
}

TEST_CASE("a file that others may not read is forbidden, though the server may read it") {
  ServerUnderTest server;
  server.file("/private.txt", "secret", 0600);
  server.file("/group.txt", "secret", 0640);
  for (const char* path : {"/private.txt", "/group.txt"}) {
    const Answer answer = get(server.port(), path);
    CHECK(answer.status == 403);
    CHECK(answer.body.find("secret") == answer.body.npos);
  }
}

// ---- Folders

TEST_CASE("a folder is answered by the first of its index files") {
  ServerUnderTest server([](tinyhttpd::Config& config) { config.index = {"first.html", "second.html"}; });
  server.file("/both/first.html", "first");
  server.file("/both/second.html", "second");
  server.file("/one/second.html", "second");
  server.file("/none/third.html", "third");
  server.file("/folder/first.html/inner.txt", "a folder is no index");
  server.file("/folder/second.html", "second");
  CHECK(get(server.port(), "/both/").body == "first");
  CHECK(get(server.port(), "/one/").body == "second");
  CHECK(get(server.port(), "/none/").status == 404);
  CHECK(get(server.port(), "/folder/").body == "second");
}

TEST_CASE("an index that is a script is run, and refused when it cannot be") {
  ServerUnderTest server;
  server.script("/runs/index.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nran'\n");
  server.file("/fails/index.cgi", "#!/bin/sh\necho secret\n");
  CHECK(get(server.port(), "/runs/?a=b").body == "ran");
  CHECK(get(server.port(), "/fails/").status == 403);
}

TEST_CASE("an index that may not be read is forbidden, not passed over for the next one") {
  ServerUnderTest server;
  server.file("/private/index.html", "secret", 0600);
  server.script("/private/index.cgi", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nran'\n");
  std::filesystem::create_directory(server.root() + "/outside");
  std::filesystem::create_symlink("/etc/passwd", server.root() + "/outside/index.html");
  CHECK(get(server.port(), "/private/").status == 403);
  CHECK(get(server.port(), "/outside/").status == 403);
}

TEST_CASE("a folder without its slash is redirected to it, the query kept") {
  struct Row {
    const char* target;
    const char* location;
  };
  const Row rows[] = {
      {"/folder", "/folder/"},      {"/folder?a=b&c=%2F", "/folder/?a=b&c=%2F"},
      {"/folder?", "/folder/?"},    {"/a%20b", "/a%20b/"},
      {"/x/../folder", "/folder/"}, {"http://test/folder?q", "/folder/?q"},
  };
  ServerUnderTest server;
  server.file("/folder/index.html", "index");
  server.file("/a b/index.html", "index");
  Client client(server.port());
  for (const Row& row : rows) {
    CAPTURE(row.target);
    const Answer answer = on(client, "GET", row.target);
    CHECK(answer.status == 301);
    CHECK(answer.field("location") == row.location);
  }
}

// ---- Methods

TEST_CASE("HEAD is answered with the fields of GET and no body") {
  PageServer server;
  server.file("/folder/index.html", "index");
  server.file("/private.txt", "secret", 0600);
  make_large(server.root() + "/large.bin", 'x');
  for (const char* target : {"/page.txt", "/large.bin", "/folder/", "/folder", "/missing", "/private.txt"}) {
    CAPTURE(target);
    Client client(server.port());
    Answer whole = on(client, "GET", target);
    Answer head = on(client, "HEAD", target);
    CHECK(head.status == whole.status);
    CHECK(head.field("content-length") == std::to_string(whole.body.size()));
    // A second may have begun in between.
    CHECK(whole.fields.erase("date") == 1);
    CHECK(head.fields.erase("date") == 1);
    CHECK(head.fields == whole.fields);
    CHECK(on(client, "GET", "/page.txt").body == "0123456789");
  }
}

TEST_CASE("OPTIONS names the methods of a file, without a body") {
  PageServer server;
  Client client(server.port());
  for (const char* target : {"/page.txt", "*"}) {
    const Answer answer = on(client, "OPTIONS", target);
    CHECK(answer.status == 204);
    CHECK(answer.field("allow").starts_with("GET, HEAD"));
    CHECK(answer.count("content-length") == 0);
    CHECK(answer.count("transfer-encoding") == 0);
  }
  CHECK(on(client, "GET", "/page.txt").body == "0123456789");
}

TEST_CASE("a method that files do not know is 405 with Allow, one that nobody knows 501") {
  PageServer server;
  Client client(server.port());
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
    CAPTURE(method);
    const Answer answer = on(client, method, "/page.txt");
    CHECK(answer.status == 405);
    CHECK(answer.field("allow") == "GET, HEAD, OPTIONS");
  }
  for (const char* method : {"TRACE", "CONNECT"}) {
    CAPTURE(method);
    const Answer answer =
        ask(server.port(), std::string(method) + " " + (method[0] == 'C' ? "test:80" : "/page.txt") +
                               " HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(answer.status == 405);
    CHECK(answer.count("allow") == 1);
  }
  CHECK(ask(server.port(), "BREW /page.txt HTTP/1.1\r\nHost: test\r\n\r\n").status == 501);
  // Methods are case-sensitive (RFC 9110 section 9.1).
  CHECK(ask(server.port(), "get /page.txt HTTP/1.1\r\nHost: test\r\n\r\n").status == 501);
}

TEST_CASE("a body sent to a file is not read as the next request") {
  PageServer server;
  Client client(server.port());
  client.send(
      "GET /page.txt HTTP/1.1\r\nHost: test\r\nContent-Length: 39\r\n\r\n"
      "GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n\n"
      "GET /page.txt HTTP/1.1\r\nHost: test\r\n\r\n");
  CHECK(client.read().status == 200);
  CHECK(client.read().status == 200);
}

TEST_CASE("every kind of answer leaves the connection fit for the next request") {
  PageServer server;
  server.file("/folder/index.html", "index");
  server.file("/private.txt", "secret", 0600);
  struct Row {
    const char* method;
    const char* target;
    const char* fields;
    int status;
  };
  const Row rows[] = {
      {"GET", "/page.txt", "", 200},
      {"HEAD", "/page.txt", "", 200},
      {"GET", "/page.txt", "Range: bytes=2-5\r\n", 206},
      {"GET", "/page.txt", "Range: bytes=10-\r\n", 416},
      {"GET", "/page.txt", "If-None-Match: TAG\r\n", 304},
      {"HEAD", "/page.txt", "If-None-Match: TAG\r\n", 304},
      {"GET", "/page.txt", "If-Match: \"other\"\r\n", 412},
      {"GET", "/folder", "", 301},
      {"HEAD", "/folder", "", 301},
      {"GET", "/private.txt", "", 403},
      {"GET", "/missing", "", 404},
      {"HEAD", "/missing", "", 404},
      {"DELETE", "/page.txt", "", 405},
      {"OPTIONS", "/page.txt", "", 204},
  };
  Client client(server.port());
  for (const Row& row : rows) {
    CAPTURE(row.method);
    CAPTURE(row.target);
    CAPTURE(row.fields);
    const Answer answer = on(client, row.method, row.target, with_tag(row.fields, server.etag));
    CHECK(answer.status == row.status);
    CHECK(answer.complete);
    CHECK(answer.count("date") == 1);
    CHECK(answer.count("connection") == 0);
  }
  CHECK(on(client, "GET", "/page.txt").body == "0123456789");
}

// ---- Conditions (RFC 9110 section 13)

TEST_CASE("conditions are evaluated in the order of the specification") {
  PageServer server;
  struct Row {
    std::string fields;
    int status;
  };
  const std::string that_day(kThatDay), day_before(kDayBefore);
  const Row rows[] = {
      // 13.1.2: If-None-Match compares weakly, in a list, over several lines.
      {"If-None-Match: TAG\r\n", 304},
      {"If-None-Match: W/TAG\r\n", 304},
      {"If-None-Match: \"a\", W/\"b\" ,TAG\r\n", 304},
      {"If-None-Match: \"a\"\r\nIf-None-Match: TAG\r\n", 304},
      {"If-None-Match: *\r\n", 304},
      {"If-None-Match: \"a\"\r\n", 200},
      // 13.1.3: If-Modified-Since, in all three forms of a date.
      {"If-Modified-Since: " + that_day + "\r\n", 304},
      {"If-Modified-Since: " + std::string(kThatDayRfc850) + "\r\n", 304},
      {"If-Modified-Since: " + std::string(kThatDayAsctime) + "\r\n", 304},
      {"If-Modified-Since: " + day_before + "\r\n", 200},
      {"If-Modified-Since: yesterday\r\n", 200},
      {"If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT\r\n", 200},
      // 13.1.1: If-Match compares strongly.
      {"If-Match: TAG\r\n", 200},
      {"If-Match: *\r\n", 200},
      {"If-Match: \"a\", TAG\r\n", 200},
      {"If-Match: W/TAG\r\n", 412},
      {"If-Match: \"a\"\r\n", 412},
      // 13.1.4
      {"If-Unmodified-Since: " + that_day + "\r\n", 200},
      {"If-Unmodified-Since: " + day_before + "\r\n", 412},
      {"If-Unmodified-Since: yesterday\r\n", 200},
      // 13.2.2: If-Match before If-Unmodified-Since, both before If-None-Match, that before
      // If-Modified-Since.
      {"If-Match: TAG\r\nIf-Unmodified-Since: " + day_before + "\r\n", 200},
      {"If-Match: \"a\"\r\nIf-Unmodified-Since: " + that_day + "\r\n", 412},
      {"If-Match: \"a\"\r\nIf-None-Match: TAG\r\n", 412},
      {"If-Match: TAG\r\nIf-None-Match: TAG\r\n", 304},
      {"If-Unmodified-Since: " + day_before + "\r\nIf-None-Match: TAG\r\n", 412},
      {"If-None-Match: \"a\"\r\nIf-Modified-Since: " + that_day + "\r\n", 200},
      {"If-None-Match: TAG\r\nIf-Modified-Since: " + day_before + "\r\n", 304},
      // 13.2.2: a range is looked at last of all.
      {"If-None-Match: TAG\r\nRange: bytes=0-1\r\n", 304},
      {"If-Match: \"a\"\r\nRange: bytes=0-1\r\n", 412},
      {"If-Match: TAG\r\nRange: bytes=0-1\r\n", 206},
      {"If-None-Match: TAG\r\nRange: bytes=100-\r\n", 304},
  };
  Client client(server.port());
  for (const Row& row : rows) {
    for (const char* method : {"GET", "HEAD"}) {
      CAPTURE(row.fields);
      CAPTURE(method);
      const int status = row.status == 206 && method[0] == 'H' ? 200 : row.status;  // Range is for GET only
      CHECK(on(client, method, "/page.txt", with_tag(row.fields, server.etag)).status == status);
    }
  }
}

TEST_CASE("a condition on what is refused anyway changes nothing") {  // RFC 9110 section 13.2.1
  PageServer server;
  Client client(server.port());
  CHECK(on(client, "GET", "/missing", "If-None-Match: *\r\n").status == 404);
  CHECK(on(client, "GET", "/missing", "If-Match: *\r\n").status == 404);
  CHECK(on(client, "POST", "/page.txt", "If-Match: \"a\"\r\n").status == 405);
}

TEST_CASE("a 304 carries the validators of the 200, and no length") {
  PageServer server;
  const Answer whole = get(server.port(), "/page.txt");
  const Answer answer = get(server.port(), "/page.txt", "If-None-Match: " + server.etag + "\r\n");
  CHECK(answer.status == 304);
  CHECK(answer.field("etag") == whole.field("etag"));
  CHECK(answer.field("last-modified") == kThatDay);
  CHECK(answer.count("date") == 1);
  CHECK(answer.count("content-length") == 0);
  CHECK(answer.count("content-type") == 0);
}

TEST_CASE("Last-Modified is never later than Date") {  // RFC 9110 section 8.8.2.1
  ServerUnderTest server;
  server.file("/page.txt", "from the future");
  set_mtime(server.root() + "/page.txt", std::time(nullptr) + 86400);
  const Answer answer = get(server.port(), "/page.txt");
  const auto date = tinyhttpd::parse_http_date(answer.field("date"), std::time(nullptr));
  const auto last_modified = tinyhttpd::parse_http_date(answer.field("last-modified"), std::time(nullptr));
  REQUIRE(date);
  REQUIRE(last_modified);
  CHECK(*last_modified <= *date);
}

TEST_CASE("a file rewritten in the same second, to the same size, has another entity tag") {
  ServerUnderTest server;
  server.file("/page.txt", "before");
  set_mtime(server.root() + "/page.txt", kDay, 1);
  const std::string before = get(server.port(), "/page.txt").field("etag");
  server.file("/page.txt", "after!");
  set_mtime(server.root() + "/page.txt", kDay, 2);
  const Answer after = get(server.port(), "/page.txt", "If-None-Match: " + before + "\r\n");
  CHECK(after.status == 200);
  CHECK(after.body == "after!");
  CHECK(after.field("last-modified") == kThatDay);
}

TEST_CASE("an edited file shows at once, on a connection that had the old one") {
  ServerUnderTest server;
  Client client(server.port());
  for (const char* content : {"first", "second, longer", "3rd"}) {
    server.file("/page.txt", content);
    CHECK(on(client, "GET", "/page.txt").body == content);
  }
  std::filesystem::remove(server.root() + "/page.txt");
  CHECK(on(client, "GET", "/page.txt").status == 404);
}

// ---- Ranges (RFC 9110 section 14)

TEST_CASE("one range is answered with 206 and just those bytes") {
  struct Row {
    const char* range;
    int status;
    const char* body;
    const char* content_range;
  };
  const Row rows[] = {
      {"bytes=0-3", 206, "0123", "bytes 0-3/10"},
      {"bytes=4-4", 206, "4", "bytes 4-4/10"},
      {"bytes=7-", 206, "789", "bytes 7-9/10"},
      {"bytes=-2", 206, "89", "bytes 8-9/10"},
      {"bytes=-100", 206, "0123456789", "bytes 0-9/10"},
      {"bytes=5-99999999999999999999", 206, "56789", "bytes 5-9/10"},
      {"Bytes=0-0", 206, "0", "bytes 0-0/10"},
      {"bytes=10-", 416, nullptr, "bytes */10"},
      {"bytes=99999999999999999999-", 416, nullptr, "bytes */10"},
      {"bytes=-0", 416, nullptr, "bytes */10"},
      // Two that touch are one.
      {"bytes=0-1,2-5", 206, "012345", "bytes 0-5/10"},
      // Ignored: another unit, and what is no range at all (section 14.2).
      {"lines=0-3", 200, "0123456789", ""},
      {"bytes=3-1", 200, "0123456789", ""},
      {"bytes=a-b", 200, "0123456789", ""},
  };
  PageServer server;
  Client client(server.port());
  for (const Row& row : rows) {
    CAPTURE(row.range);
    const Answer answer = on(client, "GET", "/page.txt", "Range: " + std::string(row.range) + "\r\n");
    CHECK(answer.status == row.status);
    CHECK(answer.field("content-range") == row.content_range);
    if (row.body != nullptr) CHECK(answer.body == row.body);
    if (row.status != 416) CHECK(answer.field("etag") == server.etag);
  }
}

TEST_CASE("Range does not apply to HEAD") {  // RFC 9110 section 14.2
  PageServer server;
  Client client(server.port());
  const Answer answer = on(client, "HEAD", "/page.txt", "Range: bytes=0-3\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.field("content-length") == "10");
}

TEST_CASE("If-Range that is not the file's makes the range be ignored") {  // RFC 9110 section 13.1.5
  struct Row {
    std::string if_range;
    int status;
  };
  const Row rows[] = {
      {"TAG", 206},      {"W/TAG", 200},    {"\"other\"", 200}, {kThatDay, 206},
      {"TAG, TAG", 200}, {kDayBefore, 200}, {"garbage", 200},
  };
  PageServer server;
  Client client(server.port());
  for (const Row& row : rows) {
    CAPTURE(row.if_range);
    const std::string fields = "Range: bytes=0-3\r\nIf-Range: " + row.if_range + "\r\n";
    const Answer answer = on(client, "GET", "/page.txt", with_tag(fields, server.etag));
    CHECK(answer.status == row.status);
    CHECK(answer.body == (row.status == 206 ? "0123" : "0123456789"));
  }
  // Without a range, it means nothing, and with one that cannot be, it still comes first.
  CHECK(on(client, "GET", "/page.txt", "If-Range: \"other\"\r\n").status == 200);
  CHECK(on(client, "GET", "/page.txt", "Range: bytes=99-\r\nIf-Range: \"other\"\r\n").status == 200);
}

TEST_CASE("a range of a large file begins where it says") {
  ServerUnderTest server;
  std::string content;
  for (int i = 0; content.size() < 400'000; ++i) content += std::to_string(i) + ",";
  server.file("/large.txt", content);
  const Answer part = get(server.port(), "/large.txt", "Range: bytes=100001-350000\r\n");
  CHECK(part.status == 206);
  CHECK(part.body == content.substr(100'001, 250'000));
  CHECK(get(server.port(), "/large.txt").body == content);
}

TEST_CASE("lengths and ranges are right past 4 GiB") {
  constexpr off_t kSize = 5LL << 30U;
  ServerUnderTest server;
  {
    const UniqueFd sparse = open_file(server.root() + "/sparse.bin", O_WRONLY | O_CREAT);
    REQUIRE(::pwrite(sparse.get(), "the end", 7, kSize - 7) == 7);
  }
  Client client(server.port());
  CHECK(on(client, "HEAD", "/sparse.bin").field("content-length") == "5368709120");
  const Answer end = on(client, "GET", "/sparse.bin", "Range: bytes=-7\r\n");
  CHECK(end.status == 206);
  CHECK(end.field("content-range") == "bytes 5368709113-5368709119/5368709120");
  CHECK(end.body == "the end");
  const Answer piece = on(client, "GET", "/sparse.bin", "Range: bytes=5368609120-\r\n");  // by sendfile
  CHECK(piece.body.size() == 100'000);
  CHECK(piece.body.ends_with("the end"));
  CHECK(on(client, "GET", "/sparse.bin", "Range: bytes=5368709120-\r\n").status == 416);
}

// ---- Files that change while they are sent

TEST_CASE("a file that is truncated while it is sent is cut short, never padded") {
  ServerUnderTest server;
  make_large(server.root() + "/large.bin", 'x');
  Client client(server.port());
  begin_download(client, "/large.bin");
  // Past what the sockets' buffers hold already: of that, the kernel itself may clear what is truncated.
  constexpr std::uint64_t kLeft = kLargeBytes / 2;
  REQUIRE(::truncate((server.root() + "/large.bin").c_str(), static_cast<off_t>(kLeft)) == 0);

  const Answer answer = client.read();
  CHECK(answer.field("content-length") == std::to_string(kLargeBytes));
  CHECK_FALSE(answer.complete);
  CHECK(answer.body.size() <= kLeft);
  CHECK(answer.body.find_first_not_of('x') == answer.body.npos);
  CHECK(client.ends_within(20'000));
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return r.answers().size() == 1; }));
  CHECK_FALSE(server.recorder().answers().front().complete);
  CHECK(get(server.port(), "/large.bin").body == std::string(kLeft, 'x'));
}

TEST_CASE("a file that grows while it is sent ends where its length said") {
  ServerUnderTest server;
  make_large(server.root() + "/large.bin", 'x');
  Client client(server.port());
  begin_download(client, "/large.bin");
  {
    const UniqueFd end = open_file(server.root() + "/large.bin", O_WRONLY | O_APPEND);
    REQUIRE(::write(end.get(), "more", 4) == 4);
  }
  const Answer answer = client.read();
  CHECK(answer.complete);
  CHECK(answer.body.size() == kLargeBytes);
  CHECK(answer.body.find_first_not_of('x') == answer.body.npos);
  CHECK(on(client, "GET", "/large.bin", "Range: bytes=-5\r\n").body == "xmore");
}

TEST_CASE("a file that is replaced while it is sent is sent as it was, and the next answer is the new one") {
  ServerUnderTest server;
  make_large(server.root() + "/large.bin", 'x');
  const std::string before = get(server.port(), "/large.bin", "Range: bytes=0-0\r\n").field("etag");
  Client client(server.port());
  begin_download(client, "/large.bin");
  make_large(server.root() + "/new.bin", 'y');
  std::filesystem::rename(server.root() + "/new.bin", server.root() + "/large.bin");

  const Answer old = client.read();
  CHECK(old.field("etag") == before);
  CHECK(old.body.size() == kLargeBytes);
  CHECK(old.body.find_first_not_of('x') == old.body.npos);
  const Answer next = on(client, "GET", "/large.bin", "Range: bytes=0-99\r\nIf-Range: " + before + "\r\n");
  CHECK(next.status == 200);
  CHECK(next.field("etag") != before);
  CHECK(next.body.find_first_not_of('y') == next.body.npos);
}

TEST_CASE("a body goes out byte for byte through the smallest socket buffer") {
  ServerUnderTest server;
  std::string content;
  for (int i = 0; content.size() < 300'000; ++i) content += std::to_string(i * 7919) + " ";
  server.file("/large.txt", content);                    // by sendfile
  server.file("/small.txt", content.substr(0, 20'000));  // with its head in one call
  Client client(server.port());
  REQUIRE(on(client, "HEAD", "/small.txt").status == 200);
  const int smallest = 1;
  REQUIRE(::setsockopt(server_end_of(client), SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest) == 0);
  CHECK(on(client, "GET", "/small.txt").body == content.substr(0, 20'000));
  CHECK(on(client, "GET", "/large.txt").body == content);
  CHECK(on(client, "GET", "/large.txt", "Range: bytes=1-299000\r\n").body == content.substr(1, 299'000));
}

// ---- Want

TEST_CASE("without descriptors left a file is 503 with Retry-After, not missing, and found again later") {
  PageServer server;
  server.file("/folder/index.html", "index");
  Client client(server.port());
  // A sanitizer needs descriptors when it first sees a class: every way is gone once before.
  REQUIRE(on(client, "GET", "/page.txt").status == 200);
  REQUIRE(on(client, "GET", "/missing").status == 404);
  std::vector<Answer> answers;
  {
    const tinyhttpd::NoMoreDescriptors none;
    for (const char* target : {"/page.txt", "/folder/", "/"}) answers.push_back(on(client, "GET", target));
  }
  for (const Answer& answer : answers) {
    CHECK(answer.status == 503);
    CHECK(answer.count("retry-after") == 1);
  }
  CHECK(on(client, "GET", "/page.txt").body == "0123456789");
  CHECK(on(client, "GET", "/folder/").body == "index");
}

TEST_CASE("the source of a program is sent under no spelling, nor where nothing runs it") {
  ServerUnderTest server;
  for (const std::string name : {"/a.PY", "/b.Cgi", "/c.php", "/d.PHP"}) {
    CAPTURE(name);
    server.file(name, "password = 1");
    const Answer answer = get(server.port(), name);
    CHECK(answer.status == 403);
    CHECK(answer.body.find("password") == std::string::npos);
  }
}
