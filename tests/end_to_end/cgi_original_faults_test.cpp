// The faults of the original tinyhttpd: those its users reported (EZLippi/Tinyhttpd on GitHub; the numbers
// are its issues) and those that reading it shows. None of them is in here.

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "support/cgi_scripts.hpp"
#include "support/client.hpp"
#include "support/fifo.hpp"
#include "support/process_under_test.hpp"
#include "support/scripted.hpp"
#include "support/server_under_test.hpp"
#include "tinyhttpd/config.hpp"
#include "tinyhttpd/script_failure.hpp"

using tinyhttpd::ScriptFault;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

int print_own_name(int, char** argv) {
  std::printf("Content-Type: text/plain\n\n%s", argv[0]);
  return 0;
}
const RegisterScript kOwnName("own-name", print_own_name);

std::size_t count_threads() {
  const std::filesystem::directory_iterator threads("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(threads), end(threads)));
}

}  // namespace

// ---- reported

TEST_CASE("An index.html with an execute bit is still served as a page") {  // #38, #58, #60
  ServerUnderTest server;
  server.file("/index.html", "<h1>It works</h1>", 0755);
  server.file("/style.css", "a {}", 0777);
  const Answer answer = get(server.port(), "/");
  CHECK(answer.status == 200);
  CHECK(answer.body == "<h1>It works</h1>");
  CHECK(get(server.port(), "/style.css").body == "a {}");
  CHECK(server.recorder().pids().empty());
}

TEST_CASE("A script whose interpreter is missing, or that has no execute bit, says so") {  // #28, #51, #54
  ServerUnderTest server;
  server.script("/color.cgi", "#!/usr/local/bin/perl -Tw\nprint 1;\n");
  CHECK(get(server.port(), "/color.cgi").status == 502);
  CHECK(contains(describe(server.recorder().failures().back()), "/usr/local/bin/perl"));
  server.file("/check.cgi", "#!/bin/sh\necho\n", 0644);
  CHECK(get(server.port(), "/check.cgi").status == 403);
  CHECK(contains(describe(server.recorder().failures().back()), "chmod +x"));
}

TEST_CASE(
    "A script that lacks a module of its own is no blank page: its complaint is in the log") {  // #53, #54
  ServerUnderTest server;
  server.script("/color.cgi", "#!/usr/bin/perl\nuse Not::Installed;\nprint \"Content-Type: a/b\\n\\n\";\n");
  const Answer answer = get(server.port(), "/color.cgi");
  CHECK(answer.status == 502);
  CHECK_FALSE(answer.body.empty());
  CHECK(server.recorder().failures().back().fault == ScriptFault::exit_status);
  CHECK(contains(server.recorder().error_lines().front(), "Can't locate Not/Installed.pm"));
}

TEST_CASE("The status line is sent once") {  // #30
  ServerUnderTest server;
  server.script("/x.cgi", sh_text("echo hello\n"));
  Client client(server.port());
  client.send("GET /x.cgi HTTP/1.0\r\n\r\n");
  const std::string bytes = client.read_all();
  CHECK(bytes.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(count_of(bytes, "HTTP/1.") == 1);
}

TEST_CASE("The last line of a file is sent, with or without a line end") {  // #31, #40
  ServerUnderTest server;
  for (const std::string text : {"one\ntwo", "one\ntwo\n", "x", "", "\n\n"}) {
    server.file("/a.txt", text);
    CHECK(get(server.port(), "/a.txt").body == text);
  }
}

TEST_CASE("No thread is left for a request that is over") {  // #14, #29
  ServerUnderTest server;
  server.script("/x.cgi", sh_text("echo hello\n"));
  server.file("/a.txt", "a");
  get(server.port(), "/x.cgi");
  const std::size_t before = count_threads();
  for (int i = 0; i < 100; ++i) {
    get(server.port(), "/x.cgi");
    get(server.port(), "/a.txt");
  }
  CHECK(count_threads() == before);
}

TEST_CASE("After a 501 the connection is closed, and a client that has left does not end the server") {  // #6
  ServerUnderTest server;
  server.file("/a.txt", "a");
  const auto before = tinyhttpd::count_descriptors();
  for (int i = 0; i < 50; ++i) {
    const Answer answer = ask(server.port(), "BREW / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(answer.status == 501);
    CHECK(answer.closed);
    Client rude(server.port());
    rude.send("BREW / HTTP/1.1\r\nHost: a\r\n\r\n");
    rude.reset();
  }
  CHECK(get(server.port(), "/a.txt").body == "a");
  CHECK(server.recorder().wait_until(
      [&](const Recorder&) { return tinyhttpd::count_descriptors() == before; }));
}

TEST_CASE("No path leads out of the document root") {  // pull request 67
  ServerUnderTest server;
  for (const std::string target : {"/../../../../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd"}) {
    const Answer answer = get(server.port(), target);
    CHECK(answer.status == 400);
    CHECK_FALSE(contains(answer.body, "root:"));
  }
}

TEST_CASE("A query string of any length up to the limit reaches the script whole") {  // #69
  ServerUnderTest server;
  server.script("/x.cgi", sh_text("printf '%s' \"$QUERY_STRING\"\n"));
  for (const std::size_t length : {254U, 255U, 256U, 1023U, 1024U, 8000U}) {
    const std::string query = "q=" + std::string(length - 2, 'x');
    CHECK(get(server.port(), "/x.cgi?" + query).body == query);
  }
  CHECK(get(server.port(), "/x.cgi?" + std::string(100'000, 'x')).status == 414);
}

TEST_CASE("A program is told its own name") {  // #52, pull request 64
  ServerUnderTest server([](tinyhttpd::Config& config) { config.symlinks = tinyhttpd::Symlinks::follow; });
  std::filesystem::create_directory(server.root() + "/cgi-bin");
  std::filesystem::create_symlink(std::filesystem::read_symlink("/proc/self/exe"),
                                  server.root() + "/cgi-bin/own-name.cgi");
  CHECK(get(server.port(), "/cgi-bin/own-name.cgi").body == server.root() + "/cgi-bin/own-name.cgi");
}

TEST_CASE("Every client is answered on its own socket") {  // #19, #38, #50, #58
  ServerUnderTest server;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) {
    server.file("/" + std::to_string(i) + ".txt", "file " + std::to_string(i));
    clients.push_back(std::make_unique<Client>(server.port()));
  }
  for (std::size_t i = 0; i < clients.size(); ++i)
    clients[i]->send("GET /" + std::to_string(i) + ".txt HTTP/1.1\r\nHost: a\r\n\r\n");
  for (std::size_t i = 0; i < clients.size(); ++i)
    CHECK(clients[i]->read().body == "file " + std::to_string(i));
}

TEST_CASE("The port is the one of the documents, 4000") {  // #38
  CHECK(tinyhttpd::Config().port == 4000);
}

// ---- found by reading it

TEST_CASE("A folder asked for without its slash is not executed") {
  ServerUnderTest server;
  server.file("/dir/index.html", "page");
  const Answer answer = get(server.port(), "/dir?x=y");
  CHECK(answer.status == 301);
  CHECK(answer.field("location") == "/dir/?x=y");
  CHECK(server.recorder().pids().empty());
}

TEST_CASE("A file that cannot be opened is an answer, not the end of the server") {
  ServerUnderTest server;
  server.file("/locked.html", "secret", 0000);
  CHECK(get(server.port(), "/locked.html").status == 403);
  CHECK(get(server.port(), "/missing.html").status == 404);
  server.file("/page.html", "page");
  CHECK(get(server.port(), "/page.html").body == "page");
}

TEST_CASE("An error page holds what it says and not a byte of the server's memory") {
  ServerUnderTest server;
  Client client(server.port());
  client.send("POST / NONSENSE\r\n\r\n");
  const Answer answer = client.read();
  CHECK(answer.status == 400);
  CHECK(answer.body.size() == static_cast<std::size_t>(std::stoi(answer.field("content-length"))));
  CHECK(answer.body.find('\0') == std::string::npos);
  CHECK(client.read_all().empty());
}

TEST_CASE("A body and an answer larger than any pipe do not wait for each other") {
  ServerUnderTest server;
  server.script("/cgi-bin/cat.cgi", sh_text("exec cat\n"));
  const std::string body(1 << 20, 'x');
  CHECK((post(server.port(), "/cgi-bin/cat.cgi", body).body == body));
}

TEST_CASE("A client that leaves in its body leaves no script waiting for the rest") {
  ServerUnderTest server;
  server.script("/cgi-bin/cat.cgi", sh_text("exec cat\n"));
  Client client(server.port());
  client.send("POST /cgi-bin/cat.cgi HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf");
  client.finish();
  CHECK(client.read().status == 400);
  CHECK(server.recorder().pids().empty());
}

TEST_CASE("A header line longer than 1,023 bytes stays one line") {
  ServerUnderTest server;
  server.script("/x.cgi", sh_text("printf '%s' \"$HTTP_X_LONG|$CONTENT_LENGTH\"\n"));
  const std::string value = std::string(1023 - 8, 'x') + "Content-Length: 5";
  CHECK(get(server.port(), "/x.cgi", "X-Long: " + value + "\r\n").body == value + "|");
}

TEST_CASE("A connection ends for its client though a script that was started meanwhile still runs") {
  ServerUnderTest server;
  Gate gate;
  Leash leash;
  server.file("/a.txt", "a");
  server.script("/cgi-bin/x.cgi",
                sh("exec 9>" + leash.path() + "; echo >&9; read line < " + gate.path() + "\n"));
  Client first(server.port());
  first.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(first.read().body == "a");
  Client second(server.port());
  second.send("GET /cgi-bin/x.cgi HTTP/1.1\r\nHost: a\r\n\r\n");
  leash.wait_until_taken();
  first.send("GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(first.read().closed);
  gate.open();
}

TEST_CASE("An answer says what it is, how long, and when") {
  ServerUnderTest server;
  for (const auto& [name, type] :
       std::vector<std::pair<std::string, std::string>>{{"/a.css", "text/css; charset=utf-8"},
                                                        {"/a.png", "image/png"},
                                                        {"/a.html", "text/html; charset=utf-8"}}) {
    server.file(name, "12345");
    const Answer answer = get(server.port(), name);
    CHECK(answer.field("content-type") == type);
    CHECK(answer.field("content-length") == "5");
    CHECK(answer.field("date").ends_with(" GMT"));
  }
}

TEST_CASE("Nothing waits for ever: not for a request, not for a script") {
  ServerUnderTest server([](tinyhttpd::Config& config) {
    config.limits.header_timeout = tinyhttpd::Seconds(0.2);
    config.cgi.timeout = tinyhttpd::Seconds(0.2);
  });
  server.script("/x.cgi", sh("sleep 1000\n"));
  CHECK(get(server.port(), "/x.cgi").status == 504);
  Client silent(server.port());
  CHECK(silent.ends_within(10'000));
  CHECK(ask(server.port(), "GET / HT").status == 408);
}

TEST_CASE("Connections that a browser opens ahead of time and leaves idle hold nobody up") {
  ServerUnderTest server;
  server.file("/a.txt", "a");
  std::vector<std::unique_ptr<Client>> spare;
  for (int i = 0; i < 40; ++i) spare.push_back(std::make_unique<Client>(server.port()));
  CHECK(get(server.port(), "/a.txt").body == "a");
  spare.back()->send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(spare.back()->read().body == "a");
}
