#include "tinyhttpd/standard_streams.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "tinyhttpd/socket.hpp"

namespace tinyhttpd {

namespace {

/// What a pipe that poll(2) calls writable takes without waiting. Setting O_NONBLOCK instead would change it
/// for the client's programs, too, with which we share the open file.
constexpr std::size_t kPieceBytes = PIPE_BUF;

[[noreturn]] void throw_error(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct stat status_of_file(int fd) {
  struct stat status {};
  ::fstat(fd, &status);
  return status;
}

bool are_the_same(int left, int right) {
  const struct stat one = status_of_file(left);
  const struct stat other = status_of_file(right);
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool is_socket(int fd) {
  return S_ISSOCK(status_of_file(fd).st_mode);
}

bool is_listening(int fd) {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value != 0;
}

/// A descriptor of our own, above the standard ones.
UniqueFd own(int fd) {
  UniqueFd duplicate(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!duplicate) throw_error("descriptor " + std::to_string(fd) + " of the client");
  return duplicate;
}

void put(int fd, int in_place_of) {
  if (::dup2(fd, in_place_of) < 0) throw_error("descriptor " + std::to_string(in_place_of));
}

/// Takes the standard descriptors away from the client, of whom we hold others by now.
void replace_standard_streams() {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) throw_error("/dev/null");
  // Who has a terminal before him is not confused by a line of the log.
  const bool is_clients =
      (are_the_same(STDERR_FILENO, STDIN_FILENO) || are_the_same(STDERR_FILENO, STDOUT_FILENO)) &&
      ::isatty(STDERR_FILENO) == 0;
  if (is_clients) put(null.get(), STDERR_FILENO);
  put(null.get(), STDIN_FILENO);
  put(STDERR_FILENO, STDOUT_FILENO);
}

void set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) throw_error("the client's socket");
}

/// Signals are for the thread that waits for them.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

// --- Carrying ----------------------------------------------------------------------------------------

/// Whether both directions of the socket pair have ended: the connection is closed.
bool is_hung_up(int socket) {
  pollfd entry{socket, 0, 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR)) != 0;
}

/// Waits until `fd` has one of `events`, or has ended. False: the connection at the other end of `socket` is
/// closed first.
bool wait_while_connected(int fd, short events, int socket) {
  for (;;) {
    // No events asked for: only the hang-up is reported.
    std::array<pollfd, 2> entries{pollfd{fd, events, 0}, pollfd{socket, 0, 0}};
    if (::poll(entries.data(), entries.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    if (entries[1].revents != 0) return false;
    return true;
  }
}

bool is_to_be_tried_again() {
  return errno == EAGAIN || errno == EINTR;
}

/// Sends all of it into the socket pair. False: the connection is closed.
bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    if (!wait_while_connected(socket, POLLOUT, socket)) return false;
    const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && !is_to_be_tried_again()) return false;
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// Waits until the output takes more. False: it has taken nothing for long, and the connection is closed.
bool wait_for_output(int output, int socket, Clock::duration patience) {
  for (;;) {
    pollfd entry{output, POLLOUT, 0};
    const int count = ::poll(&entry, 1, milliseconds_until(Clock::now() + patience));
    if (count > 0) return true;
    // As long as there is a connection, how long to wait is for its own deadlines to say.
    if (count == 0 && is_hung_up(socket)) return false;
    if (count < 0 && errno != EINTR) return false;
  }
}

/// Writes all of it to the output. False: there is no client any more.
bool write_all(int output, int socket, Clock::duration patience, std::string_view bytes) {
  while (!bytes.empty()) {
    if (!wait_for_output(output, socket, patience)) return false;
    const ssize_t count = ::write(output, bytes.data(), std::min(bytes.size(), kPieceBytes));
    if (count < 0 && !is_to_be_tried_again()) return false;
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

StandardStreams::StandardStreams(Clock::duration patience) : patience_(patience) {
  if (is_listening(STDIN_FILENO)) {
    errno = EINVAL;
    throw_error("standard input is a socket that waits for clients: inetd must accept them (nowait)");
  }
  const bool is_one_socket = is_socket(STDIN_FILENO) && are_the_same(STDIN_FILENO, STDOUT_FILENO);
  if (is_one_socket) {
    connection_ = own(STDIN_FILENO);
    set_nonblocking(connection_.get());
  } else {
    carry_between();
  }
  replace_standard_streams();
}

StandardStreams::~StandardStreams() = default;

UniqueFd StandardStreams::take_connection() {
  return std::move(connection_);
}

/// Puts a socket pair before the two streams, and the threads between them.
void StandardStreams::carry_between() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw_error("a socket pair");
  connection_.reset(ends[0]);
  far_end_.reset(ends[1]);
  input_ = own(STDIN_FILENO);
  output_ = own(STDOUT_FILENO);
  reader_ = std::jthread([this] { carry_in(); });
  writer_ = std::jthread([this] { carry_out(); });
}

/// From the input to the connection, until either ends.
void StandardStreams::carry_in() {
  block_signals();
  std::array<char, 65536> buffer;
  while (wait_while_connected(input_.get(), POLLIN, far_end_.get())) {
    const ssize_t count = ::read(input_.get(), buffer.data(), buffer.size());
    if (count < 0 && is_to_be_tried_again()) continue;
    if (count <= 0) break;
    if (!send_all(far_end_.get(), {buffer.data(), static_cast<std::size_t>(count)})) return;
  }
  ::shutdown(far_end_.get(), SHUT_WR);
}

/// From the connection to the output, until either ends.
void StandardStreams::carry_out() {
  block_signals();
  std::array<char, 65536> buffer;
  for (;;) {
    pollfd entry{far_end_.get(), POLLIN, 0};
    ::poll(&entry, 1, -1);
    const ssize_t count = ::recv(far_end_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && is_to_be_tried_again()) continue;
    if (count <= 0) break;
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
    if (write_all(output_.get(), far_end_.get(), patience_, bytes)) continue;
    ::shutdown(far_end_.get(), SHUT_RDWR);  // which the connection sees as a client that left
    break;
  }
  // An end of file for the client; a socket may be open elsewhere as well, and must be told.
  if (is_socket(output_.get())) ::shutdown(output_.get(), SHUT_WR);
  output_.reset();
}

}  // namespace tinyhttpd
