// How a handler learns that nobody waits for its answer any more, without ever seeing the client's socket.
#pragma once

namespace tinyhttpd {

/// Something to poll beside the handler's own descriptors. One thread at a time.
class ClientWatch {
 public:
  virtual ~ClientWatch() = default;

  /// What to poll; borrowed, and never to be read or written.
  virtual int watched_fd() const = 0;

  /// The events to poll for. Errors and hang-ups are always reported, even when this is 0.
  virtual short watched_events() const = 0;

  /// Whether `events`, as poll reported them, mean that the client has gone. A client that has only ended its
  /// own side (netcat at the end of its input) still waits for the answer: watched_events() changes then, so
  /// that poll does not report it again.
  virtual bool has_left(short events) = 0;
};

}  // namespace tinyhttpd
