// How busy a server is at one moment.
#pragma once

#include <cstddef>

namespace tinyhttpd {

/// Places for one kind of slow work.
struct LaneFigures {
  std::size_t running = 0;   ///< pieces of work that have a place
  std::size_t places = 0;    ///< as many can have one
  std::size_t waiting = 0;   ///< for a place
  std::size_t capacity = 0;  ///< as many can wait
};

/// Connections that wait for their clients, by what comes next.
struct ParkedFigures {
  std::size_t idle = 0;          ///< for the first byte of a request
  std::size_t reading_head = 0;  ///< for the rest of a head
  std::size_t reading_body = 0;  ///< for the rest of a body
  std::size_t sending = 0;       ///< for the client to take more of an answer
  std::size_t lingering = 0;     ///< for the client to end its side
};

/// Each is right for itself; they are not of the same instant.
struct ServerFigures {
  std::size_t workers = 0;  ///< threads of the pool
  std::size_t busy = 0;     ///< of those: with a connection
  std::size_t queue = 0;    ///< connections that wait for a worker
  std::size_t queue_capacity = 0;
  LaneFigures gateways;
  LaneFigures passwords;
  std::size_t connections = 0;  ///< open
  std::size_t max_connections = 0;
  bool draining = false;  ///< it was asked to stop
};

}  // namespace tinyhttpd
