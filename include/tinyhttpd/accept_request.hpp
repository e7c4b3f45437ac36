// What a worker does with a connection: read, parse, route, handle, send, and again.
#pragma once

#include <atomic>
#include <optional>

#include "tinyhttpd/application.hpp"
#include "tinyhttpd/connection.hpp"
#include "tinyhttpd/lanes.hpp"
#include "tinyhttpd/site.hpp"
#include "tinyhttpd/trace.hpp"
#include "tinyhttpd/work_queue.hpp"

namespace tinyhttpd {

/// Where a connection goes that has to wait for its client, and where work comes from: the acceptor.
class Parking {
 public:
  virtual ~Parking() = default;

  /// Takes the connection until its client has sent something (or its socket can be written), or its deadline
  /// passes. Gives it back when something has come already; never one that needs output. Any thread.
  [[nodiscard]] virtual ConnectionPtr park(ConnectionPtr connection, Progress need) = 0;

  /// Waits a moment for clients and queues those that have done something. For a worker that the queue asks
  /// to fill it.
  virtual void look_for_work() = 0;

  /// Counts the looks at parked connections. Any thread.
  virtual Turn turn() const = 0;
};

/// What the workers share. Everything is borrowed from the server, and safe for many threads.
struct Services {
  const CurrentSite& site;
  int stop_fd;  ///< readable once every script, and every answer that a script makes, must end
  WorkQueue<ConnectionPtr>& queue;
  Lanes& lanes;
  Parking& parking;
  Trace& trace;
  std::atomic<RequestId>& last_id;
  const std::atomic<bool>& draining;   ///< answers close their connection, idle ones are not kept
  Application* application = nullptr;  ///< answers all there is, in place of files and scripts; or null
};

/// One thread of the pool, the `number`th from 0: takes connections off the queue until it is closed.
void run_worker(const Services& services, std::size_t number);

///     idle ──► reading_head ──► (authenticating) ──► reading_body ──► answering ──► sending ──► idle,
///                    └─────────────┴─── a refusal ───┴──────────────────────────────────┘       lingering,
///                    or the end
///
/// Goes on with a connection wherever it stands, until it has to wait for its client (it is parked), for a
/// place (it is in a lane), or is over. Never throws: whatever a handler throws is answered with
/// 500.
void accept_request(ConnectionPtr connection, const Services& services);

}  // namespace tinyhttpd
