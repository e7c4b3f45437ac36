#include "tinyhttpd/html.hpp"

#include <algorithm>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/utf8.hpp"

namespace tinyhttpd {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// The reference for a character that means something in HTML; "" for all others.
constexpr std::string_view reference(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return {};
  }
}

/// Whether a whole UTF-8 sequence is a control character (of ASCII, or U+0080 to U+009F), or one that turns
/// the direction of writing round, so that "exe.gpj" is seen for "jpg.exe" (U+202A to U+202E, U+2066 to
/// U+2069; the class of CVE-2021-42574).
bool is_control_sequence(std::string_view sequence) {
  const auto is_between = [sequence](std::string_view first, std::string_view last) {
    return sequence.size() == first.size() && first <= sequence && sequence <= last;
  };
  return (sequence.size() == 1 && is_control(sequence.front())) || is_between("\u0080", "\u009F") ||
         is_between("\u202A", "\u202E") || is_between("\u2066", "\u2069");
}

// Few rules, for every page alike. The colours are those of a sheet of paper, by day and by night.
constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--desk:#f4f2ec;--ink:#1d2327;--quiet:#555e66;--line:#dcd8cd;--accent:#0a655f}
@media(prefers-color-scheme:dark){
:root{--desk:#111517;--ink:#e7e6e1;--quiet:#a7afb4;--line:#333b40;--accent:#74d1c6}}
*{box-sizing:border-box}
body{display:flex;flex-direction:column;min-height:100vh;margin:0 auto;max-width:56rem;padding:0 1.25rem;
background:var(--desk);color:var(--ink);font:1.0625rem/1.6 system-ui,sans-serif;overflow-wrap:anywhere}
main{flex:1;padding:clamp(1.5rem,7vh,4.5rem) 0 2rem}
h1{margin:0 0 1.25rem;font-size:1.625rem;line-height:1.25}
h1 b{display:block;color:var(--accent);font-size:clamp(4.5rem,18vw,7rem);line-height:1.05}
p{max-width:36rem;margin:0 0 1rem}
a{color:var(--accent);text-underline-offset:.2em}
footer,th,.quiet,td+td{color:var(--quiet);font-size:.9375rem}
footer{padding:1rem 0;border-top:1px solid var(--line)}
table{width:100%;border-collapse:collapse;margin:0 0 1rem}
th{text-align:left;font-weight:400}
th:first-child{width:100%}
th,td{padding:.45rem 0;border-bottom:1px solid var(--line);vertical-align:baseline}
th+th,td+td{padding-left:1.5rem;text-align:right;white-space:nowrap;
font-variant-numeric:tabular-nums}
td a{display:block;text-decoration:none}
td a:hover{text-decoration:underline}
th[aria-sort=ascending]::after{content:" \2191"}
th[aria-sort=descending]::after{content:" \2193"}
@media(max-width:40rem){
tr{display:flex;flex-wrap:wrap;gap:0 1rem;padding:.4rem 0;border-bottom:1px solid var(--line)}
th,td{padding:0!important;border:0}
th:first-child{width:auto}
th a{display:inline-block;padding:.4rem 0}
td:first-child{flex:1 0 100%}
td:empty{display:none}
}
)css";

}  // namespace

void append_escaped_html(std::string& html, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(sequence.size());
    if (length == 0 || is_control_sequence(sequence)) {
      html.append(kReplacement);
    } else if (const std::string_view escaped = reference(sequence.front()); !escaped.empty()) {
      html.append(escaped);
    } else {
      html.append(sequence);
    }
  }
}

std::string html_page(std::string_view title, std::string_view body) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
  page.reserve(page.size() + kStyle.size() + body.size() + 512);
  append_escaped_html(page, title);
  page.append("</title>\n<style>").append(kStyle).append("</style>\n</head>\n<body>\n<main>\n");
  page.append(body).append("</main>\n<footer>tinyhttpd</footer>\n</body>\n</html>\n");
  return page;
}

}  // namespace tinyhttpd
