// All that belongs to --inspect, put together: who listens to the server, and who shows it.
#pragma once

#include <cstdint>
#include <memory>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/counters.hpp"
#include "tinyhttpd/inspector.hpp"
#include "tinyhttpd/recorder.hpp"
#include "tinyhttpd/server.hpp"
#include "tinyhttpd/server_log.hpp"
#include "tinyhttpd/stepper.hpp"
#include "tinyhttpd/tee.hpp"

namespace tinyhttpd {

/// Made before the server it shows, of which it needs nothing but what the server tells; ended after it.
/// Made, started and destroyed by one thread.
class Inspection {
 public:
  /// Adds its listeners to `trace` and opens its own listening socket. Throws std::system_error that names
  /// the address. Borrows all of it.
  Inspection(const Config& config, Tee& trace, ServerLog& log);
  ~Inspection();
  Inspection(const Inspection&) = delete;
  Inspection& operator=(const Inspection&) = delete;

  /// Shows this server from now on, which must not have been started yet.
  void start(const Server& shown);

  /// Holds nothing any more, so that the server can end.
  void let_go() { stepper_.stop(); }

  /// The port it listens on.
  std::uint16_t port() const { return server_->port(); }

 private:
  /// What its own server tells, of which the log gets the troubles.
  class Troubles : public Trace {
   public:
    explicit Troubles(ServerLog& log) : log_(log) {}
    void listening(std::string_view url) override;
    void warning(std::string_view what) override;
    void error(std::string_view what) override;

   private:
    ServerLog& log_;
  };

  RecordedLoad load() const;
  ServerView view() const;

  const Config config_;
  const std::int64_t started_;  // microseconds since 1970
  const Server* shown_ = nullptr;
  Recorder recorder_;
  Stepper stepper_;
  Counters counters_;
  Inspector inspector_;
  Troubles troubles_;
  std::unique_ptr<Server> server_;
};

}  // namespace tinyhttpd
