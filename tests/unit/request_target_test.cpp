#include "tinyhttpd/request_target.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace tinyhttpd;
using namespace std::string_view_literals;

namespace {

/// The normalised path, or "400".
std::string normalised(std::string_view raw) {
  std::string path;
  const auto done = normalise_path(raw, path);
  if (done) return path;
  CHECK(done.error().status == Status::bad_request);
  return "400";
}

struct Spelling {
  std::string_view raw;
  std::string_view path;
};

/// The request that `method target` is, or its status in `status`.
struct Reading {
  Request request;
  int status;
};

Reading read_target(Method method, std::string_view target) {
  Reading reading;
  reading.request.method = method;
  reading.request.target = target;
  const auto parsed = parse_target(reading.request);
  reading.status = parsed ? 200 : code(parsed.error().status);
  return reading;
}

}  // namespace

TEST_CASE("normalise_path gives every path one spelling") {
  const Spelling spellings[] = {
      {"/", "/"},
      {"/index.html", "/index.html"},
      {"/a%20b", "/a b"},
      {"/%61%62", "/ab"},
      {"/%E2%82%AC", "/\xE2\x82\xAC"},
      {"//cgi-bin///x", "/cgi-bin/x"},     // CVE-2019-0220: slashes merged before any rule looks
      {"/./", "/"},                        //
      {"/a/./b", "/a/b"},                  //
      {"/a/.", "/a/"},                     //
      {"/a/b/..", "/a/"},                  //
      {"/a/b/../", "/a/"},                 //
      {"/a/../b", "/b"},                   //
      {"/a/b/../../c", "/c"},              //
      {"/a//../b", "/b"},                  // the empty segment is no segment to go up from
      {"/%2e/a", "/a"},                    // an encoded dot is a dot
      {"/a/%2E%2e/b", "/b"},               // CVE-2021-41773
      {"/a/.%2e", "/"},                    //
      {"/a/..;/b", "/a/..;/b"},            // "..;" is a name here, as to the file system
      {"/...", "/..."},                    //
      {"/.git", "/.git"},                  //
      {"/%252e%252e%252f", "/%2e%2e%2f"},  // decoded once: CVE-2021-42013
      {"/%5c..%5c", "/\\..\\"},            // a byte as any other on Linux
      {"/a|b[1]{2}^`", "/a|b[1]{2}^`"},    // browsers leave these unescaped
  };
  for (const Spelling& row : spellings) {
    CAPTURE(row.raw);
    CHECK(normalised(row.raw) == row.path);
  }
}

TEST_CASE("normalise_path refuses a path that climbs above the root") {
  for (const std::string_view raw : {"/..", "/../", "/../../etc/passwd", "/.%2e/", "/%2E%2e/etc", "/a/../..",
                                     "/a/../../b", "//..", "/./../a", "/cgi-bin/../../x"}) {
    CAPTURE(raw);
    CHECK(normalised(raw) == "400");
  }
}

TEST_CASE("normalise_path refuses bad escapes, encoded slashes and control bytes") {
  for (const std::string_view raw :
       {"/a%", "/a%1", "/a%zz", "/%%32%65", "/% 41", "/%+1",  // RFC 3986 section 2.1
        "/cgi-bin%2fx.cgi", "/cgi-bin%2Fx.cgi",          // CVE-2014-4650: the escape chose another handler
        "/x.cgi%00.html", "/%00",                        // CVE-2013-4547
        "/x.php%0a", "/%0d", "/%09", "/%1f", "/%7F"}) {  // CVE-2017-15715, CVE-2016-4975
    CAPTURE(raw);
    CHECK(normalised(raw) == "400");
  }
}

TEST_CASE("normalise_path refuses what is not UTF-8 after decoding") {
  for (const std::string_view raw : {"/%c0%ae%c0%ae/",  // overlong "..", RFC 3629 section 10
                                     "/%c0%af", "/%e0%80%af", "/%f0%80%80%af",  // overlong "/"
                                     "/%c1%81", "/%80", "/%ff", "/%fe",         // no first byte
                                     "/%e2%82", "/%e2%82x", "/%f0%9f%98",       // cut short
                                     "/%ed%a0%80",                              // a surrogate
                                     "/%f4%90%80%80", "/%f5%80%80%80",          // above U+10FFFF
                                     "/%e2/%82%ac",                             // a slash in the middle
                                     "/%ff/../a"}) {  // even where a later segment takes it away
    CAPTURE(raw);
    CHECK(normalised(raw) == "400");
  }
  CHECK(normalised("/%C2%80%DF%BF%E0%A0%80%EF%BF%BF%F0%90%80%80%F4%8F%BF%BF%ED%9F%BF") ==
        "/\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\xED\x9F\xBF");
}

TEST_CASE("normalise_path refuses every raw byte that belongs in no URI") {
  constexpr std::string_view kAllowedSymbols = "-._~!$&'()*+,;=:@/[]{}|^`";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool allowed = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         kAllowedSymbols.find(c) != kAllowedSymbols.npos;
    CAPTURE(byte);
    CHECK((normalised(std::string("/x") + c) != "400") == allowed);
  }
  CHECK(normalised("") == "400");
  CHECK(normalised("a/b") == "400");
}

TEST_CASE("normalise_path takes linear time for many segments") {
  std::string raw;
  for (int i = 0; i < 100'000; ++i) raw += "/a/..";
  CHECK(normalised(raw) == "/");
  raw += "/..";
  CHECK(normalised(raw) == "400");
}

TEST_CASE("percent_encode_path gives back a path that normalise_path reads as the same") {
  CHECK(percent_encode_path("/a b/\xE2\x82\xAC%41?#\\\"") == "/a%20b/%E2%82%AC%2541%3F%23%5C%22");
  CHECK(percent_encode_path("/-._~!$&'()*+,;=:@") == "/-._~!$&'()*+,;=:@");
  const std::string path = "/a b/%2e%2e/\xE2\x82\xAC;x=[1]?";
  CHECK(normalised(percent_encode_path(path)) == path);
}

TEST_CASE("percent_decode decodes once and says when an escape is bad") {
  std::string decoded = "old";
  CHECK(percent_decode("a%20b+c%2541", decoded));
  CHECK(decoded == "a b+c%41");
  CHECK(percent_decode("%00", decoded));
  CHECK(decoded == "\0"sv);
  CHECK(percent_decode("", decoded));
  CHECK(decoded.empty());
  for (const std::string_view bad : {"%", "%4", "%g0", "%0g", "a%"}) {
    CAPTURE(bad);
    CHECK_FALSE(percent_decode(bad, decoded));
  }
}

TEST_CASE("parse_target splits an origin-form target at the first question mark") {  // RFC 9112 section 3.2.1
  const Reading plain = read_target(Method::get, "/a/../b");
  CHECK(plain.status == 200);
  CHECK(plain.request.path == "/b");
  CHECK_FALSE(plain.request.has_query);

  const Reading with_query = read_target(Method::get, "/a?x=/../%00?y=%zz&z[]=1|2");
  CHECK(with_query.status == 200);
  CHECK(with_query.request.path == "/a");
  CHECK(with_query.request.query == "x=/../%00?y=%zz&z[]=1|2");  // not decoded, not judged
  CHECK(with_query.request.host_field.empty());

  const Reading empty_query = read_target(Method::get, "/a?");
  CHECK(empty_query.request.has_query);
  CHECK(empty_query.request.query.empty());
}

TEST_CASE("parse_target takes the authority of an absolute-form target") {  // RFC 9112 section 3.2.2
  const Reading reading = read_target(Method::get, "HTTP://Example.com:8080/a/./b?c");
  CHECK(reading.status == 200);
  CHECK(reading.request.host == "Example.com");
  CHECK(reading.request.host_field == "Example.com:8080");
  CHECK(reading.request.path == "/a/b");
  CHECK(reading.request.query == "c");

  CHECK(read_target(Method::get, "https://a").request.path == "/");
  const Reading query_only = read_target(Method::options, "http://a?q");
  CHECK(query_only.request.path == "/");
  CHECK(query_only.request.query == "q");
  CHECK(query_only.request.host == "a");
  // RFC 9110 section 4.2.3: for OPTIONS no path is the server as a whole.
  CHECK(read_target(Method::options, "http://a").request.path == "*");
}

TEST_CASE("parse_target keeps every form to its method") {
  struct Row {
    Method method;
    std::string_view target;
    int status;
    std::string_view rule;
  };
  const Row rows[] = {
      {Method::options, "*", 200, "RFC 9112 section 3.2.4"},
      {Method::get, "*", 400, "RFC 9112 section 3.2.4: * for OPTIONS only"},
      {Method::options, "**", 400, "neither * nor a path"},
      {Method::connect, "a:443", 200, "RFC 9112 section 3.2.3"},
      {Method::connect, "[::1]:443", 200, "RFC 9112 section 3.2.3"},
      {Method::connect, "a", 400, "RFC 9112 section 3.2.3: the port must be there"},
      {Method::connect, "a:", 400, "RFC 9112 section 3.2.3: the port must be there"},
      {Method::connect, "/", 400, "RFC 9112 section 3.2.3: CONNECT takes an authority only"},
      {Method::connect, "http://a:80", 400, "RFC 9112 section 3.2.3: CONNECT takes an authority only"},
      {Method::get, "a:443", 400, "RFC 9112 section 3.2.3: an authority is for CONNECT only"},
      {Method::get, "index.html", 400, "a relative path is no target"},
      {Method::get, "ftp://a/", 400, "not an http URI"},
      {Method::get, "file:///etc/passwd", 400, "not an http URI"},
      {Method::get, "://a/", 400, "no scheme"},
      {Method::get, "http:/a", 400, "no authority"},
      {Method::get, "http:///a", 400, "RFC 9110 section 4.2.1: no empty host"},
      {Method::get, "http://h:99999/", 400, "no such port"},
      {Method::get, "http://user@h/", 400, "RFC 9110 section 4.2.4: a user part"},
      {Method::get, "http://h\\@evil/", 400, "a backslash is in no URI"},
      {Method::get, "/a#b", 400, "RFC 9112 section 3.2: no fragment"},
      {Method::get, "/a?b#c", 400, "RFC 9112 section 3.2: no fragment"},
      {Method::get, "http://h/#", 400, "RFC 9112 section 3.2: no fragment"},
      {Method::get, "/a\\b", 400, "a backslash is in no URI"},
      {Method::get, "/?a\\b", 400, "a backslash is in no URI"},
      {Method::get, "/\xC0\xAF", 400, "RFC 3986 section 2: a URI is ASCII"},
      {Method::get, "/?\xC3\xA9", 400, "RFC 3986 section 2: a URI is ASCII"},
      {Method::get, "/\x7F", 400, "a control byte"},
      {Method::get, "/?\"<>", 400, "RFC 3986 appendix C: delimiters around a URI"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    CAPTURE(row.rule);
    CHECK(read_target(row.method, row.target).status == row.status);
  }
}
