#include "tinyhttpd/acceptor.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
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

/// Clients taken from one listener before the others have their turn.
constexpr int kAcceptsInARow = 64;

UniqueFd open_reserve() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// Whether a request or an answer ends with the connection.
bool is_busy(const Connection& connection) {
  return connection.phase == Phase::reading_head || connection.phase == Phase::reading_body ||
         connection.phase == Phase::sending;
}

}  // namespace

Acceptor::Acceptor(std::vector<Listener> listeners, const CurrentSite& site, WorkQueue<ConnectionPtr>& queue,
                   Bulkhead<ConnectionPtr>& gateways, std::atomic<bool>& draining, ConnectionCounts& counts,
                   Trace& trace)
    : listeners_(std::move(listeners)),
      has_listeners_(!listeners_.empty()),
      site_(site),
      queue_(queue),
      gateways_(gateways),
      draining_(draining),
      count_(counts.served),
      refused_(counts.refused),
      trace_(trace),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      reserve_(open_reserve()) {
  if (!epoll_) fail("epoll_create1");
  if (!watch(stop_event_.fd(), EPOLLIN, false)) fail("epoll_ctl");
  for (const Listener& listener : listeners_)
    if (!watch(listener.fd.get(), EPOLLIN, false)) fail("epoll_ctl");
}

Acceptor::~Acceptor() = default;

bool Acceptor::watch(int fd, std::uint32_t events, bool registered) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  return ::epoll_ctl(epoll_.get(), registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0;
}

void Acceptor::park(ConnectionPtr connection, Progress need) {
  const int fd = connection->socket();
  const auto place = static_cast<std::size_t>(fd);
  const bool registered = std::exchange(connection->registered, true);
  const std::uint32_t events = need == Progress::need_output ? EPOLLOUT : EPOLLIN | EPOLLRDHUP;
  // Armed under the lock: a sweep in between might close the socket, and its number would be another's.
  std::lock_guard lock(mutex_);
  if (table_.size() <= place) table_.resize(place + 1);
  table_[place] = std::move(connection);
  if (!watch(fd, events | EPOLLONESHOT, registered)) table_[place].reset();
}

ConnectionPtr Acceptor::take(int fd) {
  std::lock_guard lock(mutex_);
  if (table_.size() <= static_cast<std::size_t>(fd)) return nullptr;
  return std::move(table_[static_cast<std::size_t>(fd)]);
}

void Acceptor::run() {
  next_sweep_ = Clock::now();
  while (!has_ended()) {
    try {
      take_turn();
    } catch (const std::exception& error) {
      // Out of memory for one client: the others are still to be served.
      trace_.warning(std::string("a client was lost: ") + error.what());
    }
  }
  end_parked();
}

void Acceptor::take_turn() {
  // A full queue is pressure, not a loss: what we do not take, the kernel's backlog holds.
  const std::size_t room = queue_.wait_for_room(Clock::now() + kSweepIntervalDraining);
  if (room > 0) take_events(room);
  take_stop_requests();
  if (Clock::now() >= next_sweep_) sweep();
}

void Acceptor::take_events(std::size_t room) {
  std::array<epoll_event, 256> events;
  const int most = static_cast<int>(std::min(room, events.size()));
  const int count = ::epoll_wait(epoll_.get(), events.data(), most, milliseconds_until(next_sweep_));
  for (int i = 0; i < count; ++i) take_event(events[static_cast<std::size_t>(i)].data.fd);
}

void Acceptor::take_event(int fd) {
  for (const Listener& listener : listeners_)
    if (listener.fd.get() == fd) return accept_clients(listener);
  if (ConnectionPtr connection = take(fd)) queue_.push(std::move(connection));
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
  park(std::move(connection), Progress::need_input);
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
  park(std::move(connection), Progress::need_input);
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
  for (const Listener& listener : listeners_) (void)watch(listener.fd.get(), listening ? EPOLLIN : 0U, true);
}

void Acceptor::sweep() {
  const TimePoint now = Clock::now();
  next_sweep_ = now + (draining_ || !has_listeners_ ? kSweepIntervalDraining : kSweepInterval);
  listen_for_clients(true);
  report_losses();
  std::size_t room = queue_.wait_for_room(now);
  for (ConnectionPtr& waiting : gateways_.take_expired(now, room)) {
    waiting->expired = true;
    queue_.push(std::move(waiting));
    --room;
  }
  sweep_table(now, room);
}

/// Ends parked connections whose time is over. Those in the middle of a request or an answer are ended by a
/// worker, which tells the client or the log; the others are just closed.
void Acceptor::sweep_table(TimePoint now, std::size_t room) {
  std::vector<ConnectionPtr> over;
  {
    std::lock_guard lock(mutex_);
    for (ConnectionPtr& parked : table_) {
      if (!parked || !is_over(*parked, now)) continue;
      if (is_renewed(*parked)) continue;
      if (is_busy(*parked) && room == 0) continue;
      if (is_busy(*parked)) --room;
      over.push_back(std::move(parked));
    }
  }
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
  std::size_t ended = 0;
  std::lock_guard lock(mutex_);
  for (ConnectionPtr& parked : table_) {
    if (!parked || !is_busy(*parked)) continue;
    parked->expired = true;
    queue_.push(std::move(parked));
    ++ended;
  }
  if (ended > 0)
    trace_.warning(std::to_string(ended) + " connections cut in the middle of a request or an answer");
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
