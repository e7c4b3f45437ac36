#include "tinyhttpd/text_difference.hpp"

#include <algorithm>

#include "tinyhttpd/utf8.hpp"

namespace tinyhttpd {
namespace {

/// The table of the longest common subsequence has no more cells.
constexpr std::size_t kMostCells = 1024 * 1024;

using Lines = std::vector<std::string_view>;

/// Each with its line feed.
Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

/// Collects the lines that differ, the first of them whole.
class Collector {
 public:
  explicit Collector(TextDifference& difference) : difference_(difference) {}

  void add(bool is_new, std::size_t index, std::string_view line) {
    if (difference_.lines.size() == kMostDifferentLines) {
      ++difference_.lines_left_out;
      return;
    }
    const bool has_end = line.ends_with('\n');
    if (has_end) line.remove_suffix(1);
    difference_.lines.push_back({is_new, index + 1, std::string(line), has_end});
  }

 private:
  TextDifference& difference_;
};

/// What lies between the lines that both have at their beginnings and at their ends.
struct Middle {
  std::size_t begin, before_end, now_end;
};

Middle middle_of(const Lines& before, const Lines& now) {
  const auto apart = std::mismatch(before.begin(), before.end(), now.begin(), now.end());
  Middle middle{static_cast<std::size_t>(apart.first - before.begin()), before.size(), now.size()};
  while (middle.before_end > middle.begin && middle.now_end > middle.begin &&
         before[middle.before_end - 1] == now[middle.now_end - 1]) {
    --middle.before_end;
    --middle.now_end;
  }
  return middle;
}

/// Each line with the one at its own place.
void compare_by_place(const Lines& before, const Lines& now, const Middle& middle, Collector& collector) {
  for (std::size_t i = middle.begin; i < std::max(middle.before_end, middle.now_end); ++i) {
    const bool was = i < middle.before_end;
    const bool is = i < middle.now_end;
    if (was && is && before[i] == now[i]) continue;
    if (was) collector.add(false, i, before[i]);
    if (is) collector.add(true, i, now[i]);
  }
}

/// By the longest common subsequence of both: a cell holds its length from these two lines on.
void compare_by_content(const Lines& before, const Lines& now, const Middle& middle, Collector& collector) {
  const std::size_t width = middle.now_end - middle.begin + 1;
  std::vector<std::uint32_t> cells((middle.before_end - middle.begin + 1) * width, 0);
  const auto cell = [&](std::size_t i, std::size_t j) -> std::uint32_t& {
    return cells[(i - middle.begin) * width + (j - middle.begin)];
  };
  for (std::size_t i = middle.before_end; i-- > middle.begin;)
    for (std::size_t j = middle.now_end; j-- > middle.begin;)
      cell(i, j) = before[i] == now[j] ? cell(i + 1, j + 1) + 1 : std::max(cell(i + 1, j), cell(i, j + 1));
  std::size_t i = middle.begin;
  std::size_t j = middle.begin;
  while (i < middle.before_end || j < middle.now_end) {
    const bool was = i < middle.before_end;
    const bool is = j < middle.now_end;
    if (was && is && before[i] == now[j]) {
      ++i, ++j;
    } else if (was && (!is || cell(i + 1, j) >= cell(i, j + 1))) {
      collector.add(false, i, before[i]), ++i;
    } else {
      collector.add(true, j, now[j]), ++j;
    }
  }
}

void compare_lines(std::string_view before, std::string_view now, TextDifference& difference) {
  const Lines old_lines = lines_of(before);
  const Lines new_lines = lines_of(now);
  const Middle middle = middle_of(old_lines, new_lines);
  Collector collector(difference);
  const std::size_t rows = middle.before_end - middle.begin + 1;
  const std::size_t columns = middle.now_end - middle.begin + 1;
  if (columns <= kMostCells / rows) {
    compare_by_content(old_lines, new_lines, middle, collector);
  } else {
    compare_by_place(old_lines, new_lines, middle, collector);
  }
}

std::string around(std::string_view text, std::size_t offset) {
  const std::size_t begin = offset - std::min(offset, kContextBytes);
  return std::string(text.substr(begin, offset - begin + kContextBytes));
}

}  // namespace

TextDifference compare_texts(std::string_view before, std::string_view now) {
  TextDifference difference;
  difference.before_bytes = before.size();
  difference.now_bytes = now.size();
  difference.same = before == now;
  if (difference.same) return difference;
  const auto apart = std::mismatch(before.begin(), before.end(), now.begin(), now.end());
  difference.offset = static_cast<std::size_t>(apart.first - before.begin());
  difference.line += static_cast<std::size_t>(std::count(before.begin(), apart.first, '\n'));
  difference.before = around(before, difference.offset);
  difference.now = around(now, difference.offset);
  if (is_utf8(before) && is_utf8(now)) compare_lines(before, now, difference);
  return difference;
}

}  // namespace tinyhttpd
