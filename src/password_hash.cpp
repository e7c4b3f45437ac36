#include "tinyhttpd/password_hash.hpp"

#include <crypt.h>
#include <md5.h>
#include <sha2.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>

namespace tinyhttpd {
namespace {

/// The digits of crypt(5) by their values, but for bcrypt, which has them in another order.
constexpr std::string_view kDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether `text` is `size` such digits.
bool is_digits(std::string_view text, std::size_t size) {
  return text.size() == size && text.find_first_not_of(kDigits) == text.npos;
}

/// Takes what lies before the next '$' off the front of `rest`, and the '$'; nothing when there is none.
std::optional<std::string_view> take_part(std::string_view& rest) {
  const std::size_t end = rest.find('$');
  if (end == rest.npos) return std::nullopt;
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return part;
}

/// A decimal number from `least` to `most`, which has at most nine digits; nothing for all else.
std::optional<std::uint64_t> number_in(std::string_view text, std::uint64_t least, std::uint64_t most) {
  if (text.empty() || text.size() > 9) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (number < least || number > most) return std::nullopt;
  return number;
}

// ---- The forms of crypt(5). Each tells the work of a hash of its scheme, 0 where the form is wrong.

/// "$2y$12$", a salt of 128 bits, a digest of 184.
std::uint64_t bcrypt_work(std::string_view hash) {
  const bool is_known = hash.size() == 60 && (hash[2] == 'a' || hash[2] == 'b' || hash[2] == 'y');
  if (!is_known || hash[3] != '$' || hash[6] != '$' || !is_digits(hash.substr(7), 53)) return 0;
  // Only two bits of the salt's last digit count. libcrypt gives it back with the others 0.
  if (std::string_view(".Oeu").find(hash[28]) == std::string_view::npos) return 0;
  const auto cost = number_in(hash.substr(4, 2), 4, 31);
  return cost ? std::uint64_t{75} << *cost : 0;
}

/// "$5$" or "$6$", "rounds=5000$" or without it, a salt of up to 16 bytes, a digest of so many digits. A
/// round takes so many nanoseconds.
std::uint64_t sha_crypt_work(std::string_view hash, std::size_t digest_digits, std::uint64_t nanoseconds) {
  constexpr std::string_view kRounds = "rounds=";
  std::string_view rest = hash.substr(3);
  std::uint64_t rounds = 5000;
  if (rest.starts_with(kRounds)) {
    const auto part = take_part(rest);
    if (!part) return 0;
    const std::string_view said = part->substr(kRounds.size());
    const auto number = number_in(said, 1000, 999'999'999);
    if (!number || said.front() == '0') return 0;
    rounds = *number;
  }
  const auto salt = take_part(rest);
  const bool is_whole = salt && !salt->empty() && salt->size() <= 16 && is_digits(rest, digest_digits);
  return is_whole ? rounds * nanoseconds / 1000 : 0;
}

/// "$y$", flavour and costs, a salt of up to 512 bits, a digest of 256. The second letter of the costs is the
/// binary logarithm of the blocks, less one; the third their size in 128 bytes, less one.
std::uint64_t yescrypt_work(std::string_view hash) {
  std::string_view rest = hash.substr(3);
  const auto costs = take_part(rest);
  const auto salt = take_part(rest);
  if (!costs || costs->size() < 3 || !is_digits(*costs, costs->size())) return 0;
  if (!salt || salt->size() > 86 || !is_digits(*salt, salt->size()) || !is_digits(rest, 43)) return 0;
  const std::size_t blocks_log2 = kDigits.find((*costs)[1]) + 1;
  const std::size_t size = kDigits.find((*costs)[2]) + 1;
  constexpr std::size_t kMostLog2 = 31;  // no machine has the memory; and no overflow here
  return blocks_log2 <= kMostLog2 ? (std::uint64_t{size} << blocks_log2) / 6 + 1 : 0;
}

constexpr std::string_view kApr1 = "$apr1$";
constexpr std::size_t kMostApr1SaltBytes = 8;

/// "$apr1$", a salt of up to 8 bytes, a digest of 128 bits. There is no cost.
std::uint64_t apr1_work(std::string_view hash) {
  std::string_view rest = hash.substr(kApr1.size());
  const auto salt = take_part(rest);
  return salt && salt->size() <= kMostApr1SaltBytes && is_digits(rest, 22) ? 200 : 0;
}

// ---- apr1: the thousand rounds of MD5 that FreeBSD's crypt(3) brought in 1994, with Apache's own prefix

using Md5Digest = std::array<std::uint8_t, MD5_DIGEST_LENGTH>;

class Md5 {
 public:
  Md5() { ::MD5Init(&state_); }
  Md5& add(std::string_view text) {
    ::MD5Update(&state_, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    return *this;
  }
  Md5& add(const Md5Digest& digest, std::size_t count = MD5_DIGEST_LENGTH) {
    ::MD5Update(&state_, digest.data(), count);
    return *this;
  }
  Md5Digest digest() {
    Md5Digest made;
    ::MD5Final(made.data(), &state_);
    return made;
  }

 private:
  MD5_CTX state_;
};

/// What goes into the first round.
Md5Digest apr1_beginning(std::string_view password, std::string_view salt) {
  const Md5Digest inner = Md5().add(password).add(salt).add(password).digest();
  Md5 outer;
  outer.add(password).add(kApr1).add(salt);
  for (std::size_t left = password.size(); left > 0; left -= std::min(left, inner.size()))
    outer.add(inner, std::min(left, inner.size()));
  // One byte for each bit of the length: a NUL, or, by what was a slip once, the password's first.
  for (std::size_t length = password.size(); length > 0; length >>= 1U)
    outer.add((length & 1U) != 0 ? std::string_view("\0", 1) : password.substr(0, 1));
  return outer.digest();
}

Md5Digest apr1_digest(std::string_view password, std::string_view salt) {
  Md5Digest digest = apr1_beginning(password, salt);
  for (int round = 0; round < 1000; ++round) {
    Md5 md5;
    const bool odd = round % 2 == 1;
    odd ? md5.add(password) : md5.add(digest);
    if (round % 3 != 0) md5.add(salt);
    if (round % 7 != 0) md5.add(password);
    odd ? md5.add(digest) : md5.add(password);
    digest = md5.digest();
  }
  return digest;
}

/// The lowest six bits first.
void append_digits(std::string& text, std::uint32_t value, int count) {
  for (; count > 0; --count, value >>= 6U) text += kDigits[value & 63U];
}

std::string apr1_hash(std::string_view password, std::string_view salt) {
  const Md5Digest digest = apr1_digest(password, salt);
  const auto byte = [&digest](std::size_t index) { return std::uint32_t{digest[index]}; };
  std::string hash = std::string(kApr1).append(salt).append("$");
  for (std::size_t i = 0; i < 5; ++i)
    append_digits(hash, byte(i) << 16U | byte(i + 6) << 8U | byte(i < 4 ? i + 12 : 5), 4);
  append_digits(hash, byte(11), 2);
  return hash;
}

// ---- All schemes

/// What libcrypt makes of it; something that is no hash where it fails. Its 32 KiB of state stay off the
/// stack.
std::string crypt_hash(const std::string& password, const std::string& setting) {
  const auto state = std::make_unique<crypt_data>();
  const char* made = ::crypt_r(password.c_str(), setting.c_str(), state.get());
  return made == nullptr ? "" : made;
}

/// Looks at every byte, so that the time does not tell how many are right. The length is no secret.
bool are_equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned>(static_cast<unsigned char>(b[i]));
  return difference == 0;
}

class Sha256 {
 public:
  Sha256() { ::SHA256Init(&state_); }
  Sha256& add(const void* bytes, std::size_t count) {
    ::SHA256Update(&state_, static_cast<const std::uint8_t*>(bytes), count);
    return *this;
  }
  Fingerprint digest() {
    Fingerprint made;
    ::SHA256Final(made.data(), &state_);
    return made;
  }

 private:
  SHA2_CTX state_;
};

/// SHA-256 as RFC 2104 keys it, fed piece by piece.
class Hmac {
 public:
  explicit Hmac(std::string_view key) {
    Fingerprint short_key;
    if (key.size() > kBlockBytes) {
      short_key = Sha256().add(key.data(), key.size()).digest();
      key = {reinterpret_cast<const char*>(short_key.data()), short_key.size()};
    }
    add_padded(inner_, key, 0x36);
    add_padded(outer_, key, 0x5C);
  }
  Hmac& add(std::string_view text) {
    inner_.add(text.data(), text.size());
    return *this;
  }
  Fingerprint digest() {
    const Fingerprint inner = inner_.digest();
    return outer_.add(inner.data(), inner.size()).digest();
  }

 private:
  static constexpr std::size_t kBlockBytes = SHA256_BLOCK_LENGTH;

  static void add_padded(Sha256& sha256, std::string_view key, std::uint8_t padding) {
    std::array<std::uint8_t, kBlockBytes> block;
    block.fill(padding);
    for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= static_cast<std::uint8_t>(key[i]);
    sha256.add(block.data(), block.size());
  }

  Sha256 inner_;
  Sha256 outer_;
};

}  // namespace

std::uint64_t hashing_work(const std::string& hash) {
  if (hash.starts_with("$2")) return bcrypt_work(hash);
  if (hash.starts_with("$5$")) return sha_crypt_work(hash, 43, 500);
  if (hash.starts_with("$6$")) return sha_crypt_work(hash, 86, 580);
  if (hash.starts_with("$y$")) return yescrypt_work(hash);
  if (hash.starts_with(kApr1)) return apr1_work(hash);
  return 0;
}

bool is_usable_hash(const std::string& hash) {
  return hashing_work(hash) > 0;
}

bool matches_hash(const std::string& password, const std::string& hash) {
  if (password.size() > kMaxPasswordBytes || password.find('\0') != password.npos) return false;
  if (!is_usable_hash(hash)) return false;
  if (!hash.starts_with(kApr1)) return are_equal(crypt_hash(password, hash), hash);
  std::string_view rest = std::string_view(hash).substr(kApr1.size());
  return are_equal(apr1_hash(password, *take_part(rest)), hash);
}

std::string dummy_hash(const std::string& like) {
  std::string dummy = like;
  // The last digit of a digest has bits to spare in every scheme, and they are always 0; in 'z' they are not.
  if (!dummy.empty()) dummy.back() = 'z';
  return dummy;
}

Fingerprint hmac_sha256(std::string_view key, std::string_view message) {
  return Hmac(key).add(message).digest();
}

FingerprintKey::FingerprintKey() {
  // One of up to 256 bytes is never cut short once the kernel has its randomness.
  while (::getrandom(key_.data(), key_.size(), 0) != static_cast<ssize_t>(key_.size())) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
  }
}

Fingerprint FingerprintKey::of(std::string_view first, std::string_view second,
                               std::string_view third) const {
  Hmac hmac({reinterpret_cast<const char*>(key_.data()), key_.size()});
  for (const std::string_view text : {first, second, third}) {
    const std::uint64_t size = text.size();
    hmac.add({reinterpret_cast<const char*>(&size), sizeof size}).add(text);
  }
  return hmac.digest();
}

}  // namespace tinyhttpd
