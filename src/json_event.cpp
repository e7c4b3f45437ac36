#include "tinyhttpd/json_event.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/utf8.hpp"

namespace tinyhttpd {

namespace {

// Members in the order in which they were set, as the format's own example has them.
using Json = nlohmann::ordered_json;

// Names with their values, sorted: of a client's thousands of parameters, each is found in few steps.
using Joined = std::map<std::string, std::string>;

constexpr std::string_view kDefault = "$default";

// `bytes` with U+FFFD for each byte that is no UTF-8. Done before names are compared: two of them may be the
// same afterwards, and an object must not name a member twice.
std::string to_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    text.append(length > 0 ? bytes.substr(0, length) : "\xEF\xBF\xBD");
    bytes.remove_prefix(length > 0 ? length : 1);
  }
  return text;
}

void join(Joined& joined, const std::string& name, const std::string& value) {
  const auto [found, is_new] = joined.try_emplace(name, value);
  if (!is_new) found->second.append(",").append(value);
}

std::string lower(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = to_lower(c);
  return text;
}

// What a script would not get, the event does not say either. It has no meta-variables beside the fields:
// those of the body stay among these.
bool is_left_out(std::string_view name, const CgiConfig& config) {
  if (iequals(name, "Cookie")) return true;
  if (iequals(name, "Content-Length") || iequals(name, "Content-Type")) return false;
  return is_withheld(name, config);
}

Joined headers_of(const Request& request, const CgiConfig& config) {
  Joined headers;
  // The authority of an absolute target takes the place of Host (RFC 9112 section 3.2.2).
  if (!request.host_field.empty()) headers.emplace("host", to_utf8(request.host_field));
  for (const auto& field : request.fields) {
    if (is_left_out(field.name, config)) continue;
    if (iequals(field.name, "Host") && !request.host_field.empty()) continue;
    join(headers, lower(field.name), to_utf8(field.value));
  }
  return headers;
}

template <typename Visit>
void for_each_part(std::string_view text, char separator, Visit visit) {
  for (std::size_t end = text.find(separator); end != text.npos; end = text.find(separator)) {
    visit(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  visit(text);
}

// The pairs of all Cookie fields, "name=value" each (RFC 6265 section 4.2.1).
std::vector<std::string> cookies_of(const Request& request) {
  std::vector<std::string> cookies;
  for (const auto& field : request.fields) {
    if (!iequals(field.name, "Cookie")) continue;
    for_each_part(field.value, ';', [&](std::string_view part) {
      if (const auto pair = trim(part); !pair.empty()) cookies.push_back(to_utf8(pair));
    });
  }
  return cookies;
}

// As browsers write forms (WHATWG URL section 5.1): '+' is a space, and a '%' that begins no escape is
// itself.
std::string form_decode(std::string_view raw) {
  std::string decoded;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '%' && i + 2 < raw.size() && is_hex_digit(raw[i + 1]) && is_hex_digit(raw[i + 2])) {
      decoded += static_cast<char>(hex_value(raw[i + 1]) * 16 + hex_value(raw[i + 2]));
      i += 2;
    } else {
      decoded += raw[i] == '+' ? ' ' : raw[i];
    }
  }
  return to_utf8(decoded);
}

Joined parameters_of(std::string_view query) {
  Joined parameters;
  for_each_part(query, '&', [&](std::string_view pair) {
    if (pair.empty()) return;
    const std::size_t equals = pair.find('=');
    const auto value = equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
    join(parameters, form_decode(pair.substr(0, equals)), form_decode(value));
  });
  return parameters;
}

// The first label of a name: "www" of "www.example.org". An address has no labels.
std::string_view first_label(std::string_view host) {
  const bool is_address = host.starts_with('[') || host.find_first_not_of("0123456789.") == host.npos;
  return is_address ? host : host.substr(0, host.find('.'));
}

Json http_part(const Request& request, const Endpoints& endpoints) {
  Json http;
  http["method"] = to_utf8(request.method_name);
  http["path"] = to_utf8(request.path);
  http["protocol"] = request.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1";
  http["sourceIp"] = client_address(endpoints);
  http["userAgent"] = to_utf8(request.field("User-Agent").value_or(""));
  return http;
}

// Where the format speaks of the cloud's accounts, we say the same of every request.
Json request_context(const Request& request, const Endpoints& endpoints, const EventContext& event) {
  const std::string host = to_utf8(server_name(request, endpoints));
  Json context;
  context["accountId"] = "anonymous";
  context["apiId"] = "tinyhttpd";
  context["authentication"] = nullptr;  // the certificate of a client: we ask for none
  if (!request.user.empty()) context["authorizer"]["basic"]["user"] = to_utf8(request.user);
  context["domainName"] = host;
  context["domainPrefix"] = first_label(host);
  context["http"] = http_part(request, endpoints);
  context["requestId"] = std::to_string(event.request_id);
  context["routeKey"] = kDefault;
  context["stage"] = kDefault;
  context["time"] = event.local_time;
  context["timeEpoch"] = event.epoch.count();
  return context;
}

// Text as it is; other bytes as base64.
void add_body(Json& event, std::string_view body) {
  const bool is_text = is_utf8(body);
  if (!body.empty()) event["body"] = is_text ? std::string(body) : encode_base64(body);
  event["isBase64Encoded"] = !is_text;
}

}  // namespace

std::string json_event(const Request& request, const ScriptTarget& script, const Endpoints& endpoints,
                       std::string_view body, const EventContext& context, const CgiConfig& config) {
  Json event;
  event["version"] = "2.0";
  event["routeKey"] = kDefault;
  event["rawPath"] = to_utf8(request.path);
  event["rawQueryString"] = to_utf8(request.query);
  if (const auto cookies = cookies_of(request); !cookies.empty()) event["cookies"] = cookies;
  event["headers"] = headers_of(request, config);
  if (const auto parameters = parameters_of(request.query); !parameters.empty())
    event["queryStringParameters"] = parameters;
  event["requestContext"] = request_context(request, endpoints, context);
  add_body(event, body);
  event["tinyhttpd"] = {{"scriptName", to_utf8(script.script_name)},
                        {"pathInfo", to_utf8(script.path_info)},
                        {"documentRoot", to_utf8(script.document_root)}};
  return event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tinyhttpd
