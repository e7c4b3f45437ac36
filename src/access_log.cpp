#include "tinyhttpd/access_log.hpp"

#include <unistd.h>

#include <chrono>
#include <exception>
#include <string_view>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/log_text.hpp"

namespace tinyhttpd {

namespace {

// Together with address, date, status and bytes they fit kMaxLogLineBytes.
constexpr std::size_t kMaxRequestLineBytes = 2048;
constexpr std::size_t kMaxFieldBytes = 768;

/// Appends ` "bytes"`, or ` "-"`.
void append_quoted(std::string& line, std::string_view bytes, std::size_t most) {
  line += " \"";
  if (bytes.empty()) line += '-';
  append_escaped(line, bytes, most);
  line += '"';
}

/// Appends ` 200`, or ` -` for 0.
void append_number(std::string& line, std::uint64_t number) {
  line += ' ';
  line += number == 0 ? "-" : std::to_string(number);
}

UnixTime unix_now() {
  using std::chrono::system_clock;
  return std::chrono::duration_cast<std::chrono::seconds>(system_clock::now().time_since_epoch()).count();
}

std::unique_ptr<LogWriter> open_writer(const std::string& target, Trace& server_log) {
  if (target == "off") return nullptr;
  auto report = [&server_log](std::string_view what) {
    server_log.warning("access log: " + std::string(what));
  };
  if (target == "-") return std::make_unique<LogWriter>(STDOUT_FILENO, report);
  try {
    return std::make_unique<LogWriter>(target, report);
  } catch (const std::system_error& error) {
    throw std::system_error(error.code(), "--access-log " + target);
  }
}

}  // namespace

std::string combined_line(const Request& request, const Endpoints& endpoints, const AnswerSummary& summary,
                          UnixTime now) {
  std::string line;
  line.reserve(256);
  line += endpoints.remote_address.empty() ? "-" : endpoints.remote_address;
  line.append(" - - [").append(log_date(now)).append("]");
  append_quoted(line, request.line, kMaxRequestLineBytes);
  append_number(line, static_cast<std::uint64_t>(summary.status));
  append_number(line, summary.body_bytes);
  append_quoted(line, request.field("Referer").value_or(""), kMaxFieldBytes);
  append_quoted(line, request.field("User-Agent").value_or(""), kMaxFieldBytes);
  return line;
}

AccessLog::AccessLog(const std::string& target, Trace& server_log)
    : writer_(open_writer(target, server_log)) {}

Result<void, std::error_code> AccessLog::reopen() {
  if (!writer_) return {};
  return writer_->reopen();
}

void AccessLog::response_sent(RequestId, const Request& request, const Endpoints& endpoints,
                              const AnswerSummary& summary) {
  if (!writer_) return;
  try {
    writer_->add(combined_line(request, endpoints, summary, unix_now()));
  } catch (const std::exception&) {
    // Out of memory for one line: the answer was sent, and that is what counts.
  }
}

}  // namespace tinyhttpd
