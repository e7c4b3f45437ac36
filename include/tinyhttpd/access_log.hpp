// The access log: one line for each answer, in the Combined format of Apache and nginx or in JSON.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <system_error>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/http_date.hpp"
#include "tinyhttpd/log_writer.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// Appends host - - [06/Nov/1994:08:49:37 +0000] "GET / HTTP/1.1" 200 1234 "referer" "user agent", without
/// the end of the line. '-' stands for what is absent, and for no bytes. The request line is as the client
/// sent it, query included; bytes outside printable ASCII, quotes and backslashes are \xHH; what is too long
/// is cut with a mark. Nothing else of the request is shown: no Authorization, no Cookie.
void append_combined_line(std::string& line, const Request& request, const Endpoints& endpoints,
                          const AnswerSummary& summary, UnixTime now);

/// Appends the same as one JSON object: time (RFC 3339, UTC, milliseconds), id, remote, host, method, target,
/// protocol, status, bytes, duration_ms, complete, referer, user_agent. What is absent is null. Bytes that
/// are not UTF-8 become U+FFFD; what is too long is cut and ends in "…". Method, target and protocol are the
/// words of the request line as sent; a line that is none of HTTP's is all target.
void append_json_line(std::string& line, RequestId id, const Request& request, const Endpoints& endpoints,
                      const AnswerSummary& summary, std::chrono::system_clock::time_point now);

/// Writes a Combined (or a JSON) line for every response_sent. Hooks never wait: see LogWriter for what
/// happens when lines cannot be written.
class AccessLog : public Trace {
 public:
  /// `target`: a file to append to, "-" for standard output, "off" for nowhere. Lost lines are told to
  /// `server_log` as a warning. Throws std::system_error that names the file.
  AccessLog(const std::string& target, LogFormat format, Trace& server_log);

  /// Whether it writes anything: a listener that does not need not be told.
  bool is_on() const { return writer_ != nullptr; }

  /// For log rotation: goes on in a new file of the same name. On an error the old one stays in use.
  Result<void, std::error_code> reopen();

  void response_sent(RequestId id, const Request& request, const Endpoints& endpoints,
                     const AnswerSummary& summary) override;

 private:
  std::unique_ptr<LogWriter> writer_;  // null when off
  LogFormat format_;
};

/// Whether an AccessLog could be opened for this target, without making a file: what is wrong is thrown as
/// its constructor would.
void check_access_log(const std::string& target);

}  // namespace tinyhttpd
