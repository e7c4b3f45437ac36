// What the inspector says of the server, and of step mode, as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/recorder.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/server_figures.hpp"
#include "tinyhttpd/stepper.hpp"

namespace tinyhttpd {

/// The server that is inspected, at one moment.
struct ServerView {
  const Config& config;
  std::vector<std::string> urls;
  std::int64_t started;  ///< microseconds since 1970
  ServerFigures figures;
  ParkedFigures parked;
};

/// What happens in the server now, and how it was started. Values of --cgi-env are not in it.
std::string server_json(const ServerView& server, const Recorder& recorder, const Stepper& stepper);

/// Which stops are wanted, and what is held.
std::string step_json(const Stepper& stepper);

/// Reads what is to be held: {"stops":["before_fork",…],"prefix":"/cgi-bin/"}. 400 says what is wrong with
/// it.
Result<Stepper::Wanted> wanted_from(std::string_view json);

/// {"error":"…"}.
std::string error_json(std::string_view what);

}  // namespace tinyhttpd
