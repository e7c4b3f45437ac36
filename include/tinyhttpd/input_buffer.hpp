// Where a client's bytes wait until they are understood.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace tinyhttpd {

/// Bytes received and not yet used. Grows up to a bound. Moved from, it is only to be assigned to.
class InputBuffer {
 public:
  std::string_view unread() const { return {data_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }

  /// Room for more bytes at the end: at least one, as long as fewer than `most` are unread. Moves what is
  /// unread.
  std::span<char> room(std::size_t most);
  void received(std::size_t count) { end_ += count; }
  void consume(std::size_t count);
  void append(std::string_view bytes);
  bool has_memory() const { return data_ != nullptr; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace tinyhttpd
