// The server as a whole: builds the parts, starts the threads, ends them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tinyhttpd/accept_request.hpp"
#include "tinyhttpd/acceptor.hpp"
#include "tinyhttpd/config.hpp"
#include "tinyhttpd/document_root.hpp"
#include "tinyhttpd/event.hpp"
#include "tinyhttpd/media_type.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/router.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// One acceptor thread, one bounded queue, a fixed pool of workers. Made, started, waited for and destroyed
/// by one thread.
class Server {
 public:
  /// Opens the root and the listening sockets, as the tutorial's startup. Throws std::system_error that names
  /// what failed. Lowers --max-connections where the limit on descriptors asks for it. `config` must be
  /// complete; `trace` is borrowed.
  Server(Config config, Trace& trace);

  /// Stops at once if it still runs.
  ~Server();

  /// Starts the threads; the server serves from here on. Throws std::system_error when a thread cannot be
  /// had.
  void start();

  /// Asks the server to finish what is in flight and end; the second time, to end at once. Any thread.
  void stop() { acceptor_->stop(); }

  /// Readable once the server has ended and wait() will not block. Borrowed.
  int ended_fd() const { return ended_event_.fd(); }

  /// Waits for the threads to end.
  void wait();

  /// The port it listens on.
  std::uint16_t port() const { return port_; }

 private:
  void startup();
  void run_acceptor();
  void end_workers();

  Config config_;
  Trace& trace_;
  DocumentRoot root_;
  MediaTypes media_types_;
  Router router_;
  std::optional<Credentials> script_credentials_;
  Event stop_event_;  // readable once scripts must end
  Event ended_event_;
  CgiHost cgi_host_;
  ConnectionCount connections_{0};  // outlives every connection below
  std::atomic<bool> draining_{false};
  std::atomic<RequestId> last_id_{0};
  WorkQueue<ConnectionPtr> queue_;
  Bulkhead<ConnectionPtr> gateways_;
  std::uint16_t port_ = 0;
  std::vector<std::string> urls_;
  std::unique_ptr<Acceptor> acceptor_;
  std::optional<Services> services_;
  std::thread acceptor_thread_;
  std::vector<std::thread> workers_;
};

}  // namespace tinyhttpd
