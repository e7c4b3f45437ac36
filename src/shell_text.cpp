#include "tinyhttpd/shell_text.hpp"

#include <array>
#include <cstdio>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/log_text.hpp"
#include "tinyhttpd/utf8.hpp"

namespace tinyhttpd {

namespace {

// A line of output, and so of commands, is no longer: people read them, and editors too.
constexpr std::size_t kMaxPrintedBytes = 60;

// Of the format of printf, which a shell reads in single quotes.
std::string printf_form(char byte) {
  if (byte == '\n') return "\\n";
  if (byte == '%') return "%%";
  if (byte == '\\') return "\\\\";
  if (byte >= ' ' && byte <= '~' && byte != '\'') return std::string(1, byte);
  std::array<char, 8> octal{};
  std::snprintf(octal.data(), octal.size(), "\\%03o",
                static_cast<unsigned>(static_cast<unsigned char>(byte)));
  return octal.data();
}

// Controls of UTF-8's second kind, U+0080 to U+009F, and the characters that turn the direction of writing
// round, are printable to nobody either (the class of CVE-2021-42574).
bool is_invisible(std::string_view character) {
  const auto is_between = [character](std::string_view first, std::string_view last) {
    return character.size() == first.size() && first <= character && character <= last;
  };
  return is_between("\u0080", "\u009F") || is_between("\u2028", "\u202E") || is_between("\u2066", "\u2069");
}

}  // namespace

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

bool is_printable_text(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0 || is_control(text.front()) || is_invisible(text.substr(0, length))) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string shell_print(std::string_view bytes) {
  std::string commands;
  while (!bytes.empty()) {
    std::string format;
    std::size_t count = 0;
    while (count < bytes.size() && format.size() < kMaxPrintedBytes) {
      // A format must not look like an option.
      format += format.empty() && bytes[count] == '-' ? "\\055" : printf_form(bytes[count]);
      if (bytes[count++] == '\n') break;
    }
    commands.append("printf '").append(format) += "'\n";
    bytes.remove_prefix(count);
  }
  return commands;
}

std::string shell_comment(std::string_view text) {
  constexpr std::size_t kMost = 200;
  std::string comment;
  append_escaped(comment, text, kMost);
  return comment;
}

}  // namespace tinyhttpd
