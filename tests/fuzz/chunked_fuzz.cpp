// ChunkedDecoder: the same outcome however the input is split, data only from the input, and encoding undone
// by decoding.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "tinyhttpd/chunked.hpp"

using namespace tinyhttpd;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::optional<Status> error;
  std::string body;
  std::size_t consumed = 0;
  bool finished = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

void decode_piece(ChunkedDecoder& decoder, std::string_view piece, Outcome& outcome) {
  while (!outcome.error && !outcome.finished) {
    const auto step = decoder.decode(piece);
    if (!step) {
      outcome.error = step.error().status;
      require(*outcome.error == Status::bad_request || *outcome.error == Status::header_fields_too_large);
      outcome.consumed = 0;  // how far a failed call got is nobody's business
      return;
    }
    require(step->consumed <= piece.size());
    require(step->data.size() <= step->consumed);
    require(step->data.empty() || (step->data.data() >= piece.data() &&
                                   step->data.data() + step->data.size() <= piece.data() + step->consumed));
    outcome.body += step->data;
    outcome.consumed += step->consumed;
    outcome.finished = step->finished;
    piece.remove_prefix(step->consumed);
    if (step->consumed == 0) break;
  }
  require(outcome.error || outcome.finished || piece.empty());
}

Outcome decode_whole(std::string_view input) {
  ChunkedDecoder decoder;
  Outcome outcome;
  decode_piece(decoder, input, outcome);
  return outcome;
}

Outcome decode_split(std::string_view input, std::size_t at) {
  ChunkedDecoder decoder;
  Outcome outcome;
  decode_piece(decoder, input.substr(0, at), outcome);
  decode_piece(decoder, input.substr(at), outcome);
  return outcome;
}

Outcome decode_byte_by_byte(std::string_view input) {
  ChunkedDecoder decoder;
  Outcome outcome;
  for (std::size_t i = 0; i < input.size(); ++i) decode_piece(decoder, input.substr(i, 1), outcome);
  return outcome;
}

std::string encode(std::string_view body, std::size_t chunk_size) {
  std::array<char, 20> buffer;
  std::string encoded;
  while (!body.empty()) {
    const std::string_view chunk = body.substr(0, chunk_size);
    encoded.append(chunk_head(chunk.size(), buffer)).append(chunk).append(kChunkEnd);
    body.remove_prefix(chunk.size());
  }
  return encoded.append(kLastChunk);
}

}  // namespace

/// The first two bytes choose where to split and how long the chunks to encode are; the rest is the input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t choice = data[0] * std::size_t{256} + data[1];
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);

  const Outcome whole = decode_whole(input);
  require(decode_split(input, choice % (input.size() + 1)) == whole);
  require(decode_byte_by_byte(input) == whole);

  const std::string encoded = encode(input, choice + 1);
  require(decode_whole(encoded) == Outcome{std::nullopt, std::string(input), encoded.size(), true});
  return 0;
}
