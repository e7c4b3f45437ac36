#include "tinyhttpd/file_options.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/authority.hpp"
#include "tinyhttpd/error_page.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/request_target.hpp"

namespace tinyhttpd {

namespace {

bool has_control_byte(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

// ---- --mime

/// Takes `count` bytes off the front of `text`.
std::string_view take(std::string_view& text, std::size_t count) {
  const std::string_view taken = text.substr(0, count);
  text.remove_prefix(taken.size());
  return taken;
}

/// Takes a token or a quoted string off the front of `text`; false when there is none.
bool take_parameter_value(std::string_view& text) {
  if (!text.starts_with('"')) return !take(text, token_length(text)).empty();
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2U : 1U;
  if (end >= text.size()) return false;
  take(text, end + 1);
  return true;
}

/// media-type = type "/" subtype *( OWS ";" OWS parameter ), RFC 9110 section 8.3.1.
bool is_media_type(std::string_view text) {
  if (has_control_byte(text) || take(text, token_length(text)).empty()) return false;
  if (take(text, 1) != "/" || take(text, token_length(text)).empty()) return false;
  while (!text.empty()) {
    text = trim(text);
    if (take(text, 1) != ";") return false;
    text = trim(text);
    if (take(text, token_length(text)).empty() || take(text, 1) != "=" || !take_parameter_value(text))
      return false;
  }
  return true;
}

// ---- --redirect

/// Whether there was a '*' at the end; it is taken away.
bool take_star(std::string& text) {
  const bool has_star = text.ends_with('*');
  if (has_star) text.pop_back();
  return has_star;
}

/// Encodes what a URI cannot hold, the '%' of no escape too; what is encoded already stays (RFC 3986 section
/// 2).
std::string percent_encode_uri(std::string_view text) {
  constexpr std::string_view kReserved = ":/?#[]@!$&'()*+,;=-._~";
  std::string encoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool is_escape =
        c == '%' && at + 2 < text.size() && is_hex_digit(text[at + 1]) && is_hex_digit(text[at + 2]);
    const bool stays = is_letter(c) || is_digit(c) || kReserved.find(c) != kReserved.npos || is_escape;
    // percent_encode_path leaves only letters, digits and what is reserved here, so it encodes the rest.
    encoded += stays ? std::string(1, c) : percent_encode_path({&c, 1});
  }
  return encoded;
}

/// What follows "http://" or "https://"; empty for any other text.
std::string_view after_scheme(std::string_view url) {
  const std::size_t colon = std::min(url.find("://"), url.size());
  const bool is_web = iequals(url.substr(0, colon), "http") || iequals(url.substr(0, colon), "https");
  return is_web ? url.substr(std::min(colon + 3, url.size())) : std::string_view();
}

std::string_view authority_of(std::string_view after_scheme) {
  return after_scheme.substr(0, after_scheme.find_first_of("/?#"));
}

/// A path of this server, or an http(s) URL. "//host" is neither: a browser takes it for another server.
bool is_place(std::string_view to) {
  if (to.starts_with('/')) return !to.starts_with("//");
  std::string_view host;
  std::string_view port;
  return split_authority(authority_of(after_scheme(to)), host, port);
}

/// Whether the rest of a client's path could become part of the host: "/" and "/evil.example" make
/// "//evil.example", "http://good" and ".evil.example" another name.
bool lets_client_choose_host(const Redirect& redirect) {
  if (!redirect.rest) return false;
  if (redirect.to.starts_with('/')) return redirect.to == "/" && !redirect.from.ends_with('/');
  const std::string_view rest = after_scheme(redirect.to);
  return authority_of(rest).size() == rest.size();
}

/// Whether the '*' stands where the rest of a path belongs.
bool is_star_in_path(const std::string& to) {
  return to.find_first_of("?#") == to.npos;
}

/// The path that a redirect sends a client to who asked for what it moves and `rest`; empty: none of ours.
std::string path_behind(const Redirect& redirect, std::string_view rest) {
  std::string path;
  const std::string raw = redirect.to.substr(0, redirect.to.find_first_of("?#"));
  const std::string encoded = redirect.rest ? percent_encode_path(rest) : "";
  return raw.starts_with('/') && normalise_path(raw + encoded, path) ? path : "";
}

/// Whether a client who is sent to `path` never arrives.
bool is_endless(std::string path, const std::vector<Redirect>& redirects) {
  // One redirect may do several steps of a chain, each time with a part of the path less.
  for (std::size_t steps = redirects.size() + path.size(); !path.empty(); --steps) {
    const auto next = std::find_if(redirects.begin(), redirects.end(),
                                   [&path](const Redirect& redirect) { return redirect.moves(path); });
    if (next == redirects.end()) return false;
    if (steps == 0) return true;
    path = path_behind(*next, std::string_view(path).substr(next->from.size()));
  }
  return false;
}

// ---- --header

/// Whether the server decides it: by the framing, by what is sent, or by what it knows alone.
bool is_the_servers(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "Accept-Ranges", "Allow",  "Connection", "Content-Encoding",  "Content-Length", "Content-Range",
      "Content-Type",  "Date",   "ETag",       "Keep-Alive",        "Last-Modified",  "Location",
      "Server",        "Status", "Trailer",    "Transfer-Encoding", "Upgrade",        "WWW-Authenticate"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [name](std::string_view known) { return iequals(known, name); });
}

}  // namespace

std::pair<std::string, std::string> media_type_from(const OptionValue& value) {
  auto [extension, type] = pair_from(value, "EXT=TYPE, such as webp=image/webp");
  if (extension.front() == '.') extension.erase(0, 1);
  if (extension.empty() || extension.find_first_of("./ ") != extension.npos || has_control_byte(extension))
    refuse_value(value, "the extension must be what follows the last '.' of a name, such as webp");
  if (!is_media_type(type)) refuse_value(value, "the type must be a media type, such as image/webp");
  std::transform(extension.begin(), extension.end(), extension.begin(), to_lower);
  return {extension, type};
}

std::pair<int, std::string> error_page_from(const OptionValue& value) {
  const auto [status, page] = pair_from(value, "CODE=/PATH, such as 404=/not-found.html");
  int number = 0;
  (void)std::from_chars(status.data(), status.data() + status.size(), number);
  if (std::to_string(number) != status || !is_refusal(number))
    refuse_value(value, "the code must be one this server refuses with, such as 403, 404 or 503");
  std::string path;
  if (!normalise_path(page, path) || path.ends_with('/'))
    refuse_value(value, "the page must be the path of a file, written as in a URL, such as /not-found.html");
  if (path.find("/.") != path.npos)
    refuse_value(value, "a hidden file is never sent; its name begins with '.'");
  return {number, path};
}

Redirect redirect_from(const OptionValue& value) {
  auto [from, to] = pair_from(value, "/OLD=/NEW, such as /old.html=/new.html or /old/*=/new/*");
  Redirect redirect;
  redirect.prefix = take_star(from);
  redirect.rest = take_star(to);
  if (redirect.rest && !redirect.prefix)
    refuse_value(value, "a * at the end of the new place needs one at the end of the old path");
  if (redirect.rest && !is_star_in_path(to))
    refuse_value(value, "the * must be in the path of the new place, before any '?' or '#'");
  if (!normalise_path(from, redirect.from))
    refuse_value(value, "the old path must begin with '/' and be written as in a URL, such as /old%20page");
  if (has_control_byte(to) || to.find(' ') != to.npos)
    refuse_value(value, "the new place must hold no blank and no control byte; a blank is %20 there");
  if (!is_place(to))
    refuse_value(value, "the new place must be a path such as /new, or an http or https URL");
  redirect.to = percent_encode_uri(to);
  if (lets_client_choose_host(redirect))
    refuse_value(value, "a client could choose the host it leads to; put a '/' before each *");
  return redirect;
}

std::optional<std::size_t> endless_redirect(const std::vector<Redirect>& redirects) {
  for (std::size_t i = 0; i < redirects.size(); ++i) {
    // With nothing carried over, and with something: another redirect may be of the one path only.
    for (const char* rest : {"", "x"})
      if (is_endless(path_behind(redirects[i], rest), redirects)) return i;
  }
  return std::nullopt;
}

ConfiguredField field_from(const OptionValue& value) {
  const std::size_t colon = std::min(value.text.find(':'), value.text.size());
  const std::string_view name = value.text.substr(0, colon);
  const std::string_view content = trim(value.text.substr(std::min(colon + 1, value.text.size())));
  if (!is_token(name) || content.empty())
    refuse_value(value, "must be 'Name: value', such as 'X-Frame-Options: DENY'");
  if (has_control_byte(content)) refuse_value(value, "must hold no control byte");
  if (is_the_servers(name)) refuse_value(value, std::string(name) + " is decided by the server");
  return {std::string(name), std::string(content)};
}

}  // namespace tinyhttpd
