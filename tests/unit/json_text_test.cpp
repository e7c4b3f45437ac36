#include "tinyhttpd/json_text.hpp"

#include <doctest/doctest.h>

#include <ctime>
#include <string>
#include <string_view>

using namespace tinyhttpd;
using namespace std::string_view_literals;

namespace {

bool is_json(std::string_view text) {
  return check_json(text, "").has_value();
}

// What is wrong with the text; "" when nothing is.
std::string problem_of(std::string_view text) {
  auto checked = check_json(text, "");
  return checked ? "" : checked.error();
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string whole;
  for (std::size_t i = 0; i < times; ++i) whole += text;
  return whole;
}

std::string nested(std::string_view open, std::string_view close, std::size_t depth) {
  return repeated(open, depth) + repeated(close, depth);
}

}  // namespace

TEST_CASE("check_json accepts every form that RFC 8259 gives a value") {
  for (const std::string_view text :
       {// Literals and white space (sections 2 and 3)
        "null"sv, "true"sv, "false"sv, " null"sv, "null "sv, "\n\tnull\r\n"sv, "\r\n[ \t1 \n,\r2 ]"sv,
        // Objects and arrays (sections 4 and 5)
        "{}"sv, "[]"sv, "{ }"sv, "[ ]"sv, R"({"a":1})"sv, R"({"a":1,"b":2})"sv, R"({"":0})"sv,
        R"({"a":{"a":{"a":1}}})"sv, R"([{"a":1},{"a":1}])"sv, R"({"a":1,"A":2})"sv, "[[],[[]],{}]"sv,
        R"([1,"a",null,true,{}])"sv, R"({ "a" : [ 1 , 2 ] })"sv,
        // Numbers (section 6)
        "0"sv, "-0"sv, "-1"sv, "10"sv, "1.5"sv, "0.0"sv, "-0.0"sv, "1e5"sv, "1E5"sv, "1e+5"sv, "1e-5"sv,
        "0e0"sv, "1.25e-3"sv, "1e308"sv, "1e-999999"sv, "123456789012345678901234567890"sv,
        "-9223372036854775808"sv, "18446744073709551615"sv,
        // Strings (section 7)
        R"("")"sv, R"("a")"sv, R"("\"\\\/\b\f\n\r\t")"sv, R"("\u0000")"sv, R"("\u20AC\u20ac")"sv,
        R"("\uD834\uDD1E")"sv, R"("\\u12")"sv, "\"\x7F\""sv, "\"\xE2\x82\xAC \xF0\x9D\x84\x9E\""sv,
        "\"\xF4\x8F\xBF\xBF\""sv, "\"\xEF\xBB\xBF\""sv, "\"/* no comment */ // none\""sv, R"("[[[[{{{{")"sv,
        R"({"\u0061":1,"b":2})"sv}) {
    CAPTURE(text);
    CHECK(problem_of(text) == "");
  }
}

TEST_CASE("check_json refuses what is no value") {
  for (const std::string_view text : {""sv,
                                      " "sv,
                                      "nul"sv,
                                      "nulll"sv,
                                      "Null"sv,
                                      "TRUE"sv,
                                      "True"sv,
                                      "None"sv,
                                      "undefined"sv,
                                      "NaN"sv,
                                      "Infinity"sv,
                                      "-Infinity"sv,
                                      "a"sv,
                                      "<html>"sv,
                                      "{}}"sv,
                                      "{} {}"sv,
                                      "1 2"sv,
                                      "null,"sv,
                                      "[]x"sv,
                                      "\v1"sv,
                                      "\f1"sv,
                                      "\xC2\xA0"
                                      "1"sv}) {
    CAPTURE(text);
    CHECK_FALSE(is_json(text));
  }
}

TEST_CASE("check_json refuses objects and arrays that are not written to the end, or otherwise") {
  for (const std::string_view text : {"{"sv,
                                      "["sv,
                                      "]"sv,
                                      "}"sv,
                                      "[1"sv,
                                      "[1,"sv,
                                      "[1,]"sv,
                                      "[,1]"sv,
                                      "[,]"sv,
                                      "[1,,2]"sv,
                                      "[1 2]"sv,
                                      "[1;2]"sv,
                                      "[1}"sv,
                                      "{1:2}"sv,
                                      "{a:1}"sv,
                                      "{'a':1}"sv,
                                      R"({"a"})"sv,
                                      R"({"a":})"sv,
                                      R"({"a":1,})"sv,
                                      R"({,})"sv,
                                      R"({"a" 1})"sv,
                                      R"({"a"::1})"sv,
                                      R"({"a":1 "b":2})"sv,
                                      R"({"a":1]})"sv,
                                      R"({"a":1)"sv,
                                      R"({null:1})"sv,
                                      R"({"a",1})"sv,
                                      R"(["a":1])"sv,
                                      "[1]/**/"sv,
                                      "/**/[1]"sv,
                                      "[1 // one\n]"sv,
                                      "[1] # one"sv,
                                      "(1)"sv}) {
    CAPTURE(text);
    CHECK_FALSE(is_json(text));
  }
}

TEST_CASE("check_json refuses numbers that RFC 8259 does not know, and those past the range of a double") {
  for (const std::string_view text :
       {"+1"sv,  "01"sv,    "-01"sv,      "00"sv,        "1."sv,      ".5"sv,   "-.5"sv,
        "1e"sv,  "1e+"sv,   "1.e1"sv,     "-"sv,         "--1"sv,     "0x10"sv, "1_000"sv,
        "1,5"sv, "1e5.5"sv, "1e999999"sv, "-1e999999"sv, "1.8e308"sv, "1f"sv,   "\xEF\xBC\x91"sv}) {
    CAPTURE(text);
    CHECK_FALSE(is_json(text));
  }
  CHECK_FALSE(is_json("1" + repeated("0", 400)));
}

TEST_CASE("check_json refuses strings with control bytes, bad escapes, half surrogates or no UTF-8") {
  for (const std::string_view text : {"\""sv,
                                      "\"a"sv,
                                      "'a'"sv,
                                      "\"\n\""sv,
                                      "\"\t\""sv,
                                      "\"\x1F\""sv,
                                      R"("\")"sv,
                                      R"("\x41")"sv,
                                      R"("\a")"sv,
                                      R"("\'")"sv,
                                      R"("\U0041")"sv,
                                      R"("\u")"sv,
                                      R"("\u12")"sv,
                                      R"("\u12G4")"sv,
                                      R"("\u{41}")"sv,
                                      R"("\uD834")"sv,
                                      R"("\uDD1E")"sv,
                                      R"("\uDD1E\uD834")"sv,
                                      R"("\uD834\u0041")"sv,
                                      R"("\uD834x")"sv,
                                      R"("\uD834\n")"sv,
                                      "\"\x80\""sv,
                                      "\"\xC3\""sv,
                                      "\"\xC0\xAF\""sv,
                                      "\"\xE0\x80\x80\""sv,
                                      "\"\xED\xA0\x80\""sv,
                                      "\"\xF4\x90\x80\x80\""sv,
                                      "\"\xF8\x88\x80\x80\x80\""sv,
                                      "\"\xFF\""sv,
                                      "{\"\xFF\":1}"sv}) {
    CAPTURE(text);
    CHECK_FALSE(is_json(text));
  }
}

TEST_CASE("check_json refuses a NUL byte wherever it stands") {
  for (const std::string_view text :
       {"\0"sv, "\0{}"sv, "{}\0"sv, "{}\0garbage"sv, "[1,\0 2]"sv, "\"\0\""sv, "\"\\\0\""sv, "1\0"sv}) {
    CAPTURE(text.size());
    CHECK_FALSE(is_json(text));
  }
  CHECK(problem_of("{\n}\0"sv) == "line 2, column 2: a NUL byte");
}

TEST_CASE("check_json refuses byte order marks and other encodings than UTF-8") {
  CHECK(problem_of("\xEF\xBB\xBF{}").find("byte order mark") != std::string::npos);
  CHECK_FALSE(is_json(" \xEF\xBB\xBF{}"));
  CHECK_FALSE(is_json("\xFF\xFE{\0}\0"sv));
  CHECK_FALSE(is_json("\xFE\xFF\0{\0}"sv));
  CHECK_FALSE(is_json("{\0}\0"sv));
  CHECK_FALSE(is_json("\0{\0}"sv));
}

// Two readers may each believe another of them.
TEST_CASE("check_json refuses an object that names a member twice, at any depth and in any spelling") {
  CHECK(problem_of(R"({"a":1,"b":2,"a":1})") == R"(the member "a" is named twice in one object)");
  for (const std::string_view text :
       {R"({"a":1,"\u0061":2})"sv, R"([[{"x":{"b":1,"c":2,"b":{}}}]])"sv, R"({"":1,"":2})"sv,
        R"({"a":{"b":1},"c":2,"a":{}})"sv, R"({"b":[{"a":1},{"a":1}],"b":2})"sv}) {
    CAPTURE(text);
    CHECK_FALSE(is_json(text));
  }
  CHECK(is_json(R"({"a":{"a":[{"a":1},{"a":2}]},"b":{"a":1}})"));
}

TEST_CASE("check_json takes nesting up to its limit and no further") {
  CHECK(is_json(nested("[", "]", kMaxJsonDepth)));
  CHECK(is_json(repeated("{\"a\":", kMaxJsonDepth - 1) + "{}" + repeated("}", kMaxJsonDepth - 1)));
  CHECK(problem_of(nested("[", "]", kMaxJsonDepth + 1)) == "line 1, column 65: nested deeper than 64");
  CHECK(is_json("[" + repeated("[],{},", 1000) + "1]"));
  CHECK(is_json("[\"" + repeated("[", 100) + "\\\"" + repeated("{", 100) + "\\\\\"]"));
  CHECK_FALSE(is_json("[\"\\\\\"," + nested("[", "]", kMaxJsonDepth) + "]"));
  for (const std::string_view open : {"["sv, "{\"a\":"sv, "[{\"a\":"sv, "[[],"sv}) {
    CAPTURE(open);
    CHECK(problem_of(repeated(open, 100'000)).find("nested deeper than 64") != std::string::npos);
  }
}

TEST_CASE("check_json says where the text goes wrong") {
  CHECK(problem_of("{\"a\": x}").starts_with("line 1, column 7: "));
  CHECK(problem_of("{\n  \"a\": 1,\n}").starts_with("line 3, column 1: "));
  CHECK(problem_of("[1,2").starts_with("line 1, column 5: "));
  CHECK(problem_of("Warning: something\n{}").starts_with("line 1, column 1: "));
  CHECK(problem_of("{}\nDone.").starts_with("line 2, column 1: "));
  CHECK(problem_of("[1e999999]").find("number overflow") != std::string::npos);
}

TEST_CASE("check_json never repeats much of a text") {
  CHECK(problem_of("\"" + std::string(100'000, 'x')).size() < 200);
  CHECK(problem_of(std::string(100'000, '1')).size() < 200);
  const std::string name = "\"" + std::string(100'000, 'x') + "\":1";
  CHECK(problem_of("{" + name + "," + name + "}").size() < 200);
}

TEST_CASE("check_json refuses a text that is cut at any byte") {
  constexpr std::string_view kText =
      R"({"a":[1,-2.5e+3,"\uD834\uDD1E\n",{"b":null}],"c":{"d":true,"e":false},"f":""})";
  CHECK(is_json(kText));
  for (std::size_t length = 0; length < kText.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(is_json(kText.substr(0, length)));
  }
}

TEST_CASE("check_json tells an object with a member, a bare string, and everything else") {
  CHECK(check_json(R"({"a":1,"b":2})", "b")->has_member);
  CHECK(check_json(R"({"\u0062":null})", "b")->has_member);
  CHECK_FALSE(check_json(R"({"a":{"b":1}})", "b")->has_member);
  CHECK_FALSE(check_json(R"([{"b":1}])", "b")->has_member);
  CHECK_FALSE(check_json(R"({"a":"b"})", "b")->has_member);
  CHECK_FALSE(check_json(R"("b")", "b")->has_member);
  CHECK(check_json(R"( "a\u0000\n" )", "b")->bare_string == "a\0\n"sv);
  CHECK(check_json(R"("")", "b")->bare_string == "");
  CHECK_FALSE(check_json(R"(["a"])", "b")->bare_string);
  CHECK_FALSE(check_json(R"({"a":"b"})", "b")->bare_string);
}

// Time of the processor, which does not count what else the machine does. What is quadratic takes sixteen
// times as long for four times as much.
TEST_CASE("check_json takes time in proportion to its text, whatever the number of members or elements") {
  const auto milliseconds = [](const std::string& text) {
    const std::clock_t start = std::clock();
    CHECK(is_json(text));
    return 1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  };
  const auto object = [](int members) {
    std::string text = "{\"first\":0";
    for (int i = 0; i < members; ++i) text += ",\"" + std::to_string(i) + "\":1";
    return text + "}";
  };
  CHECK(milliseconds(object(200'000)) < 10 * milliseconds(object(50'000)) + 100);
  CHECK(is_json("[0" + repeated(",[]", 200'000) + "]"));
}
