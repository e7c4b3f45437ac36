#include "tinyhttpd/cgi_variables.hpp"

#include <algorithm>
#include <array>

#include "tinyhttpd/http.hpp"
#include "tinyhttpd/recorded_exchange.hpp"
#include "tinyhttpd/secrets.hpp"
#include "tinyhttpd/variable_facts.hpp"
#include "tinyhttpd/variable_sentences.hpp"

namespace tinyhttpd {

namespace {

const VariableRow* row_named(std::string_view name) {
  const auto& rows = variable_rows();
  const auto found =
      std::find_if(rows.begin(), rows.end(), [name](const auto& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

std::string section_of(std::string_view number) {
  return number.empty() ? std::string() : "RFC 3875 section " + std::string(number);
}

VariableOrigin explain_known(const VariableRow& row, std::string_view value, const VariableFacts& facts) {
  const VariableStory story = row.tell(value, facts);
  return {std::string(row.name),   std::string(value), story.kind, story.from,
          section_of(row.section), story.explanation};
}

// The names of the fields of which the variable was made, as the request has them.
std::vector<std::string_view> fields_behind(std::string_view variable, const VariableFacts& facts) {
  std::vector<std::string_view> names;
  for (const HeadLine& field : facts.fields())
    if (has_own_variable(field.name) && variable_of_field(field.name) == variable)
      names.push_back(field.name);
  return names;
}

std::string sentence_for_field(std::string_view variable, const std::vector<std::string_view>& names) {
  if (names.empty()) return "A field of the request.";
  const std::string field(names.front());
  if (names.size() > 1)
    return "The " + std::to_string(names.size()) + " fields " + field + " of the request, joined by \"" +
           (variable == "HTTP_COOKIE" ? "; " : ", ") + "\": repeated fields are one.";
  return "The field " + field + " of the request, its name in capitals with '_' for '-' and HTTP_ before it.";
}

VariableOrigin explain_field(std::string_view name, std::string_view value, const VariableFacts& facts) {
  VariableOrigin origin{
      std::string(name), std::string(value), VariableKind::header, {}, section_of("4.1.18"), {}};
  if (name == "HTTP_HOST" && facts.has_absolute_target()) {
    origin.kind = VariableKind::request_line;
    origin.from = "the request line";
    origin.explanation = "The host in the request line's target, which counts instead of the field Host.";
    return origin;
  }
  const auto names = fields_behind(name, facts);
  origin.from = names.empty() ? "a header" : "the header " + std::string(names.front());
  origin.explanation = sentence_for_field(name, names);
  return origin;
}

VariableOrigin explain_setting(std::string_view name, std::string_view value) {
  return {std::string(name),
          std::string(value),
          VariableKind::setting,
          "--cgi-env",
          {},
          "The option --cgi-env hands it to every script; the protocol does not know it."};
}

}  // namespace

std::string_view name_of(VariableKind kind) {
  constexpr std::array<std::string_view, 8> kNames = {
      "request-line", "header", "connection", "setting", "server", "route", "body", "authentication"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<VariableOrigin> explain_variables(const RecordedExchange& exchange) {
  const VariableFacts facts(exchange);
  std::vector<VariableOrigin> origins;
  for (const std::string_view variable : exchange.environment) {
    const std::string_view name = variable.substr(0, variable.find('='));
    const std::string_view value = variable.substr(std::min(name.size() + 1, variable.size()));
    if (const VariableRow* row = row_named(name)) {
      origins.push_back(explain_known(*row, value, facts));
    } else if (name.starts_with("HTTP_")) {
      origins.push_back(explain_field(name, value, facts));
    } else {
      origins.push_back(explain_setting(name, value));
    }
  }
  return origins;
}

std::vector<AbsentVariable> absent_variables(const RecordedExchange& exchange) {
  const VariableFacts facts(exchange);
  std::vector<AbsentVariable> absent;
  if (exchange.environment.empty()) return absent;
  for (const VariableRow& row : variable_rows()) {
    if (row.section.empty() || facts.variable(row.name)) continue;
    absent.push_back({std::string(row.name), section_of(row.section), why_absent(row.name, facts)});
  }
  return absent;
}

std::vector<WithheldField> withheld_fields(const RecordedExchange& exchange) {
  const VariableFacts facts(exchange);
  std::vector<WithheldField> withheld;
  if (exchange.environment.empty()) return withheld;
  for (const HeadLine& field : facts.fields())
    if (std::string why = why_withheld(field.name, facts); !why.empty())
      withheld.push_back({std::string(field.name), std::move(why)});
  return withheld;
}

}  // namespace tinyhttpd
