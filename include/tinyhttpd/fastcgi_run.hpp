// One request at a FastCGI application: both directions of its connection in a single poll, so that neither
// can block the other.
#pragma once

#include <poll.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "tinyhttpd/backends.hpp"
#include "tinyhttpd/error_lines.hpp"
#include "tinyhttpd/exchange.hpp"
#include "tinyhttpd/fastcgi_record.hpp"
#include "tinyhttpd/gateway_run.hpp"

namespace tinyhttpd {

/// How long a backend may take.
struct BackendPatience {
  Seconds silence;
  Seconds life;
  TimePoint end_of_life;  ///< when `life` is over
  int stop_fd;            ///< readable once the server must stop at once
};

/// Owns the connection for one request. Sends the variables and the body, hands out the output, logs standard
/// error a line at a time, watches for the client to leave, and keeps the deadlines. Destroying it before the
/// request has ended closes the connection, by which the application learns that nobody waits.
class FastcgiRun : public GatewayRun {
 public:
  /// Begins the request with these variables; `keep`: the application is to leave the connection open. The
  /// body of the exchange is borrowed until the answer begins, and taken then.
  FastcgiRun(const Exchange& exchange, std::string script_name, BackendConnection connection,
             std::span<const std::string> variables, bool keep, BackendPatience patience);
  ~FastcgiRun() override;
  FastcgiRun(const FastcgiRun&) = delete;
  FastcgiRun& operator=(const FastcgiRun&) = delete;

  /// Failures beside those of every gateway: backend_closed, backend_nonsense, backend_full, backend_refused,
  /// backend_silent; spawn_failed when the stored body cannot be read. The bytes are not copied: they stay
  /// where they were received.
  Result<std::string_view, ScriptFailure> read_output(std::span<char> buffer) override;
  bool needs_buffer() const override { return false; }
  GatewayEnd settle() override;

  /// What was looked at ahead may be a failure that nobody has been told of: then it is not over yet.
  bool is_over() const override { return !connection_ && (!held_ || *held_); }
  void wait_for_end() override;
  void report(const ScriptFailure& failure) override;

  /// Whether any of the answer has come.
  bool has_answered() const { return has_answered_; }

 private:
  enum class Wake { activity, timed_out, stopped, abandoned, unreadable };
  using Output = Result<std::string_view, ScriptFailure>;
  struct Buffers;

  Wake wait(bool has_client, TimePoint deadline);
  TimePoint silence_ends() const;
  std::optional<Output> next_output();
  std::optional<Output> next_piece();
  Output read_until(bool has_client, TimePoint deadline);
  std::string_view begin_answer(std::string_view bytes);
  Output end_request();
  Output break_off();
  Output give_up(Wake wake);
  std::optional<ScriptFailure> refusal() const;
  void receive_some();
  void send_some();
  void prepare_records();
  void tell_of_opening() const;
  void tell_of_record() const;
  ScriptFailure failure_of(Wake wake) const;

  Exchange exchange_;
  std::string script_name_;
  std::optional<BackendConnection> connection_;  // empty once the request has ended
  std::string address_;                          // of the backend, for the log
  bool keep_;
  BackendPatience patience_;
  std::unique_ptr<Buffers> buffers_;

  Spool body_;                   // once the answer has begun
  std::uint64_t body_sent_ = 0;  // put into records so far
  std::string outgoing_;         // records to be sent, but for the content of the last
  std::string_view content_;     // that content, in the buffers
  bool all_prepared_ = false;    // the record that ends the body, too
  std::error_code body_error_;   // the rest of it cannot be read

  FastcgiReader reader_;
  std::string_view input_;      // of the buffers: what the reader has not seen
  std::optional<Output> held_;  // what follows the piece that was handed out last, where it has come already
  bool peer_closed_ = false;    // nothing more will come
  bool has_answered_ = false;
  int status_ = 0;  // what the application ended with
  ErrorLines errors_;
  bool failed_ = false;  // a failure has been reported
};

}  // namespace tinyhttpd
