#include "tinyhttpd/terminal_trace.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/cgi_message.hpp"
#include "tinyhttpd/fastcgi_record.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/rejection.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/script_failure.hpp"

using namespace tinyhttpd;
using namespace std::chrono_literals;

namespace {

const Endpoints kClient{
    .remote_address = "127.0.0.1", .remote_port = 51234, .server_address = "127.0.0.1", .server_port = 80};

/// Hears what a server would tell, at a time of its own, and keeps the lines.
class Scene {
 public:
  TerminalTrace trace{[this](std::string_view line) { text += std::string(line) + "\n"; }, false,
                      [this] { return now; }};
  std::string text;
  TimePoint now = TimePoint() + 1h;

  void after(std::chrono::microseconds time) { now += time; }

  void receive(RequestId id, const std::string& head) {
    Request request;
    request.line = std::string_view(head).substr(0, head.find('\r'));
    trace.request_received(id, request, kClient, {.head = head, .first_byte = now});
  }

  void run_script(RequestId id, const std::vector<std::string>& environment) {
    trace.route_chosen(id, "execute_cgi", "it lies below a --cgi-prefix");
    const std::vector<std::string> arguments{"/srv/cgi-bin/a.cgi"};
    trace.cgi_environment(id, "/cgi-bin/a.cgi", environment, arguments);
    trace.cgi_pipes(id, {.output_read = 10, .output_write = 11, .error_read = 12, .error_write = 13});
    trace.cgi_spawned(id, 4242);
  }

  void answer(RequestId id, int status, std::uint64_t bytes, std::string_view handler = "execute_cgi") {
    trace.response_sent(
        id, Request(), kClient,
        {.status = status, .body_bytes = bytes, .complete = true, .duration = 1500us, .handler = handler});
  }

  /// What was written since the last time.
  std::string take() { return std::exchange(text, {}); }
};

CgiHead head_with(std::string fields) {
  CgiHead head;
  head.fields = std::move(fields);
  return head;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("TerminalTrace tells of a GET of a script from the request to the exit") {
  Scene scene;
  scene.receive(17, "GET /cgi-bin/a.cgi?x HTTP/1.1\r\nHost: localhost\r\n\r\n");
  scene.after(200us);
  scene.run_script(17, {"GATEWAY_INTERFACE=CGI/1.1", "QUERY_STRING=x"});
  scene.after(3ms);
  scene.trace.cgi_read(17, Stream::standard_output, "Content-Type: text/plain\n\nhello\n");
  scene.trace.cgi_head(17, head_with("Content-Type: text/plain\r\n"));
  scene.trace.head_sent(17, Response(), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
  scene.trace.cgi_closed(17, Stream::standard_output);
  scene.after(100us);
  scene.answer(17, 200, 6);
  scene.after(100us);
  scene.trace.cgi_reaping(17);
  scene.trace.cgi_exited(17, "/cgi-bin/a.cgi",
                         {.user_time = 1200us, .system_time = 800us, .max_resident_kib = 3412});
  CHECK(scene.take() ==
        "#17     0.200 ms  client → server   GET /cgi-bin/a.cgi?x HTTP/1.1 from 127.0.0.1\n"
        "#17     0.200 ms  server            execute_cgi is to answer: it lies below a --cgi-prefix\n"
        "#17     0.200 ms  server → script   starts /cgi-bin/a.cgi: \"/srv/cgi-bin/a.cgi\"\n"
        "#17                                   GATEWAY_INTERFACE=CGI/1.1\n"
        "#17                                   QUERY_STRING=x\n"
        "#17     0.200 ms  server            standard input needs no pipe; pipes are made, for us the ends "
        "10 from "
        "standard output, 12 from standard error\n"
        "#17     0.200 ms  script            runs as process 4242\n"
        "#17     3.200 ms  script → server   standard output: \"Content-Type: text/plain\\n\\nhello\\n\" 32 "
        "bytes\n"
        "#17     3.200 ms  script → server   its head is complete: a document, 200\n"
        "#17                                   Content-Type: text/plain\n"
        "#17     3.200 ms  server → client   the head of the answer\n"
        "#17                                   HTTP/1.1 200 OK\n"
        "#17                                   Content-Type: text/plain\n"
        "#17     3.200 ms  script → server   standard output ends\n"
        "#17     3.300 ms  server → client   the answer is over: 200, 6 bytes of body\n"
        "#17     3.400 ms  server            reaps the script, which may be a zombie\n"
        "#17     3.400 ms  script            ended with exit status 0 (1.200 ms of its own, 0.800 ms of the "
        "kernel's, 3,412 KiB)\n");
}

TEST_CASE("TerminalTrace tells of a POST what was written to the script, abbreviated") {
  Scene scene;
  scene.receive(2, "POST /cgi-bin/a.cgi HTTP/1.1\r\nContent-Length: 4096\r\n\r\n");
  CHECK(scene.trace.wants_input());
  scene.run_script(2, {});
  scene.take();
  scene.trace.body_received(2, 4096);
  scene.trace.gateway_wait(2);
  scene.trace.cgi_wrote(2, std::string(4096, 'x'));
  scene.trace.cgi_closed(2, Stream::standard_input);
  scene.trace.cgi_read(2, Stream::standard_error, "line 3: oops\n");
  CHECK(scene.take() ==
        "#2     0.000 ms  client → server   the body is complete: 4,096 bytes\n"
        "#2     0.000 ms  server            waits: all places are taken (--cgi-max)\n"
        "#2     0.000 ms  server → script   standard input: \"" +
            std::string(60, 'x') +
            "…\" 4,096 bytes in all\n"
            "#2     0.000 ms  server → script   standard input ends\n"
            "#2     0.000 ms  script → server   standard error: \"line 3: oops\\n\" 13 bytes\n");
}

TEST_CASE("TerminalTrace tells of a failure what happened, why, and what to do") {
  Scene scene;
  scene.receive(3, "GET /cgi-bin/a.cgi HTTP/1.1\r\n\r\n");
  scene.run_script(3, {});
  scene.take();
  const ScriptFailure failure{ScriptFault::silent, 30};
  scene.trace.cgi_failed(3, "/cgi-bin/a.cgi", failure);
  scene.trace.rejected(3, cannot_execute(failure), "GET /cgi-bin/a.cgi HTTP/1.1", kClient);
  scene.trace.cgi_signalled(3, 15);
  scene.trace.cgi_exited(3, "/cgi-bin/a.cgi", {.by_signal = true, .code = 15});
  scene.answer(3, 504, 100);
  const std::string told = scene.take();
  CHECK(told.starts_with("#3     0.000 ms  script            failed: wrote nothing for 30 s"));
  CHECK(contains(told, "\n#3                                   why: "));
  CHECK(contains(told, "\n#3                                   cure: "));
  CHECK(contains(told, "server            refuses with 504\n"));
  CHECK(contains(told, "server → script   SIGTERM, to it and its children\n"));
  CHECK(contains(told, "script            was killed by SIGTERM ("));
}

TEST_CASE("TerminalTrace tells of a FastCGI application, record by record") {
  Scene scene;
  const auto type = [](FastcgiType which) { return static_cast<std::uint8_t>(which); };
  scene.receive(4, "GET /index.php HTTP/1.1\r\n\r\n");
  scene.trace.route_chosen(4, "forward_to_fastcgi", "there is a --fastcgi for it");
  scene.trace.cgi_environment(4, "/index.php", std::vector<std::string>{"SCRIPT_NAME=/index.php"}, {});
  scene.trace.fastcgi_connected(4, "unix:/run/php.sock", true);
  scene.trace.fastcgi_sent(4, type(FastcgiType::begin_request), 8);
  scene.trace.fastcgi_received(4, type(FastcgiType::standard_output), 1, 27);
  scene.trace.cgi_read(4, Stream::standard_output, "Content-Type: text/html\r\n\r\n");
  scene.trace.fastcgi_ended(4, "/index.php", 0);
  scene.answer(4, 200, 0, "forward_to_fastcgi");
  CHECK(
      scene.take() ==
      "#4     0.000 ms  client → server   GET /index.php HTTP/1.1 from 127.0.0.1\n"
      "#4     0.000 ms  server            forward_to_fastcgi is to answer: there is a --fastcgi for it\n"
      "#4     0.000 ms  server → backend  asks for /index.php\n"
      "#4                                   SCRIPT_NAME=/index.php\n"
      "#4     0.000 ms  server → backend  over a connection that was kept, to unix:/run/php.sock\n"
      "#4     0.000 ms  server → backend  FCGI_BEGIN_REQUEST, 8 bytes\n"
      "#4     0.000 ms  backend → server  FCGI_STDOUT, 27 bytes\n"
      "#4     0.000 ms  backend → server  standard output: \"Content-Type: text/html\\r\\n\\r\\n\" 27 bytes\n"
      "#4     0.000 ms  backend           ended the request with status 0\n"
      "#4     0.000 ms  server → client   the answer is over: 200, 0 bytes of body\n");
}

TEST_CASE("TerminalTrace has one line for a file, and one for a refusal") {
  Scene scene;
  scene.receive(5, "GET /a.html HTTP/1.1\r\n\r\n");
  scene.trace.route_chosen(5, "serve_file", "it is a file");
  scene.trace.head_sent(5, Response(), "HTTP/1.1 200 OK\r\n\r\n");
  scene.answer(5, 200, 1234, "serve_file");
  scene.receive(6, "GET /b.html HTTP/1.1\r\n\r\n");
  scene.trace.rejected(6, not_found("/b.html: no such file"), "GET /b.html HTTP/1.1", kClient);
  scene.answer(6, 404, 150, "");
  scene.trace.rejected(7, request_timeout("no head within 10 s"), "", kClient);
  scene.answer(7, 408, 150, "");
  CHECK(
      scene.take() ==
      "#5     1.500 ms  server → client   GET /a.html HTTP/1.1 from 127.0.0.1: 200, 1,234 bytes of body "
      "(serve_file)\n"
      "#6     1.500 ms  server → client   GET /b.html HTTP/1.1 from 127.0.0.1: 404, 150 bytes of body: "
      "/b.html: no such file\n"
      "#7     1.500 ms  server → client   no request from 127.0.0.1: 408, 150 bytes of body: no head within "
      "10 s\n");
}

TEST_CASE("TerminalTrace tells of the file that a script's local redirect leads to") {
  Scene scene;
  scene.receive(8, "GET /cgi-bin/a.cgi HTTP/1.1\r\n\r\n");
  scene.run_script(8, {});
  scene.take();
  CgiHead redirect;
  redirect.kind = CgiHead::Kind::local_redirect;
  redirect.location = "/b.html";
  scene.trace.cgi_head(8, redirect);
  scene.trace.cgi_exited(8, "/cgi-bin/a.cgi", {});
  scene.trace.route_chosen(8, "serve_file", "it is a file");
  scene.answer(8, 200, 10, "serve_file");
  const std::string told = scene.take();
  CHECK(contains(told, "its head is complete: the server is to answer with /b.html\n"));
  CHECK(contains(told, "server            serve_file is to answer: it is a file\n"));
  CHECK(contains(told, "the answer is over: 200, 10 bytes of body\n"));
}

TEST_CASE("TerminalTrace says that an answer was cut") {
  Scene scene;
  scene.receive(9, "GET /a.html HTTP/1.1\r\n\r\n");
  scene.trace.response_sent(9, Request(), kClient,
                            {.status = 200, .body_bytes = 100, .complete = false, .handler = "serve_file"});
  CHECK(contains(scene.take(), ": 200, cut after 100 bytes of body (serve_file)\n"));
}

TEST_CASE("TerminalTrace says that a client left before its request was complete") {
  Scene scene;
  scene.receive(9, "POST /a.html HTTP/1.1\r\n\r\n");
  scene.trace.request_lost(9);
  scene.trace.request_lost(9);  // it is forgotten by now
  CHECK(scene.take() ==
        "#9     0.000 ms  client → server   POST /a.html HTTP/1.1 from 127.0.0.1: the client left before its "
        "request was complete\n");
  scene.receive(10, "POST /cgi-bin/a.cgi HTTP/1.1\r\n\r\n");
  scene.trace.route_chosen(10, "execute_cgi", "why");
  scene.take();
  scene.trace.request_lost(10);
  CHECK(scene.take() ==
        "#10     0.000 ms  client → server   the client left before its request was complete\n");
}

TEST_CASE("TerminalTrace is silent of what is over") {
  Scene scene;
  scene.receive(10, "GET /a.html HTTP/1.1\r\n\r\n");
  scene.answer(10, 200, 1, "serve_file");
  scene.take();
  scene.answer(10, 200, 1, "serve_file");
  scene.trace.route_chosen(10, "execute_cgi", "why");
  scene.trace.cgi_spawned(11, 1);  // never heard of
  CHECK(scene.take() == "");
}

TEST_CASE("TerminalTrace shows no secret, wherever it comes by") {
  Scene scene;
  scene.receive(1,
                "GET /cgi-bin/a.cgi?t=tok123456 HTTP/1.1\r\nCookie: id=sweet-cookie\r\n"
                "Authorization: Basic YWxpY2U6b3BlbnNlc2FtZQ==\r\nX-Token: tok123456\r\n\r\n");
  scene.run_script(1, {"HTTP_COOKIE=id=sweet-cookie", "API_KEY=from-settings", "REQUEST_METHOD=GET"});
  scene.trace.cgi_wrote(1, "sweet-cookie");
  scene.trace.cgi_read(1, Stream::standard_error, "env: id=sweet-cookie from-settings\n");
  scene.trace.cgi_read(1, Stream::standard_output, "Set-Cookie: s=brand-new; Path=/\nX-A: sweet-cookie\n\n");
  scene.trace.cgi_head(1, head_with("Set-Cookie: s=brand-new; Path=/\r\nX-A: sweet-cookie\r\n"));
  scene.trace.head_sent(1, Response(), "HTTP/1.1 200 OK\r\nSet-Cookie: s=brand-new; Path=/\r\n\r\n");
  scene.trace.cgi_read(1, Stream::standard_output, "brand-new opensesame YWxpY2U6b3BlbnNlc2FtZQ==");
  scene.trace.cgi_failed(1, "/cgi-bin/a.cgi", {ScriptFault::bad_header, 1, "echo sweet-cookie"});
  scene.trace.rejected(1, bad_request("sweet-cookie"), "", kClient);
  const std::string told = scene.take();
  for (const char* secret : {"sweet", "from-settings", "brand", "tok123", "YWxpY2U", "opensesame", "alice"})
    CHECK(!contains(told, secret));
  CHECK(contains(told, "HTTP_COOKIE=id=************\n"));
  CHECK(contains(told, "Set-Cookie: s=*********; Path=/\n"));
  CHECK(contains(told, "REQUEST_METHOD=GET\n"));
}

TEST_CASE("TerminalTrace shows at most the beginning of a secret that a script prints in pieces") {
  Scene scene;
  scene.receive(1, "GET /cgi-bin/a.cgi HTTP/1.1\r\nCookie: id=0123456789abcdef\r\n\r\n");
  scene.run_script(1, {});
  scene.trace.cgi_read(1, Stream::standard_output, "Content-Type: text/plain\n\n");
  scene.trace.cgi_head(1, {});
  scene.take();
  for (const char byte : std::string("0123456789abcdef"))
    scene.trace.cgi_read(1, Stream::standard_output, std::string(1, byte));
  CHECK(contains(scene.take(), "\"2\" 1 byte\n"));
  for (const char byte : std::string("456789abcdef")) CHECK(!contains(scene.text, std::string("\"") + byte));
  scene.trace.cgi_read(1, Stream::standard_output, "id=01234567");
  scene.trace.cgi_read(1, Stream::standard_output, "89abcdef.");
  const std::string told = scene.take();
  CHECK(contains(told, "\"id=********\" 11 bytes\n"));
  CHECK(contains(told, "\"********.\" 9 bytes\n"));
}

TEST_CASE("TerminalTrace lets nothing raw of clients and scripts reach the terminal") {
  Scene scene;
  const std::string bad = "\x1b]0;owned\x07\n\xff\xc2\x9b";
  scene.receive(1, "GET /" + bad + " HTTP/1.1\r\n\r\n");
  scene.run_script(1, {"HTTP_X=" + bad, bad + "=1"});
  const std::vector<std::string> arguments{bad};
  scene.trace.cgi_environment(1, bad, {}, arguments);
  scene.trace.cgi_read(1, Stream::standard_output, bad);
  scene.trace.cgi_read(1, Stream::standard_error, bad);
  CgiHead head = head_with("X: " + bad + "\r\n");
  head.kind = CgiHead::Kind::local_redirect;
  head.location = head.dropped = bad;
  scene.trace.cgi_head(1, head);
  scene.trace.cgi_failed(1, bad, {ScriptFault::bad_header, 0, bad});
  scene.trace.head_sent(1, Response(), "HTTP/1.1 200 " + bad + "\r\n\r\n");
  scene.trace.rejected(1, not_found(bad), bad, kClient);
  scene.trace.rejected(2, bad_request(bad), bad, kClient);
  scene.answer(2, 400, 0, "");
  const std::string told = scene.take();
  CHECK(std::none_of(told.begin(), told.end(), [](char byte) {
    return (byte >= 0 && byte < ' ' && byte != '\n') || byte == '\x7f' || byte == '\xff' || byte == '\xc2';
  }));
  CHECK(contains(told, "HTTP_X=\\x1b]0;owned\\x07\\x0a\\xff\\xc2\\x9b\n"));
}

TEST_CASE("TerminalTrace keeps the lines of one step together while others tell") {
  std::vector<std::string> lines;  // no lock: the trace calls one at a time
  TerminalTrace trace([&lines](std::string_view line) { lines.emplace_back(line); }, false);
  const std::vector<std::string> environment{"A=1", "B=2", "C=3"};
  const auto talk = [&](RequestId id) {
    for (int turn = 0; turn < 200; ++turn) {
      trace.request_received(id, Request(), kClient, {.first_byte = Clock::now()});
      trace.route_chosen(id, "execute_cgi", "why");
      trace.cgi_environment(id, "/a.cgi", environment, {});
      trace.response_sent(id, Request(), kClient, {.status = 200, .complete = true});
    }
  };
  std::thread one(talk, 1), other(talk, 2);
  one.join(), other.join();
  REQUIRE(lines.size() == 2 * 200 * 7);
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (!lines[at].ends_with("A=1")) continue;
    const std::string number = lines[at].substr(0, 3);
    CHECK((lines[at + 1].starts_with(number) && lines[at + 1].ends_with("B=2")));
    CHECK((lines[at + 2].starts_with(number) && lines[at + 2].ends_with("C=3")));
  }
}

TEST_CASE("wants_colour only at a terminal, and not against NO_COLOR") {
  const UniqueFd file(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  CHECK(!wants_colour(file.get(), nullptr));
  const UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(master);
  REQUIRE(::grantpt(master.get()) == 0);
  REQUIRE(::unlockpt(master.get()) == 0);
  const UniqueFd terminal(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(terminal);
  CHECK(wants_colour(terminal.get(), nullptr));
  CHECK(wants_colour(terminal.get(), ""));
  CHECK(!wants_colour(terminal.get(), "1"));
}
