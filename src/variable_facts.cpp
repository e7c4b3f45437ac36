#include "tinyhttpd/variable_facts.hpp"

#include <algorithm>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/recorded_exchange.hpp"

namespace tinyhttpd {

VariableFacts::VariableFacts(const RecordedExchange& exchange)
    : exchange_(exchange), fields_(lines_of_head(exchange.request_head)) {
  if (!fields_.empty()) fields_.erase(fields_.begin());  // the request line
}

std::optional<std::string_view> VariableFacts::variable(std::string_view name) const {
  return variable_in(exchange_.environment, name);
}

bool VariableFacts::has_absolute_target() const {
  return !exchange_.target.empty() && exchange_.target.find("://") != std::string::npos &&
         exchange_.target.front() != '/';
}

bool VariableFacts::is_redirected() const {
  const auto asked = variable("REQUEST_URI");
  return asked && *asked != exchange_.target;
}

bool VariableFacts::is_json() const {
  return exchange_.handler == "invoke_json";
}

bool has_own_variable(std::string_view field_name) {
  return !field_name.empty() && std::all_of(field_name.begin(), field_name.end(),
                                            [](char c) { return c == '-' || is_letter(c) || is_digit(c); });
}

std::string variable_of_field(std::string_view field_name) {
  std::string name = "HTTP_";
  for (const char c : field_name) name += c == '-' ? '_' : c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c;
  return name;
}

}  // namespace tinyhttpd
