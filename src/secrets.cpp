#include "tinyhttpd/secrets.hpp"

#include <algorithm>
#include <utility>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/cgi_message.hpp"
#include "tinyhttpd/head_lines.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/recorded_exchange.hpp"
#include "tinyhttpd/secret_entries.hpp"
#include "tinyhttpd/secret_forms.hpp"

namespace tinyhttpd {

namespace {

// Of the name as a field has it: "x-api-key" of HTTP_X_API_KEY.
std::string plain_name(std::string_view name) {
  if (name.starts_with("HTTP_")) name.remove_prefix(5);
  std::string plain(name);
  for (char& c : plain) c = c == '_' ? '-' : to_lower(c);
  return plain;
}

// What comes after the '=' of a cookie's pair; all of a pair without one.
std::string_view cookie_value(std::string_view pair) {
  const std::size_t equals = pair.find('=');
  return trim(equals == pair.npos ? pair : pair.substr(equals + 1));
}

// Which parts of the value are secret (RFC 6265 sections 4.1.1 and 4.2.1). They point into it.
std::vector<std::string_view> secret_parts(std::string_view name, std::string_view value) {
  const std::string plain = plain_name(name);
  if (plain == "set-cookie") return {cookie_value(value.substr(0, value.find(';')))};
  if (plain != "cookie") return {value};
  std::vector<std::string_view> parts;
  for (std::size_t end = 0; end != value.npos; value.remove_prefix(std::min(end + 1, value.size()))) {
    end = value.find(';');
    parts.push_back(cookie_value(value.substr(0, end)));
  }
  return parts;
}

std::string_view without_quotes(std::string_view text) {
  const bool is_quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

void cover(std::string& text, std::size_t begin, std::size_t length) {
  std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(begin), length, '*');
}

// Covers the secret parts of `value`, which begins at `begin` of `text`.
void cover_value(std::string& text, std::size_t begin, std::string_view name, std::string_view value) {
  if (!is_secret_name(name)) return;
  for (const std::string_view part : secret_parts(name, value))
    cover(text, begin + static_cast<std::size_t>(part.data() - value.data()), part.size());
}

}  // namespace

bool is_secret_name(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {"authorization", "proxy-authorization", "cookie",
                                                      "set-cookie"};
  constexpr std::array<std::string_view, 12> kParts = {
      "token",   "secret", "passwd", "password", "passphrase", "credential",
      "session", "sessid", "apikey", "api-key",  "access-key", "private-key"};
  constexpr std::array<std::string_view, 3> kWords = {"-pass-", "-pwd-", "-pw-"};
  const std::string plain = plain_name(name);
  const std::string words = "-" + plain + "-";
  const auto is_in = [&words](std::string_view part) { return words.find(part) != words.npos; };
  return std::find(kNames.begin(), kNames.end(), plain) != kNames.end() ||
         std::any_of(kParts.begin(), kParts.end(), is_in) || std::any_of(kWords.begin(), kWords.end(), is_in);
}

std::string_view script_head_of(const RecordedExchange& exchange) {
  const std::string_view output = exchange.streams[1].bytes;
  if (exchange.script_head_bytes > 0) return output.substr(0, exchange.script_head_bytes);
  return output.substr(0, find_cgi_head_end(output, 0).value_or(output.size()));
}

Mask::Mask(const RecordedExchange& exchange, const RecordedExchange* other) {
  collect(exchange);
  if (other != nullptr) collect(*other);
  prepare();
}

Mask::Mask(std::span<const std::string> environment) {
  collect_environment(environment);
  prepare();
}

void Mask::collect(const RecordedExchange& exchange) {
  collect_head(exchange.request_head);
  collect_head(script_head_of(exchange));
  collect_head(exchange.sent_head);
  collect_environment(exchange.environment);
  for (const SecretEntry& entry : secrets_of_query(exchange.query)) add_forms(entry.value);
  collect_body(exchange);
}

void Mask::collect_environment(std::span<const std::string> environment) {
  for (const std::string_view variable : environment) {
    const std::size_t equals = variable.find('=');
    if (equals == variable.npos) continue;
    const std::string_view name = variable.substr(0, equals);
    collect_value(name, variable.substr(equals + 1));
    if (name == "QUERY_STRING")
      for (const SecretEntry& entry : secrets_of_query(variable.substr(equals + 1))) add_forms(entry.value);
  }
}

// What a form or JSON holds, by its names. A body of another kind is searched as JSON finds nothing in it.
void Mask::collect_body(const RecordedExchange& exchange) {
  const std::string_view body = exchange.streams[0].bytes;
  for (const SecretEntry& entry : secrets_of_query(body)) add_forms(entry.value);
  for (const SecretEntry& entry : secrets_of_json(body)) add_forms(entry.value);
}

void Mask::collect_head(std::string_view head) {
  for (const HeadLine& line : lines_of_head(head)) collect_value(line.name, line.value);
}

void Mask::collect_value(std::string_view name, std::string_view value) {
  if (!is_secret_name(name)) return;
  const std::size_t least = plain_name(name).ends_with("cookie") ? kMinCookieBytes : kMinSecretBytes;
  for (const std::string_view part : secret_parts(name, value)) {
    add_forms(part, least);
    add_forms(without_quotes(part), least);
  }
  if (!plain_name(name).ends_with("authorization")) return;
  const std::size_t blank = std::min(value.find(' '), value.size());
  const std::string_view credentials = trim(value.substr(blank));
  add_forms(credentials);
  if (!iequals(value.substr(0, blank), "Basic")) return;
  const auto pair = decode_base64(credentials);
  if (!pair) return;
  add_forms(*pair);
  const std::size_t colon = pair->find(':');
  if (colon != pair->npos) add_forms(std::string_view(*pair).substr(colon + 1));
}

void Mask::add_forms(std::string_view secret, std::size_t least) {
  if (secret.size() < least) return;
  for (std::string& form : forms_of_secret(secret))
    if (form.size() >= kMinSecretBytes) secrets_.push_back(std::move(form));
}

// Sorts the secrets, so that those which begin at some place of a text are found in a few steps, however many
// a client sends.
void Mask::prepare() {
  std::sort(secrets_.begin(), secrets_.end());
  secrets_.erase(std::unique(secrets_.begin(), secrets_.end()), secrets_.end());
  std::vector<std::size_t> beginnings;  // those that the secret in hand begins with, the longest last
  for (std::size_t i = 0; i < secrets_.size(); ++i) {
    const std::string& secret = secrets_[i];
    while (!beginnings.empty() && !secret.starts_with(secrets_[beginnings.back()])) beginnings.pop_back();
    shorter_.push_back(beginnings.empty() ? i : beginnings.back());
    beginnings.push_back(i);
    may_begin_[static_cast<unsigned char>(secret.front())] = true;
    longest_ = std::max(longest_, secret.size());
  }
}

// The length of the longest secret that `text` begins with; 0 for none. All that it begins with are the
// beginnings of the greatest one that is not greater than it, or that one itself.
std::size_t Mask::length_at(std::string_view text) const {
  if (!may_begin_[static_cast<unsigned char>(text.front())]) return 0;
  const auto after = std::upper_bound(secrets_.begin(), secrets_.end(), text);
  if (after == secrets_.begin()) return 0;
  auto candidate = static_cast<std::size_t>(after - secrets_.begin()) - 1;
  while (!text.starts_with(secrets_[candidate])) {
    if (shorter_[candidate] == candidate) return 0;
    candidate = shorter_[candidate];
  }
  return secrets_[candidate].size();
}

// Where the text's end begins to be the beginning of a secret; its size where it is none.
std::size_t Mask::cut_secret_begin(std::string_view text) const {
  const std::size_t first = text.size() - std::min(text.size(), longest_);
  for (std::size_t begin = first; begin + kMinSecretBytes <= text.size(); ++begin) {
    const std::string_view end = text.substr(begin);
    const auto secret = std::lower_bound(secrets_.begin(), secrets_.end(), end);
    if (secret != secrets_.end() && secret->starts_with(end)) return begin;
  }
  return text.size();
}

// How much of the text's beginning is the end of a secret.
std::size_t Mask::cut_secret_end(std::string_view text) const {
  std::size_t longest = 0;
  for (const std::string_view secret : secrets_)
    for (std::size_t size = std::min(secret.size(), text.size()); size > longest; --size)
      if (secret.ends_with(text.substr(0, size))) longest = size;
  return longest;
}

std::string Mask::mask(std::string_view text, Cut cut) const {
  std::string masked(text);
  if (secrets_.empty()) return masked;
  for (std::size_t begin = 0; begin < text.size(); ++begin)
    if (const std::size_t length = length_at(text.substr(begin))) cover(masked, begin, length);
  if (cut == Cut::end || cut == Cut::both) {
    const std::size_t begin = cut_secret_begin(text);
    cover(masked, begin, text.size() - begin);
  }
  if (cut == Cut::begin || cut == Cut::both) cover(masked, 0, cut_secret_end(text));
  return masked;
}

std::string Mask::mask_value(std::string_view name, std::string_view value) const {
  std::string masked = mask(value);
  cover_value(masked, 0, name, value);
  return masked;
}

std::string Mask::mask_head(std::string_view text, std::size_t head_bytes, Cut cut) const {
  std::string masked = mask(text, cut);
  for (const HeadLine& line : lines_of_head(text.substr(0, head_bytes)))
    cover_value(masked, static_cast<std::size_t>(line.value.data() - text.data()), line.name, line.value);
  return masked;
}

}  // namespace tinyhttpd
