#include "tinyhttpd/replay_comparison.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/head_lines.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/recorded_exchange.hpp"
#include "tinyhttpd/secrets.hpp"
#include "tinyhttpd/step_words.hpp"

namespace tinyhttpd {

namespace {

bool is_whole(const RecordedStream& stream) {
  return stream.total == stream.bytes.size();
}

// How many bytes the body had, as the server told; nothing where there was none.
std::optional<std::uint64_t> announced_body(const RecordedExchange& exchange) {
  for (const RecordedStep& step : exchange.steps)
    if (step.step == Step::body_complete) return step.bytes;
  return std::nullopt;
}

std::optional<std::string> body_of_event(std::string_view event_text) {
  const auto event = nlohmann::json::parse(event_text, nullptr, false);
  if (!event.is_object()) return std::nullopt;
  const auto body = event.find("body");
  if (body == event.end() || !body->is_string()) return std::string();
  const auto& text = body->get_ref<const std::string&>();
  const auto is_base64 = event.find("isBase64Encoded");
  if (is_base64 == event.end() || *is_base64 != true) return text;
  return decode_base64(text);
}

std::string_view body_of_output(const RecordedExchange& exchange) {
  const std::string_view output = exchange.streams[1].bytes;
  return output.substr(std::min(exchange.script_head_bytes, output.size()));
}

using Differences = std::vector<std::string>;

void compare_status(const RecordedExchange& before, const RecordedExchange& now, Differences& differences) {
  if (before.status != now.status)
    differences.push_back("the status was " + std::to_string(before.status) + " and is " +
                          std::to_string(now.status));
}

// Dates differ always, and say nothing. A replay ends its connection, whatever the client did with its own
// (RFC 9110 section 7.6.1).
bool is_of_no_account(std::string_view name) {
  return name.empty() || iequals(name, "Date") || iequals(name, "Connection") || iequals(name, "Keep-Alive");
}

void compare_heads(const RecordedExchange& before, const RecordedExchange& now, Differences& differences) {
  const auto then = lines_of_head(before.sent_head);
  const auto lines = lines_of_head(now.sent_head);
  for (const HeadLine& line : then) {
    if (is_of_no_account(line.name)) continue;
    const auto value = value_in(lines, line.name);
    const std::string name(line.name);
    if (!value) differences.push_back("the header " + name + " is no longer sent");
    if (!value || *value == line.value || *value_in(then, line.name) != line.value) continue;
    // What a secret was is not said, not even in words.
    differences.push_back("the header " + name +
                          (is_secret_name(name) ? std::string(" is another")
                                                : " was \"" + std::string(line.value) + "\" and is \"" +
                                                      std::string(*value) + "\""));
  }
  for (const HeadLine& line : lines)
    if (!is_of_no_account(line.name) && !value_in(then, line.name))
      differences.push_back("the header " + std::string(line.name) + " is new");
}

void compare_bytes(std::string_view what, std::string_view before, std::string_view now,
                   Differences& differences) {
  if (before == now) return;
  const auto apart = std::mismatch(before.begin(), before.end(), now.begin(), now.end());
  differences.push_back(std::string(what) + " differs from byte " +
                        std::to_string(apart.first - before.begin() + 1) + " on: " + in_bytes(before.size()) +
                        " before, " + in_bytes(now.size()) + " now");
}

std::string end_of(const RecordedExchange& exchange) {
  return exchange.exit ? words_for(*exchange.exit) : "not seen to its end";
}

// A head that is refused is not recorded, be it all there.
std::string why_no_head(const RecordedExchange& exchange) {
  constexpr int kTimeout = 408;
  const bool is_part = exchange.request_line.empty() || exchange.status == kTimeout;
  return is_part ? "the head of the request never came whole"
                 : "the head of the request was refused, and is not kept";
}

}  // namespace

std::optional<std::string> request_body_of(const RecordedExchange& exchange) {
  const RecordedStream& input = exchange.streams[0];
  if (!is_whole(input)) return std::nullopt;
  if (exchange.handler == "invoke_json" && !input.bytes.empty()) return body_of_event(input.bytes);
  if (announced_body(exchange).value_or(input.total) != input.total) return std::nullopt;
  return input.bytes;
}

std::optional<std::string> why_no_replay(const RecordedExchange& exchange) {
  if (exchange.request_head.empty()) return why_no_head(exchange);
  if (!exchange.over) return "it is not over yet";
  if (!is_whole(exchange.streams[0])) return "the body was longer than --inspect-bytes";
  if (!request_body_of(exchange)) return "the body was not recorded, because no script read it all";
  return std::nullopt;
}

ReplayComparison compare_replay(const RecordedExchange& original, const RecordedExchange& replay) {
  ReplayComparison comparison;
  Differences& differences = comparison.differences;
  comparison.same_status = original.status == replay.status;
  compare_status(original, replay, differences);
  compare_heads(original, replay, differences);
  const std::size_t before = differences.size();
  compare_bytes("the body", body_of_output(original), body_of_output(replay), differences);
  comparison.same_body = differences.size() == before && original.body_bytes == replay.body_bytes;
  if (differences.size() == before && !comparison.same_body)
    differences.push_back("the body had " + in_bytes(original.body_bytes) + " and has " +
                          in_bytes(replay.body_bytes));
  compare_bytes("standard error", original.streams[2].bytes, replay.streams[2].bytes, differences);
  if (end_of(original) != end_of(replay))
    differences.push_back("the script's end was: " + end_of(original) + "; now: " + end_of(replay));
  return comparison;
}

}  // namespace tinyhttpd
