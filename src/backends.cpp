#include "tinyhttpd/backends.hpp"

#include <poll.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "tinyhttpd/backend_health.hpp"

namespace tinyhttpd {
namespace {

/// Nothing was said on it and nobody hung up. What comes between two pieces of work belongs to neither.
bool is_open_and_silent(int fd) {
  pollfd entry{fd, POLLIN | POLLRDHUP, 0};
  return ::poll(&entry, 1, 0) == 0;
}

/// The last failure counts. But one backend that is busy, or cannot be reached from here at the moment, says
/// more to a client than others that are away.
void weigh(std::optional<ConnectFailure>& failure, ConnectFailure next) {
  using Kind = ConnectFailure::Kind;
  const bool may_pass = failure && (failure->kind == Kind::full || failure->kind == Kind::shortage);
  if (may_pass && next.kind == Kind::refused) return;
  failure = std::move(next);
}

}  // namespace

/// An idle connection.
struct Backends::Kept {
  UniqueFd fd;
  TimePoint since;
};

struct Backends::Backend {
  explicit Backend(std::string text) : address(std::move(text)) {}

  /// Whether somebody may be waiting for the worker that an idle connection would hold, or holds.
  bool is_awaited_since(TimePoint before, TimePoint now) const {
    return !waiting.empty() && (*waiting.begin() < before || now - *waiting.begin() > kLongWait);
  }

  BackendAddress address;
  BackendHealth health = {};
  std::size_t in_hand = 0;                // pieces of work
  std::vector<Kept> kept = {};            // the one that was kept last is the last
  std::multiset<TimePoint> waiting = {};  // when the work began that waits on a new connection for an answer
};

// --- One connection ----------------------------------------------------------------------------------

/// `owner` has counted it among the work in hand.
BackendConnection::BackendConnection(Backends& owner, std::size_t backend, TimePoint since, bool is_trial)
    : owner_(&owner), backend_(backend), is_trial_(is_trial), since_(since) {}

BackendConnection::BackendConnection(BackendConnection&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)),
      backend_(other.backend_),
      fd_(std::move(other.fd_)),
      is_reused_(other.is_reused_),
      is_waiting_(other.is_waiting_),
      has_answer_(other.has_answer_),
      is_trial_(other.is_trial_),
      since_(other.since_) {}

BackendConnection::~BackendConnection() {
  if (owner_ == nullptr) return;
  // Whoever sees that this work is no longer in hand finds its connection closed.
  fd_.reset();
  const std::lock_guard lock(owner_->mutex_);
  Backends::Backend& backend = *owner_->backends_[backend_];
  stop_waiting();
  if (is_trial_) backend.health.end_trial();
  --backend.in_hand;
}

const std::string& BackendConnection::address() const {
  return owner_->backends_[backend_]->address.text();
}

/// The mutex is held.
void BackendConnection::stop_waiting() {
  if (!std::exchange(is_waiting_, false)) return;
  auto& waiting = owner_->backends_[backend_]->waiting;
  waiting.erase(waiting.find(since_));
}

void BackendConnection::note_answer() {
  if (std::exchange(has_answer_, true)) return;
  bool has_come_back = false;
  {
    const std::lock_guard lock(owner_->mutex_);
    stop_waiting();
    is_trial_ = false;
    has_come_back = owner_->backends_[backend_]->health.note_answer(since_, owner_->now_());
  }
  if (has_come_back) owner_->tell("backend " + address() + " answers again");
}

void BackendConnection::keep() {
  note_answer();
  const TimePoint now = owner_->now_();
  const std::lock_guard lock(owner_->mutex_);
  Backends::Backend& backend = *owner_->backends_[backend_];
  const bool is_wanted = backend.kept.size() < owner_->most_kept_ && !backend.is_awaited_since(since_, now);
  if (is_wanted) backend.kept.push_back({std::move(fd_), now});
}

void BackendConnection::distrust() {
  {
    std::vector<Backends::Kept> useless;  // closed without the mutex
    const std::lock_guard lock(owner_->mutex_);
    useless.swap(owner_->backends_[backend_]->kept);
  }
  // Else it would be due again at once, and have the next request too.
  if (is_trial_) blame("no answer in the time given");
}

void BackendConnection::blame(const std::string& why) {
  std::optional<std::chrono::seconds> pause;
  std::vector<Backends::Kept> useless;  // closed without the mutex
  {
    const std::lock_guard lock(owner_->mutex_);
    Backends::Backend& backend = *owner_->backends_[backend_];
    pause = backend.health.note_failure(since_, owner_->now_());
    if (!pause) return;
    is_trial_ = false;
    useless.swap(backend.kept);
  }
  const std::string for_how_long = " is left out for " + std::to_string(pause->count()) + " s: ";
  owner_->tell("backend " + address() + (owner_->size() > 1 ? for_how_long : " fails: ") + why);
}

/// Takes a kept connection that is still good, the one that was used last. Or closes one instead.
bool BackendConnection::take_kept(bool allow_reused) {
  for (;;) {
    UniqueFd fd;
    {
      const std::lock_guard lock(owner_->mutex_);
      auto& kept = owner_->backends_[backend_]->kept;
      if (kept.empty()) return false;
      fd = std::move(kept.back().fd);
      kept.pop_back();
    }
    if (!allow_reused) return false;
    if (!is_open_and_silent(fd.get())) continue;
    fd_ = std::move(fd);
    is_reused_ = true;
    return true;
  }
}

/// Makes a new connection, or says why not.
std::optional<ConnectFailure> BackendConnection::dial(TimePoint deadline, int stop_fd) {
  Backends::Backend& backend = *owner_->backends_[backend_];
  auto fd = backend.address.connect(since_, deadline, stop_fd);
  if (!fd) return std::move(fd).error();
  fd_ = *std::move(fd);
  const std::lock_guard lock(owner_->mutex_);
  backend.waiting.insert(since_);
  is_waiting_ = true;
  return std::nullopt;
}

// --- All of them -------------------------------------------------------------------------------------

Backends::Backends(std::vector<std::string> addresses, std::size_t most_kept, Tell tell,
                   std::function<TimePoint()> now)
    : tell_(std::move(tell)), now_(std::move(now)), most_kept_(most_kept) {
  for (std::string& address : addresses) backends_.push_back(std::make_unique<Backend>(std::move(address)));
}

Backends::~Backends() = default;

std::size_t Backends::size() const {
  return backends_.size();
}

void Backends::tell(const std::string& line) const {
  if (tell_) tell_(line);
}

Result<BackendConnection, ConnectFailure> Backends::connect(Tried& tried, bool allow_reused,
                                                            TimePoint deadline, int stop_fd) {
  using Kind = ConnectFailure::Kind;
  std::optional<ConnectFailure> failure;
  while (auto connection = choose(tried)) {
    if (connection->take_kept(allow_reused)) return *std::move(connection);
    const auto untried = static_cast<std::size_t>(std::count(tried.begin(), tried.end(), false));
    const TimePoint share =
        untried == 1 ? deadline : std::min(share_of(deadline, untried), Clock::now() + kMostForOne);
    auto refusal = connection->dial(share, stop_fd);
    if (!refusal) return *std::move(connection);
    const std::string why = refusal->what;
    refusal->what = connection->address() + ": " + why;
    if (refusal->kind == Kind::stopped) return *std::move(refusal);
    if (refusal->kind != Kind::shortage) connection->blame(why);
    tried[connection->backend()] = true;
    weigh(failure, *std::move(refusal));
  }
  return failure ? *std::move(failure) : ConnectFailure{Kind::refused, "every backend was tried"};
}

/// Whom to ask, counted from now on among the work it has in hand.
std::optional<BackendConnection> Backends::choose(const Tried& tried) {
  const std::lock_guard lock(mutex_);
  const TimePoint now = now_();
  const auto due = due_backend(tried, now);
  auto chosen = due ? due : least_busy(tried, false);
  if (!chosen) chosen = least_busy(tried, true);
  if (!chosen) return std::nullopt;
  next_ = *chosen + 1;
  Backend& backend = *backends_[*chosen];
  if (due) backend.health.begin_trial();
  ++backend.in_hand;
  return BackendConnection(*this, *chosen, now, due.has_value());
}

/// A backend that was left out for long enough: somebody must try it, or it never comes back.
std::optional<std::size_t> Backends::due_backend(const Tried& tried, TimePoint now) const {
  for (std::size_t index = 0; index < backends_.size(); ++index)
    if (!tried[index] && backends_[index]->health.is_due(now)) return index;
  return std::nullopt;
}

std::optional<std::size_t> Backends::least_busy(const Tried& tried, bool left_out_too) const {
  std::optional<std::size_t> best;
  for (std::size_t turn = 0; turn < backends_.size(); ++turn) {
    const std::size_t index = (next_ + turn) % backends_.size();
    const Backend& backend = *backends_[index];
    if (tried[index] || (backend.health.is_left_out() && !left_out_too)) continue;
    if (!best || backend.in_hand < backends_[*best]->in_hand) best = index;
  }
  return best;
}

void Backends::retire() {
  std::vector<Kept> useless;  // closed without the mutex
  const std::lock_guard lock(mutex_);
  most_kept_ = 0;
  for (const auto& backend : backends_)
    std::move(backend->kept.begin(), backend->kept.end(), std::back_inserter(useless));
  for (const auto& backend : backends_) backend->kept.clear();
}

void Backends::close_idle(TimePoint now) {
  std::vector<Kept> useless;  // closed without the mutex
  const std::lock_guard lock(mutex_);
  for (const auto& backend : backends_) {
    const bool is_awaited = backend->is_awaited_since(TimePoint::min(), now);
    const auto is_wanted = [&](const Kept& one) { return !is_awaited && now - one.since <= kIdleTime; };
    const auto first = std::stable_partition(backend->kept.begin(), backend->kept.end(), is_wanted);
    std::move(first, backend->kept.end(), std::back_inserter(useless));
    backend->kept.erase(first, backend->kept.end());
  }
}

}  // namespace tinyhttpd
