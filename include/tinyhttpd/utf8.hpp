// UTF-8, as far as a server has to know it (RFC 3629).
#pragma once

#include <cstddef>
#include <string_view>

namespace tinyhttpd {

/// The length of the UTF-8 sequence at the beginning of `text`, which is not empty; 0 when it is not one:
/// overlong forms, surrogates and what is cut off are none.
std::size_t utf8_length(std::string_view text);

/// Whether all of `text` is UTF-8.
bool is_utf8(std::string_view text);

}  // namespace tinyhttpd
