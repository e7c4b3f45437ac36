// The status codes of HTTP that this server gives by itself (RFC 9110 section 15).
#pragma once

#include <string_view>

namespace tinyhttpd {

/// A three-digit status. A script may give one that is not named here: any value from 200 to 599 is held.
enum class Status : int {
  continue_ = 100,
  ok = 200,
  no_content = 204,
  partial_content = 206,
  moved_permanently = 301,
  found = 302,
  not_modified = 304,
  bad_request = 400,
  unauthorized = 401,
  forbidden = 403,
  not_found = 404,
  method_not_allowed = 405,
  not_acceptable = 406,
  request_timeout = 408,
  precondition_failed = 412,
  content_too_large = 413,
  uri_too_long = 414,
  unsupported_media_type = 415,
  range_not_satisfiable = 416,
  expectation_failed = 417,
  header_fields_too_large = 431,
  internal_server_error = 500,
  not_implemented = 501,
  bad_gateway = 502,
  service_unavailable = 503,
  gateway_timeout = 504,
  http_version_not_supported = 505,
  insufficient_storage = 507,
};

constexpr int code(Status status) {
  return static_cast<int>(status);
}

/// The reason phrase the registry gives for this code, or "" for one it does not know.
std::string_view reason_phrase(Status status);

/// Whether an answer with this status never has a body (RFC 9110 section 6.4.1): 1xx, 204, 304.
constexpr bool is_bodiless(Status status) {
  return code(status) < 200 || status == Status::no_content || status == Status::not_modified;
}

}  // namespace tinyhttpd
