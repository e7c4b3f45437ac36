// Texts of an exchange on their way to whoever looks at it: secrets covered, and always UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tinyhttpd/secrets.hpp"
#include "tinyhttpd/utf8_text.hpp"

namespace tinyhttpd {

struct RecordedStream;

/// What everybody uses who shows an exchange: nothing raw leaves but through it. Any thread.
class MaskedText {
 public:
  explicit MaskedText(const RecordedExchange& exchange, const RecordedExchange* other = nullptr)
      : mask_(exchange, other) {}

  std::string text(std::string_view raw) const { return to_utf8(mask_.mask(raw)); }
  std::string head(std::string_view raw) const { return to_utf8(mask_.mask_head(raw)); }
  std::string value(std::string_view name, std::string_view raw) const {
    return to_utf8(mask_.mask_value(name, raw));
  }

  /// Whether anything of the value is covered.
  bool is_masked(std::string_view name, std::string_view raw) const {
    return mask_.mask_value(name, raw) != raw;
  }

  /// The kept bytes of a stream, raw but for what is covered. Its first `head_bytes` are a head.
  std::string stream(const RecordedStream& stream, std::size_t head_bytes = 0) const;

  const Mask& mask() const { return mask_; }

 private:
  Mask mask_;
};

}  // namespace tinyhttpd
