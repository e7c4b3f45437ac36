// The one thread that waits for clients: new ones, and those whose connections are parked.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "tinyhttpd/accept_request.hpp"
#include "tinyhttpd/bulkhead.hpp"
#include "tinyhttpd/client_limit.hpp"
#include "tinyhttpd/connection.hpp"
#include "tinyhttpd/event.hpp"
#include "tinyhttpd/listener.hpp"
#include "tinyhttpd/parked_connections.hpp"
#include "tinyhttpd/site.hpp"
#include "tinyhttpd/trace.hpp"
#include "tinyhttpd/work_queue.hpp"

namespace tinyhttpd {

/// Those that are served, and those that were turned away: the latter must take no place of the former.
struct ConnectionCounts {
  ConnectionCount served{0};
  ConnectionCount refused{0};
};

/// Accepts clients, keeps parked connections, and queues each when its client has done something or its
/// deadline has passed. park() and turn() are for every thread, look_for_work() for one that the queue asks
/// to fill it; all else is for the acceptor's own. Whoever fills the queue owns all that is not for every
/// thread.
class Acceptor : public Parking {
 public:
  /// Registers the listeners. Borrows the rest. Throws std::system_error.
  Acceptor(std::vector<Listener> listeners, const CurrentSite& site, WorkQueue<ConnectionPtr>& queue,
           Lanes& lanes, std::atomic<bool>& draining, ConnectionCounts& counts, Trace& trace);
  ~Acceptor() override;

  ConnectionPtr park(ConnectionPtr connection, Progress need) override;
  void look_for_work() override;
  Turn turn() const override { return parked_.turn(); }

  /// Of the connections that wait for their clients. Any thread.
  ParkedFigures parked() const { return parked_.figures(); }

  /// Takes a client that was accepted elsewhere. With no listener, run() ends with it. Call it before run().
  void take_client(UniqueFd client);

  /// Runs until stop() was asked for and every connection has ended, or --drain-timeout has passed since, or
  /// stop() was asked for a second time. Nobody fills the queue after it.
  void run();

  /// Asks run() to end. Any thread, also more than once: the second time it ends at once.
  void stop() { stop_event_.set(); }

 private:
  void take_turn(TimePoint until);
  void take_events(TimePoint until);
  void queue_found();
  void take_event(int fd);
  void accept_clients(const Listener& listener);
  void admit(Accepted accepted, std::uint16_t port);
  void turn_away(UniqueFd client);
  void cannot_accept(const Listener& listener, const std::error_code& error);
  void listen_for_clients(bool listening);
  void sweep();
  void sweep_parked(TimePoint now, std::size_t room);
  static bool is_renewed(Connection& connection);
  void end_parked();
  bool is_over(const Connection& connection, TimePoint now) const;
  bool has_ended() const;
  void take_stop_requests();
  bool is_drained() const;
  void report_losses();

  std::vector<Listener> listeners_;
  const bool has_listeners_;
  const CurrentSite& site_;
  WorkQueue<ConnectionPtr>& queue_;
  Lanes& lanes_;
  std::atomic<bool>& draining_;
  ConnectionCount& count_;
  ConnectionCount& refused_;  // of those that were turned away and may still be reading why
  Trace& trace_;
  ClientLimit clients_;
  ParkedConnections parked_;        // each has its place in clients_
  ParkedConnections::Found found_;  // by the last look; they, too
  std::size_t room_ = 0;            // in the queue
  Event stop_event_;
  UniqueFd reserve_;  // given up for a moment to turn a client away when there are no descriptors left
  bool listening_ = true;
  std::uint64_t stops_ = 0;
  TimePoint drain_until_{};
  TimePoint next_sweep_{};
  std::size_t turned_away_ = 0;  // since the last report
  std::size_t too_many_of_one_ = 0;
  std::size_t accept_errors_ = 0;
  std::string accept_error_;
};

}  // namespace tinyhttpd
