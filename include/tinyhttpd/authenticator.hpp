// Who asks, and whether they may: HTTP Basic (RFC 7617) for the places that --auth names.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/password_hash.hpp"

namespace tinyhttpd {

struct Request;

/// Decides by the rules of --auth. Any thread may ask it. Reads a password file again when it has changed:
/// the thread that sees so first does, and the others go on meanwhile with what it said before. A file that
/// has become wrong is told of once, and the old names stay in force.
///
/// A name that nobody has is hashed against a dummy as dear as the dearest hash of its file, so that time
/// does not tell who has a password there, as long as all of them were hashed in one way.
class Authenticator {
 public:
  /// What is known of a request without hashing anything.
  enum class Verdict {
    open,       ///< no rule covers its path
    welcome,    ///< the user and password are known to be right
    refused,    ///< there are no credentials, or no such credentials can be: 401
    must_hash,  ///< only hashing tells: check_password()
  };
  struct Judgement {
    Verdict verdict = Verdict::open;
    std::string user = {};       ///< of `welcome`
    std::string challenge = {};  ///< of `refused`: the value of WWW-Authenticate
    std::string reason = {};     ///< of `refused`: for the log, which escapes it; never a password
  };

  /// Told of a line for the log, by whichever thread found it.
  using Warn = std::function<void(const std::string&)>;

  /// Whether a password is the one of a hash: matches_hash, but for tests. It is called with no lock held.
  using Matches = std::function<bool(const std::string& password, const std::string& hash)>;

  /// Reads the password files. Throws std::runtime_error with one line that names the file and what is wrong,
  /// std::system_error when there are no random bytes. `warn` is told when a file that was read again is
  /// wrong, or has become right again.
  Authenticator(const std::vector<AuthRule>& rules, Warn warn, Matches matches = matches_hash);
  ~Authenticator();

  /// Whether there is any rule.
  bool is_on() const { return !rules_.empty(); }

  /// By the path (normalised, decoded) and Authorization; of whatever method. Takes one stat and one
  /// fingerprint, and the time to read a file that has changed.
  Judgement judge(const Request& request);

  /// Hashes the password, which takes long: for a worker that may be away that long. `welcome` or `refused`
  /// (or `open`). An unknown user takes as long as a known one. What was right is remembered, also for who
  /// has waited for a worker meanwhile.
  Judgement check_password(const Request& request);

 private:
  struct Place;
  struct Inquiry;
  Place* place_of(std::string_view path) const;
  Inquiry inquire(const Request& request) const;

  Warn warn_;
  Matches matches_;
  std::vector<std::unique_ptr<Place>> rules_;  // longest prefix first
  FingerprintKey key_;
};

}  // namespace tinyhttpd
