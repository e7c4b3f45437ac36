// Refusing a request is a value: a status for the client, a reason for the log, never mixed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "tinyhttpd/script_failure.hpp"
#include "tinyhttpd/status.hpp"

namespace tinyhttpd {

/// Why this request is not answered as asked. Made only by the functions below.
struct Rejection {
  Status status;
  std::string reason;          ///< for the log and whoever watches; the client never sees it
  std::string allow = {};      ///< the value of Allow, for 405 only (RFC 9110 section 15.5.6)
  std::string challenge = {};  ///< the value of WWW-Authenticate, for 401 only (RFC 9110 section 15.5.2)
  bool retry_later = false;    ///< the answer carries Retry-After (503 by our own limits)
  std::optional<ScriptFailure> failure = {};  ///< set when a script is the cause
};

Rejection bad_request(std::string reason);  ///< 400: not HTTP, or not safe to read as HTTP
Rejection unauthorized(std::string reason, std::string challenge);    ///< 401, with WWW-Authenticate
Rejection forbidden(std::string reason);                              ///< 403
Rejection not_found(std::string reason);                              ///< 404
Rejection method_not_allowed(std::string reason, std::string allow);  ///< 405, with Allow
Rejection not_acceptable(std::string reason);           ///< 406: no content coding the client takes
Rejection request_timeout(std::string reason);          ///< 408
Rejection precondition_failed(std::string reason);      ///< 412
Rejection content_too_large(std::string reason);        ///< 413
Rejection uri_too_long(std::string reason);             ///< 414
Rejection expectation_failed(std::string reason);       ///< 417
Rejection header_fields_too_large(std::string reason);  ///< 431
Rejection internal_error(std::string reason);           ///< 500
Rejection unimplemented(std::string reason);            ///< 501: a method or coding nobody here knows
Rejection cannot_execute(ScriptFailure failure);        ///< the script failed: status_of(failure), in words
Rejection unavailable(std::string reason);              ///< 503 with Retry-After
Rejection version_not_supported(std::string reason);    ///< 505
Rejection insufficient_storage(std::string reason);     ///< 507

/// What an error of looking a path up or opening it means: ENOENT, ENOTDIR and ENAMETOOLONG are 404, EACCES
/// and ELOOP 403, a lack of descriptors or memory 503, all else 500. `path` goes into the reason.
Rejection refuse_path(std::string_view path, const std::error_code& error);

}  // namespace tinyhttpd
