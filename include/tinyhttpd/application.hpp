// A program that answers every request of a server by itself, in place of files and scripts.
#pragma once

#include "tinyhttpd/http.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/spool.hpp"

namespace tinyhttpd {

/// What a Server is given that has no document root to serve.
class Application {
 public:
  virtual ~Application() = default;

  /// Answers one request, whatever its method. `body` is complete. Called by a worker, which may wait here,
  /// several at once. A pulled body must end by itself when the server stops.
  virtual Result<Response> answer(const Request& request, const Spool& body) = 0;
};

}  // namespace tinyhttpd
