// Each way in which a FastCGI application fails: what the client gets, what the log says, who is asked
// instead, and that nothing is left behind.

#include <atomic>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/client.hpp"
#include "support/lost_bytes.hpp"
#include "support/process_under_test.hpp"
#include "support/scripted_backend.hpp"
#include "support/server_under_test.hpp"
#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/script_failure.hpp"

using tinyhttpd::Clock;
using tinyhttpd::Config;
using tinyhttpd::FastcgiType;
using tinyhttpd::ScriptFailure;
using tinyhttpd::ScriptFault;
using tinyhttpd::Seconds;
using tinyhttpd::UniqueFd;

namespace {

const std::string kHead = "Content-Type: text/plain\r\n\r\n";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The failure that was told of, the only one so far.
ScriptFailure only_failure(const ServerUnderTest& server) {
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return !r.failures().empty(); }));
  REQUIRE(server.recorder().failures().size() == 1);
  return server.recorder().failures()[0];
}

void quick(Config& config) {
  config.fastcgi.timeout = Seconds(0.3);
}

/// A record as it is on the wire.
std::string record(FastcgiType type, const std::string& content, unsigned padding = 0) {
  std::string bytes;
  tinyhttpd::append_record_header(bytes, type, content.size());
  bytes[6] = static_cast<char>(padding);
  return bytes + content + std::string(padding, 'p');
}

std::string end_record(char protocol_status = 0) {
  return record(FastcgiType::end_request, std::string(4, '\0') + protocol_status + std::string(3, '\0'));
}

/// A record with one byte of its header changed.
std::string with_byte(std::string bytes, std::size_t at, int value) {
  bytes.at(at) = static_cast<char>(value);
  return bytes;
}

/// A script that answers a request with exactly these bytes and closes the connection.
ScriptedBackend::Script sends(const std::string& bytes) {
  return [bytes](FastcgiTalk& talk) {
    if (talk.read_request()) talk.raw(bytes);
  };
}

/// A script that answers nothing until the web server leaves.
void says_nothing(FastcgiTalk& talk) {
  talk.read_request();
  talk.wait_until_closed();
}

/// A script that closes the connection once it has read the request.
void dies(FastcgiTalk& talk) {
  talk.read_request();
}

std::string get_request(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: test\r\n\r\n";
}

/// Whether the log has a warning in which this stands.
bool was_warned(const ServerUnderTest& server, const std::string& part) {
  const auto warnings = server.recorder().warnings();
  return std::any_of(warnings.begin(), warnings.end(),
                     [&](const std::string& line) { return contains(line, part); });
}

/// A Unix socket, or one of 127.0.0.1, at which nobody accepts any more.
class FullSocket {
 public:
  explicit FullSocket(int family) : listener_(make(family)) {
    const bool is_unix = family == AF_UNIX;
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    (folder_ / "socket").copy(path.sun_path, sizeof path.sun_path - 1);
    sockaddr_in number{};
    number.sin_family = AF_INET;
    number.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address = is_unix ? reinterpret_cast<sockaddr*>(&path) : reinterpret_cast<sockaddr*>(&number);
    socklen_t length = is_unix ? sizeof path : sizeof number;
    REQUIRE(::bind(listener_.get(), address, length) == 0);
    REQUIRE(::listen(listener_.get(), 0) == 0);
    if (!is_unix) ::getsockname(listener_.get(), address, &length);
    address_ =
        is_unix ? "unix:" + (folder_ / "socket") : "127.0.0.1:" + std::to_string(ntohs(number.sin_port));
    for (int i = 0; i < 8; ++i) {
      waiting_.push_back(make(family));
      (void)::connect(waiting_.back().get(), address, length);
    }
  }
  const std::string& address() const { return address_; }

 private:
  static UniqueFd make(int family) {
    return UniqueFd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }

  tinyhttpd::TemporaryFolder folder_;
  UniqueFd listener_;
  std::vector<UniqueFd> waiting_;
  std::string address_;
};

/// Two backends whose scripts know which one they are: 0 or 1.
class TwoBackends {
 public:
  using Script = std::function<void(std::size_t, FastcgiTalk&)>;

  explicit TwoBackends(const Script& script, const ServerUnderTest::Adjust& adjust = {})
      : first_([script](FastcgiTalk& talk) { script(0, talk); }),
        second_([script](FastcgiTalk& talk) { script(1, talk); }),
        server_(forwards_to({first_.address(), second_.address()}, adjust)) {}

  ScriptedBackend& operator[](std::size_t which) { return which == 0 ? first_ : second_; }
  ServerUnderTest& server() { return server_; }
  std::uint16_t port() const { return server_.port(); }
  std::size_t connections() const { return first_.connections() + second_.connections(); }
  std::size_t requests() const { return first_.requests().size() + second_.requests().size(); }

 private:
  ScriptedBackend first_, second_;
  ServerUnderTest server_;
};

/// Answers "hello" to every request.
void is_good(FastcgiTalk& talk) {
  says("hello")(talk);
}

}  // namespace

// ---- nobody there

TEST_CASE("fastcgi: an application that is not there is 502, and files are served all the same") {
  ScriptedBackend gone(is_good);
  ScriptedBackend gone_tcp(is_good, ScriptedBackend::Kind::tcp);
  gone.shut();
  gone_tcp.shut();
  for (const std::string& address :
       {gone.address(), gone_tcp.address(), std::string("unix:/no/such/socket")}) {
    CAPTURE(address);
    ServerUnderTest server(forwards_to({address}));
    server.file("/a.txt", "a");
    const Answer answer = get(server.port(), "/app/x");
    CHECK(answer.status == 502);
    CHECK_FALSE(contains(answer.body, address));
    CHECK(get(server.port(), "/a.txt").body == "a");
    const ScriptFailure failure = only_failure(server);
    CHECK(failure.fault == ScriptFault::backend_unreachable);
    CHECK(contains(describe(failure), address));
  }
}

TEST_CASE("fastcgi: a Unix socket whose queue is full is 503") {
  FullSocket full(AF_UNIX);
  ServerUnderTest server(forwards_to({full.address()}));
  CHECK(get(server.port(), "/app/x").status == 503);
  CHECK(only_failure(server).fault == ScriptFault::backend_full);
}

TEST_CASE("fastcgi: a connection that does not come about within --fastcgi-timeout is 504") {
  FullSocket full(AF_INET);
  ServerUnderTest server(forwards_to({full.address()}, quick));
  server.file("/a.txt", "a");
  Client client(server.port());
  client.send(get_request("/app/x"));
  CHECK(get(server.port(), "/a.txt").body == "a");
  CHECK(client.read().status == 504);
  CHECK(only_failure(server).fault == ScriptFault::backend_silent);
  CHECK(contains(describe(only_failure(server)), "--fastcgi-timeout"));
}

// ---- silence

TEST_CASE("fastcgi: an application that says nothing for --fastcgi-timeout is 504 and is left") {
  ScriptedBackend backend(says_nothing);
  ServerUnderTest server(forwards_to({backend.address()}, quick));
  CHECK(get(server.port(), "/app/x").status == 504);
  CHECK(only_failure(server).fault == ScriptFault::backend_silent);
  CHECK(backend.wait_for_closed(1));
}

TEST_CASE(
    "fastcgi: the connections kept to a backend that fell silent are given up, and it is not left out") {
  std::atomic<bool> is_slow = false;
  ScriptedBackend backend([&is_slow](FastcgiTalk& talk) {
    while (const auto request = talk.read_request()) {
      if (request->variable("PATH_INFO") == "/slow" && is_slow) {
        talk.wait_until_closed();
        return;
      }
      talk.answer("hello");
    }
  });
  ServerUnderTest server(forwards_to({backend.address()}, quick));
  CHECK(get(server.port(), "/app/x").body == "hello");
  is_slow = true;
  CHECK(get(server.port(), "/app/slow").status == 504);  // over the connection that was kept
  CHECK(get(server.port(), "/app/x").body == "hello");
  CHECK(backend.connections() == 2);
  CHECK(server.recorder().warnings().empty());
}

TEST_CASE("fastcgi: an application that never even reads is 504") {
  ScriptedBackend backend([](FastcgiTalk& talk) {
    if (talk.read_variables()) talk.wait_until_left();
  });
  ServerUnderTest server(forwards_to({backend.address()}, quick));
  CHECK(post(server.port(), "/app/x", std::string(2'000'000, 'x')).status == 504);
  CHECK(only_failure(server).fault == ScriptFault::backend_silent);
}

TEST_CASE("fastcgi: an application that falls silent in the middle has its answer cut") {
  ScriptedBackend backend([](FastcgiTalk& talk) {
    talk.read_request();
    talk.output(kHead + "half");
    talk.wait_until_closed();
  });
  ServerUnderTest server(forwards_to({backend.address()}, quick));
  const Answer answer = get(server.port(), "/app/x");
  CHECK(answer.status == 200);
  CHECK_FALSE(answer.complete);
  CHECK(only_failure(server).fault == ScriptFault::backend_silent);
  CHECK(backend.wait_for_closed(1));
}

TEST_CASE("fastcgi: an application that drips is ended by --cgi-max-time") {
  const struct {
    std::string what;
    std::string before;
    FastcgiType type;
    int status;
  } rows[] = {
      {"its head", "X-A: ", FastcgiType::standard_output, 504},
      {"complaints", "", FastcgiType::standard_error, 504},
      {"its body", kHead, FastcgiType::standard_output, 200},
      {"what nobody knows", "", FastcgiType{99}, 504},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    ScriptedBackend backend([&row](FastcgiTalk& talk) {
      talk.read_request();
      if (!row.before.empty()) talk.output(row.before);
      while (!talk.is_closed_within(20)) talk.record(row.type, "x");
    });
    ServerUnderTest server(
        forwards_to({backend.address()}, [](Config& config) { config.cgi.max_time = Seconds(0.5); }));
    const Answer answer = get(server.port(), "/app/x");
    CHECK(answer.status == row.status);
    CHECK((answer.complete == (row.status == 504)));
    CHECK(only_failure(server).fault == ScriptFault::too_long);
    CHECK(backend.wait_for_closed(1));
  }
}

TEST_CASE("fastcgi: an application that works in silence but says so on standard error is not silent") {
  ScriptedBackend backend([](FastcgiTalk& talk) {
    talk.read_request();
    for (int i = 0; i < 40; ++i) {
      if (talk.is_closed_within(50)) return;
      talk.error("at work\n");
    }
    talk.answer("done");
  });
  ServerUnderTest server(
      forwards_to({backend.address()}, [](Config& config) { config.fastcgi.timeout = Seconds(1.5); }));
  CHECK(get(server.port(), "/app/x").body == "done");
}

// ---- connections that break, and nonsense

TEST_CASE("fastcgi: a connection that ends before the head is complete is 502") {
  const std::string output = record(FastcgiType::standard_output, kHead, 8);
  const struct {
    std::string what;
    std::string bytes;
  } rows[] = {
      {"at once", ""},
      {"in a header", output.substr(0, 5)},
      {"in the content", output.substr(0, 20)},
      {"after half a head", record(FastcgiType::standard_output, "Content-Type: a/b\r\n")},
      {"after a complaint", record(FastcgiType::standard_error, "SECRET")},
      {"after an empty record", record(FastcgiType::standard_output, "")},
      {"in the last record", end_record().substr(0, 12)},
      {"before the padding of the last record",
       with_byte(record(FastcgiType::end_request, std::string(8, '\0')), 6, 4)},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    ScriptedBackend backend(sends(row.bytes));
    ServerUnderTest server(forwards_to({backend.address()}));
    const Answer answer = get(server.port(), "/app/x");
    CHECK(answer.status == 502);
    CHECK(answer.complete);
    CHECK_FALSE(contains(answer.body, "SECRET"));
    CHECK(only_failure(server).fault == ScriptFault::backend_closed);
  }
}

TEST_CASE("fastcgi: a connection that ends in the middle cuts the answer: it never seems whole") {
  const std::string output = record(FastcgiType::standard_output, kHead + "half", 8);
  const std::string with_length = record(FastcgiType::standard_output, "Content-Length: 9\r\n\r\nhalf");
  const struct {
    std::string what;
    std::string bytes;
  } rows[] = {
      {"in the padding", output.substr(0, output.size() - 3)},
      {"between records", output},
      {"after the stream was ended", output + record(FastcgiType::standard_output, "")},
      {"in a header", output + output.substr(0, 3)},
      {"in the content", output + output.substr(0, 15)},
      {"in the last record", output + end_record().substr(0, 15)},
      {"before a length was reached", with_length},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    ScriptedBackend backend(sends(row.bytes));
    ServerUnderTest server(forwards_to({backend.address()}));
    const Answer answer = get(server.port(), "/app/x");
    CHECK(answer.status == 200);
    CHECK_FALSE(answer.complete);
    CHECK(only_failure(server).fault == ScriptFault::backend_closed);
  }
}

TEST_CASE("fastcgi: what is no FastCGI, or none for this request, is 502, and the connection is closed") {
  const std::string output = record(FastcgiType::standard_output, kHead);
  const struct {
    std::string bytes, sentence;
  } rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n", "a record of version 72"},
      {with_byte(output, 0, 0), "a record of version 0"},
      {with_byte(output, 0, 2), "a record of version 2"},
      {with_byte(output, 1, 0), "a record of type 0"},
      {with_byte(output, 3, 7), "FCGI_STDOUT for request 7"},
      {with_byte(output, 2, 1), "FCGI_STDOUT for request 257"},
      {with_byte(output, 3, 0), "FCGI_STDOUT for request 0"},
      {with_byte(end_record(), 3, 2), "FCGI_END_REQUEST for request 2"},
      {record(FastcgiType::begin_request, std::string(8, '\0')), "FCGI_BEGIN_REQUEST from the application"},
      {record(FastcgiType::params, "a"), "FCGI_PARAMS from the application"},
      {record(FastcgiType::standard_input, ""), "FCGI_STDIN from the application"},
      {record(FastcgiType::end_request, "abc"), "FCGI_END_REQUEST of 3 bytes"},
      {end_record(4), "protocol status 4"},
      {end_record(static_cast<char>(255)), "protocol status 255"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sentence);
    ScriptedBackend backend([&row](FastcgiTalk& talk) {
      talk.read_request();
      talk.raw(row.bytes);
      talk.wait_until_closed();
    });
    ServerUnderTest server(forwards_to({backend.address()}));
    CHECK(get(server.port(), "/app/x").status == 502);
    const ScriptFailure failure = only_failure(server);
    CHECK(name_of(failure.fault) == name_of(ScriptFault::backend_nonsense));
    CHECK_MESSAGE(contains(describe(failure), row.sentence), describe(failure));
    CHECK(backend.wait_for_closed(1));
  }
}

TEST_CASE("fastcgi: reserved bytes of a record mean nothing") {
  ScriptedBackend backend([](FastcgiTalk& talk) {
    talk.read_request();
    talk.raw(with_byte(record(FastcgiType::standard_output, kHead + "body"), 7, 255));
    talk.raw(with_byte(with_byte(end_record(), 7, 1), 15, 9));
  });
  ServerUnderTest server(forwards_to({backend.address()}));
  CHECK(get(server.port(), "/app/x").body == "body");
}

TEST_CASE("fastcgi: nonsense in the middle cuts the answer") {
  ScriptedBackend backend([](FastcgiTalk& talk) {
    talk.read_request();
    talk.output(kHead + "half");
    talk.raw("nonsense");
    talk.wait_until_closed();
  });
  ServerUnderTest server(forwards_to({backend.address()}));
  const Answer answer = get(server.port(), "/app/x");
  CHECK(answer.status == 200);
  CHECK_FALSE(answer.complete);
  CHECK(only_failure(server).fault == ScriptFault::backend_nonsense);
  CHECK(backend.wait_for_closed(1));
}

TEST_CASE("fastcgi: an output that is no answer is 502, as of any script") {
  const struct {
    std::string output;
    ScriptFault fault;
  } rows[] = {
      {"", ScriptFault::no_output},
      {"Content-Type: text/SECRET\r\n", ScriptFault::no_blank_line},
      {"<p>SECRET\n", ScriptFault::bad_header},
      {"Status: 1000\r\n\r\n", ScriptFault::bad_header},
      {std::string(200'000, 'X'), ScriptFault::head_too_large},
  };
  for (const auto& row : rows) {
    CAPTURE(row.output.substr(0, 20));
    ScriptedBackend backend(each_request([&row](FastcgiTalk& talk, const FastcgiRequest&) {
      talk.output(row.output);
      talk.end();
    }));
    ServerUnderTest server(forwards_to({backend.address()}));
    const Answer answer = get(server.port(), "/app/x");
    CHECK(answer.status == 502);
    CHECK_FALSE(contains(answer.body, "SECRET"));
    CHECK(name_of(only_failure(server).fault) == name_of(row.fault));
    CHECK(backend.requests().size() == 1);  // it has answered, if badly: nobody asks again
  }
}

TEST_CASE("fastcgi: a program that fails without an answer is known by its status") {
  ScriptedBackend backend(each_request([](FastcgiTalk& talk, const FastcgiRequest&) { talk.end(3); }));
  ServerUnderTest server(forwards_to({backend.address()}));
  CHECK(get(server.port(), "/app/x").status == 502);
  CHECK(only_failure(server).fault == ScriptFault::exit_status);
  CHECK(only_failure(server).number == 3);
}

TEST_CASE("fastcgi: an application that refuses is 503 when it is overloaded, and else 502") {
  const struct {
    unsigned protocol_status;
    int status;
    ScriptFault fault;
    std::string sentence;
  } rows[] = {
      {1, 502, ScriptFault::backend_refused, "FCGI_CANT_MPX_CONN"},
      {2, 503, ScriptFault::backend_full, "FCGI_OVERLOADED"},
      {3, 502, ScriptFault::backend_refused, "FCGI_UNKNOWN_ROLE"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sentence);
    ScriptedBackend backend(
        each_request([&row](FastcgiTalk& talk, const FastcgiRequest&) { talk.end(0, row.protocol_status); }));
    ServerUnderTest server(forwards_to({backend.address()}));
    CHECK(get(server.port(), "/app/x").status == row.status);
    const ScriptFailure failure = only_failure(server);
    CHECK(name_of(failure.fault) == name_of(row.fault));
    CHECK_MESSAGE(contains(describe(failure), row.sentence), describe(failure));
  }
}

TEST_CASE("fastcgi: what follows the end of a request is dropped, and its connection used no more") {
  const std::string answer = record(FastcgiType::standard_output, kHead + "body") + end_record();
  for (const bool at_once : {true, false}) {
    CAPTURE(at_once);
    Flag said;
    ScriptedBackend backend(each_request([&](FastcgiTalk& talk, const FastcgiRequest&) {
      talk.raw(answer + (at_once ? answer : ""));
      if (!at_once) talk.raw(answer);
      said.raise();
    }));
    ServerUnderTest server(forwards_to({backend.address()}));
    CHECK(get(server.port(), "/app/x").body == "body");
    REQUIRE(said.wait());
    CHECK(get(server.port(), "/app/x").body == "body");
    CHECK(backend.connections() == 2);
    CHECK(backend.wait_for_closed(1));
    CHECK(server.recorder().failures().empty());
  }
}

// ---- a body that was stored

TEST_CASE("fastcgi: a stored body that cannot be read is 500, and is never passed off as whole") {
  tinyhttpd::TemporaryFolder spool;
  std::string received;
  ScriptedBackend backend([&](FastcgiTalk& talk) {
    if (!talk.read_variables()) return;
    tinyhttpd::lose_stored_bytes(spool.path());
    std::array<char, 65536> piece;
    for (ssize_t count = 1; count > 0; received.append(piece.data(), static_cast<std::size_t>(count)))
      count = std::max<ssize_t>(::recv(talk.fd(), piece.data(), piece.size(), 0), 0);
  });
  ServerUnderTest server(forwards_to({backend.address()}, [&](Config& config) {
    config.limits.spool_dir = spool.path();
    config.fastcgi.timeout = Seconds(2);
  }));
  const std::string body(4'000'000, 'b');
  CHECK(post(server.port(), "/app/x", body).status == 500);
  REQUIRE(backend.wait_for_ended(1));
  CHECK(received.size() < body.size());
  CHECK_FALSE(received.ends_with(record(FastcgiType::standard_input, "")));
  CHECK(contains(describe(only_failure(server)), "stored body"));
  CHECK_FALSE(was_warned(server, "is left out"));  // it is not the application's fault
}

// ---- retries

TEST_CASE("fastcgi: a connection that is reset before the answer is 502, and the request is not sent twice") {
  for (const auto kind : {ScriptedBackend::Kind::unix_socket, ScriptedBackend::Kind::tcp}) {
    ScriptedBackend backend(
        [](FastcgiTalk& talk) {
          if (talk.read_request()) talk.reset();
        },
        kind);
    ServerUnderTest server(forwards_to({backend.address()}));
    CHECK(get(server.port(), "/app/x").status == 502);
    CHECK(only_failure(server).fault == ScriptFault::backend_closed);
    CHECK(post(server.port(), "/app/x", "body").status == 502);
    CHECK(backend.requests().size() == 2);
    CHECK_FALSE(was_warned(server, "another is tried"));  // there is none
  }
}

TEST_CASE("fastcgi: a GET that met the end of a kept connection is sent again; a POST never takes one") {
  for (const auto kind : {ScriptedBackend::Kind::unix_socket, ScriptedBackend::Kind::tcp}) {
    ScriptedBackend backend(
        [](FastcgiTalk& talk) {
          if (!talk.read_request()) return;
          talk.answer("hello");
          // The next is read and dies: as with an application that ends at this very moment.
          if (talk.read_request()) talk.reset();
        },
        kind);
    ServerUnderTest server(forwards_to({backend.address()}));
    CHECK(get(server.port(), "/app/1").body == "hello");
    CHECK(get(server.port(), "/app/2").body == "hello");  // over the first connection, then a second one
    CHECK(backend.requests().size() == 3);
    CHECK(backend.connections() == 2);
    CHECK(post(server.port(), "/app/3", "body").body == "hello");
    CHECK(backend.requests().size() == 4);
    CHECK(backend.connections() == 3);
    CHECK(server.recorder().failures().empty());
    CHECK_FALSE(was_warned(server, "another is tried"));  // that a kept connection ends is nothing to tell of
  }
}

TEST_CASE("fastcgi: where a kept connection had ended, what the new one met counts") {
  ScriptedBackend* self = nullptr;
  ScriptedBackend backend([&self](FastcgiTalk& talk) {
    if (!talk.read_request()) return;
    talk.answer("hello");
    if (talk.read_request()) self->shut();  // and the connection ends
  });
  self = &backend;
  ServerUnderTest server(forwards_to({backend.address()}));
  CHECK(get(server.port(), "/app/1").body == "hello");
  CHECK(get(server.port(), "/app/2").status == 502);
  CHECK(only_failure(server).fault == ScriptFault::backend_unreachable);
  CHECK(backend.requests().size() == 2);
}

TEST_CASE("fastcgi: a GET whose application dies is sent to another one") {
  TwoBackends site([](std::size_t which, FastcgiTalk& talk) {
    if (which == 0) return dies(talk);
    is_good(talk);
  });
  for (int i = 0; i < 4; ++i) CHECK(get(site.port(), "/app/x").body == "hello");
  CHECK(site[0].requests().size() >= 1);
  CHECK(site[1].requests().size() == 4);
  CHECK(site.server().recorder().failures().empty());
  CHECK(was_warned(site.server(), "another is tried"));
  CHECK(was_warned(site.server(), site[0].address() + " is left out for"));
}

TEST_CASE("fastcgi: a PUT and a DELETE may be sent again, with the same body") {
  for (const std::string method : {"PUT", "DELETE"}) {
    TwoBackends site([](std::size_t which, FastcgiTalk& talk) {
      if (which == 0) return dies(talk);
      is_good(talk);
    });
    const std::string body(100'000, 'b');
    CHECK(ask(site.port(), method + " /app/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " +
                               std::to_string(body.size()) + "\r\n\r\n" + body)
              .body == "hello");
    REQUIRE(site[1].requests().size() == 1);
    CHECK((site[1].requests()[0].body == body));
    CHECK(site[0].requests().size() == 1);
  }
}

TEST_CASE("fastcgi: a GET that no application answers has been sent to each of them once") {
  TwoBackends site([](std::size_t, FastcgiTalk& talk) { dies(talk); });
  CHECK(get(site.port(), "/app/x").status == 502);
  CHECK(site[0].requests().size() == 1);
  CHECK(site[1].requests().size() == 1);
  CHECK(only_failure(site.server()).fault == ScriptFault::backend_closed);
}

TEST_CASE("fastcgi: a POST is never sent twice, whoever dies of it") {
  TwoBackends site([](std::size_t, FastcgiTalk& talk) { dies(talk); });
  CHECK(post(site.port(), "/app/x", "body").status == 502);
  CHECK(ask(site.port(), "PATCH /app/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").status == 502);
  CHECK(site.requests() == 2);
  CHECK(site.connections() == 2);
}

TEST_CASE("fastcgi: once an application has begun to answer no other is asked") {
  TwoBackends site([](std::size_t, FastcgiTalk& talk) {
    talk.read_request();
    talk.output("Content-Type: a");
  });
  CHECK(get(site.port(), "/app/x").status == 502);
  CHECK(site.requests() == 1);
}

TEST_CASE("fastcgi: an application that is silent is not silent twice: no other is asked") {
  TwoBackends site([](std::size_t, FastcgiTalk& talk) { says_nothing(talk); }, quick);
  CHECK(get(site.port(), "/app/x").status == 504);
  CHECK(site.requests() == 1);
}

TEST_CASE("fastcgi: a POST goes to another application where one cannot be connected to") {
  TwoBackends site([](std::size_t, FastcgiTalk& talk) { is_good(talk); });
  site[0].shut();
  const std::string body(100'000, 'b');
  for (int i = 0; i < 3; ++i) CHECK(post(site.port(), "/app/x", body).body == "hello");
  REQUIRE(site[1].requests().size() == 3);
  for (const FastcgiRequest& request : site[1].requests()) CHECK((request.body == body));
  CHECK(site.server().recorder().failures().empty());
}

TEST_CASE("fastcgi: where one application is overloaded another one is asked, for a POST, too") {
  TwoBackends site([](std::size_t which, FastcgiTalk& talk) {
    if (which == 1) return is_good(talk);
    while (talk.read_request()) talk.end(0, 2);
  });
  const std::string body(100'000, 'b');
  for (int i = 0; i < 3; ++i) CHECK(post(site.port(), "/app/x", body).body == "hello");
  for (const FastcgiRequest& request : site[1].requests()) CHECK((request.body == body));
  CHECK(site[0].requests().size() >= 1);
  CHECK(site.server().recorder().failures().empty());
}

TEST_CASE("fastcgi: where all applications are overloaded the client gets 503 and may try later") {
  TwoBackends site([](std::size_t, FastcgiTalk& talk) {
    while (talk.read_request()) talk.end(0, 2);
  });
  const Answer answer = get(site.port(), "/app/x");
  CHECK(answer.status == 503);
  CHECK(site[0].requests().size() == 1);
  CHECK(site[1].requests().size() == 1);
  CHECK(only_failure(site.server()).fault == ScriptFault::backend_full);
}

TEST_CASE("fastcgi: one full application and one that is away are 503: the first may have room soon") {
  FullSocket full(AF_UNIX);
  for (const bool full_first : {true, false}) {
    std::vector<std::string> addresses = {full.address(), "unix:/no/such/socket"};
    if (!full_first) std::swap(addresses[0], addresses[1]);
    ServerUnderTest server(forwards_to(addresses));
    CHECK(get(server.port(), "/app/x").status == 503);
  }
}

TEST_CASE("fastcgi: the application with the least work in hand is asked") {
  Flag go;
  TwoBackends site([&](std::size_t, FastcgiTalk& talk) {
    while (const auto request = talk.read_request()) {
      if (request->variable("PATH_INFO") == "/long") go.wait();
      talk.answer("hello");
    }
  });
  Client busy(site.port());
  busy.send(get_request("/app/long"));
  REQUIRE((site[0].wait_for_requests(1) || site[1].wait_for_requests(1)));
  const std::size_t other = site[0].requests().empty() ? 0 : 1;
  for (int i = 0; i < 4; ++i) CHECK(get(site.port(), "/app/short").body == "hello");
  CHECK(site[other].requests().size() == 4);
  CHECK(site[1 - other].requests().size() == 1);
  go.raise();
  CHECK(busy.read().body == "hello");
}

TEST_CASE("fastcgi: an application that went away is left out, and asked again when it is back") {
  TwoBackends site([](std::size_t, FastcgiTalk& talk) { is_good(talk); },
                   [](Config& config) { config.fastcgi.connections = 0; });
  site[0].shut();
  for (int i = 0; i < 10; ++i) CHECK(get(site.port(), "/app/x").body == "hello");
  CHECK(site[1].requests().size() == 10);
  CHECK(was_warned(site.server(), site[0].address() + " is left out for"));
  site[0].open();
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (site[0].requests().empty() && Clock::now() < deadline)
    REQUIRE(get(site.port(), "/app/x").body == "hello");
  CHECK_FALSE(site[0].requests().empty());
  CHECK(contains(site.server().recorder().warnings().back(), site[0].address() + " answers again"));
}

TEST_CASE("fastcgi: an application that comes back silent is left out again, and has no more requests") {
  const struct {
    std::string what;
    ServerUnderTest::Adjust limit;
  } rows[] = {
      {"by --fastcgi-timeout", [](Config& config) { config.fastcgi.timeout = Seconds(1); }},
      {"by --cgi-max-time", [](Config& config) { config.cgi.max_time = Seconds(1); }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    TwoBackends site(
        [](std::size_t which, FastcgiTalk& talk) {
          if (which == 1) return is_good(talk);
          if (talk.number() == 0) return dies(talk);
          says_nothing(talk);
        },
        row.limit);
    const auto deadline = Clock::now() + std::chrono::seconds(20);
    int status = 200;
    while (status == 200 && Clock::now() < deadline) status = get(site.port(), "/app/x").status;
    CHECK(status == 504);
    CHECK(was_warned(site.server(), site[0].address() + " is left out for 2 s: no answer in the time given"));
    for (int i = 0; i < 3; ++i) CHECK(get(site.port(), "/app/x").body == "hello");
    CHECK(site[0].connections() == 2);
  }
}

TEST_CASE("fastcgi: an only application that was away is asked again by the next request") {
  ScriptedBackend backend(is_good);
  backend.shut();
  ServerUnderTest server(forwards_to({backend.address()}));
  for (int i = 0; i < 3; ++i) CHECK(get(server.port(), "/app/x").status == 502);
  backend.open();
  CHECK(get(server.port(), "/app/x").body == "hello");
}

// ---- clients that leave, a server that stops, places

TEST_CASE("fastcgi: the connection is closed when the client leaves") {
  const struct {
    std::string what;
    std::string output;
    bool goes_on;
  } rows[] = {
      {"before the head", "", false},
      {"in the middle", kHead + "half", false},
      {"in the middle of much", kHead + "half", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    ScriptedBackend backend([&row](FastcgiTalk& talk) {
      talk.read_request();
      if (!row.output.empty()) talk.output(row.output);
      while (row.goes_on && talk.output(std::string(10'000, 'x'))) continue;
      talk.wait_until_closed();
    });
    ServerUnderTest server(forwards_to({backend.address()}));
    Client client(server.port());
    client.send(get_request("/app/x"));
    REQUIRE(backend.wait_for_requests(1));
    if (!row.output.empty()) client.read_until("half");
    client.reset();
    CHECK(backend.wait_for_closed(1));
    CHECK(only_failure(server).fault == ScriptFault::abandoned);
  }
}

TEST_CASE("fastcgi: a client that has only ended its own side still gets its answer") {
  Flag go;
  ScriptedBackend backend(each_request([&](FastcgiTalk& talk, const FastcgiRequest&) {
    go.wait();
    talk.answer("hello");
  }));
  ServerUnderTest server(forwards_to({backend.address()}));
  Client client(server.port());
  client.send("GET /app/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  client.finish();
  REQUIRE(backend.wait_for_requests(1));
  go.raise();
  CHECK(client.read().body == "hello");
}

TEST_CASE("fastcgi: a client that takes nothing of its answer for --send-timeout loses it") {
  ScriptedBackend backend([](FastcgiTalk& talk) {
    talk.read_request();
    talk.output(kHead);
    while (talk.output(std::string(60'000, 'x'))) continue;
    talk.wait_until_closed();
  });
  ServerUnderTest server(
      forwards_to({backend.address()}, [](Config& config) { config.limits.send_timeout = Seconds(0.3); }));
  Client client(server.port());
  client.send(get_request("/app/x"));
  CHECK(backend.wait_for_closed(1));
  CHECK(only_failure(server).fault == ScriptFault::abandoned);
}

TEST_CASE("fastcgi: an answer that is complete does not wait for an application that goes on") {
  Flag go;
  ScriptedBackend backend([&](FastcgiTalk& talk) {
    while (talk.read_request()) {
      talk.output("Content-Length: 4\r\n\r\ndone");
      go.wait();
      talk.error("finished\n");
      talk.end();
    }
  });
  ServerUnderTest server(forwards_to({backend.address()}));
  server.file("/next.txt", "next");
  Client client(server.port());
  client.send(get_request("/app/x"));
  CHECK(client.read().body == "done");
  client.send(get_request("/next.txt"));
  CHECK(client.read().body == "next");
  CHECK(server.recorder().error_lines().empty());
  go.raise();
  CHECK(server.recorder().wait_until(
      [](const Recorder& r) { return r.error_lines() == std::vector<std::string>{"finished"}; }));
  CHECK(server.recorder().failures().empty());
}

TEST_CASE("fastcgi: no more requests are at applications than --cgi-max says; the others wait") {
  Flag go;
  ScriptedBackend backend(each_request([&](FastcgiTalk& talk, const FastcgiRequest&) {
    go.wait();
    talk.answer("hello");
  }));
  ServerUnderTest server(
      forwards_to({backend.address()}, [](Config& config) { config.cgi.max_running = 1; }));
  server.file("/a.txt", "a");
  Client first(server.port()), second(server.port());
  first.send(get_request("/app/1"));
  REQUIRE(backend.wait_for_requests(1));
  second.send(get_request("/app/2"));
  REQUIRE(server.recorder().wait_until([](const Recorder& r) { return r.waits().size() == 1; }));
  CHECK(get(server.port(), "/a.txt").body == "a");
  CHECK(backend.connections() == 1);
  CHECK(backend.requests().size() == 1);
  go.raise();
  CHECK(first.read().body == "hello");
  CHECK(second.read().body == "hello");
}

TEST_CASE("fastcgi: requests that wait for applications when the server stops are told, and the rest cut") {
  ScriptedBackend backend([](FastcgiTalk& talk) {
    const auto request = talk.read_request();
    if (request && request->variable("PATH_INFO") == "/half") talk.output(kHead + "half");
    talk.wait_until_closed();
  });
  FullSocket full(AF_INET);
  auto server = std::make_unique<ServerUnderTest>([&](Config& config) {
    config.drain_timeout = Seconds(0.2);
    config.fastcgi.rules = {{"/app/", {backend.address()}}, {"/full/", {full.address()}}};
  });
  Client silent(server->port()), half(server->port()), connecting(server->port());
  silent.send(get_request("/app/x"));
  half.send(get_request("/app/half"));
  connecting.send(get_request("/full/x"));
  REQUIRE(half.read_until("half"));
  REQUIRE(backend.wait_for_requests(2));
  REQUIRE(server->recorder().wait_until([](const Recorder& r) { return r.routes().size() == 3; }));
  server->server().stop();
  CHECK(silent.read().status == 503);
  CHECK(connecting.read().status == 503);
  CHECK_FALSE(half.read().complete);
  CHECK(backend.wait_for_closed(2));
  for (const ScriptFailure& failure : server->recorder().failures())
    CHECK(failure.fault == ScriptFault::stopped);
}

TEST_CASE("fastcgi: kept connections end with the server") {
  ScriptedBackend backend(is_good);
  {
    ServerUnderTest server(forwards_to({backend.address()}));
    CHECK(get(server.port(), "/app/x").body == "hello");
  }
  CHECK(backend.wait_for_closed(1));
}

TEST_CASE("fastcgi: after hundreds of requests, good, bad and abandoned, nothing is left") {
  ScriptedBackend backend([](FastcgiTalk& talk) {
    while (const auto request = talk.read_request()) {
      const std::string info = request->variable("PATH_INFO");
      if (info == "/dies") return;
      if (info == "/reset") return talk.reset();
      if (info == "/nonsense") talk.raw("nonsense");
      if (info == "/overloaded") talk.end(0, 2);
      if (info == "/half") talk.output(kHead + "half");
      if (info == "/good") talk.answer("hello");
      if (info == "/much")
        while (talk.output(std::string(60'000, 'x'))) continue;
    }
  });
  const auto descriptors_before = tinyhttpd::count_descriptors();
  {
    ServerUnderTest server(forwards_to({backend.address()}));
    for (int i = 0; i < 60; ++i) {
      CHECK(get(server.port(), "/app/good").body == "hello");
      CHECK(post(server.port(), "/app/good", std::string(50'000, 'b')).body == "hello");
      for (const std::string name : {"dies", "reset", "nonsense", "overloaded"})
        CHECK(get(server.port(), "/app/" + name).status >= 502);
      for (const std::string name : {"half", "much"}) {
        Client client(server.port());
        client.send(get_request("/app/" + name));
        client.read_until("\r\n\r\n");
        client.reset();
      }
    }
  }
  CHECK(backend.wait_for_ended(backend.connections()));
  CHECK(tinyhttpd::count_descriptors() == descriptors_before);
}
