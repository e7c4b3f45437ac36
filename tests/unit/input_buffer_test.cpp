#include "tinyhttpd/input_buffer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

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

TEST_CASE("an InputBuffer hands its memory on, and begins anew") {
  InputBuffer first;
  CHECK_FALSE(first.has_memory());
  fill(first, 100, "GET");
  const char* const memory = first.unread().data();
  first.consume(3);
  InputBuffer second = std::exchange(first, {});
  CHECK_FALSE(first.has_memory());
  CHECK(fill(second, 100, "POST") == 4);
  CHECK(second.unread() == "POST");
  CHECK(static_cast<const void*>(second.unread().data()) == memory);
  CHECK(fill(first, 100, "PUT") == 3);
  CHECK(first.unread() == "PUT");
}
