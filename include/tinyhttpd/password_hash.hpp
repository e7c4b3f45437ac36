// Checking a password against its hash, which takes long on purpose.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tinyhttpd {

/// No longer password matches anything: libcrypt takes none. Of bcrypt only the first 72 bytes count.
inline constexpr std::size_t kMaxPasswordBytes = 511;

/// Whether `password` is the one that `hash` was made of: crypt_r(3) for bcrypt, SHA-256, SHA-512 and
/// yescrypt; MD5 in a thousand rounds for "$apr1$". The comparison takes the same time wherever they differ.
/// Takes as long as the hash's cost says, bcrypt at cost 12 some 300 ms. False at once for a hash that is not
/// usable and for a password that none can be: too long, or with a NUL. Any thread.
bool matches_hash(const std::string& password, const std::string& hash);

/// Whether it is the whole hash of a scheme that matches_hash knows: salt, cost and digest have the form that
/// libcrypt takes. Nothing is hashed for it.
bool is_usable_hash(const std::string& hash);

/// About how long matches_hash takes for a usable hash, in microseconds of some machine of 2022: told by
/// scheme and cost, to say which of two is dearer. 0 for a hash that is not usable.
std::uint64_t hashing_work(const std::string& hash);

/// A hash that no password matches, as dear to check as `like`, which is usable: the same scheme, cost and
/// salt.
std::string dummy_hash(const std::string& like);

/// A fingerprint that only who holds the key can make.
using Fingerprint = std::array<std::uint8_t, 32>;

/// HMAC-SHA-256 (RFC 2104, FIPS 180-4).
Fingerprint hmac_sha256(std::string_view key, std::string_view message);

/// Makes fingerprints (HMAC-SHA-256) with a random key of its own, which no one else ever sees. Any thread.
class FingerprintKey {
 public:
  FingerprintKey();  ///< throws std::system_error when the kernel gives no random bytes

  /// Of the three as they are: "ab", "c" is not "a", "bc".
  Fingerprint of(std::string_view first, std::string_view second, std::string_view third) const;

 private:
  std::array<std::uint8_t, 32> key_;
};

}  // namespace tinyhttpd
