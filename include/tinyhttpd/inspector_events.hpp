// What happens, told to a page while it happens: server-sent events (HTML standard, section 9.2).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/recorder.hpp"
#include "tinyhttpd/response.hpp"

namespace tinyhttpd {

/// Gives up a place.
struct LeavePlace {
  void operator()(std::atomic<int>* taken) const { --*taken; }
};

/// One of a few places, held for as long as it lives. It borrows the count of those that are taken.
using Place = std::unique_ptr<std::atomic<int>, LeavePlace>;

/// Takes one of `most` places; null where all are taken. Any number of threads at once.
Place take_place(std::atomic<int>& taken, int most);

/// The body of an answer that ends when its client leaves or the inspector stops. It holds a worker, so there
/// are a few of them at most.
class EventStream : public BodySource {
 public:
  /// Holds its `place` for as long as it lives. `server`: the figures of the server, as JSON. Borrows the
  /// rest. `seen`: the revision of the recorder from which on changes are told.
  EventStream(const Recorder& recorder, std::uint64_t seen, std::function<std::string()> server,
              const std::atomic<bool>& stopped, Place place);

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
  const Place place_;
  TimePoint next_figures_ = Clock::now();
  std::string text_;
};

}  // namespace tinyhttpd
