#include "tinyhttpd/cgi_message.hpp"

#include <charconv>

#include "tinyhttpd/answer_fields.hpp"
#include "tinyhttpd/http.hpp"

namespace tinyhttpd {

namespace {

ScriptFailure bad_header(HeaderFault why, std::string_view line) {
  return {ScriptFault::bad_header, static_cast<int>(why), std::string(line)};
}

bool is_blank(char byte) {
  return byte == ' ' || byte == '\t';
}

bool begins_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

// Takes the first line from `rest`, without its end. LF and CRLF may be mixed (RFC 3875 section 7.2).
std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  auto line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

Result<Field, ScriptFailure> parse_field(std::string_view line) {
  if (is_blank(line.front())) return bad_header(HeaderFault::continued, line);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return bad_header(HeaderFault::no_colon, line);
  const Field field{line.substr(0, colon), trim(line.substr(colon + 1))};
  if (!is_token(field.name)) return bad_header(HeaderFault::bad_name, line);
  if (has_control_byte(field.value)) return bad_header(HeaderFault::control_byte, line);
  return field;
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return length;
}

// "404" or "404 Not Found" (RFC 3875 section 6.3.3). 1xx is for the server: a script's answer is a final one.
bool parse_status(std::string_view value, CgiHead& head) {
  int number = 0;
  const auto digits = value.substr(0, 3);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return false;
  if (number < 200 || number > 599 || (value.size() > 3 && value[3] != ' ')) return false;
  head.status = Status{number};
  head.reason = trim(value.substr(3));
  return true;
}

// Whether a Location names a path of this server and nothing that only the client could follow: "//host/" is
// another host, and a fragment is the client's to keep (RFC 3875 section 6.3.2).
bool is_local(std::string_view location) {
  return location.substr(0, 1) == "/" && location.substr(0, 2) != "//" &&
         location.find('#') == std::string_view::npos;
}

constexpr std::string_view kElfMagic = "\177ELF";

// Reads the fields one after the other; their order says nothing, so what a Location means is known at the
// end.
class HeadReader {
 public:
  Result<void, ScriptFailure> read(std::string_view line) {
    auto field = parse_field(line);
    if (!field) return std::move(field).error();
    if (iequals(field->name, "Status")) return read_status(line, field->value);
    if (iequals(field->name, "Location")) return read_location(line, *field);
    if (iequals(field->name, "Content-Type")) return read_content_type(line, *field);
    if (iequals(field->name, "Content-Length")) {
      read_content_length(*field);
    } else if (is_for_the_server(field->name)) {
      drop(field->name);
    } else {
      pass(*field);
    }
    return {};
  }

  // The response's kind (RFC 3875 section 6.2).
  CgiHead finish() && {
    if (!has_location_ || has_status_) return std::move(head_);
    if (is_local(head_.location) && !has_more_than_location_ && head_.content_length.value_or(0) == 0) {
      head_.kind = CgiHead::Kind::local_redirect;
      head_.fields.clear();
    } else {
      head_.kind = CgiHead::Kind::client_redirect;
      head_.status = Status::found;
    }
    return std::move(head_);
  }

 private:
  Result<void, ScriptFailure> read_status(std::string_view line, std::string_view value) {
    if (has_status_) return bad_header(HeaderFault::repeated, line);
    has_status_ = true;
    if (!parse_status(value, head_)) return bad_header(HeaderFault::bad_status, line);
    return {};
  }

  Result<void, ScriptFailure> read_location(std::string_view line, const Field& field) {
    if (has_location_) return bad_header(HeaderFault::repeated, line);
    if (field.value.empty()) return bad_header(HeaderFault::bad_location, line);
    has_location_ = true;
    head_.location = field.value;
    append(field);
    return {};
  }

  Result<void, ScriptFailure> read_content_type(std::string_view line, const Field& field) {
    if (has_content_type_) return bad_header(HeaderFault::repeated, line);
    has_content_type_ = true;
    pass(field);
    return {};
  }

  // Of two lengths, neither is believed: the body then ends where the script's output ends.
  void read_content_length(const Field& field) {
    const auto length = parse_length(field.value);
    if (!length || has_content_length_) {
      head_.content_length.reset();
      drop(field.name);
    } else {
      head_.content_length = length;
    }
    has_content_length_ = true;
  }

  void pass(const Field& field) {
    has_more_than_location_ = true;
    append(field);
  }

  void append(const Field& field) {
    head_.fields.append(field.name).append(": ").append(field.value).append("\r\n");
  }

  void drop(std::string_view name) {
    if (!head_.dropped.empty()) head_.dropped += ", ";
    head_.dropped += name;
  }

  CgiHead head_;
  bool has_status_ = false;
  bool has_location_ = false;
  bool has_content_type_ = false;
  bool has_content_length_ = false;
  bool has_more_than_location_ = false;
};

// Whether these bytes, of which more could have come, may be the beginning of a field name.
bool may_become_a_field(std::string_view unfinished) {
  return token_length(unfinished) == unfinished.size();
}

std::string_view last_line_of(std::string_view output) {
  if (output.back() == '\n') output.remove_suffix(1);
  const auto before = output.rfind('\n');
  auto line = before == std::string_view::npos ? output : output.substr(before + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace

std::optional<std::size_t> find_cgi_head_end(std::string_view output, std::size_t from) {
  if (output.substr(0, 1) == "\n") return 1;
  if (output.substr(0, 2) == "\r\n") return 2;
  // The line end before the empty line may be among what was searched, followed there by a carriage return.
  auto line_end = output.find('\n', from < 2 ? 0 : from - 2);
  for (; line_end != std::string_view::npos; line_end = output.find('\n', line_end + 1)) {
    const auto next = output.substr(line_end + 1, 2);
    if (next.substr(0, 1) == "\n") return line_end + 2;
    if (next == "\r\n") return line_end + 3;
  }
  return std::nullopt;
}

Result<CgiHead, ScriptFailure> parse_cgi_head(std::string_view head) {
  auto line = take_line(head);
  if (line.empty()) return bad_header(HeaderFault::none, line);
  HeadReader reader;
  for (; !line.empty(); line = take_line(head)) {
    auto read = reader.read(line);
    if (!read) return std::move(read).error();
  }
  return std::move(reader).finish();
}

ScriptFailure explain_missing_head(std::string_view output) {
  if (output.empty()) return {ScriptFault::no_output};
  auto rest = output;
  const auto first = take_line(rest);
  const bool finished = output.find('\n') != std::string_view::npos;
  if (first.empty()) return bad_header(HeaderFault::none, first);
  auto field = parse_field(first);
  if (!field && (finished || !may_become_a_field(first))) return std::move(field).error();
  return {ScriptFault::no_blank_line, 0, std::string(last_line_of(output))};
}

ScriptFailure explain_exec_failure(int error_number, bool not_found, bool bad_format,
                                   std::string_view file_start) {
  const std::string line(file_start.substr(0, file_start.find('\n')));
  if (bad_format) return {ScriptFault::not_a_program, error_number, line};
  if (not_found && begins_with(line, "#!")) {
    const std::string interpreter(interpreter_of(line));
    if (!interpreter.empty() && interpreter.back() == '\r')
      return {ScriptFault::interpreter_crlf, error_number, line};
    return {ScriptFault::interpreter_missing, error_number, interpreter};
  }
  if (not_found && line.compare(0, kElfMagic.size(), kElfMagic) == 0) {
    return {ScriptFault::spawn_failed, error_number,
            "exec, for want of the file or of the loader it was linked for"};
  }
  return {ScriptFault::spawn_failed, error_number, "exec"};
}

}  // namespace tinyhttpd
