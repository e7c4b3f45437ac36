// What happens, told to a page while it happens: server-sent events (HTML standard, section 9.2).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/recorder.hpp"
#include "tinyhttpd/response.hpp"

namespace tinyhttpd {

/// The body of an answer that ends when its client leaves or the inspector stops. It holds a worker, so there
/// are a few of them at most.
class EventStream : public BodySource {
 public:
  /// Counts itself in `viewers` for as long as it lives. `server`: the figures of the server, as JSON.
  /// Borrows all of it. `seen`: the revision of the recorder from which on changes are told.
  EventStream(const Recorder& recorder, std::uint64_t seen, std::function<std::string()> server,
              const std::atomic<bool>& stopped, std::atomic<int>& viewers);
  ~EventStream() override;
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  /// Waits for a change, or for the second in which the figures are told again.
  Piece pull() override;
  bool is_finished() const override { return true; }
  void finish() override {}

 private:
  void append_exchange(RequestId id);

  const Recorder& recorder_;
  std::uint64_t seen_;
  const std::function<std::string()> server_;
  const std::atomic<bool>& stopped_;
  std::atomic<int>& viewers_;
  TimePoint next_figures_ = Clock::now();
  std::string text_;
};

}  // namespace tinyhttpd
