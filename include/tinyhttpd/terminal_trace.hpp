// The exchanges of scripts and other gateways, told on the terminal in words while they happen (--trace).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

class ToldExchange;

/// Whether lines for this descriptor should be in colour: it is a terminal, and the variable NO_COLOR, whose
/// value or null is `no_color`, is not set or empty (https://no-color.org).
bool wants_colour(int fd, const char* no_color);

/// Writes a line for each step of an exchange that a script, a backend or a JSON handler answers, and one
/// line for each other. Text from outside is escaped, and what should stay secret is masked. The lines of one
/// step stand together; those of one exchange have its number before them.
class TerminalTrace : public Trace {
 public:
  /// Takes one line, without its end, and must not wait (see LogWriter). Never called twice at once.
  using WriteLine = std::function<void(std::string_view)>;
  using Now = std::function<TimePoint()>;

  TerminalTrace(WriteLine write, bool colour, Now now = Clock::now);
  ~TerminalTrace() override;

  void request_received(RequestId id, const Request& request, const Endpoints& endpoints,
                        const Arrival& arrival) override;
  void route_chosen(RequestId id, std::string_view handler, std::string_view why) override;
  void body_received(RequestId id, std::uint64_t bytes) override;
  void rejected(RequestId id, const Rejection& rejection, std::string_view line,
                const Endpoints& endpoints) override;
  void gateway_wait(RequestId id) override;
  void cgi_environment(RequestId id, std::string_view script, std::span<const std::string> environment,
                       std::span<const std::string> arguments) override;
  void cgi_pipes(RequestId id, const ScriptDescriptors& descriptors) override;
  void cgi_spawned(RequestId id, int pid) override;
  bool wants_input() const override { return true; }
  void cgi_wrote(RequestId id, std::string_view bytes) override;
  void cgi_read(RequestId id, Stream stream, std::string_view bytes) override;
  void cgi_closed(RequestId id, Stream stream) override;
  void cgi_head(RequestId id, const CgiHead& head) override;
  void cgi_failed(RequestId id, std::string_view script, const ScriptFailure& failure) override;
  void fastcgi_connected(RequestId id, std::string_view backend, bool reused) override;
  void fastcgi_sent(RequestId id, std::uint8_t type, std::size_t content_bytes) override;
  void fastcgi_received(RequestId id, std::uint8_t type, std::uint16_t record_id,
                        std::size_t content_bytes) override;
  void fastcgi_ended(RequestId id, std::string_view script, int status) override;
  void cgi_signalled(RequestId id, int signal) override;
  void cgi_reaping(RequestId id) override;
  void cgi_exited(RequestId id, std::string_view script, const ExitReport& report) override;
  void request_lost(RequestId id) override;
  void head_sent(RequestId id, const Response& response, std::string_view head) override;
  void response_sent(RequestId id, const Request& request, const Endpoints& endpoints,
                     const AnswerSummary& summary) override;

 private:
  class Teller;

  template <typename Tell>
  void tell(RequestId id, Tell tell);
  template <typename Tell>
  void tell_of_script(RequestId id, Tell tell);
  ToldExchange& exchange_with(RequestId id);

  const WriteLine write_;
  const bool colour_;
  const Now now_;
  std::mutex mutex_;  // guards exchanges_, and keeps the lines of one step together
  std::map<RequestId, std::unique_ptr<ToldExchange>> exchanges_;  // those that are not over
};

}  // namespace tinyhttpd
