#include "tinyhttpd/masked_text.hpp"

#include "tinyhttpd/recorded_exchange.hpp"

namespace tinyhttpd {

std::string MaskedText::stream(const RecordedStream& stream, std::size_t head_bytes) const {
  const bool is_cut = stream.total > stream.bytes.size();
  return mask_.mask_head(stream.bytes, head_bytes, is_cut ? Cut::end : Cut::none);
}

}  // namespace tinyhttpd
