// Which content coding an answer gets: what the client takes, and what there is (RFC 9110
// sections 8.4, 12.5.3).
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "tinyhttpd/http.hpp"

namespace tinyhttpd {

/// A way a representation is coded.
enum class Coding { identity, gzip, br };

/// The name in Content-Encoding and Accept-Encoding: "gzip", "br"; "identity" is never sent.
std::string_view name_of(Coding coding);

/// What the Accept-Encoding lines of a request say, read once. Elements that cannot be read are ignored.
/// "x-gzip" is gzip (RFC 9110 section 8.4.1.3).
class CodingPreferences {
 public:
  explicit CodingPreferences(const Request& request);

  /// The one of `available` (in the server's order of preference) that the client likes best: the highest
  /// weight, and of equals the first in `available`. A coding that is named counts above identity that is
  /// not. Without the field, identity. None: the client takes none of them, not even identity.
  std::optional<Coding> choose(std::span<const Coding> available) const;

 private:
  /// The weight of a coding in thousandths; none: not named.
  using Weight = std::optional<int>;

  Weight of(Coding coding) const;
  void read(std::string_view element);

  std::array<Weight, 3> weights_ = {};  ///< by Coding
  Weight others_ = {};                  ///< of "*"
};

/// The one choice of a request.
inline std::optional<Coding> choose_coding(const Request& request, std::span<const Coding> available) {
  return CodingPreferences(request).choose(available);
}

/// Whether files of this media type become much smaller: text, JSON, XML, JavaScript, SVG, WebAssembly …
/// Parameters are ignored.
bool is_compressible(std::string_view media_type);

}  // namespace tinyhttpd
