// Step mode: holds one script's exchange where a viewer wants to look at it, until the viewer says go on.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// Where a script's exchange can be held.
enum class Stop : std::uint8_t {
  before_pipes,       ///< its environment is made, and nothing else
  before_fork,        ///< its pipes are there
  before_first_byte,  ///< it runs; nothing has been written to its standard input
  before_waitpid,     ///< it has ended and is a zombie
};
inline constexpr std::array<std::string_view, 4> kStopNames = {"before_pipes", "before_fork",
                                                               "before_first_byte", "before_waitpid"};

inline std::string_view name_of(Stop stop) {
  return kStopNames[static_cast<std::size_t>(stop)];
}

/// A line of a process's table of descriptors.
struct DescriptorLine {
  int fd;
  std::string what;  ///< as /proc shows it: "pipe:[4711]"
};

/// A listener that waits, on purpose, and the only one. It holds one exchange at a time, so it never takes
/// more than one worker, and each stop for at most kLongest. Where nobody says anything for that long, nobody
/// looks on: then no stop is wanted any more. Any thread.
class Stepper : public Trace {
 public:
  static constexpr std::chrono::seconds kLongest{60};

  /// What is to be held: the next script whose URL path begins with `prefix`, at these stops.
  struct Wanted {
    std::array<bool, 4> stops{};
    std::string prefix = "/";
    bool any() const { return stops[0] || stops[1] || stops[2] || stops[3]; }
  };

  /// What is held at this moment. Of this server's descriptors, those of the script's pipes that are still
  /// open.
  struct Held {
    RequestId id;
    Stop where;
    TimePoint since;
    std::vector<DescriptorLine> server;
    std::optional<std::vector<DescriptorLine>> script;  ///< nothing: it does not run, or not any more
  };

  /// Called by the worker when it is held, and when it goes on. `where` is empty then.
  using Tell = std::function<void(RequestId, std::string_view where)>;

  explicit Stepper(Tell tell = {}, Clock::duration longest = kLongest)
      : tell_(std::move(tell)), longest_(longest) {}

  void want(Wanted wanted);
  Wanted wanted() const;
  std::optional<Held> held() const;

  /// Lets what is held go on to its next stop; whether there was something.
  bool go_on();

  /// Holds nothing any more: the server ends.
  void stop();

  void cgi_environment(RequestId id, std::string_view script, std::span<const std::string> environment,
                       std::span<const std::string> arguments) override;
  void cgi_pipes(RequestId id, const ScriptDescriptors& descriptors) override;
  void cgi_spawned(RequestId id, int pid) override;
  void cgi_reaping(RequestId id) override;
  void cgi_exited(RequestId id, std::string_view script, const ExitReport& report) override;
  void request_lost(RequestId id) override;
  void response_sent(RequestId id, const Request& request, const Endpoints& endpoints,
                     const AnswerSummary& summary) override;

 private:
  bool is_chosen(RequestId id) const { return chosen_ == id; }
  void hold(RequestId id, Stop where);
  void note_answered(RequestId id);
  void free_if_over();

  const Tell tell_;
  const Clock::duration longest_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable released_;
  Wanted wanted_;
  std::uint64_t wishes_ = 0;  // that were made so far
  bool stopped_ = false;
  /// The exchange that may be held; 0: none. Read without the mutex, for that is what every request costs.
  std::atomic<RequestId> chosen_ = 0;
  std::vector<DescriptorLine> pipes_;  // of its script, as they were made
  int pid_ = 0;                        // of its script, while it runs
  bool is_running_ = false;            // its script, which is not reaped yet
  bool is_answered_ = false;           // or lost
  std::optional<Held> held_;
  std::uint64_t turn_ = 0;  // grows when what is held is released
};

}  // namespace tinyhttpd
