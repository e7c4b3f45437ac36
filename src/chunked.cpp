#include "tinyhttpd/chunked.hpp"

#include <algorithm>
#include <charconv>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/http.hpp"

namespace tinyhttpd {

namespace {

constexpr int kMaxSizeDigits = 16;  // as many as 64 bits hold: no size can overflow

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// What may stand in a field value or, apart from the quote and the backslash, in a quoted string.
constexpr bool is_text_char(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != '\x7f');
}

}  // namespace

Result<ChunkedDecoder::Step> ChunkedDecoder::decode(std::string_view input) {
  if (state_ == State::failed) return bad_request("chunked body: read on after an error");
  Step step;
  while (step.consumed < input.size() && state_ != State::done) {
    if (state_ == State::data) {
      const auto left = std::uint64_t{input.size() - step.consumed};
      const auto length = static_cast<std::size_t>(std::min(remaining_, left));
      step.data = input.substr(step.consumed, length);
      step.consumed += length;
      remaining_ -= length;
      if (remaining_ == 0) state_ = State::data_cr;
      return step;
    }
    const State next = after(input[step.consumed]);
    if (next == State::failed) return fail();
    state_ = next;
    ++step.consumed;
  }
  step.finished = state_ == State::done;
  return step;
}

ChunkedDecoder::State ChunkedDecoder::after(char c) {
  switch (state_) {
    case State::size: return after_size(c);
    case State::size_lf:
      if (c != '\n') return State::failed;
      return remaining_ > 0 ? State::data : State::trailer_start;
    case State::data_cr: return c == '\r' ? State::data_lf : State::failed;
    case State::data_lf: digits_ = 0; return c == '\n' ? State::size : State::failed;
    case State::trailer_start:
    case State::trailer_name:
    case State::trailer_value:
    case State::trailer_lf: return after_trailer(c);
    case State::end_lf: return c == '\n' ? State::done : State::failed;
    default: return after_extension(c);
  }
}

ChunkedDecoder::State ChunkedDecoder::after_size(char c) {
  if (const int value = hex_value(c); value >= 0) {
    if (++digits_ > kMaxSizeDigits) return State::failed;
    remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(value);
    return State::size;
  }
  if (digits_ == 0) return State::failed;
  if (c == '\r') return State::size_lf;
  return after_extension(c);
}

// chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ), RFC 9112 section 7.1.1. A CR
// ends it even between quotes, where it is an error: no quote can hide a line end from us that another reader
// would see.
ChunkedDecoder::State ChunkedDecoder::after_extension(char c) {
  if (c != '\r' && ++extension_bytes_ > kMaxOverheadBytes) return State::failed;
  const bool may_end = state_ == State::size || state_ == State::name || state_ == State::value ||
                       state_ == State::quote_closed;
  if (may_end && c == '\r') return State::size_lf;
  if ((may_end || state_ == State::gap || state_ == State::name_end) && c == ';') return State::name_start;
  switch (state_) {
    case State::name_start:
      if (is_blank(c)) return State::name_start;
      return is_token_char(c) ? State::name : State::failed;
    case State::name:
    case State::name_end:
      if (c == '=') return State::value_start;
      if (is_blank(c)) return State::name_end;
      return state_ == State::name && is_token_char(c) ? State::name : State::failed;
    case State::value_start:
      if (is_blank(c)) return State::value_start;
      if (c == '"') return State::quoted;
      return is_token_char(c) ? State::value : State::failed;
    case State::quoted:
      if (c == '"') return State::quote_closed;
      if (c == '\\') return State::escaped;
      return is_text_char(c) ? State::quoted : State::failed;
    case State::escaped: return is_text_char(c) ? State::quoted : State::failed;
    case State::value:
      if (is_token_char(c)) return State::value;
      [[fallthrough]];
    default: return is_blank(c) ? State::gap : State::failed;
  }
}

// Trailer fields are dropped, but only what is a field line: a request hidden behind the last chunk is not
// one.
ChunkedDecoder::State ChunkedDecoder::after_trailer(char c) {
  if (state_ == State::trailer_start && c == '\r') return State::end_lf;
  if (++trailer_bytes_ > kMaxTrailerBytes) return State::failed;
  switch (state_) {
    case State::trailer_start: return is_token_char(c) ? State::trailer_name : State::failed;
    case State::trailer_name:
      if (c == ':') return State::trailer_value;
      return is_token_char(c) ? State::trailer_name : State::failed;
    case State::trailer_value:
      if (c == '\r') return State::trailer_lf;
      return is_text_char(c) ? State::trailer_value : State::failed;
    default: return c == '\n' ? State::trailer_start : State::failed;
  }
}

Rejection ChunkedDecoder::fail() {
  const State where = state_;
  state_ = State::failed;
  if (trailer_bytes_ > kMaxTrailerBytes) return header_fields_too_large("chunked body: trailers too long");
  if (extension_bytes_ > kMaxOverheadBytes) return bad_request("chunked body: extensions too long");
  if (digits_ > kMaxSizeDigits) return bad_request("chunked body: size too long");
  if (where == State::size) return bad_request("chunked body: not a chunk size");
  if (where == State::size_lf) return bad_request("chunked body: size line does not end in CRLF");
  if (where == State::data_cr || where == State::data_lf)
    return bad_request("chunked body: chunk data does not end in CRLF where its size says");
  if (where < State::size_lf) return bad_request("chunked body: malformed chunk extension");
  return bad_request("chunked body: malformed trailer");
}

std::string_view chunk_head(std::size_t size, std::array<char, 20>& buffer) {
  char* end = std::to_chars(buffer.data(), buffer.data() + kMaxSizeDigits, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

}  // namespace tinyhttpd
