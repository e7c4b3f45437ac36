// The answer to a JSON event: what a handler prints, read and judged.
#pragma once

#include <cstddef>
#include <string_view>

#include "tinyhttpd/response.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/script_failure.hpp"

namespace tinyhttpd {

/// Answers longer than this are refused.
inline constexpr std::size_t kMaxJsonAnswerBytes = 8U << 20U;

/// Header lines and cookies that are together longer than this are refused, as a CGI head is.
inline constexpr std::size_t kMaxJsonFieldBytes = 64 * 1024;

/// Reads the answer to an event. An object with "statusCode" is a whole answer: statusCode (200 to 599),
/// headers (a value is a string, a number, a boolean or an array of such, a line for each), multiValueHeaders
/// (likewise; a line that both name is sent once), cookies (each a Set-Cookie), body (a string; absent or
/// null: none), isBase64Encoded (the body is RFC 4648 section 4, in one line). A body without a Content-Type
/// is application/json. Any other JSON value is itself the body, as it was printed: 200, application/json; a
/// bare string gives its text.
///
/// Fields are checked and dropped as those of a CGI head are: names that are no token, control bytes, a
/// second Content-Type or Location are refused, those that are for the server (answer_fields.hpp), Status and
/// Content-Length are dropped.
///
/// Fails with ScriptFault::bad_json whose detail says what and where ("line 1, column 7: …", "statusCode is
/// 99, not 200 to 599"), also for all that check_json refuses; with no_output for nothing but white space.
/// Takes time and memory in proportion to `text`.
Result<Response, ScriptFailure> parse_json_answer(std::string_view text);

}  // namespace tinyhttpd
