#include "tinyhttpd/response.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "tinyhttpd/diagnosis.hpp"
#include "tinyhttpd/error_page.hpp"
#include "tinyhttpd/http.hpp"

// CMake knows the version of the project; a source compiled by hand does not.
#ifndef TINYHTTPD_VERSION
#define TINYHTTPD_VERSION "dev"
#endif

namespace tinyhttpd {

namespace {

/// How long a client that was turned away for lack of room is asked to wait.
constexpr std::string_view kRetryAfterSeconds = "5";

void add_line(std::string& fields, std::string_view name, std::string_view value) {
  fields.append(name).append(": ").append(value).append("\r\n");
}

void add_content_length(std::string& fields, std::uint64_t length) {
  std::array<char, 20> digits;
  char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), length).ptr;
  fields.append("Content-Length: ").append(digits.data(), end).append("\r\n");
}

/// The status line of nearly all answers, ready to be sent; "" for the others.
std::string_view usual_status_line(const Response& response) {
  if (!response.reason.empty()) return {};
  if (response.status == Status::ok) return "HTTP/1.1 200 OK\r\n";
  if (response.status == Status::not_modified) return "HTTP/1.1 304 Not Modified\r\n";
  return {};
}

void add_status_line(std::string& head, const Response& response) {
  if (const std::string_view ready = usual_status_line(response); !ready.empty()) {
    head.append(ready);
    return;
  }
  // The space after the code is there even when no phrase follows it (RFC 9112 section 4).
  head.append("HTTP/1.1 ").append(std::to_string(code(response.status))).append(" ");
  head.append(response.reason.empty() ? reason_phrase(response.status) : response.reason).append("\r\n");
}

// A 1xx or 204 answer carries neither Content-Length nor Transfer-Encoding (RFC 9110 section 8.6, RFC 9112
// section 6.1). A 304 may carry the length that 200 would have had, which only the caller knows.
void add_framing(std::string& head, Status status, const HeadContext& context) {
  if (is_bodiless(status) && status != Status::not_modified) return;
  if (context.delimiter == Delimiter::content_length) {
    add_content_length(head, context.content_length);
  } else if (context.delimiter == Delimiter::chunked) {
    add_line(head, "Transfer-Encoding", "chunked");
  }
}

/// A header line with its end: where it begins in the fields, and how long it is (0: there is none).
struct Line {
  std::size_t begin = 0;
  std::size_t length = 0;
};

Line find_line(std::string_view fields, std::string_view name) {
  for (std::size_t begin = 0; begin < fields.size();) {
    const std::size_t end = std::min(fields.find("\r\n", begin), fields.size() - 2) + 2;
    const std::string_view line = fields.substr(begin, end - begin);
    if (line.size() > name.size() && line[name.size()] == ':' && iequals(line.substr(0, name.size()), name))
      return {begin, line.size()};
    begin = end;
  }
  return {};
}

bool has_line(std::string_view fields, std::string_view name) {
  return find_line(fields, name).length > 0;
}

}  // namespace

void Response::add(std::string_view name, std::string_view value) {
  add_line(fields, name, value);
}

std::uint64_t length_of(const Body& body) {
  if (const auto* text = std::get_if<std::string>(&body)) return text->size();
  if (const auto* text = std::get_if<SharedText>(&body)) return (*text)->size();
  if (const auto* file = std::get_if<FileBody>(&body)) return file->length;
  std::uint64_t length = 0;
  if (const auto* file = std::get_if<PartsBody>(&body))
    for (const PartsBody::Part& part : file->parts) length += part.text.size() + part.length;
  return length;
}

void Response::remove(std::string_view name) {
  for (Line line = find_line(fields, name); line.length > 0; line = find_line(fields, name))
    fields.erase(line.begin, line.length);
}

void add_configured(Response& response, const std::vector<ConfiguredField>& configured) {
  // Only what was there before: two lines of --header with one name are both meant.
  const std::size_t answered = response.fields.size();
  const auto has = [&](std::string_view name) {
    return has_line(std::string_view(response.fields).substr(0, answered), name) ||
           (response.kept_fields && has_line(*response.kept_fields, name));
  };
  for (const ConfiguredField& field : configured) {
    // Vary is a list: what is in several lines counts together (RFC 9110 section 5.3).
    if (!has(field.name) || iequals(field.name, "Vary")) response.add(field.name, field.value);
  }
}

void headers(std::string& head, const Response& response, const HeadContext& context) {
  head.clear();
  add_status_line(head, response);
  head.append(context.date_and_server);
  if (response.kept_fields) head.append(*response.kept_fields);
  head.append(response.fields);
  add_framing(head, response.status, context);
  if (context.close) {
    add_line(head, "Connection", "close");
  } else if (context.keep_alive_1_0) {
    add_line(head, "Connection", "keep-alive");
  }
  head.append("\r\n");
}

std::string date_and_server(std::string_view date) {
  std::string lines;
  add_line(lines, "Date", date);
  add_line(lines, "Server", server_software());
  return lines;
}

Response refuse(const Rejection& rejection, bool explained) {
  Response response;
  response.status = rejection.status;
  response.add("Content-Type", "text/html; charset=utf-8");
  if (!rejection.challenge.empty()) response.add("WWW-Authenticate", rejection.challenge);
  // A 405 always has Allow, be it empty: nothing is allowed then (RFC 9110 section 10.2.1).
  if (rejection.status == Status::method_not_allowed) response.add("Allow", rejection.allow);
  // Other clients are answered otherwise, by what they accept (RFC 9110 section 12.5.5).
  if (rejection.status == Status::not_acceptable) response.add("Vary", "Accept-Encoding");
  if (rejection.retry_later) response.add("Retry-After", kRetryAfterSeconds);
  // The rest of a request that took too long may still come: its bytes must not be read as the next one.
  response.close = rejection.status == Status::request_timeout;
  const bool is_explained = explained && rejection.failure;
  const Diagnosis diagnosis = is_explained ? diagnose(*rejection.failure) : Diagnosis();
  response.body = error_page(rejection.status, is_explained ? &diagnosis : nullptr);
  return response;
}

std::string_view server_software() {
  return "tinyhttpd/" TINYHTTPD_VERSION;
}

}  // namespace tinyhttpd
