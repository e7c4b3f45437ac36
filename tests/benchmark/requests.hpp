// Heads as clients send them, and what was read of them.
#pragma once

#include <cstdlib>
#include <string>
#include <utility>

#include "tinyhttpd/request_parser.hpp"

namespace tinyhttpd::benchmarks {

/// The shortest that asks for a page, as load generators send it.
inline std::string short_head() {
  return "GET /1k.txt HTTP/1.1\r\nHost: 127.0.0.1:4000\r\n\r\n";
}

/// Twelve fields, as a browser sends them when a link is followed.
inline std::string browser_head() {
  return "GET /guide/page.html?from=index&lang=en HTTP/1.1\r\n"
         "Host: www.example.org:4000\r\n"
         "Connection: keep-alive\r\n"
         "Upgrade-Insecure-Requests: 1\r\n"
         "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/126.0.0.0 "
         "Safari/537.36\r\n"
         "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
         "Sec-Fetch-Site: same-origin\r\n"
         "Sec-Fetch-Mode: navigate\r\n"
         "Sec-Fetch-Dest: document\r\n"
         "Referer: http://www.example.org:4000/guide/index.html\r\n"
         "Accept-Encoding: gzip, deflate, br, zstd\r\n"
         "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
         "Cookie: theme=dark; session=0123456789abcdef0123456789abcdef\r\n\r\n";
}

/// As long as a head may be, of what is dear to read: escapes, segments to remove, many short fields.
inline std::string hostile_head() {
  std::string head = "GET /";
  while (head.size() < 7000) head += "%61/../%62/.//";
  head += " HTTP/1.1\r\nHost: a\r\nConnection: ";
  while (head.size() < 15000) head += "a , ,";
  head += "\r\n";
  for (int number = 0; number < 90; ++number) head += "x-" + std::to_string(number) + ":\t\t b\r\n";
  return head + "\r\n";
}

/// A request with the bytes that its views point into.
struct ParsedRequest {
  explicit ParsedRequest(std::string bytes) : head(std::move(bytes)) {
    if (!parse_request(head, Limits(), request)) std::abort();
  }
  ParsedRequest(const ParsedRequest&) = delete;
  ParsedRequest& operator=(const ParsedRequest&) = delete;

  const std::string head;
  Request request;
};

}  // namespace tinyhttpd::benchmarks
