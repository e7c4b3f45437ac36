#include "tinyhttpd/parked_connections.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "tinyhttpd/socket.hpp"

namespace tinyhttpd {
namespace {

constexpr std::uint32_t kForInput = EPOLLIN | EPOLLRDHUP | EPOLLET;

// Armed anew each time: then the kernel looks at once whether there is room already.
constexpr std::uint32_t kForOutput = EPOLLOUT | EPOLLONESHOT;

constexpr std::uint32_t kEnd = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

/// Marks what is no connection, above the bits of a descriptor.
constexpr std::uint64_t kOther = 1ULL << 32U;

/// Taken by one look.
constexpr std::size_t kMostEvents = 256;

}  // namespace

ParkedConnections::ParkedConnections() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

void ParkedConnections::watch(int fd) {
  if (!arm(fd, kOther, EPOLLIN, false)) throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void ParkedConnections::set_watched(int fd, bool watched) {
  (void)arm(fd, kOther, watched ? EPOLLIN : 0U, true);
}

bool ParkedConnections::arm(int fd, std::uint64_t mark, std::uint32_t events, bool known) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = static_cast<std::uint64_t>(fd) | mark;
  return ::epoll_ctl(epoll_.get(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0;
}

ConnectionPtr ParkedConnections::park(ConnectionPtr connection, Progress need) {
  const int fd = connection->socket();
  const Watched wanted = need == Progress::need_output ? Watched::for_output : Watched::for_input;
  // Armed under the lock: a sweep in between might close the socket, and its number would be another's.
  const std::lock_guard lock(mutex_);
  if (places_.size() <= static_cast<std::size_t>(fd)) places_.resize(static_cast<std::size_t>(fd) + 1);
  Place& place = places_[static_cast<std::size_t>(fd)];
  const bool has_sent = std::exchange(place.has_sent, false);
  const bool has_ended = std::exchange(place.has_ended, false);
  const Watched before = std::exchange(connection->watched, wanted);
  const bool is_armed = before == Watched::for_input && wanted == Watched::for_input;
  if (is_armed && has_ended) connection->has_ended = true;
  if (is_armed && has_sent) return connection;
  place.parked = std::move(connection);
  const std::uint32_t events = wanted == Watched::for_output ? kForOutput : kForInput;
  if (!is_armed && !arm(fd, 0, events, before != Watched::no)) place.parked.reset();
  return nullptr;
}

void ParkedConnections::look(std::size_t most, TimePoint until, Found& found) {
  std::array<epoll_event, kMostEvents> events;
  const int at_most = static_cast<int>(std::min(most, events.size()));
  const int count = ::epoll_wait(epoll_.get(), events.data(), at_most, milliseconds_until(until));
  if (count <= 0) return;
  ++turn_;
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const int fd = static_cast<int>(event.data.u64 & ~kOther);
    if ((event.data.u64 & kOther) != 0) {
      found.others.push_back(fd);
    } else if (ConnectionPtr connection = take(fd, (event.events & kEnd) != 0)) {
      found.connections.push_back(std::move(connection));
    }
  }
}

/// The connection in this place; where somebody has it, what happened is noted for when it comes back.
ConnectionPtr ParkedConnections::take(int fd, bool has_ended) {
  Place& place = places_[static_cast<std::size_t>(fd)];
  if (!place.parked) {
    place.has_sent = true;
    place.has_ended = place.has_ended || has_ended;
    return nullptr;
  }
  place.parked->seen = turn_;
  if (has_ended) place.parked->has_ended = true;
  return std::move(place.parked);
}

std::vector<ConnectionPtr> ParkedConnections::take_if(const std::function<bool(Connection&)>& is_wanted) {
  std::vector<ConnectionPtr> taken;
  const std::lock_guard lock(mutex_);
  for (Place& place : places_)
    if (place.parked && is_wanted(*place.parked)) taken.push_back(std::move(place.parked));
  return taken;
}

ParkedFigures ParkedConnections::figures() const {
  ParkedFigures figures;
  const std::lock_guard lock(mutex_);
  for (const Place& place : places_) {
    if (!place.parked) continue;
    switch (place.parked->phase) {
      case Phase::idle: ++figures.idle; break;
      case Phase::reading_head: ++figures.reading_head; break;
      case Phase::reading_body: ++figures.reading_body; break;
      case Phase::lingering: ++figures.lingering; break;
      default: ++figures.sending; break;
    }
  }
  return figures;
}

}  // namespace tinyhttpd
