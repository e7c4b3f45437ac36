#include "tinyhttpd/told_exchange.hpp"

#include <algorithm>
#include <utility>

#include "tinyhttpd/cgi_message.hpp"
#include "tinyhttpd/terminal_text.hpp"

namespace tinyhttpd {

namespace {

/// As many bytes of a chunk are looked at: more than an excerpt shows.
constexpr std::size_t kLookedAt = 256;

/// A secret in pieces is found where it is no longer than this, which a header field hardly is
/// (--max-header).
constexpr std::size_t kMaxSecret = 16 * 1024;

}  // namespace

void ToldExchange::learn_request(std::string_view head) {
  known_.request_head = head;
  mask_.reset();
}

void ToldExchange::learn_environment(std::span<const std::string> environment) {
  known_.environment.assign(environment.begin(), environment.end());
  // After a local redirect it is another script that writes.
  known_.streams[1].bytes.clear();
  for (std::string& text : before_) text.clear();
  in_script_head_ = true;
  mask_.reset();
}

void ToldExchange::learn_sent_head(std::string_view head) {
  known_.sent_head = head;
  mask_.reset();
}

const Mask& ToldExchange::mask() {
  if (!mask_) mask_.emplace(known_);
  return *mask_;
}

std::string ToldExchange::safe(std::string_view text) {
  return shown(mask().mask(text));
}

std::string ToldExchange::safe_variable(std::string_view variable) {
  const std::size_t end = std::min(variable.find('='), variable.size());
  const std::string_view name = variable.substr(0, end);
  if (end == variable.size()) return shown(name);
  return shown(name) + "=" + shown(mask().mask_value(name, variable.substr(end + 1)));
}

std::string ToldExchange::without_secrets(std::string_view head) {
  return mask().mask_head(head);
}

ScriptFailure ToldExchange::without_secrets(ScriptFailure failure) {
  failure.detail = mask().mask_head(failure.detail, std::string_view::npos, Cut::end);
  return failure;
}

std::string ToldExchange::next_chunk(Stream stream, std::string_view bytes) {
  const bool is_head = stream == Stream::standard_output && in_script_head_;
  if (is_head) {
    std::string& output = known_.streams[1].bytes;
    output.append(bytes.substr(0, kMaxCgiHeadBytes - std::min(output.size(), kMaxCgiHeadBytes)));
    mask_.reset();
  }
  std::string& text = before_[static_cast<std::size_t>(stream)];
  const std::size_t begin = text.size();
  text.append(bytes.substr(0, kLookedAt));
  // A byte is covered by a byte: the chunk still begins where it did.
  const std::string masked =
      is_head ? mask().mask_head(text, std::string_view::npos, Cut::end) : mask().mask(text, Cut::end);
  text.append(bytes.substr(std::min(kLookedAt, bytes.size())));
  text.erase(0, text.size() - std::min(text.size(), kMaxSecret));
  return excerpt(std::string_view(masked).substr(begin), bytes.size());
}

}  // namespace tinyhttpd
