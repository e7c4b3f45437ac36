// An exchange as JSON, for whoever looks at it: with its secrets covered, and with words beside the values.
#pragma once

#include <string>

namespace tinyhttpd {

struct RecordedExchange;

/// What a list shows of an exchange: id, began, method, target, handler, status, over, complete, duration,
/// body_bytes, remote, failure, diagnosis, replay_of, held. Where the heads are not there, nothing is known
/// of its secrets; then the words of its diagnosis are left out.
std::string summary_json(const RecordedExchange& exchange);

/// All of it: the summary's members and request, route, rejection, both ends, load, script, streams, events,
/// answer, diagnosis, replay. `original`: what this one repeats, to be compared with it; null where it is not
/// kept any more, or nothing is repeated.
std::string exchange_json(const RecordedExchange& exchange, const RecordedExchange* original);

}  // namespace tinyhttpd
