#include "tinyhttpd/access_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string_view>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/log_text.hpp"

namespace tinyhttpd {

namespace {

// Together with address, date, status and bytes they fit kMaxLogLineBytes.
constexpr std::size_t kMaxRequestLineBytes = 2048;
constexpr std::size_t kMaxFieldBytes = 768;
// Of the JSON form, which has more around them.
constexpr std::size_t kMaxTargetBytes = 1536;
constexpr std::size_t kMaxHostBytes = 256;
constexpr std::size_t kMaxWordBytes = 64;

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

UnixTime unix_time(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// --- JSON --------------------------------------------------------------------------------------------

/// "1994-11-06T08:49:37.123Z" (RFC 3339).
std::string json_time(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<milliseconds>(time) - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

/// "12.345".
std::string json_milliseconds(std::chrono::microseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%03d", static_cast<long long>(time.count() / 1000),
                static_cast<int>(time.count() % 1000));
  return text;
}

/// Appends `,"name":`.
void append_name(std::string& line, std::string_view name) {
  line.append(",\"").append(name).append("\":");
}

/// Appends `,"name":"text"`, or `,"name":null` for no text.
void append_member(std::string& line, std::string_view name, std::string_view text, std::size_t most) {
  append_name(line, name);
  if (text.empty()) {
    line += "null";
  } else {
    append_json_text(line, text, most);
  }
}

/// The words of a request line. One that is not "METHOD target HTTP/…" is all target.
struct LineWords {
  std::string_view method;
  std::string_view target;
  std::string_view protocol;
};

LineWords words_of(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == 0 || first == last || !line.substr(last + 1).starts_with("HTTP/")) return {{}, line, {}};
  return {line.substr(0, first), line.substr(first + 1, last - first - 1), line.substr(last + 1)};
}

/// As the rest of the server has understood it; of a request that was refused before that, as it was sent.
std::string_view host_of(const Request& request) {
  return request.host_field.empty() ? request.field("Host").value_or("") : request.host_field;
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

/// 0, or the error that whoever we are would get.
int error_of_access(const std::string& name, int mode) {
  return ::faccessat(AT_FDCWD, name.c_str(), mode, AT_EACCESS) == 0 ? 0 : errno;
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

std::string json_line(RequestId id, const Request& request, const Endpoints& endpoints,
                      const AnswerSummary& summary, std::chrono::system_clock::time_point now) {
  const LineWords words = words_of(request.line);
  std::string line;
  line.reserve(512);
  line.append("{\"time\":\"").append(json_time(now)).append("\"");
  append_name(line, "id");
  line += std::to_string(id);
  append_member(line, "remote", endpoints.remote_address, kMaxWordBytes);
  append_member(line, "host", host_of(request), kMaxHostBytes);
  append_member(line, "method", words.method, kMaxWordBytes);
  append_member(line, "target", words.target, kMaxTargetBytes);
  append_member(line, "protocol", words.protocol, kMaxWordBytes);
  append_name(line, "status");
  line += summary.status == 0 ? "null" : std::to_string(summary.status);
  append_name(line, "bytes");
  line += std::to_string(summary.body_bytes);
  append_name(line, "duration_ms");
  line += json_milliseconds(summary.duration);
  append_name(line, "complete");
  line += summary.complete ? "true" : "false";
  append_member(line, "referer", request.field("Referer").value_or(""), kMaxFieldBytes);
  append_member(line, "user_agent", request.field("User-Agent").value_or(""), kMaxFieldBytes);
  return line += '}';
}

AccessLog::AccessLog(const std::string& target, LogFormat format, Trace& server_log)
    : writer_(open_writer(target, server_log)), format_(format) {}

Result<void, std::error_code> AccessLog::reopen() {
  if (!writer_) return {};
  return writer_->reopen();
}

void check_access_log(const std::string& target) {
  if (target == "-" || target == "off") return;
  std::error_code unknown;
  int error = error_of_access(target, W_OK);
  if (error == 0 && std::filesystem::is_directory(target, unknown)) error = EISDIR;
  if (error == ENOENT) {
    const std::string folder = std::filesystem::path(target).parent_path().string();
    error = error_of_access(folder.empty() ? "." : folder, W_OK | X_OK);
  }
  if (error != 0) throw std::system_error(error, std::generic_category(), "--access-log " + target);
}

void AccessLog::response_sent(RequestId id, const Request& request, const Endpoints& endpoints,
                              const AnswerSummary& summary) {
  if (!writer_) return;
  try {
    const auto now = std::chrono::system_clock::now();
    writer_->add(format_ == LogFormat::json ? json_line(id, request, endpoints, summary, now)
                                            : combined_line(request, endpoints, summary, unix_time(now)));
  } catch (const std::exception&) {
    // Out of memory for one line: the answer was sent, and that is what counts.
  }
}

}  // namespace tinyhttpd
