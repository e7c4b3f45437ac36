// What `tinyhttpd replay` has to say: a script's run beside the one that was recorded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tinyhttpd/text_difference.hpp"

namespace tinyhttpd {

/// All texts are raw bytes in which secrets are masked.
struct ReplayReport {
  std::uint64_t exchange = 0;
  std::string script;                 ///< its URL path
  std::vector<std::string> masked;    ///< variables whose values the file does not tell, and nobody else did
  std::vector<std::string> damaged;   ///< variables whose values held bytes that no JSON can hold
  std::vector<std::string> set;       ///< variables that were changed or added
  std::string not_run;                ///< why the script was not started, or not left to end; "": it was
  std::string exit_before, exit_now;  ///< in words: "ended with exit status 0"
  std::string failure_before, failure_now;  ///< names of ScriptFaults; "": none
  std::string failure_words;                ///< a sentence for failure_now
  TextDifference head, body, errors;
  std::optional<std::int64_t> before_microseconds;  ///< from start to end; nothing: not known
  std::optional<std::int64_t> now_microseconds;     ///< nothing: not started

  /// Whether all was as before. Time does not count.
  bool is_same() const;
};

/// For people: a line for each thing that was compared, and below it what differs.
std::string report_for_people(const ReplayReport& report);

/// The same as JSON.
std::string report_as_json(const ReplayReport& report);

}  // namespace tinyhttpd
