#include "tinyhttpd/fastcgi_record.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tinyhttpd {
namespace {

constexpr char kVersion = 1;
constexpr std::uint16_t kResponder = 1;
constexpr char kKeepConnection = 1;
constexpr std::size_t kEndBytes = 8;

constexpr std::uint8_t number(FastcgiType type) {
  return static_cast<std::uint8_t>(type);
}

// --- Writing -----------------------------------------------------------------------------------------

constexpr char low_byte(std::size_t value) {
  return static_cast<char>(value & 0xFF);
}

std::array<char, kFastcgiHeaderBytes> record_header(FastcgiType type, std::size_t length) {
  return {kVersion,
          static_cast<char>(number(type)),
          low_byte(kFastcgiRequestId >> 8),
          low_byte(kFastcgiRequestId),
          low_byte(length >> 8),
          low_byte(length),
          0,   // no padding
          0};  // reserved
}

/// One byte, or four with the top bit set (section 3.4).
void append_length(std::string& out, std::size_t length) {
  if (length < 0x80) {
    out += low_byte(length);
  } else {
    const std::array<char, 4> bytes{low_byte(length >> 24 | 0x80), low_byte(length >> 16),
                                    low_byte(length >> 8), low_byte(length)};
    out.append(bytes.data(), bytes.size());
  }
}

void append_pair(std::string& out, std::string_view variable) {
  const std::string_view name = variable.substr(0, variable.find('='));
  const std::string_view value = variable.substr(std::min(name.size() + 1, variable.size()));
  append_length(out, name.size());
  append_length(out, value.size());
  out.append(name).append(value);
}

// --- Reading -----------------------------------------------------------------------------------------

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::uint16_t two_bytes_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

std::uint32_t four_bytes_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(two_bytes_at(bytes, at)) << 16 | two_bytes_at(bytes, at + 2);
}

/// Cuts at most `left` bytes off the front of `input`, and counts them off `left`.
std::string_view take(std::string_view& input, std::size_t& left) {
  const std::string_view taken = input.substr(0, left);
  input.remove_prefix(taken.size());
  left -= taken.size();
  return taken;
}

/// Whether records of this type belong to a request; the others are of the connection (section 3.3).
bool is_of_a_request(std::uint8_t type) {
  return type >= number(FastcgiType::begin_request) && type <= number(FastcgiType::data);
}

bool is_answer(std::uint8_t type) {
  return type == number(FastcgiType::standard_output) || type == number(FastcgiType::standard_error) ||
         type == number(FastcgiType::end_request);
}

}  // namespace

void append_begin_request(std::string& out, bool keep) {
  append_record_header(out, FastcgiType::begin_request, 8);
  const std::array<char, 8> body{low_byte(kResponder >> 8), low_byte(kResponder),
                                 keep ? kKeepConnection : char{0}};
  out.append(body.data(), body.size());
}

void append_params(std::string& out, std::span<const std::string> variables) {
  std::size_t at = out.size();
  for (const std::string& variable : variables) append_pair(out, variable);
  while (at < out.size()) {
    const std::size_t length = std::min(out.size() - at, kMaxFastcgiContent);
    const auto header = record_header(FastcgiType::params, length);
    out.insert(at, header.data(), header.size());
    at += header.size() + length;
  }
  append_record_header(out, FastcgiType::params, 0);
}

void append_record_header(std::string& out, FastcgiType type, std::size_t length) {
  const auto header = record_header(type, length);
  out.append(header.data(), header.size());
}

std::size_t fastcgi_content_length(std::string_view bytes) {
  return two_bytes_at(bytes, 4);
}

FastcgiReader::Found FastcgiReader::next(std::string_view& input, std::string_view& content) {
  while (!outcome_) {
    if (content_left_ > 0) {
      if (input.empty()) return Found::nothing;
      if (const auto found = take_content(input, content)) return *found;
    } else if (padding_left_ > 0) {
      if (input.empty()) return Found::nothing;
      take(input, padding_left_);
    } else if (end_body_.size() == kEndBytes) {
      finish_end();
    } else {
      if (!take_header(input)) return Found::nothing;
      begin_record();
      if (!outcome_) return Found::record;
    }
  }
  return *outcome_;
}

std::optional<FastcgiReader::Record> FastcgiReader::take_record() {
  return std::exchange(announced_, std::nullopt);
}

/// Whether a whole header is there.
bool FastcgiReader::take_header(std::string_view& input) {
  std::size_t missing = kFastcgiHeaderBytes - header_.size();
  header_ += take(input, missing);
  return missing == 0;
}

void FastcgiReader::begin_record() {
  const std::string header = std::exchange(header_, {});
  if (header[0] != kVersion) return refuse("a record of version " + std::to_string(byte_at(header, 0)));
  record_ = {byte_at(header, 1), two_bytes_at(header, 2), two_bytes_at(header, 4), byte_at(header, 6)};
  announced_ = record_;
  if (auto what = flaw()) return refuse(*std::move(what));
  content_left_ = record_.content_bytes;
  padding_left_ = record_.padding_bytes;
}

/// Why no application may send such a record for our request.
std::optional<std::string> FastcgiReader::flaw() const {
  const std::string name = fastcgi_type_name(record_.type);
  if (record_.type == 0) return "a record of type 0";
  if (record_.id != kFastcgiRequestId && (record_.id != 0 || is_of_a_request(record_.type)))
    return name + " for request " + std::to_string(record_.id);
  if (is_of_a_request(record_.type) && !is_answer(record_.type)) return name + " from the application";
  if (record_.type == number(FastcgiType::end_request) && record_.content_bytes != kEndBytes)
    return name + " of " + std::to_string(record_.content_bytes) + " bytes";
  return std::nullopt;
}

/// Takes what is there of the content; tells of it if it is output.
std::optional<FastcgiReader::Found> FastcgiReader::take_content(std::string_view& input,
                                                                std::string_view& content) {
  const std::string_view run = take(input, content_left_);
  if (record_.type == number(FastcgiType::end_request)) end_body_ += run;
  if (record_.type != number(FastcgiType::standard_output) &&
      record_.type != number(FastcgiType::standard_error))
    return std::nullopt;
  content = run;
  return record_.type == number(FastcgiType::standard_output) ? Found::standard_output
                                                              : Found::standard_error;
}

/// FCGI_EndRequestBody (section 5.5).
void FastcgiReader::finish_end() {
  const std::uint8_t status = byte_at(end_body_, 4);
  if (status > static_cast<std::uint8_t>(FastcgiEnd::Protocol::unknown_role))
    return refuse("FCGI_END_REQUEST with protocol status " + std::to_string(status));
  end_ = {four_bytes_at(end_body_, 0), static_cast<FastcgiEnd::Protocol>(status)};
  outcome_ = Found::end;
}

void FastcgiReader::refuse(std::string fault) {
  fault_ = std::move(fault);
  outcome_ = Found::fault;
}

std::string fastcgi_type_name(std::uint8_t type) {
  static constexpr std::array<const char*, 11> kNames = {"FCGI_BEGIN_REQUEST", "FCGI_ABORT_REQUEST",
                                                         "FCGI_END_REQUEST",   "FCGI_PARAMS",
                                                         "FCGI_STDIN",         "FCGI_STDOUT",
                                                         "FCGI_STDERR",        "FCGI_DATA",
                                                         "FCGI_GET_VALUES",    "FCGI_GET_VALUES_RESULT",
                                                         "FCGI_UNKNOWN_TYPE"};
  if (type >= 1 && type <= kNames.size()) return kNames[type - std::size_t{1}];
  return "type " + std::to_string(type);
}

}  // namespace tinyhttpd
