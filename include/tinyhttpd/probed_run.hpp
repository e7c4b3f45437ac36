// One request that a script is tried with, and all that was seen while it answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tinyhttpd/script_failure.hpp"

namespace tinyhttpd {

/// What a request is there to find out.
enum class ProbeKind {
  get,
  get_again,
  head,
  query,
  search_words,
  path_info,
  form,
  empty_post,
  large_post,
  unknown_method,
  bare,             ///< no HTTP_* variable at all
  hostile,          ///< markup and line ends in what a script might repeat
  one_of_two,       ///< at the same time as another
  waiting_input,    ///< there is no body, yet standard input does not end for long
  more_than_length  ///< standard input goes on after the body
};

/// Bytes on standard input past CONTENT_LENGTH for the last two kinds: more than any buffered read takes by
/// itself.
inline constexpr std::size_t kExtraInputBytes = 256 * 1024;

struct Probe {
  ProbeKind kind;
  std::string name;  ///< for people: "GET with a query"
  std::string method = "GET";
  std::string path_info = {};  ///< after the script's name, encoded
  std::string query = {};      ///< "" for none
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::optional<std::string> body = {};  ///< sent with its Content-Length

  bool has_extra_input() const {
    return kind == ProbeKind::waiting_input || kind == ProbeKind::more_than_length;
  }
};

/// A run of a script. Texts are raw bytes.
struct ProbedRun {
  /// As much is kept of each stream.
  static constexpr std::size_t kKeptBytes = 1024 * 1024;

  Probe probe;
  std::string output = {}, errors = {};
  std::uint64_t output_bytes = 0, error_bytes = 0;  ///< how many there were
  std::optional<ScriptFailure> failure = {};
  std::optional<int> exit_code = {};  ///< none: it was never started
  std::optional<int> signal = {};     ///< that ended it
  std::uint64_t input_read = 0;       ///< bytes it took from standard input, where that is a pipe
  std::size_t processes_left = 0;     ///< in its group when it had ended by itself
  bool output_held = false;           ///< somebody outside of its group still holds its output
  std::int64_t microseconds = 0;      ///< from its start to its end
  std::int64_t ran_on = 0;            ///< microseconds from the end of its output to its own
};

}  // namespace tinyhttpd
