// Where a server listens, and connecting to it.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

/// Why there is no connection.
struct ConnectFailure {
  enum class Kind {
    refused,    ///< nobody listens there, or the name is unknown
    full,       ///< it listens and takes no more (EAGAIN of a Unix socket)
    timed_out,  ///< not within the time given
    stopped,    ///< `stop_fd` became readable
    shortage,   ///< no descriptors, memory or ports here
  } kind;
  std::string what;  ///< in words, with the address: "unix:/run/x.sock: No such file or directory"
};

/// An address as connect(2) takes it.
struct RawSocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

/// The address of one backend: of a Unix socket, a number, or a name that is looked up. Any thread.
class BackendAddress {
 public:
  /// Looks a host up (any name or number without brackets) and gives all its addresses, with this port. May
  /// take long.
  using LookUp = std::function<Result<std::vector<RawSocketAddress>, ConnectFailure>(
      const std::string& host, const std::string& port)>;

  /// How long the addresses of a name are used. They are looked up earlier when none can be connected to, and
  /// used longer when the name cannot be looked up.
  static constexpr std::chrono::seconds kNameTime{10};

  /// How long nobody asks again for a name that was never found: each would wait as long.
  static constexpr std::chrono::seconds kFailureTime{1};

  /// `text`: "unix:/path" or "host:port", IPv6 in brackets. Throws std::invalid_argument when it is neither.
  explicit BackendAddress(std::string text, LookUp look_up = look_up_host);

  const std::string& text() const { return text_; }

  /// A new connection, non-blocking, close-on-exec, with TCP_NODELAY. Tries each address of a name until
  /// `deadline`, or until `stop_fd` (-1: none) is readable; looking a name up is not interrupted, and takes
  /// as long as the resolver lets it (resolv.conf(5): timeout, attempts). `now` says how old the known
  /// addresses are.
  Result<UniqueFd, ConnectFailure> connect(TimePoint now, TimePoint deadline, int stop_fd);

  /// LookUp by getaddrinfo(3).
  static Result<std::vector<RawSocketAddress>, ConnectFailure> look_up_host(const std::string& host,
                                                                            const std::string& port);

 private:
  Result<std::vector<RawSocketAddress>, ConnectFailure> addresses(TimePoint now);

  std::string text_;
  std::string host_;  // empty: the address never changes
  std::string port_;
  LookUp look_up_;
  std::mutex mutex_;                     // guards what follows; not held while looking up or connecting
  std::vector<RawSocketAddress> known_;  // empty: never found yet
  TimePoint fresh_until_ = TimePoint::min();
  std::optional<ConnectFailure> failure_;  // of the last look-up, where none has found it yet
  TimePoint failure_ends_{};               // nobody asks before
};

/// When an attempt must end that has `parts` - 1 others after it, which shall have as much time: a share of
/// what is left until `deadline`.
TimePoint share_of(TimePoint deadline, std::size_t parts);

}  // namespace tinyhttpd
