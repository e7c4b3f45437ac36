#include "tinyhttpd/terminal_text.hpp"

#include <algorithm>
#include <array>

#include "tinyhttpd/log_text.hpp"

namespace tinyhttpd {

namespace {

constexpr std::size_t kExcerptBytes = 60;

/// With number, time and colours, a line stays within kMaxLogLineBytes.
constexpr std::size_t kMaxShownBytes = 2048;

constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kReset = "\x1b[0m";

/// Cyan, yellow, magenta, green, blue, bright cyan: readable on dark and on light.
constexpr std::array<std::string_view, 6> kColours = {"\x1b[36m", "\x1b[33m", "\x1b[35m",
                                                      "\x1b[32m", "\x1b[34m", "\x1b[96m"};

/// All as wide as the widest.
std::string_view name_of(Way way) {
  switch (way) {
    case Way::client_to_server: return "client → server ";
    case Way::server: return "server          ";
    case Way::server_to_client: return "server → client ";
    case Way::server_to_script: return "server → script ";
    case Way::script_to_server: return "script → server ";
    case Way::script: return "script          ";
    case Way::server_to_backend: return "server → backend";
    case Way::backend_to_server: return "backend → server";
    case Way::backend: return "backend         ";
  }
  return "";
}

constexpr std::size_t kTimeColumns = 12;  // "12345.678 ms"
constexpr std::size_t kWayColumns = 16;
constexpr std::size_t kGap = 2;

/// How many of `bytes` an excerpt shows: no letter is cut in two.
std::size_t excerpt_length(std::string_view bytes) {
  if (bytes.size() <= kExcerptBytes) return bytes.size();
  std::size_t length = kExcerptBytes;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(bytes[at]) & 0xC0U) == 0x80U;
  };
  while (length > kExcerptBytes - 3 && continues(length)) --length;
  return length;
}

/// Appends what stands between two of the bytes that have an escape of their own.
void append_run(std::string& text, std::string_view run) {
  append_sentence(text, run, 4 * run.size() + 4);
}

void append_quoted(std::string& text, std::string_view bytes) {
  constexpr std::string_view kNamed = "\r\n\t\"\\";
  constexpr std::string_view kNames = "rnt\"\\";
  for (;;) {
    const std::size_t end = std::min(bytes.find_first_of(kNamed), bytes.size());
    append_run(text, bytes.substr(0, end));
    if (end == bytes.size()) return;
    text.append(1, '\\').append(1, kNames[kNamed.find(bytes[end])]);
    bytes.remove_prefix(end + 1);
  }
}

}  // namespace

std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string count_of_bytes(std::uint64_t bytes) {
  return with_commas(bytes) + (bytes == 1 ? " byte" : " bytes");
}

std::string in_milliseconds(std::chrono::microseconds time) {
  const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
  const std::string fraction = std::to_string(1000 + count % 1000);
  return std::to_string(count / 1000) + "." + fraction.substr(1) + " ms";
}

std::string excerpt(std::string_view bytes, std::uint64_t all) {
  const std::size_t length = excerpt_length(bytes);
  std::string text = "\"";
  append_quoted(text, bytes.substr(0, length));
  if (length == all) return text.append("\" ").append(count_of_bytes(all));
  return text.append("…\" ").append(count_of_bytes(all)).append(" in all");
}

std::string shown(std::string_view text) {
  std::string line;
  append_sentence(line, text, kMaxShownBytes);
  return line;
}

std::string TerminalLines::line(std::chrono::microseconds at, Way way, std::string_view text,
                                Tone tone) const {
  std::string line = number();
  if (colour_) line += kDim;
  const std::string time = in_milliseconds(at);
  line.append(kTimeColumns - std::min(time.size(), kTimeColumns), ' ').append(time);
  line.append(kGap, ' ').append(name_of(way)).append(kGap, ' ');
  if (colour_) line += kReset;
  return line + in_tone(text, tone);
}

std::string TerminalLines::more(std::string_view text, Tone tone) const {
  constexpr std::size_t kIndent = 2;
  return number() + std::string(kTimeColumns + kGap + kWayColumns + kGap + kIndent, ' ') +
         in_tone(text, tone);
}

/// "#17 ".
std::string TerminalLines::number() const {
  const std::string text = "#" + std::to_string(id_);
  if (!colour_) return text + " ";
  return std::string(kColours[id_ % kColours.size()]).append(text).append(kReset).append(" ");
}

std::string TerminalLines::in_tone(std::string_view text, Tone tone) const {
  if (!colour_ || tone == Tone::plain) return std::string(text);
  return std::string(kRed).append(text).append(kReset);
}

}  // namespace tinyhttpd
