// Compression in the gzip format (RFC 1952), by zlib.
#pragma once

#include <string>
#include <string_view>

namespace tinyhttpd {

/// `bytes` as one gzip member without name and time, so that the same bytes always give the same result.
/// Throws std::bad_alloc.
std::string gzip(std::string_view bytes);

}  // namespace tinyhttpd
