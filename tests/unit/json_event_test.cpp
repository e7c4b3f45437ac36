#include "tinyhttpd/json_event.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/json_text.hpp"

using namespace tinyhttpd;
using namespace std::string_view_literals;
using Json = nlohmann::json;

namespace {

// A request for /shop/order.json/7, with what a test is about.
struct Story {
  Request request;
  ScriptTarget script{"/shop/order.json", "/7", "/srv/www/shop/order.json", "/srv/www", "", false};
  Endpoints endpoints{"192.0.2.7", 51234, "192.0.2.1", 4000};
  EventContext context{42, std::chrono::milliseconds(1583348638390), "12/Mar/2020:19:03:58 +0000"};
  CgiConfig config;
  std::string body;

  Story(std::initializer_list<Field> fields = {}) {
    request.method_name = "GET";
    request.path = "/shop/order.json/7";
    request.host = "www.example.org";
    request.host_field = "www.example.org:4000";
    request.fields = fields;
  }

  std::string text() const { return json_event(request, script, endpoints, body, context, config); }
  Json event() const { return Json::parse(text()); }
  Json headers() const { return event()["headers"]; }
};

Json parameters_of(std::string_view query) {
  Story story;
  story.request.query = query;
  return story.event().value("queryStringParameters", Json());
}

Json object(std::string_view text) {
  return Json::parse(text);
}

// A request that has everything.
Story full_story() {
  Story story{{"Host", "www.example.org:4000"}, {"Cookie", "a=1; b=2"},
              {"Accept", "text/html"},          {"User-Agent", "curl/7.88.1"},
              {"Accept", "*/*;q=0.1"},          {"Content-Type", "text/plain"},
              {"Content-Length", "8"},          {"Authorization", "Basic eA=="}};
  story.request.method_name = "POST";
  story.request.query = "size=XL&colour=dark+blue&size=M%2FL&gift";
  story.request.user = "alice";
  story.body = "J\xC3\xBCrgen\n";
  return story;
}

}  // namespace

TEST_CASE("json_event writes this line for a request that has everything") {
  CHECK(full_story().text() ==
        R"({"version":"2.0","routeKey":"$default","rawPath":"/shop/order.json/7",)"
        R"("rawQueryString":"size=XL&colour=dark+blue&size=M%2FL&gift","cookies":["a=1","b=2"],)"
        R"("headers":{"accept":"text/html,*/*;q=0.1","content-length":"8","content-type":"text/plain",)"
        R"("host":"www.example.org:4000","user-agent":"curl/7.88.1"},)"
        R"("queryStringParameters":{"colour":"dark blue","gift":"","size":"XL,M/L"},)"
        R"("requestContext":{"accountId":"anonymous","apiId":"tinyhttpd","authentication":null,)"
        R"("authorizer":{"basic":{"user":"alice"}},"domainName":"www.example.org","domainPrefix":"www",)"
        R"("http":{"method":"POST","path":"/shop/order.json/7","protocol":"HTTP/1.1",)"
        R"("sourceIp":"192.0.2.7","userAgent":"curl/7.88.1"},"requestId":"42","routeKey":"$default",)"
        R"("stage":"$default","time":"12/Mar/2020:19:03:58 +0000","timeEpoch":1583348638390},)"
        R"("body":"Jürgen\n","isBase64Encoded":false,)"
        R"("tinyhttpd":{"scriptName":"/shop/order.json","pathInfo":"/7","documentRoot":"/srv/www"}})"
        "\n");
}

TEST_CASE("json_event has the members of the format, each of its type") {
  const Json event = full_story().event();
  const auto type_at = [&](const char* path) {
    return std::string(event.at(Json::json_pointer(path)).type_name());
  };
  for (const char* path :
       {"/version", "/routeKey", "/rawPath", "/rawQueryString", "/body", "/requestContext/accountId",
        "/requestContext/apiId", "/requestContext/domainName", "/requestContext/domainPrefix",
        "/requestContext/http/method", "/requestContext/http/path", "/requestContext/http/protocol",
        "/requestContext/http/sourceIp", "/requestContext/http/userAgent", "/requestContext/requestId",
        "/requestContext/routeKey", "/requestContext/stage", "/requestContext/time"}) {
    CAPTURE(path);
    CHECK(type_at(path) == "string");
  }
  CHECK(type_at("/requestContext/timeEpoch") == "number");
  CHECK(type_at("/isBase64Encoded") == "boolean");
  CHECK(type_at("/cookies") == "array");
  CHECK(type_at("/headers") == "object");
  CHECK(type_at("/requestContext/authentication") == "null");
}

TEST_CASE("json_event leaves optional members out that have nothing to say") {
  const Json event = Story().event();
  for (const char* name : {"cookies", "queryStringParameters", "body", "pathParameters", "stageVariables"}) {
    CAPTURE(name);
    CHECK_FALSE(event.contains(name));
  }
  CHECK_FALSE(event["requestContext"].contains("authorizer"));
  CHECK(event["rawQueryString"] == "");
  CHECK(event["headers"] == object(R"({"host":"www.example.org:4000"})"));
  CHECK(event["isBase64Encoded"] == false);
  CHECK(event["requestContext"]["http"]["userAgent"] == "");
}

TEST_CASE("json_event is one line, whatever a client sends") {
  Story story{{"X-Bytes", "\xFF\t\x80"}, {"Cookie", "\xFE=\xFD"}, {"User-Agent", "\xC3"}};
  story.request.path = "/a\nb\r\xE2\x80\xA8\xC0";
  story.request.query = "%0A=%0D&\xFF=%FF&%00";
  story.script.path_info = "/\n";
  story.request.user = "\x80\"";
  story.body = "a\nb\r\n";
  const std::string text = story.text();
  CHECK(text.find('\n') == text.size() - 1);
  CHECK(text.find('\r') == text.npos);
  auto checked = check_json(text, "version");
  CHECK(checked);
}

TEST_CASE("json_event writes header names in lower case and joins those that come twice with a comma") {
  const Json headers =
      Story{{"X-A", "1"}, {"x-b", "2"}, {"x-a", "3, 4"}, {"X-A", ""}, {"X_A", "5"}}.headers();
  CHECK(headers == object(R"({"host":"www.example.org:4000","x-a":"1,3, 4,","x-b":"2","x_a":"5"})"));
}

// Passwords, and the headers in which programs believe too much: CVE-2016-5385, CVE-2024-8927.
TEST_CASE("json_event leaves out the headers that a script would not get") {
  Story story{{"Proxy", "x"},
              {"PROXY-Authorization", "x"},
              {"Authorization", "Basic eA=="},
              {"Transfer-Encoding", "chunked"},
              {"Redirect-Status", "200"},
              {"Cookie", "a=b"},
              {"Content-Type", "a/b"},
              {"Content-Length", "3"}};
  CHECK(story.headers() ==
        object(R"({"host":"www.example.org:4000","content-length":"3","content-type":"a/b"})"));
  story.config.pass_authorization = true;
  CHECK(story.headers()["authorization"] == "Basic eA==");
  CHECK_FALSE(story.headers().contains("proxy-authorization"));
}

TEST_CASE("json_event takes the host from an absolute target before the Host field") {
  Story story{{"Host", "other.example.net"}};
  CHECK(story.headers() == object(R"({"host":"www.example.org:4000"})"));
  story.request.host = story.request.host_field = {};
  CHECK(story.headers() == object(R"({"host":"other.example.net"})"));
}

TEST_CASE("json_event names the host that was asked for, and its first label") {
  const auto names = [](std::string_view host) {
    Story story;
    story.request.host = host;
    const Json context = story.event()["requestContext"];
    return context["domainName"].get<std::string>() + " " + context["domainPrefix"].get<std::string>();
  };
  CHECK(names("www.example.org") == "www.example.org www");
  CHECK(names("localhost") == "localhost localhost");
  CHECK(names("node1.cluster7") == "node1.cluster7 node1");
  CHECK(names("192.0.2.1") == "192.0.2.1 192.0.2.1");
  CHECK(names("[2001:db8::1]") == "[2001:db8::1] [2001:db8::1]");
  CHECK(names("") == "192.0.2.1 192.0.2.1");
}

TEST_CASE("json_event lists the cookies of all Cookie fields") {
  const Json cookies =
      Story{{"Cookie", "a=1; b=\"x y\";c"}, {"X", "y"}, {"cookie", " ; d=4=5;; "}}.event()["cookies"];
  CHECK(cookies == object(R"(["a=1","b=\"x y\"","c","d=4=5"])"));
  CHECK_FALSE(Story{{"Cookie", " ;; "}}.event().contains("cookies"));
}

TEST_CASE("json_event decodes parameters as a form writes them, names and values") {
  CHECK(parameters_of("a=1&b=2") == object(R"({"a":"1","b":"2"})"));
  CHECK(parameters_of("a+b=c+d%2Be") == object(R"({"a b":"c d+e"})"));
  CHECK(parameters_of("%61=%3D%26&%C3%A9=%e2%82%ac") == object(R"({"a":"=&","é":"€"})"));
  CHECK(parameters_of("a=b=c&d&e=&=f") == object(R"({"a":"b=c","d":"","e":"","":"f"})"));
  CHECK(parameters_of("&&a=1&&") == object(R"({"a":"1"})"));
  CHECK(parameters_of("a=%2541") == object(R"({"a":"%41"})"));
  CHECK(parameters_of("a=%00") == object(R"({"a":"\u0000"})"));
  for (const std::string_view bad : {"%", "%4", "%4G", "%G4", "%%41", "%-1"})
    CHECK(parameters_of("a=" + std::string(bad))["a"] == (bad == "%%41" ? "%A" : std::string(bad)));
  CHECK(parameters_of("&").is_null());
}

TEST_CASE("json_event joins the values of a parameter that comes twice with a comma") {
  CHECK(parameters_of("a=1&b=x&a=2&a=&%61=3") == object(R"({"a":"1,2,,3","b":"x"})"));
  CHECK(parameters_of("tag%5B%5D=1&tag[]=2") == object(R"({"tag[]":"1,2"})"));
}

// Two names could become the same one after the object was made.
TEST_CASE("json_event names no parameter twice, also when neither was UTF-8") {
  CHECK(parameters_of("%FF=1&%FE=2") == object("{\"\xEF\xBF\xBD\":\"1,2\"}"));
  Story story;
  story.request.query = "%FF=1&%FE=2&\xEF\xBF\xBD=3";
  auto checked = check_json(story.text(), "version");
  CHECK(checked);
}

TEST_CASE("json_event keeps the query as it was sent beside what it means") {
  Story story;
  story.request.query = "a=%2B+%zz&a";
  CHECK(story.event()["rawQueryString"] == "a=%2B+%zz&a");
}

TEST_CASE("json_event writes U+FFFD for each byte that is no UTF-8, and leaves the rest") {
  Story story{{"X", "a\xFF\xC3z\xE2\x82\xAC\xED\xA0\x80"}};
  story.request.path = "/\x80/\xC3\xA9";
  CHECK(story.headers()["x"] == "a\uFFFD\uFFFDz€\uFFFD\uFFFD\uFFFD");
  CHECK(story.event()["rawPath"] == "/\uFFFD/é");
  CHECK(story.event()["requestContext"]["http"]["path"] == "/\uFFFD/é");
}

TEST_CASE("json_event gives a body that is UTF-8 as it is, and any other as base64") {
  const auto body_of = [](std::string_view body) {
    Story story;
    story.body = body;
    const Json event = story.event();
    const auto text = event["body"].get<std::string>();
    return event["isBase64Encoded"] == true ? "base64 " + text : text;
  };
  CHECK(body_of("a=b&c=d") == "a=b&c=d");
  CHECK(body_of("{\"a\":\"\\u0000\"}") == "{\"a\":\"\\u0000\"}");
  CHECK(body_of("\0\x01\x7F\r\n\""sv) == "\0\x01\x7F\r\n\""sv);
  CHECK(body_of("é€𝄞") == "é€𝄞");
  CHECK(body_of("\xFF") == "base64 /w==");
  CHECK(body_of("text and then \xC3") == "base64 " + encode_base64("text and then \xC3"));
  CHECK(body_of("\xED\xA0\x80") == "base64 7aCA");
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  CHECK(decode_base64(body_of(bytes).substr(7)) == bytes);
}

TEST_CASE("json_event names the checked user, never one that a field claims") {
  Story story{{"Remote-User", "mallory"}, {"Authorization", "Basic bWFsbG9yeTp4"}};
  CHECK_FALSE(story.event()["requestContext"].contains("authorizer"));
  story.request.user = "alice";
  CHECK(story.event()["requestContext"]["authorizer"] == object(R"({"basic":{"user":"alice"}})"));
}

TEST_CASE("json_event says HTTP/1.0 to a request of 1.0, and 0.0.0.0 of a client without an address") {
  Story story;
  story.request.minor_version = 0;
  story.endpoints = {};
  const Json http = story.event()["requestContext"]["http"];
  CHECK(http["protocol"] == "HTTP/1.0");
  CHECK(http["sourceIp"] == "0.0.0.0");
}

TEST_CASE("json_event takes many headers and parameters, none of them lost") {
  Story story;
  std::vector<std::string> names;
  std::string query;
  for (int i = 0; i < 5'000; ++i) {
    names.push_back("X-" + std::to_string(i));
    query += "&" + std::to_string(i) + "=" + std::to_string(i);
  }
  for (const std::string& name : names) story.request.fields.push_back({name, "v"});
  story.request.query = query;
  const Json event = story.event();
  CHECK(event["headers"].size() == 5'001);
  CHECK(event["queryStringParameters"].size() == 5'000);
  CHECK(event["queryStringParameters"]["4999"] == "4999");
}
