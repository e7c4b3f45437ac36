// What nobody who looks at an exchange may see: passwords, tokens, cookies. They are found by the names they
// have, and covered wherever they appear.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tinyhttpd {

struct RecordedExchange;

/// Whether the value of a field, variable, query parameter or form entry of that name is secret:
/// Authorization, Proxy-Authorization, Cookie, Set-Cookie; every name that holds token, secret, passwd,
/// password, passphrase, credential, session, sessid, apikey, api-key, access-key or private-key; and every
/// one with the word pass, pwd or pw. Case does not count, '_' is '-', and HTTP_ at the beginning is passed
/// over.
bool is_secret_name(std::string_view name);

/// Shorter values than this are covered in their own field or variable alone: elsewhere they would cover what
/// has nothing to do with them.
inline constexpr std::size_t kMinSecretBytes = 4;

/// The same for cookies, most of which are no secret ("theme=dark").
inline constexpr std::size_t kMinCookieBytes = 8;

/// Where a text that is looked at is only a part of a longer one.
enum class Cut { none, end, begin, both };

/// Covers the secrets of an exchange with '*', one for each byte, so that lengths and places stay as they
/// are. It knows the secret values in the head of the request and its query, in a form or JSON that was its
/// body, the environment, the script's head and the head that was sent; of a Basic Authorization what it
/// encodes, too (RFC 7617 section 2). Each is also
/// covered where it stands percent-encoded or decoded, in base64, or escaped as JSON or HTML have it. Any
/// thread may call any member.
class Mask {
 public:
  /// `other`: an exchange whose secrets are covered as well, such as the original of a replay; may be null.
  explicit Mask(const RecordedExchange& exchange, const RecordedExchange* other = nullptr);

  /// Of what a script was given: "NAME=value".
  explicit Mask(std::span<const std::string> environment);

  /// Whether it knows no secret that may stand anywhere.
  bool is_empty() const { return secrets_.empty(); }

  /// `text` with every secret covered. Where it was cut, what may be a part of a secret is covered, too.
  std::string mask(std::string_view text, Cut cut = Cut::none) const;

  /// The same for the value of a field or variable: where its name is secret, the value is covered whatever
  /// its length. Of a cookie its name stays to be seen, and so do the attributes of Set-Cookie.
  std::string mask_value(std::string_view name, std::string_view value) const;

  /// The same for a text that begins with a head: in its fields short values are covered, too. Only the first
  /// `head_bytes` are looked at as a head.
  std::string mask_head(std::string_view text, std::size_t head_bytes = std::string_view::npos,
                        Cut cut = Cut::none) const;

 private:
  void collect(const RecordedExchange& exchange);
  void collect_head(std::string_view head);
  void collect_environment(std::span<const std::string> environment);
  void collect_body(const RecordedExchange& exchange);
  void collect_value(std::string_view name, std::string_view value);
  void add_forms(std::string_view secret, std::size_t least = kMinSecretBytes);
  void prepare();
  std::size_t length_at(std::string_view text) const;
  std::size_t cut_secret_begin(std::string_view text) const;
  std::size_t cut_secret_end(std::string_view text) const;

  // Sorted, each once. A secret that begins another one is named by `shorter_` of that, as its index.
  std::vector<std::string> secrets_;
  std::vector<std::size_t> shorter_;
  std::array<bool, 256> may_begin_{};  // the first bytes of all of them
  std::size_t longest_ = 0;
};

/// The part of a script's output that may be a head: what was one, else all up to the first empty line, the
/// whole of it where there is none. Points into the exchange.
std::string_view script_head_of(const RecordedExchange& exchange);

}  // namespace tinyhttpd
