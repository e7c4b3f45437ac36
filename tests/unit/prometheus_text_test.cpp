#include "tinyhttpd/prometheus_text.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

using namespace tinyhttpd;

namespace {

/// What stands for a value after the name.
std::string written(double value) {
  PrometheusText text;
  text.sample(value);
  return text.text().substr(1, text.text().size() - 2);
}

}  // namespace

TEST_CASE("PrometheusText writes a metric with its help and type before its samples") {
  PrometheusText text;
  text.begin("requests_total", MetricType::counter, "Requests.");
  text.sample(std::uint64_t{3}, {{"handler", "serve_file"}, {"code", "200"}});
  text.sample(std::uint64_t{0}, {{"handler", "serve_file"}, {"code", "404"}});
  text.gauge("queue_length", "In the queue.", 7);
  CHECK(text.text() ==
        "# HELP requests_total Requests.\n"
        "# TYPE requests_total counter\n"
        "requests_total{handler=\"serve_file\",code=\"200\"} 3\n"
        "requests_total{handler=\"serve_file\",code=\"404\"} 0\n"
        "# HELP queue_length In the queue.\n"
        "# TYPE queue_length gauge\n"
        "queue_length 7\n");
}

TEST_CASE("PrometheusText writes a histogram whose buckets count those below them, too") {
  const std::array<double, 3> bounds{0.0001, 0.5, 60};
  const std::array<std::uint64_t, 4> counts{2, 0, 3, 1};
  PrometheusText text;
  text.begin("seconds", MetricType::histogram, "Time.");
  text.histogram(bounds, counts, 99.25, {{"handler", "a"}});
  CHECK(text.text() ==
        "# HELP seconds Time.\n"
        "# TYPE seconds histogram\n"
        "seconds_bucket{handler=\"a\",le=\"0.0001\"} 2\n"
        "seconds_bucket{handler=\"a\",le=\"0.5\"} 2\n"
        "seconds_bucket{handler=\"a\",le=\"60\"} 5\n"
        "seconds_bucket{handler=\"a\",le=\"+Inf\"} 6\n"
        "seconds_sum{handler=\"a\"} 99.25\n"
        "seconds_count{handler=\"a\"} 6\n");
}

TEST_CASE("PrometheusText writes a histogram without labels, and one that is empty") {
  const std::array<double, 1> bounds{1};
  const std::array<std::uint64_t, 2> counts{0, 0};
  PrometheusText text;
  text.begin("s", MetricType::histogram, "");
  text.histogram(bounds, counts, 0);
  CHECK(text.text() ==
        "# HELP s \n# TYPE s histogram\n"
        "s_bucket{le=\"1\"} 0\ns_bucket{le=\"+Inf\"} 0\ns_sum 0\ns_count 0\n");
}

TEST_CASE("PrometheusText keeps a label and a help text within their line") {
  PrometheusText text;
  text.begin("m", MetricType::gauge, "a \"b\" \\ c\nd");
  text.sample(std::uint64_t{1}, {{"l", "a \"b\" \\ c\nd ü"}});
  CHECK(text.text() ==
        "# HELP m a \"b\" \\\\ c\\nd\n"
        "# TYPE m gauge\n"
        "m{l=\"a \\\"b\\\" \\\\ c\\nd ü\"} 1\n");
}

TEST_CASE("PrometheusText writes whole numbers whole, and others so that they read back the same") {
  PrometheusText text;
  text.gauge("m", "h", std::numeric_limits<std::uint64_t>::max());
  CHECK(text.text().ends_with("m 18446744073709551615\n"));
  CHECK(written(0) == "0");
  CHECK(written(0.1) == "0.1");
  CHECK(written(-2.5) == "-2.5");
  CHECK(written(1795403179.123) == "1795403179.123");
  CHECK(written(0.000001) == "0.000001");
  CHECK(std::stod(written(1e300)) == 1e300);
  CHECK(written(std::numeric_limits<double>::infinity()) == "+Inf");
  CHECK(written(-std::numeric_limits<double>::infinity()) == "-Inf");
  CHECK(written(std::nan("")) == "NaN");
}
