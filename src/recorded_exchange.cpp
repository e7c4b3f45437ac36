#include "tinyhttpd/recorded_exchange.hpp"

namespace tinyhttpd {

std::string_view name_of(Step step) {
  switch (step) {
    case Step::accepted: return "accepted";
    case Step::queued: return "queued";
    case Step::taken: return "taken";
    case Step::first_byte: return "first_byte";
    case Step::head_parsed: return "head_parsed";
    case Step::route: return "route";
    case Step::body_complete: return "body_complete";
    case Step::gateway_wait: return "gateway_wait";
    case Step::environment: return "environment";
    case Step::pipes: return "pipes";
    case Step::spawned: return "spawned";
    case Step::wrote: return "wrote";
    case Step::read: return "read";
    case Step::closed: return "closed";
    case Step::error_line: return "error_line";
    case Step::script_head: return "script_head";
    case Step::failed: return "failed";
    case Step::signalled: return "signalled";
    case Step::reaping: return "reaping";
    case Step::exited: return "exited";
    case Step::rejected: return "rejected";
    case Step::head_sent: return "head_sent";
    case Step::sent: return "sent";
    case Step::fastcgi_connected: return "fastcgi_connected";
    case Step::fastcgi_sent: return "fastcgi_sent";
    case Step::fastcgi_received: return "fastcgi_received";
    case Step::fastcgi_ended: return "fastcgi_ended";
    case Step::held: return "held";
    case Step::released: return "released";
  }
  return "unknown";
}

}  // namespace tinyhttpd
