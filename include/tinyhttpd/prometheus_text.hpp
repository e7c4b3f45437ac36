// Figures as Prometheus reads them: its text exposition format, version 0.0.4.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace tinyhttpd {

/// What such a text is sent as.
inline constexpr std::string_view kPrometheusMediaType = "text/plain; version=0.0.4; charset=utf-8";

enum class MetricType {
  counter,    ///< only ever grows; its name ends in "_total"
  gauge,      ///< goes up and down
  histogram,  ///< observations, counted by how large they are
};

/// Tells one series of a metric from the others. The value may hold anything that is UTF-8.
struct MetricLabel {
  std::string_view name;  ///< [a-zA-Z_][a-zA-Z0-9_]*
  std::string_view value;
};

/// Writes the text, metric by metric. Names are ours and not looked at: [a-zA-Z_:][a-zA-Z0-9_:]*.
class PrometheusText {
 public:
  using Labels = std::initializer_list<MetricLabel>;

  /// Begins a metric: its "# HELP" and "# TYPE" lines. Samples that follow are its own. Each name once.
  void begin(std::string_view name, MetricType type, std::string_view help);

  /// One line: the name, the labels where there are any, the value.
  void sample(std::uint64_t value, Labels labels = {});
  void sample(double value, Labels labels = {});

  /// One histogram: its _bucket lines, then _sum and _count. `bounds`: the upper end of each bucket,
  /// inclusive, ascending. `counts`: how many observations lie in each bucket and in none below it; one more
  /// than there are bounds, the last for what is over all of them. `sum`: of all observations. `labels` has
  /// no "le".
  void histogram(std::span<const double> bounds, std::span<const std::uint64_t> counts, double sum,
                 Labels labels = {});

  /// A metric of one sample without labels.
  void counter(std::string_view name, std::string_view help, std::uint64_t value);
  void gauge(std::string_view name, std::string_view help, std::uint64_t value);

  /// What was written so far.
  const std::string& text() const { return text_; }

 private:
  void append_line(std::string_view suffix, Labels labels, std::string_view le, std::string_view value);

  std::string text_;
  std::string name_;  // of the metric in hand
};

}  // namespace tinyhttpd
