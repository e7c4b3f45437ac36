// Who may enter: the lines of an htpasswd file, and what a client says in Authorization (RFC 7617).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

/// How a password was hashed, told by the beginning of the hash.
enum class HashScheme { bcrypt, sha256, sha512, yescrypt, apr1, unknown };

/// By its prefix: "$2y$" "$2b$" "$2a$", "$5$", "$6$", "$y$", "$apr1$". `unknown` for all else, among them
/// plain text, DES and {SHA}: they are refused, for they hide nothing today.
HashScheme scheme_of(std::string_view hash);

/// The names of a password file with their hashes.
using PasswordEntries = std::map<std::string, std::string, std::less<>>;

/// Reads "name:hash" lines; empty ones and those that begin with '#' are skipped; what follows a second ':'
/// is ignored, as htpasswd does; a byte order mark and CR before the line end are dropped. Fails with one
/// sentence that names the line: "line 3: no ':'", "line 3: an unknown kind of hash (bcrypt, SHA-256,
/// SHA-512, yescrypt and apr1 are known: htpasswd -B)", "line 5: the name 'anna' stands for the second time",
/// "line 1: a name is missing", "line 2: a control byte in the name". It never repeats a hash.
Result<PasswordEntries, std::string> parse_password_file(std::string_view text);

/// A name and a password as a client gave them.
struct BasicCredentials {
  std::string user;
  std::string password;
};

/// What the value of Authorization says (RFC 7617 section 2): the scheme "Basic" in any case, one or more
/// spaces, base64 (strict: padding right, no other bytes) of user, ':' and password. Nothing for another
/// scheme, and for what is malformed: bad base64, no ':', a control byte or a NUL in either.
std::optional<BasicCredentials> parse_basic_credentials(std::string_view authorization);

/// The value of WWW-Authenticate: Basic realm="…", charset="UTF-8". Quotes and backslashes in `realm` are
/// escaped; it holds no control bytes.
std::string basic_challenge(std::string_view realm);

}  // namespace tinyhttpd
