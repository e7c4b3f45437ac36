// What a FastCGI application sees of a request, and how its answer arrives.

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/client.hpp"
#include "support/scripted_backend.hpp"
#include "support/server_under_test.hpp"

using tinyhttpd::Config;
using tinyhttpd::FastcgiType;
using tinyhttpd::ScriptFault;

namespace {

/// A server with one backend and a file /x.php for it.
class Forwarded {
 public:
  explicit Forwarded(ScriptedBackend::Script script, const ServerUnderTest::Adjust& adjust = {})
      : backend_(std::move(script)), server_(forwards_to({backend_.address()}, adjust)) {
    server_.file("/x.php", "<?php SECRET");
    server_.file("/next.txt", "next");
  }

  ServerUnderTest& server() { return server_; }
  ScriptedBackend& backend() { return backend_; }
  std::uint16_t port() const { return server_.port(); }

  /// What the backend saw of its only request.
  FastcgiRequest request() const {
    REQUIRE(backend_.wait_for_requests(1));
    REQUIRE(backend_.requests().size() == 1);
    return backend_.requests()[0];
  }

 private:
  ScriptedBackend backend_;
  ServerUnderTest server_;
};

/// A script that answers every request with exactly this output.
ScriptedBackend::Script outputs(const std::string& bytes) {
  return each_request([bytes](FastcgiTalk& talk, const FastcgiRequest&) {
    talk.output(bytes);
    talk.end();
  });
}

/// A client that keeps its connection.
struct Kept {
  explicit Kept(std::uint16_t port) : client(port) {}

  Answer ask(const std::string& method, const std::string& target) {
    client.send(method + " " + target + " HTTP/1.1\r\nHost: test\r\n\r\n");
    return client.read(method == "HEAD");
  }
  /// Whether the framing held.
  bool goes_on() { return ask("GET", "/next.txt").body == "next"; }

  Client client;
};

std::string bytes_of_every_kind(std::size_t count) {
  std::string bytes;
  bytes.reserve(count);
  for (std::uint32_t i = 0; bytes.size() < count; ++i) bytes += static_cast<char>(i * 2654435761U >> 24U);
  return bytes;
}

void large_heads(Config& config) {
  config.limits.max_header_bytes = 512 * 1024;
}

}  // namespace

// ---- the request

TEST_CASE("fastcgi: the application gets the variables of CGI, and where its file is") {
  Forwarded site(says("hello"));
  site.server().file("/dir/y.php", "");
  const Answer answer = get(site.port(), "/dir/y.php/rest/of%20it?q=1&r", "X-Some: thing\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.field("content-type") == "text/plain");
  CHECK(answer.body == "hello");
  CHECK(site.server().recorder().routes() ==
        std::vector<std::string>{"forward_to_fastcgi: there is a --fastcgi for it"});
  const FastcgiRequest request = site.request();
  const std::string root = site.server().root();
  const std::pair<std::string, std::string> expected[] = {
      {"GATEWAY_INTERFACE", "CGI/1.1"},
      {"REQUEST_METHOD", "GET"},
      {"SCRIPT_NAME", "/dir/y.php"},
      {"SCRIPT_FILENAME", root + "/dir/y.php"},
      {"DOCUMENT_ROOT", root},
      {"PATH_INFO", "/rest/of it"},
      {"PATH_TRANSLATED", root + "/rest/of it"},
      {"QUERY_STRING", "q=1&r"},
      {"REQUEST_URI", "/dir/y.php/rest/of%20it?q=1&r"},
      {"REDIRECT_STATUS", "200"},
      {"SERVER_PROTOCOL", "HTTP/1.1"},
      {"SERVER_PORT", std::to_string(site.port())},
      {"REMOTE_ADDR", "127.0.0.1"},
      {"HTTP_HOST", "test"},
      {"HTTP_X_SOME", "thing"},
  };
  for (const auto& variable : expected) {
    CAPTURE(variable.first);
    CHECK(request.variable(variable.first) == variable.second);
  }
  for (const std::string name : {"REMOTE_USER", "AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE"}) {
    CAPTURE(name);
    CHECK_FALSE(request.has(name));
  }
}

TEST_CASE("fastcgi: a request is opened for a responder, and both its streams are ended, with no body, too") {
  Forwarded site(says("hello"));
  get(site.port(), "/x.php");
  const FastcgiRequest request = site.request();
  CHECK(request.role == 1);
  CHECK(request.flags == 1);  // FCGI_KEEP_CONN
  std::vector<FastcgiType> types;
  for (const FastcgiRecord& record : request.records) {
    types.push_back(record.type);
    CHECK(record.version == 1);
    CHECK(record.id == 1);
  }
  CHECK(types == std::vector<FastcgiType>{FastcgiType::begin_request, FastcgiType::params,
                                          FastcgiType::params, FastcgiType::standard_input});
  CHECK(request.records[2].content.empty());
  CHECK(request.records[3].content.empty());
}

TEST_CASE("fastcgi: names and values of 127, 128 and 70,000 bytes arrive whole") {
  Forwarded site(says("hello"), large_heads);
  const std::string long_name(127 - 5, 'N'), longer_name(128 - 5, 'N');  // and HTTP_
  const std::string large(70'000, 'v');
  const Answer answer =
      get(site.port(), "/x.php",
          "X-A: " + std::string(127, 'a') + "\r\nX-B: " + std::string(128, 'b') + "\r\nX-Large: " + large +
              "\r\n" + long_name + ": 1\r\n" + longer_name + ": 2\r\n");
  CHECK(answer.status == 200);
  const FastcgiRequest request = site.request();
  CHECK(request.variable("HTTP_X_A") == std::string(127, 'a'));
  CHECK(request.variable("HTTP_X_B") == std::string(128, 'b'));
  CHECK((request.variable("HTTP_X_LARGE") == large));
  CHECK(request.variable("HTTP_" + long_name) == "1");
  CHECK(request.variable("HTTP_" + longer_name) == "2");
  // A record holds 65,535 bytes: the variables came in several.
  const auto parts = std::count_if(request.records.begin(), request.records.end(), [](const auto& record) {
    return record.type == FastcgiType::params && !record.content.empty();
  });
  CHECK(parts == 2);
}

TEST_CASE("fastcgi: variables too large for any program are 431, and the application is not asked") {
  Forwarded site(says("hello"), large_heads);
  CHECK(get(site.port(), "/x.php", "X-Large: " + std::string(200'000, 'v') + "\r\n").status == 431);
  CHECK(site.backend().connections() == 0);
}

TEST_CASE("fastcgi: no field of a client becomes a variable of the server or of PHP") {
  Forwarded site(says("hello"));
  CHECK(get(site.port(), "/x.php",
            "PHP-VALUE: auto_prepend_file=/etc/passwd\r\nPHP_ADMIN_VALUE: a=b\r\nProxy: evil\r\n"
            "Remote-User: root\r\nRedirect-Status: 1\r\nScript-Filename: /etc/passwd\r\n"
            "Authorization: Basic YTpi\r\n")
            .status == 200);
  const FastcgiRequest request = site.request();
  for (const std::string name : {"PHP_VALUE", "PHP_ADMIN_VALUE", "HTTP_PROXY", "REMOTE_USER",
                                 "HTTP_REDIRECT_STATUS", "HTTP_AUTHORIZATION"}) {
    CAPTURE(name);
    CHECK_FALSE(request.has(name));
  }
  CHECK(request.variable("HTTP_PHP_VALUE") == "auto_prepend_file=/etc/passwd");
  CHECK(request.variable("SCRIPT_FILENAME") == site.server().root() + "/x.php");
}

TEST_CASE("fastcgi: a body of a megabyte arrives unharmed, in records of at most 65,535 bytes") {
  Forwarded site(says("hello"));
  const std::string body = bytes_of_every_kind(1 << 20);
  CHECK(post(site.port(), "/x.php", body, "Content-Type: a/b\r\n").body == "hello");
  const FastcgiRequest request = site.request();
  CHECK(request.variable("CONTENT_LENGTH") == std::to_string(body.size()));
  CHECK(request.variable("CONTENT_TYPE") == "a/b");
  CHECK((request.body == body));
  std::size_t records = 0;
  for (const FastcgiRecord& record : request.records)
    records += record.type == FastcgiType::standard_input && !record.content.empty();
  CHECK(records >= 17);
}

TEST_CASE("fastcgi: a small body, an empty one, and one in chunks have their CONTENT_LENGTH") {
  Forwarded site(says("hello"));
  CHECK(post(site.port(), "/x.php", "some").status == 200);
  CHECK(post(site.port(), "/x.php", "").status == 200);
  CHECK(ask(site.port(),
            "POST /x.php HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
            .status == 200);
  const auto requests = site.backend().requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].variable("CONTENT_LENGTH") == "4");
  CHECK(requests[0].body == "some");
  CHECK(requests[1].variable("CONTENT_LENGTH") == "0");
  CHECK(requests[1].body.empty());
  CHECK(requests[2].variable("CONTENT_LENGTH") == "11");
  CHECK(requests[2].body == "hello world");
  CHECK_FALSE(requests[2].has("HTTP_TRANSFER_ENCODING"));
}

TEST_CASE("fastcgi: an upload that is cut never reaches the application") {
  Forwarded site(says("hello"));
  for (const std::string framing :
       {"Content-Length: 100\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"}) {
    CAPTURE(framing);
    Client client(site.port());
    client.send("POST /x.php HTTP/1.1\r\nHost: test\r\n" + framing);
    client.finish();
    client.read_all();
  }
  CHECK(site.backend().connections() == 0);
  CHECK(get(site.port(), "/x.php").body == "hello");
}

TEST_CASE("fastcgi: a long query arrives whole; a control byte in the path is 400 and is not passed on") {
  // CVE-2019-11043
  Forwarded site(says("hello"));
  for (const std::string target : {"/x.php/%0aAAA", "/x.php/a%0d", "/x.php/%7f", "/app/a%0Ab"}) {
    CAPTURE(target);
    CHECK(get(site.port(), target + "?" + std::string(1900, 'Q')).status == 400);
  }
  CHECK(site.backend().connections() == 0);
  CHECK(get(site.port(), "/x.php?" + std::string(1900, 'Q')).status == 200);
  CHECK(site.request().variable("QUERY_STRING") == std::string(1900, 'Q'));
}

TEST_CASE("fastcgi: the application is asked only for files of its own that are there") {
  Forwarded site(says("hello"));
  ServerUnderTest& server = site.server();
  server.file("/avatar.png", "picture");
  server.file("/dir.php/inner.txt", "inner");
  server.file("/upper.PHP", "<?php SECRET");
  server.file("/wide.\xEF\xBD\x90hp", "<?php public");  // a full-width p: another name
  for (const std::string target : {"/avatar.png/x.php", "/nonexist.php", "/dir.php/", "/dir.php/none.php",
                                   "/X.PHP", "/x.%EF%BD%90hp", "/.x.php", "/x.php%00.png"}) {
    CAPTURE(target);
    const Answer answer = get(server.port(), target);
    CHECK((answer.status == 404 || answer.status == 400));
    CHECK(answer.body.find("SECRET") == std::string::npos);
  }
  CHECK(get(server.port(), "/dir.php/inner.txt").body == "inner");
  CHECK(get(server.port(), "/wide.%EF%BD%90hp").body == "<?php public");
  CHECK(site.backend().connections() == 0);
  // However it is spelt, the source of a program is not sent.
  CHECK(get(server.port(), "/upper.PHP").body == "hello");
}

TEST_CASE("fastcgi: a folder is answered by its index.php") {
  Forwarded site(says("hello"));
  site.server().file("/blog/index.php", "");
  CHECK(get(site.port(), "/blog/?p=1").body == "hello");
  CHECK(site.request().variable("SCRIPT_NAME") == "/blog/index.php");
  CHECK(site.request().variable("REQUEST_URI") == "/blog/?p=1");
  CHECK(site.request().variable("PATH_INFO").empty());
}

TEST_CASE("fastcgi: a path prefix needs no files; what follows it is PATH_INFO") {
  Forwarded site(says("hello"));
  CHECK(get(site.port(), "/app/x?a").body == "hello");
  CHECK(get(site.port(), "/app/").body == "hello");
  CHECK(post(site.port(), "/app/a/b.txt", "body").body == "hello");
  const auto requests = site.backend().requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].variable("SCRIPT_NAME") == "/app");
  CHECK(requests[0].variable("PATH_INFO") == "/x");
  CHECK(requests[0].variable("QUERY_STRING") == "a");
  CHECK(requests[1].variable("PATH_INFO") == "/");
  CHECK(requests[2].variable("PATH_INFO") == "/a/b.txt");
}

TEST_CASE("fastcgi: a path prefix that is asked for without its slash is elsewhere") {
  Forwarded site(says("hello"));
  const Answer answer = get(site.port(), "/app?a=b");
  CHECK(answer.status == 301);
  CHECK(answer.field("location") == "/app/?a=b");
  CHECK(site.backend().connections() == 0);
  CHECK(get(site.port(), "/apple").status == 404);
}

// ---- the answer

TEST_CASE("fastcgi: a Status and fields become those of the answer") {
  Forwarded site(
      outputs("Status: 404 Gone Fishing\r\nX-A: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nno"));
  const Answer answer = get(site.port(), "/x.php");
  CHECK(answer.status_line == "HTTP/1.1 404 Gone Fishing");
  CHECK(answer.field("x-a") == "1");
  CHECK(answer.count("set-cookie") == 2);
  CHECK(answer.count("date") == 1);
  CHECK(answer.body == "no");
}

TEST_CASE("fastcgi: a Location with a URL is a redirect; one with a path is followed here") {
  Forwarded site(each_request([](FastcgiTalk& talk, const FastcgiRequest& request) {
    const std::string info = request.variable("PATH_INFO");
    if (info == "/away") {
      talk.output("Location: http://else.where/\r\n\r\n");
    } else if (info == "/loop") {
      talk.output("Location: /app/loop\r\n\r\n");
    } else if (info == "/file") {
      talk.output("Location: /next.txt\r\n\r\n");
    } else if (info == "/here") {
      talk.output("Location: /app/there?a\r\n\r\n");
    } else {
      talk.output("Content-Type: a/b\r\n\r\n" + request.variable("REQUEST_METHOD") + " " + info + " " +
                  request.variable("QUERY_STRING") + " " + request.body);
    }
    talk.end();
  }));
  const Answer away = get(site.port(), "/app/away");
  CHECK(away.status == 302);
  CHECK(away.field("location") == "http://else.where/");
  CHECK(post(site.port(), "/app/here", "body").body == "GET /there a ");
  CHECK(get(site.port(), "/app/file").body == "next");
  CHECK(get(site.port(), "/app/loop").status == 500);
}

TEST_CASE("fastcgi: HEAD, 204 and 304 are sent without a body, and the client's connection goes on") {
  Forwarded site(each_request([](FastcgiTalk& talk, const FastcgiRequest& request) {
    const std::string info = request.variable("PATH_INFO");
    const std::string status = info == "/plain" ? "" : "Status: " + info.substr(1) + "\r\n";
    talk.output(status + "X-A: 1\r\n\r\n" + std::string(100'000, 'b'));
    talk.end();
  }));
  Kept client(site.port());
  CHECK(client.ask("HEAD", "/app/plain").field("x-a") == "1");
  CHECK(client.goes_on());
  for (const std::string status : {"204", "304"}) {
    const Answer answer = client.ask("GET", "/app/" + status);
    CHECK(std::to_string(answer.status) == status);
    CHECK(answer.count("transfer-encoding") == 0);
    CHECK(client.goes_on());
  }
  CHECK(site.backend().requests()[0].variable("REQUEST_METHOD") == "HEAD");
  CHECK(site.backend().connections() == 1);
  CHECK(site.server().recorder().failures().empty());
}

TEST_CASE("fastcgi: what comes past Content-Length is dropped") {
  Forwarded site(outputs("Content-Length: 4\r\n\r\nfour and more" + std::string(200'000, 'm')));
  Kept client(site.port());
  const Answer answer = client.ask("GET", "/x.php");
  CHECK(answer.body == "four");
  CHECK(answer.complete);
  CHECK(client.goes_on());
  CHECK(client.ask("GET", "/x.php").body == "four");
}

TEST_CASE("fastcgi: less than Content-Length cuts the answer") {
  Forwarded site(outputs("Content-Length: 100\r\n\r\nfour"));
  Kept client(site.port());
  const Answer answer = client.ask("GET", "/x.php");
  CHECK(answer.status == 200);
  CHECK(answer.body == "four");
  CHECK_FALSE(answer.complete);
  REQUIRE(site.server().recorder().wait_until([](const Recorder& r) { return r.failures().size() == 1; }));
  CHECK(site.server().recorder().failures()[0].fault == ScriptFault::length_mismatch);
  CHECK(site.server().recorder().failures()[0].detail == "96");
}

TEST_CASE("fastcgi: lengths past 4 GiB are counted") {
  Forwarded site(outputs("Content-Length: 5000000000\r\n\r\n" + std::string(100'000, 'b')));
  const Answer answer = get(site.port(), "/x.php");
  CHECK(answer.field("content-length") == "5000000000");
  CHECK(answer.body.size() == 100'000);
  REQUIRE(site.server().recorder().wait_until([](const Recorder& r) { return r.failures().size() == 1; }));
  CHECK(site.server().recorder().failures()[0].detail == "4999900000");
}

TEST_CASE("fastcgi: an answer is the same in whatever records it comes") {
  const std::string head = "X-A: 1\r\nContent-Type: a/b\r\n\r\n";
  const std::string body = bytes_of_every_kind(300'000);
  const struct {
    std::string what;
    ScriptedBackend::Script script;
  } rows[] = {
      {"as large as they may be", outputs(head + body)},
      {"a byte each, each with padding", each_request([&](FastcgiTalk& talk, const FastcgiRequest&) {
         for (const char byte : head + body.substr(0, 1000))
           talk.record(FastcgiType::standard_output, {&byte, 1}, 7);
         talk.output(body.substr(1000));
         talk.end();
       })},
      {"the most padding", each_request([&](FastcgiTalk& talk, const FastcgiRequest&) {
         talk.record(FastcgiType::standard_output, head + body, 255);
         talk.record(FastcgiType::end_request, std::string(8, '\0'), 255);
       })},
      {"empty ones between", each_request([&](FastcgiTalk& talk, const FastcgiRequest&) {
         talk.output("");  // ends the stream, but not the request
         talk.output(head);
         talk.output("");
         talk.error("");
         talk.output(body);
         talk.output("");
         talk.end();
       })},
      {"none that end the stream, and others that mean nothing",
       each_request([&](FastcgiTalk& talk, const FastcgiRequest&) {
         talk.record(FastcgiType{99}, "unknown", 3);
         talk.output(head);
         std::string management;
         tinyhttpd::append_record_header(management, FastcgiType::get_values_result, 4);
         management[3] = 0;  // of the connection, not of the request
         talk.raw(management + "skip");
         talk.output(body);
         talk.record(FastcgiType{200}, std::string(65'535, 'u'));
         talk.end();
       })},
      {"headers cut at every byte", each_request([&](FastcgiTalk& talk, const FastcgiRequest&) {
         std::string bytes;
         tinyhttpd::append_record_header(bytes, FastcgiType::standard_output, head.size());
         for (const char byte : bytes + head) talk.raw({&byte, 1});
         talk.output(body);
         talk.end(3);  // what the program would have exited with harms nothing
       })},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Forwarded site(row.script);
    for (int i = 0; i < 2; ++i) {
      const Answer answer = get(site.port(), "/x.php");
      CHECK(answer.status == 200);
      CHECK(answer.field("x-a") == "1");
      CHECK(answer.complete);
      CHECK((answer.body == body));
    }
    CHECK(site.backend().connections() == 1);
    CHECK(site.server().recorder().failures().empty());
  }
}

TEST_CASE("fastcgi: standard error goes to the log, a line at a time, and never to the client") {
  Forwarded site(each_request([](FastcgiTalk& talk, const FastcgiRequest&) {
    talk.error("first\nsec");
    talk.output("Content-Type: a/b\r\n\r\n");
    talk.error("ond\n");
    talk.output("body");
    talk.error("last");
    talk.end();
  }));
  CHECK(get(site.port(), "/x.php").body == "body");
  CHECK(site.server().recorder().error_lines() == std::vector<std::string>{"first", "second", "last"});
  CHECK(site.backend().connections() == 1);
}

TEST_CASE("fastcgi: a megabyte of standard error is read wherever it comes, and not all logged") {
  const std::string complaints = [] {
    std::string text;
    while (text.size() < 1 << 20) text += "complaint\n";
    return text;
  }();
  for (const int where : {0, 1, 2}) {
    CAPTURE(where);
    Forwarded site(each_request([&, where](FastcgiTalk& talk, const FastcgiRequest&) {
      if (where == 0) talk.error(complaints);
      talk.output("Content-Length: 4\r\n\r\nbo");
      if (where == 1) talk.error(complaints);
      talk.output("dy");
      if (where == 2) talk.error(complaints);
      talk.end();
    }));
    CHECK(get(site.port(), "/x.php").body == "body");
    CHECK(get(site.port(), "/next.txt").body == "next");
    REQUIRE(
        site.server().recorder().wait_until([](const Recorder& r) { return r.error_lines().size() > 0; }));
    CHECK(site.server().recorder().error_lines()[0] == "complaint");
    CHECK(site.server().recorder().error_lines().size() < 60'000);
    CHECK(site.server().recorder().failures().empty());
  }
}

TEST_CASE("fastcgi: an application may answer before it has read the body, or without reading it") {
  Forwarded reads_later([](FastcgiTalk& talk) {
    if (!talk.read_variables()) return;
    talk.output("Content-Type: a/b\r\n\r\n" + std::string(3'000'000, 'b'));
    talk.end();
  });
  const std::string body(3'000'000, 'x');
  const Answer answer = post(reads_later.port(), "/x.php", body);
  CHECK(answer.status == 200);
  CHECK(answer.complete);
  CHECK(answer.body.size() == 3'000'000);
  CHECK(reads_later.server().recorder().failures().empty());
}

TEST_CASE("fastcgi: megabytes go both ways at the same time, and a connection with unread ones is left") {
  Forwarded site(
      [](FastcgiTalk& talk) {
        if (talk.number() > 0) return says("hello")(talk);
        const auto request = talk.read_variables();
        if (!request) return;
        talk.output("Content-Type: a/b\r\n\r\n");
        // As many bytes as it was sent, without having read them: neither side may wait for the other.
        talk.output(std::string(std::stoul(request->variable("CONTENT_LENGTH")), 'y'));
        talk.end();
        talk.wait_until_closed();
      },
      [](Config& config) { config.fastcgi.timeout = tinyhttpd::Seconds(3); });
  const Answer answer = post(site.port(), "/x.php", std::string(5'000'000, 'x'));
  CHECK(answer.complete);
  CHECK(answer.body.size() == 5'000'000);
  // Over the first connection it would be taken for more of that body.
  CHECK(get(site.port(), "/x.php").body == "hello");
  CHECK(site.backend().wait_for_closed(1));
}

TEST_CASE("fastcgi: requests in a pipeline are answered in their order") {
  Forwarded site(each_request([](FastcgiTalk& talk, const FastcgiRequest& request) {
    talk.answer(request.variable("QUERY_STRING") + request.body);
  }));
  Client client(site.port());
  client.send(
      "GET /x.php?1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /app/?2 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
      "bodyGET /next.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /x.php?3 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.read().body == "1");
  CHECK(client.read().body == "2body");
  CHECK(client.read().body == "next");
  CHECK(client.read().body == "3");
}

TEST_CASE("fastcgi: a client that reads slowly holds the application, not the server's memory") {
  constexpr std::size_t kLarge = 64 << 20;
  std::size_t sent_unread = 0;  // while the client read nothing
  Flag full;
  Forwarded site([&](FastcgiTalk& talk) {
    if (!talk.read_request()) return;
    talk.output("Content-Type: a/b\r\n\r\n");
    std::string record;
    tinyhttpd::append_record_header(record, FastcgiType::standard_output, 32'768);
    record.append(32'768, 'b');
    const std::size_t whole = kLarge / 32'768 * record.size();
    std::size_t sent = 0;
    std::string_view rest = record;
    const auto send_some = [&] {
      const ssize_t count = ::send(talk.fd(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count <= 0) return;
      sent += static_cast<std::size_t>(count);
      rest.remove_prefix(static_cast<std::size_t>(count));
      if (rest.empty()) rest = record;
    };
    pollfd entry{talk.fd(), POLLOUT, 0};
    while (sent<whole&& ::poll(&entry, 1, 300)> 0) send_some();
    sent_unread = sent;
    full.raise();
    while (sent<whole&& ::poll(&entry, 1, 10'000)> 0) send_some();
    talk.end();
  });
  Client client(site.port());
  client.send("GET /x.php HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  REQUIRE(full.wait());
  CHECK(sent_unread < kLarge / 2);
  const Answer answer = client.read();
  CHECK(answer.complete);
  CHECK(answer.body.size() == kLarge);
}

// ---- connections to the application

TEST_CASE("fastcgi: the next request goes over the connection of the one before") {
  Forwarded site(says("hello"));
  for (int i = 0; i < 3; ++i) CHECK(get(site.port(), "/x.php").body == "hello");
  CHECK(site.backend().requests().size() == 3);
  CHECK(site.backend().connections() == 1);
}

TEST_CASE("fastcgi: a kept connection that the application has closed is replaced, and nobody notices") {
  Forwarded site([](FastcgiTalk& talk) {  // as one that ends after so many requests
    if (talk.read_request()) talk.answer("hello");
  });
  for (std::size_t i = 1; i <= 5; ++i) {
    CHECK(get(site.port(), "/x.php").body == "hello");
    CHECK(site.backend().wait_for_ended(i));
  }
  CHECK(post(site.port(), "/x.php", "body").body == "hello");
  CHECK(site.backend().connections() == 6);
  CHECK(site.backend().requests().size() == 6);
  CHECK(site.server().recorder().failures().empty());
}

TEST_CASE("fastcgi: without --fastcgi-connections none is kept, and the application is told so") {
  Forwarded site(says("hello"), [](Config& config) { config.fastcgi.connections = 0; });
  for (int i = 0; i < 3; ++i) CHECK(get(site.port(), "/x.php").body == "hello");
  CHECK(site.backend().connections() == 3);
  for (const FastcgiRequest& request : site.backend().requests()) CHECK(request.flags == 0);
  // An application that does not close it is left by the server.
  Forwarded stays(
      [](FastcgiTalk& talk) {
        talk.read_request();
        talk.answer("hello");
        talk.wait_until_closed();
      },
      [](Config& config) { config.fastcgi.connections = 0; });
  CHECK(get(stays.port(), "/x.php").body == "hello");
  CHECK(stays.backend().wait_for_closed(1));
}

TEST_CASE("fastcgi: no more connections are kept than --fastcgi-connections says") {
  // An application with few workers serves nobody else while they hold idle connections.
  Flag go;
  Forwarded site(each_request([&](FastcgiTalk& talk, const FastcgiRequest&) {
                   go.wait();
                   talk.answer("hello");
                 }),
                 [](Config& config) { config.fastcgi.connections = 1; });
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(site.port());
    clients.back().send("GET /x.php HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  REQUIRE(site.backend().wait_for_requests(3));
  CHECK(site.backend().connections() == 3);
  go.raise();
  for (Client& client : clients) CHECK(client.read().body == "hello");
  CHECK(site.backend().wait_for_closed(2));
  CHECK(get(site.port(), "/x.php").body == "hello");
}

TEST_CASE("fastcgi: idle connections are closed while the application lets a new one wait") {
  Flag go, go_on;
  Forwarded site(each_request([&](FastcgiTalk& talk, const FastcgiRequest& request) {
    (request.variable("REQUEST_METHOD") == "POST" ? go_on : go).wait();
    talk.answer("hello");
  }));
  Client one(site.port()), other(site.port()), third(site.port());
  one.send("GET /x.php HTTP/1.1\r\nHost: a\r\n\r\n");
  other.send("GET /x.php HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(site.backend().wait_for_requests(2));
  go.raise();
  CHECK(one.read().body == "hello");
  CHECK(other.read().body == "hello");
  third.send("POST /x.php HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(site.backend().wait_for_connections(3));
  CHECK(site.backend().wait_for_closed(2));
  go_on.raise();
  CHECK(third.read().body == "hello");
}

TEST_CASE("fastcgi: an application at a TCP address is asked the same way") {
  ScriptedBackend backend(says("hello"), ScriptedBackend::Kind::tcp);
  ServerUnderTest server(forwards_to({backend.address()}));
  CHECK(get(server.port(), "/app/a").body == "hello");
  CHECK(post(server.port(), "/app/b", bytes_of_every_kind(1 << 20)).body == "hello");
  CHECK((backend.requests()[1].body == bytes_of_every_kind(1 << 20)));
}
