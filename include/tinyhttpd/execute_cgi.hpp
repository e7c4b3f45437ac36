// Runs a CGI program and answers with what it prints: the tutorial's execute_cgi, with the whole of RFC 3875.
#pragma once

#include "tinyhttpd/exchange.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/start_script.hpp"

namespace tinyhttpd {

/// Starts the script, gives it the request, and returns once its head is complete: the answer's body is
/// pulled from the script while it is sent. A failure before that is a Rejection with its ScriptFailure (502,
/// 504, 503, 431 when the environment is too large). A local redirect comes back as Response::local_redirect
/// (RFC 3875 section 6.2.2), for the caller to follow. Waits for the script: call it from a worker that holds
/// a gateway place, and keep the place until the body is finished or destroyed.
Result<Response> execute_cgi(const Exchange& exchange, const ScriptTarget& script, const CgiHost& host);

}  // namespace tinyhttpd
