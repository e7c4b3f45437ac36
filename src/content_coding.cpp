#include "tinyhttpd/content_coding.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "tinyhttpd/ascii.hpp"

namespace tinyhttpd {

namespace {

/// Takes `literal` off the front of `text`, in any case; false when it is not there.
bool take(std::string_view& text, std::string_view literal) {
  if (!iequals(text.substr(0, literal.size()), literal)) return false;
  text.remove_prefix(literal.size());
  return true;
}

/// qvalue (RFC 9110 section 12.4.2) in thousandths: 0 to 1 with at most three decimals.
std::optional<int> parse_weight(std::string_view text) {
  if (text.empty() || (text.front() != '0' && text.front() != '1')) return std::nullopt;
  int thousandths = text.front() == '1' ? 1000 : 0;
  text.remove_prefix(1);
  if (text.empty()) return thousandths;
  if (text.front() != '.' || text.size() > 4) return std::nullopt;
  text.remove_prefix(1);
  int unit = 100;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    thousandths += (c - '0') * unit;
    unit /= 10;
  }
  return thousandths <= 1000 ? std::optional(thousandths) : std::nullopt;
}

/// One element of Accept-Encoding: a coding and, after it, perhaps its weight.
struct Preference {
  std::string_view coding;
  std::optional<int> weight;  ///< in thousandths; none: the element cannot be read
};

Preference parse_preference(std::string_view element) {
  const std::string_view coding = element.substr(0, token_length(element));
  std::string_view rest = trim(element.substr(coding.size()));
  if (coding.empty()) return {};
  if (rest.empty()) return {coding, 1000};
  if (!take(rest, ";")) return {};
  rest = trim(rest);
  if (!take(rest, "q=")) return {};
  return {coding, parse_weight(rest)};
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

/// Compressible types whose names do not say that they are text. Fonts of web pages (WOFF) and most images
/// are compressed already.
constexpr auto kCompressible = std::to_array<std::string_view>({
    "application/ecmascript",
    "application/javascript",
    "application/json",
    "application/postscript",
    "application/rtf",
    "application/sql",
    "application/toml",
    "application/vnd.apple.mpegurl",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-ndjson",
    "application/x-subrip",
    "application/xml",
    "application/yaml",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/vnd.microsoft.icon",
});
static_assert(std::is_sorted(kCompressible.begin(), kCompressible.end()));

}  // namespace

std::string_view name_of(Coding coding) {
  switch (coding) {
    case Coding::gzip: return "gzip";
    case Coding::br: return "br";
    case Coding::identity: break;
  }
  return "identity";
}

CodingPreferences::CodingPreferences(const Request& request) {
  for (const Field& field : request.fields) {
    if (!iequals(field.name, "Accept-Encoding")) continue;
    for_each_element(field.value, [this](std::string_view element) { read(element); });
  }
}

/// Who names a coding twice means the higher weight.
void CodingPreferences::read(std::string_view element) {
  const Preference preference = parse_preference(element);
  if (!preference.weight) return;
  const auto weigh = [&preference](Weight& weight) { weight = std::max(weight, preference.weight); };
  if (preference.coding == "*") weigh(others_);
  for (const Coding coding : {Coding::identity, Coding::gzip, Coding::br}) {
    const bool is_alias = coding == Coding::gzip && iequals(preference.coding, "x-gzip");
    if (is_alias || iequals(preference.coding, name_of(coding)))
      weigh(weights_[static_cast<std::size_t>(coding)]);
  }
}

/// Where a coding has no weight of its own, that of "*" holds (RFC 9110 section 12.5.3).
CodingPreferences::Weight CodingPreferences::of(Coding coding) const {
  const Weight own = weights_[static_cast<std::size_t>(coding)];
  return own ? own : others_;
}

std::optional<Coding> CodingPreferences::choose(std::span<const Coding> available) const {
  std::optional<Coding> best;
  int best_weight = 0;
  for (const Coding coding : available) {
    const int weight = of(coding).value_or(0);
    if (weight <= best_weight) continue;
    best = coding;
    best_weight = weight;
  }
  if (best) return best;
  // Identity that is not excluded is always taken (RFC 9110 section 12.5.3).
  if (of(Coding::identity) == 0) return std::nullopt;
  return Coding::identity;
}

bool is_compressible(std::string_view media_type) {
  const std::string type = lower_case(trim(media_type.substr(0, media_type.find(';'))));
  return type.starts_with("text/") || type.ends_with("+json") || type.ends_with("+xml") ||
         std::binary_search(kCompressible.begin(), kCompressible.end(), type);
}

}  // namespace tinyhttpd
