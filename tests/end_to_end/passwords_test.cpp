// Places that ask for a name and a password (--auth): who gets in, by whatever path and method, and what a
// script learns of it.

#include <crypt.h>
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>

#include "support/cgi_scripts.hpp"
#include "support/client.hpp"
#include "support/fifo.hpp"
#include "support/server_under_test.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/base64.hpp"

using tinyhttpd::AuthRule;
using tinyhttpd::Config;
using tinyhttpd::TemporaryFolder;

namespace {

/// A line of a password file. Its hash is a quick one: that hashing takes long is libcrypt's business.
std::string line(const std::string& user, const std::string& password, int cost = 4) {
  auto data = std::make_unique<crypt_data>();
  const std::string salt =
      std::string("$2b$") + (cost < 10 ? "0" : "") + std::to_string(cost) + "$......................";
  const char* hash = ::crypt_r(password.c_str(), salt.c_str(), data.get());
  REQUIRE(hash != nullptr);
  return user + ":" + hash + "\n";
}

std::string basic(const std::string& user, const std::string& password) {
  return "Authorization: Basic " + tinyhttpd::encode_base64(user + ":" + password) + "\r\n";
}

/// A site whose folder /secret asks for the password of anna.
class Site {
 public:
  explicit Site(const ServerUnderTest::Adjust& adjust = {})
      : server_([&](Config& config) {
          passwords_.write("users", line("anna", "right"));
          config.auth.push_back(AuthRule{"/secret", passwords_ / "users", "the secret place"});
          if (adjust) adjust(config);
        }) {
    server_.file("/secret/page.html", "well kept");
    server_.file("/secret/index.html", "the first page");
    server_.file("/open.html", "for all");
    server_.script("/secret/who.cgi",
                   sh_text("printf '%s %s %s' \"$AUTH_TYPE\" \"$REMOTE_USER\" \"$HTTP_AUTHORIZATION\""));
    server_.script("/cgi-bin/who.cgi", sh_text("printf '%s' \"${REMOTE_USER-unset} ${AUTH_TYPE-unset}\""));
  }

  ServerUnderTest& server() { return server_; }
  std::uint16_t port() const { return server_.port(); }
  TemporaryFolder& passwords() { return passwords_; }

 private:
  TemporaryFolder passwords_;
  ServerUnderTest server_;
};

int status_of(Site& site, const std::string& request_line, const std::string& fields = {}) {
  return ask(site.port(), request_line + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n" + fields + "\r\n",
             request_line.starts_with("HEAD"))
      .status;
}

}  // namespace

TEST_CASE("auth: without a password it is 401 with a challenge, and the right one opens") {
  Site site;
  const Answer refused = get(site.port(), "/secret/page.html");
  CHECK(refused.status == 401);
  CHECK(refused.field("www-authenticate") == "Basic realm=\"the secret place\", charset=\"UTF-8\"");
  CHECK(refused.body.find("well kept") == std::string::npos);
  for (int i = 0; i < 3; ++i)
    CHECK(get(site.port(), "/secret/page.html", basic("anna", "right")).body == "well kept");
  CHECK(get(site.port(), "/open.html").body == "for all");
}

TEST_CASE("auth: a wrong password, an unknown user, and another spelling of the user are 401") {
  Site site;
  for (int i = 0; i < 2; ++i) {
    CHECK(get(site.port(), "/secret/page.html", basic("anna", "wrong")).status == 401);
    CHECK(get(site.port(), "/secret/page.html", basic("berta", "right")).status == 401);
    CHECK(get(site.port(), "/secret/page.html", basic("Anna", "right")).status == 401);
    CHECK(get(site.port(), "/secret/page.html", basic("anna", "right")).status == 200);
  }
}

TEST_CASE("auth: credentials that are none are 401, whatever they look like") {
  Site site;
  for (const std::string_view value :
       {"Basic", "Basic ", "Basic !!!!", "Basic YW5uYTpyaWdodA", "Basic YW5uYTpyaWdodA==x",
        "Bearer YW5uYTpyaWdodA==", "YW5uYTpyaWdodA==", "Basic YW5uYQ==", "Digest username=\"anna\""}) {
    CAPTURE(value);
    CHECK(get(site.port(), "/secret/page.html", "Authorization: " + std::string(value) + "\r\n").status ==
          401);
  }
  CHECK(get(site.port(), "/secret/page.html", basic("anna", std::string("right\0", 6))).status == 401);
  CHECK(get(site.port(), "/secret/page.html", basic("anna", "wrong") + basic("anna", "right")).status == 401);
  CHECK(get(site.port(), "/secret/page.html", basic("anna", std::string(7000, 'x'))).status == 401);
  CHECK(get(site.port(), "/secret/page.html", basic(std::string(7000, 'x'), "right")).status == 401);
}

TEST_CASE("auth: no spelling of a path leads around it") {
  Site site;
  for (const std::string path :
       {"/secret", "/secret/", "/secret/page.html", "//secret/page.html", "/secret//page.html",
        "/./secret/page.html", "/open/../secret/page.html", "/%73ecret/page.html", "/secret%2Fpage.html",
        "/secret/%2e/page.html", "/secret/page.html?x", "/secret/missing", "/secret/who.cgi/path/info",
        "/secret/.hidden", "/cgi-bin/../secret/page.html"}) {
    CAPTURE(path);
    const int status = status_of(site, "GET " + path);
    const bool is_refused = status == 401 || status == 400 || status == 404;
    CHECK(is_refused);
    CHECK(get(site.port(), path).body.find("well kept") == std::string::npos);
  }
  CHECK(status_of(site, "GET http://test/secret/page.html") == 401);
  CHECK(status_of(site, "GET /secretary") == 404);
}

TEST_CASE("auth: every method is asked, known or not, before anything is looked up or run") {
  Site site;
  for (const std::string method : {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
    CAPTURE(method);
    CHECK(status_of(site, method + " /secret/who.cgi") == 401);
    CHECK(status_of(site, method + " /secret/missing") == 401);
  }
  CHECK(site.server().recorder().pids().empty());
}

TEST_CASE("auth: a body is not waited for when the password is wrong") {
  Site site;
  Client client(site.port());
  client.send(
      "POST /secret/who.cgi HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\nExpect: "
      "100-continue\r\n\r\n");
  CHECK(client.read().status == 401);
}

TEST_CASE("auth: a script learns who asks, and never the password") {
  Site site;
  CHECK(get(site.port(), "/secret/who.cgi", basic("anna", "right")).body == "Basic anna ");
  CHECK(get(site.port(), "/cgi-bin/who.cgi", basic("anna", "right") + "Remote-User: eve\r\nAuth-Type: x\r\n")
            .body == "unset unset");
}

TEST_CASE("auth: a connection that goes on is asked again for each request") {
  Site site;
  Client client(site.port());
  const std::string asks = "GET /secret/page.html HTTP/1.1\r\nHost: test\r\n";
  client.send(asks + basic("anna", "right") + "\r\n");
  CHECK(client.read().status == 200);
  client.send(asks + "\r\n");
  CHECK(client.read().status == 401);
  client.send(asks + basic("anna", "right") + "\r\n" + asks + basic("anna", "wrong") + "\r\n" + asks +
              basic("anna", "right") + "\r\n");
  CHECK(client.read().status == 200);
  CHECK(client.read().status == 401);
  CHECK(client.read().status == 200);
}

TEST_CASE("auth: a local redirect of a script does not lead around it") {
  Site site;
  site.server().script("/cgi-bin/around.cgi", sh_prints("Location: /secret/page.html\\n\\n"));
  CHECK(get(site.port(), "/cgi-bin/around.cgi").status == 401);
  CHECK(get(site.port(), "/cgi-bin/around.cgi", basic("anna", "wrong")).status == 401);
  CHECK(get(site.port(), "/cgi-bin/around.cgi", basic("anna", "right")).body == "well kept");
  site.server().script("/secret/out.cgi", sh_prints("Location: /cgi-bin/who.cgi\\n\\n"));
  CHECK(get(site.port(), "/secret/out.cgi", basic("anna", "right")).body == "unset unset");
}

TEST_CASE("auth: a changed password file counts from the next request on") {
  Site site;
  CHECK(get(site.port(), "/secret/page.html", basic("anna", "right")).status == 200);
  site.passwords().write("users", line("anna", "newer") + line("berta", "other"));
  CHECK(get(site.port(), "/secret/page.html", basic("anna", "right")).status == 401);
  CHECK(get(site.port(), "/secret/page.html", basic("anna", "newer")).status == 200);
  CHECK(get(site.port(), "/secret/page.html", basic("berta", "other")).status == 200);
}

TEST_CASE("auth: a password file that has become wrong is told of, and the old names stay in force") {
  Site site;
  site.passwords().write("users", "anna without a colon\n");
  CHECK(get(site.port(), "/secret/page.html", basic("anna", "right")).status == 200);
  const auto warnings = site.server().recorder().warnings();
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("line 1") != std::string::npos);
  CHECK(warnings[0].find(site.passwords() / "users") != std::string::npos);
}

TEST_CASE("auth: a server that stops forgets nobody who waits for a script or for a password") {
  Gate gate;
  Site site([](Config& config) { config.cgi.max_running = 1; });
  site.passwords().write("users", line("anna", "right", 12));
  site.server().script("/cgi-bin/around.cgi",
                       sh("read x <" + gate.path() + "\nprintf 'Location: /secret/page.html\\n\\n'\n"));
  Client around(site.port());
  Client script(site.port());
  Client password(site.port());
  const Recorder& seen = site.server().recorder();

  around.send("GET /cgi-bin/around.cgi HTTP/1.1\r\nHost: test\r\n" + basic("anna", "right") + "\r\n");
  REQUIRE(seen.wait_until([](const Recorder& r) { return r.pids().size() == 1; }));
  script.send("GET /cgi-bin/who.cgi HTTP/1.1\r\nHost: test\r\n\r\n");
  REQUIRE(seen.wait_until([](const Recorder& r) { return r.waits().size() == 1; }));
  password.send("GET /secret/page.html HTTP/1.1\r\nHost: test\r\n");  // the rest comes when it is to wait
  REQUIRE(get(site.port(), "/open.html").status == 200);
  site.server().server().stop();
  gate.open();
  REQUIRE(seen.wait_until([](const Recorder& r) { return r.exits().size() == 1; }));
  password.send(basic("anna", "wrong") + "\r\n");

  CHECK(around.read().body == "well kept");
  CHECK(password.read().status == 401);
  CHECK(script.read().body == "unset unset");
}

TEST_CASE("auth: the longest prefix counts, and / covers everything") {
  TemporaryFolder passwords;
  passwords.write("all", line("anna", "right"));
  passwords.write("few", line("chief", "right"));
  ServerUnderTest server([&](Config& config) {
    config.auth.push_back({"/", passwords / "all", "all"});
    config.auth.push_back({"/few", passwords / "few", "few"});
  });
  server.file("/page.html", "page");
  server.file("/few/page.html", "rare");
  CHECK(get(server.port(), "/page.html").status == 401);
  CHECK(get(server.port(), "/missing").status == 401);
  CHECK(get(server.port(), "/page.html", basic("anna", "right")).body == "page");
  CHECK(get(server.port(), "/few/page.html", basic("anna", "right")).status == 401);
  CHECK(get(server.port(), "/few/page.html", basic("chief", "right")).body == "rare");
}

TEST_CASE("auth: passwords wait for each other, and never for scripts; nobody is forgotten") {
  Site site([](Config& config) { config.cgi.max_running = 1; });
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<Client>(site.port()));
    const std::string password = i % 2 == 0 ? "right" : "wrong" + std::to_string(i);
    clients.back()->send("GET /secret/who.cgi HTTP/1.1\r\nHost: test\r\n" + basic("anna", password) + "\r\n");
  }
  for (std::size_t i = 0; i < clients.size(); ++i)
    CHECK(clients[i]->read().status == (i % 2 == 0 ? 200 : 401));
}

TEST_CASE("auth: past the lane of those whose password is to be hashed it is 503, and the files go on") {
  Site site([](Config& config) { config.cgi.queue = 0; });
  std::vector<std::unique_ptr<Client>> clients;
  site.passwords().write("users",
                         line("anna", "right", 10));  // long enough for all the others to come meanwhile
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(std::make_unique<Client>(site.port()));
    clients.back()->send("GET /secret/page.html HTTP/1.1\r\nHost: test\r\n" +
                         basic("anna", "x" + std::to_string(i)) + "\r\n");
  }
  for (auto& client : clients) {
    const int status = client->read().status;
    const bool is_known = status == 401 || status == 503;
    CHECK(is_known);
    refused += status == 503 ? 1 : 0;
  }
  CHECK(get(site.port(), "/open.html").status == 200);
  CHECK(refused > 0);
  CHECK(refused < 200);
}
