#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/cgi_variables.hpp"
#include "tinyhttpd/fastcgi_record.hpp"
#include "tinyhttpd/json_parts.hpp"
#include "tinyhttpd/script_place.hpp"
#include "tinyhttpd/step_words.hpp"

namespace tinyhttpd {

namespace {

Json or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json variable_json(const VariableOrigin& origin, const MaskedText& masked) {
  return {{"name", masked.text(origin.name)},
          {"value", masked.value(origin.name, origin.value)},
          {"masked", masked.is_masked(origin.name, origin.value)},
          {"kind", name_of(origin.kind)},
          {"from", masked.text(origin.from)},
          {"section", or_null(origin.section)},
          {"explanation", masked.text(origin.explanation)}};
}

void add_variables(Json& script, const RecordedExchange& exchange, const MaskedText& masked) {
  Json environment = Json::array();
  for (const VariableOrigin& origin : explain_variables(exchange))
    environment.push_back(variable_json(origin, masked));
  script["environment"] = std::move(environment);
  Json absent = Json::array();
  for (const AbsentVariable& variable : absent_variables(exchange))
    absent.push_back({{"name", variable.name}, {"section", variable.section}, {"why", variable.why}});
  script["absent"] = std::move(absent);
  Json withheld = Json::array();
  for (const WithheldField& field : withheld_fields(exchange))
    withheld.push_back({{"name", masked.text(field.name)}, {"why", field.why}});
  script["withheld"] = std::move(withheld);
}

// One end of a pipe, or what stands in for it, as somebody holds it.
struct HeldEnd {
  int fd;
  std::string_view what;
  bool is_ours;
};

Json table_of(const std::vector<HeldEnd>& ends, bool only_ours) {
  Json table = Json::array();
  for (const HeldEnd& end : ends)
    if (end.fd >= 0 && (end.is_ours || !only_ours)) table.push_back({{"fd", end.fd}, {"what", end.what}});
  return table;
}

// Before the script is started both processes hold all ends, for the script is born as a copy of the server;
// afterwards each holds its own.
Json descriptors_json(const RecordedExchange& exchange) {
  if (!exchange.descriptors) return nullptr;
  const ScriptDescriptors& d = *exchange.descriptors;
  const bool has_input_pipe = d.input_write >= 0;
  const std::string_view input = has_input_pipe                  ? "read end of the input pipe"
                                 : exchange.streams[0].total > 0 ? "the file with the request's body"
                                                                 : "/dev/null";
  const std::vector<HeldEnd> ends = {
      {d.input_read, input, false},
      {d.input_write, "write end of the input pipe", true},
      {d.output_read, "read end of the output pipe", true},
      {d.output_write, "write end of the output pipe", false},
      {d.error_read, "read end of the error pipe", true},
      {d.error_write, "write end of the error pipe", false},
  };
  const Json scripts_own = {{{"fd", 0}, {"what", input}},
                            {{"fd", 1}, {"what", "write end of the output pipe"}},
                            {{"fd", 2}, {"what", "write end of the error pipe"}}};
  return {{"server", {{"before", table_of(ends, false)}, {"after", table_of(ends, true)}}},
          {"script", {{"before", table_of(ends, false)}, {"after", scripts_own}}}};
}

Json head_json(const RecordedExchange& exchange, const MaskedText& masked) {
  if (exchange.script_head_bytes == 0) return nullptr;
  const std::string_view output = exchange.streams[1].bytes;
  return {{"text", masked.head(output.substr(0, exchange.script_head_bytes))}};
}

Json exit_json(const RecordedExchange& exchange) {
  if (!exchange.exit) return nullptr;
  const RecordedExit& exit = *exchange.exit;
  return {{"by_signal", exit.by_signal}, {"code", exit.code},
          {"words", words_for(exit)},    {"user", exit.user_us},
          {"system", exit.system_us},    {"max_resident_kib", exit.max_resident_kib}};
}

Json records_json(const RecordedExchange& exchange) {
  Json records = Json::array();
  for (const RecordedStep& step : exchange.steps) {
    const bool is_sent = step.step == Step::fastcgi_sent;
    if (!is_sent && step.step != Step::fastcgi_received) continue;
    records.push_back({{"at", step.at},
                       {"direction", is_sent ? "sent" : "received"},
                       {"type", step.number},
                       {"name", fastcgi_type_name(static_cast<std::uint8_t>(step.number))},
                       {"id", is_sent ? kFastcgiRequestId : step.offset},
                       {"bytes", step.bytes}});
  }
  return records;
}

}  // namespace

Json stream_json(const RecordedStream& stream, int number, std::string_view name, const MaskedText& masked,
                 std::size_t head_bytes) {
  return {{"number", number},        {"name", name},
          {"total", stream.total},   {"kept", stream.bytes.size()},
          {"closed", stream.closed}, {"bytes_base64", encode_base64(masked.stream(stream, head_bytes))}};
}

Json script_json(const RecordedExchange& exchange, const MaskedText& masked) {
  if (exchange.script.empty() && exchange.environment.empty()) return nullptr;
  const ScriptPlace place = place_of_script(exchange);
  Json script;
  script["path"] = masked.text(exchange.script);
  script["file"] = to_utf8(place.file);
  script["folder"] = to_utf8(place.folder);
  script["arguments"] = Json::array();
  for (const std::string& argument : exchange.arguments) script["arguments"].push_back(masked.text(argument));
  script["pid"] = exchange.pid == 0 ? Json(nullptr) : Json(exchange.pid);
  add_variables(script, exchange, masked);
  script["descriptors"] = descriptors_json(exchange);
  script["head"] = head_json(exchange, masked);
  script["exit"] = exit_json(exchange);
  script["backend"] = or_null(masked.text(exchange.backend));
  script["fastcgi_status"] = exchange.fastcgi_status ? Json(*exchange.fastcgi_status) : Json(nullptr);
  script["records"] = records_json(exchange);
  return script;
}

}  // namespace tinyhttpd
