// The inspector as users start it: what it shows, to whom, and what it lets them do.

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/client.hpp"
#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"

namespace {

using Json = nlohmann::json;

const std::string kHead = "Content-Type: text/plain\\n\\n";

/// A server with scripts and an inspector, both on free ports.
struct Shown {
  explicit Shown(std::vector<std::string> more = {}) {
    folder.write("/a.txt", "a", 0644);
    script("env", "printf '" + kHead + "'; env | sort; cat");
    script("broken", "echo Content-Type: text/plain");
    std::vector<std::string> options = {"--root",      folder.path(), "--inspect",
                                        "127.0.0.1:0", "--threads",   "4"};
    options.insert(options.end(), more.begin(), more.end());
    server = std::make_unique<ServerProcess>(options);
    port = server->port();
    REQUIRE(port != 0);
    const std::string& said = server->said();
    const std::string lead = "the inspector is at http://127.0.0.1:";
    const auto at = said.find(lead);
    REQUIRE(at != std::string::npos);
    inspector = static_cast<std::uint16_t>(std::stoi(said.substr(at + lead.size())));
  }

  void script(const std::string& name, const std::string& text) {
    folder.write("/cgi-bin/" + name + ".cgi", "#!/bin/sh\n" + text + "\n", 0755);
  }

  /// Asks the server that is shown.
  Answer run(const std::string& path, const std::string& fields = {}) const {
    return ask(port, "GET " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n" + fields + "\r\n");
  }

  /// Asks the inspector.
  Answer look(const std::string& path, const std::string& fields = {}) const {
    return ask(inspector, "GET " + path + " HTTP/1.1\r\nHost: localhost:" + std::to_string(inspector) +
                              "\r\nConnection: close\r\n" + fields + "\r\n");
  }
  Json json(const std::string& path) const {
    const Answer answer = look(path);
    CHECK(answer.status == 200);
    CHECK(answer.field("content-type") == "application/json");
    return Json::parse(answer.body);
  }
  Answer post(
      const std::string& path, const std::string& body = "{}",
      const std::string& fields = "X-Tinyhttpd-Inspector: 1\r\nContent-Type: application/json\r\n") const {
    return ask(inspector, "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + fields +
                              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  /// The newest exchange, once it is over.
  Json newest() const {
    for (;;) {
      const Json list = json("/api/exchanges")["exchanges"];
      if (!list.empty() && list.back()["over"]) return list.back();
    }
  }
  /// Where the list says that it is held.
  Json get_held_in_list(const Json& id) const {
    const Json list = json("/api/exchanges");
    for (const Json& one : list["exchanges"])
      if (one["id"] == id) return one["held"];
    return nullptr;
  }
  Json exchange(const Json& id) const { return json("/api/exchanges/" + id.dump()); }

  tinyhttpd::TemporaryFolder folder;
  std::unique_ptr<ServerProcess> server;
  std::uint16_t port = 0;
  std::uint16_t inspector = 0;
};

const Json* variable(const Json& exchange, const std::string& name) {
  for (const Json& one : exchange["script"]["environment"])
    if (one["name"] == name) return &one;
  return nullptr;
}

/// Waits until step mode holds something there.
Json wait_until_held(const Shown& shown, const std::string& where) {
  for (;;) {
    const Json held = shown.json("/api/step")["held"];
    if (!held.is_null() && held["where"] == where) return held;
  }
}

}  // namespace

TEST_CASE("inspector: its page comes from the program alone, and may take nothing from elsewhere") {
  const Shown shown;
  const Answer page = shown.look("/");
  CHECK(page.status == 200);
  CHECK(page.field("content-type") == "text/html; charset=utf-8");
  CHECK(page.field("content-security-policy").find("default-src 'none'; script-src 'self'") == 0);
  CHECK(page.field("cross-origin-resource-policy") == "same-origin");
  CHECK(page.field("x-content-type-options") == "nosniff");
  CHECK(page.body.find("<script type=\"module\" src=") != std::string::npos);
  CHECK(shown.look("/no-such-thing").status == 404);
  CHECK(shown.look("/etc/passwd").status == 404);
}

TEST_CASE("inspector: a script's exchange is listed and shown with where its variables come from") {
  const Shown shown;
  REQUIRE(shown.run("/cgi-bin/env.cgi/more?a=1", "X-Mine: yes\r\n").status == 200);
  const Json summary = shown.newest();
  CHECK(summary["handler"] == "execute_cgi");
  CHECK(summary["status"] == 200);
  CHECK(summary["target"] == "/cgi-bin/env.cgi/more?a=1");
  const Json exchange = shown.exchange(summary["id"]);
  REQUIRE(variable(exchange, "REQUEST_METHOD") != nullptr);
  CHECK((*variable(exchange, "REQUEST_METHOD"))["value"] == "GET");
  CHECK((*variable(exchange, "REQUEST_METHOD"))["section"] == "RFC 3875 section 4.1.12");
  CHECK((*variable(exchange, "HTTP_X_MINE"))["value"] == "yes");
  CHECK(exchange["script"]["exit"]["code"] == 0);
  CHECK(exchange["script"]["pid"] > 0);
  CHECK(exchange["load"]["workers"] == 4);
  CHECK(exchange["streams"][1]["total"] == exchange["streams"][1]["kept"]);
  CHECK(exchange["worker"] >= 0);
  CHECK(exchange["answer"]["head"].get<std::string>().find("HTTP/1.1 200 OK\r\n") == 0);
}

TEST_CASE("inspector: a failure is explained in the exchange, and on the page the client got") {
  const Shown shown;
  const Answer answer = shown.run("/cgi-bin/broken.cgi");
  CHECK(answer.status == 502);
  CHECK(answer.body.find("no blank line") != std::string::npos);
  const Json exchange = shown.exchange(shown.newest()["id"]);
  CHECK(exchange["failure"] == "no_blank_line");
  CHECK(exchange["diagnosis"]["what"].get<std::string>().find("no blank line") != std::string::npos);
  CHECK(!exchange["diagnosis"]["cure"].get<std::string>().empty());
}

TEST_CASE("inspector: without it, the client learns nothing of what is wrong with a script") {
  tinyhttpd::TemporaryFolder folder;
  folder.write("/cgi-bin/broken.cgi", "#!/bin/sh\necho Content-Type: text/plain\n", 0755);
  ServerProcess server({"--root", folder.path()});
  CHECK(get(server.port(), "/cgi-bin/broken.cgi").body.find("blank line") == std::string::npos);
}

TEST_CASE("inspector: strangers are refused, whatever they ask") {
  const Shown shown;
  const auto ask_as = [&shown](const std::string& lines) {
    return ask(shown.inspector, "GET /api/exchanges HTTP/1.1\r\nConnection: close\r\n" + lines + "\r\n")
        .status;
  };
  CHECK(ask_as("Host: 127.0.0.1\r\n") == 200);
  CHECK(ask_as("Host: evil.example\r\n") == 403);
  CHECK(ask_as("Host: 127.0.0.1\r\nOrigin: http://evil.example\r\n") == 403);
  CHECK(ask_as("Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n") == 403);
  CHECK(shown.post("/api/step/go", "{}", "Content-Type: application/json\r\n").status == 403);
  CHECK(shown.post("/api/step/go", "{}", "X-Tinyhttpd-Inspector: 1\r\nContent-Type: text/plain\r\n").status ==
        403);
  CHECK(shown.post("/api/step/go").status == 200);
}

TEST_CASE("inspector: secrets are in no view of an exchange") {
  const Shown shown({"--cgi-pass-authorization", "on"});
  const std::string secret = "c2VjcmV0OndvcmRz";  // "secret:words"
  REQUIRE(
      shown.run("/cgi-bin/env.cgi", "Authorization: Basic " + secret + "\r\nCookie: session=topsecret42\r\n")
          .body.find("topsecret42") != std::string::npos);
  const std::string id = shown.newest()["id"].dump();
  std::string all = shown.look("/api/exchanges").body + shown.look("/api/server").body;
  const Answer json = shown.look("/api/exchanges/" + id);
  all += json.body;
  const auto streams = Json::parse(json.body)["streams"];
  for (const char* form : {".mmd", ".har", ".sh"}) {
    const Answer view = shown.look("/api/exchanges/" + id + form);
    CHECK(view.status == 200);
    all += view.body;
  }
  for (const char* hidden : {"c2VjcmV0OndvcmRz", "topsecret42", "dG9wc2VjcmV0NDI"})
    CHECK(all.find(hidden) == std::string::npos);
}

TEST_CASE("inspector: secrets are in no view of an exchange in hand") {
  const Shown shown;
  Client viewer(shown.inspector);
  std::string told;
  const auto hear = [&](const std::string& text) {
    while (told.find(text) == told.npos) {
      const std::string more = viewer.read_some(4096);
      REQUIRE(!more.empty());
      told += more;
    }
  };
  REQUIRE(viewer.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  hear("event: server");
  REQUIRE(shown.post("/api/step", R"({"stops":["before_first_byte"]})").status == 200);
  std::thread browser([&shown] {
    CHECK(shown
              .run("/cgi-bin/env.cgi?sid=cookiesecret123&x=topsecret42",
                   "Cookie: sid=cookiesecret123\r\nAuthorization: Bearer topsecret42\r\n")
              .status == 200);
  });
  const std::string covered = "/cgi-bin/env.cgi?sid=***************&x=***********";
  wait_until_held(shown, "before_first_byte");
  CHECK(shown.json("/api/exchanges")["exchanges"][0]["target"] == covered);
  bool is_named = false;
  const Json server = shown.json("/api/server");
  for (const Json& worker : server["workers"]) is_named = is_named || worker["what"] == covered;
  CHECK(is_named);
  hear("\"held\":\"before_first_byte\"");
  shown.post("/api/step/go");
  browser.join();
  hear("\"over\":true");
  CHECK(shown.json("/api/exchanges")["exchanges"][0]["target"] == covered);
  CHECK(told.find(covered) != told.npos);
  for (const char* hidden : {"cookiesecret123", "topsecret42"}) CHECK(told.find(hidden) == told.npos);
}

TEST_CASE("inspector: a request is replayed as a client would send it, and the answers are compared") {
  const Shown shown;
  REQUIRE(ask(shown.port,
              "POST /cgi-bin/env.cgi HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
              "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
              .body.ends_with("hello"));
  const Json original = shown.newest();
  const Answer answer = shown.post("/api/exchanges/" + original["id"].dump() + "/replay");
  REQUIRE(answer.status == 200);
  const Json again = shown.exchange(Json::parse(answer.body)["id"]);
  CHECK(again["replay_of"] == original["id"]);
  CHECK(again["replay"]["same_status"] == true);
  CHECK(again["streams"][0]["bytes_base64"] == "aGVsbG8=");
  CHECK(shown.post("/api/exchanges/4711/replay").status == 404);
}

TEST_CASE("inspector: what cannot be replayed is refused with the reason") {
  const Shown shown({"--inspect-bytes", "3"});
  REQUIRE(ask(shown.port,
              "POST /cgi-bin/env.cgi HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
              "Content-Length: 5\r\n\r\nhello")
              .status == 200);
  const Json original = shown.exchange(shown.newest()["id"]);
  CHECK(original["can_replay"] == false);
  const Answer answer = shown.post("/api/exchanges/" + original["id"].dump() + "/replay");
  CHECK(answer.status == 409);
  CHECK(Json::parse(answer.body)["error"] == original["why_not"]);
}

TEST_CASE("inspector: step mode holds a script at each stop, and shows the descriptors of both sides") {
  const Shown shown;
  REQUIRE(
      shown
          .post("/api/step", R"({"stops":["before_pipes","before_fork","before_first_byte","before_waitpid"],
                                      "prefix":"/cgi-bin/env"})")
          .status == 200);
  CHECK(shown.run("/cgi-bin/broken.cgi").status == 502);  // another prefix
  std::thread browser([&shown] { CHECK(shown.run("/cgi-bin/env.cgi").status == 200); });
  CHECK(wait_until_held(shown, "before_pipes")["server_descriptors"].empty());
  CHECK(shown.post("/api/step/go").body == R"({"released":true})");
  CHECK(wait_until_held(shown, "before_fork")["server_descriptors"].size() >= 4);
  shown.post("/api/step/go");
  const Json running = wait_until_held(shown, "before_first_byte");
  REQUIRE(running["script_descriptors"].is_array());
  CHECK(running["script_descriptors"][0]["fd"] == 0);
  CHECK(shown.get_held_in_list(running["id"]) == "before_first_byte");
  shown.post("/api/step/go");
  CHECK(wait_until_held(shown, "before_waitpid")["script_descriptors"].is_null());
  shown.post("/api/step/go");
  browser.join();
  CHECK(shown.post("/api/step", R"({"stops":["nowhere"]})").status == 400);
}

TEST_CASE("inspector: it answers while every worker of the server is busy") {
  Shown shown({"--cgi-max", "3"});
  shown.script("wait", "printf '" + kHead + "'; read -r line; echo end");
  // Nobody ends standard input of a script that is held; three take all the places there are.
  REQUIRE(shown.post("/api/step", R"({"stops":["before_first_byte"]})").status == 200);
  std::thread browser([&shown] { CHECK(shown.run("/cgi-bin/wait.cgi").status == 200); });
  wait_until_held(shown, "before_first_byte");
  const Json server = shown.json("/api/server");
  CHECK(server["gateways"]["running"] == 1);
  bool is_named = false;
  for (const Json& worker : server["workers"]) is_named = is_named || worker["what"] == "/cgi-bin/wait.cgi";
  CHECK(is_named);
  shown.post("/api/step/go");
  browser.join();
}

TEST_CASE("inspector: whoever looks on is told of an exchange when it ends, and of the server each second") {
  const Shown shown;
  Client viewer(shown.inspector);
  REQUIRE(viewer.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  REQUIRE(viewer.read_until("event: server"));
  REQUIRE(shown.run("/a.txt").status == 200);
  CHECK(viewer.read_until("event: exchange"));
  CHECK(viewer.read_until("\"target\":\"/a.txt\""));
  CHECK(viewer.read_until("event: server"));
}

TEST_CASE("inspector: more pages than it has workers for are told to come later") {
  const Shown shown;
  std::vector<Client> viewers;
  for (int i = 0; i < 8; ++i) {
    viewers.emplace_back(shown.inspector);
    REQUIRE(viewers.back().send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    REQUIRE(viewers.back().read_until("event: server"));
  }
  CHECK(shown.look("/api/events").status == 503);
  CHECK(shown.look("/api/server").status == 200);
}

TEST_CASE("inspector: one request is replayed at a time, and a watch is answered meanwhile") {
  Shown shown;
  const std::string gate = shown.folder.path() + "/gate";
  shown.script("gate", "printf '" + kHead + "'; [ ! -p '" + gate + "' ] || cat '" + gate + "'");
  REQUIRE(shown.run("/cgi-bin/gate.cgi").status == 200);
  const std::string path = "/api/exchanges/" + shown.newest()["id"].dump() + "/replay";
  REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
  std::vector<Client> viewers;
  for (int i = 0; i < 8; ++i) {
    viewers.emplace_back(shown.inspector);
    REQUIRE(viewers.back().send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    REQUIRE(viewers.back().read_until("event: server"));
  }
  std::thread page([&] { CHECK(shown.post(path).status == 200); });
  while (shown.json("/api/server")["gateways"]["running"] != 1) continue;
  const Answer second = shown.post(path);
  CHECK(second.status == 409);
  CHECK(Json::parse(second.body)["error"] == "another request is being replayed");
  CHECK(shown.look("/healthz").status == 200);
  std::ofstream(gate) << "go on";
  page.join();
}

TEST_CASE("inspector: a health check of HTTP/1.0 is answered without a Host") {
  const Shown shown;
  CHECK(ask(shown.inspector, "GET /healthz HTTP/1.0\r\n\r\n").body == "ok\n");
  CHECK(ask(shown.inspector, "GET /api/exchanges HTTP/1.0\r\n\r\n").status == 403);
}

TEST_CASE("inspector: the server ends while pages look on and a script is held") {
  const Shown shown;
  Client viewer(shown.inspector);
  REQUIRE(viewer.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  REQUIRE(viewer.read_until("event: server"));
  REQUIRE(shown.post("/api/step", R"({"stops":["before_fork"]})").status == 200);
  std::thread browser([&shown] { (void)shown.run("/cgi-bin/env.cgi"); });
  wait_until_held(shown, "before_fork");
  shown.server->signal(SIGTERM);
  CHECK(shown.server->exit_status() == 0);
  browser.join();
}

TEST_CASE("inspector: /healthz is 503 while the server drains") {
  const Shown shown({"--drain-timeout", "20"});
  CHECK(shown.look("/healthz").body == "ok\n");
  Client slow(shown.port);
  REQUIRE(slow.send("POST /cgi-bin/env.cgi HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhel"));
  while (shown.json("/api/server")["connections"]["parked"]["reading_body"] != 1) continue;
  shown.server->signal(SIGTERM);
  REQUIRE(shown.server->says("stopping"));
  const Answer draining = shown.look("/healthz");
  CHECK(draining.status == 503);
  CHECK(draining.body == "draining\n");
  REQUIRE(slow.send("lo"));
  CHECK(slow.read().status == 200);
  CHECK(shown.server->exit_status() == 0);
}

TEST_CASE("inspector: /metrics counts by handler and cause") {
  const Shown shown;
  REQUIRE(shown.run("/a.txt").status == 200);
  REQUIRE(shown.run("/cgi-bin/broken.cgi").status == 502);
  (void)shown.newest();
  const Answer answer = shown.look("/metrics");
  CHECK(answer.field("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(answer.body.find("tinyhttpd_failures_total{cause=\"no_blank_line\"} 1\n") != std::string::npos);
  CHECK(answer.body.find("tinyhttpd_workers{") != std::string::npos);
}

TEST_CASE("inspector: an address that cannot be listened on is named, and nothing is served") {
  const Shown shown;
  ServerProcess second({"--root", shown.folder.path(), "--inspect", std::to_string(shown.inspector)});
  CHECK(second.exit_status() == 1);
  CHECK(second.says("the inspector cannot listen on 127.0.0.1 port " + std::to_string(shown.inspector)));
}
