#include "tinyhttpd/acceptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <system_error>

namespace tinyhttpd {
namespace {

using namespace std::chrono_literals;

constexpr auto kSweepInterval = 1s;
constexpr auto kSweepIntervalDraining = 50ms;

/// Clients that were turned away and may still be reading their 503; more than these are closed at once.
constexpr std::size_t kMostTurnedAway = 64;
constexpr auto kTurnAwayTime = 2s;

/// How long a worker looks for work before it leaves that to the acceptor.
constexpr auto kMoment = 10ms;

/// Clients taken from one listener before the others have their turn.
constexpr int kAcceptsInARow = 64;

UniqueFd open_reserve() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

/// Whether a request or an answer ends with the connection.
bool is_busy(const Connection& connection) {
  return connection.phase != Phase::idle && connection.phase != Phase::lingering;
}

}  // namespace

Acceptor::Acceptor(std::vector<Listener> listeners, const CurrentSite& site, WorkQueue<ConnectionPtr>& queue,
                   Lanes& lanes, std::atomic<bool>& draining, ConnectionCounts& counts, Trace& trace)
    : listeners_(std::move(listeners)),
      has_listeners_(!listeners_.empty()),
      site_(site),
      queue_(queue),
      lanes_(lanes),
      draining_(draining),
      count_(counts.served),
      refused_(counts.refused),
      trace_(trace),
      reserve_(open_reserve()) {
  parked_.watch(stop_event_.fd());
  for (const Listener& listener : listeners_) parked_.watch(listener.fd.get());
}

Acceptor::~Acceptor() = default;

ConnectionPtr Acceptor::park(ConnectionPtr connection, Progress need) {
  return parked_.park(std::move(connection), need);
}

void Acceptor::run() {
  for (;;) {
    queue_.begin_filling();
    take_turn(TimePoint::max());
    if (has_ended()) break;
    queue_.end_filling();
  }
  end_parked();
}

/// A client that keeps asking is served by one thread alone, as long as its next request comes within the
/// moment.
void Acceptor::look_for_work() {
  take_turn(Clock::now() + kMoment);
}

void Acceptor::take_turn(TimePoint until) {
  try {
    // A full queue is pressure, not a loss: what we do not take, the kernel's backlog holds.
    room_ = queue_.wait_for_room(Clock::now() + kSweepIntervalDraining);
    if (room_ > 0) {
      take_events(until);
    } else {
      take_stop_requests();
    }
    if (Clock::now() >= next_sweep_) sweep();
  } catch (const std::exception& error) {
    // Out of memory for one client: the others are still to be served.
    trace_.warning(std::string("a client was lost: ") + error.what());
  }
}

void Acceptor::take_events(TimePoint until) {
  found_.clear();
  parked_.look(room_, std::min(until, next_sweep_), found_);
  room_ -= found_.connections.size();
  // Before anything that may fail: whatever is found is to be served.
  queue_found();
  for (const int fd : found_.others) take_event(fd);
  queue_found();
}

void Acceptor::queue_found() {
  if (found_.connections.empty()) return;
  const TimePoint now = Clock::now();
  for (const ConnectionPtr& connection : found_.connections) connection->queued_at = now;
  queue_.push_all(found_.connections);
}

void Acceptor::take_event(int fd) {
  if (fd == stop_event_.fd()) return take_stop_requests();
  for (const Listener& listener : listeners_)
    if (listener.fd.get() == fd) return accept_clients(listener);
}

void Acceptor::accept_clients(const Listener& listener) {
  for (int i = 0; i < kAcceptsInARow; ++i) {
    auto accepted = accept_client(listener.fd.get());
    if (accepted) {
      admit(std::move(*accepted), listener.address.port);
      continue;
    }
    const int error = accepted.error().value();
    if (error == EAGAIN) return;
    // A client that is gone before it was accepted, or the network's own trouble: accept(2) says to try
    // again.
    if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM)
      return cannot_accept(listener, accepted.error());
  }
}

void Acceptor::take_client(UniqueFd client) {
  SocketAddress remote = remote_address(client.get());
  const std::uint16_t port = local_address(client.get()).port;
  admit(Accepted{std::move(client), std::move(remote)}, port);
}

void Acceptor::admit(Accepted accepted, std::uint16_t port) {
  const SitePtr site = site_.get();
  if (count_ >= site->config.max_connections) return turn_away(std::move(accepted.fd));
  const Limits& limits = site->config.limits;
  ClientLimit::Place place;
  if (limits.max_connections_per_client > 0) {
    auto free = clients_.enter(accepted.remote.address, limits.max_connections_per_client);
    if (!free) {
      ++too_many_of_one_;
      return turn_away(std::move(accepted.fd));
    }
    place = std::move(*free);
  }
  Endpoints endpoints;
  endpoints.remote_address = std::move(accepted.remote.address);
  endpoints.remote_port = accepted.remote.port;
  endpoints.server_port = port;
  const TimePoint deadline = Clock::now() + as_duration(limits.header_timeout);
  auto connection =
      std::make_unique<Connection>(std::move(accepted.fd), std::move(endpoints), deadline, count_);
  connection->place = std::move(place);
  // Most clients ask at once: a worker that finds nothing yet parks the connection.
  if (room_ == 0) return (void)parked_.park(std::move(connection), Progress::need_input);
  --room_;
  found_.connections.push_back(std::move(connection));
}

/// 503 instead of a hang, and, for a bounded number at a time, the moment it takes to read it.
void Acceptor::turn_away(UniqueFd client) {
  ++turned_away_;
  const SitePtr site = site_.get();
  (void)send(client.get(), site->turned_away);
  if (refused_ >= kMostTurnedAway) return;
  auto connection = std::make_unique<Connection>(std::move(client), Endpoints(), TimePoint(), refused_);
  connection->linger_until = Clock::now() + kTurnAwayTime;
  connection->start_lingering(connection->linger_until);
  (void)parked_.park(std::move(connection), Progress::need_input);
}

/// Out of descriptors or memory: the reserve serves to tell one client so; then listening rests until the
/// next sweep, so that nothing spins.
void Acceptor::cannot_accept(const Listener& listener, const std::error_code& error) {
  ++accept_errors_;
  accept_error_ = error.message();
  reserve_.reset();
  if (const auto accepted = accept_client(listener.fd.get())) {
    (void)send(accepted->fd.get(), site_.get()->turned_away);
    shut_down_sending(accepted->fd.get());
    // Left unread, the request would make the close a reset, and the client might lose the answer.
    std::array<char, 4096> request;
    (void)receive(accepted->fd.get(), request);
  }
  reserve_ = open_reserve();
  listen_for_clients(false);
}

void Acceptor::listen_for_clients(bool listening) {
  if (std::exchange(listening_, listening) == listening) return;
  for (const Listener& listener : listeners_) parked_.set_watched(listener.fd.get(), listening);
}

void Acceptor::sweep() {
  const TimePoint now = Clock::now();
  next_sweep_ = now + (draining_ || !has_listeners_ ? kSweepIntervalDraining : kSweepInterval);
  listen_for_clients(true);
  report_losses();
  site_.get()->close_idle_backends(now);
  std::size_t room = queue_.wait_for_room(now);
  for (ConnectionPtr& waiting : lanes_.take_expired(now, room)) {
    waiting->expired = true;
    queue_.push(std::move(waiting));
    --room;
  }
  sweep_parked(now, room);
}

/// Ends parked connections whose time is over. Those in the middle of a request or an answer are ended by a
/// worker, which tells the client or the log; the others are just closed.
void Acceptor::sweep_parked(TimePoint now, std::size_t room) {
  auto over = parked_.take_if([&](Connection& parked) {
    if (!is_over(parked, now) || is_renewed(parked)) return false;
    if (!is_busy(parked)) return true;
    if (room == 0) return false;
    --room;
    return true;
  });
  for (ConnectionPtr& connection : over) {
    if (!is_busy(*connection)) continue;
    connection->expired = true;
    queue_.push(std::move(connection));
  }
}

/// Whether a slow client keeps the least rate, and gets more time.
bool Acceptor::is_renewed(Connection& connection) {
  if (connection.phase == Phase::reading_body) return connection.renew_body(connection.site->config.limits);
  return connection.phase == Phase::sending && connection.renew_sending(connection.site->config.limits);
}

/// The time for what was in flight is over: a worker tells those clients, or the log.
void Acceptor::end_parked() {
  auto cut = parked_.take_if([](const Connection& parked) { return is_busy(parked); });
  for (ConnectionPtr& connection : cut) connection->expired = true;
  if (!cut.empty())
    trace_.warning(std::to_string(cut.size()) + " connections cut in the middle of a request or an answer");
  queue_.push_all(cut);
}

bool Acceptor::is_over(const Connection& connection, TimePoint now) const {
  return connection.deadline <= now || (draining_ && connection.phase == Phase::idle);
}

void Acceptor::take_stop_requests() {
  const std::uint64_t requests = stop_event_.take();
  if (requests == 0) return;
  stops_ += requests;
  if (draining_.exchange(true)) return;
  drain_until_ = Clock::now() + as_duration(site_.get()->config.drain_timeout);
  next_sweep_ = Clock::now();
  listeners_.clear();
  trace_.stopping(std::to_string(count_) + " connections open");
}

/// A server without listeners has one client, and ends with it.
bool Acceptor::has_ended() const {
  return is_drained() || (!has_listeners_ && count_ == 0);
}

bool Acceptor::is_drained() const {
  return stops_ > 1 || (stops_ == 1 && (count_ == 0 || Clock::now() >= drain_until_));
}

void Acceptor::report_losses() {
  const std::size_t of_one = std::exchange(too_many_of_one_, 0);
  const std::size_t clients = std::exchange(turned_away_, 0) - of_one;
  if (clients > 0)
    trace_.warning("--max-connections " + std::to_string(site_.get()->config.max_connections) +
                   " reached: " + std::to_string(clients) + " more got 503");
  // Without its number: it may be another by now.
  if (of_one > 0)
    trace_.warning("--max-connections-per-client reached: " + std::to_string(of_one) + " more got 503");
  if (std::exchange(accept_errors_, 0) > 0) trace_.warning("cannot accept clients: " + accept_error_);
}

}  // namespace tinyhttpd
