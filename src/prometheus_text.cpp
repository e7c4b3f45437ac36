#include "tinyhttpd/prometheus_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

namespace tinyhttpd {

namespace {

std::string_view name_of(MetricType type) {
  switch (type) {
    case MetricType::counter: return "counter";
    case MetricType::gauge: return "gauge";
    case MetricType::histogram: return "histogram";
  }
  return "untyped";
}

/// The shortest decimal that reads back as the same number.
std::string decimal(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  const double size = std::abs(value);
  const bool is_plain = size == 0 || (size >= 1e-6 && size < 1e15);
  std::array<char, 64> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), value,
                                 is_plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  return {digits.begin(), end};
}

/// In a help text quotes stand for themselves.
enum class Quotes { plain, escaped };

void append_escaped(std::string& text, std::string_view value, Quotes quotes) {
  for (const char byte : value) {
    if (byte == '\n') {
      text += "\\n";
      continue;
    }
    if (byte == '\\' || (byte == '"' && quotes == Quotes::escaped)) text += '\\';
    text += byte;
  }
}

/// Appends `name="value",`.
void append_label(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append("=\"");
  append_escaped(text, value, Quotes::escaped);
  text += "\",";
}

}  // namespace

void PrometheusText::begin(std::string_view name, MetricType type, std::string_view help) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ");
  append_escaped(text_, help, Quotes::plain);
  text_.append("\n# TYPE ").append(name).append(" ").append(name_of(type)).append("\n");
}

void PrometheusText::sample(std::uint64_t value, Labels labels) {
  append_line("", labels, "", std::to_string(value));
}

void PrometheusText::sample(double value, Labels labels) {
  append_line("", labels, "", decimal(value));
}

void PrometheusText::histogram(std::span<const double> bounds, std::span<const std::uint64_t> counts,
                               double sum, Labels labels) {
  std::uint64_t count = 0;  // a bucket counts what is in the ones below it, too
  for (std::size_t bucket = 0; bucket < bounds.size(); ++bucket) {
    count += counts[bucket];
    append_line("_bucket", labels, decimal(bounds[bucket]), std::to_string(count));
  }
  const std::string all = std::to_string(count + counts.back());
  append_line("_bucket", labels, "+Inf", all);
  append_line("_sum", labels, "", decimal(sum));
  append_line("_count", labels, "", all);
}

void PrometheusText::counter(std::string_view name, std::string_view help, std::uint64_t value) {
  begin(name, MetricType::counter, help);
  sample(value);
}

void PrometheusText::gauge(std::string_view name, std::string_view help, std::uint64_t value) {
  begin(name, MetricType::gauge, help);
  sample(value);
}

void PrometheusText::append_line(std::string_view suffix, Labels labels, std::string_view le,
                                 std::string_view value) {
  text_.append(name_).append(suffix);
  if (labels.size() > 0 || !le.empty()) {
    text_ += '{';
    for (const MetricLabel& label : labels) append_label(text_, label.name, label.value);
    if (!le.empty()) append_label(text_, "le", le);
    text_.back() = '}';  // in place of the last comma
  }
  text_.append(" ").append(value).append("\n");
}

}  // namespace tinyhttpd
