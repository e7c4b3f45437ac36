// A command line program that gets the request as a JSON event and answers in JSON: what it sees, what
// becomes of its answer, and how it fails.

#include <doctest/doctest.h>

#include <string>

#include "support/cgi_scripts.hpp"
#include "support/client.hpp"
#include "support/fifo.hpp"
#include "support/lost_bytes.hpp"
#include "support/server_under_test.hpp"
#include "support/temporary_folder.hpp"

using tinyhttpd::Config;
using tinyhttpd::JsonRule;
using tinyhttpd::lose_stored_bytes;
using tinyhttpd::ScriptFault;
using tinyhttpd::TemporaryFolder;

namespace {

/// A server whose path prefix /api/ is answered by a shell script.
class Handler {
 public:
  explicit Handler(const std::string& commands, const ServerUnderTest::Adjust& adjust = {})
      : server_([&](Config& config) {
          folder_.write("handler", sh(commands), 0755);
          config.json.push_back(JsonRule{"/api/", {folder_.path() + "/handler", "first word", "*"}});
          if (adjust) adjust(config);
        }) {}

  ServerUnderTest& server() { return server_; }
  std::uint16_t port() const { return server_.port(); }

  /// Of the only failure so far.
  ScriptFault fault() const {
    const auto failures = server_.recorder().failures();
    REQUIRE(failures.size() == 1);
    return failures[0].fault;
  }

 private:
  TemporaryFolder folder_;
  ServerUnderTest server_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("json: the program gets the event on standard input, and JSON without a statusCode is the body") {
  Handler handler("cat");
  const Answer answer =
      post(handler.port(), "/api/a%20b/c?x=1&x=2", "hi \"you\"", "X-Some: thing\r\nCookie: a=b; c=d\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.field("content-type") == "application/json");
  CHECK(contains(answer.body, R"("rawPath":"/api/a b/c")"));
  CHECK(contains(answer.body, R"("rawQueryString":"x=1&x=2")"));
  CHECK(contains(answer.body, R"("x":"1,2")"));
  CHECK(contains(answer.body, R"("x-some":"thing")"));
  CHECK(contains(answer.body, R"("cookies":["a=b","c=d"])"));
  CHECK(contains(answer.body, R"("body":"hi \"you\"")"));
  CHECK(contains(answer.body, R"("method":"POST")"));
  CHECK(contains(answer.body, R"("scriptName":"/api")"));
  CHECK(handler.server().recorder().routes().at(0) == "invoke_json: there is a --json for it");
}

TEST_CASE("json: the program's words are its arguments as they are, and no part of the request is one") {
  Handler handler(R"(printf '{"arguments":"%s|%s","count":%d}' "$1" "$2" $#)");
  CHECK(get(handler.port(), "/api/x?;touch+y").body == R"({"arguments":"first word|*","count":2})");
}

TEST_CASE("json: the program gets nothing of the server's environment or the request's in its own") {
  Handler handler(R"~(printf '"%s"' "$(env | grep -v '^PWD=\|^_=\|^SHLVL=\|^OLDPWD=' | tr '\n' ' ')")~",
                  [](Config& config) { config.cgi.environment = {"COLOUR=blue"}; });
  CHECK(get(handler.port(), "/api/x").body == "COLOUR=blue PATH=/usr/local/bin:/usr/bin:/bin ");
}

TEST_CASE("json: a rule for a prefix runs in the document root, whatever lies there") {
  Handler handler(R"~(printf '"%s"' "$(pwd -P)")~");
  handler.server().file("/api/file.html", "a file");
  CHECK(get(handler.port(), "/api/file.html").body == handler.server().root());
  CHECK(get(handler.port(), "/api/").status == 200);
  const Answer without_slash = get(handler.port(), "/api?x");
  CHECK(without_slash.status == 301);
  CHECK(without_slash.field("location") == "/api/?x");
  CHECK(get(handler.port(), "/apiary").status == 404);
}

TEST_CASE("json: a rule for an extension needs the file, runs in its folder and gets its path") {
  TemporaryFolder programs;
  programs.write("run", sh(R"~(printf '"%s %s"' "$(pwd -P)" "$1")~"), 0755);
  ServerUnderTest server([&](Config& config) {
    config.json.push_back({".act", {programs.path() + "/run"}});
  });
  server.file("/sub/do.act", "its source");
  CHECK(get(server.port(), "/sub/do.act/more").body ==
        server.root() + "/sub " + server.root() + "/sub/do.act");
  CHECK(get(server.port(), "/sub/missing.act").status == 404);
}

TEST_CASE("json: an answer with a statusCode sets status, fields, cookies and body") {
  Handler handler(R"(printf '{"statusCode":201,"headers":{"X-A":"1","Content-Type":"text/x"},)"
                  R"("cookies":["a=1","b=2"],"body":"made"}')");
  const Answer answer = get(handler.port(), "/api/");
  CHECK(answer.status_line == "HTTP/1.1 201 Created");
  CHECK(answer.field("x-a") == "1");
  CHECK(answer.field("content-type") == "text/x");
  CHECK(answer.count("set-cookie") == 2);
  CHECK(answer.body == "made");
  CHECK(answer.field("content-length") == "4");
}

TEST_CASE("json: a binary body goes both ways in base64") {
  Handler handler(
      R"(grep -q '"isBase64Encoded":true' && printf '{"statusCode":200,"isBase64Encoded":true,"body":"AP8B"}')");
  const Answer answer = post(handler.port(), "/api/", std::string("\x00\xff", 2));
  CHECK(answer.status == 200);
  CHECK(answer.body == std::string("\x00\xff\x01", 3));
}

TEST_CASE("json: a body that lies in a file reaches the program whole") {
  Handler handler(R"(wc -c | tr -d '\n')");
  const std::string body(3'000'000, 'x');
  const std::string bytes = post(handler.port(), "/api/", body).body;
  CHECK(std::stoul("0" + bytes) > body.size());
}

TEST_CASE("json: a body larger than an event takes is 413") {
  Handler handler("cat >/dev/null; echo 1");
  CHECK(post(handler.port(), "/api/", std::string((8U << 20U) + 1, 'x')).status == 413);
  CHECK(handler.server().recorder().pids().empty());
}

TEST_CASE("json: output that is no JSON is 502, and the log says where it goes wrong") {
  Handler handler("printf '{\"a\": 1,}'");
  const Answer answer = get(handler.port(), "/api/");
  CHECK(answer.status == 502);
  CHECK(handler.fault() == ScriptFault::bad_json);
  CHECK(contains(handler.server().recorder().rejections().at(0).reason, "line 1"));
}

TEST_CASE("json: no output at all is 502") {
  Handler handler(":");
  CHECK(get(handler.port(), "/api/").status == 502);
  CHECK(handler.fault() == ScriptFault::no_output);
}

TEST_CASE("json: an exit status other than 0 is 502, whatever was printed") {
  Handler handler("echo '{}'; echo oops >&2; exit 3");
  CHECK(get(handler.port(), "/api/").status == 502);
  CHECK(handler.fault() == ScriptFault::exit_status);
  CHECK(handler.server().recorder().error_lines() == std::vector<std::string>{"oops"});
}

TEST_CASE("json: silence is 504, and the program is ended") {
  Handler handler("exec sleep 60", [](Config& config) { config.cgi.timeout = tinyhttpd::Seconds(0.2); });
  CHECK(get(handler.port(), "/api/").status == 504);
  CHECK(handler.fault() == ScriptFault::silent);
  CHECK(
      handler.server().recorder().wait_until([](const Recorder& seen) { return seen.exits().size() == 1; }));
}

TEST_CASE("json: what becomes of a program counts, however long after its output it ends") {
  const struct {
    std::string what;
    std::string end;
    int status;
    ScriptFault fault;
  } rows[] = {
      {"a status other than 0", "sleep 0.5; exit 3", 502, ScriptFault::exit_status},
      {"a signal", "sleep 0.5; kill -SEGV $$", 502, ScriptFault::killed_by_signal},
      {"no end", "exec sleep 60", 504, ScriptFault::silent},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Handler handler("cat >/dev/null; echo '{}'; exec >&-; " + row.end,
                    [](Config& config) { config.cgi.timeout = tinyhttpd::Seconds(2); });
    CHECK(get(handler.port(), "/api/").status == row.status);
    CHECK(name_of(handler.fault()) == name_of(row.fault));
  }
  Handler good("cat >/dev/null; echo '{}'; exec >&-; sleep 0.5");
  CHECK(get(good.port(), "/api/").status == 200);
  CHECK(good.server().recorder().failures().empty());
}

TEST_CASE("json: a program that goes on without its output ends with its client") {
  Leash leash;
  Handler handler("exec 9>" + leash.path() +
                  "; cat >/dev/null; echo '{}'; exec >&-; echo >&9; exec sleep 60");
  Client client(handler.port());
  client.send("GET /api/ HTTP/1.1\r\nHost: test\r\n\r\n");
  REQUIRE(leash.wait_until_taken() != "");
  client.reset();
  CHECK(leash.wait_until_dropped());
  REQUIRE(handler.server().recorder().wait_until([](const Recorder& r) { return !r.failures().empty(); }));
  CHECK(handler.fault() == ScriptFault::abandoned);
}

TEST_CASE("json: a stored body that cannot be read is 500, and no program gets a part of it") {
  Gate gate;
  TemporaryFolder spool;
  Handler handler("case \"$(cat)\" in *'\"/api/wait\"'*) read -r _ <" + gate.path() + ";; esac; echo '{}'",
                  [&](Config& config) {
                    config.cgi.max_running = 1;
                    config.limits.spool_dir = spool.path();
                  });
  const Recorder& recorder = handler.server().recorder();
  Client first(handler.port()), second(handler.port());
  first.send("GET /api/wait HTTP/1.1\r\nHost: test\r\n\r\n");
  REQUIRE(recorder.wait_until([](const Recorder& r) { return r.pids().size() == 1; }));
  second.send("POST /api/x HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n" +
              std::string(100'000, 'b'));
  REQUIRE(recorder.wait_until([](const Recorder& r) { return r.waits().size() == 1; }));
  lose_stored_bytes(spool.path());
  gate.open();
  CHECK(first.read().status == 200);
  CHECK(second.read().status == 500);
  CHECK(recorder.pids().size() == 1);
  REQUIRE(recorder.rejections().size() == 1);
  CHECK(contains(recorder.rejections()[0].reason, "stored body"));
}

TEST_CASE("json: an answer without end is refused once it is too long") {
  Handler handler("exec yes '[1]'");
  CHECK(get(handler.port(), "/api/").status == 502);
  CHECK(handler.fault() == ScriptFault::bad_json);
}

TEST_CASE("json: HEAD gets the head alone, and the connection goes on") {
  Handler handler(R"(printf '"four"')");
  Client client(handler.port());
  client.send("HEAD /api/ HTTP/1.1\r\nHost: test\r\n\r\nGET /api/ HTTP/1.1\r\nHost: test\r\n\r\n");
  const Answer head = client.read(true);
  CHECK(head.status == 200);
  CHECK(head.field("content-length") == "4");
  CHECK(client.read().body == "four");
}

TEST_CASE("json: hidden places stay hidden, and no program's source is sent") {
  TemporaryFolder programs;
  programs.write("run", sh("echo 1"), 0755);
  ServerUnderTest server([&](Config& config) {
    config.json.push_back({".act", {programs.path() + "/run"}});
    config.files.autoindex = true;
  });
  server.file("/.secret/do.act", "its source");
  server.file("/do.ACT", "its source");
  CHECK(get(server.port(), "/.secret/do.act").status == 404);
  CHECK(get(server.port(), "/do.ACT").body == "1");
}
