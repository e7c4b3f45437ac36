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
