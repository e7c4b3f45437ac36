// One client: its socket, what it has sent, what has been understood of it, and what remains to be sent.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tinyhttpd/chunked.hpp"
#include "tinyhttpd/client_limit.hpp"
#include "tinyhttpd/client_watch.hpp"
#include "tinyhttpd/config.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/input_buffer.hpp"
#include "tinyhttpd/request_parser.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/router.hpp"
#include "tinyhttpd/socket.hpp"
#include "tinyhttpd/spool.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

struct Site;
struct SpareMemory;

/// What a connection is doing. Its owner changes, its phase tells the next one where to go on.
enum class Phase {
  idle,            ///< nothing of a request has come
  reading_head,    ///< some of a head has come
  authenticating,  ///< the head is parsed; a password waits to be hashed
  reading_body,    ///< the head is parsed and routed, the body is on its way
  answering,       ///< the request is complete and waits for a gateway place, or for its handler
  sending,         ///< an answer is ready, its bytes are on their way
  lingering,  ///< all is sent and our side closed: what still comes is dropped, so that the client reads our
              ///< answer
};

/// How a step ended.
enum class Progress {
  done,         ///< the step is complete
  need_input,   ///< it goes on when the client has sent more
  need_output,  ///< it goes on when the client has taken more
  gone,         ///< the client has left or broken the connection: nothing more to do
};

/// What its socket is watched for, be it parked or not.
enum class Watched { no, for_input, for_output };

/// An answer on its way: the head, then a text or a run of a file. (A pulled body is streamed by a worker
/// instead.)
struct Outgoing {
  std::string head;
  Body body;
  bool without_body = false;  ///< HEAD and bodiless statuses: only the head is sent
  std::uint64_t sent = 0;     ///< of head and body together
  std::uint64_t taken = 0;    ///< of `sent`: what the client had acknowledged when its time was last renewed
  std::uint64_t total() const;
  std::uint64_t body_bytes_sent() const { return sent > head.size() ? sent - head.size() : 0; }

  /// Nothing is on its way any more; the head keeps its memory.
  void clear();
};

/// How many connections are open: each counts itself for as long as it lives. Any thread.
using ConnectionCount = std::atomic<std::size_t>;

/// A client's connection. It has exactly one owner at a time (the acceptor's table, the queue, a worker, the
/// gateway lane) and needs no lock inside: it is handed on as a unique_ptr, under the lock of whoever takes
/// it.
class Connection : public ClientWatch {
 public:
  /// Borrows `count` for its life. `deadline`: for the first byte.
  Connection(UniqueFd socket, Endpoints peer, TimePoint first_deadline, ConnectionCount& count);
  ~Connection() override;

  // ---- state its owner reads and writes
  Phase phase = Phase::idle;
  TimePoint deadline;    ///< when the phase must have ended; written before the connection is parked
  bool expired = false;  ///< the deadline has passed: a worker answers 408
  Watched watched = Watched::no;
  Turn seen = 0;           ///< when the request in hand was seen to come; 0: nobody knows
  bool has_ended = false;  ///< the client's end was seen to come: a receive will find it, unannounced
  RequestId id = 0;        ///< of the request in hand
  unsigned answered = 0;   ///< requests answered on this connection
  Request request;
  std::shared_ptr<const Site> site;  ///< what the request in hand is answered by; null while idle and parked
  Endpoints endpoints;
  ClientLimit::Place place;  ///< among the connections of its client
  std::optional<Route> route;
  Spool body;
  Outgoing outgoing;
  Status status = Status::ok;  ///< of the answer in hand
  bool close_after = false;    ///< the connection ends after the answer in hand
  bool linger_after = false;   ///< and the client may still be sending: it is closed in stages
  bool is_told_of = false;     ///< listeners know of the request in hand, and not of its end
  bool answer_begun = false;   ///< a final answer's first byte has gone out
  TimePoint accepted = Clock::now();
  TimePoint queued_at;     ///< put into the work queue for the request in hand; TimePoint(): it was not
  TimePoint taken_at;      ///< a worker took it off the queue, likewise
  TimePoint started;       ///< first byte of the request
  TimePoint linger_until;  ///< the latest end of lingering

  int socket() const { return socket_.get(); }

  /// Reads until the head is complete: `done` means the input buffer begins with a whole head of head_bytes()
  /// bytes. A Rejection when it cannot become one.
  Result<Progress> read_head(const Limits& limits);
  std::string_view head() const { return input_.unread().substr(0, head_bytes_); }

  /// Reads until the body is complete, its transfer coding removed, in `body`. Rejections: 400, 408, 413, 507
  /// …
  Result<Progress> read_body(const Limits& limits, const std::string& spool_folder);

  /// Makes the request in hand a GET of `target` (a path and query of ours) without a body, for a local
  /// redirect. 400: no such path can be.
  Result<void> redirect(std::string target);

  /// Sends as much of `outgoing` as fits.
  Progress send_outgoing();

  /// Gives a client whose deadline has passed another body_timeout, if it sent at least min_rate bytes a
  /// second of its body during the last.
  bool renew_body(const Limits& limits);

  /// Gives a client whose deadline has passed another send_timeout, if it took at least min_rate bytes a
  /// second during the last. That it takes something does not suffice: it might take one byte a minute.
  bool renew_sending(const Limits& limits);

  /// Tells the client to send its body (RFC 9110 section 10.1.1), unless it has begun to.
  void send_continue();

  /// Ends our side, so that the client sees the end of the answer while we still read what it sends.
  void start_lingering(TimePoint until);

  /// Receives and drops what has come. `gone` at the client's end or after much of it.
  Progress drop_input();

  /// Makes the client see a broken connection instead of an answer that looks complete.
  void cut();

  /// Forgets the request in hand and keeps what came after it.
  void next_request();

  /// Whether more may have come than was received: then nobody will announce it.
  bool may_have_more() const { return may_have_more_ || has_ended; }

  bool has_input() const { return input_.size() > 0; }

  /// Whether something has come after the request in hand.
  bool has_more_input() const { return input_.size() > head_bytes_ + body_from_input_ || !surplus_.empty(); }

  /// Gives away what only a request in hand needs, for the connection that this thread takes up next: those
  /// that wait are small, and those that are busy allocate nothing. For a connection that has no input.
  void release_idle_memory();

  // ---- ClientWatch, for the handler of the request in hand
  int watched_fd() const override { return socket_.get(); }
  short watched_events() const override;
  bool has_left(short events) override;

 private:
  Transfer receive(std::span<char> room);
  Result<Progress> read_plain_body(const Limits& limits, const std::string& folder);
  Result<Transfer> receive_body(std::uint64_t most, const Limits& limits, const std::string& folder);
  Result<Progress> read_chunked_body(const Limits& limits, const std::string& folder);
  Result<void> store(std::string_view bytes, const Limits& limits, const std::string& folder);
  Result<bool> decode_chunks(std::string_view& bytes, const Limits& limits, const std::string& folder);

  void exchange_memory(SpareMemory& memory);

  ConnectionCount& count_;
  UniqueFd socket_;
  InputBuffer input_;
  HeadScanner scanner_;
  std::size_t head_bytes_ = 0;
  std::uint64_t body_from_input_ = 0;  // bytes after the head, in the input buffer, that belong to the body
  ChunkedDecoder decoder_;
  std::uint64_t body_at_renewal_ = 0;  // bytes of the body when its time was last renewed
  std::string surplus_;                // read together with the end of a chunked body: the next request's
  std::string redirect_target_;        // what the request's views point into after redirect()
  bool may_have_more_ = false;
  bool half_closed_ = false;   // the client has ended its side and may still be reading
  std::uint64_t dropped_ = 0;  // while lingering
};

using ConnectionPtr = std::unique_ptr<Connection>;

}  // namespace tinyhttpd
