#include "tinyhttpd/http_date.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace tinyhttpd {

namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

// Both formats have four digits for the year.
constexpr UnixTime kEarliest = sys_seconds(sys_days(year(0) / January / 1)).time_since_epoch().count();
constexpr UnixTime kLatest = sys_seconds(sys_days(year(10000) / January / 1)).time_since_epoch().count() - 1;

/// A point in time taken apart, in UTC.
struct CivilTime {
  explicit CivilTime(UnixTime time) {
    const sys_seconds point{std::chrono::seconds(std::clamp(time, kEarliest, kLatest))};
    const auto midnight = floor<days>(point);
    date = year_month_day(midnight);
    day_of_week = weekday(midnight).c_encoding();
    clock = hh_mm_ss<std::chrono::seconds>(point - midnight);
  }
  int year() const { return static_cast<int>(date.year()); }
  std::string_view month() const { return kMonths.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3); }

  year_month_day date;
  unsigned day_of_week = 0;
  hh_mm_ss<std::chrono::seconds> clock;
};

char* put(char* out, std::string_view text) {
  return std::copy(text.begin(), text.end(), out);
}

char* put_two_digits(char* out, int value) {
  *out++ = static_cast<char>('0' + value / 10);
  *out++ = static_cast<char>('0' + value % 10);
  return out;
}

char* put_clock(char* out, const CivilTime& time) {
  out = put_two_digits(out, static_cast<int>(time.clock.hours().count()));
  *out++ = ':';
  out = put_two_digits(out, static_cast<int>(time.clock.minutes().count()));
  *out++ = ':';
  return put_two_digits(out, static_cast<int>(time.clock.seconds().count()));
}

/// "06 Nov 1994", with `separator` for the spaces.
char* put_date(char* out, const CivilTime& time, char separator) {
  out = put_two_digits(out, static_cast<int>(static_cast<unsigned>(time.date.day())));
  *out++ = separator;
  out = put(out, time.month());
  *out++ = separator;
  out = put_two_digits(out, time.year() / 100);
  return put_two_digits(out, time.year() % 100);
}

/// Reads a date from left to right; the first thing that is not as it should be makes all the rest fail.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  void literal(std::string_view expected) {
    if (rest_.substr(0, expected.size()) != expected) return fail();
    rest_.remove_prefix(expected.size());
  }

  /// Exactly so many digits.
  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return fail(), 0;
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  /// A day of the month as asctime writes it: two characters, the first a digit or a space.
  int padded_day() {
    if (rest_.empty() || rest_.front() != ' ') return number(2);
    rest_.remove_prefix(1);
    return number(1);
  }

  /// 1 to 12.
  unsigned month() {
    for (unsigned i = 0; i < 12; ++i) {
      if (rest_.substr(0, 3) != kMonths.substr(i * 3, 3)) continue;
      rest_.remove_prefix(3);
      return i + 1;
    }
    fail();
    return 1;
  }

  std::chrono::seconds clock() {
    const hours hour(number(2));
    literal(":");
    const minutes minute(number(2));
    literal(":");
    const std::chrono::seconds second(number(2));
    // 60 is a leap second, which this calendar counts as the next minute's first (RFC 9110 section 5.6.7).
    if (hour > hours(23) || minute > minutes(59) || second > std::chrono::seconds(60)) fail();
    return hour + minute + second;
  }

  bool failed() const { return failed_; }
  bool complete() const { return !failed_ && rest_.empty(); }

 private:
  void fail() {
    failed_ = true;
    rest_ = {};
  }
  std::string_view rest_;
  bool failed_ = false;
};

std::optional<UnixTime> unix_time(const year_month_day& date, std::chrono::seconds clock) {
  if (!date.ok()) return std::nullopt;
  return (sys_days(date) + clock).time_since_epoch().count();
}

year_month_day civil_date(int years, unsigned months, int days_of_month) {
  return year(years) / month(months) / day(static_cast<unsigned>(days_of_month));
}

/// "Sun, 06 Nov 1994 08:49:37 GMT", after the name of the day.
std::optional<UnixTime> parse_imf_fixdate(Reader reader) {
  reader.literal(", ");
  const int day_of_month = reader.number(2);
  reader.literal(" ");
  const unsigned month_number = reader.month();
  reader.literal(" ");
  const int year_number = reader.number(4);
  reader.literal(" ");
  const auto clock = reader.clock();
  reader.literal(" GMT");
  if (!reader.complete()) return std::nullopt;
  return unix_time(civil_date(year_number, month_number, day_of_month), clock);
}

/// The latest year with these last two digits that puts the date no more than 50 years after `now`.
int full_year(int two_digits, unsigned month_number, int day_of_month, UnixTime now) {
  const CivilTime today(now);
  int candidate = (today.year() / 100 + 1) * 100 + two_digits;
  const auto limit = year_month_day(year(today.year() + 50), today.date.month(), today.date.day());
  while (civil_date(candidate, month_number, day_of_month) > limit) candidate -= 100;
  return candidate;
}

/// "Sunday, 06-Nov-94 08:49:37 GMT", after the name of the day.
std::optional<UnixTime> parse_rfc850(Reader reader, UnixTime now) {
  reader.literal(", ");
  const int day_of_month = reader.number(2);
  reader.literal("-");
  const unsigned month_number = reader.month();
  reader.literal("-");
  const int two_digits = reader.number(2);
  reader.literal(" ");
  const auto clock = reader.clock();
  reader.literal(" GMT");
  if (!reader.complete()) return std::nullopt;
  const int year_number = full_year(two_digits, month_number, day_of_month, now);
  return unix_time(civil_date(year_number, month_number, day_of_month), clock);
}

/// "Sun Nov  6 08:49:37 1994", after the name of the day.
std::optional<UnixTime> parse_asctime(Reader reader) {
  reader.literal(" ");
  const unsigned month_number = reader.month();
  reader.literal(" ");
  const int day_of_month = reader.padded_day();
  reader.literal(" ");
  const auto clock = reader.clock();
  reader.literal(" ");
  const int year_number = reader.number(4);
  if (!reader.complete()) return std::nullopt;
  return unix_time(civil_date(year_number, month_number, day_of_month), clock);
}

}  // namespace

std::string http_date(UnixTime time) {
  const CivilTime civil(time);
  std::array<char, 32> buffer;
  char* out = put(buffer.data(), kDays[civil.day_of_week].substr(0, 3));
  out = put(out, ", ");
  out = put_date(out, civil, ' ');
  *out++ = ' ';
  out = put(put_clock(out, civil), " GMT");
  return {buffer.data(), out};
}

std::string log_date(UnixTime time) {
  const CivilTime civil(time);
  std::array<char, 32> buffer;
  char* out = put_date(buffer.data(), civil, '/');
  *out++ = ':';
  out = put(put_clock(out, civil), " +0000");
  return {buffer.data(), out};
}

std::optional<UnixTime> parse_http_date(std::string_view text, UnixTime now) {
  for (const auto name : kDays) {
    if (text.substr(0, 3) != name.substr(0, 3)) continue;
    if (text.substr(0, name.size()) == name) return parse_rfc850(Reader(text.substr(name.size())), now);
    const Reader rest(text.substr(3));
    if (const auto time = parse_imf_fixdate(rest)) return time;
    return parse_asctime(rest);
  }
  return std::nullopt;
}

}  // namespace tinyhttpd
