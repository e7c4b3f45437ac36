// What the fields of a request say about the request itself: its host, how its body is framed, whether the
// connection stays.
#pragma once

#include "tinyhttpd/http.hpp"
#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

/// Reads Host, Content-Length, Transfer-Encoding, Connection and Expect out of request.fields into framing,
/// keep_alive, expects_continue and, unless the target named one, host and host_field. The version and the
/// target must have been read. 400 for a framing or host that two readers could understand differently, 417
/// for an unknown expectation, 501 for an unknown transfer coding (RFC 9112 sections 3.2, 6 and 9.3, RFC 9110
/// section 10.1.1).
Result<void> interpret_fields(Request& request);

}  // namespace tinyhttpd
