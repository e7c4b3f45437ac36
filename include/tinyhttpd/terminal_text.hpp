// Lines for people who watch a server at a terminal: who speaks to whom, when, and what, safe to be shown.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tinyhttpd {

/// "4,096".
std::string with_commas(std::uint64_t number);

/// "1 byte", "4,096 bytes".
std::string count_of_bytes(std::uint64_t bytes);

/// "0.812 ms".
std::string in_milliseconds(std::chrono::microseconds time);

/// Raw bytes within quotes: what is neither a printable character of ASCII nor UTF-8 escaped, as are quotes
/// and backslashes. Of more than 60 bytes the first, and how many there are: `"abc…" 4,096 bytes in all`.
/// `all`: how many there are, where `bytes` are only the first of them, but at least 60 and three.
std::string excerpt(std::string_view bytes, std::uint64_t all);

/// Raw bytes that should be text, for the rest of a line: controls and what is no UTF-8 as \xHH, cut where it
/// grows too long for a line.
std::string shown(std::string_view text);

/// Who speaks to whom.
enum class Way {
  client_to_server,
  server,
  server_to_client,
  server_to_script,
  script_to_server,
  script,
  server_to_backend,
  backend_to_server,
  backend,
};

enum class Tone { plain, failure };

/// Makes the lines of one exchange: `#17      0.812 ms  server → script   runs as process 4242`. In colour
/// the number has one of six, so that exchanges which go on at once can be told apart.
class TerminalLines {
 public:
  TerminalLines(std::uint64_t id, bool colour) : id_(id), colour_(colour) {}

  /// `text`: of one line, and safe to be shown.
  std::string line(std::chrono::microseconds at, Way way, std::string_view text,
                   Tone tone = Tone::plain) const;

  /// A line that goes on with what the one before it began.
  std::string more(std::string_view text, Tone tone = Tone::plain) const;

 private:
  std::string number() const;
  std::string in_tone(std::string_view text, Tone tone) const;

  std::uint64_t id_;
  bool colour_;
};

}  // namespace tinyhttpd
