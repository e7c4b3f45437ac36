#include "tinyhttpd/inspector_events.hpp"

#include <utility>

#include "tinyhttpd/exchange_json.hpp"

namespace tinyhttpd {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenFigures = 1s;

}  // namespace

Place take_place(std::atomic<int>& taken, int most) {
  int now = taken;
  while (now < most)
    if (taken.compare_exchange_weak(now, now + 1)) return Place(&taken);
  return nullptr;
}

EventStream::EventStream(const Recorder& recorder, std::uint64_t seen, std::function<std::string()> server,
                         const std::atomic<bool>& stopped, Place place)
    : recorder_(recorder),
      seen_(seen),
      server_(std::move(server)),
      stopped_(stopped),
      place_(std::move(place)) {}

BodySource::Piece EventStream::pull() {
  text_.clear();
  while (text_.empty()) {
    if (stopped_) return {Pulled::end};
    // Also how it is noticed that nobody reads any more.
    if (Clock::now() >= next_figures_) {
      text_ += "event: server\ndata: " + server_() + "\n\n";
      next_figures_ = Clock::now() + kBetweenFigures;
    }
    const TimePoint deadline = text_.empty() ? next_figures_ : Clock::now();
    const auto changes = recorder_.wait_for_changes(seen_, deadline);
    seen_ = changes.revision;
    // Whoever missed some asks for the list.
    if (changes.missed) text_ += "event: missed\ndata: {}\n\n";
    for (const RequestId id : changes.ids) append_exchange(id);
  }
  return {Pulled::data, text_};
}

void EventStream::append_exchange(RequestId id) {
  const ExchangePtr exchange = recorder_.find_summary(id);
  if (!exchange) return;
  text_ += "event: exchange\nid: " + std::to_string(id) + "\ndata: " + summary_json(*exchange) + "\n\n";
}

}  // namespace tinyhttpd
