#include "tinyhttpd/json_answer.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "tinyhttpd/answer_fields.hpp"
#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/json_text.hpp"

namespace tinyhttpd {

namespace {

using Json = nlohmann::json;
using Checked = Result<void, ScriptFailure>;

// Names in a failure are cut to this: they are the handler's.
constexpr std::size_t kMaxNamedBytes = 100;

ScriptFailure bad_json(std::string what) {
  return {.fault = ScriptFault::bad_json, .detail = std::move(what)};
}

std::string in_quotes(std::string_view name) {
  return "\"" + std::string(name.substr(0, kMaxNamedBytes)) + "\"";
}

std::string kind_of(const Json& value) {
  if (value.is_null()) return "null";
  const std::string kind = value.type_name();
  return (value.is_object() || value.is_array() ? "an " : "a ") + kind;
}

// The text of a field's value; nothing for what has none.
std::optional<std::string> text_of(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

// Reads an object with "statusCode" into a response.
class AnswerReader {
 public:
  explicit AnswerReader(Json answer) : answer_(std::move(answer)) {}

  Result<Response, ScriptFailure> read() && {
    using Step = Checked (AnswerReader::*)();
    for (const Step step : {&AnswerReader::read_status, &AnswerReader::read_headers,
                            &AnswerReader::read_cookies, &AnswerReader::read_body}) {
      auto done = (this->*step)();
      if (!done) return std::move(done).error();
    }
    return std::move(response_);
  }

 private:
  // The member of that name, unless it is absent or null.
  Json* member(const char* name) {
    const auto found = answer_.find(name);
    return found == answer_.end() || found->is_null() ? nullptr : &*found;
  }

  Checked read_status() {
    const Json& status = answer_["statusCode"];
    const double number = status.is_number() ? status.get<double>() : 0;
    const bool is_status = number >= 200 && number <= 599 && number == static_cast<int>(number);
    if (!is_status) {
      const std::string found = status.is_number() ? status.dump() : kind_of(status);
      return bad_json("statusCode is " + found + ", not 200 to 599");
    }
    response_.status = Status{static_cast<int>(number)};
    return {};
  }

  // A line that both of them name is sent once.
  Checked read_headers() {
    auto read = read_headers_in("multiValueHeaders", nullptr);
    if (!read) return read;
    const std::set<std::string> sent = std::move(lines_);
    return read_headers_in("headers", &sent);
  }

  Checked read_headers_in(const char* member_name, const std::set<std::string>* sent) {
    const Json* headers = member(member_name);
    // PHP writes an empty list for an empty object.
    if (headers == nullptr || (headers->is_array() && headers->empty())) return {};
    if (!headers->is_object())
      return bad_json(std::string(member_name) + " is " + kind_of(*headers) + ", not an object");
    for (const auto& [name, value] : headers->items()) {
      auto added = add_values(name, value, sent);
      if (!added) return added;
    }
    return {};
  }

  Checked add_values(const std::string& name, const Json& value, const std::set<std::string>* sent) {
    if (!value.is_array()) return add_value(name, value, sent);
    for (const Json& element : value) {
      auto added = add_value(name, element, sent);
      if (!added) return added;
    }
    return {};
  }

  Checked add_value(const std::string& name, const Json& value, const std::set<std::string>* sent) {
    const auto text = text_of(value);
    if (!text)
      return bad_json("the header " + in_quotes(name) + " is " + kind_of(value) +
                      ", not a string, a number, a boolean or an array of these");
    if (sent != nullptr && sent->contains(key_of(name, *text))) return {};
    if (sent == nullptr) lines_.insert(key_of(name, *text));
    return add(name, trim(*text));
  }

  static std::string key_of(std::string name, std::string_view value) {
    for (char& c : name) c = to_lower(c);
    return name.append(":").append(value);
  }

  Checked read_cookies() {
    const Json* cookies = member("cookies");
    if (cookies == nullptr) return {};
    if (!cookies->is_array()) return bad_json("cookies is " + kind_of(*cookies) + ", not an array");
    for (const Json& cookie : *cookies) {
      if (!cookie.is_string()) return bad_json("a cookie is " + kind_of(cookie) + ", not a string");
      auto added = add("Set-Cookie", trim(cookie.get_ref<const std::string&>()));
      if (!added) return added;
    }
    return {};
  }

  // Adds one line, or drops it where it is not for the client.
  Checked add(std::string_view name, std::string_view value) {
    if (!is_token(name))
      return bad_json("the header " + in_quotes(name) + " has a name that no header can have");
    if (has_control_byte(value)) return bad_json("the header " + in_quotes(name) + " holds a control byte");
    if (is_for_the_server(name) || iequals(name, "Status") || iequals(name, "Content-Length")) return {};
    const bool is_type = iequals(name, "Content-Type");
    const bool is_location = iequals(name, "Location");
    if ((is_type && has_content_type_) || (is_location && has_location_))
      return bad_json("the header " + in_quotes(name) + " is there twice");
    has_content_type_ = has_content_type_ || is_type;
    has_location_ = has_location_ || is_location;
    response_.add(name, value);
    if (response_.fields.size() <= kMaxJsonFieldBytes) return {};
    return bad_json("headers and cookies are longer than " + std::to_string(kMaxJsonFieldBytes) + " bytes");
  }

  Checked read_body() {
    const Json* encoded = member("isBase64Encoded");
    if (encoded != nullptr && !encoded->is_boolean())
      return bad_json("isBase64Encoded is " + kind_of(*encoded) + ", not true or false");
    Json* body = member("body");
    if (body == nullptr) return {};
    if (!body->is_string()) return bad_json("body is " + kind_of(*body) + ", not a string");
    auto& text = body->get_ref<std::string&>();
    auto bytes = encoded != nullptr && encoded->get<bool>() ? decode_base64(text) : std::move(text);
    if (!bytes) return bad_json("body is no base64 (RFC 4648 section 4, in one line)");
    if (!bytes->empty() && !has_content_type_) response_.add("Content-Type", "application/json");
    response_.body = *std::move(bytes);
    return {};
  }

  Json answer_;
  Response response_;
  std::set<std::string> lines_;  // of multiValueHeaders
  bool has_content_type_ = false;
  bool has_location_ = false;
};

}  // namespace

Result<Response, ScriptFailure> parse_json_answer(std::string_view text) {
  constexpr std::string_view kWhiteSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == text.npos) return ScriptFailure{.fault = ScriptFault::no_output};
  auto checked = check_json(text, "statusCode");
  if (!checked) return bad_json(std::move(checked).error());
  if (checked->has_member) return AnswerReader(Json::parse(text, nullptr, false)).read();

  Response response;
  response.add("Content-Type", "application/json");
  const auto value = text.substr(begin, text.find_last_not_of(kWhiteSpace) + 1 - begin);
  response.body = std::move(checked->bare_string).value_or(std::string(value));
  return response;
}

}  // namespace tinyhttpd
