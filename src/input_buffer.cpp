#include "tinyhttpd/input_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tinyhttpd {

namespace {

/// The usual head fits; it is doubled for the others.
constexpr std::size_t kFirstBufferBytes = 4 * 1024;

}  // namespace

std::span<char> InputBuffer::room(std::size_t most) {
  if (begin_ > 0 && end_ == capacity_) {
    std::memmove(data_.get(), data_.get() + begin_, size());
    end_ -= std::exchange(begin_, 0);
  }
  if (end_ == capacity_ && capacity_ < most) {
    const std::size_t larger = std::min(most, std::max(kFirstBufferBytes, capacity_ * 2));
    auto grown = std::make_unique_for_overwrite<char[]>(larger);
    std::copy_n(data_.get(), end_, grown.get());
    data_ = std::move(grown);
    capacity_ = larger;
  }
  return {data_.get() + end_, capacity_ - end_};
}

void InputBuffer::consume(std::size_t count) {
  begin_ += count;
  if (begin_ == end_) begin_ = end_ = 0;
}

void InputBuffer::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> free = room(size() + bytes.size());
    const std::size_t count = std::min(free.size(), bytes.size());
    std::copy_n(bytes.data(), count, free.data());
    received(count);
    bytes.remove_prefix(count);
  }
}

}  // namespace tinyhttpd
