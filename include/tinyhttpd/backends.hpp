// Connections to one of several servers that do the same work: whom to ask, and which connections to keep.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tinyhttpd/backend_address.hpp"
#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

class Backends;

/// One connection to a backend for one piece of work. Closed at its end unless kept. One thread at a time; it
/// must not outlive its Backends.
class BackendConnection {
 public:
  BackendConnection(BackendConnection&& other) noexcept;
  BackendConnection& operator=(BackendConnection&&) = delete;
  ~BackendConnection();

  int fd() const { return fd_.get(); }  ///< non-blocking, close-on-exec

  /// Whether it served before. Then the backend may have closed it meanwhile, and the work may be done
  /// again on a new one where doing it twice does no harm.
  bool is_reused() const { return is_reused_; }

  /// Where the backend listens, as configured; and its number among them.
  const std::string& address() const;
  std::size_t backend() const { return backend_; }

  /// The backend has begun to answer: it has a worker for this connection.
  void note_answer();

  /// Its work is done, nothing is left to be read, and the backend leaves it open: the next may use it. It is
  /// closed instead where enough are kept, and where another new connection to this backend has been waiting
  /// for an answer since before this work began, or for longer than Backends::kLongWait: the backend may have
  /// no more workers than connections, and then an idle connection holds a worker that somebody waits for.
  void keep();

  /// The backend gave no answer in time. It may be busy, or gone with all that was kept to it, which is
  /// closed: a new connection tells. It is blamed if it was left out before, and this work was to try it.
  void distrust();

  /// The backend failed at this work (refused, closed, or spoke nonsense): it is left out for a while. `why`
  /// is for whoever is told.
  void blame(const std::string& why);

 private:
  friend class Backends;
  BackendConnection(Backends& owner, std::size_t backend, TimePoint since, bool is_trial);

  bool take_kept(bool allow_reused);
  std::optional<ConnectFailure> dial(TimePoint deadline, int stop_fd);
  void stop_waiting();

  Backends* owner_;  // null: moved from
  std::size_t backend_;
  UniqueFd fd_ = {};
  bool is_reused_ = false;
  bool is_waiting_ = false;  // new, and counted among those without an answer
  bool has_answer_ = false;
  bool is_trial_;    // of a backend that was left out
  TimePoint since_;  // when this work began
};

/// Some servers of one kind and the connections kept to them. Any thread.
class Backends {
 public:
  /// Says in one line when a backend is left out, and when it answers again. Called by any thread.
  using Tell = std::function<void(const std::string&)>;

  /// `addresses`: "unix:/path" or "host:port", IPv6 in brackets; names are looked up when a connection is
  /// made, and again a little later: a backend may move. Throws std::invalid_argument for anything else.
  /// `most_kept`: idle connections kept to each. `now`: the clock by which pauses and ages are counted.
  Backends(std::vector<std::string> addresses, std::size_t most_kept, Tell tell,
           std::function<TimePoint()> now = Clock::now);
  ~Backends();
  Backends(const Backends&) = delete;
  Backends& operator=(const Backends&) = delete;

  std::size_t size() const;

  /// Which backends a piece of work has tried in vain: size() of them.
  using Tried = std::vector<bool>;

  /// A connection to the least busy backend (fewest pieces of work in hand; in turn where several have as
  /// few), but none of `tried` and none that is left out, unless there is no other. A backend that failed is
  /// left out for 1 s, twice as long each further time, 10 s at most; when that is over one piece of work
  /// tries it, and the others go on without it until it has answered. A backend that cannot be connected to
  /// is blamed, marked in `tried`, and the next one asked.
  ///
  /// `allow_reused`: a kept connection will do, if it is still open and silent. Without it the connection is
  /// new, and takes the place of a kept one, which is closed: their number never grows by it.
  ///
  /// Waits for a connection until `deadline` or until `stop_fd` (-1: none) is readable; for one backend not
  /// longer than its share of that time, and kMostForOne, while there are others. Fails with the last failure
  /// when every backend was tried, but rather with `full` or `shortage` than with `refused`; never asks one
  /// that is in `tried`. `shortage` is no backend's fault, and not blamed; nor is `stopped`, which ends the
  /// search.
  Result<BackendConnection, ConnectFailure> connect(Tried& tried, bool allow_reused, TimePoint deadline,
                                                    int stop_fd);

  /// Closes what is kept, and keeps nothing more: others ask these backends from now on, and an idle
  /// connection of ours might hold the worker that they wait for.
  void retire();

  /// Closes connections that were kept for longer than kIdleTime, and those to a backend that has let a new
  /// connection wait for longer than kLongWait. To be called every second or so.
  void close_idle(TimePoint now);

  static constexpr std::chrono::seconds kIdleTime{5};
  static constexpr std::chrono::milliseconds kLongWait{50};
  static constexpr std::chrono::seconds kMostForOne{
      2};  ///< a first SYN that was lost is sent again after 1 s

 private:
  friend class BackendConnection;
  struct Kept;
  struct Backend;

  std::optional<BackendConnection> choose(const Tried& tried);
  std::optional<std::size_t> due_backend(const Tried& tried, TimePoint now) const;
  std::optional<std::size_t> least_busy(const Tried& tried, bool left_out_too) const;
  void tell(const std::string& line) const;

  Tell tell_;
  std::function<TimePoint()> now_;
  mutable std::mutex mutex_;  // guards all below
  std::size_t most_kept_;
  std::vector<std::unique_ptr<Backend>> backends_;  // their number and addresses never change
  std::size_t next_ = 0;                            // whose turn it is
};

}  // namespace tinyhttpd
