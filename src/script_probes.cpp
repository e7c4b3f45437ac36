#include "tinyhttpd/script_probes.hpp"

#include <string>

namespace tinyhttpd {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::size_t kLargeBodyBytes = 100 * 1000;

Probe post(ProbeKind kind, std::string name, std::string_view type, std::string body) {
  Probe probe{.kind = kind, .name = std::move(name), .method = "POST"};
  probe.fields = {{"Content-Type", std::string(type)}};
  probe.body = std::move(body);
  return probe;
}

/// Quotes, angle brackets and bytes that are not ASCII where clients may put them, and in the query encoded
/// line ends, which a script decodes.
Probe hostile_probe() {
  const std::string markup(R"(<probe a="b" c='d'>é)");
  Probe probe{.kind = ProbeKind::hostile, .name = "GET with hostile values"};
  probe.query = "name=%3Cprobe%20a%3D%22b%22%20c%3D%27d%27%3E&to=%2F%0D%0AProbe-Injected:%20yes%0D%0A";
  probe.fields = {{"User-Agent", markup},
                  {"Referer", "http://localhost/" + markup},
                  {"Cookie", "probe=" + markup},
                  {"X-Probe", markup}};
  return probe;
}

}  // namespace

std::vector<Probe> script_probes() {
  using enum ProbeKind;
  const std::string fields = "name=Ada+Lovelace&color=red&number=3";
  std::vector<Probe> probes = {
      {.kind = get, .name = "GET"},
      {.kind = get_again, .name = "GET again"},
      {.kind = head, .name = "HEAD", .method = "HEAD"},
      {.kind = query, .name = "GET with a query", .query = fields},
      {.kind = search_words, .name = "GET with search words", .query = "red+green"},
      {.kind = path_info, .name = "GET with PATH_INFO", .path_info = "/extra/path"},
      post(ProbeKind::form, "POST of a form", kFormType, fields),
      post(empty_post, "POST without a body", kFormType, ""),
      post(large_post, "POST of 100 kB", "application/octet-stream", std::string(kLargeBodyBytes, 'x')),
      {.kind = unknown_method, .name = "unknown method", .method = "BREW"},
      {.kind = bare, .name = "GET without header fields"},
      hostile_probe(),
      {.kind = one_of_two, .name = "GET, first of two at once"},
      {.kind = one_of_two, .name = "GET, second of two at once"},
      {.kind = waiting_input, .name = "GET with open standard input"},
      post(more_than_length, "POST with more than CONTENT_LENGTH", kFormType, fields)};
  return probes;
}

std::string head_of(const Probe& probe, std::string_view script_path) {
  std::string head = probe.kind == ProbeKind::unknown_method ? "GET " : probe.method + " ";
  head.append(script_path).append(probe.path_info);
  if (!probe.query.empty()) head.append("?").append(probe.query);
  if (probe.kind == ProbeKind::bare) return head + " HTTP/1.0\r\n\r\n";
  head += " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n";
  for (const auto& [name, value] : probe.fields) head.append(name).append(": ").append(value).append("\r\n");
  if (probe.body) head += "Content-Length: " + std::to_string(probe.body->size()) + "\r\n";
  return head + "\r\n";
}

}  // namespace tinyhttpd
