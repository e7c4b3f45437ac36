#include "tinyhttpd/request_fields.hpp"

#include <cstdint>
#include <limits>
#include <string_view>

#include "tinyhttpd/authority.hpp"

namespace tinyhttpd {

namespace {

/// What the fields have said, until all have been read and one can judge.
struct FieldFacts {
  bool has_host = false;
  bool has_transfer_encoding = false;
  bool connection_close = false;
  bool connection_keep_alive = false;
  bool expects_something_else = false;  ///< Expect with anything but 100-continue
  std::string_view host;
  std::string_view transfer_encoding;
};

/// 1*DIGIT (RFC 9110 section 8.6). Leading zeros are refused, since some read them as octal; what does not
/// fit a file's offset too. An equal second value may be merged by RFC 9112 section 6.3; we refuse it as
/// every other doubt about framing.
Result<void> read_content_length(std::string_view value, Framing& framing) {
  if (framing.has_content_length) return bad_request("Content-Length twice");
  if (value.empty() || (value.size() > 1 && value[0] == '0')) return bad_request("bad Content-Length");
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  std::uint64_t length = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return bad_request("bad Content-Length");
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (kMax - digit) / 10) return bad_request("Content-Length is too large a number");
    length = length * 10 + digit;
  }
  framing.content_length = length;
  framing.has_content_length = true;
  return {};
}

void read_connection(std::string_view value, FieldFacts& facts) {
  for_each_element(value, [&facts](std::string_view option) {
    if (iequals(option, "close")) facts.connection_close = true;
    if (iequals(option, "keep-alive")) facts.connection_keep_alive = true;
  });
}

void read_expect(std::string_view value, Request& request, FieldFacts& facts) {
  for_each_element(value, [&](std::string_view expectation) {
    if (expectation.empty()) return;
    if (iequals(expectation, "100-continue")) {
      request.expects_continue = true;
    } else {
      facts.expects_something_else = true;
    }
  });
}

/// Takes from one field what framing, routing and the connection need. By length first: most fields are none
/// of these.
Result<void> read_field(const Field& field, Request& request, FieldFacts& facts) {
  switch (field.name.size()) {
    case 4:
      if (!iequals(field.name, "Host")) break;
      if (facts.has_host) return bad_request("Host twice");
      facts.has_host = true;
      facts.host = field.value;
      break;
    case 6:
      if (iequals(field.name, "Expect")) read_expect(field.value, request, facts);
      break;
    case 10:
      if (iequals(field.name, "Connection")) read_connection(field.value, facts);
      break;
    case 14:
      // A CGI variable cannot tell '_' from '-', so a script would take this for the real length (RFC 9110
      // section 17.10).
      if (iequals(field.name, "Content_Length")) return bad_request("Content_Length, underscore");
      if (iequals(field.name, "Content-Length")) return read_content_length(field.value, request.framing);
      break;
    case 17:
      if (iequals(field.name, "Transfer_Encoding")) return bad_request("Transfer_Encoding, underscore");
      if (!iequals(field.name, "Transfer-Encoding")) break;
      if (facts.has_transfer_encoding) return bad_request("Transfer-Encoding twice");
      facts.has_transfer_encoding = true;
      facts.transfer_encoding = field.value;
      break;
    default: break;
  }
  return {};
}

/// RFC 9112 sections 6.1 and 6.3. Only "chunked" itself is spoken here. Parameters, empty elements and a
/// "chunked" that is not the one last coding are 400; a well-formed coding that nobody here knows is 501.
Result<void> judge_transfer_encoding(std::string_view value) {
  bool well_formed = true;
  bool unknown = false;
  bool chunked = false;
  bool after_chunked = false;
  for_each_element(value, [&](std::string_view coding) {
    well_formed = well_formed && is_token(coding);
    after_chunked = after_chunked || chunked;
    if (iequals(coding, "chunked")) {
      chunked = true;
    } else {
      unknown = true;
    }
  });
  if (!well_formed) return bad_request("bad Transfer-Encoding");
  if (after_chunked) return bad_request("Transfer-Encoding: chunked is not last");
  if (unknown) return unimplemented("unknown transfer coding");
  return {};
}

/// How the body is delimited: whatever two readers might see differently is refused (RFC 9112
/// sections 6.1, 6.3 and 11.2).
Result<void> settle_framing(const FieldFacts& facts, Request& request) {
  if (!facts.has_transfer_encoding) return {};
  if (request.minor_version == 0) return bad_request("Transfer-Encoding in HTTP/1.0");
  if (request.framing.has_content_length) return bad_request("Transfer-Encoding with Content-Length");
  if (auto judged = judge_transfer_encoding(facts.transfer_encoding); !judged) return judged;
  request.framing.chunked = true;
  return {};
}

/// RFC 9112 section 3.2: one valid Host, always looked at, though an authority in the target counts instead
/// of it (section 3.2.2).
Result<void> settle_host(const FieldFacts& facts, Request& request) {
  if (!facts.has_host) {
    if (request.minor_version > 0) return bad_request("HTTP/1.1 without Host");
    return {};
  }
  std::string_view host;
  std::string_view port;
  if (!split_authority(facts.host, host, port)) return bad_request("bad Host");
  if (!request.host_field.empty()) return {};
  request.host_field = facts.host;
  request.host = host;
  return {};
}

/// RFC 9110 section 10.1.1: an expectation in HTTP/1.0 is ignored, one that we do not know is refused.
Result<void> settle_expectation(const FieldFacts& facts, Request& request) {
  if (request.minor_version == 0) {
    request.expects_continue = false;
  } else if (facts.expects_something_else) {
    return expectation_failed("unknown expectation");
  }
  return {};
}

}  // namespace

Result<void> interpret_fields(Request& request) {
  FieldFacts facts;
  for (const Field& field : request.fields) {
    if (auto read = read_field(field, request, facts); !read) return read;
  }
  if (auto host = settle_host(facts, request); !host) return host;
  if (auto framing = settle_framing(facts, request); !framing) return framing;
  // RFC 9112 section 9.3: close wins; HTTP/1.1 stays open unless told otherwise, HTTP/1.0 closes.
  request.keep_alive = !facts.connection_close && (request.minor_version > 0 || facts.connection_keep_alive);
  return settle_expectation(facts, request);
}

}  // namespace tinyhttpd
