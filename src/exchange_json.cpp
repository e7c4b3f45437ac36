#include "tinyhttpd/exchange_json.hpp"

#include <algorithm>
#include <utility>

#include "tinyhttpd/diagnosis.hpp"
#include "tinyhttpd/json_parts.hpp"
#include "tinyhttpd/replay_comparison.hpp"
#include "tinyhttpd/step_words.hpp"
#include "tinyhttpd/time_text.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

namespace {

Json or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

// Covered before it is explained: what is quoted may be cut, or escaped.
ScriptFailure masked_failure(const RecordedExchange& exchange, const MaskedText& masked) {
  ScriptFailure failure = *exchange.failure;
  const bool knows_secrets = !exchange.request_head.empty() || exchange.over;
  failure.detail =
      knows_secrets ? masked.mask().mask_head(failure.detail, std::string_view::npos, Cut::end) : "";
  return failure;
}

Json summary_of(const RecordedExchange& exchange, const MaskedText& masked) {
  Json json;
  json["id"] = exchange.id;
  json["began"] = iso_time(exchange.began_unix);
  json["method"] = masked.text(exchange.method);
  json["target"] = masked.text(exchange.target);
  json["handler"] = exchange.handler;
  json["status"] = exchange.status;
  json["over"] = exchange.over;
  json["complete"] = exchange.complete;
  json["duration"] = exchange.duration;
  json["body_bytes"] = exchange.body_bytes;
  json["remote"] = exchange.remote_address;
  json["failure"] = exchange.failure ? Json(name_of(exchange.failure->fault)) : Json(nullptr);
  json["diagnosis"] =
      exchange.failure ? Json(to_utf8(describe(masked_failure(exchange, masked)))) : Json(nullptr);
  json["replay_of"] = exchange.replay_of == 0 ? Json(nullptr) : Json(exchange.replay_of);
  json["held"] = or_null(exchange.held);
  return json;
}

/// The last line of standard error that was kept; null where there is none.
const RecordedStep* last_error_line(const RecordedExchange& exchange) {
  const auto is_line = [](const RecordedStep& step) {
    return step.step == Step::error_line && !step.text.empty();
  };
  const auto last = std::find_if(exchange.steps.rbegin(), exchange.steps.rend(), is_line);
  return last == exchange.steps.rend() ? nullptr : &*last;
}

/// What is worth a word although the script did not fail: it may be why it is slow.
Json note_json(const RecordedExchange& exchange) {
  if (exchange.streams[2].total <= kMaxErrorBytes) return nullptr;
  return {{"fault", "stderr_left_out"},
          {"what", "it wrote more on standard error than is logged"},
          {"why",
           "each line is read, so that the script never waits for the pipe, but a script that writes so "
           "much would fill the log, and spends its time on it"},
          {"cure", "take the debugging output out of the script, or write it to a file of its own"}};
}

Json diagnosis_json(const RecordedExchange& exchange, const MaskedText& masked) {
  if (!exchange.failure) return note_json(exchange);
  const Diagnosis diagnosis = diagnose(masked_failure(exchange, masked));
  std::string why = to_utf8(diagnosis.why);
  const RecordedStep* last = last_error_line(exchange);
  if (exchange.failure->fault == ScriptFault::exit_status && last != nullptr)
    why.append(why.empty() ? "" : "; ")
        .append("the last it said on standard error: \"")
        .append(to_utf8(masked.mask().mask(last->text, Cut::both)))
        .append("\"");
  return {{"fault", name_of(exchange.failure->fault)},
          {"what", to_utf8(diagnosis.what)},
          {"why", why},
          {"cure", to_utf8(diagnosis.cure)}};
}

Json load_json(const std::optional<RecordedLoad>& load) {
  if (!load) return nullptr;
  return {{"workers", load->workers},
          {"busy", load->busy},
          {"queue", load->queue},
          {"queue_capacity", load->queue_capacity},
          {"gateways", load->gateways},
          {"gateway_places", load->gateway_places},
          {"gateways_waiting", load->gateways_waiting},
          {"connections", load->connections}};
}

Json streams_json(const RecordedExchange& exchange, const MaskedText& masked) {
  Json streams = Json::array();
  if (exchange.script.empty() && exchange.environment.empty()) return streams;
  for (int number = 0; number < 3; ++number) {
    const std::size_t head_bytes = number == 1 ? script_head_of(exchange).size() : 0;
    streams.push_back(stream_json(exchange.streams[static_cast<std::size_t>(number)], number,
                                  stream_name(number), masked, head_bytes));
  }
  return streams;
}

// Of a line that came in pieces, each piece is cut where the next one begins.
Cut cut_of(const RecordedStep& step, bool& goes_on) {
  if (step.step != Step::error_line) return Cut::none;
  const bool begins = !std::exchange(goes_on, step.text.size() >= kErrorPieceBytes);
  if (goes_on) return begins ? Cut::end : Cut::both;
  return begins ? Cut::none : Cut::begin;
}

Json events_json(const RecordedExchange& exchange, const MaskedText& masked) {
  Json events = Json::array();
  bool goes_on = false;
  for (RecordedStep step : exchange.steps) {
    step.text = masked.mask().mask(step.text, cut_of(step, goes_on));
    events.push_back({{"at", step.at},
                      {"step", name_of(step.step)},
                      {"stream", step.stream},
                      {"offset", step.offset},
                      {"bytes", step.bytes},
                      {"number", step.number},
                      {"text", to_utf8(step.text)},
                      {"words", masked.text(words_for(step, exchange))}});
  }
  return events;
}

Json replay_json(const RecordedExchange& exchange, const RecordedExchange* original,
                 const MaskedText& masked) {
  if (exchange.replay_of == 0) return nullptr;
  if (original == nullptr)
    return {{"of", exchange.replay_of},
            {"same_status", nullptr},
            {"same_body", nullptr},
            {"differences", {"what it repeats is not kept any more"}}};
  const ReplayComparison comparison = compare_replay(*original, exchange);
  Json differences = Json::array();
  for (const std::string& difference : comparison.differences) differences.push_back(masked.text(difference));
  return {{"of", exchange.replay_of},
          {"same_status", comparison.same_status},
          {"same_body", comparison.same_body},
          {"differences", std::move(differences)}};
}

Json end_json(const std::string& address, std::uint16_t port) {
  return {{"address", address}, {"port", port}};
}

void add_place(Json& json, const RecordedExchange& exchange, const MaskedText& masked) {
  json["route"] = exchange.handler.empty()
                      ? Json(nullptr)
                      : Json{{"handler", exchange.handler}, {"why", masked.text(exchange.why)}};
  json["rejection"] = or_null(masked.text(exchange.rejection));
  json["client"] = end_json(exchange.remote_address, exchange.remote_port);
  json["server"] = end_json(exchange.server_address, exchange.server_port);
  json["worker"] = exchange.worker < 0 ? Json(nullptr) : Json(exchange.worker);
  json["load"] = load_json(exchange.load);
}

}  // namespace

std::string summary_json(const RecordedExchange& exchange) {
  return dump(summary_of(exchange, MaskedText(exchange)));
}

std::string exchange_json(const RecordedExchange& exchange, const RecordedExchange* original) {
  const MaskedText masked(exchange, original);
  Json json = summary_of(exchange, masked);
  json["request"] = request_json(exchange, masked);
  add_place(json, exchange, masked);
  json["script"] = script_json(exchange, masked);
  json["streams"] = streams_json(exchange, masked);
  json["events"] = events_json(exchange, masked);
  json["events_left_out"] = exchange.steps_left_out;
  json["answer"] = answer_json(exchange, masked);
  json["diagnosis"] = diagnosis_json(exchange, masked);
  json["replay"] = replay_json(exchange, original, masked);
  const auto why_not = why_no_replay(exchange);
  json["can_replay"] = !why_not;
  json["why_not"] = why_not ? Json(*why_not) : Json(nullptr);
  return dump(json);
}

}  // namespace tinyhttpd
