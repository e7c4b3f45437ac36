#include "tinyhttpd/response.hpp"

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

std::string_view reason_of(const Response& response) {
  return response.reason.empty() ? reason_phrase(response.status) : std::string_view(response.reason);
}

// A 1xx or 204 answer carries neither Content-Length nor Transfer-Encoding (RFC 9110 section 8.6, RFC 9112
// section 6.1). A 304 may carry the length that 200 would have had, which only the caller knows.
void add_framing(std::string& head, Status status, const HeadContext& context) {
  if (is_bodiless(status) && status != Status::not_modified) return;
  if (context.delimiter == Delimiter::content_length) {
    add_line(head, "Content-Length", std::to_string(context.content_length));
  } else if (context.delimiter == Delimiter::chunked) {
    add_line(head, "Transfer-Encoding", "chunked");
  }
}

// What a person who sees the page can do, or whom to tell.
std::string_view advice(Status status) {
  switch (status) {
    case Status::moved_permanently:
      return "The page has another address, which browsers go to by themselves.";
    case Status::bad_request: return "The server could not understand this request.";
    case Status::unauthorized: return "This page asks for a name and a password.";
    case Status::forbidden: return "You may not have this page.";
    case Status::not_found: return "There is nothing at this address. Please check its spelling.";
    case Status::method_not_allowed: return "What you asked for cannot be done with this page.";
    case Status::request_timeout: return "The request took too long to arrive. Please try again.";
    case Status::precondition_failed: return "The page has changed since you last saw it.";
    case Status::content_too_large: return "What was sent is larger than this server takes.";
    case Status::uri_too_long: return "This address is longer than this server takes.";
    case Status::range_not_satisfiable: return "The part that was asked for lies beyond the end of the file.";
    case Status::expectation_failed: return "The server cannot do what this request expects of it.";
    case Status::header_fields_too_large:
      return "The header of this request is too large. Deleting this site's cookies may help.";
    case Status::internal_server_error:
      return "Something went wrong here. It has been noted in the server's log.";
    case Status::not_implemented: return "This server does not know how to do that.";
    case Status::bad_gateway:
      return "The program behind this page failed. The server's log says what was wrong with it.";
    case Status::service_unavailable: return "The server is busy. Please try again in a moment.";
    case Status::gateway_timeout: return "The program behind this page took too long to answer.";
    case Status::http_version_not_supported: return "This server speaks HTTP/1.0 and HTTP/1.1.";
    case Status::insufficient_storage: return "The server has no room for what was sent.";
    default: return "The server could not answer this request.";
  }
}

// Nothing of the request is in it, so nothing of the request can become a script in the reader's browser.
std::string error_page(Status status) {
  const auto title = std::to_string(code(status)).append(" ").append(reason_phrase(status));
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>";
  page.append(title).append("</title>\n</head>\n<body>\n<h1>").append(title).append("</h1>\n<p>");
  return page.append(advice(status)).append("</p>\n</body>\n</html>\n");
}

}  // namespace

void Response::add(std::string_view name, std::string_view value) {
  add_line(fields, name, value);
}

std::string headers(const Response& response, const HeadContext& context) {
  std::string head;
  head.reserve(192 + response.fields.size());
  // The space after the code is there even when no phrase follows it (RFC 9112 section 4).
  head.append("HTTP/1.1 ").append(std::to_string(code(response.status))).append(" ");
  head.append(reason_of(response)).append("\r\n");
  add_line(head, "Date", context.date);
  add_line(head, "Server", server_software());
  head.append(response.fields);
  add_framing(head, response.status, context);
  if (context.close) {
    add_line(head, "Connection", "close");
  } else if (context.keep_alive_1_0) {
    add_line(head, "Connection", "keep-alive");
  }
  return head.append("\r\n");
}

Response refuse(const Rejection& rejection) {
  Response response;
  response.status = rejection.status;
  response.add("Content-Type", "text/html; charset=utf-8");
  // A 405 always has Allow, be it empty: nothing is allowed then (RFC 9110 section 10.2.1).
  if (rejection.status == Status::method_not_allowed) response.add("Allow", rejection.allow);
  if (rejection.retry_later) response.add("Retry-After", kRetryAfterSeconds);
  // The rest of a request that took too long may still come: its bytes must not be read as the next one.
  response.close = rejection.status == Status::request_timeout;
  response.body = error_page(rejection.status);
  return response;
}

std::string_view server_software() {
  return "tinyhttpd/" TINYHTTPD_VERSION;
}

}  // namespace tinyhttpd
