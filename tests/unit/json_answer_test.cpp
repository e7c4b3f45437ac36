#include "tinyhttpd/json_answer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/json_text.hpp"

using namespace tinyhttpd;
using namespace std::string_view_literals;

namespace {

// What the answer becomes: "200|Name: value|…|body", "-" for no body; or "bad_json: …" and the like.
std::string answer(std::string_view text) {
  auto response = parse_json_answer(text);
  if (!response) return std::string(name_of(response.error().fault)) + ": " + response.error().detail;
  std::string story = std::to_string(code(response->status)) + "|";
  for (std::size_t begin = 0; begin < response->fields.size();) {
    const auto end = response->fields.find("\r\n", begin);
    story += response->fields.substr(begin, end - begin) + "|";
    begin = end + 2;
  }
  const auto* body = std::get_if<std::string>(&response->body);
  return story + (body != nullptr ? *body : "-");
}

// An answer with status 200 and these headers.
std::string with_headers(std::string_view headers) {
  return answer(R"({"statusCode":200,"headers":)" + std::string(headers) + "}");
}

bool names(const std::string& failure, std::string_view what) {
  return failure.starts_with("bad_json: ") && failure.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("an answer has a status, headers, cookies and a body") {
  CHECK(answer(R"({"statusCode":404,"headers":{"Content-Type":"text/plain","X-Answer":"42"},)"
               R"("cookies":["a=1; Path=/","b=2"],"body":"No such thing.\n"})") ==
        "404|Content-Type: text/plain|X-Answer: 42|Set-Cookie: a=1; Path=/|Set-Cookie: b=2|No such thing.\n");
  CHECK(answer(R"({"body":"x","headers":{"content-type":"a/b"},"statusCode":200})") ==
        "200|content-type: a/b|x");
}

TEST_CASE("an answer needs nothing but its status") {
  CHECK(answer(R"({"statusCode":204})") == "204|-");
  CHECK(answer(R"({"statusCode":200,"headers":null,"multiValueHeaders":null,"cookies":null,"body":null,)"
               R"("isBase64Encoded":null})") == "200|-");
  CHECK(answer(R"({"statusCode":200,"headers":{},"cookies":[],"body":"","isBase64Encoded":false})") ==
        "200|");
  CHECK(answer(R"({"statusCode":200,"somethingElse":{"a":[1]}})") == "200|-");
}

TEST_CASE("a body without a Content-Type is application/json") {
  CHECK(answer(R"({"statusCode":201,"body":"{\"a\":1}"})") ==
        R"(201|Content-Type: application/json|{"a":1})");
  CHECK(answer(R"({"statusCode":201,"body":"x","headers":{"CONTENT-TYPE":"text/css"}})") ==
        "201|CONTENT-TYPE: text/css|x");
}

TEST_CASE("statusCode is a whole number from 200 to 599, however it is written") {
  for (const std::string_view number : {"200", "200.0", "2e2", "20000e-2"})
    CHECK(answer("{\"statusCode\":" + std::string(number) + "}") == "200|-");
  CHECK(answer(R"({"statusCode":599})") == "599|-");
  CHECK(answer(R"({"statusCode":299})") == "299|-");
  CHECK(answer(R"({"statusCode":99})") == "bad_json: statusCode is 99, not 200 to 599");
  CHECK(answer(R"({"statusCode":"200"})") == "bad_json: statusCode is a string, not 200 to 599");
  CHECK(answer(R"({"statusCode":null})") == "bad_json: statusCode is null, not 200 to 599");
  for (const std::string_view status :
       {"0", "-0", "-200", "100", "101", "199", "199.9", "600", "200.5", "1e300", "-1e300",
        "18446744073709551615", "true", "[200]", "{}", "[]"}) {
    CAPTURE(status);
    CHECK(names(answer("{\"statusCode\":" + std::string(status) + "}"), ", not 200 to 599"));
  }
}

TEST_CASE("any other JSON value is itself the body, as it was printed") {
  const std::string head = "200|Content-Type: application/json|";
  for (const std::string_view text :
       {"null"sv, "true"sv, "1.50"sv, "[]"sv, "[1, 2]"sv, "{ }"sv, R"({"b":1, "a":1e2})"sv,
        R"({"body":"x","headers":{"A":"b"}})"sv, R"({"StatusCode":200})"sv, R"([{"statusCode":99}])"sv,
        R"({"a":{"statusCode":99}})"sv, R"({"headers":17})"sv, R"(["\u00e9"])"sv}) {
    CAPTURE(text);
    CHECK(answer(text) == head + std::string(text));
    CHECK(answer("\n " + std::string(text) + "\t\r\n") == head + std::string(text));
  }
}

TEST_CASE("a bare string gives its text") {
  CHECK(answer(R"("Hello\u002C \"world\"\n")") == "200|Content-Type: application/json|Hello, \"world\"\n");
  CHECK(answer(R"("")") == "200|Content-Type: application/json|");
  CHECK(answer(R"( "statusCode" )") == "200|Content-Type: application/json|statusCode");
}

TEST_CASE("no answer is another failure than a bad one") {
  for (const std::string_view text : {"", " ", "\n", "\r\n\t \n"}) CHECK(answer(text) == "no_output: ");
  CHECK(names(answer("\0"sv), "NUL"));
  CHECK(names(answer("PHP Warning: …"), "line 1, column 1: "));
  CHECK(names(answer("{\"statusCode\":200}\n{\"statusCode\":200}"), "line 2, column 1: "));
}

TEST_CASE("an answer that is cut at any byte is none") {
  constexpr std::string_view kText =
      R"({"statusCode":200,"headers":{"Content-Type":"text/plain","X":["a",1,true]},"cookies":["a=b"],)"
      R"("body":"aGVsbG8=","isBase64Encoded":true})";
  CHECK(answer(kText) == "200|Content-Type: text/plain|X: a|X: 1|X: true|Set-Cookie: a=b|hello");
  for (std::size_t length = 1; length < kText.size(); ++length) {
    CAPTURE(length);
    CHECK(answer(kText.substr(0, length)).starts_with("bad_json: line 1, column "));
  }
}

TEST_CASE("a header value is a string, a number, a boolean or an array of these, a line for each") {
  CHECK(with_headers(R"({"A":"x","B":1,"C":-2.5,"D":true,"E":false,"F":""})") ==
        "200|A: x|B: 1|C: -2.5|D: true|E: false|F: |-");
  CHECK(with_headers(R"({"A":["x","y","x"],"B":[],"C":[1,false]})") == "200|A: x|A: y|A: x|C: 1|C: false|-");
  CHECK(with_headers(R"({"A":"  x\t"})") == "200|A: x|-");
  for (const std::string_view value :
       {"null", "{}", R"({"a":"b"})", "[[]]", R"([["a"]])", "[null]", "[{}]"}) {
    CAPTURE(value);
    CHECK(names(with_headers("{\"X-Bad\":" + std::string(value) + "}"), "\"X-Bad\""));
  }
}

TEST_CASE("headers is an object; PHP's empty list is an empty one") {
  CHECK(with_headers("[]") == "200|-");
  CHECK(with_headers(R"(["A: b"])") == "bad_json: headers is an array, not an object");
  CHECK(with_headers(R"("A: b")") == "bad_json: headers is a string, not an object");
  CHECK(answer(R"({"statusCode":200,"multiValueHeaders":1})") ==
        "bad_json: multiValueHeaders is a number, not an object");
}

TEST_CASE("multiValueHeaders gives a line for each value, and what headers repeats is sent once") {
  CHECK(answer(R"({"statusCode":200,"multiValueHeaders":{"Vary":["Accept","Cookie"]}})") ==
        "200|Vary: Accept|Vary: Cookie|-");
  CHECK(answer(R"({"statusCode":200,"headers":{"content-type":"a/b","vary":"Cookie","X":"1"},)"
               R"("multiValueHeaders":{"Content-Type":["a/b"],"Vary":["Accept","Cookie"],"X":[2]}})") ==
        "200|Content-Type: a/b|Vary: Accept|Vary: Cookie|X: 2|X: 1|-");
}

TEST_CASE("a cookie is a Set-Cookie line of its own, beside those among the headers") {
  CHECK(answer(R"({"statusCode":200,"headers":{"Set-Cookie":["x=1","y=2"]},"cookies":["z=3"]})") ==
        "200|Set-Cookie: x=1|Set-Cookie: y=2|Set-Cookie: z=3|-");
  CHECK(answer(R"({"statusCode":200,"cookies":"a=b"})") == "bad_json: cookies is a string, not an array");
  CHECK(answer(R"({"statusCode":200,"cookies":{"a":"b"}})") ==
        "bad_json: cookies is an object, not an array");
  CHECK(answer(R"({"statusCode":200,"cookies":[1]})") == "bad_json: a cookie is a number, not a string");
  CHECK(names(answer(R"({"statusCode":200,"cookies":["a=b\r\nX: y"]})"), "\"Set-Cookie\""));
}

// Response splitting: CWE-113.
TEST_CASE("a header whose name or value could break its line is refused") {
  for (const std::string_view name :
       {"", " ", "X Y", "X:", ":X", "X\\r\\nY", "X\\u0000", "X\\t", "\\u00e9", "X\\\"", "(X)"}) {
    CAPTURE(name);
    CHECK(names(with_headers("{\"" + std::string(name) + "\":\"v\"}"), "name that no header can have"));
  }
  for (const std::string_view value :
       {"a\\r\\nX: y", "a\\nb", "a\\rb", "a\\u0000b", "a\\u001bb", "a\\u007f"}) {
    CAPTURE(value);
    CHECK(
        names(with_headers("{\"X-Bad\":\"" + std::string(value) + "\"}"), "\"X-Bad\" holds a control byte"));
    CHECK(names(with_headers("{\"X-Bad\":[\"fine\",\"" + std::string(value) + "\"]}"), "\"X-Bad\""));
  }
  CHECK(with_headers(R"({"X":"a\tb é"})") == "200|X: a\tb é|-");
}

TEST_CASE("headers that are for the server are dropped, as those of a script are") {
  CHECK(with_headers(R"({"Connection":"close","keep-alive":"x","Transfer-Encoding":"chunked","TE":"x",
    "Trailer":"x","Upgrade":"x","Date":"x","Server":"x","Proxy-Authenticate":"x","X-Sendfile":"/etc/passwd",
    "X-Accel-Redirect":"/x","X-CGI-Y":"x","Content-Length":7,"Status":"500 Oops","X-Stays":1})") ==
        "200|X-Stays: 1|-");
  CHECK(names(with_headers(R"({"Connection":"close\r\nX: y"})"), "control byte"));
}

TEST_CASE("Location passes with any status; it and Content-Type are there once") {
  CHECK(answer(R"({"statusCode":302,"headers":{"Location":"/next?a=b#c"}})") ==
        "302|Location: /next?a=b#c|-");
  CHECK(names(with_headers(R"({"Location":["/a","/b"]})"), "\"Location\" is there twice"));
  CHECK(names(with_headers(R"({"Content-Type":"a/b","content-type":"a/c"})"), "is there twice"));
  CHECK(with_headers(R"({"Location":"/a","Locations":"/b"})") == "200|Location: /a|Locations: /b|-");
}

TEST_CASE("headers and cookies are together no longer than a script's head") {
  const std::string half(kMaxJsonFieldBytes / 2 - 100, 'x');
  CHECK(with_headers("{\"A\":\"" + half + "\",\"B\":\"" + half + "\"}").starts_with("200|A: x"));
  CHECK(names(with_headers("{\"A\":[\"" + half + "\",\"" + half + "\"],\"B\":\"" + half + "\"}"),
              "longer than 65536 bytes"));
  CHECK(names(answer("{\"statusCode\":200,\"cookies\":[\"" + half + "\",\"" + half + "\",\"" + half + "\"]}"),
              "longer than 65536 bytes"));
}

TEST_CASE("a body is a string") {
  CHECK(answer(R"({"statusCode":200,"body":{"a":1}})") == "bad_json: body is an object, not a string");
  CHECK(answer(R"({"statusCode":200,"body":[]})") == "bad_json: body is an array, not a string");
  CHECK(answer(R"({"statusCode":200,"body":0})") == "bad_json: body is a number, not a string");
  CHECK(answer(R"({"statusCode":200,"body":false})") == "bad_json: body is a boolean, not a string");
  CHECK(answer(R"({"statusCode":200,"headers":{"Content-Type":"a/b"},"body":"é\u0000\uD834\uDD1E"})") ==
        "200|Content-Type: a/b|é\0𝄞"sv);
}

TEST_CASE("a binary body comes in base64") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const std::string head = R"({"statusCode":200,"headers":{"Content-Type":"a/b"},"isBase64Encoded":)";
  const auto encoded = [&](std::string_view body) {
    return answer(head + "true,\"body\":\"" + std::string(body) + "\"}");
  };
  CHECK(encoded(encode_base64(bytes)) == "200|Content-Type: a/b|" + bytes);
  CHECK(encoded("") == "200|Content-Type: a/b|");
  CHECK(encoded("AA\\u003d=") == "200|Content-Type: a/b|\0"sv);
  for (const std::string_view body : {"A", "AA", "AA=", "AB==", "AAAA\\n", "AA==AA==", "A-_A", "é"}) {
    CAPTURE(body);
    CHECK(names(encoded(body), "body is no base64"));
  }
  CHECK(answer(head + "false,\"body\":\"AA==\"}") == "200|Content-Type: a/b|AA==");
  CHECK(answer(head + "true}") == "200|Content-Type: a/b|-");
  CHECK(answer(head + "1,\"body\":\"AA==\"}") == "bad_json: isBase64Encoded is a number, not true or false");
  CHECK(answer(head + "\"true\"}") == "bad_json: isBase64Encoded is a string, not true or false");
}

TEST_CASE("an answer is checked as all JSON is, before anything in it counts") {
  CHECK(names(answer(R"({"statusCode":200,"statusCode":200})"), "\"statusCode\" is named twice"));
  CHECK(names(answer(R"({"statusCode":200,"headers":{"A":"1","A":"2"}})"), "\"A\" is named twice"));
  CHECK(names(answer("\xEF\xBB\xBF{\"statusCode\":200}"), "byte order mark"));
  CHECK(names(answer("{\"statusCode\":200}\0"sv), "NUL"));
  CHECK(names(answer("{\"statusCode\":1e999999}"), "number overflow"));
  CHECK(names(answer("{\"statusCode\":200,\"body\":\"\xFF\"}"), "line 1, column "));
  CHECK(names(answer(std::string(100'000, '[')), "nested deeper than 64"));
  CHECK(names(answer("{\"statusCode\":200,\"x\":" + std::string(64, '[') + std::string(64, ']') + "}"),
              "nested deeper than 64"));
}

TEST_CASE("an answer as long as any may be is read") {
  const std::string body(kMaxJsonAnswerBytes - 100, 'x');
  CHECK(answer("{\"statusCode\":200,\"headers\":{\"Content-Type\":\"a/b\"},\"body\":\"" + body + "\"}") ==
        "200|Content-Type: a/b|" + body);
}
