#include "tinyhttpd/answer_fields.hpp"

#include <algorithm>
#include <array>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/http.hpp"

namespace tinyhttpd {

bool is_for_the_server(std::string_view name) {
  constexpr std::array<std::string_view, 9> kNames = {"Connection", "Keep-Alive", "Transfer-Encoding",
                                                      "TE",         "Trailer",    "Upgrade",
                                                      "Date",       "Server",     "X-Sendfile"};
  constexpr std::array<std::string_view, 5> kPrefixes = {"Proxy-", "X-CGI-", "X-Accel-", "X-Sendfile-",
                                                         "X-LIGHTTPD-"};
  return std::any_of(kNames.begin(), kNames.end(), [name](auto known) { return iequals(name, known); }) ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [name](auto prefix) { return iequals(name.substr(0, prefix.size()), prefix); });
}

bool has_control_byte(std::string_view value) {
  return std::any_of(value.begin(), value.end(), [](char byte) { return is_control(byte) && byte != '\t'; });
}

}  // namespace tinyhttpd
