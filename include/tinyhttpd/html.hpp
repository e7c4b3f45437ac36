// Pages the server makes by itself: one small frame for all, readable on a phone, dark or light, without
// anything that must be fetched.
#pragma once

#include <string>
#include <string_view>

namespace tinyhttpd {

/// Appends `text` so that it is text in HTML, in quoted attributes too: & < > " ' become references. Bytes
/// that are not UTF-8, control characters, and those that turn the direction of writing round become U+FFFD.
void append_escaped_html(std::string& html, std::string_view text);

/// A whole page: `title` is text and escaped here, `body` is HTML ready to go into <main>.
std::string html_page(std::string_view title, std::string_view body);

}  // namespace tinyhttpd
