// Two texts compared for people: where they part, and which lines are others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tinyhttpd {

/// A line that only one of two texts has.
struct DifferentLine {
  bool is_new = false;     ///< it is of the second text
  std::size_t number = 0;  ///< in its text, from 1
  std::string text;        ///< raw bytes, without the line feed
  bool has_end = true;     ///< there is a line feed
};

/// How two texts differ.
struct TextDifference {
  std::uint64_t before_bytes = 0, now_bytes = 0;
  bool same = true;
  std::size_t offset = 0;   ///< of the first byte that differs, from 0; it may be the end of one of them
  std::size_t line = 1;     ///< in which that is, from 1
  std::string before, now;  ///< the raw bytes around it, at most kContextBytes on either side
  /// The first of the lines that differ, in their order, the old before the new; none where one of the texts
  /// is no UTF-8.
  std::vector<DifferentLine> lines;
  std::size_t lines_left_out = 0;
};

inline constexpr std::size_t kContextBytes = 24;
inline constexpr std::size_t kMostDifferentLines = 20;

/// Compares two texts of any bytes. The lines are matched as `diff` does it; of texts with very many lines
/// that differ, each with the line at its own place. Memory and time are bounded.
TextDifference compare_texts(std::string_view before, std::string_view now);

}  // namespace tinyhttpd
