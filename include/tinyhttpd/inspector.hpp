// The inspector: a second listener that shows what the first one does.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "tinyhttpd/application.hpp"
#include "tinyhttpd/counters.hpp"
#include "tinyhttpd/inspector_json.hpp"
#include "tinyhttpd/recorder.hpp"
#include "tinyhttpd/stepper.hpp"

namespace tinyhttpd {

/// What the inspector looks at. Borrowed.
struct Inspected {
  Recorder& recorder;
  Stepper& stepper;
  const Counters& counters;
  std::function<ServerView()> server;  ///< called by any thread
};

/// Answers requests for the page, its data, /metrics and /healthz. It changes nothing of the server but what
/// step mode holds; a request that is replayed goes the way of every client. Any thread.
class Inspector : public Application {
 public:
  /// Pages that look on at the same time; each holds a worker.
  static constexpr int kMostViewers = 8;

  /// Requests that are replayed at the same time. Each holds a worker until its script has ended.
  static constexpr int kMostReplays = 1;

  /// `bound`: the address it listens on, without port.
  Inspector(Inspected inspected, std::string bound)
      : inspected_(std::move(inspected)), bound_(std::move(bound)) {}

  Result<Response> answer(const Request& request, const Spool& body) override;

  /// Ends the answers that go on until then.
  void stop();

 private:
  Result<Response> get(const Request& request);
  Result<Response> post(const Request& request, const Spool& body);
  Result<Response> exchanges(const Request& request) const;
  Result<Response> exchange(std::string_view name) const;
  Result<Response> replay(RequestId id);
  Result<Response> send_replay(const RecordedExchange& original);
  Result<Response> events(const Request& request);
  Response health() const;
  Response metrics() const;
  std::string server_text() const;

  const Inspected inspected_;
  const std::string bound_;
  std::atomic<bool> stopped_ = false;
  std::atomic<int> viewers_ = 0;
  std::atomic<int> replays_ = 0;
};

}  // namespace tinyhttpd
