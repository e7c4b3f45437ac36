// A request as a value: what a client asked, after parsing, before anybody acts on it (RFC 9110, RFC 9112).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tinyhttpd {

/// The methods this server knows. `other` is every method outside this list; parse_request refuses it with
/// 501.
enum class Method { get, head, post, put, delete_, options, patch, trace, connect, other };

/// The method of that name; names are case-sensitive (RFC 9110 section 9.1).
Method method_named(std::string_view name);

/// One field line. Both views point into the buffer the head was read to.
struct Field {
  std::string_view name;   ///< as sent; compare with iequals
  std::string_view value;  ///< without the white space around it
};

/// Whether `a` and `b`, which are of one length, are the same but for ASCII case.
bool iequals_at_length(std::string_view a, std::string_view b);

/// Whether `a` and `b` are the same but for ASCII case. Mostly their lengths tell, without a call.
inline bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && iequals_at_length(a, b);
}

/// Whether a token may hold it (RFC 9110 section 5.6.2).
bool is_token_char(char c);

/// How many bytes at the beginning of `text` are token characters.
std::size_t token_length(std::string_view text);

/// Whether all of `text` is one token: a method, a field name, a transfer coding.
bool is_token(std::string_view text);

/// `text` without the spaces and tabs around it (OWS, RFC 9110 section 5.6.3).
std::string_view trim(std::string_view text);

/// Calls `visit` with each element of a comma-separated list, trimmed, the empty ones too (RFC 9110
/// section 5.6.1). For lists whose elements hold no quoted string: Connection, Transfer-Encoding, Expect.
template <typename Visit>
void for_each_element(std::string_view list, Visit visit) {
  for (std::size_t comma = list.find(','); comma != list.npos; comma = list.find(',')) {
    visit(trim(list.substr(0, comma)));
    list.remove_prefix(comma + 1);
  }
  visit(trim(list));
}

/// How the request's body is delimited (RFC 9112 section 6.3).
struct Framing {
  bool chunked = false;
  std::uint64_t content_length = 0;  ///< meaningless when chunked
  bool has_content_length = false;   ///< Content-Length was sent, be it 0
  bool has_body() const { return chunked || content_length > 0; }
};

/// What a head says, but for what needs memory. All views point into the buffer that was parsed: they live as
/// long as its bytes stay.
struct RequestLineAndFraming {
  std::string_view line;         ///< the request line as sent, without its end
  std::string_view method_name;  ///< as sent (case-sensitive)
  Method method = Method::get;
  std::string_view target;  ///< as sent
  std::string_view query;   ///< after '?', not decoded; "" when there is none
  bool has_query = false;   ///< whether there was a '?'
  int minor_version = 1;    ///< of HTTP/1.x: 0, or 1 for every higher one
  std::string_view host;    ///< authority without port, IPv6 in brackets; "" when a 1.0 request named none
  std::string_view host_field;  ///< authority as sent, port included (the absolute target's where it has one)
  Framing framing;
  bool keep_alive = true;         ///< the client allows another request on this connection
  bool expects_continue = false;  ///< Expect: 100-continue on HTTP/1.1 (RFC 9110 section 10.1.1)
};

/// The head of one request. The string and the vector keep their capacity from request to request, so that
/// the usual one allocates nothing.
struct Request : RequestLineAndFraming {
  std::string path;  ///< decoded once, dots and repeated slashes removed; begins with '/'; "*" for OPTIONS *
                     ///< and CONNECT
  std::vector<Field> fields;  ///< their views point into the buffer too
  std::string user;           ///< who asks, where a password was checked (--auth); else empty

  /// The value of the first field of that name, if any.
  std::optional<std::string_view> field(std::string_view name) const;

  /// Makes it an empty request again and keeps the memory.
  void clear();
};

}  // namespace tinyhttpd
