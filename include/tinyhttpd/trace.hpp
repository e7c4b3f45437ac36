// What there is to observe: one hook for each step of a request, each empty unless a listener fills it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/deadline.hpp"

namespace tinyhttpd {

struct CgiHead;
struct Endpoints;
struct ExitReport;
struct Rejection;
struct Request;
struct Response;
struct ScriptFailure;

/// Counts requests since the start; a request that ended before its head was complete has one too. Never 0.
using RequestId = std::uint64_t;

/// A line of standard error that is longer is told in pieces of so many bytes.
inline constexpr std::size_t kErrorPieceBytes = 2048;

/// More than this of standard error is read, so that whoever writes it can go on, and not told.
inline constexpr std::size_t kMaxErrorBytes = 256 * 1024;

/// The three pipes of a script, by the descriptor the script sees.
enum class Stream { standard_input = 0, standard_output = 1, standard_error = 2 };

/// What the access log writes of one answer.
struct AnswerSummary {
  int status = 0;
  std::uint64_t body_bytes = 0;           ///< sent of the body, before chunked coding
  bool complete = false;                  ///< false: the connection ended first
  std::chrono::microseconds duration{0};  ///< from the first byte of the request to the last of the answer
  std::string_view handler = {};          ///< as in route_chosen; "" where no route was found
};

/// When a request came, and how.
struct Arrival {
  std::string_view head = {};  ///< its bytes as received, with the empty line
  TimePoint accepted = {};     ///< its connection was; requests before it may have come over that, too
  TimePoint queued = {};       ///< the connection was put into the queue for it, and a worker took it: both
  TimePoint taken = {};        ///< TimePoint() where a worker read this request right after another
  TimePoint first_byte = {};   ///< the first byte of it was read
  std::string_view handler = {};  ///< who will answer, as route_chosen says next; "": it is refused
};

/// A script's descriptors as numbers of this process, before it is started. It gets the ends that are not
/// ours as 0, 1 and 2; we close those then.
struct ScriptDescriptors {
  int input_read = -1;   ///< a pipe, or a file: /dev/null, or the body
  int input_write = -1;  ///< ours; -1: standard input is a file
  int output_read = -1;  ///< ours
  int output_write = -1;
  int error_read = -1;  ///< ours
  int error_write = -1;
};

/// A listener. Hooks are called by the thread the step happens in, several at once: a listener does its own
/// locking. They are given views: copy what must outlive the call. A hook must not throw and must not wait.
class Trace {
 public:
  virtual ~Trace() = default;

  /// The server listens on this address ("http://127.0.0.1:4000/").
  virtual void listening(std::string_view url) { (void)url; }
  /// Something about the server as a whole that whoever runs it should know ("out of descriptors: …").
  virtual void warning(std::string_view what) { (void)what; }
  /// Something that was asked of the server could not be done ("the configuration stays as it is: …").
  virtual void error(std::string_view what) { (void)what; }
  /// The server was asked to stop: `what` says by which signal and what it waits for.
  virtual void stopping(std::string_view what) { (void)what; }

  /// The configuration was read again and is in force: `what` says so.
  virtual void reloaded(std::string_view what) { (void)what; }

  /// A worker, counted from 0, has taken a connection off the queue at `now`. What this thread tells until
  /// worker_done() is that worker's doing.
  virtual void worker_began(std::size_t worker, TimePoint now) { (void)worker, (void)now; }
  /// It has answered it, parked it or handed it on, and takes the next.
  virtual void worker_done(std::size_t worker) { (void)worker; }

  /// A request's head has been read, parsed and judged, its body not read yet. route_chosen or rejected
  /// follows at once.
  virtual void request_received(RequestId, const Request&, const Endpoints&, const Arrival&) {}
  /// The router decided: which handler ("serve_file", "execute_cgi"), and why in words.
  virtual void route_chosen(RequestId, std::string_view handler, std::string_view why) {
    (void)handler, (void)why;
  }
  /// Its body is complete, and so long without its transfer coding. Not called where there is none.
  virtual void body_received(RequestId, std::uint64_t bytes) { (void)bytes; }
  /// The request is refused, at any step. `line`: its request line as far as it came, raw bytes of the
  /// client.
  virtual void rejected(RequestId, const Rejection&, std::string_view line, const Endpoints&) { (void)line; }

  /// All places for gateways are taken: the request waits for one.
  virtual void gateway_wait(RequestId) {}
  /// The script is about to be started with these.
  virtual void cgi_environment(RequestId, std::string_view script, std::span<const std::string> environment,
                               std::span<const std::string> arguments) {
    (void)script, (void)environment, (void)arguments;
  }
  /// Its pipes are made; it is started next.
  virtual void cgi_pipes(RequestId, const ScriptDescriptors&) {}
  /// The script runs. Nothing has been written to it yet.
  virtual void cgi_spawned(RequestId, int pid) { (void)pid; }
  /// Whether cgi_wrote is listened to. Where it is not, a body that lies in a file becomes the script's
  /// standard input as it is, and none of it is written.
  virtual bool wants_input() const { return false; }
  /// The server wrote these bytes to the script's standard input.
  virtual void cgi_wrote(RequestId, std::string_view bytes) { (void)bytes; }
  /// The script wrote these bytes.
  virtual void cgi_read(RequestId, Stream, std::string_view bytes) { (void)bytes; }
  /// One end of a pipe was closed: by the server (standard input) or seen as end of file (the others).
  virtual void cgi_closed(RequestId, Stream) {}
  /// A line of the script's standard error, without its end; long ones in pieces (kErrorPieceBytes). Raw
  /// bytes.
  virtual void cgi_error_line(RequestId, std::string_view script, std::string_view line) {
    (void)script, (void)line;
  }
  /// The script's head was complete and valid.
  virtual void cgi_head(RequestId, const CgiHead&) {}
  /// The script failed; `script` is its URL path. At most one a run, but a failure after the head may follow
  /// cgi_head.
  virtual void cgi_failed(RequestId, std::string_view script, const ScriptFailure&) { (void)script; }
  /// The request is handed to the FastCGI application at `backend`, over a new connection or one that was
  /// kept. What it is told and what it says comes by the hooks of a script, too.
  virtual void fastcgi_connected(RequestId, std::string_view backend, bool reused) {
    (void)backend, (void)reused;
  }
  /// A record was sent to it. `type`: a FastcgiType.
  virtual void fastcgi_sent(RequestId, std::uint8_t type, std::size_t content_bytes) {
    (void)type, (void)content_bytes;
  }
  /// A record has begun to come from it.
  virtual void fastcgi_received(RequestId, std::uint8_t type, std::uint16_t id, std::size_t content_bytes) {
    (void)type, (void)id, (void)content_bytes;
  }
  /// The application has ended the request; `script` is its URL path, `status` what a program would have
  /// exited with.
  virtual void fastcgi_ended(RequestId, std::string_view script, int status) { (void)script, (void)status; }
  /// A signal was sent to the script's process group.
  virtual void cgi_signalled(RequestId, int signal) { (void)signal; }
  /// The script has ended, or been told to, and is reaped next: until then it is a zombie.
  virtual void cgi_reaping(RequestId) {}
  /// The script was reaped.
  virtual void cgi_exited(RequestId, std::string_view script, const ExitReport&) { (void)script; }

  /// The client left before its request was complete: no answer follows.
  virtual void request_lost(RequestId) {}
  /// A head was given to the client's socket.
  virtual void head_sent(RequestId, const Response&, std::string_view head) { (void)head; }
  /// The answer is over, sent whole or cut. `request` may be one that never parsed: its line may be empty.
  virtual void response_sent(RequestId, const Request&, const Endpoints&, const AnswerSummary&) {}
};

}  // namespace tinyhttpd
