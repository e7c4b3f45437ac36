#include "tinyhttpd/log_text.hpp"

#include <algorithm>

namespace tinyhttpd {

namespace {

constexpr std::string_view kEllipsis = "…";

bool is_printable(char byte) {
  return byte >= ' ' && byte <= '~';
}

bool is_plain(char byte) {
  return is_printable(byte) && byte != '"' && byte != '\\';
}

void append_hex(std::string& line, char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(byte);
  line.append("\\x").append(1, kDigits[value >> 4U]).append(1, kDigits[value & 0xFU]);
}

/// Says how much is left out, if anything is.
void append_cut_mark(std::string& line, std::size_t left_out) {
  if (left_out > 0) line.append("[+").append(std::to_string(left_out)).append("]");
}

}  // namespace

void append_escaped(std::string& line, std::string_view bytes, std::size_t most) {
  const std::size_t end = line.size() + most;
  while (!bytes.empty() && line.size() < end) {
    const auto* first_odd = std::find_if_not(bytes.begin(), bytes.end(), is_plain);
    const auto run = std::min(static_cast<std::size_t>(first_odd - bytes.begin()), end - line.size());
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
    const std::size_t piece = sentence.starts_with(kEllipsis) ? kEllipsis.size() : 1;
    if (piece > 1 || is_printable(sentence.front())) {
      line.append(sentence.substr(0, piece));
    } else {
      append_hex(line, sentence.front());
    }
    sentence.remove_prefix(piece);
  }
  append_cut_mark(line, sentence.size());
}

}  // namespace tinyhttpd
