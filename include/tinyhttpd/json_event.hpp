// A request as a JSON event: the HTTP API payload, format 2.0, of cloud functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/http.hpp"

namespace tinyhttpd {

/// Bodies larger than this are refused (413): an event is made in memory, as is its answer.
inline constexpr std::uint64_t kMaxEventBodyBytes = 8ULL << 20U;

/// What an event says beside the request.
struct EventContext {
  std::uint64_t request_id;
  std::chrono::milliseconds epoch;  ///< when the request came, since 1970
  std::string_view local_time;      ///< the same as the access log writes it, "12/Mar/2020:19:03:58 +0000"
};

/// The event, one line of JSON with its LF: version "2.0", routeKey "$default", rawPath (decoded),
/// rawQueryString, cookies (out of Cookie, which headers leave out), headers (names in lower case, repeated
/// ones joined by ","), queryStringParameters (decoded, repeated ones joined by ","), requestContext
/// {accountId, apiId, domainName, domainPrefix, http {method, path, protocol, sourceIp, userAgent},
/// requestId, routeKey, stage, time, timeEpoch; authentication null; authorizer {"basic": {"user": …}} where
/// a password was checked}, body and isBase64Encoded (true when the body is no UTF-8), and "tinyhttpd":
/// {scriptName, pathInfo, documentRoot}, which is ours. Optional fields without content are left out. Bytes
/// that are no UTF-8 (in a path, a query, a field) become U+FFFD. Headers that a script would not get (Proxy,
/// Proxy-Authorization, Authorization unless `config` passes it on, Transfer-Encoding) are left out here,
/// too.
std::string json_event(const Request& request, const ScriptTarget& script, const Endpoints& endpoints,
                       std::string_view body, const EventContext& context, const CgiConfig& config);

}  // namespace tinyhttpd
