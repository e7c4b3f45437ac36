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
#include "tinyhttpd/event.hpp"
#include "tinyhttpd/listener.hpp"
#include "tinyhttpd/media_type.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/server_figures.hpp"
#include "tinyhttpd/site.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// What a process may be given by whoever starts it.
struct Handover {
  std::vector<UniqueFd> sockets = {};  ///< that listen already, instead of those of --bind and --port
  UniqueFd client = {};                ///< the one client to serve (--inetd)
};

/// One acceptor thread, one bounded queue, a fixed pool of workers. Made, started, waited for and destroyed
/// by one thread.
class Server {
 public:
  /// Opens the listening sockets and the root, as the tutorial's startup; in between it enters the folder of
  /// --chroot and becomes the user of --user. Throws std::system_error that names what failed. Lowers
  /// --max-connections where the limit on descriptors asks for it. `config` must be complete; `trace` is
  /// borrowed.
  /// `application` is borrowed, too, and answers everything where there is one; the root must exist even so.
  Server(Config config, Trace& trace, Handover handover = {}, Application* application = nullptr);

  /// Stops at once if it still runs.
  ~Server();

  /// Starts the threads; the server serves from here on. Throws std::system_error when a thread cannot be
  /// had.
  void start();

  /// Answers by `config` from the next request on; the requests in hand end as they began. What belongs to
  /// the start (port, threads, queue …) must be as it was. Throws std::system_error when the root cannot be
  /// opened: nothing has changed then. Any one thread.
  void reload(Config config);

  /// Asks the server to finish what is in flight and end; the second time, to end at once. Any thread.
  void stop() { acceptor_->stop(); }

  /// Readable once the server has ended and wait() will not block. Borrowed.
  int ended_fd() const { return ended_event_.fd(); }

  /// Waits for the threads to end.
  void wait();

  /// How busy it is. Any thread, from start() on.
  ServerFigures figures() const;

  /// What its connections wait for: they are counted one by one. Any thread, likewise.
  ParkedFigures parked() const { return acceptor_->parked(); }

  /// Where it can be reached: "http://127.0.0.1:4000/", "unix:/path".
  const std::vector<std::string>& urls() const { return urls_; }

  /// The port it listens on; 0 where it listens on Unix sockets alone.
  std::uint16_t port() const { return port_; }

 private:
  void startup(Handover handover);
  std::vector<Listener> listen(std::vector<UniqueFd> sockets) const;
  void fit_to_descriptors();
  SitePtr make_site(Config config) const;
  void run_acceptor();
  void end_workers();

  const Config config_;  // as it was at the start
  Trace& trace_;
  Application* const application_;  // or null
  const MediaTypes system_types_;
  const std::optional<Credentials> script_credentials_;
  std::size_t max_connections_ = 0;  // what the descriptors allow of --max-connections
  std::optional<std::uint64_t>
      script_descriptors_;  // what scripts get of them, where the server has raised its own limit
  Event stop_event_;        // readable once scripts must end
  Event ended_event_;
  std::optional<CurrentSite> site_;
  ConnectionCounts connections_;  // outlives every connection below
  std::atomic<bool> draining_{false};
  std::atomic<RequestId> last_id_{0};
  WorkQueue<ConnectionPtr> queue_;
  Lanes lanes_;
  std::uint16_t port_ = 0;
  std::vector<std::string> urls_;
  std::unique_ptr<Acceptor> acceptor_;
  std::optional<Services> services_;
  std::thread acceptor_thread_;
  std::vector<std::thread> workers_;
};

}  // namespace tinyhttpd
