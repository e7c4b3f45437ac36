// Which content coding an answer gets: what the client takes, and what there is (RFC 9110
// sections 8.4, 12.5.3).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "tinyhttpd/http.hpp"

namespace tinyhttpd {

/// A way a representation is coded.
enum class Coding { identity, gzip, br };

/// The name in Content-Encoding and Accept-Encoding: "gzip", "br"; "identity" is never sent.
std::string_view name_of(Coding coding);

/// The one of `available` (in the server's order of preference) that the request's Accept-Encoding lines like
/// best: the highest weight, and of equals the first in `available`. A coding that is named counts above
/// identity that is not. Without the field, identity. None: the client takes none of them, not even identity.
/// Elements that cannot be read are ignored. "x-gzip" is gzip (RFC 9110 section 8.4.1.3).
std::optional<Coding> choose_coding(const Request& request, std::span<const Coding> available);

/// Whether files of this media type become much smaller: text, JSON, XML, JavaScript, SVG, WebAssembly …
/// Parameters are ignored.
bool is_compressible(std::string_view media_type);

}  // namespace tinyhttpd
