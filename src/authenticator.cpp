#include "tinyhttpd/authenticator.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "tinyhttpd/http.hpp"
#include "tinyhttpd/lru_cache.hpp"
#include "tinyhttpd/password_file.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {
namespace {

/// A file over this size is none of ours.
constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20U;

/// How many good answers each place remembers.
constexpr std::uint64_t kMostRemembered = 1024;

/// How much of a name goes into the log.
constexpr std::size_t kMostLoggedBytes = 64;

/// How coarse the times of a file may be. One that changed so recently may change again without its times
/// telling.
constexpr std::time_t kCoarsestTime = 2;

/// The names of a file, as they were read. Never changes once made.
struct Names {
  PasswordEntries hashes;
  std::string dummy;  ///< for who has no hash; "" where nobody has one
};
using NamesPtr = std::shared_ptr<const Names>;

/// The state of a file, in which its changes show.
struct FileState {
  explicit FileState(const struct stat& status)
      : device(status.st_dev),
        inode(status.st_ino),
        size(status.st_size),
        mtime_seconds(status.st_mtim.tv_sec),
        mtime_nanoseconds(status.st_mtim.tv_nsec),
        ctime_seconds(status.st_ctim.tv_sec),
        ctime_nanoseconds(status.st_ctim.tv_nsec) {}
  bool operator==(const FileState&) const = default;

  dev_t device;
  ino_t inode;
  off_t size;
  std::time_t mtime_seconds;
  long mtime_nanoseconds;
  std::time_t ctime_seconds;  ///< nobody can set it, and each change of the content or the mtime does
  long ctime_nanoseconds;
};

/// Whether a file that was in this state at `now` may change and be in the same state still. A time ahead of
/// `now` by more is that of a clock gone wrong, and no reason to read the file for each request.
bool may_change_unseen(const FileState& state, std::time_t now) {
  return std::abs(now - state.ctime_seconds) <= kCoarsestTime;
}

std::string describe(int error) {
  return std::generic_category().message(error);
}

Result<std::string, std::string> read_all(const UniqueFd& file) {
  std::string text;
  char piece[16 * 1024];
  while (text.size() <= kMaxFileBytes) {
    const ssize_t count = ::read(file.get(), piece, sizeof piece);
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Unexpected("cannot be read: " + describe(errno));
    text.append(piece, static_cast<std::size_t>(count));
  }
  return Unexpected(std::string("is over 16M"));
}

/// What became of reading a file.
struct Reading {
  std::optional<FileState> state = std::nullopt;  ///< just before; nothing when it could not be opened
  NamesPtr names = nullptr;                       ///< null when there is a complaint
  std::string complaint = {};
};

/// The names and hashes in `text`, all of them such that a password can match.
Result<NamesPtr, std::string> names_in(std::string_view text) {
  auto entries = parse_password_file(text);
  if (!entries) return entries.error();
  std::uint64_t dearest = 0;
  std::string dummy;
  for (const auto& [name, hash] : *entries) {
    const std::uint64_t work = hashing_work(hash);
    if (work == 0) return "the hash of '" + name + "' is cut short or has a wrong form";
    if (work > dearest) dummy = dummy_hash(hash);
    dearest = std::max(dearest, work);
  }
  return NamesPtr(std::make_shared<const Names>(Names{std::move(*entries), std::move(dummy)}));
}

Reading read_names(const std::string& path) {
  // A pipe that nobody writes to must not hold the server up.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return {.complaint = "cannot be read: " + describe(errno)};
  const FileState state(status);
  if (!S_ISREG(status.st_mode)) return {.state = state, .complaint = "is no regular file"};
  const auto text = read_all(file);
  if (!text) return {.state = state, .complaint = text.error()};
  auto names = names_in(*text);
  if (!names) return {.state = state, .complaint = std::move(names.error())};
  return {.state = state, .names = std::move(*names)};
}

/// A password file whose names follow its changes. For many threads.
class PasswordFile {
 public:
  /// Throws std::runtime_error when it cannot be read or is wrong.
  explicit PasswordFile(const std::string& path) : path_(path) {
    const std::string warning = read_again();
    if (!warning.empty()) throw std::runtime_error(warning);
  }

  /// The names in force; while another thread reads the file, those from before. Tells `warn` when a change
  /// has made the file wrong, or right again.
  NamesPtr names(const Authenticator::Warn& warn) {
    struct stat status {};
    const bool is_there = ::stat(path_.c_str(), &status) == 0;
    {
      const std::lock_guard lock(mutex_);
      if (is_there && state_ == FileState(status)) return names_;
    }
    // A large file takes long: one worker is away for it, and not all of them.
    if (const std::unique_lock reading(reading_, std::try_to_lock); reading) {
      const std::string warning = read_again();
      if (!warning.empty()) warn(warning);
    }
    const std::lock_guard lock(mutex_);
    return names_;
  }

 private:
  /// One thread at a time. Gives a line for the log when there is one.
  std::string read_again() {
    const std::time_t now = std::time(nullptr);
    Reading reading = read_names(path_);
    const std::lock_guard lock(mutex_);
    state_ = reading.state;
    if (state_ && may_change_unseen(*state_, now)) state_.reset();
    if (reading.names) names_ = std::move(reading.names);
    const bool is_news = reading.complaint != complaint_;
    complaint_ = std::move(reading.complaint);
    if (!is_news) return {};
    const std::string file = "password file " + path_;
    if (complaint_.empty()) return file + ": is right again";
    return file + ": " + complaint_ + (names_ ? "; what it said before stays in force" : "");
  }

  const std::string path_;
  std::mutex reading_;              // held by who reads the file; nobody waits for it
  std::mutex mutex_;                // guards what follows; not held while the file is read
  std::optional<FileState> state_;  // while the file is in this state there is nothing new; nothing: look
  NamesPtr names_;                  // null only until the constructor has read them
  std::string complaint_;           // about the version read last
};

/// What a client says of itself, or why it may not enter.
Result<BasicCredentials, std::string> credentials_of(const Request& request) {
  const Field* authorization = nullptr;
  for (const Field& field : request.fields) {
    if (!iequals(field.name, "Authorization")) continue;
    // Whichever we took, somebody before or behind us might take the other.
    if (authorization != nullptr) return Unexpected(std::string("two Authorization fields"));
    authorization = &field;
  }
  if (authorization == nullptr) return Unexpected(std::string("no Authorization"));
  auto credentials = parse_basic_credentials(authorization->value);
  if (!credentials) return Unexpected(std::string("Authorization is not Basic, or malformed"));
  if (credentials->password.size() > kMaxPasswordBytes)
    return Unexpected(std::string("a password longer than any can be"));
  return std::move(*credentials);
}

/// "user 'anna': wrong password", with as much of the name as a line of the log has room for.
std::string reason_for(std::string_view user, std::string_view what) {
  std::string reason = "user '" + std::string(user.substr(0, kMostLoggedBytes));
  if (user.size() > kMostLoggedBytes) reason += "...";
  return reason.append("': ").append(what);
}

}  // namespace

/// A rule, and what it needs.
struct Authenticator::Place {
  explicit Place(const AuthRule& rule)
      : prefix(rule.prefix), challenge(basic_challenge(rule.realm)), file(rule.file) {}

  /// Whole components count: "/admin" is not the beginning of "/administrator". "*" is below "/" only.
  bool covers(std::string_view path) const {
    if (prefix == "/") return true;
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
  }

  Judgement refusal(std::string reason) const {
    return {.verdict = Verdict::refused, .challenge = challenge, .reason = std::move(reason)};
  }

  const std::string prefix;
  const std::string challenge;
  PasswordFile file;
  LruCache<bool> good_answers{kMostRemembered *
                              sizeof(Fingerprint)};  // by fingerprint, which is all they count
};

/// What is known of a request without hashing, and what hashing needs.
struct Authenticator::Inquiry {
  Judgement judgement;
  Place* place = nullptr;
  BasicCredentials credentials = {};
  std::string hash = {};    ///< in force for this user; the dummy for one whom nobody knows
  bool is_known = false;    ///< there is such a user
  std::string answer = {};  ///< where a good answer is remembered: it ends when the hash changes
};

Authenticator::Authenticator(const std::vector<AuthRule>& rules, Warn warn, Matches matches)
    : warn_(std::move(warn)), matches_(std::move(matches)) {
  for (const AuthRule& rule : rules) rules_.push_back(std::make_unique<Place>(rule));
  std::stable_sort(rules_.begin(), rules_.end(),
                   [](const auto& a, const auto& b) { return a->prefix.size() > b->prefix.size(); });
}

Authenticator::~Authenticator() = default;

Authenticator::Place* Authenticator::place_of(std::string_view path) const {
  for (const auto& place : rules_) {
    if (place->covers(path)) return place.get();
  }
  return nullptr;
}

Authenticator::Inquiry Authenticator::inquire(const Request& request) const {
  Place* place = place_of(request.path);
  if (place == nullptr) return {};
  auto credentials = credentials_of(request);
  if (!credentials) return {.judgement = place->refusal(std::move(credentials.error()))};
  const std::string& user = credentials->user;
  const NamesPtr names = place->file.names(warn_);
  if (names->hashes.empty()) return {.judgement = place->refusal(reason_for(user, "the file names nobody"))};
  const auto entry = names->hashes.find(user);
  const bool is_known = entry != names->hashes.end();
  const std::string& hash = is_known ? entry->second : names->dummy;

  const Fingerprint fingerprint = key_.of(user, credentials->password, hash);
  std::string answer(fingerprint.begin(), fingerprint.end());
  if (place->good_answers.find(answer)) return {.judgement = {.verdict = Verdict::welcome, .user = user}};
  return {.judgement = {.verdict = Verdict::must_hash},
          .place = place,
          .credentials = std::move(*credentials),
          .hash = hash,
          .is_known = is_known,
          .answer = std::move(answer)};
}

Authenticator::Judgement Authenticator::judge(const Request& request) {
  return inquire(request).judgement;
}

Authenticator::Judgement Authenticator::check_password(const Request& request) {
  Inquiry inquiry = inquire(request);
  if (inquiry.judgement.verdict != Verdict::must_hash) return std::move(inquiry.judgement);
  const auto& [user, password] = inquiry.credentials;
  const bool is_right = matches_(password, inquiry.hash);  // whoever asks: it is what takes the time
  if (!inquiry.is_known) return inquiry.place->refusal(reason_for(user, "there is no such user"));
  if (!is_right) return inquiry.place->refusal(reason_for(user, "wrong password"));
  inquiry.place->good_answers.keep(std::move(inquiry.answer), std::make_shared<const bool>(true), 0);
  return {.verdict = Verdict::welcome, .user = user};
}

}  // namespace tinyhttpd
