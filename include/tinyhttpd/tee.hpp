// Several listeners as one.
#pragma once

#include <vector>

#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// Hands every hook on to its listeners, in the order they were added. Add before the first thread starts; it
/// borrows them.
class Tee : public Trace {
 public:
  void add(Trace& listener) { listeners_.push_back(&listener); }

  void listening(std::string_view url) override;
  void warning(std::string_view what) override;
  void error(std::string_view what) override;
  void stopping(std::string_view what) override;
  void reloaded(std::string_view what) override;
  void worker_began(std::size_t worker, TimePoint now) override;
  void worker_done(std::size_t worker) override;
  void request_received(RequestId id, const Request& request, const Endpoints& endpoints,
                        const Arrival& arrival) override;
  void body_received(RequestId id, std::uint64_t bytes) override;
  void route_chosen(RequestId id, std::string_view handler, std::string_view why) override;
  void rejected(RequestId id, const Rejection& rejection, std::string_view line,
                const Endpoints& endpoints) override;
  void gateway_wait(RequestId id) override;
  void cgi_environment(RequestId id, std::string_view script, std::span<const std::string> environment,
                       std::span<const std::string> arguments) override;
  void cgi_pipes(RequestId id, const ScriptDescriptors& descriptors) override;
  void cgi_spawned(RequestId id, int pid) override;
  bool wants_input() const override;
  void cgi_wrote(RequestId id, std::string_view bytes) override;
  void cgi_read(RequestId id, Stream stream, std::string_view bytes) override;
  void cgi_closed(RequestId id, Stream stream) override;
  void cgi_error_line(RequestId id, std::string_view script, std::string_view line) override;
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
  std::vector<Trace*> listeners_;
};

}  // namespace tinyhttpd
