#include "tinyhttpd/cgi_environment.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tinyhttpd/response.hpp"

using namespace tinyhttpd;
using Strings = std::vector<std::string>;

namespace {

// A request for /cgi-bin/show.cgi/Extra?q, with the fields that a test is about.
struct Story {
  Request request;
  ScriptTarget script{"/cgi-bin/show.cgi", "/Extra", "/srv/www/cgi-bin/show.cgi", "/srv/www", "", false};
  Endpoints endpoints{"192.0.2.7", 51234, "192.0.2.1", 4000};
  CgiConfig config;
  std::uint64_t body_bytes = 0;

  Story(std::initializer_list<Field> fields = {}) {
    request.method_name = "GET";
    request.target = "/cgi-bin/show.cgi/Extra?q=%20";
    request.query = "q=%20";
    request.has_query = true;
    request.host = "example.org";
    request.host_field = "example.org:4000";
    request.fields = fields;
  }

  Strings environment() const { return cgi_environment(request, script, endpoints, body_bytes, config); }
  Strings arguments() const { return cgi_arguments(request, script); }

  // The value of one variable; a variable that is there twice is an error of its own.
  std::optional<std::string> get(const std::string& name) const {
    std::optional<std::string> value;
    for (const auto& variable : environment()) {
      if (variable.compare(0, name.size() + 1, name + "=") != 0) continue;
      CHECK_MESSAGE(!value.has_value(), name << " is set twice");
      value = variable.substr(name.size() + 1);
    }
    return value;
  }

  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& variable : environment()) all.insert(variable.substr(0, variable.find('=')));
    return all;
  }
};

// The words that a query gives to the script.
Strings words_of(std::string_view query, Method method = Method::get) {
  Story story;
  story.request.query = query;
  story.request.method = method;
  auto arguments = story.arguments();
  REQUIRE(arguments.front() == "/srv/www/cgi-bin/show.cgi");
  arguments.erase(arguments.begin());
  return arguments;
}

}  // namespace

TEST_CASE("cgi_environment tells a script about a GET request, and nothing more") {  // RFC 3875 section 4.1
  Story story{{"Host", "example.org:4000"}, {"User-Agent", "curl/8"}};
  auto environment = story.environment();
  std::sort(environment.begin(), environment.end());
  CHECK(environment == Strings{"DOCUMENT_ROOT=/srv/www",
                               "GATEWAY_INTERFACE=CGI/1.1",
                               "HTTP_HOST=example.org:4000",
                               "HTTP_USER_AGENT=curl/8",
                               "PATH=/usr/local/bin:/usr/bin:/bin",
                               "PATH_INFO=/Extra",
                               "PATH_TRANSLATED=/srv/www/Extra",
                               "QUERY_STRING=q=%20",
                               "REDIRECT_STATUS=200",
                               "REMOTE_ADDR=192.0.2.7",
                               "REMOTE_HOST=192.0.2.7",
                               "REMOTE_PORT=51234",
                               "REQUEST_METHOD=GET",
                               "REQUEST_URI=/cgi-bin/show.cgi/Extra?q=%20",
                               "SCRIPT_FILENAME=/srv/www/cgi-bin/show.cgi",
                               "SCRIPT_NAME=/cgi-bin/show.cgi",
                               "SERVER_ADDR=192.0.2.1",
                               "SERVER_NAME=example.org",
                               "SERVER_PORT=4000",
                               "SERVER_PROTOCOL=HTTP/1.1",
                               "SERVER_SOFTWARE=" + std::string(server_software())});
}

TEST_CASE("cgi_environment sets CONTENT_LENGTH for a body and for a stated length of 0") {  // RFC 3875
                                                                                            // section 4.1.2
  Story none;
  CHECK_FALSE(none.get("CONTENT_LENGTH").has_value());

  Story stated{{"Content-Length", "0"}};
  stated.request.framing.has_content_length = true;
  CHECK(stated.get("CONTENT_LENGTH") == "0");

  Story chunked{{"Transfer-Encoding", "chunked"}};
  chunked.request.framing.chunked = true;
  chunked.body_bytes = 5;
  CHECK(chunked.get("CONTENT_LENGTH") == "5");
  CHECK_FALSE(chunked.get("HTTP_TRANSFER_ENCODING").has_value());
}

TEST_CASE(
    "cgi_environment hands Content-Type on once and never invents it") {  // RFC 3875 sections 4.1.3, 4.1.18
  CHECK_FALSE(Story().get("CONTENT_TYPE").has_value());
  Story story{{"content-type", "text/plain; charset=utf-8"}, {"CONTENT-LENGTH", "5"}};
  CHECK(story.get("CONTENT_TYPE") == "text/plain; charset=utf-8");
  CHECK_FALSE(story.get("HTTP_CONTENT_TYPE").has_value());
  CHECK_FALSE(story.get("HTTP_CONTENT_LENGTH").has_value());
}

TEST_CASE("cgi_environment always defines QUERY_STRING, as it was sent") {  // RFC 3875 section 4.1.7
  Story story;
  story.request.query = "a=%3Cb%3E&c+d";
  CHECK(story.get("QUERY_STRING") == "a=%3Cb%3E&c+d");
  story.request.query = "";
  CHECK(story.get("QUERY_STRING") == "");
}

TEST_CASE("cgi_environment translates PATH_INFO only where there is one") {  // RFC 3875 section 4.1.6
  Story story;
  story.script.document_root = "/";
  CHECK(story.get("PATH_TRANSLATED") == "/Extra");
  story.script.path_info = "";
  CHECK(story.get("PATH_INFO") == "");
  CHECK_FALSE(story.get("PATH_TRANSLATED").has_value());
}

TEST_CASE(
    "cgi_environment names the server as the client did, else by its address") {  // RFC 3875 section 4.1.14
  Story story;
  story.request.host = "[2001:db8::1]";
  CHECK(story.get("SERVER_NAME") == "[2001:db8::1]");
  story.request.host = "";
  CHECK(story.get("SERVER_NAME") == "192.0.2.1");
  story.endpoints.server_address = "2001:db8::2";
  CHECK(story.get("SERVER_NAME") == "[2001:db8::2]");
  CHECK(story.get("SERVER_ADDR") == "2001:db8::2");
  story.endpoints.server_address = "";
  CHECK(story.get("SERVER_NAME") == "localhost");
}

TEST_CASE(
    "cgi_environment gives the port the server was reached on, not the one of Host") {  // RFC 3875
                                                                                        // section 4.1.15
  Story story{{"Host", "example.org:99"}};
  story.request.host_field = "example.org:99";
  CHECK(story.get("SERVER_PORT") == "4000");
  CHECK(story.get("HTTP_HOST") == "example.org:99");
}

TEST_CASE("cgi_environment gives the port the client asked for where the server has none") {
  struct Row {
    const char* host_field;
    const char* port;
  };
  for (const Row& row :
       {Row{"example.org:8080", "8080"}, Row{"[2001:db8::1]:8080", "8080"}, Row{"example.org", "80"},
        Row{"[2001:db8::1]", "80"}, Row{"example.org:", "80"}, Row{"", "80"}}) {
    Story story;
    story.endpoints.server_port = 0;
    story.endpoints.server_address = "";
    story.request.host_field = row.host_field;
    CHECK(story.get("SERVER_PORT") == row.port);
  }
}

// RFC 3875 section 4.1.8: always an address. One that no list of the trusted names.
TEST_CASE("cgi_environment gives a client without an address one that nobody has") {
  Story story;
  story.endpoints = {};
  CHECK(story.get("REMOTE_ADDR") == "0.0.0.0");
  CHECK(story.get("REMOTE_HOST") == "0.0.0.0");
  CHECK(story.get("REMOTE_PORT") == "0");
}

TEST_CASE(
    "cgi_environment gives the authority of an absolute target in place of Host") {  // RFC 9112 section 3.2.2
  Story story{{"Host", "other.example"}};
  CHECK(story.get("HTTP_HOST") == "example.org:4000");
  story.request.host_field = "";
  CHECK(story.get("HTTP_HOST") == "other.example");
}

TEST_CASE("cgi_environment gives the protocol and the method of this request") {  // RFC 3875
                                                                                  // sections 4.1.12, 4.1.16
  Story story;
  story.request.minor_version = 0;
  story.request.method_name = "PATCH";
  CHECK(story.get("SERVER_PROTOCOL") == "HTTP/1.0");
  CHECK(story.get("REQUEST_METHOD") == "PATCH");
}

TEST_CASE("cgi_environment maps field names to upper case with underscores") {  // RFC 3875 section 4.1.18
  Story story{{"Accept-Language", "de"},
              {"x-lower", "1"},
              {"Git-Protocol", "version=2"},
              {"Content-Encoding", "gzip"}};
  CHECK(story.get("HTTP_ACCEPT_LANGUAGE") == "de");
  CHECK(story.get("HTTP_X_LOWER") == "1");
  CHECK(story.get("HTTP_GIT_PROTOCOL") == "version=2");
  CHECK(story.get("HTTP_CONTENT_ENCODING") == "gzip");
}

TEST_CASE("cgi_environment joins repeated fields to one of the same meaning") {  // RFC 9110 section 5.3
  Story story{{"Accept", "a"}, {"Cookie", "x=1"}, {"ACCEPT", "b"}, {"cookie", "y=2"}, {"Accept", "c"}};
  CHECK(story.get("HTTP_ACCEPT") == "a, b, c");
  CHECK(story.get("HTTP_COOKIE") == "x=1; y=2");
}

TEST_CASE("cgi_environment drops the Proxy header") {  // httpoxy, CVE-2016-5385
  Story story{{"Proxy", "http://evil.example"},
              {"PROXY", "http://evil.example"},
              {"Proxy-Authorization", "Basic eDp5"}};
  CHECK_FALSE(story.get("HTTP_PROXY").has_value());
  CHECK_FALSE(story.get("HTTP_PROXY_AUTHORIZATION").has_value());
}

TEST_CASE("cgi_environment drops names that would stand for another field once mapped") {
  Story story{
      {"X_Forwarded_For", "1"}, {"X.Forwarded.For", "2"}, {"X-Forwarded-For", "3"}, {"X!Forwarded!For", "4"}};
  CHECK(story.get("HTTP_X_FORWARDED_FOR") == "3");

  // Every token byte: what becomes a variable is not what another name becomes.
  const std::string token = "!#$%&'*+-.^_`|~09azAZ";
  std::set<std::string> seen;
  for (const char byte : token) {
    const std::string name = std::string("X") + byte + "Y";
    const auto variables = Story{{name, "1"}}.names();
    const auto plain = Story().names();
    for (const auto& variable : variables) {
      if (plain.count(variable) != 0) continue;
      const bool is_new = seen.insert(variable).second;
      CHECK_MESSAGE((is_new || byte == 'A' || byte == 'Z'), variable);  // letters are the same in either case
    }
  }
  CHECK(seen.size() == 5);
}

TEST_CASE("cgi_environment lets no field become a variable without HTTP_") {  // CVE-2018-1283
  const auto plain = Story().names();
  Story story{{"Remote-User", "admin"},
              {"Session", "1"},
              {"Ssl-Client-Verify", "SUCCESS"},
              {"Path", "/tmp"},
              {"LD-PRELOAD", "/tmp/x.so"},
              {"Auth-Type", "Basic"},
              {"Https", "on"},
              {"Gateway-Interface", "x"}};
  for (const auto& name : story.names()) {
    if (plain.count(name) == 0) CHECK(name.substr(0, 5) == "HTTP_");
  }
  CHECK_FALSE(story.get("REMOTE_USER").has_value());
  CHECK_FALSE(story.get("AUTH_TYPE").has_value());
  CHECK_FALSE(story.get("HTTPS").has_value());
}

TEST_CASE("cgi_environment does not take a client's word for REDIRECT_STATUS") {  // CVE-2024-8927
  Story story{{"Redirect-Status", "404"}};
  CHECK(story.get("REDIRECT_STATUS") == "200");
  CHECK_FALSE(story.get("HTTP_REDIRECT_STATUS").has_value());
}

TEST_CASE("cgi_environment hands on Authorization only where that is asked for") {  // RFC 3875 section 9.2
  Story story{{"authorization", "Basic eDp5"}};
  CHECK_FALSE(story.get("HTTP_AUTHORIZATION").has_value());
  story.config.pass_authorization = true;
  CHECK(story.get("HTTP_AUTHORIZATION") == "Basic eDp5");
}

TEST_CASE(
    "cgi_environment leaves the bytes of a value alone") {  // CVE-2014-6271: nothing here is read by a shell
  Story story{{"User-Agent", "() { :;}; echo \xFF$(id)"}};
  CHECK(story.get("HTTP_USER_AGENT") == "() { :;}; echo \xFF$(id)");
}

TEST_CASE("cgi_environment adds configured variables, and lets none speak for the protocol") {
  Story story{{"X-Real", "client"}};
  story.config.environment = {"GIT_PROJECT_ROOT=/srv/git",
                              "PATH=/opt/bin",
                              "EMPTY=",
                              "WITH=a=b",
                              "REQUEST_METHOD=DELETE",
                              "CONTENT_LENGTH=7",
                              "PATH_TRANSLATED=/etc",
                              "HTTP_X_REAL=configured",
                              "HTTP_PROXY=http://p",
                              "GIT_PROJECT_ROOT=/second",
                              "=nameless",
                              "valueless"};
  story.script.path_info = "";
  CHECK(story.get("GIT_PROJECT_ROOT") == "/srv/git");
  CHECK(story.get("PATH") == "/opt/bin");
  CHECK(story.get("EMPTY") == "");
  CHECK(story.get("WITH") == "a=b");
  CHECK(story.get("REQUEST_METHOD") == "GET");
  CHECK_FALSE(story.get("CONTENT_LENGTH").has_value());
  CHECK_FALSE(story.get("PATH_TRANSLATED").has_value());
  CHECK(story.get("HTTP_X_REAL") == "client");
  CHECK_FALSE(story.get("HTTP_PROXY").has_value());
  CHECK(story.names().count("") == 0);
  CHECK(story.names().count("valueless") == 0);
}

TEST_CASE("cgi_arguments gives the script the words of an indexed query") {  // RFC 3875 section 4.4
  CHECK(words_of("one") == Strings{"one"});
  CHECK(words_of("one+two%20three+%2B") == Strings{"one", "two three", "+"});
  CHECK(words_of("a%3Db") == Strings{"a=b"});
  CHECK(words_of("a", Method::head) == Strings{"a"});
}

TEST_CASE("cgi_arguments passes shell characters as they are, for no shell reads them") {
  CHECK(words_of("$(id);`id`|x+*") == Strings{"$(id);`id`|x", "*"});
}

TEST_CASE("cgi_arguments gives no words at all where one of them cannot be given") {
  for (const auto* query : {"", "a=b", "a+b=c", "a+%zz", "a+%4", "a+b%00c", "a++b", "+a", "a+"}) {
    CAPTURE(query);
    CHECK(words_of(query).empty());
  }
}

TEST_CASE("cgi_arguments lets no word be an option") {  // CVE-2012-1823
  for (const auto* query : {"-s", "a+-s", "%2Ds", "-d+allow_url_include%3d1", "-"}) {
    CAPTURE(query);
    CHECK(words_of(query).empty());
  }
  CHECK(words_of("a-b") == Strings{"a-b"});
}

TEST_CASE("cgi_arguments gives words for GET and HEAD only") {
  for (const auto method : {Method::post, Method::put, Method::delete_, Method::options, Method::patch}) {
    CHECK(words_of("word", method).empty());
  }
}

TEST_CASE("cgi_arguments gives an interpreter the script and no words") {  // CVE-2024-4577
  Story story;
  story.request.query = "word";
  story.script.interpreter = "/usr/bin/php-cgi";
  CHECK(story.arguments() == Strings{"/usr/bin/php-cgi", "/srv/www/cgi-bin/show.cgi"});
}

TEST_CASE("check_exec_size refuses with 431 what the kernel would not take") {
  const Strings arguments = {"/srv/www/cgi-bin/show.cgi"};
  CHECK(check_exec_size(arguments, Story().environment()).has_value());

  CHECK(check_exec_size(arguments, {std::string(kMaxExecStringBytes - 1, 'x')}).has_value());
  auto long_string = check_exec_size(arguments, {std::string(kMaxExecStringBytes, 'x')});
  REQUIRE_FALSE(long_string.has_value());
  CHECK(long_string.error().status == Status::header_fields_too_large);

  auto many_strings = check_exec_size(arguments, Strings(30, std::string(10'000, 'x')));
  REQUIRE_FALSE(many_strings.has_value());
  CHECK(many_strings.error().status == Status::header_fields_too_large);
}

TEST_CASE("release_if_large keeps the memory of everyday variables, and none of a giant's") {
  Story story;
  Strings variables;
  write_cgi_environment(variables, story.request, story.script, story.endpoints, 0, story.config);
  const std::string* const memory = variables.data();
  release_if_large(variables);
  CHECK(variables.data() == memory);

  const std::string giant(kMaxKeptVariablesBytes, 'x');
  Story large({{"X-Giant", giant}});
  write_cgi_environment(variables, large.request, large.script, large.endpoints, 0, large.config);
  // A small one in its place takes its memory.
  Story small({{"X-Giant", "x"}});
  write_cgi_environment(variables, small.request, small.script, small.endpoints, 0, small.config);
  release_if_large(variables);
  CHECK(variables.capacity() == 0);
}
