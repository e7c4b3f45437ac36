#include "tinyhttpd/conditional.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <set>
#include <string>

using namespace tinyhttpd;

namespace {

constexpr UnixTime kModified = 784111777;
constexpr UnixTime kNow = kModified + 1000;
constexpr std::string_view kModifiedDate = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view kEarlierDate = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view kLaterDate = "Sun, 06 Nov 1994 08:49:38 GMT";
constexpr std::string_view kFutureDate = "Tue, 06 Nov 2035 08:49:37 GMT";
const Validators kValidators{"\"abc\"", kModified};
const Validators kWeakValidators{"W/\"abc\"", kModified};

Request request(std::vector<Field> fields, Method method = Method::get) {
  Request made;
  made.method = method;
  made.fields = std::move(fields);
  return made;
}

Condition evaluate(std::vector<Field> fields, Method method = Method::get,
                   const Validators& validators = kValidators) {
  return evaluate_conditions(request(std::move(fields), method), validators, kNow);
}

RangeDecision decide(std::vector<Field> fields, std::uint64_t size = 1000,
                     const Validators& validators = kValidators, UnixTime now = kNow) {
  return decide_range(request(std::move(fields)), validators, size, now);
}

RangeDecision decide(std::string_view range, std::uint64_t size = 1000) {
  return decide({{"Range", range}}, size);
}

bool is_whole(const RangeDecision& decision) {
  return decision.kind == RangeDecision::Kind::whole;
}

bool is_unsatisfiable(const RangeDecision& decision) {
  return decision.kind == RangeDecision::Kind::unsatisfiable;
}

/// The bytes of a decision that must be a single range.
ByteRange bytes(const RangeDecision& decision) {
  CHECK(decision.kind == RangeDecision::Kind::parts);
  REQUIRE(decision.parts.size() == 1);
  return decision.parts.front();
}

/// The parts of a decision, "0+500 900+100": first byte and length of each.
std::string parts(const RangeDecision& decision) {
  CHECK(decision.kind == RangeDecision::Kind::parts);
  std::string text;
  for (const ByteRange& part : decision.parts)
    text += (text.empty() ? "" : " ") + std::to_string(part.first) + "+" + std::to_string(part.length);
  return text;
}

constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();

}  // namespace

TEST_CASE("make_etag is one entity tag, the same for the same state") {
  const std::string tag = make_etag(1, 2, 3, 4, 5);
  CHECK(tag == make_etag(1, 2, 3, 4, 5));
  CHECK(tag.front() == '"');
  CHECK(tag.back() == '"');
  CHECK(tag.substr(1, tag.size() - 2).find_first_not_of("0123456789abcdef-") == std::string::npos);
  CHECK(tag.find("-3-4-5\"") != std::string::npos);
  CHECK(evaluate({{"If-None-Match", tag}}, Method::get, {tag, kModified}) == Condition::not_modified);
}

TEST_CASE("make_etag changes with everything a file's state is known by") {
  const std::set<std::string> tags = {
      make_etag(1, 2, 3, 4, 5), make_etag(9, 2, 3, 4, 5), make_etag(1, 9, 3, 4, 5),
      make_etag(1, 2, 9, 4, 5), make_etag(1, 2, 3, 9, 5), make_etag(1, 2, 3, 4, 9),
      make_etag(2, 1, 3, 4, 5), make_etag(1, 2, 3, 5, 4), make_etag(1, 2, 3, -4, 5)};
  CHECK(tags.size() == 9);
}

TEST_CASE("make_etag does not show the inode") {  // CVE-2003-1418
  CHECK(make_etag(0x801, 0xabcdef, 3, 4, 5).find("abcdef") == std::string::npos);
}

TEST_CASE("evaluate_conditions sends what is asked for without conditions") {
  CHECK(evaluate({}) == Condition::send);
  CHECK(evaluate({{"Range", "bytes=0-1"}, {"If-Range", "\"xyz\""}}) == Condition::send);
}

TEST_CASE("If-None-Match answers 304 to GET and HEAD, 412 to others") {
  for (const std::string_view list : {"\"abc\"", "W/\"abc\"", "*", "\"x\", \"abc\"",
                                      "\"x\",W/\"abc\" , \"y\"", ",, \"abc\",", "\"\",\"abc\""}) {
    CAPTURE(list);
    CHECK(evaluate({{"If-None-Match", list}}) == Condition::not_modified);
    CHECK(evaluate({{"if-none-match", list}}, Method::head) == Condition::not_modified);
    CHECK(evaluate({{"If-None-Match", list}}, Method::options) == Condition::precondition_failed);
    CHECK(evaluate({{"If-None-Match", list}}, Method::get, kWeakValidators) == Condition::not_modified);
  }
}

TEST_CASE("If-None-Match sends when no tag of the list is the current one") {
  for (const std::string_view list :
       {"\"ab\"", "\"abcd\"", "\"ABC\"", "\"x\", \"y\"", "W/\"x\"", "", ",", "\"\""}) {
    CAPTURE(list);
    CHECK(evaluate({{"If-None-Match", list}}) == Condition::send);
    CHECK(evaluate({{"If-None-Match", list}}, Method::options) == Condition::send);
  }
}

TEST_CASE("If-None-Match reads lists no further than they are lists") {
  for (const std::string_view list : {"abc", "\"abc", "abc\"", "w/\"abc\"", "W/ \"abc\"", "\"x\" \"abc\"",
                                      "\"x\"\"abc\"", "x, \"abc\"", "\"x\", *", "**", "*, \"abc\"", "'abc'",
                                      "\"x\"; \"abc\"", "\"x y\", \"abc\"", "\"x\x7f\", \"abc\""}) {
    CAPTURE(list);
    CHECK(evaluate({{"If-None-Match", list}}) == Condition::send);
  }
}

TEST_CASE("Several If-None-Match lines are one list") {
  CHECK(evaluate({{"If-None-Match", "\"x\""}, {"If-None-Match", "\"abc\""}}) == Condition::not_modified);
}

TEST_CASE("Long lists of entity tags are read to their end, once") {
  std::string list;
  for (int i = 0; i < 20'000; ++i) list += "W/\"x\",";
  CHECK(evaluate({{"If-None-Match", list}}) == Condition::send);
  CHECK(evaluate({{"If-None-Match", list + "\"abc\""}}) == Condition::not_modified);
  for (const std::string_view junk : {",", " ", "\"", "W/", "W/\"", "\"\"", "a"}) {
    std::string text;
    while (text.size() < 100'000) text += junk;
    CHECK(evaluate({{"If-None-Match", text}}) == Condition::send);
    CHECK(evaluate({{"If-Match", text}}) == Condition::precondition_failed);
  }
}

TEST_CASE("No entity tag equals that of a representation without one") {
  const Validators without{"", kModified};
  CHECK(evaluate({{"If-None-Match", "\"\""}}, Method::get, without) == Condition::send);
  CHECK(evaluate({{"If-None-Match", "*"}}, Method::get, without) == Condition::not_modified);
  CHECK(evaluate({{"If-Match", "\"\""}}, Method::get, without) == Condition::precondition_failed);
  CHECK(evaluate({{"If-Match", "*"}}, Method::get, without) == Condition::send);
}

TEST_CASE("If-Match compares strongly") {
  CHECK(evaluate({{"If-Match", "\"abc\""}}) == Condition::send);
  CHECK(evaluate({{"If-Match", "\"x\", \"abc\""}}) == Condition::send);
  CHECK(evaluate({{"If-Match", "*"}}) == Condition::send);
  CHECK(evaluate({{"If-Match", "W/\"abc\""}}) == Condition::precondition_failed);
  CHECK(evaluate({{"If-Match", "\"x\""}}) == Condition::precondition_failed);
  CHECK(evaluate({{"If-Match", ""}}) == Condition::precondition_failed);
  CHECK(evaluate({{"If-Match", "\"abc\""}}, Method::get, kWeakValidators) == Condition::precondition_failed);
  CHECK(evaluate({{"If-Match", "W/\"abc\""}}, Method::get, kWeakValidators) ==
        Condition::precondition_failed);
}

TEST_CASE("If-Unmodified-Since fails once the file is newer") {
  CHECK(evaluate({{"If-Unmodified-Since", kModifiedDate}}) == Condition::send);
  CHECK(evaluate({{"If-Unmodified-Since", kLaterDate}}) == Condition::send);
  CHECK(evaluate({{"If-Unmodified-Since", kFutureDate}}) == Condition::send);
  CHECK(evaluate({{"If-Unmodified-Since", kEarlierDate}}) == Condition::precondition_failed);
  CHECK(evaluate({{"If-Unmodified-Since", kEarlierDate}}, Method::options) == Condition::precondition_failed);
  CHECK(evaluate({{"If-Unmodified-Since", "junk"}}) == Condition::send);
}

TEST_CASE("If-Modified-Since answers 304 while the file is no newer") {
  for (const auto method : {Method::get, Method::head}) {
    CHECK(evaluate({{"If-Modified-Since", kModifiedDate}}, method) == Condition::not_modified);
    CHECK(evaluate({{"If-Modified-Since", kLaterDate}}, method) == Condition::not_modified);
    CHECK(evaluate({{"If-Modified-Since", kEarlierDate}}, method) == Condition::send);
  }
  CHECK(evaluate({{"If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT"}}) == Condition::not_modified);
  CHECK(evaluate({{"If-Modified-Since", "Sun Nov  6 08:49:37 1994"}}) == Condition::not_modified);
}

TEST_CASE("If-Modified-Since is ignored when it is no date, in the future, repeated, or not for reading") {
  for (const std::string_view date :
       {std::string_view("junk"), std::string_view(""), std::string_view("784111777"), kFutureDate})
    CHECK(evaluate({{"If-Modified-Since", date}}) == Condition::send);
  CHECK(evaluate({{"If-Modified-Since", kModifiedDate}, {"If-Modified-Since", kModifiedDate}}) ==
        Condition::send);
  CHECK(evaluate({{"If-Modified-Since", kModifiedDate}}, Method::options) == Condition::send);
}

TEST_CASE("Conditions take precedence in the order of RFC 9110 section 13.2.2") {
  // Tags before dates, whichever way they would decide.
  CHECK(evaluate({{"If-Modified-Since", kModifiedDate}, {"If-None-Match", "\"x\""}}) == Condition::send);
  CHECK(evaluate({{"If-Modified-Since", kEarlierDate}, {"If-None-Match", "\"abc\""}}) ==
        Condition::not_modified);
  CHECK(evaluate({{"If-Modified-Since", kModifiedDate}, {"If-None-Match", "junk"}}) == Condition::send);
  CHECK(evaluate({{"If-Unmodified-Since", kEarlierDate}, {"If-Match", "\"abc\""}}) == Condition::send);
  CHECK(evaluate({{"If-Unmodified-Since", kModifiedDate}, {"If-Match", "\"x\""}}) ==
        Condition::precondition_failed);
  // 412 before 304, and then on to 304.
  CHECK(evaluate({{"If-None-Match", "\"abc\""}, {"If-Match", "\"x\""}}) == Condition::precondition_failed);
  CHECK(evaluate({{"If-None-Match", "\"abc\""}, {"If-Unmodified-Since", kEarlierDate}}) ==
        Condition::precondition_failed);
  CHECK(evaluate({{"If-None-Match", "\"abc\""}, {"If-Match", "\"abc\""}}) == Condition::not_modified);
  CHECK(evaluate({{"If-Modified-Since", kModifiedDate}, {"If-Match", "\"abc\""}}) == Condition::not_modified);
}

TEST_CASE("decide_range reads the three forms of one range") {
  CHECK(bytes(decide("bytes=0-499")) == ByteRange{0, 500});
  CHECK(bytes(decide("bytes=0-0")) == ByteRange{0, 1});
  CHECK(bytes(decide("bytes=500-999")) == ByteRange{500, 500});
  CHECK(bytes(decide("bytes=999-999")) == ByteRange{999, 1});
  CHECK(bytes(decide("bytes=500-")) == ByteRange{500, 500});
  CHECK(bytes(decide("bytes=0-")) == ByteRange{0, 1000});
  CHECK(bytes(decide("bytes=-1")) == ByteRange{999, 1});
  CHECK(bytes(decide("bytes=-1000")) == ByteRange{0, 1000});
  CHECK(bytes(decide("Bytes=007-0008")) == ByteRange{7, 2});
  CHECK(bytes(decide("bytes= , 0-1 ,")) == ByteRange{0, 2});  // empty members of a list do not count
}

TEST_CASE("decide_range ends a range where the representation ends") {
  CHECK(bytes(decide("bytes=500-1000")) == ByteRange{500, 500});
  CHECK(bytes(decide("bytes=-1001")) == ByteRange{0, 1000});
}

TEST_CASE("decide_range takes numbers over 64 bits for very large ones") {  // CVE-2017-7529
  CHECK(bytes(decide("bytes=-9223372036854775608")) == ByteRange{0, 1000});
  CHECK(bytes(decide("bytes=1-18446744073709551615")) == ByteRange{1, 999});
  CHECK(bytes(decide("bytes=1-18446744073709551616")) == ByteRange{1, 999});
  CHECK(bytes(decide("bytes=-" + std::string(10'000, '9'))) == ByteRange{0, 1000});
  CHECK(bytes(decide("bytes=1-" + std::string(10'000, '9'))) == ByteRange{1, 999});
  CHECK(is_unsatisfiable(decide("bytes=18446744073709551616-")));
  CHECK(is_unsatisfiable(decide("bytes=" + std::string(10'000, '9') + "-" + std::string(10'000, '9'))));
  CHECK(bytes(decide("bytes=0-", kLargest)) == ByteRange{0, kLargest});
  CHECK(bytes(decide("bytes=-18446744073709551615", kLargest)) == ByteRange{0, kLargest});
  CHECK(bytes(decide("bytes=18446744073709551614-18446744073709551615", kLargest)) ==
        ByteRange{kLargest - 1, 1});
  CHECK(is_unsatisfiable(decide("bytes=18446744073709551615-", kLargest)));
}

TEST_CASE("decide_range cannot satisfy a range past the end, or an empty one") {
  CHECK(is_unsatisfiable(decide("bytes=1000-")));
  CHECK(is_unsatisfiable(decide("bytes=1000-1001")));
  CHECK(is_unsatisfiable(decide("bytes=-0")));
  for (const std::string_view range : {"bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=5-9"}) {
    CAPTURE(range);
    CHECK(is_unsatisfiable(decide(range, 0)));
  }
}

TEST_CASE("decide_range ignores a field it cannot read") {
  for (const std::string_view range : {"",
                                       "bytes",
                                       "bytes=",
                                       "bytes=-",
                                       "bytes=,",
                                       "bytes=--1",
                                       "bytes=a-b",
                                       "bytes=1",
                                       "bytes=1-2-3",
                                       "bytes=2-1",
                                       "bytes=1001-1000",
                                       "bytes=+1-2",
                                       "bytes=0x0-1",
                                       "bytes=0 -1",
                                       "bytes=0- 1",
                                       "bytes=- 1",
                                       "bytes=0-1;",
                                       "bytes:0-1",
                                       "bytes =0-1",
                                       "bytes 0-1/1000",
                                       "byte=0-1",
                                       "items=0-1",
                                       "bytess=0-1",
                                       "0-1",
                                       "=0-1",
                                       "bytes=-1-",
                                       "bytes=1.5-2",
                                       "bytes=*"}) {
    CAPTURE(range);
    CHECK(is_whole(decide(range)));
    CHECK(is_whole(decide(range, 0)));
  }
}

TEST_CASE("decide_range reads several ranges, in the order they were asked for") {  // RFC 9110 section 14.1.2
  CHECK(parts(decide("bytes=0-99,500-599")) == "0+100 500+100");
  CHECK(parts(decide("bytes=500-599, 0-99 ,\t900-")) == "500+100 0+100 900+100");
  CHECK(parts(decide("bytes=0-0,-1")) == "0+1 999+1");
  CHECK(parts(decide("bytes=,, 0-0 ,, -1 ,")) == "0+1 999+1");
}

TEST_CASE("decide_range makes one of ranges that overlap or touch, in the place of the first") {
  CHECK(parts(decide("bytes=0-99,50-149")) == "0+150");
  CHECK(parts(decide("bytes=50-149,0-99")) == "0+150");
  CHECK(parts(decide("bytes=0-99,100-199")) == "0+200");
  CHECK(parts(decide("bytes=100-199,0-99")) == "0+200");
  CHECK(parts(decide("bytes=0-499,100-199")) == "0+500");
  CHECK(parts(decide("bytes=100-199,0-")) == "0+1000");
  CHECK(parts(decide("bytes=0-0,0-0,0-0")) == "0+1");
  CHECK(parts(decide("bytes=500-599,0-9,590-699,900-909")) == "500+200 0+10 900+10");
  CHECK(parts(decide("bytes=900-909,0-9,500-509,0-509")) == "900+10 0+510");
}

TEST_CASE("decide_range keeps apart what one byte lies between") {
  CHECK(parts(decide("bytes=0-1,5-9,-3")) == "0+2 5+5 997+3");
  CHECK(parts(decide("bytes=0-99,101-199")) == "0+100 101+99");
  CHECK(parts(decide("bytes=101-199,0-99")) == "101+99 0+100");
  // The last one closes both gaps.
  CHECK(parts(decide("bytes=0-99,900-909,300-399,100-299")) == "0+400 900+10");
}

TEST_CASE("decide_range leaves out what lies past the end, and takes the rest") {
  CHECK(parts(decide("bytes=0-9,1000-,500-509")) == "0+10 500+10");
  CHECK(parts(decide("bytes=2000-3000,-0,990-2000")) == "990+10");
  CHECK(is_unsatisfiable(decide("bytes=1000-,-0,5000-6000")));
}

TEST_CASE("decide_range ignores the whole field when one of its ranges cannot be read") {
  for (const std::string bad : {"x", "2-1", "-", "1", "0-1-2", "1000-999", "0 - 1", "bytes=5-6", "--1"}) {
    CAPTURE(bad);
    CHECK(is_whole(decide("bytes=0-1,500-501," + bad)));
    CHECK(is_whole(decide("bytes=" + bad + ",0-1")));
    CHECK(is_whole(decide("bytes=1000-," + bad)));
  }
  CHECK(is_whole(decide("bytes=0-1;3-4")));
  CHECK(is_whole(decide("bytes=0-1 3-4")));
  CHECK(is_whole(decide({{"Range", "bytes=0-1"}, {"Range", "bytes=3-4"}})));
}

TEST_CASE("decide_range takes sixteen ranges and sends the whole for one more") {  // CVE-2011-3192
  std::string many = "bytes=0-0";
  for (std::size_t i = 1; i < kMaxRanges; ++i) many += "," + std::to_string(i * 100) + "-";
  CHECK(parts(decide(many, 10'000)) == "0+1 100+9900");
  CHECK(is_whole(decide(many + ",0-", 10'000)));
  CHECK(is_whole(decide(many + ",20000-", 10'000)));
  CHECK(decide("bytes=0-0" + std::string(1'000'000, ',') + "500-500").parts.size() == 2);
  std::string attack = "bytes=0-";
  for (int i = 0; i < 1300; ++i) attack += ",5-" + std::to_string(i);
  CHECK(is_whole(decide(attack)));
}

TEST_CASE("decide_range makes no sum of what was sent") {  // CVE-2017-7529
  CHECK(bytes(decide("bytes=-600,-9223372036854775808,-9223372036854775808")) == ByteRange{0, 1000});
  CHECK(bytes(decide("bytes=-18446744073709551615,-1")) == ByteRange{0, 1000});
  CHECK(bytes(decide("bytes=0-18446744073709551615,1-18446744073709551615")) == ByteRange{0, 1000});
  CHECK(bytes(decide("bytes=0-,-18446744073709551615", kLargest)) == ByteRange{0, kLargest});
  CHECK(parts(decide("bytes=-1,0-0", kLargest)) == "18446744073709551614+1 0+1");
  CHECK(parts(decide("bytes=-1,18446744073709551613-18446744073709551613", kLargest)) ==
        "18446744073709551613+2");
  CHECK(parts(decide("bytes=-1,18446744073709551532-18446744073709551532", kLargest)) ==
        "18446744073709551614+1 18446744073709551532+1");
}

TEST_CASE("decide_range is for GET only") {
  for (const auto method : {Method::head, Method::post, Method::put, Method::options}) {
    CHECK(is_whole(decide_range(request({{"Range", "bytes=0-1"}}, method), kValidators, 1000, kNow)));
    CHECK(is_whole(decide_range(request({{"Range", "bytes=2000-"}}, method), kValidators, 1000, kNow)));
  }
  CHECK(is_whole(decide(std::vector<Field>{})));
}

TEST_CASE("If-Range keeps the range while the entity tag is the current one, compared strongly") {
  CHECK(bytes(decide({{"Range", "bytes=0-1"}, {"If-Range", "\"abc\""}})) == ByteRange{0, 2});
  CHECK(is_unsatisfiable(decide({{"Range", "bytes=2000-"}, {"If-Range", "\"abc\""}})));
  for (const std::string_view tag :
       {"\"x\"", "W/\"abc\"", "abc", "*", "", "\"abc\", \"x\"", "\"abc", "\"abc\" "}) {
    CAPTURE(tag);
    CHECK(is_whole(decide({{"Range", "bytes=0-1"}, {"If-Range", tag}})));
    CHECK(is_whole(decide({{"Range", "bytes=2000-"}, {"If-Range", tag}})));
  }
  CHECK(is_whole(decide({{"Range", "bytes=0-1"}, {"If-Range", "W/\"abc\""}}, 1000, kWeakValidators)));
  CHECK(is_whole(decide({{"Range", "bytes=0-1"}, {"If-Range", "\"abc\""}}, 1000, kWeakValidators)));
  CHECK(is_whole(decide({{"Range", "bytes=0-1"}, {"If-Range", "\"\""}}, 1000, {"", kModified})));
  CHECK(is_whole(decide({{"Range", "bytes=0-1"}, {"If-Range", "\"abc\""}, {"If-Range", "\"abc\""}})));
}

TEST_CASE("If-Range with a date keeps the range only when it is Last-Modified exactly") {
  CHECK(bytes(decide({{"Range", "bytes=0-1"}, {"If-Range", kModifiedDate}})) == ByteRange{0, 2});
  CHECK(bytes(decide({{"Range", "bytes=0-1"}, {"If-Range", "Sun Nov  6 08:49:37 1994"}})) == ByteRange{0, 2});
  for (const auto date : {kEarlierDate, kLaterDate, kFutureDate})
    CHECK(is_whole(decide({{"Range", "bytes=0-1"}, {"If-Range", date}})));
}

TEST_CASE("If-Range with a date does not trust a second that is not over") {
  const std::vector<Field> fields = {{"Range", "bytes=0-1"}, {"If-Range", kModifiedDate}};
  CHECK(is_whole(decide(fields, 1000, kValidators, kModified)));
  CHECK(is_whole(decide(fields, 1000, kValidators, kModified - 1)));
  CHECK(bytes(decide(fields, 1000, kValidators, kModified + 1)) == ByteRange{0, 2});
}
