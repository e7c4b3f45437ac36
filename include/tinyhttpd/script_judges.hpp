// Holds what a script did to the rules: each judge looks at one side of it.
#pragma once

#include <vector>

#include "tinyhttpd/probed_run.hpp"
#include "tinyhttpd/script_output.hpp"
#include "tinyhttpd/script_rules.hpp"

namespace tinyhttpd {

/// How it ran: whether it started, answered, ended, and what it left behind or read too much.
void judge_conduct(const ProbedRun& run, bool non_parsed_header, ScriptFindings& findings);

/// Each line and each field of its head by itself.
void judge_head(const ScriptOutput& output, bool non_parsed_header, ScriptFindings& findings);

/// What the head says of Location, Status and the other fields together (RFC 3875 section 6.2).
void judge_answer(const ProbedRun& run, const ScriptOutput& output, bool non_parsed_header,
                  ScriptFindings& findings);

/// The body: its type, charset and length, and what it repeats of the request.
void judge_body(const ProbedRun& run, const ScriptOutput& output, bool non_parsed_header,
                ScriptFindings& findings);

/// One run by all of the judges above.
void judge_run(const ProbedRun& run, bool non_parsed_header, ScriptFindings& findings);

/// What only several runs show together. Those that are missing are not compared.
void compare_runs(const std::vector<ProbedRun>& runs, bool non_parsed_header, ScriptFindings& findings);

}  // namespace tinyhttpd
