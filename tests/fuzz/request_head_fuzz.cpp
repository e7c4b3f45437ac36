// Whatever bytes come: a refusal, or a Request that is sound and does not depend on how the bytes came.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tinyhttpd/request_parser.hpp"

using namespace tinyhttpd;

namespace {

void must(bool invariant) {
  if (!invariant) std::abort();
}

/// Small ones, so that the fuzzer reaches them.
Limits small_limits() {
  Limits limits;
  limits.max_header_bytes = 600;
  limits.max_target_bytes = 100;
  limits.max_headers = 10;
  return limits;
}

bool lies_inside(std::string_view view, std::string_view whole) {
  const std::less_equal<const char*> not_after;
  return view.empty() || (not_after(whole.data(), view.data()) &&
                          not_after(view.data() + view.size(), whole.data() + whole.size()));
}

void check_views(const Request& request, std::string_view head) {
  for (const std::string_view view :
       {request.line, request.method_name, request.target, request.query, request.host, request.host_field}) {
    must(lies_inside(view, head));
  }
  for (const Field& field : request.fields) {
    must(lies_inside(field.name, head) && lies_inside(field.value, head));
    must(is_token(field.name));
    must(field.value.find_first_of(std::string_view("\r\n\0", 3)) == field.value.npos);
    must(trim(field.value) == field.value);
  }
}

void check_accepted(const Request& request, const Limits& limits) {
  must(request.method != Method::other);
  must(request.path == "*" || request.path.starts_with('/'));
  must(request.target.size() <= limits.max_target_bytes && request.fields.size() <= limits.max_headers);
  must(request.minor_version == 0 || !request.host.empty());
  must(!request.framing.chunked || (!request.framing.has_content_length && request.minor_version == 1));
  must(request.framing.chunked == request.field("Transfer-Encoding").has_value());
  must(request.framing.has_content_length == request.field("Content-Length").has_value());
}

bool same(const Request& a, const Request& b) {
  return a.line == b.line && a.method == b.method && a.path == b.path && a.query == b.query &&
         a.has_query == b.has_query && a.minor_version == b.minor_version && a.host == b.host &&
         a.host_field == b.host_field && a.fields.size() == b.fields.size() && a.keep_alive == b.keep_alive &&
         a.expects_continue == b.expects_continue && a.framing.chunked == b.framing.chunked &&
         a.framing.content_length == b.framing.content_length;
}

/// The scanner says the same for the bytes in two pieces as in one, wherever they are cut.
void check_scanner(std::string_view received) {
  const auto whole = HeadScanner().find_end(received);
  const std::size_t step = received.size() / 64 + 1;
  for (std::size_t split = 0; split < received.size(); split += step) {
    HeadScanner scanner;
    auto end = scanner.find_end(received.substr(0, split));
    if (!end) end = scanner.find_end(received);
    must(end == whole);
  }
  HeadScanner scanner;
  std::optional<std::size_t> end;
  for (std::size_t size = 0; size <= received.size() && !end; ++size)
    end = scanner.find_end(received.substr(0, size));
  must(end == whole);
}

/// What refuse_early says of a beginning, parse_request has said of the whole (0: accepted).
void check_early(std::string_view head, const Limits& limits, int status) {
  const std::size_t step = head.size() / 64 + 1;
  for (std::size_t size = 0; size <= head.size(); size += step) {
    const auto refused = refuse_early(head.substr(0, size), limits);
    must(!refused || code(refused->status) == status);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Bytes of its own length on the heap: a read past the end is a read the sanitizer sees.
  const std::string received(reinterpret_cast<const char*>(data), size);
  check_scanner(received);

  const Limits limits = small_limits();
  const auto end = HeadScanner().find_end(received);
  const std::string_view head = std::string_view(received).substr(0, end.value_or(received.size()));
  Request request;
  const auto parsed = parse_request(head, limits, request);
  must(end.has_value() || !parsed);
  check_views(request, head);
  if (parsed) check_accepted(request, limits);
  check_early(head, limits, parsed ? 0 : code(parsed.error().status));

  // Again, into a Request that has held another one: nothing of that may shine through.
  Request used;
  must(static_cast<bool>(
      parse_request("POST /x?y HTTP/1.0\r\nHost: h\r\nContent-Length: 7\r\n\r\n", limits, used)));
  const auto again = parse_request(head, limits, used);
  must(static_cast<bool>(again) == static_cast<bool>(parsed));
  must(same(request, used));
  return 0;
}
