#include "tinyhttpd/input_buffer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using tinyhttpd::InputBuffer;

namespace {

/// As the socket fills it: at most `bytes` of what there is room for.
std::size_t fill(InputBuffer& buffer, std::size_t most, std::string_view bytes) {
  const std::span<char> room = buffer.room(most);
  const std::size_t count = std::min(room.size(), bytes.size());
  std::copy_n(bytes.data(), count, room.data());
  buffer.received(count);
  return count;
}

}  // namespace

TEST_CASE("an InputBuffer gives back what it received, in order, whatever is consumed in between") {
  InputBuffer buffer;
  std::string sent, seen;
  for (int turn = 0; turn < 1'000; ++turn) {
    const std::string piece(static_cast<std::size_t>(turn % 97), static_cast<char>('a' + turn % 26));
    sent.append(piece, 0, fill(buffer, 5'000, piece));
    const std::size_t taken = std::min<std::size_t>(buffer.size(), static_cast<std::size_t>(turn % 89));
    seen.append(buffer.unread().substr(0, taken));
    buffer.consume(taken);
  }
  seen.append(buffer.unread());
  CHECK(seen == sent);
}

TEST_CASE("an InputBuffer has room until `most` bytes are unread, and none beyond") {
  InputBuffer buffer;
  std::size_t received = 0;
  while (!buffer.room(10'000).empty()) received += fill(buffer, 10'000, std::string(3'000, 'x'));
  CHECK(received == 10'000);
  CHECK(buffer.size() == 10'000);
  buffer.consume(1);
  CHECK(buffer.room(10'000).size() == 1);
}

TEST_CASE("an InputBuffer takes any number of bytes that are appended") {
  InputBuffer buffer;
  fill(buffer, 100, "head");
  buffer.append(std::string(100'000, 'y'));
  CHECK(buffer.unread() == "head" + std::string(100'000, 'y'));
}

TEST_CASE("an InputBuffer gives its memory back only when nothing is unread") {
  InputBuffer buffer;
  fill(buffer, 100, "GET");
  buffer.release_if_empty();
  CHECK(buffer.unread() == "GET");
  buffer.consume(3);
  buffer.release_if_empty();
  CHECK(buffer.unread().empty());
  CHECK(fill(buffer, 100, "POST") == 4);
  CHECK(buffer.unread() == "POST");
}
