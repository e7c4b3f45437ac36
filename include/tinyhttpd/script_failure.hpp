// The ways in which a script fails, each a value of its own: the log says it in words, the client gets its
// status.
#pragma once

#include <string>
#include <string_view>

#include "tinyhttpd/status.hpp"

namespace tinyhttpd {

/// What went wrong with a script, from finding it to its last byte.
enum class ScriptFault {
  not_executable,       ///< the file has no execute bit, and no interpreter is set for it
  interpreter_missing,  ///< its #! line names a program that does not exist; detail: that program
  interpreter_crlf,     ///< its #! line ends in CRLF, so the kernel looks for "/bin/sh\r"; detail: the line
  not_a_program,   ///< exec format error: neither a binary for this machine nor a #! line; detail: its first
                   ///< line
  spawn_failed,    ///< the kernel refused a process, a pipe or the exec; number: errno; detail: the step
  no_output,       ///< it ended without writing anything
  no_blank_line,   ///< its output ended before the empty line that ends a head; detail: the last line begun
  bad_header,      ///< a line of its head that no header can be; number: a HeaderFault; detail: the line
  head_too_large,  ///< its head grew past the limit; number: the limit in bytes
  exit_status,     ///< it ended with a status other than 0 and no complete head; number: that status; detail:
                   ///< what follows in the sentence, where it is not the head that counts
  killed_by_signal,     ///< it died by a signal; number: the signal
  silent,               ///< it was silent for longer than --cgi-timeout; number: seconds
  too_long,             ///< it lived longer than --cgi-max-time; number: seconds
  redirect_loop,        ///< its local redirects went on past the limit; number: that limit
  length_mismatch,      ///< it wrote fewer bytes than its Content-Length; detail: how many are missing
  stopped,              ///< the server was told to stop before the script was done
  abandoned,            ///< the client left, or took no more, before the answer was complete
  backend_unreachable,  ///< no backend could be connected to; detail: the last failure, in words
  backend_full,         ///< every backend takes no more work; detail: what the last one said
  backend_refused,      ///< it ended the request unanswered, as one it cannot serve; detail: what it said
  backend_closed,       ///< it closed the connection before its answer was complete; detail: which backend
  backend_nonsense,     ///< what it sent is no FastCGI, or none for us; detail: what is wrong
  backend_silent,       ///< it was silent for longer than --fastcgi-timeout; number: seconds
  bad_json,             ///< what a JSON handler printed is no answer; detail: what is wrong, and where
};

/// What is wrong with a line of a script's head: ScriptFailure::number of a bad_header.
enum class HeaderFault : int {
  unspecified,   ///< it was not said
  no_colon,      ///< there is no ':' in it
  bad_name,      ///< what stands before the ':' is empty, or no token: a space in it, or before the colon
  continued,     ///< it begins with white space: scripts may not fold lines (RFC 3875 section 6.3)
  control_byte,  ///< its value holds a control byte, such as a carriage return in the middle of the line
  bad_status,    ///< a Status that is not "nnn" or "nnn reason" with 200 to 599
  bad_location,  ///< a Location without a value
  repeated,      ///< Status, Location or Content-Type for the second time
  none,          ///< there is no line before the empty one
};

/// One failure of one script.
struct ScriptFailure {
  ScriptFault fault;
  int number = 0;  ///< see ScriptFault; 0 where it says nothing of a number
  std::string detail =
      {};  ///< see ScriptFault; raw bytes of the script, to be escaped by whoever prints them
};

/// What happened, in one sentence for the log: "line 1 ends in CRLF, so the kernel looks for …". It names the
/// cause and, where it is short, the cure; it does not name the script. It is made of diagnose(failure),
/// which says more.
std::string describe(const ScriptFailure& failure);

/// The status the client gets while nothing of the answer has been sent (RFC 9110 section 15.6): 504 for
/// silence and a life too long, 503 where the kernel had no process to give, backends are full or the server
/// stops, 403 for a missing execute bit, 500 for a redirect loop and where the exec failed for a reason of
/// ours, 502 for everything the script did wrong.
Status status_of(const ScriptFailure& failure);

/// The program that a script's first line asks the kernel for: "/bin/sh" of "#!/bin/sh -e". A carriage return
/// that ends the line without an argument is part of it, as it is for the kernel. "" when `first_line` names
/// none. Points into `first_line`.
std::string_view interpreter_of(std::string_view first_line);

/// The name of a fault as data: "no_blank_line".
std::string_view name_of(ScriptFault fault);

}  // namespace tinyhttpd
