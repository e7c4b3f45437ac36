#include "tinyhttpd/check_report.hpp"

#include <algorithm>
#include <array>

#include "tinyhttpd/log_text.hpp"

namespace tinyhttpd {
namespace {

constexpr std::size_t kShownBytes = 300;
constexpr std::size_t kJsonTextBytes = 4000;
constexpr std::string_view kReset = "\033[0m";

/// Red, yellow and cyan: readable on dark and on light.
std::string_view color_of(Severity severity) {
  constexpr std::array<std::string_view, 3> kColors = {"\033[1;31m", "\033[1;33m", "\033[1;36m"};
  return kColors[static_cast<std::size_t>(severity)];
}

std::string counted(std::size_t number, std::string_view thing) {
  return std::to_string(number) + " " + std::string(thing) + (number == 1 ? "" : "s");
}

void append_requests(std::string& text, const std::vector<std::string>& requests) {
  text += requests.front();
  if (requests.size() > 1) text += " and " + std::to_string(requests.size() - 1) + " more";
}

void append_finding(std::string& text, const ScriptFinding& finding, bool color) {
  const RuleText& rule = text_of(finding.rule);
  if (color) text += color_of(finding.severity);
  text += name_of(finding.severity);
  if (color) text += kReset;
  text.append(" ").append(rule.name).append(" (").append(rule.specification).append("): ");
  append_requests(text, finding.requests);
  text.append("\n  rule: ").append(rule.sentence).append("\n  seen: ");
  append_sentence(text, finding.seen, kShownBytes);
  text += "\n  mend: ";
  append_sentence(text, finding.cure, kShownBytes);
  text += "\n";
}

// ---- JSON

void append_text(std::string& json, std::string_view name, std::string_view text) {
  json.append("\"").append(name).append("\":");
  append_json_text(json, text, kJsonTextBytes);
}

void append_number(std::string& json, std::string_view name, std::int64_t number) {
  json.append("\"").append(name).append("\":").append(std::to_string(number));
}

void append_optional(std::string& json, std::string_view name, std::optional<int> number) {
  json.append("\"").append(name).append("\":").append(number ? std::to_string(*number) : "null");
}

void append_request(std::string& json, const CheckedRequest& request) {
  json += "{";
  append_text(json, "name", request.name);
  append_text(json += ",", "method", request.method);
  append_optional(json += ",", "status", request.status == 0 ? std::nullopt : std::optional(request.status));
  append_number(json += ",", "output_bytes", static_cast<std::int64_t>(request.output_bytes));
  append_number(json += ",", "error_bytes", static_cast<std::int64_t>(request.error_bytes));
  append_number(json += ",", "milliseconds", request.microseconds / 1000);
  append_optional(json += ",", "exit_code", request.exit_code);
  append_optional(json += ",", "signal", request.signal);
  if (request.failure.empty()) {
    json += ",\"failure\":null}";
  } else {
    append_text(json += ",", "failure", request.failure);
    json += "}";
  }
}

void append_json_finding(std::string& json, const ScriptFinding& finding) {
  const RuleText& rule = text_of(finding.rule);
  json += "{";
  append_text(json, "rule", rule.name);
  append_number(json += ",", "number", number_of(finding.rule));
  append_text(json += ",", "specification", rule.specification);
  append_text(json += ",", "severity", name_of(finding.severity));
  append_text(json += ",", "sentence", rule.sentence);
  json += ",\"requests\":[";
  for (std::size_t i = 0; i < finding.requests.size(); ++i)
    append_json_text(json += i == 0 ? "" : ",", finding.requests[i], kJsonTextBytes);
  append_text(json += "],", "seen", finding.seen);
  append_text(json += ",", "cure", finding.cure);
  json += "}";
}

/// A list with an element on each line, so that `diff` and people can read it.
template <typename Elements, typename Append>
void append_list(std::string& json, std::string_view name, const Elements& elements, Append append) {
  json.append("\"").append(name).append("\":[");
  bool is_first = true;
  for (const auto& element : elements) {
    json += is_first ? "\n" : ",\n";
    is_first = false;
    append(json, element);
  }
  json += "],\n";
}

}  // namespace

std::size_t CheckReport::count(Severity severity) const {
  const auto number = std::count_if(findings.begin(), findings.end(),
                                    [severity](const auto& finding) { return finding.severity == severity; });
  return static_cast<std::size_t>(number);
}

std::string report_for_people(const CheckReport& report, bool color) {
  std::string text;
  append_sentence(text, report.script, kShownBytes);
  text += "\n\n";
  for (std::size_t i = 0; i < report.findings.size(); ++i) {
    append_finding(text, report.findings[i], color);
    text += "\n";
  }
  if (report.left_out > 0)
    text += counted(report.left_out, "more request") + " would fail alike, and were left out\n";
  return text + counted(report.requests.size(), "request") + ", " +
         counted(report.count(Severity::error), "error") + ", " +
         counted(report.count(Severity::warning), "warning") + "\n";
}

std::string report_as_json(const CheckReport& report) {
  std::string json = "{";
  append_text(json, "script", report.script);
  append_list(json += ",\n", "requests", report.requests, append_request);
  append_number(json, "left_out", static_cast<std::int64_t>(report.left_out));
  append_list(json += ",\n", "findings", report.findings, append_json_finding);
  append_number(json, "errors", static_cast<std::int64_t>(report.count(Severity::error)));
  append_number(json += ",", "warnings", static_cast<std::int64_t>(report.count(Severity::warning)));
  append_number(json += ",", "notes", static_cast<std::int64_t>(report.count(Severity::note)));
  return json + "}\n";
}

}  // namespace tinyhttpd
