// FastcgiReader: the same outcome however the input is split, content only from the input, and what we write
// ourselves is split into records that can be told apart.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/fastcgi_record.hpp"

using namespace tinyhttpd;

namespace {

using Found = FastcgiReader::Found;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::string output;
  std::string errors;
  std::string fault;
  std::size_t records = 0;
  std::size_t consumed = 0;
  std::uint32_t app_status = 0;
  Found last = Found::nothing;
  bool is_cut = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

void require_within(std::string_view content, std::string_view before, std::string_view after) {
  require(!content.empty());
  require(content.data() >= before.data() && content.data() + content.size() <= after.data());
}

void read_piece(FastcgiReader& reader, std::string_view piece, Outcome& outcome) {
  const std::string_view whole = piece;
  do {
    const std::string_view before = piece;
    std::string_view content;
    outcome.last = reader.next(piece, content);
    if (reader.take_record()) ++outcome.records;
    if (outcome.last == Found::standard_output || outcome.last == Found::standard_error) {
      require_within(content, before, piece);
      (outcome.last == Found::standard_output ? outcome.output : outcome.errors) += content;
    }
  } while (outcome.last != Found::nothing && outcome.last != Found::end && outcome.last != Found::fault);
  require(outcome.last != Found::nothing || piece.empty());
  outcome.consumed += whole.size() - piece.size();
  outcome.app_status = reader.end().app_status;
  outcome.fault = reader.fault();
  outcome.is_cut = reader.is_within_record();
}

Outcome read_whole(std::string_view input) {
  FastcgiReader reader;
  Outcome outcome;
  read_piece(reader, input, outcome);
  return outcome;
}

Outcome read_split(std::string_view input, std::size_t at) {
  FastcgiReader reader;
  Outcome outcome;
  read_piece(reader, input.substr(0, at), outcome);
  read_piece(reader, input.substr(at), outcome);
  return outcome;
}

Outcome read_byte_by_byte(std::string_view input) {
  FastcgiReader reader;
  Outcome outcome;
  for (std::size_t i = 0; i < input.size(); ++i) read_piece(reader, input.substr(i, 1), outcome);
  return outcome;
}

std::vector<std::string> variables_from(std::string_view input) {
  std::vector<std::string> variables;
  for (std::size_t at = 0; at < input.size();) {
    const std::size_t end = std::min(input.find('\n', at), input.size());
    variables.emplace_back(input.substr(at, end - at));
    at = end + 1;
  }
  return variables;
}

/// The records follow each other without a gap, and the empty one is the last.
void require_whole_stream(std::string_view records) {
  for (;;) {
    require(records.size() >= kFastcgiHeaderBytes);
    const std::size_t length = fastcgi_content_length(records);
    require(records.size() >= kFastcgiHeaderBytes + length);
    records.remove_prefix(kFastcgiHeaderBytes + length);
    if (length == 0) break;
  }
  require(records.empty());
}

}  // namespace

/// The first two bytes choose where to split; the rest is the input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t choice = data[0] * std::size_t{256} + data[1];
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);

  const Outcome whole = read_whole(input);
  require(read_split(input, choice % (input.size() + 1)) == whole);
  require(read_byte_by_byte(input) == whole);

  std::string params;
  append_params(params, variables_from(input));
  require_whole_stream(params);
  return 0;
}
