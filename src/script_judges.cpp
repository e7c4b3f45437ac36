#include "tinyhttpd/script_judges.hpp"

#include <algorithm>

namespace tinyhttpd {
namespace {

const ProbedRun* find(const std::vector<ProbedRun>& runs, ProbeKind kind) {
  const auto found = std::find_if(runs.begin(), runs.end(), [kind](const ProbedRun& run) {
    return run.probe.kind == kind && !run.failure;
  });
  return found == runs.end() ? nullptr : &*found;
}

std::string value_of(const ScriptOutput& output, std::string_view name) {
  const Field* field = output.find(name);
  return field == nullptr ? "none" : std::string(field->value);
}

/// What is different in two heads that should be alike; "" where nothing is.
std::string difference(const ScriptOutput& a, const ScriptOutput& b) {
  if (!a.has_head || !b.has_head) return {};
  if (a.status != b.status)
    return "status " + std::to_string(b.status) + " and not " + std::to_string(a.status);
  for (const std::string_view name : {"Content-Type", "Location"})
    if (value_of(a, name) != value_of(b, name))
      return std::string(name) + " is " + value_of(b, name) + " and not " + value_of(a, name);
  return {};
}

void compare_with_parallel(const ScriptOutput& get, const ProbedRun& run, bool non_parsed_header,
                           ScriptFindings& findings) {
  findings.begin(run.probe.name);
  const std::string seen = run.failure ? "it failed, and did not alone"
                                       : difference(get, read_script_output(run.output, non_parsed_header));
  if (!seen.empty()) findings.add(ScriptRule::parallel_differs, seen);
}

/// A script that wants more than it may have fails at the end of standard input, and does well where more
/// follows.
void compare_with_extra_input(const std::vector<ProbedRun>& runs, ProbeKind usual, ProbeKind extra,
                              ScriptFindings& findings) {
  const auto exit_code = [&runs](ProbeKind kind) {
    const auto run =
        std::find_if(runs.begin(), runs.end(), [kind](const auto& each) { return each.probe.kind == kind; });
    return run == runs.end() ? std::nullopt : run->exit_code;
  };
  if (exit_code(usual).value_or(0) == 0 || exit_code(extra) != 0) return;
  findings.add(ScriptRule::reads_past_length,
               "it ends with status " + std::to_string(*exit_code(usual)) +
                   ", but with 0 when standard input goes on past CONTENT_LENGTH");
}

}  // namespace

void judge_run(const ProbedRun& run, bool non_parsed_header, ScriptFindings& findings) {
  findings.begin(run.probe.name);
  judge_conduct(run, non_parsed_header, findings);
  // What it answers to a client that breaks off its request, or goes on after it, is nobody's business.
  if (run.probe.has_extra_input()) return;
  const ScriptOutput output = read_script_output(run.output, non_parsed_header);
  judge_head(output, non_parsed_header, findings);
  judge_answer(run, output, non_parsed_header, findings);
  judge_body(run, output, non_parsed_header, findings);
}

void compare_runs(const std::vector<ProbedRun>& runs, bool non_parsed_header, ScriptFindings& findings) {
  findings.begin("GET with open standard input");
  compare_with_extra_input(runs, ProbeKind::get, ProbeKind::waiting_input, findings);
  const ProbedRun* get = find(runs, ProbeKind::get);
  if (get == nullptr) return;
  const ScriptOutput output = read_script_output(get->output, non_parsed_header);
  if (const ProbedRun* head = find(runs, ProbeKind::head)) {
    findings.begin(head->probe.name);
    const std::string seen = difference(output, read_script_output(head->output, non_parsed_header));
    if (!seen.empty()) findings.add(ScriptRule::head_differs, seen);
  }
  if (const ProbedRun* again = find(runs, ProbeKind::get_again)) {
    findings.begin(again->probe.name);
    if (read_script_output(again->output, non_parsed_header).body != output.body)
      findings.add(ScriptRule::answers_differ, "the second body is another one");
  }
  for (const ProbedRun& run : runs)
    if (run.probe.kind == ProbeKind::one_of_two)
      compare_with_parallel(output, run, non_parsed_header, findings);
}

}  // namespace tinyhttpd
