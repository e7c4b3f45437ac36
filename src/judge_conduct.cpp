#include "tinyhttpd/diagnosis.hpp"
#include "tinyhttpd/script_judges.hpp"

namespace tinyhttpd {
namespace {

constexpr std::int64_t kRanOnMicroseconds = 500 * 1000;

/// The rule that a line of the head breaks which the server refused.
ScriptRule rule_of(HeaderFault fault) {
  switch (fault) {
    case HeaderFault::bad_name: return ScriptRule::header_name;
    case HeaderFault::continued: return ScriptRule::header_folded;
    case HeaderFault::control_byte: return ScriptRule::header_value;
    case HeaderFault::bad_status: return ScriptRule::status_form;
    case HeaderFault::bad_location: return ScriptRule::location_form;
    case HeaderFault::repeated: return ScriptRule::repeated_cgi_field;
    case HeaderFault::none: return ScriptRule::empty_head;
    default: return ScriptRule::header_line;
  }
}

ScriptRule rule_of(const ScriptFailure& failure, const ProbedRun& run, bool non_parsed_header) {
  const bool is_silent_end = run.output_bytes == 0;
  switch (failure.fault) {
    case ScriptFault::bad_header:
      if (non_parsed_header) return ScriptRule::nph_status_line;
      return rule_of(static_cast<HeaderFault>(failure.number));
    case ScriptFault::no_output: return ScriptRule::no_output;
    case ScriptFault::no_blank_line: return ScriptRule::no_blank_line;
    case ScriptFault::head_too_large: return ScriptRule::head_too_large;
    case ScriptFault::exit_status: return is_silent_end ? ScriptRule::no_output : ScriptRule::no_blank_line;
    case ScriptFault::killed_by_signal: return ScriptRule::killed_by_signal;
    case ScriptFault::silent:
    case ScriptFault::too_long: return ScriptRule::timed_out;
    case ScriptFault::length_mismatch: return ScriptRule::content_length_wrong;
    default: return ScriptRule::does_not_run;
  }
}

std::string first_line_of(const std::string& text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

void judge_end(const ProbedRun& run, ScriptFindings& findings) {
  if (!run.failure && run.exit_code.value_or(0) != 0)
    findings.add(ScriptRule::exit_status, "it ended with status " + std::to_string(*run.exit_code));
  if (!run.failure && run.ran_on > kRanOnMicroseconds)
    findings.add(ScriptRule::runs_on,
                 "it ended " + std::to_string(run.ran_on / 1000) + " ms after it had closed its output");
  if (run.error_bytes > 0)
    findings.add(ScriptRule::standard_error,
                 std::to_string(run.error_bytes) + " bytes, first: " + first_line_of(run.errors));
}

/// Of a script that the server ended, all processes were ended with it.
bool was_ended(const ProbedRun& run) {
  if (!run.failure) return false;
  const ScriptFault fault = run.failure->fault;
  return fault == ScriptFault::silent || fault == ScriptFault::too_long;
}

void judge_processes(const ProbedRun& run, ScriptFindings& findings) {
  if (was_ended(run)) return;
  if (run.processes_left > 0)
    findings.add(ScriptRule::leaves_processes, std::to_string(run.processes_left) +
                                                   " of its processes ran on when it had ended, and were "
                                                   "killed");
  if (run.output_held)
    findings.add(ScriptRule::leaves_processes,
                 "a process that has left its group still holds its standard output, and runs on");
}

/// A buffered read takes whole blocks at once, whatever was asked for: that tells nothing, as long as it does
/// not go on to the end.
void judge_reading(const ProbedRun& run, ScriptFindings& findings) {
  constexpr std::uint64_t kBlockBytes = 4096;
  const std::uint64_t length = run.probe.body.value_or("").size();
  if (run.input_read <= length) return;
  const bool is_buffering = run.input_read % kBlockBytes == 0 && run.input_read < length + kExtraInputBytes;
  if (!is_buffering)
    findings.add(ScriptRule::reads_past_length, "it read " + std::to_string(run.input_read) +
                                                    " bytes, where CONTENT_LENGTH is " +
                                                    (run.probe.body ? std::to_string(length) : "not set"));
}

}  // namespace

void judge_conduct(const ProbedRun& run, bool non_parsed_header, ScriptFindings& findings) {
  if (run.probe.has_extra_input()) return judge_reading(run, findings);
  if (run.failure) {
    Diagnosis diagnosis = diagnose(*run.failure);
    findings.add(rule_of(*run.failure, run, non_parsed_header), std::move(diagnosis.what),
                 std::move(diagnosis.cure));
  }
  judge_end(run, findings);
  judge_processes(run, findings);
}

}  // namespace tinyhttpd
