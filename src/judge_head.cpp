#include <algorithm>
#include <array>
#include <span>

#include "tinyhttpd/answer_fields.hpp"
#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/http_date.hpp"
#include "tinyhttpd/script_judges.hpp"
#include "tinyhttpd/script_probes.hpp"

namespace tinyhttpd {
namespace {

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [name](auto known) { return iequals(name, known); });
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// "404", "404 " and "404 Not Found" (RFC 3875 section 6.3.3), for final answers only.
bool is_status(std::string_view value) {
  if (value.size() < 3 || !is_number(value.substr(0, 3))) return false;
  return value[0] >= '2' && value[0] <= '5' && (value.size() == 3 || value[3] == ' ');
}

/// What it does to the connection, or to where its answer ends (RFC 9110 section 7.6.1).
bool is_of_the_connection(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames = {"Connection", "Keep-Alive", "Transfer-Encoding",
                                                      "TE",         "Trailer",    "Upgrade"};
  return is_one_of(name, kNames) || iequals(name.substr(0, 6), "Proxy-");
}

void judge_line(std::string_view line, ScriptFindings& findings) {
  const std::size_t colon = line.find(':');
  if (line.front() == ' ' || line.front() == '\t') {
    findings.add(ScriptRule::header_folded, quoted(line) + " begins with white space");
  } else if (colon == line.npos) {
    findings.add(ScriptRule::header_line, quoted(line) + " has no colon");
  } else if (!is_token(line.substr(0, colon))) {
    findings.add(ScriptRule::header_name, quoted(line.substr(0, colon)) + " is no name of a field");
  } else if (has_control_byte(line.substr(colon + 1))) {
    findings.add(ScriptRule::header_value, quoted(line) + " holds a control byte");
  } else if (!is_ascii(line)) {
    findings.add(ScriptRule::field_not_ascii, quoted(line) + " holds bytes that are not ASCII");
  }
}

void judge_value(const Field& field, ScriptFindings& findings) {
  if (field.value.empty()) return;
  const auto [name, value] = field;
  if (iequals(name, "Status") && !is_status(value))
    findings.add(ScriptRule::status_form, "it says " + quoted(value));
  if (iequals(name, "Location") && form_of_location(value) == LocationForm::neither)
    findings.add(ScriptRule::location_form, "it says " + quoted(value));
  if (iequals(name, "Content-Type") && !read_media_type(value))
    findings.add(ScriptRule::content_type_form, "it says " + quoted(value));
  if (iequals(name, "Content-Length") && !is_number(value))
    findings.add(ScriptRule::content_length_form, "it says " + quoted(value));
  constexpr UnixTime kAnyTime = 0;  // only two-digit years depend on it, which are refused here
  const bool is_date = iequals(name, "Date") || iequals(name, "Last-Modified");
  if (!is_date) return;
  const auto time = parse_http_date(value, kAnyTime);
  if (!time || http_date(*time) != value)
    findings.add(ScriptRule::date_form, std::string(name) + " says " + quoted(value));
}

/// Fields of which one answer has one (RFC 9110 section 5.3). Those of lists, and Set-Cookie, are not among
/// them.
void judge_repetition(const ScriptOutput& output, ScriptFindings& findings) {
  for (const std::string_view name : {"Content-Type", "Location", "Status"})
    if (output.count(name) > 1)
      findings.add(ScriptRule::repeated_cgi_field,
                   std::string(name) + " comes " + std::to_string(output.count(name)) + " times");
  for (const std::string_view name :
       {"Content-Length", "Content-Range", "Content-Disposition", "Date", "ETag", "Expires", "Last-Modified",
        "Age", "Retry-After", "Server", "Access-Control-Allow-Origin"})
    if (output.count(name) > 1)
      findings.add(ScriptRule::repeated_http_field,
                   std::string(name) + " comes " + std::to_string(output.count(name)) + " times");
}

void judge_dropped(const Field& field, ScriptFindings& findings) {
  if (is_of_the_connection(field.name)) {
    findings.add(ScriptRule::communication_field, quoted(field.name) + " was dropped");
  } else if (is_for_the_server(field.name)) {
    findings.add(ScriptRule::ignored_field, quoted(field.name) + " was dropped");
  }
}

void judge_unparsed(const ScriptOutput& output, ScriptFindings& findings) {
  if (!output.status_line.starts_with("HTTP/1.") || output.status < 200 || output.status > 599)
    findings.add(ScriptRule::nph_status_line, "it begins with " + quoted(output.status_line));
  if (output.lf_lines > 0)
    findings.add(ScriptRule::nph_line_ends,
                 std::to_string(output.lf_lines) + " lines of its head end in LF alone");
  if (output.find("Date") == nullptr) findings.add(ScriptRule::nph_date, "there is none");
}

}  // namespace

void judge_head(const ScriptOutput& output, bool non_parsed_header, ScriptFindings& findings) {
  if (!output.has_head) return;
  for (const std::string_view line : output.lines) judge_line(line, findings);
  for (const Field& field : output.fields) judge_value(field, findings);
  judge_repetition(output, findings);
  if (output.find(kInjectedField) != nullptr)
    findings.add(ScriptRule::header_injection,
                 "an encoded line end in the query made the field " + quoted(kInjectedField));
  if (non_parsed_header) return judge_unparsed(output, findings);
  for (const Field& field : output.fields) judge_dropped(field, findings);
  if (output.lf_lines > 0 && output.crlf_lines > 0)
    findings.add(ScriptRule::mixed_line_ends, std::to_string(output.lf_lines) + " lines end in LF, " +
                                                  std::to_string(output.crlf_lines) + " in CRLF");
}

}  // namespace tinyhttpd
