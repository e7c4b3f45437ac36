// Sockets of clients and listeners: waiting with deadlines, sending, receiving.
// Knows nothing of what the bytes mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

/// An address as text.
struct SocketAddress {
  std::string address;  ///< IPv4 or IPv6 without brackets; an IPv4 address mapped into IPv6 is given as IPv4
  std::uint16_t port = 0;
};

/// A listening socket and where it listens.
struct Listener {
  UniqueFd fd;
  SocketAddress address;
};

/// Opens listening sockets for `port` (0: a free one, the same for all) on each address of `bind`, or
/// on every address, IPv6 and IPv4, when it is empty. An entry is an IPv4 or IPv6 address (with or
/// without brackets) or a name, which stands for all its addresses that this machine has; an IPv6
/// address given takes IPv6 clients alone. Non-blocking, close-on-exec, SO_REUSEADDR. Throws
/// std::system_error that names the address and the port.
std::vector<Listener> open_listeners(const std::vector<std::string>& bind, std::uint16_t port);

/// A client that was accepted: non-blocking, close-on-exec, TCP_NODELAY.
struct Accepted {
  UniqueFd fd;
  SocketAddress remote;
};

/// The next waiting client, or the error of accept4: EAGAIN when there is none,
/// ECONNABORTED, EMFILE, ENFILE, ENOMEM …
Result<Accepted, std::error_code> accept_client(int listener);

/// The local end of a socket. Empty for a socket that is not of the internet.
SocketAddress local_address(int fd);

/// What came of a try to receive or send without waiting.
struct Transfer {
  enum class Outcome { some, would_wait, closed, failed } outcome;
  std::size_t bytes = 0;
};

/// Receives what is there, without waiting, into a buffer that is not empty.
/// closed: the peer has ended its side.
Transfer receive(int fd, std::span<char> buffer);

/// Sends what fits, without waiting and without SIGPIPE; `more`: further bytes follow at once (MSG_MORE).
Transfer send(int fd, std::string_view bytes, bool more = false);

/// Sends a head and the first of the body in one call, without waiting.
Transfer send_two(int fd, std::string_view first, std::string_view second);

/// Sends several runs in one call, without waiting, and takes what was sent off their front.
Transfer send_parts(int fd, std::span<std::string_view> parts);

/// Sends a run of a file without waiting for the peer (sendfile). `closed`: the file ended
/// before `length` bytes, it was cut while being sent. `fd` must be non-blocking and SIGPIPE
/// ignored: sendfile has no flags for either.
Transfer send_file(int fd, int file, std::uint64_t offset, std::uint64_t length);

/// How many of the bytes sent the peer has not acknowledged yet.
std::size_t unacknowledged(int fd);

/// What a wait ended with.
enum class Waited { ready, timed_out, stopped };

/// Waits until `fd` has one of `events` (POLLIN …), has failed or was hung up (ready, too),
/// until `deadline`, or until `stop_fd` (−1: none) is readable. Ready wins over stopped, and
/// both over a deadline that has passed.
Waited wait_for(int fd, short events, TimePoint deadline, int stop_fd = -1);

/// Ends our side of the connection, and lets the peer read what was sent.
void shut_down_sending(int fd);

/// Makes the coming close a reset, so that a peer that cannot tell a cut
/// answer from a whole one learns of it.
void reset_on_close(int fd);

/// Milliseconds from now to `deadline` for poll and epoll_wait: never negative, rounded up.
int milliseconds_until(TimePoint deadline);

}  // namespace tinyhttpd
