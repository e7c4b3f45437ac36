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

/// Connections past --max-connections that may still be reading their 503; more than these are closed at
/// once.
constexpr std::size_t kMostTurnedAway = 64;
constexpr auto kTurnAwayTime = 2s;

/// Clients taken from one listener before the others have their turn.
constexpr int kAcceptsInARow = 64;

constexpr std::string_view kTurnedAway =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Type: text/plain\r\nContent-Length: 28\r\n"
    "Connection: close\r\n\r\nToo many clients. Try later\n";

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

Acceptor::Acceptor(std::vector<Listener> listeners, const Config& config, WorkQueue<ConnectionPtr>& queue,
                   Bulkhead<ConnectionPtr>& gateways, std::atomic<bool>& draining, ConnectionCount& count,
                   Trace& trace)
    : listeners_(std::move(listeners)),
      config_(config),
      queue_(queue),
      gateways_(gateways),
      draining_(draining),
      count_(count),
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
  next_sweep_ = Clock::now() + kSweepInterval;
  while (!is_drained()) {
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
      admit(std::move(*accepted), listener);
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

void Acceptor::admit(Accepted accepted, const Listener& listener) {
  if (count_ >= config_.max_connections) return turn_away(std::move(accepted.fd));
  Endpoints endpoints;
  endpoints.remote_address = std::move(accepted.remote.address);
  endpoints.remote_port = accepted.remote.port;
  endpoints.server_port = listener.address.port;
  const TimePoint deadline = Clock::now() + as_duration(config_.limits.header_timeout);
  park(std::make_unique<Connection>(std::move(accepted.fd), std::move(endpoints), deadline, count_),
       Progress::need_input);
}

/// 503 instead of a hang, and, for a bounded number at a time, the moment it takes to read it.
void Acceptor::turn_away(UniqueFd client) {
  ++turned_away_;
  (void)send(client.get(), kTurnedAway);
  if (count_ >= config_.max_connections + kMostTurnedAway) return;
  auto connection = std::make_unique<Connection>(std::move(client), Endpoints(), TimePoint(), count_);
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
    (void)send(accepted->fd.get(), kTurnedAway);
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
  next_sweep_ = now + (draining_ ? kSweepIntervalDraining : kSweepInterval);
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
bool Acceptor::is_renewed(Connection& connection) const {
  if (connection.phase == Phase::reading_body) return connection.renew_body(config_.limits);
  return connection.phase == Phase::sending && connection.renew_sending(config_.limits);
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
  drain_until_ = Clock::now() + as_duration(config_.drain_timeout);
  next_sweep_ = Clock::now();
  listeners_.clear();
  trace_.stopping(std::to_string(count_) + " connections open");
}

bool Acceptor::is_drained() const {
  return stops_ > 1 || (stops_ == 1 && (count_ == 0 || Clock::now() >= drain_until_));
}

void Acceptor::report_losses() {
  if (std::size_t clients = std::exchange(turned_away_, 0))
    trace_.warning("--max-connections " + std::to_string(config_.max_connections) +
                   " reached: " + std::to_string(clients) + " clients got 503");
  if (std::exchange(accept_errors_, 0) > 0) trace_.warning("cannot accept clients: " + accept_error_);
}

}  // namespace tinyhttpd
