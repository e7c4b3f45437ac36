// One request on its way through a gateway: all that the handlers of scripts and backends are given.
#pragma once

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/client_watch.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/spool.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// Borrowed by a handler, and by the BodySource it returns for as long as pieces are pulled; only the trace
/// may be used after that.
struct Exchange {
  RequestId id;
  const Request& request;
  const Endpoints& endpoints;
  Spool& body;  ///< complete; whoever runs the request may take it
  ClientWatch& client;
  Trace& trace;
};

}  // namespace tinyhttpd
