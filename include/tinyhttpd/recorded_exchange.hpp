// One request and its answer as an observer saw them: what the inspector shows, exports and replays.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/script_failure.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// A step of an exchange. What its `stream`, `offset`, `bytes`, `number` and `text` say is in the comment;
/// the others are as they come.
enum class Step : std::uint8_t {
  accepted,           ///< the connection was; before the request
  queued,             ///< put into the work queue
  taken,              ///< off it; number: the worker
  first_byte,         ///< of the request was read
  head_parsed,        ///< bytes: of the head
  route,              ///< text: the handler
  body_complete,      ///< bytes: of the body
  gateway_wait,       ///< all gateway places are taken
  environment,        ///< the script is about to be started; number: how many variables
  pipes,              ///< are made
  spawned,            ///< number: the pid
  wrote,              ///< stream 0; offset and bytes: which of it
  read,               ///< stream 1 or 2, likewise
  closed,             ///< stream
  error_line,         ///< text
  script_head,        ///< was complete and valid; bytes: of it
  failed,             ///< text: the name of the ScriptFault
  signalled,          ///< number: the signal
  reaping,            ///< the script is a zombie
  exited,             ///< number: exit status, or the signal negated
  rejected,           ///< number: the status
  head_sent,          ///< bytes
  sent,               ///< the answer is over; number: the status, bytes: of the body
  fastcgi_connected,  ///< text: the backend; number: 1 where the connection was kept from before
  fastcgi_sent,       ///< number: the type of the record, bytes: its content
  fastcgi_received,   ///< likewise; offset: its request id
  fastcgi_ended,      ///< number: application status
  held,               ///< by step mode; text: where
  released,
};

/// "head_parsed".
std::string_view name_of(Step step);

struct RecordedStep {
  Step step{};
  std::int64_t at = 0;  ///< microseconds since RecordedExchange::began; negative: before it
  int stream = -1;      ///< 0, 1, 2 as the script sees them; -1: none
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::int64_t number = 0;
  std::string text = {};  ///< raw bytes
};

/// One direction of a script's or backend's conversation: 0 the body it was given, 1 output, 2 errors.
struct RecordedStream {
  std::string bytes = {};   ///< the first of them, as many as are kept
  std::uint64_t total = 0;  ///< how many there were
  bool closed = false;
};

/// How a script ended.
struct RecordedExit {
  bool by_signal = false;
  int code = 0;  ///< exit status, or the signal
  std::int64_t user_us = 0, system_us = 0;
  long max_resident_kib = 0;
};

/// The server at the moment in which a script was about to be started.
struct RecordedLoad {
  std::size_t workers = 0, busy = 0;             ///< threads of the pool, and how many of them were at work
  std::size_t queue = 0, queue_capacity = 0;     ///< connections that waited for a worker
  std::size_t gateways = 0, gateway_places = 0;  ///< scripts and other gateways at work
  std::size_t gateways_waiting = 0;              ///< requests that waited for such a place
  std::size_t connections = 0;                   ///< open
};

/// Texts are raw bytes, as they came.
struct RecordedExchange {
  RequestId id = 0;
  TimePoint began = {};         ///< the first byte was read
  std::int64_t began_unix = 0;  ///< the same in microseconds since 1970
  bool over = false;

  std::string remote_address, server_address;
  std::uint16_t remote_port = 0, server_port = 0;
  int worker = -1;  ///< who parsed it

  std::string request_head;  ///< as received; empty where it never parsed
  std::string request_line;
  std::string method, target, path, query;
  int minor_version = 1;

  std::string handler, why;  ///< as route_chosen says
  std::string rejection;     ///< why it was refused, as the log has it

  std::string script;  ///< URL path of whoever answered
  std::vector<std::string> environment, arguments;
  std::optional<ScriptDescriptors> descriptors;
  int pid = 0;
  std::string backend;  ///< of FastCGI
  std::array<RecordedStream, 3> streams;
  std::size_t script_head_bytes = 0;  ///< of streams[1], with the empty line; 0: none was complete
  std::optional<RecordedExit> exit;
  std::optional<std::int64_t> fastcgi_status;
  std::optional<ScriptFailure> failure;
  std::optional<RecordedLoad> load;

  std::string sent_head;  ///< the last; a local redirect has one only
  int status = 0;
  std::uint64_t body_bytes = 0;
  bool complete = false;
  std::int64_t duration = 0;  ///< microseconds from the first byte read to the last sent

  std::vector<RecordedStep> steps;
  std::uint64_t steps_left_out = 0;  ///< past the limit of them
  RequestId replay_of = 0;           ///< 0: of none
  std::string held;                  ///< by step mode, where; "": it is not
};

}  // namespace tinyhttpd
