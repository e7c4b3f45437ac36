#include "tinyhttpd/text_difference.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace tinyhttpd;

namespace {

/// The lines as a person would see them: "-2 old", "+2 new".
std::string lines_of(const TextDifference& difference) {
  std::string text;
  for (const DifferentLine& line : difference.lines)
    text += (line.is_new ? "+" : "-") + std::to_string(line.number) + " " + line.text +
            (line.has_end ? "\n" : "|\n");
  return text;
}

std::string numbered(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i) text += std::to_string(i) + "\n";
  return text;
}

}  // namespace

TEST_CASE("compare_texts: the same bytes do not differ") {
  for (const std::string text : {"", "a", "a\nb\n", "\xff"}) {
    const TextDifference difference = compare_texts(text, text);
    CHECK(difference.same);
    CHECK(difference.lines.empty());
    CHECK(difference.now_bytes == text.size());
  }
}

TEST_CASE("compare_texts names the first byte that differs, its line, and what is around it") {
  const TextDifference difference = compare_texts("one\ntwo\nthree\n", "one\ntwx\nthree\n");
  CHECK_FALSE(difference.same);
  CHECK(difference.offset == 6);
  CHECK(difference.line == 2);
  CHECK(difference.before == "one\ntwo\nthree\n");
  CHECK(difference.now == "one\ntwx\nthree\n");
  CHECK(lines_of(difference) == "-2 two\n+2 twx\n");
}

TEST_CASE("compare_texts: where one text is the beginning of the other, its end differs") {
  const TextDifference difference = compare_texts("abc", "abcd");
  CHECK(difference.offset == 3);
  CHECK(difference.before == "abc");
  CHECK(lines_of(difference) == "-1 abc|\n+1 abcd|\n");
  CHECK(compare_texts("", "a").offset == 0);
  CHECK(lines_of(compare_texts("a\n", "a")) == "-1 a\n+1 a|\n");
}

TEST_CASE("compare_texts shows no more than a little on either side") {
  const std::string same(1000, 'a');
  const TextDifference difference = compare_texts(same + "b" + same, same + "c" + same);
  CHECK(difference.before == std::string(kContextBytes, 'a') + "b" + std::string(kContextBytes - 1, 'a'));
}

TEST_CASE("compare_texts matches lines that have moved, as diff does") {
  CHECK(lines_of(compare_texts("a\nb\nc\nd\n", "a\nc\nx\nd\n")) == "-2 b\n+3 x\n");
  CHECK(lines_of(compare_texts("b\n", "a\nb\n")) == "+1 a\n");
  CHECK(lines_of(compare_texts("a\na\n", "a\n")) == "-2 a\n");
}

TEST_CASE("compare_texts shows twenty lines, and counts the others") {
  const TextDifference difference = compare_texts(numbered(1, 30), "");
  CHECK(difference.lines.size() == kMostDifferentLines);
  CHECK(difference.lines_left_out == 10);
}

TEST_CASE("compare_texts compares very many different lines by their places") {
  const TextDifference difference = compare_texts(numbered(1, 3000), numbered(5001, 8000));
  CHECK(difference.lines.size() == kMostDifferentLines);
  CHECK(difference.lines[0].text == "1");
  CHECK(difference.lines[1].text == "5001");
  CHECK(difference.lines_left_out == 6000 - kMostDifferentLines);
}

TEST_CASE("compare_texts names no lines where a text is no UTF-8") {
  const TextDifference difference = compare_texts("a\n\xff\n", "a\nb\n");
  CHECK(difference.offset == 2);
  CHECK(difference.lines.empty());
  CHECK(difference.before == "a\n\xff\n");
}
