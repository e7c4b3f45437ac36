#include "tinyhttpd/log_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace tinyhttpd;
using namespace std::string_view_literals;

namespace {

std::string escaped(std::string_view bytes, std::size_t most = 4096) {
  std::string line;
  append_escaped(line, bytes, most);
  return line;
}

std::string sentence(std::string_view bytes, std::size_t most = 4096) {
  std::string line;
  append_sentence(line, bytes, most);
  return line;
}

std::string json_text(std::string_view bytes, std::size_t most = 4096) {
  std::string line;
  append_json_text(line, bytes, most);
  return line;
}

}  // namespace

TEST_CASE("append_escaped leaves nothing but printable ASCII") {
  struct Row {
    std::string_view bytes;
    const char* shown;
  };
  const Row rows[] = {
      {"", ""},
      {"GET /a%20b?c=d HTTP/1.1 ~", "GET /a%20b?c=d HTTP/1.1 ~"},
      {"a\nb\r\n", "a\\x0ab\\x0d\\x0a"},
      {"\x1b[2J", "\\x1b[2J"},
      {"\x9b"
       "2J",
       "\\x9b2J"},  // CSI in one byte
      {"say \"hi\"", "say \\x22hi\\x22"},
      {"\\x41", "\\x5cx41"},
      {"a\0b"sv, "a\\x00b"},
      {"\t\x7f", "\\x09\\x7f"},
      {"\xff\xfe", "\\xff\\xfe"},
      {"ä", "\\xc3\\xa4"},
  };
  for (const Row& row : rows) CHECK(escaped(row.bytes) == row.shown);
}

TEST_CASE("append_escaped of every byte is printable and says which byte it was") {
  for (int value = 0; value < 256; ++value) {
    std::string shown = escaped(std::string(1, static_cast<char>(value)));
    bool is_itself = shown.size() == 1 && static_cast<unsigned char>(shown[0]) == value;
    bool is_hex =
        shown.size() == 4 && shown.substr(0, 2) == "\\x" && std::stoi(shown.substr(2), nullptr, 16) == value;
    CHECK((is_itself || is_hex));
  }
}

TEST_CASE("append_escaped cuts between bytes and says how many it left out") {
  CHECK(escaped("abcdef", 6) == "abcdef");
  CHECK(escaped("abcdefg", 6) == "abcdef[+1]");
  CHECK(escaped("ab\ncd", 5) == "ab[+3]");
  CHECK(escaped("ab\ncd", 6) == "ab\\x0a[+2]");
  CHECK(escaped("a", 0) == "[+1]");
  for (std::size_t most = 0; most < 40; ++most)
    CHECK(escaped("ab\x01\x02 cd\"ef\n", most).size() <= most + kMaxCutMarkBytes);
}

TEST_CASE("append_sentence keeps quotes, backslashes and the ellipsis, and lets no control byte through") {
  CHECK(sentence("it wrote \"a\\x1b\"…") == "it wrote \"a\\x1b\"…");
  CHECK(sentence("a\x1b[31m\nb\x9b") == "a\\x1b[31m\\x0ab\\x9b");
  CHECK(sentence("abcdefgh", 8) == "abcde[+3]");
  CHECK(sentence("aaa…", 7) == "aaa…");
}

TEST_CASE("append_json_text writes a JSON string that no terminal obeys") {
  struct Row {
    std::string_view bytes;
    const char* shown;
  };
  const Row rows[] = {
      {"", R"("")"},
      {"/a b?c=d&e='f'", R"("/a b?c=d&e='f'")"},
      {R"(say "hi" \)", R"("say \"hi\" \\")"},
      {"a\nb\r\t"sv, R"("a\u000ab\u000d\u0009")"},
      {"\0\x1b[2J\x7f"sv, R"("\u0000\u001b[2J\u007f")"},
      {"\xc2\x9b", R"("\u009b")"},  // CSI in UTF-8
      {"größer 𝄞", R"("größer 𝄞")"},
      {"a\xff\xc3", "\"a\xEF\xBF\xBD\xEF\xBF\xBD\""},                // no UTF-8: U+FFFD each
      {"\xed\xa0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},  // a surrogate
      {"\xc0\xaf", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},                  // overlong
  };
  for (const Row& row : rows) CHECK(json_text(row.bytes) == row.shown);
}

TEST_CASE("append_json_text cuts between characters, keeps what just fits, and never takes more") {
  CHECK(json_text("abcdef", 6) == "\"abcdef\"");
  CHECK(json_text("abcdefg", 6) == "\"abc…\"");
  CHECK(json_text("ab\"defg", 6) == "\"ab…\"");
  CHECK(json_text("äöü", 6) == "\"äöü\"");
  CHECK(json_text("äöüa", 6) == "\"ä…\"");
  CHECK(json_text("\n\n", 11) == "\"\\u000a…\"");
  for (const std::string_view piece : {"a", "ä", "𝄞", "\"", "\x01", "\xff"}) {
    std::string bytes;
    for (int i = 0; i < 40; ++i) bytes += piece;
    for (std::size_t most = 3; most < 60; ++most) CHECK(json_text(bytes, most).size() <= most + 2);
  }
}
