#include "tinyhttpd/inspector_guard.hpp"

#include <algorithm>
#include <string_view>

#include "tinyhttpd/ascii.hpp"

namespace tinyhttpd {
namespace {

/// Without the brackets of IPv6.
std::string_view bare(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') return host.substr(1, host.size() - 2);
  return host;
}

/// Nobody can make a name of his own that looks like one.
bool is_number(std::string_view host) {
  const bool is_ipv6 = host.find(':') != host.npos;
  return is_ipv6 || (!host.empty() && std::all_of(host.begin(), host.end(),
                                                  [](char byte) { return is_digit(byte) || byte == '.'; }));
}

bool is_of_this_machine(std::string_view host) {
  return iequals(host, "localhost") || host == "::1" || (host.starts_with("127.") && is_number(host));
}

/// Whoever opens the inspector to others wants them to watch the server by whatever name they know it by.
bool is_for_everybody(const Request& request, const std::string& bound) {
  return !is_of_this_machine(bound) && (request.path == "/metrics" || request.path == "/healthz");
}

/// Old health checks speak HTTP/1.0, and name no host.
bool is_bare_health_check(const Request& request) {
  return request.path == "/healthz" && request.host.empty() && !request.field("Host");
}

bool is_host_right(std::string_view host, const std::string& bound) {
  const bool is_everywhere = bound == "0.0.0.0" || bound == "::";
  return is_of_this_machine(host) || iequals(host, bound) || (is_everywhere && is_number(host));
}

/// As a browser writes the origin of what this request is sent to.
bool is_own_origin(std::string_view origin, std::string_view host_field) {
  constexpr std::string_view kScheme = "http://";
  return origin.starts_with(kScheme) && iequals(origin.substr(kScheme.size()), host_field);
}

/// A browser says where a request comes from (W3C Fetch Metadata). An address that is typed, and a link that
/// is followed, are the reader's own doing and show nothing to the page before.
bool is_own_page(const Request& request) {
  const auto site = request.field("Sec-Fetch-Site");
  if (!site || *site == "same-origin" || *site == "none") return true;
  return request.method == Method::get && request.field("Sec-Fetch-Mode") == "navigate" &&
         request.field("Sec-Fetch-Dest") == "document";
}

bool is_json(std::string_view type) {
  return iequals(type.substr(0, type.find(';')), "application/json");
}

}  // namespace

std::optional<Rejection> refuse_foreign(const Request& request, const std::string& bound) {
  if (!is_host_right(bare(request.host), bound) && !is_for_everybody(request, bound) &&
      !is_bare_health_check(request))
    return forbidden("the inspector is asked for by a Host that is not its own");
  if (const auto origin = request.field("Origin"); origin && !is_own_origin(*origin, request.host_field))
    return forbidden("the inspector is asked by a page of another origin");
  if (!is_own_page(request)) return forbidden("the inspector is asked by a page of another site");
  if (request.method == Method::get || request.method == Method::head) return std::nullopt;
  if (!request.field("X-Tinyhttpd-Inspector"))
    return forbidden("the inspector does nothing without the field X-Tinyhttpd-Inspector");
  if (!is_json(request.field("Content-Type").value_or("")))
    return forbidden("the inspector takes nothing but application/json");
  return std::nullopt;
}

}  // namespace tinyhttpd
