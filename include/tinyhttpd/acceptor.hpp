// The one thread that waits for clients: new ones, and those whose connections are parked.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "tinyhttpd/accept_request.hpp"
#include "tinyhttpd/bulkhead.hpp"
#include "tinyhttpd/client_limit.hpp"
#include "tinyhttpd/connection.hpp"
#include "tinyhttpd/event.hpp"
#include "tinyhttpd/listener.hpp"
#include "tinyhttpd/site.hpp"
#include "tinyhttpd/trace.hpp"
#include "tinyhttpd/work_queue.hpp"

namespace tinyhttpd {

/// Those that are served, and those that were turned away: the latter must take no place of the former.
struct ConnectionCounts {
  ConnectionCount served{0};
  ConnectionCount refused{0};
};

/// Accepts clients, keeps parked connections in its table under epoll (one shot), and queues each when its
/// client has done something or its deadline has passed. park() is for every thread; all else is for the
/// acceptor's own.
class Acceptor : public Parking {
 public:
  /// Registers the listeners. Borrows the rest. Throws std::system_error.
  Acceptor(std::vector<Listener> listeners, const CurrentSite& site, WorkQueue<ConnectionPtr>& queue,
           Bulkhead<ConnectionPtr>& gateways, std::atomic<bool>& draining, ConnectionCounts& counts,
           Trace& trace);
  ~Acceptor() override;

  /// A connection that the kernel has no memory to watch is ended.
  void park(ConnectionPtr connection, Progress need) override;

  /// Takes a client that was accepted elsewhere. With no listener, run() ends with it. Call it before run().
  void take_client(UniqueFd client);

  /// Runs until stop() was asked for and every connection has ended, or --drain-timeout has passed since, or
  /// stop() was asked for a second time.
  void run();

  /// Asks run() to end. Any thread, also more than once: the second time it ends at once.
  void stop() { stop_event_.set(); }

 private:
  void take_turn();
  void take_events(std::size_t room);
  void take_event(int fd);
  void accept_clients(const Listener& listener);
  void admit(Accepted accepted, std::uint16_t port);
  void turn_away(UniqueFd client);
  void cannot_accept(const Listener& listener, const std::error_code& error);
  void listen_for_clients(bool listening);
  void sweep();
  void sweep_table(TimePoint now, std::size_t room);
  static bool is_renewed(Connection& connection);
  void end_parked();
  bool is_over(const Connection& connection, TimePoint now) const;
  bool has_ended() const;
  void take_stop_requests();
  bool is_drained() const;
  void report_losses();
  ConnectionPtr take(int fd);
  bool watch(int fd, std::uint32_t events, bool registered);

  std::vector<Listener> listeners_;
  const bool has_listeners_;
  const CurrentSite& site_;
  WorkQueue<ConnectionPtr>& queue_;
  Bulkhead<ConnectionPtr>& gateways_;
  std::atomic<bool>& draining_;
  ConnectionCount& count_;
  ConnectionCount& refused_;  // of those that were turned away and may still be reading why
  Trace& trace_;
  UniqueFd epoll_;
  Event stop_event_;
  UniqueFd reserve_;  // given up for a moment to turn a client away when there are no descriptors left
  bool listening_ = true;
  std::uint64_t stops_ = 0;
  TimePoint drain_until_{};
  TimePoint next_sweep_{};
  std::size_t turned_away_ = 0;  // since the last report
  std::size_t too_many_of_one_ = 0;
  ClientLimit clients_;
  std::size_t accept_errors_ = 0;
  std::string accept_error_;
  mutable std::mutex mutex_;          // guards the table
  std::vector<ConnectionPtr> table_;  // parked connections, by descriptor
};

}  // namespace tinyhttpd
