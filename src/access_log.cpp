#include "tinyhttpd/access_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
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

void append_digits(std::string& line, std::uint64_t number) {
  std::array<char, 20> digits;
  line.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

/// Appends ` 200`, or ` -` for 0.
void append_number(std::string& line, std::uint64_t number) {
  line += ' ';
  if (number == 0) {
    line += '-';
  } else {
    append_digits(line, number);
  }
}

/// Appends three digits.
void append_thousandths(std::string& line, std::uint64_t number) {
  for (const std::uint64_t unit : {100U, 10U, 1U}) line += static_cast<char>('0' + number / unit % 10);
}

/// The name that a password was checked of. It is one word of the line: a space in it would shift the others.
void append_user(std::string& line, std::string_view user) {
  if (user.empty()) line += '-';
  for (const char& byte : user.substr(0, kMaxWordBytes)) {
    if (byte == ' ') {
      line += "\\x20";
    } else {
      append_escaped(line, {&byte, 1}, kMaxWordBytes);
    }
  }
}

UnixTime unix_time(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// --- JSON --------------------------------------------------------------------------------------------

/// "1994-11-06T08:49:37" (RFC 3339).
std::string json_second(UnixTime time) {
  using namespace std::chrono;
  const sys_seconds point{seconds(time)};
  const auto day = floor<days>(point);
  const year_month_day date(day);
  const hh_mm_ss clock(point - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

/// Appends "1994-11-06T08:49:37.123Z".
void append_json_time(std::string& line, std::chrono::system_clock::time_point time) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
  line.append(once_a_second<json_second>(unix_time(time))).append(1, '.');
  append_thousandths(line, static_cast<std::uint64_t>(milliseconds));
  line += 'Z';
}

/// Appends "12.345".
void append_milliseconds(std::string& line, std::chrono::microseconds time) {
  const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
  append_digits(line, microseconds / 1000);
  line += '.';
  append_thousandths(line, microseconds);
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

void append_combined_line(std::string& line, const Request& request, const Endpoints& endpoints,
                          const AnswerSummary& summary, UnixTime now) {
  line += endpoints.remote_address.empty() ? "-" : std::string_view(endpoints.remote_address);
  line += " - ";
  append_user(line, request.user);
  line.append(" [").append(once_a_second<log_date>(now)).append("]");
  append_quoted(line, request.line, kMaxRequestLineBytes);
  append_number(line, static_cast<std::uint64_t>(summary.status));
  append_number(line, summary.body_bytes);
  append_quoted(line, request.field("Referer").value_or(""), kMaxFieldBytes);
  append_quoted(line, request.field("User-Agent").value_or(""), kMaxFieldBytes);
}

void append_json_line(std::string& line, RequestId id, const Request& request, const Endpoints& endpoints,
                      const AnswerSummary& summary, std::chrono::system_clock::time_point now) {
  const LineWords words = words_of(request.line);
  line += "{\"time\":\"";
  append_json_time(line, now);
  line += '"';
  append_name(line, "id");
  append_digits(line, id);
  append_member(line, "remote", endpoints.remote_address, kMaxWordBytes);
  append_member(line, "user", request.user, kMaxWordBytes);
  append_member(line, "host", host_of(request), kMaxHostBytes);
  append_member(line, "method", words.method, kMaxWordBytes);
  append_member(line, "target", words.target, kMaxTargetBytes);
  append_member(line, "protocol", words.protocol, kMaxWordBytes);
  append_name(line, "status");
  line += summary.status == 0 ? "null" : std::to_string(summary.status);
  append_name(line, "bytes");
  append_digits(line, summary.body_bytes);
  append_name(line, "duration_ms");
  append_milliseconds(line, summary.duration);
  append_name(line, "complete");
  line += summary.complete ? "true" : "false";
  append_member(line, "referer", request.field("Referer").value_or(""), kMaxFieldBytes);
  append_member(line, "user_agent", request.field("User-Agent").value_or(""), kMaxFieldBytes);
  line += '}';
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
    thread_local std::string line;  // keeps its memory
    line.clear();
    if (format_ == LogFormat::json) append_json_line(line, id, request, endpoints, summary, now);
    if (format_ == LogFormat::combined)
      append_combined_line(line, request, endpoints, summary, unix_time(now));
    writer_->add(line);
  } catch (const std::exception&) {
    // Out of memory for one line: the answer was sent, and that is what counts.
  }
}

}  // namespace tinyhttpd
