// What a script prints: the head of its answer, read and judged (RFC 3875 section 6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tinyhttpd/result.hpp"
#include "tinyhttpd/script_failure.hpp"
#include "tinyhttpd/status.hpp"

namespace tinyhttpd {

/// The head of a script's answer.
struct CgiHead {
  enum class Kind {
    document,         ///< a status and a body (RFC 3875 section 6.2.1), with Location too (6.2.4)
    local_redirect,   ///< nothing for the client but Location: /path?query (6.2.2)
    client_redirect,  ///< any other Location without a Status: 302 (6.2.3)
  } kind = Kind::document;
  Status status = Status::ok;
  std::string reason;                           ///< the script's own reason phrase; may be empty
  std::string fields;                           ///< what goes to the client, as "Name: value\r\n" lines
  std::string location;                         ///< as the script said; among `fields` unless local
  std::optional<std::uint64_t> content_length;  ///< as the script said; never among `fields`
  std::string dropped;                          ///< names of the fields that were removed, ", " between them
};

/// Heads longer than this are refused.
inline constexpr std::size_t kMaxCgiHeadBytes = 64 * 1024;

/// Where the head in `output` ends: the number of bytes up to and with the first empty line, LF and CRLF
/// alike (RFC 3875 section 7.2). `from`: bytes already searched in an earlier call (searching resumes safely
/// a little before it).
std::optional<std::size_t> find_cgi_head_end(std::string_view output, std::size_t from);

/// Reads a script's head, with its empty line (RFC 3875 section 6.3). Hop-by-hop fields, Date, Server,
/// X-CGI-* and those that have other servers send a file (X-Sendfile, X-Accel-*) are dropped. Content-Length
/// becomes a number (a bad or repeated one is dropped and named in `dropped`), Status becomes the status. A
/// Location that is not alone, or that names another host or a fragment, is for the client. Fails with
/// ScriptFault::bad_header, whose number says why (HeaderFault) and whose detail is the line.
Result<CgiHead, ScriptFailure> parse_cgi_head(std::string_view head);

/// Why output that ended without an empty line is no answer: no_output, or bad_header when its first line is
/// no header at all, or no_blank_line with the last line begun.
ScriptFailure explain_missing_head(std::string_view output);

/// What the first bytes of a script's file say about an exec that failed with `error_number`: `not_found`
/// (ENOENT) is a missing interpreter or CRLF on the #! line, `bad_format` (ENOEXEC) is no program; else
/// spawn_failed. `file_start`: its first bytes, up to 256.
ScriptFailure explain_exec_failure(int error_number, bool not_found, bool bad_format,
                                   std::string_view file_start);

}  // namespace tinyhttpd
