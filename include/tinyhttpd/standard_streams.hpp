// Standard input and output as one connection, for a server that is started for a single client (inetd(8)).
#pragma once

#include <thread>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

/// The client behind standard input and output. Where both are one socket, that is the connection itself;
/// otherwise (two pipes, a terminal, files) two threads carry the bytes between them and a socket pair. The
/// end of the input becomes the end of what the connection receives; the end of what it sends closes the
/// output. A client that takes no more ends the connection.
class StandardStreams {
 public:
  /// `patience`: how long standard output may take nothing once the connection has ended.
  /// Throws std::system_error. Standard input becomes /dev/null and standard output standard error's, so that
  /// nothing else can disturb the conversation; where standard error is the client's too, as inetd(8) does
  /// it, it becomes /dev/null, but for a terminal. SIGPIPE must be ignored.
  explicit StandardStreams(Clock::duration patience = std::chrono::seconds(30));

  /// Waits until what was sent has been written to standard output, within `patience` for a client that takes
  /// nothing. Destroy it after the connection has ended.
  ~StandardStreams();

  StandardStreams(const StandardStreams&) = delete;
  StandardStreams& operator=(const StandardStreams&) = delete;

  /// The connection, non-blocking and close-on-exec: to be taken once.
  UniqueFd take_connection();

 private:
  void carry_between();
  void carry_in();
  void carry_out();

  const Clock::duration patience_;
  UniqueFd input_;    // for the reader alone
  UniqueFd output_;   // for the writer alone
  UniqueFd far_end_;  // of the socket pair, for both
  std::jthread reader_;
  std::jthread writer_;
  // Last, and so the first to be destroyed: where nobody took it, its end wakes the threads, which are then
  // joined.
  UniqueFd connection_;
};

}  // namespace tinyhttpd
