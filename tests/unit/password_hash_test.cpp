// Hashes that other programs made: htpasswd, mkpasswd and openssl passwd. And HMAC's vectors.

#include <doctest/doctest.h>

#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

#include "tinyhttpd/password_hash.hpp"

using namespace tinyhttpd;

namespace {

struct Row {
  std::string password;
  std::string hash;
};

const std::string kHundred(100, 'x');

std::vector<Row> golden_hashes() {
  return {
      // htpasswd -nbB -C 4
      {"secret", "$2y$04$lu2K6F1gyOvP.VI0jZQH6OymMCDeEK8TZ5vIv0nQdUiWJIJCJ709u"},
      {"", "$2y$04$2wYbO.KexA4srBPGgTO7W.Vq5UiEFQFWdxpSvnhM6EQDg4ChHgDQ6"},
      {"a:b", "$2y$04$yjSWjdmce33HVTEKPOoAFOP7sAomP1QRPrztDioQJQMD/MIZ4b6vC"},
      {"Grüße", "$2y$04$3OCml0t0LLhCtgbdcvyBveiGUgRhpY3Sm3Q.w3gY2JD7QhWk.TB66"},
      {kHundred, "$2y$04$BgKB6bE6VAXQXmaARIVgHOU.s9gtuu52jGMpetTsx6K9TiANpntRK"},
      // mkpasswd -m bcrypt, -m bcrypt-a
      {"Grüße", "$2b$05$OKBV5IBrvH5n6s8UoXO9keoPMtEx.iLTGdu3XE/BIpBywRHfvhmlm"},
      {"secret", "$2a$05$d2Mi5EfNdpdXhXo7.O6rte2GwLX9kJKhyGjm75LRxX2OWBXeEmeBW"},
      // mkpasswd -m sha-256, sha-512, openssl passwd -6
      {"secret", "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2"},
      {"secret", "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA"},
      {"secret",
       "$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2SoepNXNKJ/otop/Zok96Hr8Q13LEv0DRY/"
       "x8v0/crpIjl8NJSAqXV/"},
      {"secret",
       "$6$sixteen.charssss$5AFBl5hJxf9HdVCNpNji.4Udz65p9BajRlIb7TjtB/g2dqswDkrNhiAau7ha.vRRzQYh."
       "GfIU8UFx2.NnjqUE0"},
      // mkpasswd -m yescrypt -R 1
      {"secret", "$y$j75$UceHEu3F2GXcWWd9l52Fv.$rDYbG3/sQX1/ZMNvWcEIKOhH.y/WbDnwhPX1marvuj7"},
      {"Grüße", "$y$j75$RwkDVFE2VvBqry9p0FmSF/$VP0eHcmZkv8tGGcQNqDY5J3xt8do0RhLBPvnhgGceKD"},
      // htpasswd -nbm, openssl passwd -apr1
      {"secret", "$apr1$xQRnRPlr$jMJtZ3RXa1WqoWEob2da9/"},
      {"", "$apr1$fyuzkMXB$O8TC46ErSLGOpAqvpvgfZ1"},
      {"a", "$apr1$12345678$68ZQVfPkWX/wcXr/41VxQ."},
      {"a:b", "$apr1$YE4LtmPn$zz6c1waiklgtcO9D6HvaJ."},
      {"Grüße", "$apr1$ab$PfxACYjIpc3q2xUc3AjXc0"},
      {kHundred, "$apr1$Ws/cye/f$K4rmrOgoz9v92YS8RvXuO/"},
      {kHundred, "$apr1$abcdefgh$9/cwT0JwksL/fA2yBHBE6/"},
  };
}

const std::string kBcrypt = "$2y$04$lu2K6F1gyOvP.VI0jZQH6OymMCDeEK8TZ5vIv0nQdUiWJIJCJ709u";
const std::string kSha256 = "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2";
const std::string kApr1 = "$apr1$xQRnRPlr$jMJtZ3RXa1WqoWEob2da9/";
const std::string kYescrypt = "$y$j75$UceHEu3F2GXcWWd9l52Fv.$rDYbG3/sQX1/ZMNvWcEIKOhH.y/WbDnwhPX1marvuj7";

std::string hex(const Fingerprint& fingerprint) {
  std::ostringstream text;
  for (const std::uint8_t byte : fingerprint)
    text << std::hex << std::setw(2) << std::setfill('0') << static_cast<int>(byte);
  return text.str();
}

}  // namespace

TEST_CASE("matches_hash takes the passwords of other programs' hashes, and no other ones") {
  for (const Row& row : golden_hashes()) {
    CAPTURE(row.hash);
    CHECK(is_usable_hash(row.hash));
    CHECK(matches_hash(row.password, row.hash));
    CHECK_FALSE(matches_hash("Secret", row.hash));
    if (!row.password.empty()) CHECK_FALSE(matches_hash("", row.hash));
  }
}

TEST_CASE("matches_hash looks at the whole digest") {
  for (const Row& row : golden_hashes()) {
    CAPTURE(row.hash);
    for (std::size_t back = 1; back <= 22; back += 3) {
      std::string other = row.hash;
      char& digit = other[other.size() - back];
      digit = digit == 'A' ? 'B' : 'A';
      CHECK_FALSE(matches_hash(row.password, other));
    }
  }
}

TEST_CASE("no dummy matches a password, though it is hashed like the one it is made of") {
  for (const Row& row : golden_hashes()) {
    CAPTURE(row.hash);
    const std::string dummy = dummy_hash(row.hash);
    CHECK(dummy.substr(0, dummy.size() - 1) == row.hash.substr(0, row.hash.size() - 1));
    CHECK(hashing_work(dummy) == hashing_work(row.hash));
    // The one password that gives all the other digits of the digest.
    CHECK_FALSE(matches_hash(row.password, dummy));
  }
}

TEST_CASE("a NUL does not end a password early") {
  for (const std::string& hash : {kBcrypt, kSha256, kApr1, kYescrypt}) {
    CHECK(matches_hash("secret", hash));
    CHECK_FALSE(matches_hash(std::string("secret\0", 7), hash));
    CHECK_FALSE(matches_hash(std::string("secret\0x", 8), hash));
  }
}

TEST_CASE("a password longer than libcrypt takes matches nothing, and the longest is taken") {
  const std::string longest(kMaxPasswordBytes, 'x');
  // mkpasswd -m sha-256 -R 1000, openssl passwd -apr1
  const std::string sha256 = "$5$rounds=1000$saltsalt$UO1D7uRhCj1iQQUQBCtfHH3.XLg17lM3s80LpvY26N9";
  CHECK(matches_hash(longest, sha256));
  for (const std::string& hash : {sha256, kBcrypt, kApr1, kYescrypt})
    CHECK_FALSE(matches_hash(longest + "x", hash));
  // All that follows the 72nd byte makes no difference to bcrypt.
  const std::string bcrypt = "$2y$04$BgKB6bE6VAXQXmaARIVgHOU.s9gtuu52jGMpetTsx6K9TiANpntRK";
  CHECK(matches_hash(longest, bcrypt));
  CHECK_FALSE(matches_hash(longest + "x", bcrypt));
}

TEST_CASE("what hides nothing today is no usable hash, nor is what is cut short") {
  const std::string salt22 = "lu2K6F1gyOvP.VI0jZQH6O";
  const std::string digest31 = "ymMCDeEK8TZ5vIv0nQdUiWJIJCJ709u";
  REQUIRE(is_usable_hash("$2y$04$" + salt22 + digest31));
  const std::vector<std::string> rows = {
      "",
      "secret",
      "*0",
      "$",
      "$2",
      "$2y$",
      "abJnggxhB/yWI",                                    // DES
      "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",                // SHA-1
      "$1$saltsalt$9xy1btjgzLYfb7hivXtC//",               // MD5, not Apache's
      "$2x$04$" + salt22 + digest31,                      // the bug of 2011 kept
      "$2y$03$" + salt22 + digest31,                      // cost
      "$2y$32$" + salt22 + digest31,                      //
      "$2y$4$" + salt22 + digest31 + "u",                 //
      "$2y$0a$" + salt22 + digest31,                      //
      "$2y$04$" + salt22 + digest31.substr(1),            // length
      "$2y$04$" + salt22 + digest31 + "u",                //
      "$2y$04$" + salt22 + "!" + digest31.substr(1),      // alphabet
      "$2y$04$lu2K6F1gyOvP.VI0jZQH6P" + digest31,         // bits of the salt that do not count
      "$5$saltsalt",                                      //
      "$5$saltsalt$",                                     //
      "$5$$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA",  //
      "$5$saltsaltsaltsalts$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA",
      "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5s",
      "$6$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA",
      "$5$rounds=999$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2",
      "$5$rounds=01000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2",
      "$5$rounds=1000000000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2",
      "$5$rounds=$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2",
      "$5$rounds=1000",
      "$y$$UceHEu3F2GXcWWd9l52Fv.$rDYbG3/sQX1/ZMNvWcEIKOhH.y/WbDnwhPX1marvuj7",
      "$y$j75$UceHEu3F2GXcWWd9l52Fv.",
      "$y$j75$UceHEu3F2GXcWWd9l52Fv.$rDYbG3",
      "$y$jz5$UceHEu3F2GXcWWd9l52Fv.$rDYbG3/sQX1/ZMNvWcEIKOhH.y/WbDnwhPX1marvuj7",
      "$apr1$xQRnRPlr",
      "$apr1$xQRnRPlr$",
      "$apr1$xQRnRPlrx$jMJtZ3RXa1WqoWEob2da9/",
      "$apr1$xQRnRPlr$jMJtZ3RXa1WqoWEob2da9",
      "$apr1$xQRnRPlr$jMJtZ3RXa1WqoWEob2da9!",
  };
  for (const std::string& hash : rows) {
    CAPTURE(hash);
    CHECK_FALSE(is_usable_hash(hash));
    CHECK_FALSE(matches_hash("secret", hash));
  }
}

TEST_CASE("a dearer hash has more work, also across schemes") {
  const std::string bcrypt_tail = kBcrypt.substr(6);
  const std::string sha256_tail = "$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2";
  const std::string yescrypt_tail = kYescrypt.substr(6);
  const std::vector<std::string> cheap_to_dear = {
      kApr1,
      "$5$rounds=1000" + sha256_tail,
      "$2y$04" + bcrypt_tail,
      "$5" + sha256_tail,
      "$y$j9T" + yescrypt_tail,
      "$5$rounds=100000" + sha256_tail,
      "$2y$10" + bcrypt_tail,
      "$y$jBT" + yescrypt_tail,
      "$2b$12" + bcrypt_tail,
      "$2b$31" + bcrypt_tail,
  };
  for (std::size_t i = 1; i < cheap_to_dear.size(); ++i) {
    CAPTURE(cheap_to_dear[i]);
    CHECK(hashing_work(cheap_to_dear[i - 1]) < hashing_work(cheap_to_dear[i]));
  }
}

TEST_CASE("hmac_sha256 gives what RFC 4231 says") {
  CHECK(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex(hmac_sha256(std::string(20, '\xaa'), std::string(50, '\xdd'))) ==
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  // A key longer than a block.
  CHECK(
      hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")) ==
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("a fingerprint tells its three texts, where each ends, and the key apart") {
  const FingerprintKey key;
  const FingerprintKey other;
  const Fingerprint made = key.of("anna", "secret", kBcrypt);
  CHECK(key.of("anna", "secret", kBcrypt) == made);
  CHECK(key.of("Anna", "secret", kBcrypt) != made);
  CHECK(key.of("anna", "secreT", kBcrypt) != made);
  CHECK(key.of("anna", "secret", kSha256) != made);
  CHECK(key.of("annas", "ecret", kBcrypt) != made);
  CHECK(key.of("anna", "secret" + kBcrypt, "") != made);
  CHECK(other.of("anna", "secret", kBcrypt) != made);
}
