#include "tinyhttpd/secrets.hpp"

#include <doctest/doctest.h>

#include "support/recorded_samples.hpp"
#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/recorded_exchange.hpp"

using namespace tinyhttpd;

namespace {

std::string stars(std::string_view text) {
  return std::string(text.size(), '*');
}

Mask mask_of(std::string fields) {
  RecordedExchange exchange;
  exchange.request_head = "GET / HTTP/1.1\r\n" + std::move(fields) + "\r\n";
  return Mask(exchange);
}

}  // namespace

TEST_CASE("a secret is known by the name of its field or variable") {
  for (const char* name :
       {"Authorization", "proxy-authorization", "COOKIE",    "Set-Cookie", "HTTP_COOKIE",   "X-Token",
        "X-CSRF-Token",  "HTTP_X_API_KEY",      "x_api_key", "X-Api-Key",  "CLIENT_SECRET", "DB_PASSWORD",
        "MYSQL_PASSWD",  "X-Session-Id",        "DB_PASS",   "pwd",        "PHP_AUTH_PW",   "PHPSESSID",
        "apikey",        "AWS_ACCESS_KEY",      "passphrase"}) {
    CAPTURE(std::string(name));
    CHECK(is_secret_name(name));
  }
  for (const char* name : {"Host", "WWW-Authenticate", "Authorization-Info", "X-Cookies", "REMOTE_USER",
                           "AUTH_TYPE", "HTTP_KEY", "X-Api", "compass", "PASSENGER_ID", ""}) {
    CAPTURE(std::string(name));
    CHECK_FALSE(is_secret_name(name));
  }
}

TEST_CASE("a secret is covered wherever it appears, byte for byte") {
  const Mask mask = mask_of("X-Token: sesame\r\n");
  CHECK(mask.mask("sesame") == "******");
  CHECK(mask.mask("a=sesame&b=sesamesesame.") == "a=******&b=************.");
  CHECK(mask.mask("sesam") == "sesam");
  CHECK(mask.mask("Sesame") == "Sesame");
  CHECK(mask.mask("") == "");
}

TEST_CASE(
    "a value shorter than four bytes is covered in its own field alone, a cookie of less than eight too") {
  const Mask mask = mask_of("Cookie: theme=dark; id=12345678\r\nX-Token: xyz\r\nX-Secret: 1234\r\n");
  CHECK(mask.mask("123 xyz 1234 dark 12345678") == "123 xyz **** dark ********");
  CHECK(mask.mask_value("Cookie", "a=123; b=1234") == "a=***; b=****");
  CHECK(mask.mask_value("HTTP_X_TOKEN", "xyz") == "***");
  CHECK(mask.mask_value("X-Other", "xyz") == "xyz");
  CHECK(mask.mask_head("GET / HTTP/1.1\r\nCookie: a=123; b=1234\r\nX-Token:xyz \r\n\r\nCookie: a=123") ==
        "GET / HTTP/1.1\r\nCookie: a=***; b=****\r\nX-Token:*** \r\n\r\nCookie: a=123");
}

TEST_CASE("of cookies the names stay to be seen, and the attributes") {
  const Mask mask = mask_of("");
  CHECK(mask.mask_value("Cookie", "id=abcd;x=\"efgh\"; lone; =v") == "id=****;x=******; ****; =*");
  CHECK(mask.mask_value("Set-Cookie", "id=abcd; Path=/; HttpOnly") == "id=****; Path=/; HttpOnly");
  CHECK(mask.mask_value("HTTP_COOKIE", "") == "");
}

TEST_CASE("what a Basic Authorization encodes is secret, too, but for the name alone") {
  const std::string token = encode_base64("aladdin:open-sesame");
  const Mask mask = mask_of("Authorization: Basic " + token + "\r\n");
  CHECK(mask.mask("PHP_AUTH_PW=open-sesame user=aladdin") ==
        "PHP_AUTH_PW=" + stars("open-sesame") + " user=aladdin");
  CHECK(mask.mask("[aladdin:open-sesame]") == "[" + stars("aladdin:open-sesame") + "]");
  CHECK(mask.mask("<" + token + ">") == "<" + stars(token) + ">");
  const Mask bearer = mask_of("Authorization: Bearer abc.def\r\n");
  CHECK(bearer.mask("Bearer: abc.def") == "Bearer: *******");
}

TEST_CASE("a secret is covered in the forms in which programs write it") {
  const Mask mask = mask_of("X-Token: x%20%22y%22\r\nX-Secret: p+q&r\r\n");
  CHECK(mask.mask("decoded x \"y\"") == "decoded *****");
  CHECK(mask.mask("as it came x%20%22y%22") == "as it came " + stars("x%20%22y%22"));
  CHECK(mask.mask("encoded p%2Bq%26r p%2bq%26r") == "encoded ********* *********");
  CHECK(mask.mask("html p+q&amp;r") == "html *********");
  CHECK(mask.mask("base64 " + encode_base64("p+q&r")) == "base64 ********");
  const Mask json = mask_of("X-Token: a\"b\\c\xff\r\n");
  CHECK(json.mask("json a\\\"b\\\\c\xEF\xBF\xBD.") == "json " + stars("a\\\"b\\\\c\xEF\xBF\xBD") + ".");
}

TEST_CASE("of secrets that begin alike the longest counts, and those that overlap are all covered") {
  const Mask mask = mask_of("X-Token: abcd\r\nX-Token: abcdef\r\nX-Token: abcdefgh\r\nX-Token: efghij\r\n");
  CHECK(mask.mask("abcd.abcde.abcdef.abcdefg.abcdefgh.") == "****.****e.******.******g.********.");
  CHECK(mask.mask("abcdefghij") == "**********");
  CHECK(mask.mask("abcabcd") == "abc****");
}

TEST_CASE("the beginning of a secret at which a text was cut is covered") {
  const Mask mask = mask_of("X-Token: open-sesame\r\n");
  CHECK(mask.mask("the word is open-ses", Cut::end) == "the word is ********");
  CHECK(mask.mask("the word is open-ses") == "the word is open-ses");
  CHECK(mask.mask("the word is ope", Cut::end) == "the word is ope");
  CHECK(mask.mask("op", Cut::end) == "op");
}

TEST_CASE("the end of a secret with which a text goes on after a cut is covered") {
  const Mask mask = mask_of("X-Token: open-sesame\r\n");
  CHECK(mask.mask("same, said he", Cut::begin) == "****, said he");
  CHECK(mask.mask("n-sesame open", Cut::both) == "******** ****");
  CHECK(mask.mask("open-sesame", Cut::begin) == stars("open-sesame"));
  CHECK(mask.mask("another", Cut::begin) == "another");
}

TEST_CASE("a secret is known by the name of its parameter, its form entry or its member") {
  RecordedExchange exchange;
  exchange.query = "page=visible&password=of+the%20query&=&token";
  exchange.streams[0].bytes = "user=visible&pwd=of-the-form";
  const Mask form(exchange);
  CHECK(form.mask("visible of+the%20query, of the%20query, of+the query") ==
        "visible " + stars("of+the%20query") + ", " + stars("of the%20query") + ", " + stars("of+the query"));
  CHECK(form.mask("of-the-form") == stars("of-the-form"));
  exchange.streams[0].bytes =
      R"({"user": "visible", "a": [{"apiKey" : "of \"the\" JSON"}], "password": 1234, "to)";
  const Mask json(exchange);
  CHECK(json.mask(R"(visible 1234 of \"the\" JSON, of "the" JSON)") ==
        "visible 1234 " + stars(R"(of \"the\" JSON)") + ", " + stars(R"(of "the" JSON)"));
}

TEST_CASE("secrets are found in all four places of an exchange") {
  RecordedExchange exchange;
  exchange.request_head = "GET /?token:never HTTP/1.1\r\nX-Token: of-the-request\r\n\r\n";
  exchange.environment = {"DB_PASSWORD=of-the-environment", "LANG=of-no-secret", "NONSENSE"};
  exchange.streams[1].bytes = "Set-Cookie: a=of-the-script; Path=/\n\nX-Token: of-the-body";
  exchange.sent_head = "HTTP/1.1 200 OK\r\nSet-Cookie: a=of-the-server\r\n\r\n";
  const Mask mask(exchange);
  CHECK(mask.mask("of-the-request") == stars("of-the-request"));
  CHECK(mask.mask("of-the-environment") == stars("of-the-environment"));
  CHECK(mask.mask("of-the-script") == stars("of-the-script"));
  CHECK(mask.mask("of-the-server") == stars("of-the-server"));
  CHECK(mask.mask("of-the-body of-no-secret never HTTP/1.1") == "of-the-body of-no-secret never HTTP/1.1");
}

TEST_CASE("the secrets of another exchange are covered as well") {
  RecordedExchange one;
  RecordedExchange other;
  other.environment = {"A_SECRET=of-the-other"};
  CHECK(Mask(one).mask("of-the-other") == "of-the-other");
  CHECK(Mask(one, &other).mask("of-the-other") == stars("of-the-other"));
}

TEST_CASE("a head that never ended is searched for secrets, too") {
  RecordedExchange exchange;
  exchange.streams[1].bytes = "Set-Cookie: a=never-ended";
  CHECK(Mask(exchange).mask("never-ended") == stars("never-ended"));
}
