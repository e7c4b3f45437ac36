#include <charconv>

#include "tinyhttpd/script_judges.hpp"
#include "tinyhttpd/script_probes.hpp"
#include "tinyhttpd/utf8.hpp"

namespace tinyhttpd {
namespace {

constexpr std::size_t kQuotedBytes = 40;

/// How many bytes its body had, those that were not kept as well.
std::uint64_t body_bytes(const ProbedRun& run, const ScriptOutput& output) {
  return run.output_bytes - run.output.size() + output.body.size();
}

std::string beginning_of(std::string_view body) {
  return "the body begins \"" + std::string(body.substr(0, kQuotedBytes)) + "\"";
}

bool is_html(std::string_view type) {
  return type == "text/html" || type == "application/xhtml+xml";
}

/// Formats that have one encoding by themselves, and no use for a charset.
bool is_always_utf8(std::string_view type) {
  return type == "application/json" || type == "text/event-stream" || type.ends_with("+json");
}

/// The first byte that is no UTF-8. A character that was cut off with the part that is not kept is none.
std::optional<std::size_t> first_invalid(std::string_view body, bool is_cut) {
  constexpr std::size_t kLongestCharacter = 4;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t length = utf8_length(body.substr(at));
    if (length == 0 && is_cut && body.size() - at < kLongestCharacter) return std::nullopt;
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

void judge_charset(const ProbedRun& run, const ScriptOutput& output, const MediaTypeValue& type,
                   ScriptFindings& findings) {
  const bool is_text = type.type.starts_with("text/") && !is_always_utf8(type.type);
  if (is_text && type.charset.empty())
    findings.add(ScriptRule::no_charset, "Content-Type is only " + type.type);
  if (type.charset != "utf-8" && !is_always_utf8(type.type)) return;
  const bool is_cut = run.output_bytes > run.output.size();
  if (const auto at = first_invalid(output.body, is_cut))
    findings.add(ScriptRule::wrong_charset, "it is not UTF-8 from byte " + std::to_string(*at) + " on: \"" +
                                                std::string(output.body.substr(*at, kQuotedBytes)) + "\"");
}

void judge_type(const ProbedRun& run, const ScriptOutput& output, bool non_parsed_header,
                ScriptFindings& findings) {
  const Field* content_type = output.find("Content-Type");
  // A Location that should have stood alone is told of elsewhere.
  const bool is_redirect = output.find("Location") != nullptr && output.find("Status") == nullptr;
  if (content_type == nullptr && !(is_redirect && !non_parsed_header))
    findings.add(ScriptRule::no_content_type, beginning_of(output.body));
  const auto type = content_type == nullptr ? std::nullopt : read_media_type(content_type->value);
  if (type && output.find("Content-Encoding") == nullptr) judge_charset(run, output, *type, findings);
  const bool may_be_html = !type || is_html(type->type);
  if (run.probe.kind == ProbeKind::hostile && may_be_html &&
      output.body.find(kHostileMarkup) != output.body.npos)
    findings.add(ScriptRule::echoes_markup,
                 "\"" + std::string(kHostileMarkup) + " ...\" of the request stands in the page as it is");
}

void judge_length(const ProbedRun& run, const ScriptOutput& output, ScriptFindings& findings) {
  if (run.failure) return;  // it was not let finish, and of too few bytes the failure tells
  const Field* length = output.find("Content-Length");
  if (length == nullptr || output.count("Content-Length") > 1) return;
  std::uint64_t said = 0;
  const std::string_view digits = length->value;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), said);
  if (error != std::errc() || end != digits.data() + digits.size()) return;
  const std::uint64_t written = body_bytes(run, output);
  if (said != written)
    findings.add(ScriptRule::content_length_wrong, "it says " + std::to_string(said) + ", and the body has " +
                                                       std::to_string(written) + " bytes");
}

}  // namespace

void judge_body(const ProbedRun& run, const ScriptOutput& output, bool non_parsed_header,
                ScriptFindings& findings) {
  if (!output.has_head) return;
  const bool is_head = run.probe.kind == ProbeKind::head;
  const bool has_no_body = output.status == 204 || output.status == 304;
  if (is_head && !output.body.empty())
    findings.add(ScriptRule::body_for_head,
                 "a body of " + std::to_string(body_bytes(run, output)) + " bytes");
  if (has_no_body && !output.body.empty())
    findings.add(ScriptRule::bodiless_status,
                 "status " + std::to_string(output.status) + ", and " + beginning_of(output.body));
  if (!output.body.empty()) judge_type(run, output, non_parsed_header, findings);
  const bool tells_of_another_body = (is_head || has_no_body) && output.body.empty();
  if (!tells_of_another_body) judge_length(run, output, findings);
}

}  // namespace tinyhttpd
