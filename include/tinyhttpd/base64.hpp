// Bytes as text of 64 characters (RFC 4648 section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tinyhttpd {

/// `bytes` in base64, padded, in one line.
std::string encode_base64(std::string_view bytes);

/// The bytes that `text` stands for. Nothing unless it is exactly what encode_base64 makes of them: in the
/// alphabet of section 4, without line ends or white space, with all of its padding, and with the bits that
/// the padding leaves over zero (RFC 4648 sections 3.2, 3.3 and 3.5).
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace tinyhttpd
