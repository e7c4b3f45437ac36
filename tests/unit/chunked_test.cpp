#include "tinyhttpd/chunked.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <limits>
#include <optional>
#include <string>

using namespace tinyhttpd;

namespace {

/// All that decoding some input comes to.
struct Outcome {
  std::optional<Status> error;
  std::string body;
  std::size_t consumed = 0;
  bool finished = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Decodes one more piece as the server does: again and again, until nothing moves.
void decode_piece(ChunkedDecoder& decoder, std::string_view piece, Outcome& outcome) {
  while (!outcome.error && !outcome.finished) {
    const auto step = decoder.decode(piece);
    if (!step) {
      outcome.error = step.error().status;
      return;
    }
    outcome.body += step->data;
    outcome.consumed += step->consumed;
    outcome.finished = step->finished;
    piece.remove_prefix(step->consumed);
    if (step->consumed == 0) return;
  }
}

Outcome decode(std::initializer_list<std::string_view> pieces) {
  ChunkedDecoder decoder;
  Outcome outcome;
  for (const auto piece : pieces) decode_piece(decoder, piece, outcome);
  return outcome;
}

Outcome decode_byte_by_byte(std::string_view input) {
  ChunkedDecoder decoder;
  Outcome outcome;
  for (std::size_t i = 0; i < input.size(); ++i) decode_piece(decoder, input.substr(i, 1), outcome);
  return outcome;
}

/// The status an input is refused with. Refused it must be however its bytes arrive.
std::optional<Status> refused(std::string_view input) {
  const Outcome whole = decode({input});
  CHECK(decode_byte_by_byte(input).error == whole.error);
  return whole.error;
}

/// Whether this line may announce one byte of data.
bool accepts_size_line(std::string_view line) {
  const Outcome outcome = decode({std::string(line) + "\r\nx\r\n0\r\n\r\n"});
  return !outcome.error && outcome.finished && outcome.body == "x";
}

std::string repeated(std::size_t count, std::string_view text) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("ChunkedDecoder takes the coding off and stops after the trailers") {
  const std::string next_request = "GET / HTTP/1.1\r\n";
  const std::string input = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
  const Outcome outcome = decode({input + next_request});
  CHECK(!outcome.error);
  CHECK(outcome.finished);
  CHECK(outcome.body == "hello world");
  CHECK(outcome.consumed == input.size());
}

TEST_CASE("ChunkedDecoder reads the empty body") {
  CHECK(decode({kLastChunk}) == Outcome{std::nullopt, "", kLastChunk.size(), true});
}

TEST_CASE("ChunkedDecoder gives the same however the bytes arrive") {
  const std::string input(
      "4\r\nWiki\r\n"
      "0B;name=value;flag ; quoted = \"a \\\" ;\\\\ b\"\r\npedia in\r\n\r\r\n"
      "A;x\t;y=1\r\n0123456789\r\n"
      "000;last\r\n"
      "Expires: never\r\nContent-Length: 5\r\nEmpty:\r\n\r\n");
  const Outcome whole = decode({input});
  REQUIRE(!whole.error);
  CHECK(whole.finished);
  CHECK(whole.body == "Wikipedia in\r\n\r0123456789");
  CHECK(whole.consumed == input.size());

  CHECK(decode_byte_by_byte(input) == whole);
  const std::string_view view = input;
  for (std::size_t split = 0; split <= input.size(); ++split)
    CHECK(decode({view.substr(0, split), view.substr(split)}) == whole);
}

TEST_CASE("ChunkedDecoder is not finished before the last byte") {
  const std::string_view input = "3\r\nabc\r\n0\r\nA: b\r\n\r\n";
  for (std::size_t length = 0; length < input.size(); ++length) {
    const Outcome outcome = decode({input.substr(0, length)});
    CHECK(!outcome.error);
    CHECK(!outcome.finished);
    CHECK(outcome.consumed == length);
  }
}

TEST_CASE("ChunkedDecoder hands data out as views into the input") {
  const std::string input = "3\r\nabc\r\n";
  ChunkedDecoder decoder;
  const auto step = decoder.decode(input);
  REQUIRE(step);
  CHECK(step->data.data() == input.data() + 3);
  CHECK(step->data == "abc");
}

TEST_CASE("ChunkedDecoder leaves what follows the body alone") {
  ChunkedDecoder decoder;
  REQUIRE(decoder.decode(kLastChunk)->finished);
  const auto again = decoder.decode("5\r\nhello\r\n");
  REQUIRE(again);
  CHECK(again->finished);
  CHECK(again->consumed == 0);
  CHECK(again->data.empty());
}

TEST_CASE("ChunkedDecoder reads sizes in either case and with leading zeros") {
  const std::string data(0xab, 'x');
  for (const std::string size : {"ab", "AB", "aB", "00000000000000ab"}) {
    CAPTURE(size);
    CHECK(decode({size + "\r\n" + data + "\r\n0\r\n\r\n"}).body == data);
  }
}

TEST_CASE("ChunkedDecoder refuses what is not a chunk size") {
  for (const std::string_view size :
       {"", " ", "0x1", "x1", "+1", "-1", "1_0", "1 ", "1\t", " 1", "1.", "g", "1 1", "1,", "\r"}) {
    CAPTURE(size);
    CHECK(refused(std::string(size) + "\r\nx\r\n0\r\n\r\n") == Status::bad_request);
  }
  CHECK(refused(std::string_view("1\0\r\nx\r\n", 8)) == Status::bad_request);
  for (const std::string_view no_last_chunk : {"\r\n\r\n", "\r\na: b\r\n\r\n", ";a\r\n\r\n", " ;a\r\n\r\n"}) {
    CAPTURE(no_last_chunk);
    CHECK(refused(no_last_chunk) == Status::bad_request);
    CHECK(refused("1\r\nx\r\n" + std::string(no_last_chunk)) == Status::bad_request);
  }
}

TEST_CASE("ChunkedDecoder refuses a size of more than 16 digits") {  // CVE-2013-2028
  CHECK(refused("ffffffffffffffff1\r\n") == Status::bad_request);
  CHECK(refused("10000000000000000\r\n") == Status::bad_request);
  CHECK(refused("00000000000000001\r\nx\r\n") == Status::bad_request);
  CHECK(refused(std::string(10'000, '0') + "1\r\nx\r\n") == Status::bad_request);
  CHECK(refused("00000000000000000\r\n\r\n") == Status::bad_request);
  CHECK(accepts_size_line("0000000000000001"));
}

TEST_CASE("ChunkedDecoder does not overflow on the largest size") {
  const std::string head = "ffffffffffffffff\r\n";
  ChunkedDecoder decoder;
  Outcome outcome;
  decode_piece(decoder, head + "abc", outcome);
  decode_piece(decoder, "def", outcome);
  CHECK(outcome == Outcome{std::nullopt, "abcdef", head.size() + 6, false});
}

TEST_CASE("ChunkedDecoder accepts line ends of CRLF only") {
  CHECK(refused("1\nx\r\n0\r\n\r\n") == Status::bad_request);
  CHECK(refused("1\r\nx\n0\r\n\r\n") == Status::bad_request);
  CHECK(refused("1\r\nx\r\n0\n\r\n") == Status::bad_request);
  CHECK(refused("1\r\nx\r\n0\r\n\n") == Status::bad_request);
  CHECK(refused("1;a\nx\r\n0\r\n\r\n") == Status::bad_request);
  CHECK(refused("0\r\nA: b\n\r\n") == Status::bad_request);
  CHECK(refused("1\rx\r\n0\r\n\r\n") == Status::bad_request);
  CHECK(refused("1\r\r\nx\r\n") == Status::bad_request);
  CHECK(refused("5\r\r;abc\r\n0\r\n\r\n") == Status::bad_request);
  CHECK(refused("0\r\n\r\r\n") == Status::bad_request);
}

TEST_CASE("ChunkedDecoder refuses data that is not as long as its size says") {  // CVE-2015-3183
  CHECK(refused("5\r\nhello!\r\n0\r\n\r\n") == Status::bad_request);
  CHECK(refused("5\r\nhell\r\n0\r\n\r\n") == Status::bad_request);
  CHECK(refused("5\r\nhello0\r\n\r\n") == Status::bad_request);
  CHECK(refused("5\r\nhello\rX0\r\n\r\n") == Status::bad_request);
}

TEST_CASE("ChunkedDecoder reads over chunk extensions") {
  for (const std::string_view line :
       {"1;a", "1;a=b", "1; a = b", "1 ;a", "1\t;\ta\t=\tb", "1;a;b;c=d", "1;a=\"\"", "1;a=\"x y\t;=,\"",
        "1;a=\"\\\"\\\\\"", "1;a=\"\xc3\xa4\" ;b", "1;chunk-signature=0123456789abcdef"}) {
    CAPTURE(line);
    CHECK(accepts_size_line(line));
  }
}

TEST_CASE("ChunkedDecoder refuses malformed chunk extensions") {
  for (const std::string_view line :
       {"1;", "1; ", "1;;a", "1;=b", "1;a=", "1;a= ", "1;a b", "1;a=b c", "1;a ", "1;a=b ", "1;a=\"b\" ",
        "1;a=\"b\"c", "1;a=\"b", "1;a=\"b\\", "1;a=\"b\\\"", "1;a=b=c", "1;a,b", "1;\xc3\xa4"}) {
    CAPTURE(line);
    CHECK(refused(std::string(line) + "\r\nx\r\n0\r\n\r\n") == Status::bad_request);
  }
}

TEST_CASE("ChunkedDecoder lets no control character pass in a chunk extension, not even quoted") {
  for (const int c : {0x00, 0x01, 0x0a, 0x0b, 0x0d, 0x1f, 0x7f}) {
    CAPTURE(c);
    const std::string control(1, static_cast<char>(c));
    CHECK(refused("1;a" + control + "b\r\nx\r\n") == Status::bad_request);
    CHECK(refused("1;a=" + control + "\r\nx\r\n") == Status::bad_request);
    CHECK(refused("1;a=\"b" + control + "c\"\r\nx\r\n") == Status::bad_request);
    CHECK(refused("1;a=\"b\\" + control + "c\"\r\nx\r\n") == Status::bad_request);
  }
  // A reader that minds the quotes and one that does not would see different bodies here.
  CHECK(refused("1;a=\"\r\nx\r\n0\r\n\r\n\"\r\n") == Status::bad_request);
}

TEST_CASE("ChunkedDecoder bounds the extensions of all chunks together") {  // CVE-2023-39326
  const std::string chunk = "1;" + std::string(1023, 'a') + "\r\nx\r\n";
  static_assert(ChunkedDecoder::kMaxOverheadBytes == 4 * 1024);
  CHECK(decode({repeated(4, chunk) + "0\r\n\r\n"}).finished);
  CHECK(refused(repeated(4, chunk) + "0;a\r\n\r\n") == Status::bad_request);
  CHECK(refused("1;" + std::string(100'000, 'a') + "\r\nx\r\n") == Status::bad_request);
}

TEST_CASE("ChunkedDecoder drops trailers") {  // CVE-2013-5704
  const Outcome outcome =
      decode({"1\r\nx\r\n0\r\nHost: evil\r\nTransfer-Encoding: chunked\r\nX:\ta b\xff\r\n\r\n"});
  CHECK(!outcome.error);
  CHECK(outcome.finished);
  CHECK(outcome.body == "x");
}

TEST_CASE("ChunkedDecoder refuses trailers that are no field lines") {
  for (const std::string_view line :
       {"GET / HTTP/1.1", ": b", " a: b", "a : b", "a", "a: b\rc", "a: \x01", "a: \x7f", "\xc3: b"}) {
    CAPTURE(line);
    CHECK(refused("0\r\n" + std::string(line) + "\r\n\r\n") == Status::bad_request);
    CHECK(refused("0\r\nA: b\r\n" + std::string(line) + "\r\n\r\n") == Status::bad_request);
  }
  CHECK(refused(std::string_view("0\r\na: \0\r\n\r\n", 11)) == Status::bad_request);
}

TEST_CASE("ChunkedDecoder answers 431 to trailers over their bound") {
  const std::string line = "A: " + std::string(1019, 'b') + "\r\n";
  static_assert(ChunkedDecoder::kMaxTrailerBytes == 8 * 1024);
  CHECK(decode({"0\r\n" + repeated(8, line) + "\r\n"}).finished);
  CHECK(refused("0\r\n" + repeated(8, line) + "A: b\r\n\r\n") == Status::header_fields_too_large);
  CHECK(refused("0\r\nA: " + std::string(100'000, 'b') + "\r\n\r\n") == Status::header_fields_too_large);
}

TEST_CASE("ChunkedDecoder does not recover from an error") {
  ChunkedDecoder decoder;
  REQUIRE(!decoder.decode("zz"));
  const auto again = decoder.decode(kLastChunk);
  REQUIRE(!again);
  CHECK(again.error().status == Status::bad_request);
}

TEST_CASE("chunk_head writes the size in hexadecimal") {
  std::array<char, 20> buffer;
  CHECK(chunk_head(1, buffer) == "1\r\n");
  CHECK(chunk_head(31, buffer) == "1f\r\n");
  CHECK(chunk_head(65536, buffer) == "10000\r\n");
  CHECK(chunk_head(std::numeric_limits<std::size_t>::max(), buffer) == "ffffffffffffffff\r\n");
}

TEST_CASE("ChunkedDecoder reads what chunk_head writes") {
  std::array<char, 20> buffer;
  std::string encoded, plain;
  for (const std::size_t size : {1U, 15U, 16U, 255U, 4096U}) {
    const std::string data(size, static_cast<char>('a' + size % 26));
    plain += data;
    encoded.append(chunk_head(size, buffer)).append(data).append(kChunkEnd);
  }
  const Outcome outcome = decode({encoded, kLastChunk});
  CHECK(outcome.finished);
  CHECK(outcome.body == plain);
}
