#include "tinyhttpd/fastcgi_record.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace tinyhttpd;
using Found = FastcgiReader::Found;
using Protocol = FastcgiEnd::Protocol;

namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

/// A record as an application may send it.
std::string record(int type, std::string_view content, int padding = 0, int id = 1) {
  const int length = static_cast<int>(content.size());
  return bytes({1, type, id >> 8, id, length >> 8, length, padding, 0}) + std::string(content) +
         std::string(static_cast<std::size_t>(padding), 'P');
}

constexpr int kEnd = 3;
constexpr int kOutput = 6;
constexpr int kErrors = 7;

std::string end_record(int protocol, int padding = 0) {
  return record(kEnd, bytes({0, 0, 0, 0, protocol, 0, 0, 0}), padding);
}

/// All that reading some input comes to.
struct Outcome {
  std::string output;
  std::string errors;
  std::string fault;
  std::vector<int> types;
  Found last = Found::nothing;
  std::string left;
  bool is_cut = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

void read_piece(FastcgiReader& reader, std::string_view piece, Outcome& outcome) {
  do {
    std::string_view content;
    outcome.last = reader.next(piece, content);
    if (const auto record = reader.take_record()) outcome.types.push_back(record->type);
    if (outcome.last == Found::standard_output) outcome.output += content;
    if (outcome.last == Found::standard_error) outcome.errors += content;
  } while (outcome.last != Found::nothing && outcome.last != Found::end && outcome.last != Found::fault);
  outcome.left += piece;
  outcome.fault = reader.fault();
  outcome.is_cut = reader.is_within_record();
}

Outcome read(std::initializer_list<std::string_view> pieces) {
  FastcgiReader reader;
  Outcome outcome;
  for (const auto piece : pieces) read_piece(reader, piece, outcome);
  return outcome;
}

/// What reading comes to, which is the same wherever the input is cut in two.
Outcome read_everyhow(std::string_view input) {
  Outcome whole = read({input});
  for (std::size_t at = 0; at <= input.size(); ++at) {
    CAPTURE(at);
    REQUIRE(read({input.substr(0, at), input.substr(at)}) == whole);
  }
  return whole;
}

std::string fault_of(std::string_view input) {
  const Outcome outcome = read_everyhow(input);
  CHECK((outcome.last == Found::fault) == !outcome.fault.empty());
  return outcome.fault;
}

Protocol protocol_of(std::string_view input) {
  FastcgiReader reader;
  std::string_view content;
  CHECK(reader.next(input, content) == Found::record);
  CHECK(reader.next(input, content) == Found::end);
  return reader.end().protocol;
}

std::string params(std::initializer_list<std::string> variables) {
  const std::vector<std::string> list(variables);
  std::string out;
  append_params(out, list);
  return out;
}

/// The content of a whole FCGI_PARAMS stream, and how long each of its records was.
std::pair<std::string, std::vector<std::size_t>> contents(std::string_view records) {
  std::pair<std::string, std::vector<std::size_t>> found;
  while (!records.empty()) {
    REQUIRE(records.size() >= kFastcgiHeaderBytes);
    CHECK(records.substr(0, 4) == bytes({1, 4, 0, 1}));
    CHECK(records.substr(6, 2) == bytes({0, 0}));
    const std::size_t length = fastcgi_content_length(records);
    REQUIRE(records.size() >= kFastcgiHeaderBytes + length);
    found.first += records.substr(kFastcgiHeaderBytes, length);
    found.second.push_back(length);
    records.remove_prefix(kFastcgiHeaderBytes + length);
  }
  return found;
}

}  // namespace

// ---- Writing

TEST_CASE("append_begin_request asks for a responder, and to keep the connection or not") {  // section 5.1
  std::string out;
  append_begin_request(out, false);
  CHECK(out == bytes({1, 1, 0, 1, 0, 8, 0, 0,     // header
                      0, 1, 0, 0, 0, 0, 0, 0}));  // FCGI_RESPONDER, no flags, reserved
  out.clear();
  append_begin_request(out, true);
  CHECK(out == bytes({1, 1, 0, 1, 0, 8, 0, 0,     //
                      0, 1, 1, 0, 0, 0, 0, 0}));  // FCGI_KEEP_CONN
}

TEST_CASE("append_record_header announces content without padding, and an empty record ends a stream") {
  std::string out;
  append_record_header(out, FastcgiType::standard_input, 0x1234);
  CHECK(out == bytes({1, 5, 0, 1, 0x12, 0x34, 0, 0}));
  CHECK(fastcgi_content_length(out) == 0x1234);
  out.clear();
  append_record_header(out, FastcgiType::standard_input, 0);
  CHECK(out == bytes({1, 5, 0, 1, 0, 0, 0, 0}));
  out.clear();
  append_record_header(out, FastcgiType::standard_input, kMaxFastcgiContent);
  CHECK(out == bytes({1, 5, 0, 1, 0xFF, 0xFF, 0, 0}));
  CHECK(fastcgi_content_length(out) == kMaxFastcgiContent);
}

TEST_CASE("append_params writes names and values with their lengths before them, and ends the stream") {
  CHECK(params({"A=bc", "NAME=", "X=y=z"}) ==  // section 3.4
        bytes({1, 4, 0, 1, 0, 17, 0, 0}) + bytes({1, 2}) + "Abc" + bytes({4, 0}) + "NAME" + bytes({1, 3}) +
            "Xy=z" + bytes({1, 4, 0, 1, 0, 0, 0, 0}));
}

TEST_CASE("append_params without a variable is the end of the stream alone") {
  CHECK(params({}) == bytes({1, 4, 0, 1, 0, 0, 0, 0}));
}

TEST_CASE("append_params gives a length of 128 and more in four bytes") {  // section 3.4
  const std::string seven_bits(127, 'v');
  const std::string eight_bits(128, 'v');
  const std::string three_bytes(70000, 'v');
  CHECK(contents(params({"A=" + seven_bits})).first == bytes({1, 127}) + "A" + seven_bits);
  CHECK(contents(params({"A=" + eight_bits})).first == bytes({1, 0x80, 0, 0, 128}) + "A" + eight_bits);
  CHECK(contents(params({"A=" + three_bytes})).first ==
        bytes({1, 0x80, 0x01, 0x11, 0x70}) + "A" + three_bytes);
  CHECK(contents(params({seven_bits + "=B"})).first == bytes({127, 1}) + seven_bits + "B");
  CHECK(contents(params({eight_bits + "=B"})).first == bytes({0x80, 0, 0, 128, 1}) + eight_bits + "B");
  CHECK(contents(params({eight_bits + "=" + three_bytes})).first ==
        bytes({0x80, 0, 0, 128, 0x80, 0x01, 0x11, 0x70}) + eight_bits + three_bytes);
}

TEST_CASE("append_params cuts a long stream into records wherever a pair may be") {
  const std::string long_value(140000, 'v');
  const auto [content, lengths] = contents(params({"A=b", "LONG=" + long_value, "Z=y"}));
  CHECK(content == bytes({1, 1}) + "Ab" + bytes({4, 0x80, 0x02, 0x22, 0xE0}) + "LONG" + long_value +
                       bytes({1, 1}) + "Zy");
  const std::size_t all = 4 + 5 + 4 + 140000 + 4;
  CHECK(lengths ==
        std::vector<std::size_t>{kMaxFastcgiContent, kMaxFastcgiContent, all - 2 * kMaxFastcgiContent, 0});
}

TEST_CASE("append_params fills one record to its last byte before it begins another") {
  const std::size_t besides = 1 + 4 + 1;  // the two lengths and the name
  const std::string fits(kMaxFastcgiContent - besides, 'v');
  CHECK(contents(params({"A=" + fits})).second == std::vector<std::size_t>{kMaxFastcgiContent, 0});
  CHECK(contents(params({"A=" + fits + "v"})).second == std::vector<std::size_t>{kMaxFastcgiContent, 1, 0});
}

// ---- Reading

TEST_CASE("FastcgiReader tells output from errors however the bytes arrive") {
  const Outcome outcome = read_everyhow(
      record(kErrors, "careful: ", 7) + record(kOutput, "Status: 200\r\n", 3) + record(kErrors, "odd") +
      record(kOutput, "\r\nHello", 255) + record(kOutput, "") + record(kErrors, "", 8) + end_record(0, 2));
  CHECK(outcome.output == "Status: 200\r\n\r\nHello");
  CHECK(outcome.errors == "careful: odd");
  CHECK(outcome.last == Found::end);
  CHECK(outcome.types == std::vector<int>{7, 6, 7, 6, 6, 7, 3});
  CHECK(outcome.left.empty());
  CHECK_FALSE(outcome.is_cut);
}

TEST_CASE("FastcgiReader gives content in place, as much as is there, and padding as nothing") {
  const std::string sent = record(kOutput, "Hello", 200);
  FastcgiReader reader;
  std::string_view content;
  std::string_view input = std::string_view(sent).substr(0, 10);
  CHECK(reader.next(input, content) == Found::record);
  CHECK(reader.next(input, content) == Found::standard_output);
  CHECK(content == "He");
  CHECK(content.data() == sent.data() + 8);
  CHECK(reader.next(input, content) == Found::nothing);
  input = std::string_view(sent).substr(10);
  CHECK(reader.next(input, content) == Found::standard_output);
  CHECK(content == "llo");
  CHECK(content.data() == sent.data() + 10);
  CHECK(reader.next(input, content) == Found::nothing);
  CHECK(input.empty());
}

TEST_CASE("FastcgiReader takes the largest record there can be") {
  const std::string most(kMaxFastcgiContent, 'x');
  const Outcome outcome = read({record(kOutput, most, 255) + record(kOutput, most) + end_record(0)});
  CHECK(outcome.output == most + most);
  CHECK(outcome.last == Found::end);
}

TEST_CASE("FastcgiReader takes an empty FCGI_STDOUT not for the end") {
  const Outcome outcome =
      read_everyhow(record(kOutput, "a") + record(kOutput, "") + record(kOutput, "b") + end_record(0));
  CHECK(outcome.output == "ab");
  CHECK(outcome.last == Found::end);
}

TEST_CASE("FastcgiReader shows each header once, skipped records too") {
  const std::string sent = record(99, "what is this", 4) + record(kOutput, "");
  std::string_view input = sent;
  std::string_view content;
  FastcgiReader reader;
  CHECK_FALSE(reader.take_record());
  CHECK(reader.next(input, content) == Found::record);
  const auto unknown = reader.take_record();
  REQUIRE(unknown);
  CHECK(unknown->type == 99);
  CHECK(unknown->id == 1);
  CHECK(unknown->content_bytes == 12);
  CHECK(unknown->padding_bytes == 4);
  CHECK_FALSE(reader.take_record());
  CHECK(reader.next(input, content) == Found::record);
  CHECK(reader.take_record()->type == kOutput);
}

TEST_CASE("FastcgiReader skips records of unknown types and those of the connection") {  // section 4
  const std::string unknown_type = bytes({77, 0, 0, 0, 0, 0, 0, 0});
  const Outcome outcome =
      read_everyhow(record(99, "what is this", 4) + record(12, "") + record(255, "or this", 0, 0) +
                    record(10, bytes({15, 1}) + "FCGI_MPXS_CONNS0", 6, 0) + record(11, unknown_type, 0, 0) +
                    record(9, "", 0, 0) + record(kOutput, "ok") + end_record(0));
  CHECK(outcome.output == "ok");
  CHECK(outcome.errors.empty());
  CHECK(outcome.last == Found::end);
}

TEST_CASE("FastcgiReader ignores the reserved bytes") {
  const std::string sent = bytes({1, 6, 0, 1, 0, 1, 0, 0xFF}) + "a" +
                           bytes({1, 3, 0, 1, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF});
  CHECK(read_everyhow(sent).last == Found::end);
}

TEST_CASE("FastcgiReader refuses what is not FastCGI") {
  CHECK(fault_of(bytes({0, 6, 0, 1, 0, 1, 0, 0}) + "a") == "a record of version 0");
  CHECK(fault_of(bytes({2, 6, 0, 1, 0, 1, 0, 0}) + "a") == "a record of version 2");
  CHECK(fault_of("HTTP/1.1 400 Bad Request\r\n\r\n") == "a record of version 72");
  CHECK(fault_of(record(0, "a")) == "a record of type 0");
}

TEST_CASE("FastcgiReader refuses records of a request that is not ours") {
  CHECK(fault_of(record(kOutput, "a", 0, 7)) == "FCGI_STDOUT for request 7");
  CHECK(fault_of(record(kErrors, "a", 0, 0x101)) == "FCGI_STDERR for request 257");
  CHECK(fault_of(record(kOutput, "a", 0, 0)) == "FCGI_STDOUT for request 0");
  CHECK(fault_of(record(kEnd, bytes({0, 0, 0, 0, 0, 0, 0, 0}), 0, 2)) == "FCGI_END_REQUEST for request 2");
  CHECK(fault_of(record(99, "a", 0, 2)) == "type 99 for request 2");
}

TEST_CASE("FastcgiReader refuses what only a web server says") {
  CHECK(fault_of(record(1, bytes({0, 1, 0, 0, 0, 0, 0, 0}))) == "FCGI_BEGIN_REQUEST from the application");
  CHECK(fault_of(record(2, "")) == "FCGI_ABORT_REQUEST from the application");
  CHECK(fault_of(record(4, "")) == "FCGI_PARAMS from the application");
  CHECK(fault_of(record(5, "a")) == "FCGI_STDIN from the application");
  CHECK(fault_of(record(8, "a")) == "FCGI_DATA from the application");
}

TEST_CASE("FastcgiReader keeps what came before a fault, and reads nothing after it") {
  const Outcome outcome =
      read({record(kOutput, "good") + record(kOutput, "bad", 0, 7) + record(kOutput, "lost"),
            record(kOutput, "x")});
  CHECK(outcome.output == "good");
  CHECK(outcome.last == Found::fault);
  CHECK(outcome.types == std::vector<int>{6, 6});  // whoever watches sees the bad one, too
}

TEST_CASE("FastcgiReader reads how the request ended") {  // section 5.5
  CHECK(protocol_of(end_record(0)) == Protocol::request_complete);
  CHECK(protocol_of(end_record(1)) == Protocol::cannot_multiplex);
  CHECK(protocol_of(end_record(2)) == Protocol::overloaded);
  CHECK(protocol_of(end_record(3)) == Protocol::unknown_role);
  CHECK(fault_of(end_record(4)) == "FCGI_END_REQUEST with protocol status 4");
  CHECK(fault_of(end_record(255)) == "FCGI_END_REQUEST with protocol status 255");
}

TEST_CASE("FastcgiReader reads what the program exited with, however the bytes arrive") {
  const std::string sent = record(kEnd, bytes({0x81, 2, 3, 4, 0, 0, 0, 0}), 1);
  for (std::size_t at = 0; at <= sent.size(); ++at) {
    CAPTURE(at);
    FastcgiReader reader;
    Outcome outcome;
    read_piece(reader, std::string_view(sent).substr(0, at), outcome);
    read_piece(reader, std::string_view(sent).substr(at), outcome);
    CHECK(outcome.last == Found::end);
    CHECK(reader.end().app_status == 0x81020304U);
  }
}

TEST_CASE("FastcgiReader refuses an end of any length but eight bytes") {
  CHECK(fault_of(record(kEnd, "")) == "FCGI_END_REQUEST of 0 bytes");
  CHECK(fault_of(record(kEnd, "abc")) == "FCGI_END_REQUEST of 3 bytes");
  CHECK(fault_of(record(kEnd, std::string(9, '\0'))) == "FCGI_END_REQUEST of 9 bytes");
}

TEST_CASE("FastcgiReader leaves what follows the end") {
  const Outcome outcome = read_everyhow(end_record(0, 5) + record(kOutput, "late"));
  CHECK(outcome.last == Found::end);
  CHECK(outcome.output.empty());
  CHECK(outcome.left == record(kOutput, "late"));
}

TEST_CASE("FastcgiReader knows whether a record is cut, in its header, its content or its padding") {
  const std::string sent = record(kOutput, "abc", 2) + end_record(0, 3);
  for (std::size_t size = 0; size < sent.size(); ++size) {
    CAPTURE(size);
    const Outcome outcome = read({sent.substr(0, size)});
    CHECK(outcome.last == Found::nothing);
    CHECK(outcome.is_cut == (size != 0 && size != 13));
  }
  CHECK(read({sent}).last == Found::end);
}

TEST_CASE("fastcgi_type_name has the names of the specification") {
  CHECK(fastcgi_type_name(1) == "FCGI_BEGIN_REQUEST");
  CHECK(fastcgi_type_name(6) == "FCGI_STDOUT");
  CHECK(fastcgi_type_name(11) == "FCGI_UNKNOWN_TYPE");
  CHECK(fastcgi_type_name(0) == "type 0");
  CHECK(fastcgi_type_name(12) == "type 12");
  CHECK(fastcgi_type_name(99) == "type 99");
}
