#include <algorithm>
#include <array>

#include "tinyhttpd/script_judges.hpp"

namespace tinyhttpd {
namespace {

bool is_extension(std::string_view name) {
  return iequals(name.substr(0, 6), "X-CGI-");
}

/// The first field that may not stand beside a Location without a Status, or null.
const Field* companion(const ScriptOutput& output, bool extensions_are_allowed) {
  const auto found = std::find_if(output.fields.begin(), output.fields.end(), [&](const Field& field) {
    if (iequals(field.name, "Location") || field.value.empty()) return false;
    return !(extensions_are_allowed && is_extension(field.name));
  });
  return found == output.fields.end() ? nullptr : &*found;
}

/// Location without Status: RFC 3875 section 6.2.2 for a path, 6.2.3 for a URL.
void judge_bare_location(const ScriptOutput& output, std::string_view location, ScriptFindings& findings) {
  const LocationForm form = form_of_location(location);
  if (form == LocationForm::neither) return;
  const bool is_local = form == LocationForm::local;
  const ScriptRule rule = is_local ? ScriptRule::local_redirect_alone : ScriptRule::client_redirect_alone;
  const Field* beside = companion(output, !is_local);
  if (beside != nullptr) {
    findings.add(rule, std::string(beside->name) + " stands beside Location: " + std::string(location));
  } else if (!output.body.empty()) {
    findings.add(rule, "a body follows Location: " + std::string(location));
  }
}

void judge_location(const ScriptOutput& output, ScriptFindings& findings) {
  const Field* location = output.find("Location");
  if (location == nullptr) return;
  if (output.find("Status") == nullptr) return judge_bare_location(output, location->value, findings);
  const bool is_redirect = (output.status >= 300 && output.status < 400) || output.status == 201;
  if (!is_redirect)
    findings.add(ScriptRule::redirect_status,
                 "Location stands beside status " + std::to_string(output.status));
  if (form_of_location(location->value) == LocationForm::local)
    findings.add(ScriptRule::local_with_status, "it says \"" + std::string(location->value) + "\"");
}

void judge_companions_of_status(const ScriptOutput& output, ScriptFindings& findings) {
  constexpr std::array<int, 5> kRedirects = {301, 302, 303, 307, 308};
  const int status = output.status;
  const std::string seen = "the status is " + std::to_string(status);
  const auto lacks = [&](std::string_view name) { return output.find(name) == nullptr; };
  if (status == 405 && lacks("Allow")) findings.add(ScriptRule::no_allow, seen);
  if (status == 401 && lacks("WWW-Authenticate")) findings.add(ScriptRule::no_challenge, seen);
  const bool is_redirect = std::find(kRedirects.begin(), kRedirects.end(), status) != kRedirects.end();
  if (is_redirect && lacks("Location")) findings.add(ScriptRule::redirect_without_location, seen);
}

void judge_status(const ProbedRun& run, const ScriptOutput& output, ScriptFindings& findings) {
  judge_companions_of_status(output, findings);
  const std::string seen = "the status is " + std::to_string(output.status);
  const bool is_odd = run.probe.kind == ProbeKind::unknown_method;
  if (output.status >= 500 && !is_odd) findings.add(ScriptRule::server_error, seen);
  if (is_odd && output.status != 0 && output.status < 400)
    findings.add(ScriptRule::unknown_method,
                 "the method " + run.probe.method + " got status " + std::to_string(output.status));
  if (output.status >= 400 && output.body.empty() && run.probe.kind != ProbeKind::head)
    findings.add(ScriptRule::error_without_body, seen);
}

}  // namespace

void judge_answer(const ProbedRun& run, const ScriptOutput& output, bool non_parsed_header,
                  ScriptFindings& findings) {
  if (!output.has_head) return;
  judge_status(run, output, findings);
  if (non_parsed_header) return;
  judge_location(output, findings);
  const bool has_cgi_field = output.find("Content-Type") != nullptr || output.find("Location") != nullptr ||
                             output.find("Status") != nullptr;
  if (!has_cgi_field && !output.fields.empty())
    findings.add(ScriptRule::no_cgi_field, "it has only " + std::string(output.fields.front().name));
}

}  // namespace tinyhttpd
