// Hands a request to a FastCGI application and answers with what it writes (FastCGI 1.0, in the role of the
// web server).
#pragma once

#include "tinyhttpd/backends.hpp"
#include "tinyhttpd/config.hpp"
#include "tinyhttpd/exchange.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

/// What stays the same from request to request of one --fastcgi rule. Borrowed.
struct FastcgiHost {
  const Config& config;
  Backends& backends;
  int stop_fd;  ///< readable once every answer must end
};

/// Sends the request to one of the backends and returns once the head of its answer is complete; the body is
/// pulled from the backend while it is sent. The variables are those of CGI (RFC 3875 section 4.1).
///
/// Another backend is tried when this one could not be connected to or refused the request, and when it
/// closed the connection before a byte of its answer came and the method is idempotent (RFC 9110
/// section 9.2.2); not after silence, in which it may be at work. A failure
/// is a Rejection with its ScriptFailure: 502, 504 for silence, 503 when every backend is full or has no
/// room; 431 when the variables are too large, 400 for a path with control bytes (CVE-2019-11043). Call it
/// from a worker that holds a gateway place, and keep the place until the body is finished or destroyed.
Result<Response> forward_to_fastcgi(const Exchange& exchange, const ScriptTarget& script,
                                    const FastcgiHost& host);

}  // namespace tinyhttpd
