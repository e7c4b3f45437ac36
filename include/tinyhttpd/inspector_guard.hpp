// Who may ask the inspector: pages of its own, on this machine, and programs that know what they ask.
#pragma once

#include <optional>
#include <string>

#include "tinyhttpd/http.hpp"
#include "tinyhttpd/rejection.hpp"

namespace tinyhttpd {

/// Why a request is refused with 403, or nothing. `bound`: the address the inspector listens on, without
/// port.
///   - Host must be a name of this machine (localhost, 127.*, [::1]) or `bound`; where that is every address,
///     any number. A name of somebody else that leads here is how a page reads what is not its own (DNS
///     rebinding). /metrics and /healthz are for any Host where `bound` is no loopback address; /healthz also
///     for a request of HTTP/1.0 without any, which no browser sends.
///   - Origin, and Sec-Fetch-Site of a browser, must be of the inspector itself, but for a link that is
///     followed to it.
///   - What changes something needs the field X-Tinyhttpd-Inspector, which no page of another origin can
///     send, and JSON for its type.
std::optional<Rejection> refuse_foreign(const Request& request, const std::string& bound);

}  // namespace tinyhttpd
