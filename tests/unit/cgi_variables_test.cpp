#include "tinyhttpd/cgi_variables.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "support/recorded_samples.hpp"
#include "tinyhttpd/recorded_exchange.hpp"

using namespace tinyhttpd;
using namespace tinyhttpd::testing;

namespace {

VariableOrigin origin_of(const RecordedExchange& exchange, std::string_view name) {
  for (VariableOrigin& origin : explain_variables(exchange))
    if (origin.name == name) return origin;
  return {};
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

std::string why_absent_in(const RecordedExchange& exchange, std::string_view name) {
  for (const AbsentVariable& variable : absent_variables(exchange))
    if (variable.name == name) return variable.why;
  return {};
}

std::string why_withheld_in(const RecordedExchange& exchange, std::string_view name) {
  for (const WithheldField& field : withheld_fields(exchange))
    if (field.name == name) return field.why;
  return {};
}

// A GET whose head and environment are just these.
RecordedExchange exchange_with(std::string fields, std::vector<std::string> environment) {
  RecordedExchange exchange;
  exchange.method = "GET";
  exchange.target = "/x.cgi";
  exchange.handler = "execute_cgi";
  exchange.request_head = "GET /x.cgi HTTP/1.1\r\n" + std::move(fields) + "\r\n";
  exchange.environment = std::move(environment);
  exchange.server_port = 4000;
  return exchange;
}

}  // namespace

TEST_CASE("every variable of a script is explained, in the order of its environment") {
  const RecordedExchange exchange = cgi_sample();
  const auto origins = explain_variables(exchange);
  REQUIRE(origins.size() == exchange.environment.size());
  for (std::size_t i = 0; i < origins.size(); ++i) {
    const VariableOrigin& origin = origins[i];
    CAPTURE(origin.name);
    CHECK(origin.name + "=" + origin.value == exchange.environment[i]);
    CHECK(origin.explanation.ends_with('.'));
    CHECK_FALSE(origin.from.empty());
  }
}

TEST_CASE("a variable is said to come from where it came from, with its section of RFC 3875") {
  struct Row {
    const char* name;
    const char* kind;
    const char* from;
    const char* section;  // "": none
  };
  const Row rows[] = {
      {"GATEWAY_INTERFACE", "server", "the server", "4.1.4"},
      {"PATH_INFO", "route", "the path", "4.1.5"},
      {"PATH_TRANSLATED", "route", "the path", "4.1.6"},
      {"QUERY_STRING", "request-line", "the request line", "4.1.7"},
      {"REMOTE_ADDR", "connection", "the connection", "4.1.8"},
      {"REMOTE_HOST", "connection", "the connection", "4.1.9"},
      {"REQUEST_METHOD", "request-line", "the request line", "4.1.12"},
      {"SCRIPT_NAME", "route", "the path", "4.1.13"},
      {"SERVER_NAME", "header", "the header Host", "4.1.14"},
      {"SERVER_PORT", "connection", "the connection", "4.1.15"},
      {"SERVER_PROTOCOL", "request-line", "the request line", "4.1.16"},
      {"SERVER_SOFTWARE", "server", "the server", "4.1.17"},
      {"HTTP_ACCEPT", "header", "the header Accept", "4.1.18"},
      {"HTTP_X_API_KEY", "header", "the header X-Api-Key", "4.1.18"},
      {"REQUEST_URI", "request-line", "the request line", ""},
      {"DOCUMENT_ROOT", "setting", "--root", ""},
      {"SCRIPT_FILENAME", "route", "the path", ""},
      {"REDIRECT_STATUS", "server", "the server", ""},
      {"SERVER_ADDR", "connection", "the connection", ""},
      {"REMOTE_PORT", "connection", "the connection", ""},
      {"LANG", "setting", "--cgi-env", ""},
      {"PATH", "server", "the server", ""},
  };
  const RecordedExchange exchange = cgi_sample();
  for (const Row& row : rows) {
    CAPTURE(std::string(row.name));
    const VariableOrigin origin = origin_of(exchange, row.name);
    CHECK(name_of(origin.kind) == row.kind);
    CHECK(origin.from == row.from);
    const std::string section(row.section);
    CHECK(origin.section == (section.empty() ? "" : "RFC 3875 section " + section));
  }
}

TEST_CASE("a body that came in chunks is counted without them") {
  const RecordedExchange exchange = post_sample();
  CHECK(contains(origin_of(exchange, "CONTENT_LENGTH").explanation,
                 "came in chunks; without these it has 256 bytes"));
  CHECK(origin_of(exchange, "CONTENT_TYPE").from == "the header Content-Type");
  const auto plain = exchange_with("Content-Length: 5\r\n", {"CONTENT_LENGTH=5"});
  CHECK(contains(origin_of(plain, "CONTENT_LENGTH").explanation,
                 "header Content-Length announced has 5 bytes"));
}

TEST_CASE("the host of an absolute target counts instead of the header Host, and is said to") {
  auto exchange = exchange_with("Host: a\r\n", {"SERVER_NAME=b", "HTTP_HOST=b:1"});
  exchange.target = "http://b:1/x.cgi";
  CHECK(name_of(origin_of(exchange, "SERVER_NAME").kind) == "request-line");
  CHECK(name_of(origin_of(exchange, "HTTP_HOST").kind) == "request-line");
  CHECK(contains(why_withheld_in(exchange, "Host"), "target counts instead"));
}

TEST_CASE("behind a Unix socket port and addresses are explained without a connection's") {
  auto exchange = exchange_with("Host: a:81\r\n", {"SERVER_PORT=81", "REMOTE_ADDR=0.0.0.0"});
  exchange.server_port = 0;
  CHECK(origin_of(exchange, "SERVER_PORT").from == "the header Host");
  CHECK(contains(origin_of(exchange, "REMOTE_ADDR").explanation, "no address"));
}

TEST_CASE("a checked password is where AUTH_TYPE and REMOTE_USER come from") {
  const auto exchange = exchange_with("Authorization: Basic x\r\n", {"AUTH_TYPE=Basic", "REMOTE_USER=ada"});
  CHECK(name_of(origin_of(exchange, "AUTH_TYPE").kind) == "authentication");
  CHECK(contains(origin_of(exchange, "REMOTE_USER").explanation, "\"ada\""));
}

TEST_CASE("the explanation of a header never holds its value") {
  const auto exchange =
      exchange_with("X-Token: ab\r\nX-Token: cd\r\n", {"HTTP_X_TOKEN=ab, cd", "A_SECRET=ef"});
  const VariableOrigin header = origin_of(exchange, "HTTP_X_TOKEN");
  CHECK(header.explanation ==
        "The 2 fields X-Token of the request, joined by \", \": repeated fields are one.");
  CHECK_FALSE(contains(origin_of(exchange, "A_SECRET").explanation, "ef "));
}

TEST_CASE("the variables of RFC 3875 that a script did not get are named with the reason") {
  const RecordedExchange exchange = exchange_with("", {"PATH_INFO=", "QUERY_STRING=", "REQUEST_URI=/x.cgi"});
  CHECK(contains(why_absent_in(exchange, "AUTH_TYPE"), "No password was asked for"));
  CHECK(contains(why_absent_in(exchange, "REMOTE_USER"), "No password was asked for"));
  CHECK(contains(why_absent_in(exchange, "CONTENT_LENGTH"), "no body"));
  CHECK(contains(why_absent_in(exchange, "CONTENT_TYPE"), "must not guess"));
  CHECK(contains(why_absent_in(exchange, "PATH_TRANSLATED"), "PATH_INFO is empty"));
  CHECK(contains(why_absent_in(exchange, "REMOTE_IDENT"), "RFC 1413"));
  CHECK(why_absent_in(exchange, "PATH_INFO") == "");
  CHECK(why_absent_in(exchange, "DOCUMENT_ROOT") == "");  // of no RFC
  CHECK(absent_variables(exchange).front().section == "RFC 3875 section 4.1.1");
  const auto unchecked = exchange_with("Authorization: Basic x\r\n", {"PATH_INFO="});
  CHECK(contains(why_absent_in(unchecked, "AUTH_TYPE"), "nobody checked it"));
}

TEST_CASE("the fields that are not handed on are named with the reason") {
  const auto exchange = exchange_with(
      "Proxy: http://evil/\r\nAuthorization: Basic x\r\nProxy-Authorization: Basic y\r\nTransfer-Encoding: "
      "chunked\r\n"
      "Content-Type: a/b\r\nRedirect-Status: 200\r\nX_Forwarded_For: me\r\nAccept: */*\r\n",
      {"HTTP_ACCEPT=*/*", "CONTENT_TYPE=a/b"});
  CHECK(contains(why_withheld_in(exchange, "Proxy"), "CVE-2016-5385"));
  CHECK(contains(why_withheld_in(exchange, "Redirect-Status"), "CVE-2024-8927"));
  CHECK(contains(why_withheld_in(exchange, "Authorization"), "--cgi-pass-authorization"));
  CHECK(contains(why_withheld_in(exchange, "Proxy-Authorization"), "RFC 3875 section 9.2"));
  CHECK(contains(why_withheld_in(exchange, "Transfer-Encoding"), "RFC 3875 section 4.2"));
  CHECK(contains(why_withheld_in(exchange, "Content-Type"), "CONTENT_TYPE already"));
  CHECK(contains(why_withheld_in(exchange, "X_Forwarded_For"), "two fields could become one variable"));
  CHECK(why_withheld_in(exchange, "Accept") == "");
}

TEST_CASE("after a local redirect the Location is where the request comes from") {
  auto exchange = exchange_with("Content-Type: a/b\r\n",
                                {"REQUEST_METHOD=GET", "REQUEST_URI=/other.cgi?q", "QUERY_STRING=q"});
  exchange.method = "POST";
  CHECK(contains(origin_of(exchange, "REQUEST_METHOD").explanation, "local redirect"));
  CHECK(contains(origin_of(exchange, "REQUEST_URI").explanation, "local redirect"));
  CHECK(contains(origin_of(exchange, "QUERY_STRING").explanation, "local redirect"));
  CHECK(contains(why_absent_in(exchange, "CONTENT_TYPE"), "without a body"));
  CHECK(contains(why_withheld_in(exchange, "Content-Type"), "without a body"));
}

TEST_CASE("a JSON program is told by its event, and gets no meta-variables") {
  const RecordedExchange exchange = json_sample();
  CHECK(absent_variables(exchange).size() == 17);
  CHECK(contains(why_absent_in(exchange, "REQUEST_METHOD"), "JSON event"));
  CHECK(withheld_fields(exchange).empty());
  CHECK(origin_of(exchange, "DB_PASSWORD").from == "--cgi-env");
}

TEST_CASE("where nothing ran, nothing is explained") {
  for (const RecordedExchange& exchange : {file_sample(), refused_sample()}) {
    CHECK(explain_variables(exchange).empty());
    CHECK(absent_variables(exchange).empty());
    CHECK(withheld_fields(exchange).empty());
  }
}

TEST_CASE("an environment of nonsense is explained as well as it can be") {
  const auto exchange = exchange_with("", {"", "=", "HTTP_", "PATH_INFO", "A"});
  CHECK(explain_variables(exchange).size() == 5);
  CHECK(explain_variables(hostile_sample()).size() == hostile_sample().environment.size());
}
