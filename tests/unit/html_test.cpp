#include "tinyhttpd/html.hpp"

#include <doctest/doctest.h>

using namespace tinyhttpd;

namespace {

std::string escaped(std::string_view text) {
  std::string html;
  append_escaped_html(html, text);
  return html;
}

}  // namespace

TEST_CASE("append_escaped_html keeps text as it is") {
  CHECK(escaped("") == "");
  CHECK(escaped("Hello, world/~-_.+=;:") == "Hello, world/~-_.+=;:");
  CHECK(escaped("Gr\u00FC\u00DFe \u65E5\u672C \U0001F600") == "Gr\u00FC\u00DFe \u65E5\u672C \U0001F600");
  std::string html = "<p>";
  append_escaped_html(html, "a<b");
  CHECK(html == "<p>a&lt;b");
}

TEST_CASE("append_escaped_html lets no text become markup") {
  CHECK(escaped("<script>alert(1)</script>") == "&lt;script&gt;alert(1)&lt;/script&gt;");
  CHECK(escaped("\" onclick='x' &amp;") == "&quot; onclick=&#39;x&#39; &amp;amp;");
}

TEST_CASE("append_escaped_html replaces control bytes") {
  CHECK(escaped("a\nb\rc\td\x7F") == "a\uFFFDb\uFFFDc\uFFFDd\uFFFD");
  CHECK(escaped(std::string_view("\0\x1B[1m", 5)) == "\uFFFD\uFFFD[1m");
  CHECK(escaped("\u0080\u009F\u00A0") == "\uFFFD\uFFFD\u00A0");
}

TEST_CASE(
    "append_escaped_html does not let a name be seen in another direction") {  // class of CVE-2021-42574
  CHECK(escaped("evil\u202Egpj.exe") == "evil\uFFFDgpj.exe");
  CHECK(escaped("\u202A\u2066\u2069") == "\uFFFD\uFFFD\uFFFD");
  CHECK(escaped("\u2029\u202F\u2065\u206A\u05D0\u200F") == "\u2029\u202F\u2065\u206A\u05D0\u200F");
}

TEST_CASE("append_escaped_html replaces each byte that is not UTF-8, and hides nothing after it") {
  CHECK(escaped("\xFF<") == "\uFFFD&lt;");
  CHECK(escaped("\xC3") == "\uFFFD");
  CHECK(escaped("\xC3<b>") == "\uFFFD&lt;b&gt;");
  CHECK(escaped("\xC0\xBC") == "\uFFFD\uFFFD");            // an overlong '<'
  CHECK(escaped("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");  // a surrogate
}

TEST_CASE("html_page frames a body") {
  const std::string page = html_page("A & B</title>", "<h1>Hello</h1>\n");
  CHECK(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">\n"));
  CHECK(page.ends_with("</html>\n"));
  CHECK(page.find("<title>A &amp; B&lt;/title&gt;</title>") != page.npos);
  CHECK(page.find("<main>\n<h1>Hello</h1>\n</main>") != page.npos);
}

TEST_CASE("html_page needs nothing else, and works on a phone, by day and by night") {
  const std::string page = html_page("Title", "");
  for (const auto fetched : {"http:", "https:", "src=", "<link", "@import", "url(", "<script"}) {
    CAPTURE(fetched);
    CHECK(page.find(fetched) == page.npos);
  }
  CHECK(page.find("<meta charset=\"utf-8\">") < page.find("<title>"));
  CHECK(page.find("<meta name=\"viewport\" content=\"width=device-width") != page.npos);
  CHECK(page.find("color-scheme:light dark") != page.npos);
  CHECK(page.size() < 2200);
}
