#include "tinyhttpd/terminal_text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace tinyhttpd;
using namespace std::chrono_literals;

namespace {

std::string excerpt_of(std::string_view bytes) {
  return excerpt(bytes, bytes.size());
}

}  // namespace

TEST_CASE("with_commas groups the digits by three") {
  CHECK(with_commas(0) == "0");
  CHECK(with_commas(999) == "999");
  CHECK(with_commas(1000) == "1,000");
  CHECK(with_commas(999999) == "999,999");
  CHECK(with_commas(18446744073709551615U) == "18,446,744,073,709,551,615");
}

TEST_CASE("count_of_bytes knows the one") {
  CHECK(count_of_bytes(0) == "0 bytes");
  CHECK(count_of_bytes(1) == "1 byte");
  CHECK(count_of_bytes(4096) == "4,096 bytes");
}

TEST_CASE("in_milliseconds has three digits after the point") {
  CHECK(in_milliseconds(0us) == "0.000 ms");
  CHECK(in_milliseconds(7us) == "0.007 ms");
  CHECK(in_milliseconds(1200us) == "1.200 ms");
  CHECK(in_milliseconds(61s) == "61000.000 ms");
  CHECK(in_milliseconds(-5us) == "0.000 ms");
}

TEST_CASE("excerpt shows all of few bytes, on one line") {
  CHECK(excerpt_of("") == "\"\" 0 bytes");
  CHECK(excerpt_of("a") == "\"a\" 1 byte");
  CHECK(excerpt_of("a: b\r\n\r\n\t\"q\" \\") == "\"a: b\\r\\n\\r\\n\\t\\\"q\\\" \\\\\" 14 bytes");
  CHECK(excerpt_of("grün") == "\"grün\" 5 bytes");
}

TEST_CASE("excerpt lets nothing through that a terminal would obey") {
  CHECK(excerpt_of("\x1b[2J") == "\"\\x1b[2J\" 4 bytes");
  CHECK(excerpt_of(std::string_view("\0\x7f\xff", 3)) == "\"\\x00\\x7f\\xff\" 3 bytes");
  CHECK(excerpt_of("\xc2\x9b") == "\"\\xc2\\x9b\" 2 bytes");  // the C1 form of ESC [
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = excerpt_of(std::string(3, static_cast<char>(byte)));
    CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }));
  }
}

TEST_CASE("excerpt shows the first 60 of many bytes, and says how many there are") {
  const std::string sixty(60, 'a');
  CHECK(excerpt_of(sixty) == "\"" + sixty + "\" 60 bytes");
  CHECK(excerpt_of(sixty + "b") == "\"" + sixty + "…\" 61 bytes in all");
  CHECK(excerpt(sixty + "bcd", 4096) == "\"" + sixty + "…\" 4,096 bytes in all");
  CHECK(excerpt_of(std::string(59, 'a') + "ü") == "\"" + std::string(59, 'a') + "…\" 61 bytes in all");
}

TEST_CASE("shown keeps what people read, and the end of a line out") {
  CHECK(shown("it's \"grün\"") == "it's \"grün\"");
  CHECK(shown("a\nb\x1b[0m") == "a\\x0ab\\x1b[0m");
  CHECK(shown(std::string(5000, 'x')).size() < 2200);
}

TEST_CASE("TerminalLines put number, time and direction into columns") {
  const TerminalLines lines(17, false);
  CHECK(lines.line(812us, Way::server_to_script, "starts") == "#17     0.812 ms  server → script   starts");
  CHECK(lines.line(12345678us, Way::backend, "ends") == "#17 12345.678 ms  backend           ends");
  CHECK(lines.more("A=b") == "#17 " + std::string(34, ' ') + "A=b");
  // Longer than its column: the rest moves.
  CHECK(lines.line(123456789us, Way::server, "x").starts_with("#17 123456.789 ms  server "));
}

TEST_CASE("TerminalLines in colour end every colour they begin") {
  const TerminalLines lines(17, true);
  CHECK(lines.line(812us, Way::script, "oh", Tone::failure) ==
        "\x1b[96m#17\x1b[0m \x1b[2m    0.812 ms  script            \x1b[0m\x1b[31moh\x1b[0m");
  CHECK(lines.more("A=b") == "\x1b[96m#17\x1b[0m " + std::string(34, ' ') + "A=b");
  CHECK(TerminalLines(18, true).more("x").substr(0, 5) != lines.more("x").substr(0, 5));
}
