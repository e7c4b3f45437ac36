// Connected sockets: waiting with deadlines, sending, receiving. Knows nothing of what the bytes mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tinyhttpd/deadline.hpp"

struct sockaddr_storage;

namespace tinyhttpd {

/// An address as text.
struct SocketAddress {
  std::string address;  ///< IPv4 or IPv6 without brackets; an IPv4 address mapped into IPv6 is given as IPv4
  std::uint16_t port = 0;
};

/// What the kernel says of one end of a socket, as text. Empty for an address that is not of the internet.
SocketAddress socket_address(const sockaddr_storage& address);

/// The local end of a socket. Empty for a socket that is not of the internet.
SocketAddress local_address(int fd);

/// The other end of a connected socket. Empty for a socket that is not of the internet.
SocketAddress remote_address(int fd);

/// What came of a try to receive or send without waiting.
struct Transfer {
  enum class Outcome { some, would_wait, closed, failed } outcome;
  std::size_t bytes = 0;
};

/// Receives what is there, without waiting, into a buffer that is not empty.
/// closed: the peer has ended its side.
Transfer receive(int fd, std::span<char> buffer);

/// Moves what is there, at most `most` bytes, into an empty pipe, without waiting or copying (splice). `fd`
/// must be non-blocking. would_wait: nothing is there, the peer has ended its side, or this socket cannot do
/// so: receive() tells.
Transfer receive_into_pipe(int fd, int pipe, std::size_t most);

/// Sends what fits, without waiting and without SIGPIPE; `more`: further bytes, or the end, follow at once
/// (MSG_MORE).
Transfer send(int fd, std::string_view bytes, bool more = false);

/// Sends a head and the first of the body in one call, without waiting; `more` as above.
Transfer send_two(int fd, std::string_view first, std::string_view second, bool more = false);

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
