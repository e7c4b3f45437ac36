#include "tinyhttpd/send_response.hpp"

#include <poll.h>

#include <array>
#include <ctime>

#include "tinyhttpd/chunked.hpp"
#include "tinyhttpd/http_date.hpp"
#include "tinyhttpd/socket.hpp"

namespace tinyhttpd {
namespace {

/// After so many answers a connection is closed, so that no client holds a worker's attention for ever.
constexpr unsigned kMaxRequestsPerConnection = 1000;

std::string date_and_server_at(UnixTime now) {
  return date_and_server(http_date(now));
}

/// RFC 9112 section 6.3, from the sender's side.
Delimiter delimiter_of(const Response& response, const Request& request) {
  if (is_bodiless(response.status)) return Delimiter::none;
  if (!std::holds_alternative<std::unique_ptr<BodySource>>(response.body) || response.content_length)
    return Delimiter::content_length;
  return request.minor_version >= 1 ? Delimiter::chunked : Delimiter::close;
}

void decide_close(Connection& connection, const Response& response, Delimiter delimiter) {
  connection.close_after = connection.close_after || response.close || delimiter == Delimiter::close ||
                           !connection.request.keep_alive ||
                           connection.answered + 1 >= kMaxRequestsPerConnection;
}

/// Writes the head, once it is clear whether the connection stays.
void write_head(std::string& head, Connection& connection, const Response& response, Delimiter delimiter) {
  decide_close(connection, response, delimiter);
  HeadContext context{.date_and_server = once_a_second<date_and_server_at>(std::time(nullptr)),
                      .delimiter = delimiter};
  context.content_length = response.content_length.value_or(length_of(response.body));
  context.close = connection.close_after;
  context.keep_alive_1_0 = !context.close && connection.request.minor_version == 0;
  headers(head, response, context);
}

bool sends_no_body(const Connection& connection, const Response& response) {
  return connection.request.method == Method::head || is_bodiless(response.status);
}

}  // namespace

void prepare_response(Connection& connection, Response&& response, Trace& trace) {
  Outgoing& outgoing = connection.outgoing;
  connection.status = response.status;
  write_head(outgoing.head, connection, response, delimiter_of(response, connection.request));
  outgoing.without_body = sends_no_body(connection, response);
  trace.head_sent(connection.id, response, outgoing.head);
  outgoing.body = std::move(response.body);
  connection.phase = Phase::sending;
}

bool ResponseStream::send(const Response& response, BodySource& source) {
  connection_.status = response.status;
  if (response.raw) {
    connection_.close_after = true;
    delimiter_ = Delimiter::close;
  } else {
    delimiter_ = delimiter_of(response, connection_.request);
    write_head(head_, connection_, response, delimiter_);
    without_body_ = connection_.outgoing.without_body = sends_no_body(connection_, response);
  }
  trace_.head_sent(connection_.id, response, head_);
  if (without_body_) return send_all(std::exchange(head_, {}), {}) && drain(source);
  for (;;) {
    const BodySource::Piece piece = source.pull();
    if (piece.outcome == BodySource::Pulled::end) break;
    if (piece.outcome == BodySource::Pulled::broken || !send_piece(piece.bytes)) {
      connection_.cut();
      return false;
    }
  }
  return send_all(std::exchange(head_, {}),
                  delimiter_ == Delimiter::chunked ? kLastChunk : std::string_view());
}

bool ResponseStream::send_piece(std::string_view bytes) {
  // The head waits for the first piece, so that both go out in one call.
  std::string before = std::exchange(head_, {});
  std::array<char, 20> buffer;
  if (delimiter_ == Delimiter::chunked) before.append(chunk_head(bytes.size(), buffer));
  if (!send_all(before, bytes, delimiter_ == Delimiter::chunked ? kChunkEnd : std::string_view()))
    return false;
  body_bytes_ += bytes.size();
  return true;
}

bool ResponseStream::send_all(std::string_view first, std::string_view second, std::string_view third) {
  std::array<std::string_view, 3> parts{first, second, third};
  while (!parts[0].empty() || !parts[1].empty() || !parts[2].empty()) {
    const Transfer transfer = send_parts(connection_.socket(), parts);
    if (transfer.outcome == Transfer::Outcome::some) {
      connection_.answer_begun = true;
      connection_.outgoing.sent += transfer.bytes;
      continue;
    }
    if (transfer.outcome != Transfer::Outcome::would_wait || !wait_for_client()) return false;
  }
  return true;
}

/// Waits until the socket takes more. A full one does not before the client has read much of it: until then
/// its time is renewed as long as it reads at --min-rate.
bool ResponseStream::wait_for_client() {
  for (;;) {
    const TimePoint deadline = Clock::now() + as_duration(limits_.send_timeout);
    const Waited waited = wait_for(connection_.socket(), POLLOUT, deadline, stop_fd_);
    if (waited == Waited::ready) return true;
    if (waited == Waited::stopped || !connection_.renew_sending(limits_)) return false;
  }
}

/// A body nobody is sent is still read to its end (RFC 3875 section 6.4).
bool ResponseStream::drain(BodySource& source) const {
  for (;;) {
    const BodySource::Piece piece = source.pull();
    if (piece.outcome != BodySource::Pulled::data) return piece.outcome == BodySource::Pulled::end;
  }
}

}  // namespace tinyhttpd
