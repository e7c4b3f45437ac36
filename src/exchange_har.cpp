#include <algorithm>

#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/exchange_exports.hpp"
#include "tinyhttpd/head_lines.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/json_parts.hpp"
#include "tinyhttpd/replay_comparison.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/time_text.hpp"
#include "tinyhttpd/utf8.hpp"

namespace tinyhttpd {

namespace {

Json pair_json(std::string_view name, std::string value, const MaskedText& masked) {
  return {{"name", masked.text(name)}, {"value", std::move(value)}};
}

Json headers_json(std::string_view head, const MaskedText& masked) {
  Json headers = Json::array();
  for (const HeadLine& line : lines_of_head(head))
    if (!line.name.empty())
      headers.push_back(pair_json(line.name, masked.value(line.name, line.value), masked));
  return headers;
}

// The part before the separator, taken off `rest`.
std::string_view take_part(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

Json query_json(std::string_view query, const MaskedText& masked) {
  Json parameters = Json::array();
  while (!query.empty()) {
    std::string_view value = take_part(query, '&');
    const std::string_view name = take_part(value, '=');
    parameters.push_back(pair_json(name, masked.text(value), masked));
  }
  return parameters;
}

// Of a cookie only its name may be seen.
void add_cookie(Json& cookies, std::string_view pair, const MaskedText& masked) {
  const std::string_view name = trim(take_part(pair, '='));
  if (!name.empty()) cookies.push_back(pair_json(name, std::string(trim(pair).size(), '*'), masked));
}

Json cookies_json(std::string_view head, const MaskedText& masked) {
  Json cookies = Json::array();
  for (const HeadLine& line : lines_of_head(head)) {
    std::string_view value = line.value;
    if (iequals(line.name, "Set-Cookie")) add_cookie(cookies, take_part(value, ';'), masked);
    if (!iequals(line.name, "Cookie")) continue;
    while (!value.empty()) add_cookie(cookies, take_part(value, ';'), masked);
  }
  return cookies;
}

void add_text(Json& content, std::string bytes) {
  if (is_utf8(bytes)) {
    content["text"] = std::move(bytes);
  } else {
    content["text"] = encode_base64(bytes);
    content["encoding"] = "base64";
  }
}

// HAR has no encoding for what was sent: bytes that are no UTF-8 are said to be base64 in a comment.
void add_post_data(Json& request, const RecordedExchange& exchange, const MaskedText& masked) {
  const auto body = request_body_of(exchange);
  request["bodySize"] = body ? Json(body->size()) : Json(-1);
  if (!body || body->empty()) return;
  const auto type = value_in(lines_of_head(exchange.request_head), "Content-Type");
  Json data{{"mimeType", masked.text(type.value_or(""))}, {"params", Json::array()}};
  add_text(data, masked.mask().mask(*body));
  if (data.erase("encoding") > 0) data["comment"] = "text is base64";
  request["postData"] = std::move(data);
}

std::string url_of(const RecordedExchange& exchange, const MaskedText& masked) {
  if (exchange.target.find("://") != std::string::npos) return masked.text(exchange.target);
  const auto host = value_in(lines_of_head(exchange.request_head), "Host");
  return "http://" + masked.text(host.value_or(exchange.server_address)) + masked.text(exchange.target);
}

Json har_request(const RecordedExchange& exchange, const MaskedText& masked) {
  Json request;
  request["method"] = masked.text(exchange.method);
  request["url"] = url_of(exchange, masked);
  request["httpVersion"] = exchange.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1";
  request["cookies"] = cookies_json(exchange.request_head, masked);
  request["headers"] = headers_json(exchange.request_head, masked);
  request["queryString"] = query_json(exchange.query, masked);
  request["headersSize"] =
      exchange.request_head.empty() ? -1 : static_cast<int>(exchange.request_head.size());
  add_post_data(request, exchange, masked);
  return request;
}

// The body that was sent, where it was kept: what a script wrote after its head.
std::optional<std::string> sent_body(const RecordedExchange& exchange, const MaskedText& masked) {
  const RecordedStream& output = exchange.streams[1];
  if (exchange.body_bytes == 0) return std::string();
  if (exchange.script_head_bytes == 0 || exchange.handler == "invoke_json") return std::nullopt;
  const std::string bytes = masked.stream(output, exchange.script_head_bytes);
  if (bytes.size() < exchange.script_head_bytes + exchange.body_bytes) return std::nullopt;
  return bytes.substr(exchange.script_head_bytes, exchange.body_bytes);
}

Json content_json(const RecordedExchange& exchange, const MaskedText& masked) {
  const auto type = value_in(lines_of_head(exchange.sent_head), "Content-Type");
  Json content{{"size", exchange.body_bytes},
               {"mimeType", masked.text(type.value_or("application/octet-stream"))}};
  if (auto body = sent_body(exchange, masked)) {
    add_text(content, *std::move(body));
  } else {
    content["comment"] = "the body was not recorded";
  }
  return content;
}

Json har_response(const RecordedExchange& exchange, const MaskedText& masked) {
  const auto lines = lines_of_head(exchange.sent_head);
  constexpr std::size_t kReasonBegin = 13;  // after "HTTP/1.1 200 "
  const std::string_view status_line = lines.empty() ? std::string_view() : lines.front().text;
  Json response;
  response["status"] = exchange.status;
  response["statusText"] = masked.text(status_line.substr(std::min(kReasonBegin, status_line.size())));
  response["httpVersion"] = "HTTP/1.1";
  response["cookies"] = cookies_json(exchange.sent_head, masked);
  response["headers"] = headers_json(exchange.sent_head, masked);
  response["content"] = content_json(exchange, masked);
  response["redirectURL"] = masked.text(value_in(lines, "Location").value_or(""));
  response["headersSize"] = exchange.sent_head.empty() ? -1 : static_cast<int>(exchange.sent_head.size());
  response["bodySize"] = exchange.body_bytes;
  return response;
}

std::optional<std::int64_t> time_of(const RecordedExchange& exchange, Step wanted) {
  for (const RecordedStep& step : exchange.steps)
    if (step.step == wanted) return std::max<std::int64_t>(step.at, 0);
  return std::nullopt;
}

double milliseconds(std::int64_t microseconds) {
  return static_cast<double>(microseconds) / 1000;
}

// As the server saw it: `send` until the request was there, `wait` until the answer's head went out. What was
// before the first byte is no part of it.
void add_times(Json& entry, const RecordedExchange& exchange) {
  const std::int64_t total = std::max<std::int64_t>(exchange.duration, 0);
  const std::int64_t head = time_of(exchange, Step::head_parsed).value_or(0);
  const std::int64_t sent = std::min(time_of(exchange, Step::body_complete).value_or(head), total);
  const std::int64_t answered = std::clamp(time_of(exchange, Step::head_sent).value_or(total), sent, total);
  entry["time"] = milliseconds(total);
  entry["timings"] = {{"blocked", -1},
                      {"dns", -1},
                      {"connect", -1},
                      {"ssl", -1},
                      {"send", milliseconds(sent)},
                      {"wait", milliseconds(answered - sent)},
                      {"receive", milliseconds(total - answered)}};
}

}  // namespace

std::string exchange_har(const RecordedExchange& exchange) {
  const MaskedText masked(exchange);
  Json entry;
  entry["startedDateTime"] = iso_time(exchange.began_unix);
  entry["request"] = har_request(exchange, masked);
  entry["response"] = har_response(exchange, masked);
  entry["cache"] = Json::object();
  add_times(entry, exchange);
  if (!exchange.server_address.empty()) entry["serverIPAddress"] = exchange.server_address;
  if (exchange.remote_port != 0) entry["connection"] = std::to_string(exchange.remote_port);
  const std::string_view software = server_software();
  Json har;
  har["log"] = {{"version", "1.2"},
                {"creator", {{"name", "tinyhttpd"}, {"version", software.substr(software.find('/') + 1)}}},
                {"entries", Json::array({std::move(entry)})}};
  return dump(har) + "\n";
}

}  // namespace tinyhttpd
