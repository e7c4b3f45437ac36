#include "tinyhttpd/option_value.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace tinyhttpd {

namespace {

/// A decimal number without sign that is the whole of `text`, if it is one and fits.
std::optional<std::uint64_t> digits(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

/// How far the digits before this unit are shifted; nothing for a byte that is no unit.
std::optional<unsigned> unit_shift(char unit) {
  switch (unit) {
    case 'k':
    case 'K': return 10;
    case 'm':
    case 'M': return 20;
    case 'g':
    case 'G': return 30;
    default: return std::nullopt;
  }
}

std::optional<std::uint64_t> bytes(std::string_view text) {
  if (text.empty()) return std::nullopt;
  auto shift = unit_shift(text.back());
  if (shift) text.remove_suffix(1);
  auto number = digits(text);
  if (!number || *number > std::numeric_limits<std::uint64_t>::max() >> shift.value_or(0))
    return std::nullopt;
  return *number << shift.value_or(0);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

void refuse_value(const OptionValue& value, std::string_view right) {
  std::string line(value.lead);
  if (line.empty()) line.append("--").append(value.option).append(" ");
  // An empty value shows as '', so that the line does not read as if there were none.
  line.append(value.key).append(value.text.empty() ? "''" : value.text);
  throw UsageError(line.append(": ").append(right));
}

std::string size_text(std::uint64_t size) {
  for (auto [unit, shift] : {std::pair{"G", 30U}, {"M", 20U}, {"K", 10U}}) {
    if (size != 0 && size % (1ULL << shift) == 0) return std::to_string(size >> shift) + unit;
  }
  return std::to_string(size);
}

std::uint64_t number_from(const OptionValue& value, std::uint64_t least, std::uint64_t most) {
  auto number = digits(value.text);
  if (number && *number >= least && *number <= most) return *number;
  refuse_value(value, "must be a number from " + std::to_string(least) + " to " + std::to_string(most));
}

std::uint64_t size_from(const OptionValue& value, std::uint64_t least, std::uint64_t most) {
  auto size = bytes(value.text);
  if (size && *size >= least && *size <= most) return *size;
  refuse_value(value, "must be a size from " + size_text(least) + " to " + size_text(most) +
                          ", in bytes or with K, M or G, such as 64K");
}

Seconds seconds_from(const OptionValue& value) {
  double number = 0;
  const char* end = value.text.data() + value.text.size();
  auto [stop, error] = std::from_chars(value.text.data(), end, number, std::chars_format::fixed);
  // A comparison with NaN is false, so "nan" and "inf", which from_chars reads, are refused here as well.
  if (error == std::errc() && stop == end && number > 0 && number <= kMaxSeconds) return Seconds(number);
  refuse_value(value, "must be a number of seconds above 0 and at most 2000000, such as 30 or 0.5");
}

std::vector<std::string> list_from(const OptionValue& value) {
  std::vector<std::string> items;
  std::string_view rest = value.text;
  while (true) {
    std::size_t comma = rest.find(',');
    std::string_view item = trimmed(rest.substr(0, comma));
    if (item.empty()) refuse_value(value, "must be names with a comma between them, such as a,b");
    items.emplace_back(item);
    if (comma == std::string_view::npos) return items;
    rest.remove_prefix(comma + 1);
  }
}

bool switch_from(const OptionValue& value) {
  if (value.text == "on") return true;
  if (value.text == "off") return false;
  refuse_value(value, "must be on or off");
}

std::pair<std::string, std::string> pair_from(const OptionValue& value, std::string_view form) {
  std::size_t equals = value.text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == value.text.size()) {
    refuse_value(value, "must be " + std::string(form));
  }
  return {std::string(value.text.substr(0, equals)), std::string(value.text.substr(equals + 1))};
}

}  // namespace tinyhttpd
