// What a server tells of itself in Prometheus' terms: the text of /metrics.
#pragma once

#include <string>

#include "tinyhttpd/server_figures.hpp"

namespace tinyhttpd {

class Counters;

/// What is not counted: it is so at the moment.
struct ServerGauges {
  std::string version;       ///< "0.1.0"
  double start_seconds = 0;  ///< when the server was started, since 1970
  ServerFigures figures = {};
  ParkedFigures parked = {};
};

/// All metrics, in the format and of the media type of prometheus_text.hpp. Names begin with tinyhttpd_, but
/// for process_*, which Prometheus' own clients have, too. Times are in seconds, sizes in bytes. Every
/// cause of a failure is there from the start; of handlers and codes, those that occurred.
std::string metrics_text(const Counters& counters, const ServerGauges& gauges);

}  // namespace tinyhttpd
