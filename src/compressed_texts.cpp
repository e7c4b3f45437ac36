#include "tinyhttpd/compressed_texts.hpp"

#include <utility>

namespace tinyhttpd {
namespace {

/// What an entry of the cache takes beside the text and its key: nodes, counts, and what the allocator adds.
constexpr std::uint64_t kEntryBytes = 256;

}  // namespace

CompressedTexts::Text CompressedTexts::get(const std::string& key, bool keep, const Make& make) {
  if (Text kept = kept_.find(key)) return kept;
  if (!begin(key)) return nullptr;
  // Ends what has begun, also when `make` throws.
  const auto leave = [this](const std::string* made) { end(*made); };
  const std::unique_ptr<const std::string, decltype(leave)> at_work(&key, leave);

  std::optional<std::string> made = make();
  if (!made) return nullptr;
  Text text = counted(std::move(*made));
  if (keep) kept_.keep(key, text, text->size() + kEntryBytes);
  return text;
}

bool CompressedTexts::begin(const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (at_work_.size() >= kMostAtWork || *bytes_ >= max_bytes_) return false;
  return at_work_.insert(key).second;
}

void CompressedTexts::end(const std::string& key) {
  const std::lock_guard lock(mutex_);
  at_work_.erase(key);
}

/// The text, which counts for as long as anybody holds it.
CompressedTexts::Text CompressedTexts::counted(std::string text) const {
  auto owner = std::make_unique<const std::string>(std::move(text));
  const std::uint64_t size = owner->size();
  *bytes_ += size;
  return {owner.release(), [size, bytes = bytes_](const std::string* over) {
            delete over;
            *bytes -= size;
          }};
}

}  // namespace tinyhttpd
