// Connections that wait for their clients.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "tinyhttpd/connection.hpp"
#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/server_figures.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

/// A table by descriptor, under one epoll (epoll(7)). A connection that waits for input stays watched while a
/// worker has it (EPOLLET), so that to park it again takes no system call: what came meanwhile is noted
/// here. park() and turn() are for any thread, all else is for one at a time.
class ParkedConnections {
 public:
  /// Throws std::system_error.
  ParkedConnections();

  /// From now on look() tells of input for this descriptor, which is no connection. Throws std::system_error.
  void watch(int fd);

  /// Stops, or starts again, to watch one that watch() was called for.
  void set_watched(int fd, bool watched);

  /// Takes the connection until its client has sent something (need_input), or has room for more
  /// (need_output). Given back when the client has sent something since it was taken last. One that the
  /// kernel has no memory to watch is ended.
  [[nodiscard]] ConnectionPtr park(ConnectionPtr connection, Progress need);

  /// What a look at all that is watched has found.
  struct Found {
    std::vector<ConnectionPtr> connections;
    std::vector<int> others;
    void clear() { connections.clear(), others.clear(); }
  };

  /// Waits until there is something, or `until`: at most `most` of it are added to `found`.
  void look(std::size_t most, TimePoint until, Found& found);

  /// How often look() has found something.
  Turn turn() const { return turn_; }

  /// How many there are, by what they wait for. Any thread.
  ParkedFigures figures() const;

  /// Takes those for which `is_wanted`, which is called under the lock.
  std::vector<ConnectionPtr> take_if(const std::function<bool(Connection&)>& is_wanted);

 private:
  struct Place {
    ConnectionPtr parked;
    bool has_sent = false;   // while somebody had it
    bool has_ended = false;  // likewise
  };

  bool arm(int fd, std::uint64_t mark, std::uint32_t events, bool known);
  ConnectionPtr take(int fd, bool has_ended);

  UniqueFd epoll_;
  std::atomic<Turn> turn_{0};
  mutable std::mutex mutex_;  // guards places_
  std::vector<Place> places_;
};

}  // namespace tinyhttpd
