#include "tinyhttpd/folder_page.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <compare>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/html.hpp"
#include "tinyhttpd/request_target.hpp"

namespace tinyhttpd {

namespace {

using By = FolderOrder::By;

// ---- Order

/// Takes the digits off the front of `text`, without the zeros that lead them.
std::string_view take_number(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

/// Of two numbers without leading zeros the longer one is the larger.
std::strong_ordering compare_numbers(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

std::strong_ordering compare_names(std::string_view a, std::string_view b) {
  std::string_view left = a;
  std::string_view right = b;
  while (!left.empty() && !right.empty()) {
    auto order = std::strong_ordering::equal;
    if (is_digit(left.front()) && is_digit(right.front())) {
      order = compare_numbers(take_number(left), take_number(right));
    } else {
      order = static_cast<unsigned char>(to_lower(left.front())) <=>
              static_cast<unsigned char>(to_lower(right.front()));
      left.remove_prefix(1);
      right.remove_prefix(1);
    }
    if (std::is_neq(order)) return order;
  }
  if (left.empty() != right.empty()) return right.empty() <=> left.empty();
  return a <=> b;  // "a" and "A", "1" and "01": some order, always the same
}

/// What of two entries of one kind comes first in ascending order. The size of a folder is not known.
std::strong_ordering compare(const FolderEntry& a, const FolderEntry& b, By by) {
  if (by == By::name) return compare_names(a.name, b.name);
  if (by == By::modified) return a.modified <=> b.modified;
  return a.is_folder ? std::strong_ordering::equal : a.size <=> b.size;
}

bool comes_before(const FolderEntry& a, const FolderEntry& b, FolderOrder order) {
  if (a.is_folder != b.is_folder) return a.is_folder;
  const auto compared = compare(a, b, order.by);
  if (std::is_eq(compared)) return std::is_lt(compare_names(a.name, b.name));
  return order.descending ? std::is_gt(compared) : std::is_lt(compared);
}

// ---- Values for people

/// "999 B", "1.4 kB", "12 MB": two digits where there would be one, units of 1000 as SI has them.
std::string readable_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 7> kUnits = {" B", " kB", " MB", " GB", " TB", " PB", " EB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  char digits[16];
  const int decimals = unit > 0 && value < 9.95 ? 1 : 0;
  const auto end =
      std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, decimals).ptr;
  return std::string(digits, end).append(kUnits[unit]);
}

void append_padded(std::string& text, int value, std::size_t width) {
  const std::string digits = std::to_string(value);
  text.append(width - std::min(width, digits.size()), '0').append(digits);
}

/// "2026-11-22 13:00".
std::string readable_time(UnixTime time) {
  using namespace std::chrono;
  // Four digits for the year, whatever a file system claims.
  constexpr sys_seconds kEarliest = sys_days(year(0) / January / 1);
  constexpr sys_seconds kLatest = sys_days(year(10000) / January / 1) - std::chrono::seconds(1);
  const sys_seconds point(
      std::clamp(std::chrono::seconds(time), kEarliest.time_since_epoch(), kLatest.time_since_epoch()));
  const auto midnight = floor<days>(point);
  const year_month_day date(midnight);
  const hh_mm_ss<std::chrono::seconds> clock(point - midnight);
  std::string text;
  append_padded(text, static_cast<int>(date.year()), 4);
  append_padded(text += '-', static_cast<int>(static_cast<unsigned>(date.month())), 2);
  append_padded(text += '-', static_cast<int>(static_cast<unsigned>(date.day())), 2);
  append_padded(text += ' ', static_cast<int>(clock.hours().count()), 2);
  append_padded(text += ':', static_cast<int>(clock.minutes().count()), 2);
  return text;
}

/// "1 folder", "2 folders"; the plural ends in s.
std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count).append(" ").append(noun).append(count == 1 ? "" : "s");
}

// ---- The table

constexpr std::string_view sort_word(By by) {
  switch (by) {
    case By::name: return "name";
    case By::size: return "size";
    case By::modified: break;
  }
  return "date";
}

/// The head of a column: a link that sorts by it, or turns the order round. First come the names from A, and
/// the largest and the newest files.
void append_column_head(std::string& html, By by, std::string_view title, FolderOrder order) {
  const bool is_sorted = order.by == by;
  const bool to_descending = is_sorted ? !order.descending : by != By::name;
  html.append("<th scope=\"col\"");
  if (is_sorted) html.append(order.descending ? " aria-sort=\"descending\"" : " aria-sort=\"ascending\"");
  html.append("><a href=\"?sort=").append(sort_word(by)).append("&amp;order=");
  html.append(to_descending ? "desc" : "asc").append("\">").append(title).append("</a></th>");
}

/// The name with a link. "./" before it, so that no name can be read as a scheme ("javascript:") or an
/// authority (RFC 3986 section 4.2); <bdi>, so that no direction of writing in it spills over.
void append_name(std::string& html, const FolderEntry& entry) {
  const std::string_view slash = entry.is_folder ? "/" : "";
  html.append("<a href=\"./");
  append_escaped_html(html, percent_encode_path(entry.name));
  html.append(slash).append("\"><bdi>");
  append_escaped_html(html, entry.name);
  html.append("</bdi>").append(slash).append("</a>");
}

void append_row(std::string& html, const FolderEntry& entry) {
  html.append("<tr><td>");
  append_name(html, entry);
  html.append("</td><td>");
  if (!entry.is_folder) html.append(readable_size(entry.size));
  html.append("</td><td>").append(readable_time(entry.modified)).append("</td></tr>\n");
}

void append_table(std::string& html, const std::vector<FolderEntry>& entries, FolderOrder order) {
  html.append("<table>\n<thead><tr>");
  append_column_head(html, By::name, "Name", order);
  append_column_head(html, By::size, "Size", order);
  append_column_head(html, By::modified, "Modified", order);
  html.append("</tr></thead>\n<tbody>\n");
  for (const FolderEntry& entry : entries) append_row(html, entry);
  html.append("</tbody>\n</table>\n");
}

void append_summary(std::string& html, const std::vector<FolderEntry>& entries, std::size_t left_out) {
  const auto folders = static_cast<std::size_t>(std::count_if(
      entries.begin(), entries.end(), [](const FolderEntry& entry) { return entry.is_folder; }));
  html.append("<p class=\"quiet\">").append(counted(folders, "folder")).append(", ");
  html.append(counted(entries.size() - folders, "file")).append(". Times are in UTC.");
  if (left_out > 0) html.append(" ").append(std::to_string(left_out)).append(" more are here and not shown.");
  html.append("</p>\n");
}

}  // namespace

FolderOrder folder_order(std::string_view query) {
  FolderOrder order;
  while (!query.empty()) {
    const std::string_view word = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(word.size() + 1, query.size()));
    if (word == "sort=name") order.by = By::name;
    if (word == "sort=size") order.by = By::size;
    if (word == "sort=date") order.by = By::modified;
    if (word == "order=asc") order.descending = false;
    if (word == "order=desc") order.descending = true;
  }
  return order;
}

void sort_entries(std::vector<FolderEntry>& entries, FolderOrder order) {
  std::sort(entries.begin(), entries.end(),
            [order](const FolderEntry& a, const FolderEntry& b) { return comes_before(a, b, order); });
}

std::string folder_page(std::string_view path, const std::vector<FolderEntry>& entries, FolderOrder order,
                        std::size_t left_out) {
  std::string body = "<h1>Index of <bdi>";
  append_escaped_html(body, path);
  body.append("</bdi></h1>\n");
  if (path != "/") body.append("<p><a href=\"../\">\u2191 Folder above</a></p>\n");
  if (entries.empty() && left_out == 0) {
    body.append("<p>This folder is empty.</p>\n");
  } else {
    append_table(body, entries, order);
    append_summary(body, entries, left_out);
  }
  return html_page("Index of " + std::string(path), body);
}

}  // namespace tinyhttpd
