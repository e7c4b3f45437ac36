// The answer of a script or a backend that speaks as RFC 3875 section 6 says: a head, then a body.
#pragma once

#include <memory>

#include "tinyhttpd/exchange.hpp"
#include "tinyhttpd/gateway_run.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

/// Reads the head. The response's body is pulled from `run`, which it takes, unless all of it came with the
/// head: then it is a text, and `run` is over. A local redirect comes back as
/// Response::local_redirect, and `run` has ended then. On failure `run` stays, for whoever reports it.
Result<Response, ScriptFailure> answer_parsed(const Exchange& exchange, std::unique_ptr<GatewayRun>& run);

/// The whole output is the answer, unmodified, once it looks like HTTP at all (RFC 3875 section 5).
Result<Response, ScriptFailure> answer_unparsed(std::unique_ptr<GatewayRun>& run);

}  // namespace tinyhttpd
