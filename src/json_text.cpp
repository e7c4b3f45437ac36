#include "tinyhttpd/json_text.hpp"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace tinyhttpd {

namespace {

using Json = nlohmann::json;

// What stands in the text is cut to this where a problem repeats it.
constexpr std::size_t kMaxQuotedBytes = 100;

// "line 1, column 7: ", of the byte at `offset`.
std::string place_of(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_start = before.rfind('\n') + 1;  // 0 on the first line
  return "line " + std::to_string(line) + ", column " + std::to_string(before.size() - line_start + 1) + ": ";
}

// Where the nesting goes past the limit. Looked for before the text is parsed, so that no parser has to
// remember a hundred thousand brackets.
std::optional<std::size_t> find_too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      if (++depth > kMaxJsonDepth) return i;
    } else if (!in_string && (c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return std::nullopt;
}

// What the library would let pass: it skips a byte order mark and takes a NUL for the end of the text.
Result<void, std::string> check_bytes(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF"))
    return std::string("line 1, column 1: a byte order mark (RFC 8259 section 8.1)");
  if (const auto nul = text.find('\0'); nul != text.npos) return place_of(text, nul) + "a NUL byte";
  if (const auto deep = find_too_deep(text))
    return place_of(text, *deep) + "nested deeper than " + std::to_string(kMaxJsonDepth);
  return {};
}

// The library's sentence without its number, its place, and the text that it read last, which may be long.
std::string sentence_of(std::string_view message) {
  if (const auto tag = message.find("] "); tag != message.npos) message.remove_prefix(tag + 2);
  if (message.starts_with("parse error"))
    message.remove_prefix(std::min(message.find(": ") + 2, message.size()));
  message = message.substr(0, message.find("; last read: "));
  return std::string(message.substr(0, kMaxQuotedBytes));
}

// Hears of every value while the text is read, and keeps nothing of them but the names of the open objects:
// most answers are sent on as they are.
class JsonChecker : public nlohmann::json_sax<Json> {
 public:
  JsonChecker(std::string_view text, std::string_view member) : text_(text), member_(member) {}

  Result<JsonOutline, std::string> check() {
    if (!Json::sax_parse(text_, this)) return problem_;
    return std::move(outline_);
  }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }

  bool string(string_t& value) override {
    if (depth_ == 0) outline_.bare_string = std::move(value);
    return true;
  }

  bool start_array(std::size_t) override {
    ++depth_;
    return true;
  }

  bool end_array() override {
    --depth_;
    return true;
  }

  bool start_object(std::size_t) override {
    ++depth_;
    objects_.push_back(names_.size());
    return true;
  }

  bool key(string_t& name) override {
    if (depth_ == 1 && name == member_) outline_.has_member = true;
    names_.push_back(std::move(name));
    return true;
  }

  // Sorting finds a repeated name in little more than linear time, and needs nothing besides the names.
  bool end_object() override {
    --depth_;
    const auto first = names_.begin() + static_cast<std::ptrdiff_t>(objects_.back());
    std::sort(first, names_.end());
    const auto repeated = std::adjacent_find(first, names_.end());
    if (repeated != names_.end())
      problem_ = "the member \"" + repeated->substr(0, kMaxQuotedBytes) + "\" is named twice in one object";
    names_.erase(first, names_.end());
    objects_.pop_back();
    return problem_.empty();
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) override {
    problem_ = place_of(text_, position > 0 ? position - 1 : 0) + sentence_of(error.what());
    return false;
  }

 private:
  std::string_view text_;
  std::string_view member_;
  JsonOutline outline_;
  std::size_t depth_ = 0;
  std::vector<std::string> names_;    // of the open objects, the innermost one's last
  std::vector<std::size_t> objects_;  // where in names_ each of them begins
  std::string problem_;
};

}  // namespace

Result<JsonOutline, std::string> check_json(std::string_view text, std::string_view member) {
  auto bytes = check_bytes(text);
  if (!bytes) return std::move(bytes).error();
  return JsonChecker(text, member).check();
}

}  // namespace tinyhttpd
