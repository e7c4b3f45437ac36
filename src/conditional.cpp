#include "tinyhttpd/conditional.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace tinyhttpd {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool has_field(const Request& request, std::string_view name) {
  return request.field(name).has_value();
}

/// Whether there is any If- field: most requests have none, and need not be searched for each.
bool has_conditions(const Request& request) {
  return std::any_of(request.fields.begin(), request.fields.end(),
                     [](const Field& field) { return iequals(field.name.substr(0, 3), "If-"); });
}

/// The value of a field that must not be repeated; nothing when it is, for then nobody knows which was meant.
std::optional<std::string_view> sole_field(const Request& request, std::string_view name) {
  std::optional<std::string_view> found;
  for (const auto& field : request.fields) {
    if (!iequals(field.name, name)) continue;
    if (found) return std::nullopt;
    found = field.value;
  }
  return found;
}

/// An entity tag (RFC 9110 section 8.8.3).
struct EntityTag {
  bool weak = false;
  std::string_view opaque;  // with its quotes; empty: no tag, which equals nothing
};

bool is_entity_tag_char(char c) {
  return static_cast<unsigned char>(c) > 0x20 && c != '"' && c != '\x7f';
}

/// Takes an entity tag from the front of `text`; without one there, `opaque` is empty and `text` as before.
EntityTag take_entity_tag(std::string_view& text) {
  const bool weak = text.substr(0, 2) == "W/";
  const std::string_view tag = text.substr(weak ? 2 : 0);
  if (tag.empty() || tag.front() != '"') return {};
  std::size_t end = 1;
  while (end < tag.size() && is_entity_tag_char(tag[end])) ++end;
  if (end == tag.size() || tag[end] != '"') return {};
  text = tag.substr(end + 1);
  return {weak, tag.substr(0, end + 1)};
}

using Comparison = bool (*)(const EntityTag&, const EntityTag&);

bool equals_weakly(const EntityTag& a, const EntityTag& b) {
  return !a.opaque.empty() && a.opaque == b.opaque;
}

bool equals_strongly(const EntityTag& a, const EntityTag& b) {
  return !a.weak && !b.weak && equals_weakly(a, b);
}

/// Ours is well-formed: nothing in it needs a look.
EntityTag current_tag(const Validators& validators) {
  const std::string_view tag = validators.etag;
  const bool weak = tag.starts_with("W/");
  return {weak, tag.substr(weak ? 2 : 0)};
}

/// Whether "*" or a list of entity tags has the current one. Reads up to what is no such list, in one pass.
bool list_matches(std::string_view list, const EntityTag& current, Comparison equal) {
  if (list == "*") return true;
  while (!list.empty()) {
    if (list.front() == ',' || is_blank(list.front())) {
      list.remove_prefix(1);
      continue;
    }
    const EntityTag tag = take_entity_tag(list);
    if (tag.opaque.empty()) return false;
    if (equal(tag, current)) return true;
    while (!list.empty() && is_blank(list.front())) list.remove_prefix(1);
    if (!list.empty() && list.front() != ',') return false;
  }
  return false;
}

/// Whether any line of this field matches: lines of a list field are one list (RFC 9110 section 5.3).
bool any_line_matches(const Request& request, std::string_view name, const Validators& validators,
                      Comparison equal) {
  const EntityTag current = current_tag(validators);
  return std::any_of(request.fields.begin(), request.fields.end(), [&](const Field& field) {
    return iequals(field.name, name) && list_matches(field.value, current, equal);
  });
}

/// The date in a field, if it is there once and is a date.
std::optional<UnixTime> date_field(const Request& request, std::string_view name, UnixTime now) {
  const auto value = sole_field(request, name);
  return value ? parse_http_date(*value, now) : std::nullopt;
}

/// If-Match and, without it, If-Unmodified-Since: whether the client still knows the current state.
bool knows_current_state(const Request& request, const Validators& validators, UnixTime now) {
  if (has_field(request, "If-Match"))
    return any_line_matches(request, "If-Match", validators, equals_strongly);
  const auto since = date_field(request, "If-Unmodified-Since", now);
  return !since || validators.last_modified <= *since;
}

/// If-Range: whether the client's part is of what we have now.
bool range_is_current(const Request& request, const Validators& validators, UnixTime now) {
  if (!has_field(request, "If-Range")) return true;
  const auto value = sole_field(request, "If-Range");
  if (!value) return false;
  std::string_view rest = *value;
  if (const EntityTag tag = take_entity_tag(rest); !tag.opaque.empty())
    return rest.empty() && equals_strongly(tag, current_tag(validators));
  // A date is a strong validator only once its second is over: until then the file may change again and keep
  // it (RFC 9110 section 8.8.2.2). That the client's copy is not from within that second is for the client to
  // know (13.1.5).
  return parse_http_date(*value, now) == validators.last_modified && validators.last_modified < now;
}

/// A number at the front of `text`, taken off; as large as can be when it does not fit; nothing when there is
/// no digit.
std::optional<std::uint64_t> take_position(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) value = std::numeric_limits<std::uint64_t>::max();
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// One range-spec of the bytes unit, its positions as sent (RFC 9110 section 14.1.2).
struct RangeSpec {
  std::optional<std::uint64_t> first;  // none: a suffix, the last `last` bytes
  std::uint64_t last = 0;
};

/// Reads "0-499", "500-" or "-500"; nothing for what is none of them.
std::optional<RangeSpec> parse_spec(std::string_view text) {
  RangeSpec spec;
  if (text.front() != '-') {
    spec.first = take_position(text);
    if (!spec.first) return std::nullopt;
  }
  if (text.empty() || text.front() != '-') return std::nullopt;
  text.remove_prefix(1);
  const bool is_open = text.empty() && spec.first;
  const auto last = is_open ? std::numeric_limits<std::uint64_t>::max() : take_position(text);
  if (!last || !text.empty() || (spec.first && *last < *spec.first)) return std::nullopt;
  spec.last = *last;
  return spec;
}

/// The bytes of a representation that a range-spec means; of length 0 when there are none. No sum of what
/// was sent is ever made, so none can overflow (CVE-2017-7529).
ByteRange bytes_of(const RangeSpec& spec, std::uint64_t size) {
  if (!spec.first) {
    const std::uint64_t length = std::min(spec.last, size);
    return {size - length, length};
  }
  if (*spec.first >= size) return {};
  return {*spec.first, std::min(spec.last, size - 1) - *spec.first + 1};
}

/// Whether two ranges overlap, or one begins where the other ends. The end of a range is no more than the
/// size, so these sums fit.
bool are_joined(const ByteRange& a, const ByteRange& b) {
  return a.first <= b.first + b.length && b.first <= a.first + a.length;
}

ByteRange join(const ByteRange& a, const ByteRange& b) {
  const std::uint64_t first = std::min(a.first, b.first);
  return {first, std::max(a.first + a.length, b.first + b.length) - first};
}

/// Adds a range to `parts`, in which no two touch, and keeps them so: it is joined with every one that it
/// touches, and takes the place of the first of those. One pass finds them all: what the range grows by
/// touched no other part.
void add_part(std::vector<ByteRange>& parts, ByteRange range) {
  auto place = parts.size();
  for (std::size_t i = 0; i < parts.size();) {
    if (!are_joined(parts[i], range)) {
      ++i;
      continue;
    }
    range = join(parts[i], range);
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i));
    place = std::min(place, i);
  }
  parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(place), range);
}

/// The ranges of a range-set, as sent; none when it is not one or has more than kMaxRanges. Empty members do
/// not count (RFC 9110 section 5.6.1.2).
std::vector<RangeSpec> parse_set(std::string_view set) {
  std::vector<RangeSpec> specs;
  while (!set.empty()) {
    const auto length = std::min(set.find(','), set.size());
    const std::string_view text = trim(set.substr(0, length));
    set.remove_prefix(std::min(length + 1, set.size()));
    if (text.empty()) continue;
    const auto spec = parse_spec(text);
    if (!spec || specs.size() == kMaxRanges) return {};
    specs.push_back(*spec);
  }
  return specs;
}

/// Mixes the bits of a number, one to one: multiplicative hashing (Knuth, The Art of Computer Programming,
/// section 6.4).
constexpr std::uint64_t mix(std::uint64_t value) {
  constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;  // of 2^64
  value = (value ^ (value >> 32)) * kGoldenRatio;
  return (value ^ (value >> 29)) * kGoldenRatio;
}

}  // namespace

std::string make_etag(std::uint64_t device, std::uint64_t inode, std::uint64_t size,
                      std::int64_t mtime_seconds, std::int64_t mtime_nanoseconds) {
  // The inode is mixed, not shown: file handles of NFS have been guessed from it (CVE-2003-1418). One to one,
  // so that another file on the same device always has another tag.
  const std::uint64_t file = mix(mix(device) ^ inode);
  std::string tag = "\"";
  for (const std::uint64_t number : {file, size, static_cast<std::uint64_t>(mtime_seconds),
                                     static_cast<std::uint64_t>(mtime_nanoseconds)}) {
    char digits[16];
    tag.append(digits, std::to_chars(digits, digits + sizeof digits, number, 16).ptr);
    tag += '-';
  }
  tag.back() = '"';
  return tag;
}

Condition evaluate_conditions(const Request& request, const Validators& validators, UnixTime now) {
  if (!has_conditions(request)) return Condition::send;
  if (!knows_current_state(request, validators, now)) return Condition::precondition_failed;
  const bool reads = request.method == Method::get || request.method == Method::head;
  if (has_field(request, "If-None-Match")) {
    if (!any_line_matches(request, "If-None-Match", validators, equals_weakly)) return Condition::send;
    return reads ? Condition::not_modified : Condition::precondition_failed;
  }
  if (!reads) return Condition::send;
  const auto since = date_field(request, "If-Modified-Since", now);
  const bool unmodified = since && *since <= now && validators.last_modified <= *since;
  return unmodified ? Condition::not_modified : Condition::send;
}

RangeDecision decide_range(const Request& request, const Validators& validators, std::uint64_t size,
                           UnixTime now) {
  constexpr std::string_view kUnit = "bytes=";
  if (request.method != Method::get) return {};
  const auto range = sole_field(request, "Range");
  if (!range || !iequals(range->substr(0, kUnit.size()), kUnit)) return {};
  const auto specs = parse_set(range->substr(kUnit.size()));
  if (specs.empty() || !range_is_current(request, validators, now)) return {};
  RangeDecision decision{RangeDecision::Kind::unsatisfiable, {}};
  for (const RangeSpec& spec : specs) {
    const ByteRange bytes = bytes_of(spec, size);
    if (bytes.length > 0) add_part(decision.parts, bytes);
  }
  if (!decision.parts.empty()) decision.kind = RangeDecision::Kind::parts;
  return decision;
}

}  // namespace tinyhttpd
