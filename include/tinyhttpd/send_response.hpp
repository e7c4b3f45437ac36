// Turns a Response into bytes on the client's socket: framing, Date, Connection, and the body in whatever
// form it has.
#pragma once

#include "tinyhttpd/connection.hpp"
#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// Decides framing and whether the connection stays (RFC 9112 sections 6 and 9), and puts head and body into
/// `connection.outgoing`. A pulled body is not put there: see stream_response().
void prepare_response(Connection& connection, Response&& response, Trace& trace);

/// Head and pulled body, sent piece by piece as the body's maker gives them. A client
/// that takes nothing for send_timeout, or less than min_rate, has it cut.
class ResponseStream {
 public:
  ResponseStream(Connection& connection, const Limits& limits, int stop_fd, Trace& trace)
      : connection_(connection), limits_(limits), stop_fd_(stop_fd), trace_(trace) {}

  /// Sends all of it. False when the client left, the maker broke, or the server must stop: the connection
  /// has been cut and must be ended.
  bool send(const Response& response, BodySource& source);

  std::uint64_t body_bytes_sent() const { return body_bytes_; }

 private:
  bool send_piece(std::string_view bytes);
  bool send_all(std::string_view first, std::string_view second, std::string_view third = {});
  bool wait_for_client();
  bool drain(BodySource& source) const;

  Connection& connection_;
  const Limits& limits_;
  int stop_fd_;
  Trace& trace_;
  Delimiter delimiter_ = Delimiter::none;
  std::string head_;  // until it has been sent
  bool without_body_ = false;
  std::uint64_t body_bytes_ = 0;
};

}  // namespace tinyhttpd
