// The words for the failures of scripts, all of them, as templates. diagnosis.hpp fills them in.
#pragma once

#include <string_view>

namespace tinyhttpd {

struct ScriptFailure;

/// The three sentences of a Diagnosis. A mark stands for what only the failure itself knows:
///   {number}       ScriptFailure::number
///   {seconds}      the same, as a time: "30 s"
///   {error}        the same, as the words for an errno, after ": "; nothing for 0
///   {signal}       the same, as a signal: "11 (SIGSEGV)"
///   {detail}       ScriptFailure::detail, escaped
///   {quoted}       the same in quotation marks
///   {interpreter}  the program that it asks for, if it is a line 1, quoted
///   {: detail}     the same as {detail} after ": "; nothing when it is empty
///   {last line}    '; it ends with "…"'; nothing when it is empty
///   {step}         the same as {detail}; "exec" when it is empty
///   {outcome}      the same as {detail}; " before its header was complete" when it is empty
struct FailurePhrases {
  std::string_view what, why, cure;
};

/// The phrases for `failure`: by its fault and, where these tell more, its number and its detail.
const FailurePhrases& phrases_for(const ScriptFailure& failure);

/// The phrases for a process that was not started, or that ended before its time: by errno, by exit status,
/// by signal. For phrases_for.
const FailurePhrases& phrases_for_spawn(int error_number);
const FailurePhrases& phrases_for_exit(int status);
const FailurePhrases& phrases_for_signal(int signal);

}  // namespace tinyhttpd
