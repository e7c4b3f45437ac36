// Whatever a script prints, its head ends at one place however its bytes arrive, and nothing of it reaches
// the client but well-formed lines that say nothing of the connection.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tinyhttpd/cgi_message.hpp"
#include "tinyhttpd/http.hpp"

using namespace tinyhttpd;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool has_line_break_or_nul(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

bool is_of_the_connection(std::string_view name) {
  for (const std::string_view known :
       {"Connection", "Transfer-Encoding", "Content-Length", "Status", "Date", "Server"}) {
    if (iequals(name, known)) return true;
  }
  return false;
}

void require_field_lines(std::string_view fields) {
  while (!fields.empty()) {
    const auto end = fields.find("\r\n");
    require(end != std::string_view::npos);
    const auto line = fields.substr(0, end);
    fields.remove_prefix(end + 2);
    require(!has_line_break_or_nul(line));
    const auto colon = line.find(": ");
    require(colon != std::string_view::npos && is_token(line.substr(0, colon)));
    require(!is_of_the_connection(line.substr(0, colon)));
  }
}

void require_sound(const CgiHead& head) {
  require_field_lines(head.fields);
  require(code(head.status) >= 200 && code(head.status) <= 599);
  require(!has_line_break_or_nul(head.reason));
  require(!has_line_break_or_nul(head.location));
  require(!has_line_break_or_nul(head.dropped));
  const bool is_local = head.kind == CgiHead::Kind::local_redirect;
  require(!is_local ||
          (head.location.substr(0, 1) == "/" && head.location.substr(0, 2) != "//" && head.fields.empty()));
}

// The end must be the same in one piece, in any two pieces, and byte by byte.
void require_same_end(std::string_view output, std::optional<std::size_t> end) {
  std::optional<std::size_t> slowly;
  for (std::size_t size = 1; size <= output.size() && !slowly; ++size) {
    slowly = find_cgi_head_end(output.substr(0, size), size - 1);
  }
  require(slowly == end);
  for (std::size_t split = 0; split <= output.size(); ++split) {
    const auto first = find_cgi_head_end(output.substr(0, split), 0);
    require((first ? first : find_cgi_head_end(output, split)) == end);
  }
}

// A description goes to a log: one line, and no control byte.
void require_loggable(const ScriptFailure& failure) {
  for (const char byte : describe(failure))
    require(static_cast<unsigned char>(byte) >= 0x20 && byte != '\x7F');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view output(reinterpret_cast<const char*>(data), size);
  const auto end = find_cgi_head_end(output, 0);
  if (size <= 512) require_same_end(output, end);

  if (auto head = parse_cgi_head(output.substr(0, end.value_or(size)))) {
    require_sound(*head);
  } else {
    require(head.error().fault == ScriptFault::bad_header);
    require_loggable(head.error());
  }
  if (!end) require_loggable(explain_missing_head(output));
  require_loggable(explain_exec_failure(2, true, false, output.substr(0, 256)));
  return 0;
}
