// What `tinyhttpd check` says: for people, and as JSON for programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/script_rules.hpp"

namespace tinyhttpd {

/// One request in short.
struct CheckedRequest {
  std::string name, method;
  int status = 0;  ///< what the client gets of it; 0: no answer of the script
  std::uint64_t output_bytes = 0, error_bytes = 0;
  std::int64_t microseconds = 0;
  std::optional<int> exit_code = {}, signal = {};  ///< none of both: it was not started
  std::string_view failure = {};                   ///< name_of(ScriptFault); "" for none
};

struct CheckReport {
  std::string script;  ///< as it was named on the command line
  std::vector<CheckedRequest> requests;
  std::vector<ScriptFinding> findings;  ///< in the order they are shown
  std::size_t left_out = 0;             ///< requests that were not tried, because others failed alike

  std::size_t count(Severity severity) const;
};

/// A block for each finding, grouped by severity: its rule and the requests that showed it on the first line,
/// then what holds, what was seen, and the cure. The last line is "N requests, N errors, N warnings". What
/// the script printed is escaped. `color`: with the colours of a terminal.
std::string report_for_people(const CheckReport& report, bool color);

/// One JSON object and a line end. Members: script, requests (each name, method, status or null,
/// output_bytes, error_bytes, milliseconds, exit_code or null, signal or null, failure or null), left_out,
/// findings (each rule, number, specification, severity, sentence, requests, seen, cure), errors, warnings,
/// notes.
std::string report_as_json(const CheckReport& report);

}  // namespace tinyhttpd
