#include "tinyhttpd/log_text.hpp"

#include <algorithm>

#include "tinyhttpd/utf8.hpp"

namespace tinyhttpd {

namespace {

constexpr std::string_view kEllipsis = "\xE2\x80\xA6";     // …
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_printable(char byte) {
  return byte >= ' ' && byte <= '~';
}

bool is_plain(char byte) {
  return is_printable(byte) && byte != '"' && byte != '\\';
}

/// How many bytes at the beginning of `text` every log shows as they are.
std::size_t plain_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_plain(text[length])) ++length;
  return length;
}

/// Appends the two digits after `lead`.
void append_hex(std::string& line, char byte, std::string_view lead = "\\x") {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(byte);
  line.append(lead).append(1, kDigits[value >> 4U]).append(1, kDigits[value & 0xFU]);
}

/// The length of the letter `text` begins with; 0 when it is none a terminal should see: a control, also one
/// of those that UTF-8 writes in two bytes (U+0080 to U+009F), or no UTF-8.
std::size_t readable_length(std::string_view text) {
  if (static_cast<unsigned char>(text.front()) < 0x80) return is_printable(text.front()) ? 1 : 0;
  const bool is_c1_control =
      text.size() > 1 && text[0] == '\xC2' && static_cast<unsigned char>(text[1]) < 0xA0;
  return is_c1_control ? 0 : utf8_length(text);
}

/// Says how much is left out, if anything is.
void append_cut_mark(std::string& line, std::size_t left_out) {
  if (left_out > 0) line.append("[+").append(std::to_string(left_out)).append("]");
}

/// What stands in a JSON string for the character `text` begins with, which is taken off its front.
std::string take_json_character(std::string_view& text) {
  std::string character;
  const char first = text.front();
  const std::size_t length = utf8_length(text);
  if (readable_length(text) > 0) {
    if (first == '"' || first == '\\') character += '\\';
    character.append(text.substr(0, length));
  } else if (length > 0) {
    append_hex(character, text[length - 1], "\\u00");  // a control; in UTF-8 its last byte is its number
  } else {
    character = kReplacement;
  }
  text.remove_prefix(std::max<std::size_t>(length, 1));
  return character;
}

}  // namespace

void append_escaped(std::string& line, std::string_view bytes, std::size_t most) {
  const std::size_t end = line.size() + most;
  while (!bytes.empty() && line.size() < end) {
    const std::size_t run = std::min(plain_length(bytes), end - line.size());
    line.append(bytes.substr(0, run));
    bytes.remove_prefix(run);
    if (bytes.empty() || is_plain(bytes.front())) continue;
    if (line.size() + 4 > end) break;
    append_hex(line, bytes.front());
    bytes.remove_prefix(1);
  }
  append_cut_mark(line, bytes.size());
}

void append_sentence(std::string& line, std::string_view sentence, std::size_t most) {
  const std::size_t end = line.size() + most;
  while (!sentence.empty() && line.size() + 4 <= end) {
    const std::size_t letter = readable_length(sentence);
    if (letter > 0) line.append(sentence.substr(0, letter));
    if (letter == 0) append_hex(line, sentence.front());
    sentence.remove_prefix(std::max<std::size_t>(letter, 1));
  }
  append_cut_mark(line, sentence.size());
}

void append_json_text(std::string& line, std::string_view bytes, std::size_t most) {
  line += '"';
  const std::size_t end = line.size() + most;
  std::size_t last_cut = line.size();  // where "…" would still fit
  while (!bytes.empty()) {
    const std::size_t most_run = end - std::min(end, line.size() + kEllipsis.size());
    if (const std::size_t run = std::min(plain_length(bytes), most_run); run > 0) {
      line.append(bytes.substr(0, run));
      bytes.remove_prefix(run);
      last_cut = line.size();
      continue;
    }
    const std::string character = take_json_character(bytes);
    if (line.size() + character.size() > end) {
      line.resize(last_cut);
      line += kEllipsis;
      break;
    }
    line += character;
    if (line.size() + kEllipsis.size() <= end) last_cut = line.size();
  }
  line += '"';
}

}  // namespace tinyhttpd
