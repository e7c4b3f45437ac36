// The target of a request: its path decoded once and made safe, its query kept as sent (RFC 9112 section 3.2,
// RFC 3986).
#pragma once

#include <string>
#include <string_view>

#include "tinyhttpd/authority.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

/// Reads request.target as request.method allows it (RFC 9112 section 3.2): a path, an http or https URI, "*"
/// for OPTIONS, an authority for CONNECT. Fills path, query, has_query and, when the target names an
/// authority, host and host_field. 400: no such form, a fragment, or a byte that belongs in no URI. Accepted
/// beyond RFC 3986, since browsers send them unescaped: [ ] { } | ^ ` in path and query, and in the query a
/// '%' that begins no escape.
Result<void> parse_target(Request& request);

/// Decodes %XX in `raw` (a path that begins with '/') exactly once, then merges repeated slashes and removes
/// "." and ".." segments, so that every rule sees one spelling of one path (CVE-2019-0220, CVE-2021-41773).
/// Into `path`, whose memory is reused. 400: a bad escape, an encoded '/', NUL or other control byte, invalid
/// UTF-8, a path that climbs above the root, a byte that belongs in no URI.
Result<void> normalise_path(std::string_view raw, std::string& path);

/// Decodes %XX in a word; false when an escape is bad. For query words (RFC 3875 section 4.4).
bool percent_decode(std::string_view raw, std::string& decoded);

/// Encodes every byte of a path that a URI cannot hold; '/' stays. For Location.
std::string percent_encode_path(std::string_view path);

}  // namespace tinyhttpd
