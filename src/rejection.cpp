#include "tinyhttpd/rejection.hpp"

#include <cerrno>

#include <utility>

namespace tinyhttpd {

Rejection bad_request(std::string reason) {
  return {Status::bad_request, std::move(reason)};
}

Rejection unauthorized(std::string reason, std::string challenge) {
  Rejection rejection{Status::unauthorized, std::move(reason)};
  rejection.challenge = std::move(challenge);
  return rejection;
}

Rejection forbidden(std::string reason) {
  return {Status::forbidden, std::move(reason)};
}

Rejection not_found(std::string reason) {
  return {Status::not_found, std::move(reason)};
}

Rejection method_not_allowed(std::string reason, std::string allow) {
  return {Status::method_not_allowed, std::move(reason), std::move(allow)};
}

Rejection not_acceptable(std::string reason) {
  return {Status::not_acceptable, std::move(reason)};
}

Rejection request_timeout(std::string reason) {
  return {Status::request_timeout, std::move(reason)};
}

Rejection precondition_failed(std::string reason) {
  return {Status::precondition_failed, std::move(reason)};
}

Rejection content_too_large(std::string reason) {
  return {Status::content_too_large, std::move(reason)};
}

Rejection uri_too_long(std::string reason) {
  return {Status::uri_too_long, std::move(reason)};
}

Rejection expectation_failed(std::string reason) {
  return {Status::expectation_failed, std::move(reason)};
}

Rejection header_fields_too_large(std::string reason) {
  return {Status::header_fields_too_large, std::move(reason)};
}

Rejection internal_error(std::string reason) {
  return {Status::internal_server_error, std::move(reason)};
}

Rejection unimplemented(std::string reason) {
  return {Status::not_implemented, std::move(reason)};
}

Rejection cannot_execute(ScriptFailure failure) {
  Rejection rejection{status_of(failure), describe(failure)};
  rejection.retry_later = rejection.status == Status::service_unavailable;
  rejection.failure = std::move(failure);
  return rejection;
}

Rejection unavailable(std::string reason) {
  Rejection rejection{Status::service_unavailable, std::move(reason)};
  rejection.retry_later = true;
  return rejection;
}

Rejection version_not_supported(std::string reason) {
  return {Status::http_version_not_supported, std::move(reason)};
}

Rejection insufficient_storage(std::string reason) {
  return {Status::insufficient_storage, std::move(reason)};
}

Rejection refuse_path(std::string_view path, const std::error_code& error) {
  const std::string reason = std::string(path) + ": " + error.message();
  switch (error.value()) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG: return not_found(reason);
    case EACCES:
    case EPERM: return forbidden(reason);
    case ELOOP: return forbidden(std::string(path) + ": a symbolic link that --symlinks does not allow");
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN: return unavailable(reason);
    default: return internal_error(reason);
  }
}

}  // namespace tinyhttpd
