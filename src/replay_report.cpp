#include "tinyhttpd/replay_report.hpp"

#include <chrono>
#include <string_view>

#include "tinyhttpd/log_text.hpp"
#include "tinyhttpd/terminal_text.hpp"

namespace tinyhttpd {
namespace {

constexpr std::size_t kShownBytes = 300;
constexpr std::size_t kJsonTextBytes = 4000;

void append_names(std::string& text, std::string_view lead, const std::vector<std::string>& names,
                  std::string_view tail) {
  if (names.empty()) return;
  text += lead;
  std::string_view between = " ";
  for (const std::string& name : names) {
    text += between;
    append_sentence(text, name, kShownBytes);
    between = ", ";
  }
  text.append(tail).append("\n");
}

/// "exit status: same (…)", or both.
void append_words(std::string& text, std::string_view what, std::string_view before, std::string_view now) {
  text.append(what).append(before == now ? ": same (" : ": differs\n  - ");
  append_sentence(text, before, kShownBytes);
  if (before != now) append_sentence(text += "\n  + ", now, kShownBytes);
  text += before == now ? ")\n" : "\n";
}

void append_lines(std::string& text, const TextDifference& difference) {
  for (const DifferentLine& line : difference.lines) {
    text.append(line.is_new ? "  + " : "  - ").append(std::to_string(line.number)).append(": ");
    append_sentence(text, line.text, kShownBytes);
    text += line.has_end ? "\n" : " (no line feed at its end)\n";
  }
  if (difference.lines_left_out > 0)
    text += "  … and " + std::to_string(difference.lines_left_out) + " more lines\n";
}

void append_text(std::string& text, std::string_view what, const TextDifference& difference) {
  text.append(what);
  if (difference.same) {
    text += ": same (" + count_of_bytes(difference.now_bytes) + ")\n";
    return;
  }
  text += ": differs from byte " + with_commas(difference.offset + 1) + " on, in line " +
          with_commas(difference.line) + "; " + count_of_bytes(difference.before_bytes) + " before, " +
          count_of_bytes(difference.now_bytes) + " now\n";
  if (!difference.lines.empty()) return append_lines(text, difference);
  append_escaped(text += "  - \"", difference.before, kShownBytes);
  append_escaped(text += "\"\n  + \"", difference.now, kShownBytes);
  text += "\"\n";
}

std::string time_text(std::optional<std::int64_t> microseconds) {
  return microseconds ? in_milliseconds(std::chrono::microseconds(*microseconds)) : "not known";
}

std::string_view or_none(std::string_view failure) {
  return failure.empty() ? "none" : failure;
}

/// What a script that was started did.
void append_comparison(std::string& text, const ReplayReport& report) {
  if (!report.failure_before.empty() || !report.failure_now.empty())
    append_words(text, "failure", or_none(report.failure_before), or_none(report.failure_now));
  if (report.failure_before != report.failure_now && !report.failure_words.empty()) {
    append_sentence(text += "  now: ", report.failure_words, kShownBytes);
    text += "\n";
  }
  append_text(text, "head", report.head);
  append_text(text, "body", report.body);
  append_text(text, "standard error", report.errors);
  text += "time: " + time_text(report.before_microseconds) + " before, " +
          time_text(report.now_microseconds) + " now\n";
}

// ---- JSON

void append_member(std::string& json, std::string_view name, std::string_view text) {
  json.append("\"").append(name).append("\":");
  append_json_text(json, text, kJsonTextBytes);
}

void append_or_null(std::string& json, std::string_view name, std::string_view text) {
  if (!text.empty()) return append_member(json, name, text);
  json.append("\"").append(name).append("\":null");
}

void append_flag(std::string& json, std::string_view name, bool flag) {
  json.append("\"").append(name).append(flag ? "\":true" : "\":false");
}

void append_number(std::string& json, std::string_view name, std::optional<std::int64_t> number) {
  json.append("\"").append(name).append("\":").append(number ? std::to_string(*number) : "null");
}

void append_count(std::string& json, std::string_view name, std::uint64_t number) {
  append_number(json, name, static_cast<std::int64_t>(number));
}

void append_list(std::string& json, std::string_view name, const std::vector<std::string>& texts) {
  json.append("\"").append(name).append("\":[");
  for (std::size_t i = 0; i < texts.size(); ++i)
    append_json_text(json += i == 0 ? "" : ",", texts[i], kJsonTextBytes);
  json += "]";
}

void append_pair(std::string& json, std::string_view name, std::string_view before, std::string_view now) {
  json.append("\"").append(name).append("\":{");
  append_flag(json, "same", before == now);
  append_or_null(json += ",", "before", before);
  append_or_null(json += ",", "now", now);
  json += "}";
}

void append_difference(std::string& json, std::string_view name, const TextDifference& difference) {
  json.append("\"").append(name).append("\":{");
  append_flag(json, "same", difference.same);
  append_count(json += ",", "before_bytes", difference.before_bytes);
  append_count(json += ",", "now_bytes", difference.now_bytes);
  if (!difference.same) {
    append_count(json += ",", "offset", difference.offset);
    append_count(json += ",", "line", difference.line);
    append_member(json += ",", "before", difference.before);
    append_member(json += ",", "now", difference.now);
    json += ",\"lines\":[";
    for (const DifferentLine& line : difference.lines) {
      json += &line == &difference.lines.front() ? "{" : ",{";
      append_member(json, "sign", line.is_new ? "+" : "-");
      append_count(json += ",", "number", line.number);
      append_member(json += ",", "text", line.text);
      json += "}";
    }
    append_count(json += "],", "lines_left_out", difference.lines_left_out);
  }
  json += "}";
}

}  // namespace

bool ReplayReport::is_same() const {
  return not_run.empty() && exit_before == exit_now && failure_before == failure_now && head.same &&
         body.same && errors.same;
}

std::string report_for_people(const ReplayReport& report) {
  std::string text = "exchange " + std::to_string(report.exchange) + ": ";
  append_sentence(text, report.script, kShownBytes);
  text += "\n";
  append_names(text, "changed:", report.set, "");
  append_names(text, "run with '*' where the file masks them:", report.masked,
               " (--set NAME=VALUE gives the value)");
  append_names(text, "run with U+FFFD for bytes that the file cannot hold:", report.damaged, "");
  text += "\n";
  if (!report.not_run.empty()) {
    append_sentence(text += "it did not run to its end: ", report.not_run, kShownBytes);
    text += "\n";
  }
  append_words(text, "end", report.exit_before, report.exit_now);
  if (report.now_microseconds) append_comparison(text, report);
  return text + (report.is_same() ? "\nthe same\n" : "\nit differs\n");
}

std::string report_as_json(const ReplayReport& report) {
  std::string json = "{";
  append_flag(json, "same", report.is_same());
  append_count(json += ",\n", "exchange", report.exchange);
  append_member(json += ",\n", "script", report.script);
  append_list(json += ",\n", "set", report.set);
  append_list(json += ",\n", "masked", report.masked);
  append_list(json += ",\n", "damaged", report.damaged);
  append_or_null(json += ",\n", "not_run", report.not_run);
  append_pair(json += ",\n", "exit", report.exit_before, report.exit_now);
  append_pair(json += ",\n", "failure", report.failure_before, report.failure_now);
  append_difference(json += ",\n", "head", report.head);
  append_difference(json += ",\n", "body", report.body);
  append_difference(json += ",\n", "standard_error", report.errors);
  append_number(json += ",\n\"microseconds\":{", "before", report.before_microseconds);
  append_number(json += ",", "now", report.now_microseconds);
  return json + "}}\n";
}

}  // namespace tinyhttpd
