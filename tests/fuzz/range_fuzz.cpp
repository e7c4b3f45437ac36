// Conditional and range requests: a range lies within the representation, and no field is misread into a
// wrong refusal.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

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

void check_range(std::string_view range, std::uint64_t size, const Validators& validators) {
  const RangeDecision decision = decide(range, size, validators);
  if (decision.kind == RangeDecision::Kind::single) {
    require(decision.range.length > 0);
    require(decision.range.first < size);
    require(decision.range.length <= size - decision.range.first);
    const auto last = decision.range.first + decision.range.length - 1;
    const auto exact = "bytes=" + std::to_string(decision.range.first) + "-" + std::to_string(last);
    require(decide(exact, size, validators).range == decision.range);
  } else {
    require(decision.range == ByteRange{});
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
  const bool kept = decide_range(request, validators, 10, kNow).kind == RangeDecision::Kind::single;
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
