#include "tinyhttpd/utf8_text.hpp"

#include "tinyhttpd/utf8.hpp"

namespace tinyhttpd {

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

}  // namespace tinyhttpd
