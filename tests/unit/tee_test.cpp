#include "tinyhttpd/tee.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/cgi_message.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/rejection.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/script_failure.hpp"

using namespace tinyhttpd;

namespace {

/// Writes down every hook with what it was given, into a book it may share with others.
class Scribe : public Trace {
 public:
  Scribe(std::string name, std::vector<std::string>& book) : name_(std::move(name)), book_(book) {}

  void listening(std::string_view url) override { write("listening", url); }
  void warning(std::string_view what) override { write("warning", what); }
  void error(std::string_view what) override { write("error", what); }
  void stopping(std::string_view what) override { write("stopping", what); }
  void reloaded(std::string_view what) override { write("reloaded", what); }
  void worker_began(std::size_t worker, TimePoint now) override {
    write("worker_began", worker, now.time_since_epoch().count() == 0 ? "" : "when");
  }
  void worker_done(std::size_t worker) override { write("worker_done", worker); }
  void request_received(RequestId id, const Request& request, const Endpoints& endpoints,
                        const Arrival& arrival) override {
    write("request_received", id, request.line, endpoints.remote_address, arrival.head);
  }
  void body_received(RequestId id, std::uint64_t bytes) override { write("body_received", id, bytes); }
  void route_chosen(RequestId id, std::string_view handler, std::string_view why) override {
    write("route_chosen", id, handler, why);
  }
  void rejected(RequestId id, const Rejection& rejection, std::string_view line,
                const Endpoints& endpoints) override {
    write("rejected", id, rejection.reason, line, endpoints.remote_address);
  }
  void gateway_wait(RequestId id) override { write("gateway_wait", id); }
  void cgi_environment(RequestId id, std::string_view script, std::span<const std::string> environment,
                       std::span<const std::string> arguments) override {
    write("cgi_environment", id, script, environment.front(), arguments.front());
  }
  void cgi_pipes(RequestId id, const ScriptDescriptors& descriptors) override {
    write("cgi_pipes", id, descriptors.output_read);
  }
  void cgi_spawned(RequestId id, int pid) override { write("cgi_spawned", id, pid); }
  void cgi_wrote(RequestId id, std::string_view bytes) override { write("cgi_wrote", id, bytes); }
  void cgi_read(RequestId id, Stream stream, std::string_view bytes) override {
    write("cgi_read", id, static_cast<int>(stream), bytes);
  }
  void cgi_closed(RequestId id, Stream stream) override { write("cgi_closed", id, static_cast<int>(stream)); }
  void cgi_error_line(RequestId id, std::string_view script, std::string_view line) override {
    write("cgi_error_line", id, script, line);
  }
  void cgi_head(RequestId id, const CgiHead&) override { write("cgi_head", id); }
  void cgi_failed(RequestId id, std::string_view script, const ScriptFailure& failure) override {
    write("cgi_failed", id, script, failure.number);
  }
  void fastcgi_connected(RequestId id, std::string_view backend, bool reused) override {
    write("fastcgi_connected", id, backend, static_cast<int>(reused));
  }
  void fastcgi_sent(RequestId id, std::uint8_t type, std::size_t content_bytes) override {
    write("fastcgi_sent", id, static_cast<int>(type), content_bytes);
  }
  void fastcgi_received(RequestId id, std::uint8_t type, std::uint16_t record_id,
                        std::size_t content_bytes) override {
    write("fastcgi_received", id, static_cast<int>(type), static_cast<int>(record_id), content_bytes);
  }
  void fastcgi_ended(RequestId id, std::string_view script, int status) override {
    write("fastcgi_ended", id, script, status);
  }
  void cgi_signalled(RequestId id, int signal) override { write("cgi_signalled", id, signal); }
  void cgi_reaping(RequestId id) override { write("cgi_reaping", id); }
  void cgi_exited(RequestId id, std::string_view script, const ExitReport& report) override {
    write("cgi_exited", id, script, report.code);
  }
  void request_lost(RequestId id) override { write("request_lost", id); }
  void head_sent(RequestId id, const Response& response, std::string_view head) override {
    write("head_sent", id, code(response.status), head);
  }
  void response_sent(RequestId id, const Request& request, const Endpoints& endpoints,
                     const AnswerSummary& summary) override {
    write("response_sent", id, request.line, endpoints.remote_address, summary.status);
  }

 private:
  template <typename... Arguments>
  void write(const char* hook, const Arguments&... arguments) {
    std::string entry = name_ + " " + hook;
    (entry.append(" ").append(text_of(arguments)), ...);
    book_.push_back(entry);
  }
  static std::string text_of(std::string_view text) { return std::string(text); }
  static std::string text_of(std::uint64_t number) { return std::to_string(number); }
  static std::string text_of(int number) { return std::to_string(number); }

  std::string name_;
  std::vector<std::string>& book_;
};

/// Calls every hook there is.
void play(Trace& trace) {
  Request request;
  request.line = "GET / HTTP/1.1";
  Endpoints endpoints;
  endpoints.remote_address = "client";
  const std::vector<std::string> environment = {"A=1"};
  const std::vector<std::string> arguments = {"a.cgi"};
  ExitReport report;
  report.code = 3;
  AnswerSummary summary;
  summary.status = 200;
  trace.listening("url");
  trace.warning("what");
  trace.error("config");
  trace.stopping("signal");
  trace.reloaded("config");
  trace.worker_began(7, TimePoint(Clock::duration(1)));
  trace.worker_done(7);
  trace.request_received(1, request, endpoints, {.head = "head"});
  trace.body_received(1, 12);
  trace.route_chosen(2, "handler", "why");
  trace.rejected(3, not_found("reason"), "line", endpoints);
  trace.gateway_wait(4);
  trace.cgi_environment(5, "script", environment, arguments);
  trace.cgi_pipes(6, {.output_read = 5});
  trace.cgi_spawned(6, 4711);
  trace.cgi_wrote(7, "in");
  trace.cgi_read(8, Stream::standard_output, "out");
  trace.cgi_closed(9, Stream::standard_error);
  trace.cgi_error_line(10, "script", "oops");
  trace.cgi_head(11, CgiHead{});
  trace.cgi_failed(12, "script", {ScriptFault::silent, 30});
  trace.cgi_signalled(13, 15);
  trace.cgi_reaping(14);
  trace.cgi_exited(14, "script", report);
  trace.fastcgi_connected(14, "backend", true);
  trace.fastcgi_sent(14, 4, 100);
  trace.fastcgi_received(14, 6, 1, 200);
  trace.fastcgi_ended(14, "script", 5);
  trace.request_lost(15);
  trace.head_sent(15, Response{}, "head");
  trace.response_sent(16, request, endpoints, summary);
}

}  // namespace

TEST_CASE("Tee hands every hook on as it came, to each listener in the order they were added") {
  std::vector<std::string> alone;
  Scribe single("a", alone);
  play(single);
  REQUIRE(alone.size() == 31);

  std::vector<std::string> together;
  Scribe first("a", together);
  Scribe second("b", together);
  Tee tee;
  tee.add(first);
  tee.add(second);
  play(tee);

  std::vector<std::string> expected;
  for (const std::string& entry : alone) {
    expected.push_back(entry);
    expected.push_back("b" + entry.substr(1));
  }
  CHECK(together == expected);
}

TEST_CASE("Tee wants a script's input when one of its listeners does") {
  struct Reader : Trace {
    bool wants_input() const override { return true; }
  } reader;
  Trace other;
  Tee tee;
  CHECK_FALSE(tee.wants_input());
  tee.add(other);
  CHECK_FALSE(tee.wants_input());
  tee.add(reader);
  CHECK(tee.wants_input());
}

TEST_CASE("Tee without listeners is silent") {
  Tee tee;
  play(tee);
}
