// Conditional and range requests: ranges lie within the representation and apart, and no field is misread
// into a wrong refusal.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/conditional.hpp"

using namespace tinyhttpd;

namespace {

constexpr UnixTime kModified = 784111777;
constexpr UnixTime kNow = 1767225600;

void require(bool holds) {
  if (!holds) std::abort();
}

RangeDecision decide(std::string_view range, std::uint64_t size, const Validators& validators) {
  Request request;
  request.fields = {{"Range", range}};
  return decide_range(request, validators, size, kNow);
}

bool lies_within(const ByteRange& part, std::uint64_t size) {
  return part.length > 0 && part.first < size && part.length <= size - part.first;
}

/// Bytes between two parts; 0 when they touch or overlap.
std::uint64_t gap(const ByteRange& a, const ByteRange& b) {
  if (a.first > b.first) return gap(b, a);
  const auto end = a.first + a.length;
  return b.first > end ? b.first - end : 0;
}

/// The parts lie within the representation and apart, so that all together they are no more than it is, and
/// asking for them as they are gives them again.
void check_parts(const std::vector<ByteRange>& parts, std::uint64_t size, const Validators& validators) {
  require(!parts.empty() && parts.size() <= kMaxRanges);
  std::string exact = "bytes=";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    require(lies_within(parts[i], size));
    for (std::size_t j = 0; j < i; ++j) require(gap(parts[i], parts[j]) > 0);
    exact +=
        std::to_string(parts[i].first) + "-" + std::to_string(parts[i].first + parts[i].length - 1) + ",";
  }
  require(decide(exact, size, validators).parts == parts);
}

void check_range(std::string_view range, std::uint64_t size, const Validators& validators) {
  const RangeDecision decision = decide(range, size, validators);
  if (decision.kind == RangeDecision::Kind::parts) {
    check_parts(decision.parts, size, validators);
  } else {
    require(decision.parts.empty());
  }
  // On an empty representation the same syntax cannot be satisfied; what is no syntax stays whole whatever
  // the size.
  const bool is_syntax = decision.kind != RangeDecision::Kind::whole;
  const auto of_empty = decide(range, 0, validators).kind;
  require(of_empty == (is_syntax ? RangeDecision::Kind::unsatisfiable : RangeDecision::Kind::whole));
}

/// If-Range lets a range through only as the current tag or date, exactly.
void check_if_range(std::string_view value, const Validators& validators) {
  Request request;
  request.fields = {{"Range", "bytes=0-0"}, {"If-Range", value}};
  const bool kept = decide_range(request, validators, 10, kNow).kind == RangeDecision::Kind::parts;
  require(kept == (value == validators.etag || parse_http_date(value, kNow) == kModified));
}

void check_conditions(std::string_view value, const Validators& validators) {
  Request request;
  request.fields = {{"If-None-Match", value}};
  const bool lists_weakly = evaluate_conditions(request, validators, kNow) == Condition::not_modified;
  request.fields = {{"If-Match", value}};
  const bool lists_strongly = evaluate_conditions(request, validators, kNow) == Condition::send;
  require(lists_weakly || !lists_strongly);
  require(!lists_weakly || value == "*" || value.find(validators.etag) != std::string_view::npos);
}

}  // namespace

/// The first eight bytes are the size of the representation; the rest is the value of every field in turn.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t representation_size = 0;
  if (size < sizeof representation_size) return 0;
  std::memcpy(&representation_size, data, sizeof representation_size);
  const std::string_view value(reinterpret_cast<const char*>(data) + sizeof representation_size,
                               size - sizeof representation_size);

  const Validators validators{"\"abc\"", kModified};
  check_range(value, representation_size, validators);
  check_range("bytes=" + std::string(value), representation_size, validators);
  check_if_range(value, validators);
  check_conditions(value, validators);
  if (const auto time = parse_http_date(value, kNow))
    require(parse_http_date(http_date(*time), kNow) == time || *time > 253402300799);
  return 0;
}
