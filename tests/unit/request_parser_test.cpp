#include "tinyhttpd/request_parser.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/allocation_count.hpp"

using namespace tinyhttpd;
using namespace std::string_view_literals;

namespace {

/// 200 when `head` is accepted, else the status it is refused with.
int status_of(std::string_view head, const Limits& limits = {}) {
  Request request;
  const auto parsed = parse_request(head, limits, request);
  return parsed ? 200 : code(parsed.error().status);
}

/// A GET of HTTP/1.1 with Host and these field lines.
std::string with_fields(std::string_view lines) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n\r\n";
}

/// The request line with a valid rest.
std::string with_line(std::string_view line) {
  return std::string(line) + "\r\nHost: a\r\n\r\n";
}

constexpr std::string_view kUsualHead =
    "GET /docs/guide/index.html?lang=en&page=2 HTTP/1.1\r\n"
    "Host: www.example.com:4000\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: session=0123456789abcdef; theme=dark\r\n"
    "\r\n";

/// Heads that everybody must be able to send.
const std::string_view kValidHeads[] = {
    kUsualHead,
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\nGET / HTTP/1.0\n\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET /cgi-bin/x.cgi/info?a+b HTTP/1.1\nHost: a\nX: y\n\n",
    "GET / HTTP/1.1\nHost: a\r\nX: y\n\r\n",
    "HEAD /a%20b HTTP/1.1\r\nHost:a\r\nEmpty:\r\nSpaces: \t \r\n\r\n",
    "POST /form HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 5 \r\nExpect: 100-continue\r\n\r\n",
    "PUT /file HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tChunked\t\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n",
    "DELETE / HTTP/1.9\r\nHost: a\r\nX-Bytes: caf\xC3\xA9 \x80\xFF\r\n\r\n",
};

}  // namespace

TEST_CASE("get_line takes one line and neither its LF nor its CRLF") {
  std::string_view rest = "one\r\ntwo\n\r\nfour\r\r\nfi\rve\nrest";
  std::string_view line;
  for (const std::string_view expected : {"one", "two", "", "four\r", "fi\rve"}) {
    REQUIRE(get_line(rest, line));
    CHECK(line == expected);
  }
  CHECK_FALSE(get_line(rest, line));
  CHECK(rest == "rest");
}

TEST_CASE("parse_request reads a browser's request") {
  Request request;
  REQUIRE(parse_request(kUsualHead, {}, request));
  CHECK(request.line == "GET /docs/guide/index.html?lang=en&page=2 HTTP/1.1");
  CHECK(request.method_name == "GET");
  CHECK(request.method == Method::get);
  CHECK(request.target == "/docs/guide/index.html?lang=en&page=2");
  CHECK(request.path == "/docs/guide/index.html");
  CHECK(request.query == "lang=en&page=2");
  CHECK(request.has_query);
  CHECK(request.minor_version == 1);
  CHECK(request.host == "www.example.com");
  CHECK(request.host_field == "www.example.com:4000");
  CHECK(request.fields.size() == 7);
  CHECK(request.field("accept-language") == "en-US,en;q=0.5");
  CHECK(request.keep_alive);
  CHECK_FALSE(request.expects_continue);
  CHECK_FALSE(request.framing.has_body());
  CHECK_FALSE(request.framing.has_content_length);
}

TEST_CASE("parse_request accepts every valid head") {
  for (const std::string_view head : kValidHeads) {
    CAPTURE(head);
    CHECK(status_of(head) == 200);
  }
}

TEST_CASE("parse_request allocates nothing for the second request like the first") {
  Request request;
  const Limits limits;
  REQUIRE(parse_request(kUsualHead, limits, request));
  const std::uint64_t before_first_like_it = allocations_of_this_thread();
  const bool parsed = static_cast<bool>(parse_request(kUsualHead, limits, request));
  const std::uint64_t allocated = allocations_of_this_thread() - before_first_like_it;
  CHECK(parsed);
  CHECK(allocated == 0);
  CHECK(request.path == "/docs/guide/index.html");

  // The counter counts: a path without room for it costs an allocation.
  Request fresh;
  const std::uint64_t before_fresh = allocations_of_this_thread();
  REQUIRE(parse_request(kUsualHead, limits, fresh));
  CHECK(allocations_of_this_thread() > before_fresh);
}

TEST_CASE("The views of a Request lie inside the head it was parsed from") {
  const std::less_equal<const char*> not_after;
  for (const std::string_view head : kValidHeads) {
    CAPTURE(head);
    Request request;
    REQUIRE(parse_request(head, {}, request));
    const auto inside = [&](std::string_view view) {
      return view.empty() || (not_after(head.data(), view.data()) &&
                              not_after(view.data() + view.size(), head.data() + head.size()));
    };
    for (const std::string_view view : {request.line, request.method_name, request.target, request.query,
                                        request.host, request.host_field}) {
      CHECK(inside(view));
    }
    for (const Field& field : request.fields) CHECK((inside(field.name) && inside(field.value)));
  }
}

TEST_CASE("After a refusal the request still holds its line, for the log") {
  Request request;
  CHECK_FALSE(parse_request("\r\nGET /\\ HTTP/1.1\r\nHost: a\r\n\r\n", {}, request));
  CHECK(request.line == "GET /\\ HTTP/1.1");
  CHECK(request.method_name == "GET");
  CHECK_FALSE(parse_request("G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n", {}, request));
  CHECK(request.line == "G\x01T / HTTP/1.1");
  CHECK_FALSE(parse_request("no end", {}, request));
  CHECK(request.line == "no end");
}

TEST_CASE("parse_request wants exactly one whole head") {
  CHECK(status_of("") == 400);
  CHECK(status_of("GET / HTTP/1.1") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET") == 400);
}

// --- Strictness, rule by rule ---

namespace {

struct StrictnessRow {
  std::string_view bytes;
  int status;
  std::string_view rule;
};

std::string as_it_is(std::string_view head) {
  return std::string(head);
}

/// Checks every row's bytes, made into a head by `complete`.
void check_rows(std::span<const StrictnessRow> rows, std::string (*complete)(std::string_view)) {
  for (const StrictnessRow& row : rows) {
    CAPTURE(row.bytes);
    CAPTURE(row.rule);
    CHECK(status_of(complete(row.bytes)) == row.status);
  }
}

}  // namespace

namespace {

constexpr StrictnessRow kRequestLines[] = {
    // The method (RFC 9112 section 3.1).
    {"get / HTTP/1.1", 501, "methods are case-sensitive, RFC 9110 section 9.1"},
    {"PROPFIND / HTTP/1.1", 501, "a well-formed method nobody here knows, RFC 9110 section 15.6.2"},
    {"GETS / HTTP/1.1", 501, "not a prefix match"},
    {"GE / HTTP/1.1", 501, "not a prefix match"},
    {"!#$%&'*+-.^_`|~ / HTTP/1.1", 501, "all token characters may name a method"},
    {"TRACE / HTTP/1.1", 200, "known; the router says 405"},
    {"PATCH / HTTP/1.1", 200, "RFC 5789"},
    {"G/T / HTTP/1.1", 400, "'/' is no token character"},
    {"GET:/ HTTP/1.1", 400, "':' is no token character"},
    {"G\0T / HTTP/1.1"sv, 400, "NUL in the method"},
    {"G\x80T / HTTP/1.1", 400, "a byte beyond ASCII in the method"},
    {"\"GET\" / HTTP/1.1", 400, "quotes in the method"},
    {" GET / HTTP/1.1", 400, "leading space"},
    {"\tGET / HTTP/1.1", 400, "leading tab"},
    {"\rGET / HTTP/1.1", 400, "bare CR, RFC 9112 section 2.2"},
    {"\x16\x03\x01\x02", 400, "a TLS handshake on the plain port"},

    // Single spaces between (RFC 9112 section 3; lenient splitting is a MAY that lets two readers differ).
    {"GET", 400, "one word"},
    {"GET ", 400, "one word"},
    {"GET /", 400, "HTTP/0.9 is no more, RFC 9112 section 3"},
    {"GET / ", 400, "no version"},
    {"GET  / HTTP/1.1", 400, "two spaces"},
    {"GET /  HTTP/1.1", 400, "two spaces"},
    {"GET / HTTP/1.1 ", 400, "trailing space"},
    {"GET / HTTP/1.1\t", 400, "trailing tab"},
    {"GET\t/ HTTP/1.1", 400, "a tab for a space"},
    {"GET /\tHTTP/1.1", 400, "a tab for a space"},
    {"GET /\v HTTP/1.1", 400, "a vertical tab"},
    {"GET /a b HTTP/1.1", 400, "a space in the target, RFC 9112 section 3.2"},
    {"GET /file \0.php HTTP/1.1"sv, 400, "CVE-2013-4547"},
    {"GET / HTTP/1.1 x", 400, "a fourth word"},
    {"GET /\r HTTP/1.1", 400, "bare CR, RFC 9112 section 2.2"},
    {"GET / HTTP/1.1\r", 400, "bare CR before the line's end"},
    {"GET / HTTP/1.1\rX: y", 400, "bare CR is no line end"},

    // The version (RFC 9112 section 2.3).
    {"GET / HTTP/1.2", 200, "a higher minor version is 1.1, RFC 9110 section 2.5"},
    {"GET / HTTP/1.0", 200, "HTTP/1.0"},
    {"GET / HTTP/0.9", 505, "another major version, RFC 9110 section 15.6.6"},
    {"GET / HTTP/2.0", 505, "another major version"},
    {"GET / HTTP/9.9", 505, "another major version"},
    {"PRI * HTTP/2.0", 505, "the preface of HTTP/2, RFC 9113 section 3.4"},
    {"GET / HTTP/1.32", 400, "two digits"},
    {"GET / HTTP/01.1", 400, "two digits"},
    {"GET / HTTP/1", 400, "no minor version"},
    {"GET / HTTP/1.", 400, "no minor version"},
    {"GET / HTTP/1,1", 400, "no dot"},
    {"GET / HTTP/-.1", 400, "no digit"},
    {"GET / HTTP/1.x", 400, "no digit"},
    {"GET / http/1.1", 400, "HTTP-name is case-sensitive"},
    {"GET / HTTPS/1.1", 400, "another name"},
    {"GET / ICY/1.1", 400, "another name"},
    {"GET / HTTP /1.1", 400, "a space in the version"},

    // The target (RFC 9112 section 3.2); its paths have their own tests.
    {"GET /../etc/passwd HTTP/1.1", 400, "climbs above the root"},
    {"GET /%00 HTTP/1.1", 400, "an encoded NUL"},
    {"GET /\\..\\ HTTP/1.1", 400, "a backslash is in no URI"},
    {"GET /\xC0\xAF HTTP/1.1", 400, "a URI is ASCII"},
    {"GET /\x01 HTTP/1.1", 400, "a control byte"},
    {"GET /\x7F HTTP/1.1", 400, "a control byte"},
    {"GET /\0 HTTP/1.1"sv, 400, "NUL"},
    {"GET /#top HTTP/1.1", 400, "a fragment"},
    {"GET * HTTP/1.1", 400, "* is for OPTIONS, section 3.2.4"},
    {"OPTIONS * HTTP/1.1", 200, "section 3.2.4"},
    {"GET http://b:99999/ HTTP/1.1", 400, "no such port"},
    {"GET a:80 HTTP/1.1", 400, "authority-form is for CONNECT, section 3.2.3"},
    {"CONNECT / HTTP/1.1", 400, "CONNECT takes authority-form only, section 3.2.3"},
    {"CONNECT b:80 HTTP/1.1", 200, "known; the router says 405"},
};

}  // namespace

TEST_CASE("parse_request holds a request line to its grammar") {
  check_rows(kRequestLines, with_line);
}

namespace {

constexpr StrictnessRow kFramings[] = {
    // Content-Length (RFC 9110 section 8.6: 1*DIGIT; RFC 9112 section 6.3).
    {"Content-Length: 0", 200, "no body"},
    {"Content-Length: 5", 200, "a body"},
    {"Content-Length:5", 200, "white space is optional, RFC 9112 section 5"},
    {"Content-Length: \t5 \t", 200, "white space around is no part of the value"},
    {"Content-Length: 9223372036854775807", 200, "the largest that a file's offset holds"},
    {"Content-Length: 9223372036854775808", 400, "no overflow, RFC 9110 section 8.6"},
    {"Content-Length: 18446744073709551616", 400, "2^64 is not 0, CVE-2021-40346 and its kin"},
    {"Content-Length: 18446744073709551621", 400, "2^64+5 is not 5"},
    {"Content-Length: 1000000000000000000000000000000", 400, "10^30"},
    {"Content-Length: 5\r\nContent-Length: 6", 400, "two values, RFC 9112 section 6.3"},
    {"Content-Length: 5\r\nContent-Length: 5", 400, "an equal one could be merged; we do not"},
    {"Content-Length: 5, 5", 400, "a list could be merged; we do not"},
    {"Content-Length: 5,", 400, "a list"},
    {"Content-Length:", 400, "empty"},
    {"Content-Length: -1", 400, "a sign"},
    {"Content-Length: -0", 400, "a sign"},
    {"Content-Length: +5", 400, "a sign; strtol would take it"},
    {"Content-Length: 0x5", 400, "hexadecimal; strtol with base 0 would take it"},
    {"Content-Length: 0o5", 400, "octal"},
    {"Content-Length: 00", 400, "leading zero"},
    {"Content-Length: 0200", 400, "leading zero: 200 to some, 128 to others"},
    {"Content-Length: 1_0", 400, "Python's int() would take it"},
    {"Content-Length: 1 0", 400, "a space within"},
    {"Content-Length: 1Z", 400, "atoi would stop and take 1"},
    {"Content-Length: 1E3", 400, "an exponent"},
    {"Content-Length: 5.0", 400, "a fraction"},
    {"Content-Length: \"5\"", 400, "quoted"},
    {"Content-Length: 5\v", 400, "isspace() would skip the vertical tab"},
    {"Content-Length: 5\0"sv, 400, "NUL ends a C string only"},
    {"Content-Length: \xD9\xA5", 400, "a digit of another script"},

    // Transfer-Encoding (RFC 9112 sections 6.1 and 7).
    {"Transfer-Encoding: chunked", 200, "the one we speak"},
    {"transfer-encoding:\tCHUNKED", 200, "names and codings ignore case, tab is white space"},
    {"Content-Length: 5\r\nTransfer-Encoding: chunked", 400, "CL.TE, RFC 9112 section 6.1"},
    {"Transfer-Encoding: chunked\r\nContent-Length: 5", 400, "TE.CL, RFC 9112 section 6.1"},
    {"Transfer-Encoding: gzip\r\nContent-Length: 5", 400, "both, whatever the coding"},
    {"Transfer-Encoding: chunked\r\nContent-Length: 0", 400, "both, be it no body"},
    {"Transfer-Encoding: gzip", 501, "unknown coding, RFC 9112 section 6.1"},
    {"Transfer-Encoding: gzip, chunked", 501, "unknown coding"},
    {"Transfer-Encoding: identity", 501, "no longer a coding, RFC 9112 appendix C.2"},
    {"Transfer-Encoding: xchunked", 501, "unknown coding"},
    {"Transfer-Encoding: chunkedx", 501, "unknown coding"},
    {"Transfer-Encoding: chunked, gzip", 400, "chunked is not last, RFC 9112 section 6.3"},
    {"Transfer-Encoding: chunked, identity", 400, "chunked is not last"},
    {"Transfer-Encoding: chunked, chunked", 400, "chunked twice, RFC 9112 section 6.1"},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400, "two fields"},
    {"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 400, "two fields"},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", 400, "two fields: which one counts?"},
    {"Transfer-Encoding:", 400, "empty"},
    {"Transfer-Encoding: ,chunked", 400, "an empty element"},
    {"Transfer-Encoding: chunked,", 400, "an empty element"},
    {"Transfer-Encoding: chunked;a=b", 400, "a parameter, RFC 9112 section 7.1"},
    {"Transfer-Encoding: gzip;q=1, chunked", 400, "a parameter"},
    {"Transfer-Encoding: \"chunked\"", 400, "quoted"},
    {"Transfer-Encoding: 'chunked'", 501, "an apostrophe is a token character: another coding"},
    {"Transfer-Encoding: chunked gzip", 400, "a space is no separator"},
    {"Transfer-Encoding: \vchunked", 400, "a vertical tab is no white space here"},
    {"Transfer-Encoding: chunked\f", 400, "a form feed is no white space here"},
    {"Transfer-Encoding: chunked\0"sv, 400, "NUL"},
    {"Transfer-Encoding: \xA0"
     "chunked",
     400, "a no-break space is no white space here"},
    {"Transfer-Encoding: chunked\r ", 400, "bare CR"},
    {"Transfer-Encoding:\r\n chunked", 400, "folded"},

    // Names that are almost these.
    {"Content-Length : 5", 400, "space before the colon, RFC 9112 section 5.1"},
    {"Transfer-Encoding : chunked", 400, "space before the colon"},
    {"Transfer-Encoding\t: chunked", 400, "tab before the colon"},
    {"Content_Length: 5", 400, "CGI cannot tell it from the real one, RFC 9110 section 17.10"},
    {"transfer_encoding: chunked", 400, "CGI cannot tell it from the real one"},
    {"X_Y: z", 200, "other underscores are no framing"},
    {"\0Content-Length: 5"sv, 400, "NUL in a name"},
    {"Content-Length\0: 5"sv, 400, "NUL in a name"},
};

}  // namespace

TEST_CASE("parse_request refuses every framing that two readers could understand differently") {
  check_rows(kFramings, with_fields);
}

namespace {

constexpr StrictnessRow kFieldLines[] = {
    {"X: y", 200, "RFC 9112 section 5"},
    {"X:", 200, "an empty value"},
    {"X: a\tb", 200, "a tab within a value, RFC 9110 section 5.5"},
    {"X: \x80\xFF", 200, "obs-text, RFC 9110 section 5.5"},
    {"X:: y", 200, "a value may begin with a colon"},
    {"!#$%&'*+-.^_`|~: y", 200, "a name of odd token characters"},
    {"X y", 400, "no colon"},
    {"X", 400, "no colon"},
    {":", 400, "no name, CVE-2023-25725"},
    {": y", 400, "no name"},
    {"X : y", 400, "white space before the colon, RFC 9112 section 5.1"},
    {"X Y: z", 400, "a space in a name"},
    {"X(Y): z", 400, "no token"},
    {"X/Y: z", 400, "no token"},
    {"\"X\": z", 400, "no token"},
    {"X\xC3\xA9: z", 400, "a name is ASCII"},
    {"X\x7F: z", 400, "a control byte in a name"},
    {" X: y", 400, "a folded line, RFC 9112 section 5.2"},
    {"\tX: y", 400, "a folded line"},
    {"X: y\r\n z", 400, "a folded line"},
    {"X: y\r\n\tz", 400, "a folded line"},
    {"X: y\n z", 400, "a folded line"},
    {"X: y\r\n ", 400, "a folded line of white space"},
    {"X: a\0b"sv, 400, "NUL in a value, RFC 9110 section 5.5"},
    {"X: a\x01"
     "b",
     400, "a control byte in a value"},
    {"X: a\x1F", 400, "a control byte in a value"},
    {"X: a\x7F", 400, "DEL in a value"},
    {"X: a\rb", 400, "bare CR in a value, RFC 9112 section 2.2"},
    {"X: a\r", 400, "bare CR before the line's end"},
    {"X\r: a", 400, "bare CR in a name"},
    {"\rX: y", 400, "bare CR between fields"},
    {"\r\r\nX: y", 400, "bare CR between fields"},
    {"X: y\r\n\rZ: w", 400, "CRLF CR X is no end of the head"},
    {"\x0BX: y", 400, "a vertical tab before a name"},
};

}  // namespace

TEST_CASE("parse_request holds field lines to their grammar") {
  check_rows(kFieldLines, with_fields);
}

namespace {

constexpr StrictnessRow kHosts[] = {
    {"GET / HTTP/1.1\r\n\r\n", 400, "HTTP/1.1 without Host"},
    {"GET / HTTP/1.2\r\n\r\n", 400, "nor a later one"},
    {"GET / HTTP/1.0\r\n\r\n", 200, "HTTP/1.0 had none"},
    {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", 200, "but may"},
    {"GET / HTTP/1.0\r\nHost: a/b\r\n\r\n", 400, "a bad one is bad there too"},
    {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400, "and two are"},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "two"},
    {"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400, "two, even equal"},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "empty"},
    {"GET / HTTP/1.1\r\nHost: \t\r\n\r\n", 400, "empty"},
    {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "a list"},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "a space"},
    {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, "a user part"},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "a path"},
    {"GET / HTTP/1.1\r\nHost: ../../etc\r\n\r\n", 400,
     "CVE-2014-2323, CVE-2018-18778: a host became a folder"},
    {"GET / HTTP/1.1\r\nHost: a:port:\r\n\r\n", 400, "bad port"},
    {"GET / HTTP/1.1\r\nHost: .a.\r\n\r\n", 400, "empty label"},
    {"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", 400, "empty label"},
    {"GET / HTTP/1.1\r\nHost: -a\r\n\r\n", 400, "looks like an option"},
    {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400, "half a bracket"},
    {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "space before the colon"},
    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "white space before the first field, RFC 9112 section 2.2"},
    {"GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", 400, "white space before the first field"},
    {"GET / HTTP/1.1\r\nHo\tst: a\r\n\r\n", 400, "a tab in the name"},
    {"GET http://b/ HTTP/1.1\r\n\r\n", 400, "Host must be there beside an absolute target"},
    {"GET http://b/ HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "and be good"},
    {"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 200, "though it does not count, section 3.2.2"},
};

}  // namespace

TEST_CASE("parse_request wants one good Host") {  // RFC 9112 section 3.2
  check_rows(kHosts, as_it_is);
}

TEST_CASE("An authority in the target counts instead of Host") {  // RFC 9112 section 3.2.2
  Request request;
  REQUIRE(parse_request("GET http://Target:81/x HTTP/1.1\r\nHost: field:82\r\n\r\n", {}, request));
  CHECK(request.host == "Target");
  CHECK(request.host_field == "Target:81");
  REQUIRE(parse_request("GET /x HTTP/1.1\r\nHost: [::1]:82\r\n\r\n", {}, request));
  CHECK(request.host == "[::1]");
  CHECK(request.host_field == "[::1]:82");
  REQUIRE(parse_request("GET /x HTTP/1.0\r\n\r\n", {}, request));
  CHECK(request.host.empty());
  CHECK(request.host_field.empty());
}

namespace {

/// RFC 9112 section 2.2.
constexpr StrictnessRow kLineEnds[] = {
    {"GET / HTTP/1.1\nHost: a\n\n", 200, "typed into netcat"},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 200, "mixed"},
    {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 200, "one empty line: old clients send it after a POST"},
    {"\nGET / HTTP/1.1\nHost: a\n\n", 200, "one empty line"},
    {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "two"},
    {"\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "two"},
    {"\r\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bare CR"},
    {"\r\n\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bare CR"},
    {"\r\n GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "a line of more than nothing"},
    {"GET / HTTP/1.1\rHost: a\r\r", 400, "CR is no line end"},
};

}  // namespace

TEST_CASE("parse_request accepts LF as a line end, and one empty line before the request") {
  check_rows(kLineEnds, as_it_is);
}

TEST_CASE("parse_request says how the body is delimited") {
  Request request;
  REQUIRE(parse_request(with_fields("Content-Length: 50"), {}, request));
  CHECK(request.framing.has_content_length);
  CHECK(request.framing.content_length == 50);
  CHECK_FALSE(request.framing.chunked);
  REQUIRE(parse_request(with_fields("Content-Length: 0"), {}, request));
  CHECK(request.framing.has_content_length);
  CHECK_FALSE(request.framing.has_body());
  REQUIRE(parse_request(with_fields("Transfer-Encoding: chunked"), {}, request));
  CHECK(request.framing.chunked);
  CHECK_FALSE(request.framing.has_content_length);
  CHECK(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);  // RFC 9112 section 6.1
}

TEST_CASE("close in any Connection field wins over keep-alive") {  // RFC 9112 section 9.3
  struct Row {
    std::string_view version_and_fields;
    bool keep_alive;
  };
  const Row rows[] = {
      {"1.1\r\nHost: a\r\n", true},
      {"1.1\r\nHost: a\r\nConnection: close\r\n", false},
      {"1.1\r\nHost: a\r\nConnection: CLOSE\r\n", false},
      {"1.1\r\nHost: a\r\nConnection: close, keep-alive\r\n", false},
      {"1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: TE,\tclose\r\n", false},
      {"1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n", false},
      {"1.1\r\nHost: a\r\nConnection: TE,,Keep-Alive\r\n", true},  // CVE-2012-5533
      {"1.1\r\nHost: a\r\nConnection: closed, x-close\r\n", true},
      {"1.1\r\nHost: a\r\nConnection:\r\n", true},
      {"1.0\r\n", false},
      {"1.0\r\nConnection: close\r\n", false},
      {"1.0\r\nConnection: Keep-Alive\r\n", true},
      {"1.0\r\nConnection: x\r\nConnection: ,keep-alive\r\n", true},
      {"1.0\r\nConnection: keep-alive, close\r\n", false},
      {"1.0\r\nKeep-Alive: 300\r\n", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.version_and_fields);
    Request request;
    REQUIRE(parse_request("GET / HTTP/" + std::string(row.version_and_fields) + "\r\n", {}, request));
    CHECK(request.keep_alive == row.keep_alive);
  }
  std::string long_list = "Connection: ";
  for (int i = 0; i < 3000; ++i) long_list += "a, ";
  Request request;
  REQUIRE(parse_request(with_fields(long_list + "close"), {}, request));
  CHECK_FALSE(request.keep_alive);
}

TEST_CASE("Expect is 100-continue or 417, and nothing in HTTP/1.0") {  // RFC 9110 section 10.1.1
  struct Row {
    std::string_view version_and_fields;
    int status;
    bool expects_continue;
  };
  const Row rows[] = {
      {"1.1\r\nHost: a\r\nExpect: 100-continue\r\n", 200, true},
      {"1.1\r\nHost: a\r\nExpect: 100-Continue\r\n", 200, true},
      {"1.1\r\nHost: a\r\n", 200, false},
      {"1.1\r\nHost: a\r\nExpect:\r\n", 200, false},
      {"1.1\r\nHost: a\r\nExpect: 100-continued\r\n", 417, true},
      {"1.1\r\nHost: a\r\nExpect: a miracle\r\n", 417, true},
      {"1.1\r\nHost: a\r\nExpect: 100-continue, more\r\n", 417, true},
      {"1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: more\r\n", 417, true},
      {"1.0\r\nExpect: 100-continue\r\n", 200, false},
      {"1.0\r\nExpect: a miracle\r\n", 200, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.version_and_fields);
    const std::string head = "POST / HTTP/" + std::string(row.version_and_fields) + "\r\n";
    Request request;
    const auto parsed = parse_request(head, {}, request);
    CHECK((parsed ? 200 : code(parsed.error().status)) == row.status);
    if (parsed) CHECK(request.expects_continue == row.expects_continue);
  }
}

// --- Limits ---

TEST_CASE("parse_request keeps to the limits, and not below them") {
  const auto target_of_size = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1";
  };
  const auto fields = [](std::size_t count) {
    std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (std::size_t i = 1; i < count; ++i) head += "X: y\r\n";
    return head + "\r\n";
  };
  const auto head_of_size = [](std::size_t size) {
    const std::string empty = with_fields("X: ");
    return with_fields("X: " + std::string(size - empty.size(), 'y'));
  };
  CHECK(status_of(with_line(target_of_size(8000))) == 200);  // RFC 9112 section 3
  CHECK(status_of(with_line(target_of_size(8192))) == 200);
  CHECK(status_of(with_line(target_of_size(8193))) == 414);
  CHECK(status_of(with_line(target_of_size(1'000'000))) == 414);
  CHECK(status_of(fields(100)) == 200);
  CHECK(status_of(fields(101)) == 431);  // RFC 6585 section 5
  CHECK(status_of(fields(10'000)) == 431);
  CHECK(status_of(head_of_size(16 * 1024)) == 200);
  CHECK(status_of(head_of_size(16 * 1024 + 1)) == 431);
  CHECK(status_of(with_line(std::string(100'000, 'A') + " / HTTP/1.1")) == 501);  // RFC 9112 section 3
  CHECK(status_of(with_line("GET / " + std::string(20'000, 'A'))) == 414);
}

// --- The same answer however the bytes arrive ---

TEST_CASE("HeadScanner finds the end of a head at every split point") {
  for (const std::string_view head : kValidHeads) {
    CAPTURE(head);
    const std::string received = std::string(head) + "GET / HTTP/1.1\r\n\r\n";
    for (std::size_t split = 0; split < head.size(); ++split) {
      HeadScanner scanner;
      CHECK_FALSE(scanner.find_end(received.substr(0, split)).has_value());
      CHECK(scanner.find_end(received) == head.size());
    }
    HeadScanner scanner;
    for (std::size_t size = 0; size < head.size(); ++size) {
      REQUIRE_FALSE(scanner.find_end(received.substr(0, size)).has_value());
    }
    CHECK(scanner.find_end(received.substr(0, head.size())) == head.size());
    scanner.reset();
    CHECK(scanner.find_end(received) == head.size());
  }
}

TEST_CASE("HeadScanner ends a head at an empty line only") {
  const auto end_of = [](std::string_view bytes) { return HeadScanner().find_end(bytes); };
  CHECK_FALSE(end_of("").has_value());
  CHECK_FALSE(end_of("\r\n").has_value());
  CHECK(end_of("\r\n\r\n") == 4);
  CHECK(end_of("\n\nGET") == 2);
  CHECK_FALSE(end_of("GET\r\n\rX\r\n").has_value());
  CHECK_FALSE(end_of("GET\r\n \r\n").has_value());
  CHECK_FALSE(end_of("GET\r\n\r\r\n").has_value());
  CHECK_FALSE(end_of("GET\r\r").has_value());
  CHECK(end_of("GET\n\r\n") == 6);
}

TEST_CASE("refuse_early refuses no beginning of a valid head") {
  for (const std::string_view head : kValidHeads) {
    CAPTURE(head);
    for (std::size_t size = 0; size <= head.size(); ++size) {
      CHECK_FALSE(refuse_early(head.substr(0, size), {}).has_value());
    }
  }
}

TEST_CASE("refuse_early refuses what no later byte can mend") {
  const StrictnessRow rows[] = {
      {"\x16\x03\x01", 400, "a TLS handshake"},
      {"\x16", 400, "at its first byte"},
      {"\r\r", 400, "bare CR"},
      {"\r\n\r", 400, "a second empty line or a bare CR"},
      {"\n\n", 400, "a second empty line"},
      {" ", 400, "no method"},
      {"GET\t", 400, "no method"},
      {"G\0"sv, 400, "no method"},
  };
  for (const StrictnessRow& row : rows) {
    CAPTURE(row.bytes);
    CAPTURE(row.rule);
    const auto refused = refuse_early(row.bytes, {});
    REQUIRE(refused.has_value());
    CHECK(code(refused->status) == row.status);
  }
  std::string flood;
  for (int i = 0; i < 5'000'000; ++i) flood += "\r\n";
  CHECK(refuse_early(flood, {}).has_value());
}

TEST_CASE("A head over a limit gets the same status however much of it has come") {
  Limits small;
  small.max_header_bytes = 60;
  small.max_target_bytes = 20;
  const std::string long_field = "X: " + std::string(60, 'y');
  const std::string heads[] = {
      with_line("GET /" + std::string(30, 'a') + " HTTP/1.1"),
      with_line("GET /" + std::string(100, 'a') + " HTTP/1.1"),
      with_line("GET / HTTP/1.1" + std::string(100, 'a')),
      with_line(std::string(40, 'M') + " / HTTP/1.1"),
      with_line(std::string(100, 'M') + " / HTTP/1.1"),
      with_line(std::string(32, 'M') + "\x01 / HTTP/1.1"),
      with_line(std::string(33, 'M') + "\x01 / HTTP/1.1"),
      with_fields(long_field),
      "\r\n" + with_fields(long_field),
      "\r\n\r\n" + with_fields(long_field),
      with_fields("bad line\r\n" + long_field),
      "get / HTTP/1.1\r\n" + long_field + "\r\n\r\n",
  };
  for (const std::string& head : heads) {
    CAPTURE(head);
    const int whole = status_of(head, small);
    CHECK(whole != 200);
    std::size_t refused_from = 0;
    for (std::size_t size = 0; size <= head.size(); ++size) {
      const auto early = refuse_early(std::string_view(head).substr(0, size), small);
      if (early) {
        CHECK(code(early->status) == whole);
      } else {
        refused_from = size + 1;
      }
    }
    // Once refused, always refused, and never later than one byte past the limit.
    CHECK(refused_from <= small.max_header_bytes + 1);
  }
}

// --- One byte more ---

namespace {

/// What of a request decides who answers it and where the next one begins.
struct Essence {
  std::string method;
  std::string host;
  int minor_version = 1;
  bool chunked = false;
  std::uint64_t content_length = 0;
  bool operator==(const Essence&) const = default;
};

/// Of the first head in `bytes`, as a connection would read it; nothing when it is refused or does not end.
std::optional<Essence> essence_of(std::string_view bytes) {
  HeadScanner scanner;
  const auto end = scanner.find_end(bytes);
  Request request;
  if (!end || !parse_request(bytes.substr(0, *end), {}, request)) return std::nullopt;
  return Essence{std::string(request.method_name), std::string(request.host), request.minor_version,
                 request.framing.chunked, request.framing.content_length};
}

bool is_token_byte(char c) {
  return is_token({&c, 1});
}
bool is_name_byte(char c) {
  return is_token_byte(c) || c == ':';
}
bool is_digit_byte(char c) {
  return c >= '0' && c <= '9';
}
bool is_lf(char c) {
  return c == '\n';
}

/// Where one inserted byte may change the essence, and why that is right.
struct Explanation {
  std::string_view around;  ///< the inserted byte stands within this text, or at its edge
  bool (*byte)(char);
  std::string_view rule;
  int uses = 0;
};

constexpr std::string_view kHeadToChange =
    "POST /a?b HTTP/1.1\r\nHost: h\r\nX: y\r\nContent-Length: 5\r\nAccept: */*\r\n\r\n";

/// Whether some rule says why `byte` at `position` of kHeadToChange makes another request of it. Counts the
/// rule's use.
bool explain(std::span<Explanation> explanations, std::size_t position, char byte) {
  bool explained = false;
  for (Explanation& explanation : explanations) {
    const std::size_t begin = kHeadToChange.find(explanation.around);
    const bool is_there = position >= begin && position <= begin + explanation.around.size();
    if (!is_there || !explanation.byte(byte)) continue;
    explained = true;
    ++explanation.uses;
  }
  return explained;
}

}  // namespace

TEST_CASE("One byte more, wherever and whichever, changes a request explainably or refuses it") {
  const auto original = essence_of(kHeadToChange);
  REQUIRE(original.has_value());
  std::array<Explanation, 5> explanations = {{
      {"h\r", is_token_byte, "another byte in Host is another host"},
      {"Content-Length", is_name_byte, "another byte in its name makes it another field"},
      {"5", is_digit_byte, "another digit in Content-Length is another length"},
      {"\r\nX", is_lf, "LF ends a line, and an empty line the head"},
      {"\r\nContent-Length", is_lf, "the same a line further down"},
  }};
  int refused = 0;
  int unchanged = 0;
  for (std::size_t position = 0; position <= kHeadToChange.size(); ++position) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string bytes(kHeadToChange);
      bytes.insert(position, 1, static_cast<char>(byte));
      const auto essence = essence_of(bytes);
      CAPTURE(position);
      CAPTURE(byte);
      if (!essence) {
        ++refused;
      } else if (*essence == *original) {
        ++unchanged;
      } else {
        CHECK(explain(explanations, position, static_cast<char>(byte)));
      }
    }
  }
  for (const Explanation& explanation : explanations) {
    CAPTURE(explanation.rule);
    CHECK(explanation.uses > 0);
  }
  CHECK(refused > 5000);
  CHECK(unchanged > 1000);
}
