// Whatever a handler prints: what is accepted is JSON for another reader too, and nothing of it reaches the
// client but well-formed lines that say nothing of the connection; what is refused is explained in one line.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tinyhttpd/answer_fields.hpp"
#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/json_answer.hpp"
#include "tinyhttpd/json_event.hpp"
#include "tinyhttpd/json_text.hpp"

using namespace tinyhttpd;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void require_field_lines(std::string_view fields) {
  while (!fields.empty()) {
    const auto end = fields.find("\r\n");
    require(end != std::string_view::npos);
    const auto line = fields.substr(0, end);
    fields.remove_prefix(end + 2);
    const auto colon = line.find(": ");
    require(colon != std::string_view::npos && is_token(line.substr(0, colon)));
    require(!has_control_byte(line.substr(colon + 2)));
    require(!is_for_the_server(line.substr(0, colon)));
    require(!iequals(line.substr(0, colon), "Content-Length"));
  }
}

// A description goes to a log: one line, and no control byte.
void require_loggable(const ScriptFailure& failure) {
  for (const char byte : describe(failure))
    require(static_cast<unsigned char>(byte) >= 0x20 && byte != '\x7F');
}

void require_sound_answer(std::string_view text) {
  auto response = parse_json_answer(text);
  if (!response) {
    const auto fault = response.error().fault;
    require(fault == ScriptFault::bad_json || fault == ScriptFault::no_output);
    require(response.error().detail.size() < 500);
    require_loggable(response.error());
    return;
  }
  require(nlohmann::json::accept(text));
  require(code(response->status) >= 200 && code(response->status) <= 599);
  require_field_lines(response->fields);
}

void require_strict_base64(std::string_view text) {
  if (const auto bytes = decode_base64(text)) require(encode_base64(*bytes) == text);
  require(decode_base64(encode_base64(text)) == std::string(text));
}

// The same bytes as the parts of a request: the event is one line of JSON that we would accept ourselves.
void require_sound_event(std::string_view bytes) {
  Request request;
  request.method_name = "GET";
  request.path = "/" + std::string(bytes);
  request.query = bytes;
  request.fields = {{"Cookie", bytes}, {"X-Field", bytes}, {"x-field", bytes}};
  request.user = bytes;
  const EventContext context{1, std::chrono::milliseconds(0), "01/Jan/1970:00:00:00 +0000"};
  const std::string event = json_event(request, {}, {}, bytes, context, {});
  require(event.find('\n') == event.size() - 1);
  auto checked = check_json(event, "version");
  require(checked && checked->has_member);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require_sound_answer(text);
  require_strict_base64(text);
  require_sound_event(text);
  return 0;
}
