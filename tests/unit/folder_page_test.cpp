#include "tinyhttpd/folder_page.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace tinyhttpd;

namespace {

using By = FolderOrder::By;

FolderEntry folder(std::string name, UnixTime modified = 0) {
  return {.name = std::move(name), .is_folder = true, .modified = modified};
}

FolderEntry file(std::string name, std::uint64_t size = 0, UnixTime modified = 0) {
  return {.name = std::move(name), .size = size, .modified = modified};
}

std::string page_of(const std::vector<FolderEntry>& entries, std::string_view path = "/a/",
                    FolderOrder order = {}, std::size_t left_out = 0) {
  return folder_page(path, entries, order, left_out);
}

/// What stands between <main> and </main>: what is of this page alone.
std::string main_of(const std::string& page) {
  const auto start = page.find("<main>");
  return page.substr(start, page.find("</main>") - start);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

/// The page of one file of this name, without the frame.
std::string main_with(const std::string& name) {
  return main_of(page_of({file(name)}));
}

std::string size_shown(std::uint64_t size) {
  const std::string page = main_of(page_of({file("name", size)}));
  const auto start = page.find("</td><td>") + 9;
  return page.substr(start, page.find('<', start) - start);
}

std::string time_shown(UnixTime time) {
  const std::string page = main_of(page_of({folder("name", time)}));
  const auto start = page.find("</td><td></td><td>") + 18;
  return page.substr(start, page.find('<', start) - start);
}

/// The names in the order the listing has them, each followed by a space.
std::string sorted(std::vector<FolderEntry> entries, FolderOrder order = {}) {
  sort_entries(entries, order);
  std::string names;
  for (const FolderEntry& entry : entries) names += entry.name + " ";
  return names;
}

}  // namespace

TEST_CASE("folder_order reads the order from the query") {
  CHECK(folder_order("").by == By::name);
  CHECK_FALSE(folder_order("").descending);
  CHECK(folder_order("sort=size").by == By::size);
  CHECK(folder_order("sort=date&order=desc").by == By::modified);
  CHECK(folder_order("sort=date&order=desc").descending);
  CHECK(folder_order("order=desc&sort=name").descending);
  CHECK(folder_order("order=desc&sort=size&sort=name&order=asc").by == By::name);
  CHECK_FALSE(folder_order("order=desc&order=asc").descending);
}

TEST_CASE("folder_order ignores what it does not know") {
  for (const auto query : {"sort=colour", "sort", "=", "&", "&&&", "sort=size%20", "Sort=size", "xsort=size",
                           "sort=size=desc", "order=DESC", "q=1", "sort=&order="}) {
    CAPTURE(query);
    CHECK(folder_order(query).by == By::name);
    CHECK_FALSE(folder_order(query).descending);
  }
  CHECK(folder_order("x=1&sort=size&y").by == By::size);
}

TEST_CASE("sort_entries puts folders first, whatever the order") {
  const std::vector<FolderEntry> entries = {file("a", 5, 5), folder("z", 1), file("b", 1, 9), folder("y", 9)};
  CHECK(sorted(entries) == "y z a b ");
  CHECK(sorted(entries, {By::name, true}) == "z y b a ");
  CHECK(sorted(entries, {By::size, false}) == "y z b a ");
  CHECK(sorted(entries, {By::size, true}) == "y z a b ");
  CHECK(sorted(entries, {By::modified, false}) == "z y a b ");
  CHECK(sorted(entries, {By::modified, true}) == "y z b a ");
}

TEST_CASE("sort_entries compares names as people do") {
  CHECK(sorted({file("file10"), file("file9"), file("File1")}) == "File1 file9 file10 ");
  CHECK(sorted({file("b"), file("A"), file("a"), file("B")}) == "A a B b ");
  CHECK(sorted({file("2-10"), file("2-9"), file("10-1")}) == "2-9 2-10 10-1 ");
  CHECK(sorted({file("v1.10.0"), file("v1.9.3"), file("v1.9")}) == "v1.9 v1.9.3 v1.10.0 ");
  CHECK(sorted({file("a1"), file("a01"), file("a001b"), file("a")}) == "a a01 a1 a001b ");
  CHECK(sorted({file("a99999999999999999999999"), file("a100000000000000000000000")}) ==
        "a99999999999999999999999 a100000000000000000000000 ");
}

TEST_CASE("sort_entries puts entries of one size in the order of their names, in both directions") {
  const std::vector<FolderEntry> entries = {file("c", 1), file("a", 1), file("b", 1), file("d", 0)};
  CHECK(sorted(entries, {By::size, false}) == "d a b c ");
  CHECK(sorted(entries, {By::size, true}) == "a b c d ");
}

TEST_CASE("sort_entries gives one order for one folder, however it was read") {
  std::vector<FolderEntry> entries;
  for (const auto name : {"1", "01", "001", "a", "A", "a1", "A01", "a1b", "a01B", "\xFF", "", "-", "a-", "0"})
    entries.push_back(file(name));
  for (const FolderOrder order : {FolderOrder{}, FolderOrder{By::name, true}, FolderOrder{By::size, true}}) {
    const std::string once = sorted(entries, order);
    std::mt19937 shuffler(1);
    for (int i = 0; i < 200; ++i) {
      std::shuffle(entries.begin(), entries.end(), shuffler);
      REQUIRE(sorted(entries, order) == once);
    }
  }
}

TEST_CASE("folder_page lists names with links, sizes and dates") {
  const std::string page =
      main_of(page_of({folder("photos", 1'763'812'800), file("notes.txt", 1432, 1'763'812'859)}));
  CHECK(contains(page, "<h1>Index of <bdi>/a/</bdi></h1>"));
  CHECK(contains(page,
                 "<tr><td><a href=\"./photos/\"><bdi>photos</bdi>/</a></td><td></td>"
                 "<td>2025-11-22 12:00</td></tr>"));
  CHECK(contains(page,
                 "<tr><td><a href=\"./notes.txt\"><bdi>notes.txt</bdi></a></td><td>1.4 kB</td>"
                 "<td>2025-11-22 12:00</td></tr>"));
  CHECK(contains(page, "1 folder, 1 file."));
}

TEST_CASE("folder_page says sizes in units that a person reads") {
  CHECK(size_shown(0) == "0 B");
  CHECK(size_shown(999) == "999 B");
  CHECK(size_shown(1000) == "1.0 kB");
  CHECK(size_shown(9'949) == "9.9 kB");
  CHECK(size_shown(9'950) == "10 kB");
  CHECK(size_shown(999'499) == "999 kB");
  CHECK(size_shown(999'500) == "1.0 MB");
  CHECK(size_shown(12'000'000) == "12 MB");
  CHECK(size_shown(4'700'000'000) == "4.7 GB");
  CHECK(size_shown(18'446'744'073'709'551'615U) == "18 EB");
}

TEST_CASE("folder_page says dates in UTC, and four digits of a year whatever a file claims") {
  CHECK(time_shown(0) == "1970-01-01 00:00");
  CHECK(time_shown(-1) == "1969-12-31 23:59");
  CHECK(time_shown(951'782'399) == "2000-02-28 23:59");
  CHECK(time_shown(951'868'740) == "2000-02-29 23:59");
  CHECK(time_shown(INT64_MAX) == "9999-12-31 23:59");
  CHECK(time_shown(INT64_MIN) == "0000-01-01 00:00");
}

TEST_CASE("folder_page leads to the folder above, but for the topmost") {
  CHECK(contains(main_of(page_of({}, "/a/b/")), "<a href=\"../\">"));
  CHECK_FALSE(contains(main_of(page_of({}, "/")), "../"));
}

TEST_CASE("folder_page says that a folder is empty") {
  const std::string page = main_of(page_of({}));
  CHECK(contains(page, "This folder is empty."));
  CHECK_FALSE(contains(page, "<table"));
}

TEST_CASE("folder_page counts what it shows and what it does not") {
  CHECK(contains(page_of({folder("a"), folder("b"), file("c")}), "2 folders, 1 file."));
  CHECK(contains(page_of({file("c"), file("d")}), "0 folders, 2 files."));
  CHECK_FALSE(contains(page_of({file("c")}), "not shown"));
  CHECK(
      contains(page_of({file("c")}, "/", {}, 120), "0 folders, 1 file. Times are in UTC. 120 more are here"));
}

TEST_CASE("folder_page has column heads that sort, and turn round the one that does") {
  const std::string by_name = page_of({file("a")});
  CHECK(
      contains(by_name, "<th scope=\"col\" aria-sort=\"ascending\"><a href=\"?sort=name&amp;order=desc\">"));
  CHECK(contains(by_name, "<th scope=\"col\"><a href=\"?sort=size&amp;order=desc\">"));
  CHECK(contains(by_name, "<th scope=\"col\"><a href=\"?sort=date&amp;order=desc\">"));
  const std::string by_size = page_of({file("a")}, "/", {By::size, true});
  CHECK(
      contains(by_size, "<th scope=\"col\" aria-sort=\"descending\"><a href=\"?sort=size&amp;order=asc\">"));
  CHECK(contains(by_size, "<th scope=\"col\"><a href=\"?sort=name&amp;order=asc\">"));
}

TEST_CASE("folder_page column heads are read again as they were written") {
  const FolderOrder order = folder_order("sort=date&order=desc");
  CHECK(contains(page_of({file("a")}, "/", order),
                 "aria-sort=\"descending\"><a href=\"?sort=date&amp;order=asc"));
}

TEST_CASE("folder_page shows names as text, whatever they hold") {  // the class of CVE-2012-3499
  const std::string page = main_with("<script>alert('x')</script>");
  CHECK(contains(page, "<bdi>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</bdi>"));
  CHECK_FALSE(contains(page, "<script"));
  CHECK(contains(main_with("\"><img src=x onerror=alert(1)>"),
                 "<a href=\"./%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E\"><bdi>&quot;&gt;&lt;img "));
  CHECK(contains(main_with("a&lt;b"), "href=\"./a&amp;lt;b\"><bdi>a&amp;lt;b<"));
  CHECK(contains(main_with("it's"), "href=\"./it&#39;s\"><bdi>it&#39;s<"));
}

TEST_CASE("folder_page writes links that lead to the entry and nowhere else") {
  CHECK(contains(main_with("a?b#c%d"), "href=\"./a%3Fb%23c%25d\""));
  CHECK(contains(main_with("javascript:alert(1)"), "href=\"./javascript:alert(1)\""));
  CHECK(contains(main_with("http:"), "href=\"./http:\""));
  CHECK(contains(main_with("a b+c"), "href=\"./a%20b+c\""));
  CHECK(contains(main_with("\\\\host\\x"), "href=\"./%5C%5Chost%5Cx\""));
  CHECK(contains(main_with("Gr\u00FC\u00DFe"), "href=\"./Gr%C3%BC%C3%9Fe\"><bdi>Gr\u00FC\u00DFe<"));
  CHECK(contains(main_with("..."), "href=\"./...\""));
  CHECK(contains(main_of(page_of({folder("?")})), "href=\"./%3F/\"><bdi>?</bdi>/</a>"));
}

TEST_CASE("folder_page keeps line breaks and broken UTF-8 out of the page") {
  const std::string page = main_with("a\r\nb\xFF\xC3");
  CHECK(contains(page, "href=\"./a%0D%0Ab%FF%C3\"><bdi>a\uFFFD\uFFFDb\uFFFD\uFFFD<"));
}

TEST_CASE("folder_page shows the path of the folder as text too") {
  const std::string page = page_of({}, "/<b>\"\xFF/");
  CHECK(contains(page, "<title>Index of /&lt;b&gt;&quot;\uFFFD/</title>"));
  CHECK(contains(page, "<h1>Index of <bdi>/&lt;b&gt;&quot;\uFFFD/</bdi></h1>"));
  CHECK_FALSE(contains(page, "<b>\""));
}
