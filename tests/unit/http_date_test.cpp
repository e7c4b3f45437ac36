#include "tinyhttpd/http_date.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace tinyhttpd;

namespace {

constexpr UnixTime kExample = 784111777;  // the example of RFC 9110 section 5.6.7
constexpr UnixTime kNow = 1767225600;     // 2026-01-01 00:00:00
constexpr UnixTime kLeapDay = 951782400;  // 2000-02-29 00:00:00

std::optional<UnixTime> parse(std::string_view text) {
  return parse_http_date(text, kNow);
}

}  // namespace

TEST_CASE("http_date writes an IMF-fixdate") {
  CHECK(http_date(kExample) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(http_date(-1) == "Wed, 31 Dec 1969 23:59:59 GMT");
  CHECK(http_date(kLeapDay) == "Tue, 29 Feb 2000 00:00:00 GMT");
  CHECK(http_date(4107542400) == "Mon, 01 Mar 2100 00:00:00 GMT");  // 2100 has no 29 February
  CHECK(http_date(2147483648) == "Tue, 19 Jan 2038 03:14:08 GMT");  // after 32 bits
}

TEST_CASE("http_date keeps to years of four digits whatever a file system says") {
  CHECK(http_date(std::numeric_limits<UnixTime>::max()) == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(http_date(std::numeric_limits<UnixTime>::min()) == "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST_CASE("log_date writes a date as the Combined log has it") {
  CHECK(log_date(kExample) == "06/Nov/1994:08:49:37 +0000");
  CHECK(log_date(-1) == "31/Dec/1969:23:59:59 +0000");
}

TEST_CASE("parse_http_date reads all three forms") {
  CHECK(parse("Sun, 06 Nov 1994 08:49:37 GMT") == kExample);
  CHECK(parse("Sunday, 06-Nov-94 08:49:37 GMT") == kExample);
  CHECK(parse("Sun Nov  6 08:49:37 1994") == kExample);
  CHECK(parse("Wed Nov 16 08:49:37 1994") == kExample + 10 * 86400);
}

TEST_CASE("parse_http_date reads back what http_date writes") {
  const UnixTime step = 86400 * 17 + 3601 * 5 + 61;
  for (UnixTime time = -62'000'000'000; time < 253'000'000'000; time += step * 101)
    CHECK(parse(http_date(time)) == time);
  for (UnixTime time = 0; time < 100 * step; time += step) CHECK(parse(http_date(time)) == time);
}

TEST_CASE("parse_http_date takes a year of two digits over 50 years ahead for the past one") {
  CHECK(parse("Wednesday, 01-Jan-75 00:00:00 GMT") == 3313526400);  // 49 years ahead: 2075
  CHECK(parse("Wednesday, 01-Jan-76 00:00:00 GMT") == 3345062400);  // just 50: 2076
  CHECK(parse("Friday, 02-Jan-76 00:00:00 GMT") == 189388800);      // over 50: 1976
  CHECK(parse("Friday, 31-Dec-99 23:59:59 GMT") == 946684799);      // 1999
  CHECK(parse("Saturday, 01-Jan-00 00:00:00 GMT") == 946684800);    // 2000
  CHECK(parse("Tuesday, 29-Feb-00 00:00:00 GMT") == kLeapDay);

  const UnixTime in_1994 = kExample;
  CHECK(parse_http_date("Friday, 01-Jan-10 00:00:00 GMT", in_1994) == 1262304000);  // 2010, seen from 1994
  const UnixTime in_2060 = 2840140800;
  CHECK(parse_http_date("Saturday, 01-Jan-05 00:00:00 GMT", in_2060) == 4260211200);  // 2105, seen from 2060
}

TEST_CASE("parse_http_date counts a leap second as the one after it") {
  CHECK(parse("Sat, 31 Dec 2016 23:59:60 GMT") == 1483228800);
}

TEST_CASE("parse_http_date does not mind a wrong day of the week") {
  CHECK(parse("Mon, 06 Nov 1994 08:49:37 GMT") == kExample);
}

TEST_CASE("parse_http_date refuses days and hours that are not in the calendar") {
  for (const std::string_view text :
       {"Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT", "Tue, 29 Feb 2001 00:00:00 GMT",
        "Mon, 29 Feb 2100 00:00:00 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT", "Sunday, 32-Nov-94 08:49:37 GMT", "Sun Nov  0 08:49:37 1994",
        "Thursday, 29-Feb-01 08:49:37 GMT"}) {
    CAPTURE(text);
    CHECK(!parse(text));
  }
}

TEST_CASE("parse_http_date refuses everything that is not exactly one of the forms") {
  for (const std::string_view text : {"",
                                      "Sun",
                                      "Sunday",
                                      "Sun,",
                                      "0",
                                      "784111777",
                                      "yesterday",
                                      "Sun, 06 Nov 1994 08:49:37",
                                      "Sun, 06 Nov 1994 08:49:37 UTC",
                                      "Sun, 06 Nov 1994 08:49:37 +0000",
                                      "Sun, 6 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 94 08:49:37 GMT",
                                      "Sun, 06-Nov-1994 08:49:37 GMT",
                                      "Sun 06 Nov 1994 08:49:37 GMT",
                                      "sun, 06 nov 1994 08:49:37 gmt",
                                      "Sun, 06 Nov 1994 8:49:37 GMT",
                                      "Sun, 06 Nov 1994 08:49 GMT",
                                      "Sun, 06 Nov 1994 08:49:37 GMT ",
                                      " Sun, 06 Nov 1994 08:49:37 GMT",
                                      "Sun, -6 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov -994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 08:49:37 GMT; length=5",
                                      "Sunday, 06-Nov-94 08:49:37",
                                      "Sunday, 06 Nov 1994 08:49:37 GMT",
                                      "Sun Nov 6 08:49:37 1994",
                                      "Sun Nov  6 08:49:37 94",
                                      "Sun Nov  6 08:49:37 1994 GMT",
                                      "Sun Nov 006 08:49:37 1994",
                                      "Sun, 06 Nox 1994 08:49:37 GMT",
                                      "Sux, 06 Nov 1994 08:49:37 GMT"}) {
    CAPTURE(text);
    CHECK(!parse(text));
  }
  const std::string_view whole = "Sun, 06 Nov 1994 08:49:37 GMT";
  for (std::size_t length = 0; length < whole.size(); ++length) CHECK(!parse(whole.substr(0, length)));
}

TEST_CASE("parse_http_date keeps its head when the clock is absurd") {
  CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", std::numeric_limits<UnixTime>::max()));
  CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", std::numeric_limits<UnixTime>::min()));
}
