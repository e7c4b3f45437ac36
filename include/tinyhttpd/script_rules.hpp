// What a script must, should and had better do: the rules that `tinyhttpd check` holds one to, as data.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tinyhttpd {

/// How much a broken rule matters.
enum class Severity {
  error,    ///< a MUST of its specification, or nothing is answered at all
  warning,  ///< a SHOULD, a MUST that every server makes good, or what goes wrong somewhere else or some day
  note,     ///< worth knowing, and often meant so
};

/// "error", "warning", "note".
std::string_view name_of(Severity severity);

/// The rules, in the order of their numbers. New ones go to the end: the numbers are for outside programs,
/// too.
enum class ScriptRule {
  does_not_run,
  no_output,
  no_blank_line,
  empty_head,
  header_line,
  header_name,
  header_folded,
  header_value,
  head_too_large,
  no_cgi_field,
  repeated_cgi_field,
  no_content_type,
  content_type_form,
  no_charset,
  wrong_charset,
  location_form,
  local_redirect_alone,
  client_redirect_alone,
  redirect_status,
  local_with_status,
  status_form,
  communication_field,
  ignored_field,
  repeated_http_field,
  content_length_form,
  content_length_wrong,
  date_form,
  field_not_ascii,
  mixed_line_ends,
  bodiless_status,
  no_allow,
  no_challenge,
  redirect_without_location,
  error_without_body,
  server_error,
  body_for_head,
  unknown_method,
  reads_past_length,
  killed_by_signal,
  exit_status,
  timed_out,
  leaves_processes,
  runs_on,
  standard_error,
  echoes_markup,
  header_injection,
  head_differs,
  parallel_differs,
  answers_differ,
  nph_status_line,
  nph_line_ends,
  nph_date,
};

/// One rule in words. All texts live as long as the program.
struct RuleText {
  ScriptRule rule;
  std::string_view name;           ///< as data, and stable: "no_content_type"
  std::string_view specification;  ///< "RFC 3875 section 6.3.1", or "good practice"
  Severity severity;
  std::string_view sentence;  ///< what holds, without its full stop
  std::string_view cure;      ///< what to do, likewise
};

/// The number of a rule, from 1.
constexpr int number_of(ScriptRule rule) {
  return static_cast<int>(rule) + 1;
}

const RuleText& text_of(ScriptRule rule);

/// All of them, by their numbers.
std::span<const RuleText> script_rules();

/// One rule that a script broke.
struct ScriptFinding {
  ScriptRule rule{};
  Severity severity{};
  std::vector<std::string> requests = {};  ///< names of those that showed it
  std::string seen = {};                   ///< by the first of them; a sentence that may quote raw bytes
  std::string cure = {};
};

/// Collects what was found: each rule once, with all the requests that showed it.
class ScriptFindings {
 public:
  /// What is added from here on was shown by the request of that name.
  void begin(std::string request) { request_ = std::move(request); }

  /// `cure`: more exact than that of the rule, or empty.
  void add(ScriptRule rule, std::string seen, std::string cure = {});

  /// All, errors first, then by number. `strict`: warnings are errors.
  std::vector<ScriptFinding> take(bool strict) &&;

 private:
  std::string request_;
  std::vector<ScriptFinding> findings_;
};

}  // namespace tinyhttpd
