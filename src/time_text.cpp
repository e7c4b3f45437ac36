#include "tinyhttpd/time_text.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace tinyhttpd {

std::string iso_time(std::int64_t unix_microseconds) {
  using namespace std::chrono;
  const sys_time<microseconds> moment{microseconds(unix_microseconds)};
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss time(floor<milliseconds>(moment - day));
  std::array<char, 40> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace tinyhttpd
