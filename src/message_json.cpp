// The request and the answer of an exchange as JSON.
#include "tinyhttpd/head_changes.hpp"
#include "tinyhttpd/head_lines.hpp"
#include "tinyhttpd/json_parts.hpp"
#include "tinyhttpd/replay_comparison.hpp"

namespace tinyhttpd {

namespace {

Json fields_json(const RecordedExchange& exchange, const MaskedText& masked) {
  Json fields = Json::array();
  for (const HeadLine& line : lines_of_head(exchange.request_head)) {
    if (line.name.empty()) continue;  // the request line
    fields.push_back({{"name", masked.text(line.name)},
                      {"value", masked.value(line.name, line.value)},
                      {"masked", masked.is_masked(line.name, line.value)}});
  }
  return fields;
}

// What the script was given is the body, but for a JSON event, which only holds it.
Json body_json(const RecordedExchange& exchange, const MaskedText& masked) {
  RecordedStream body = exchange.streams[0];
  if (exchange.handler == "invoke_json") {
    body.bytes = request_body_of(exchange).value_or("");
    body.total = body.bytes.size();
  }
  return body.total == 0 ? Json(nullptr) : stream_json(body, 0, "request body", masked);
}

Json or_null(const std::optional<std::string>& text, const MaskedText& masked) {
  return text ? Json(masked.head(*text)) : Json(nullptr);
}

Json change_json(const HeadChange& change, const MaskedText& masked) {
  return {{"script", or_null(change.script, masked)},
          {"sent", or_null(change.sent, masked)},
          {"why", change.why},
          {"section", change.section.empty() ? Json(nullptr) : Json(change.section)}};
}

}  // namespace

Json request_json(const RecordedExchange& exchange, const MaskedText& masked) {
  Json request;
  request["line"] = masked.text(exchange.request_line);
  request["head"] = masked.head(exchange.request_head);
  request["fields"] = fields_json(exchange, masked);
  request["body"] = body_json(exchange, masked);
  return request;
}

Json answer_json(const RecordedExchange& exchange, const MaskedText& masked) {
  Json changes = Json::array();
  for (const HeadChange& change : head_changes(exchange)) changes.push_back(change_json(change, masked));
  Json answer;
  answer["head"] = masked.head(exchange.sent_head);
  answer["status"] = exchange.status;
  answer["body_bytes"] = exchange.body_bytes;
  answer["complete"] = exchange.complete;
  answer["changes"] = std::move(changes);
  return answer;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tinyhttpd
