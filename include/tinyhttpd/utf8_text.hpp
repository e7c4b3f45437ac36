// Bytes that may be anything, as text.
#pragma once

#include <string>
#include <string_view>

namespace tinyhttpd {

/// `bytes` with U+FFFD for each byte that is no UTF-8.
std::string to_utf8(std::string_view bytes);

}  // namespace tinyhttpd
