#include "tinyhttpd/backends.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/process_under_test.hpp"
#include "support/silent_host.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/listener.hpp"
#include "tinyhttpd/socket.hpp"

using namespace tinyhttpd;
using namespace std::chrono_literals;
using Kind = ConnectFailure::Kind;
using Outcome = Transfer::Outcome;

namespace {

TimePoint soon() {
  return Clock::now() + 10s;
}

/// A program that listens on a Unix socket, and takes connections when it is told to.
class UnixBackend {
 public:
  explicit UnixBackend(const std::string& path) : address_("unix:" + path) { start(); }

  void start() { listener_.push_back(std::move(open_listeners({address_}, 0).front())); }
  void stop() { listener_.clear(); }
  void take_at_most_one() { REQUIRE(::listen(listener_.front().fd.get(), 0) == 0); }

  const std::string& address() const { return address_; }
  UniqueFd accept() const {
    REQUIRE(wait_for(listener_.front().fd.get(), POLLIN, soon()) == Waited::ready);
    return std::move(accept_client(listener_.front().fd.get())->fd);
  }

 private:
  std::string address_;
  std::vector<Listener> listener_;
};

/// Backends, a clock that goes on when it is told to, and what was told.
struct Pool {
  explicit Pool(std::vector<std::string> addresses, std::size_t most_kept = 10)
      : backends(
            std::move(addresses), most_kept, [this](const std::string& line) { told.push_back(line); },
            [this] { return now; }) {}

  Result<BackendConnection, ConnectFailure> try_connect(bool allow_reused = true) {
    tried.assign(backends.size(), false);
    return backends.connect(tried, allow_reused, soon(), -1);
  }
  BackendConnection connect(bool allow_reused = true) {
    auto connection = try_connect(allow_reused);
    REQUIRE(connection);
    return *std::move(connection);
  }
  /// Which backend a piece of work goes to that is answered and done.
  std::size_t work() {
    auto connection = connect(false);
    connection.note_answer();
    return connection.backend();
  }
  ConnectFailure failure() {
    auto connection = try_connect();
    REQUIRE_FALSE(connection);
    return std::move(connection).error();
  }

  TimePoint now = Clock::now();
  std::vector<std::string> told;
  Backends::Tried tried;
  Backends backends;
};

void keep_one(Pool& pool) {
  pool.connect(false).keep();
}

bool is_closed(const UniqueFd& peer) {
  std::array<char, 1> byte;
  return receive(peer.get(), byte).outcome == Outcome::closed;
}

int tcp_option(int fd, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  REQUIRE(::getsockopt(fd, IPPROTO_TCP, option, &value, &length) == 0);
  return value;
}

std::string tcp_address(const Listener& listener) {
  return "127.0.0.1:" + std::to_string(listener.address.port);
}

/// A port of this machine that nobody listens on.
std::string dead_port() {
  return tcp_address(open_listeners({"127.0.0.1"}, 0).front());
}

}  // namespace

// ---- Connecting

TEST_CASE("Backends connects to a Unix socket, without waiting and unknown to scripts") {
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  Pool pool({backend.address()});
  const auto connection = pool.connect();
  CHECK((::fcntl(connection.fd(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(connection.fd(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(connection.address() == backend.address());
  CHECK(connection.backend() == 0);
  CHECK_FALSE(connection.is_reused());
  const UniqueFd peer = backend.accept();
  CHECK(send(connection.fd(), "x").bytes == 1);
  CHECK(wait_for(peer.get(), POLLIN, soon()) == Waited::ready);
  CHECK(pool.told.empty());
}

TEST_CASE("Backends connects by TCP and sends at once") {
  const auto listener = std::move(open_listeners({"127.0.0.1"}, 0).front());
  Pool pool({tcp_address(listener)});
  const auto connection = pool.connect();
  CHECK((::fcntl(connection.fd(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(connection.fd(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(tcp_option(connection.fd(), TCP_NODELAY) == 1);
  CHECK(remote_address(connection.fd()).port == listener.address.port);
}

TEST_CASE("Backends closes a connection at its end") {
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  Pool pool({backend.address()});
  UniqueFd peer;
  {
    const auto connection = pool.connect();
    peer = backend.accept();
    CHECK_FALSE(is_closed(peer));
  }
  CHECK(is_closed(peer));
}

TEST_CASE("Backends says why there is no connection, with the address") {
  const TemporaryFolder folder;
  const std::string missing = "unix:" + folder / "missing.sock";
  Pool pool({missing});
  CHECK(pool.failure().kind == Kind::refused);
  CHECK(pool.failure().what == missing + ": No such file or directory");
  CHECK(pool.tried == Backends::Tried{true});

  folder.write("file", "no socket");
  CHECK(Pool({"unix:" + folder / "file"}).failure().what ==
        "unix:" + folder / "file" + ": Connection refused");

  const std::string port = dead_port();
  const ConnectFailure tcp = Pool({port}).failure();
  CHECK(tcp.kind == Kind::refused);
  CHECK(tcp.what == port + ": Connection refused");
}

TEST_CASE("Backends tells a backend that takes no more from one that is not there") {
  const TemporaryFolder folder;
  UnixBackend backend(folder / "a.sock");
  backend.take_at_most_one();
  Pool pool({backend.address()});
  const auto first = pool.connect();
  const ConnectFailure failure = pool.failure();
  CHECK(failure.kind == Kind::full);
  CHECK(failure.what == backend.address() + ": its queue of connections is full");
}

TEST_CASE("Backends reports that one was full rather than that another was not there") {
  const TemporaryFolder folder;
  UnixBackend full(folder / "full.sock");
  full.take_at_most_one();
  const std::string missing = "unix:" + folder / "missing.sock";
  Pool filling({full.address()});
  const auto first = filling.connect();
  Pool full_first({full.address(), missing});
  CHECK(full_first.failure().kind == Kind::full);
  Pool full_last({missing, full.address()});
  CHECK(full_last.failure().kind == Kind::full);
}

TEST_CASE("Backends reports the last failure") {
  const TemporaryFolder folder;
  Pool pool({"unix:" + folder / "a.sock", "unix:" + folder / "b.sock"});
  CHECK(pool.failure().what == "unix:" + folder / "b.sock" + ": No such file or directory");
}

TEST_CASE("Backends waits for a connection until the deadline") {
  const SilentHost host;
  Pool pool({host.address()});
  pool.tried.assign(1, false);
  const auto connection = pool.backends.connect(pool.tried, true, Clock::now() + 20ms, -1);
  REQUIRE_FALSE(connection);
  CHECK(connection.error().kind == Kind::timed_out);
  CHECK(pool.tried == Backends::Tried{true});
  CHECK(pool.told.size() == 1);
}

TEST_CASE("Backends leaves time for the next backend when one is silent") {
  const SilentHost host;
  const auto listener = std::move(open_listeners({"127.0.0.1"}, 0).front());
  Pool pool({host.address(), tcp_address(listener)});
  pool.tried.assign(2, false);
  const TimePoint deadline = Clock::now() + 600ms;
  const auto connection = pool.backends.connect(pool.tried, true, deadline, -1);
  REQUIRE(connection);
  CHECK(connection->backend() == 1);
  CHECK(Clock::now() < deadline);
  CHECK(pool.tried == Backends::Tried{true, false});
}

TEST_CASE("Backends stops waiting for a connection when it is told to, and blames nobody") {
  const SilentHost host;
  Pool pool({host.address(), host.address()});
  pool.tried.assign(2, false);
  std::array<int, 2> pair{-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) == 0);
  const UniqueFd stop_reader(pair[0]);
  const UniqueFd stop_writer(pair[1]);
  CHECK(send(stop_writer.get(), "x").bytes == 1);
  const auto connection = pool.backends.connect(pool.tried, true, soon(), stop_reader.get());
  REQUIRE_FALSE(connection);
  CHECK(connection.error().kind == Kind::stopped);
  CHECK(pool.tried == Backends::Tried{false, false});
  CHECK(pool.told.empty());
}

TEST_CASE("Backends blames nobody when this process has no descriptor left") {
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  Pool pool({backend.address()});
  CHECK(in_forked_child([&] {
          const rlimit none{0, 0};
          if (::setrlimit(RLIMIT_NOFILE, &none) != 0) return 1;
          const auto connection = pool.try_connect();
          if (connection || connection.error().kind != Kind::shortage) return 2;
          return pool.told.empty() ? 0 : 3;
        }) == 0);
}

TEST_CASE("Backends blames nobody when this machine has no port left for a connection") {
  Pool pool({dead_port(), dead_port()});
  CHECK(in_forked_child([&] {
          if (!refuse_system_call(SYS_connect, EADDRNOTAVAIL)) return 1;
          const auto connection = pool.try_connect();
          if (connection || connection.error().kind != Kind::shortage) return 2;
          return pool.told.empty() ? 0 : 3;
        }) == 0);
}

// Ports are short for one address at a time; and a machine without IPv6 has none for any address of it.
TEST_CASE("Backends asks the next where there is no port left for a connection to one") {
  constexpr std::uint32_t kBitOfTcp = 0x10;  // in the length of sockaddr_in, and not in that of sockaddr_un
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  Pool pool({dead_port(), backend.address()});
  CHECK(in_forked_child([&] {
          if (!refuse_system_call(SYS_connect, EADDRNOTAVAIL, 2, kBitOfTcp)) return 1;
          const auto connection = pool.try_connect();
          if (!connection || connection->backend() != 1) return 2;
          return pool.told.empty() ? 0 : 3;
        }) == 0);
}

// ---- Whom to ask

TEST_CASE("Backends asks the least busy, and in turn those that are as busy") {
  const TemporaryFolder folder;
  const UnixBackend a(folder / "a.sock"), b(folder / "b.sock"), c(folder / "c.sock");
  Pool pool({a.address(), b.address(), c.address()});
  std::vector<std::size_t> turns;
  for (int i = 0; i < 6; ++i) turns.push_back(pool.work());
  CHECK(turns == std::vector<std::size_t>{0, 1, 2, 0, 1, 2});

  const auto busy = pool.connect();
  CHECK(busy.backend() == 0);
  CHECK(pool.work() == 1);
  CHECK(pool.work() == 2);
  CHECK(pool.work() == 1);
  auto also_busy = pool.connect();
  CHECK(also_busy.backend() == 2);
  CHECK(pool.work() == 1);
  CHECK(pool.work() == 1);
  also_busy.keep();
  { const auto ended = std::move(also_busy); }
  CHECK(pool.work() == 2);
}

TEST_CASE("Backends never asks one that was tried") {
  const TemporaryFolder folder;
  const UnixBackend a(folder / "a.sock"), b(folder / "b.sock");
  Pool pool({a.address(), b.address()});
  for (int i = 0; i < 4; ++i) {
    Backends::Tried tried{true, false};
    const auto connection = pool.backends.connect(tried, true, soon(), -1);
    REQUIRE(connection);
    CHECK(connection->backend() == 1);
  }
  Backends::Tried both{true, true};
  const auto none = pool.backends.connect(both, true, soon(), -1);
  REQUIRE_FALSE(none);
  CHECK(none.error().kind == Kind::refused);
  CHECK(none.error().what == "every backend was tried");
}

TEST_CASE("Backends lets no piece of work try a backend again that it has tried") {
  const TemporaryFolder folder;
  const UnixBackend a(folder / "a.sock"), b(folder / "b.sock");
  Pool pool({a.address(), b.address()});
  pool.connect().blame("spoke nonsense");
  pool.now += 1s;
  Backends::Tried tried{true, false};
  const auto connection = pool.backends.connect(tried, true, soon(), -1);
  REQUIRE(connection);
  CHECK(connection->backend() == 1);
}

TEST_CASE("Backends asks the next when one cannot be connected to, and says so once") {
  const TemporaryFolder folder;
  const std::string missing = "unix:" + folder / "missing.sock";
  const UnixBackend here(folder / "here.sock");
  Pool pool({missing, here.address()});
  const auto first = pool.connect();
  CHECK(first.backend() == 1);
  CHECK(pool.tried == Backends::Tried{true, false});
  CHECK(pool.told ==
        std::vector<std::string>{"backend " + missing + " is left out for 1 s: No such file or directory"});
  const auto second = pool.connect();  // busier, but the other is left out
  CHECK(second.backend() == 1);
  CHECK(pool.tried == Backends::Tried{false, false});
  CHECK(pool.told.size() == 1);
}

TEST_CASE("Backends lets one piece of work try a backend again, and the others wait for its answer") {
  const TemporaryFolder folder;
  const UnixBackend a(folder / "a.sock"), b(folder / "b.sock");
  Pool pool({a.address(), b.address()});
  pool.connect().blame("spoke nonsense");
  pool.now += 999ms;
  CHECK(pool.work() == 1);
  CHECK(pool.work() == 1);
  pool.now += 1ms;
  auto trial = pool.connect();
  CHECK(trial.backend() == 0);
  CHECK(pool.work() == 1);
  CHECK(pool.work() == 1);
  trial.note_answer();
  CHECK(pool.told ==
        std::vector<std::string>{"backend " + a.address() + " is left out for 1 s: spoke nonsense",
                                 "backend " + a.address() + " answers again"});
  { const auto ended = std::move(trial); }
  CHECK(pool.work() != pool.work());  // both of them again
}

TEST_CASE("Backends lets the next piece of work try when the one before ended without an answer") {
  const TemporaryFolder folder;
  const UnixBackend a(folder / "a.sock"), b(folder / "b.sock");
  Pool pool({a.address(), b.address()});
  pool.connect().blame("spoke nonsense");
  pool.now += 1s;
  CHECK(pool.connect().backend() == 0);  // and its client has left
  CHECK(pool.connect().backend() == 0);
}

// Otherwise it would be due at once, and have every request of a site that gets one at a time.
TEST_CASE("Backends leaves a backend out again when the piece of work that tried it got no answer") {
  const TemporaryFolder folder;
  const UnixBackend a(folder / "a.sock"), b(folder / "b.sock");
  Pool pool({a.address(), b.address()});
  pool.connect().blame("closed");
  pool.now += 1s;
  {
    auto trial = pool.connect();
    REQUIRE(trial.backend() == 0);
    pool.now += 30s;
    trial.distrust();
  }
  CHECK(pool.told.back() == "backend " + a.address() + " is left out for 2 s: no answer in the time given");
  CHECK(pool.work() == 1);
  pool.now += 2s - 1ms;
  CHECK(pool.work() == 1);
  pool.now += 1ms;
  CHECK(pool.work() == 0);
  CHECK(pool.told.size() == 3);  // it answers again
}

TEST_CASE("Backends leaves nobody out for silence who was not left out before: it may be busy") {
  const TemporaryFolder folder;
  const UnixBackend a(folder / "a.sock"), b(folder / "b.sock");
  Pool pool({a.address(), b.address()});
  pool.connect().distrust();
  CHECK(pool.told.empty());
  CHECK(pool.work() == 1);
  CHECK(pool.work() == 0);
}

TEST_CASE("Backends leaves a backend out for twice as long each time, ten seconds at most") {
  const TemporaryFolder folder;
  UnixBackend here(folder / "a.sock"), sometimes(folder / "b.sock");
  sometimes.stop();
  Pool pool({sometimes.address(), here.address()});
  CHECK(pool.work() == 1);
  for (const int seconds : {1, 2, 4, 8, 10, 10}) {
    CAPTURE(seconds);
    CHECK(pool.told.back() == "backend " + sometimes.address() + " is left out for " +
                                  std::to_string(seconds) + " s: No such file or directory");
    const std::size_t lines = pool.told.size();
    pool.now += std::chrono::seconds(seconds) - 1ms;
    CHECK(pool.work() == 1);
    CHECK(pool.told.size() == lines);
    pool.now += 1ms;
    CHECK(pool.work() == 1);
    CHECK(pool.told.size() == lines + 1);
  }
  sometimes.start();
  pool.now += 10s;
  CHECK(pool.work() == 0);
  CHECK(pool.told.back() == "backend " + sometimes.address() + " answers again");
  sometimes.stop();
  while (pool.told.back().ends_with("again")) CHECK(pool.work() == 1);
  CHECK(pool.told.back().find("left out for 1 s") != std::string::npos);
}

TEST_CASE("Backends asks one all the same when all are left out") {
  const TemporaryFolder folder;
  UnixBackend a(folder / "a.sock"), b(folder / "b.sock");
  a.stop();
  b.stop();
  Pool pool({a.address(), b.address()});
  CHECK(pool.failure().kind == Kind::refused);
  CHECK(pool.tried == Backends::Tried{true, true});
  CHECK(pool.told.size() == 2);
  for (int i = 0; i < 5; ++i) CHECK(pool.failure().kind == Kind::refused);
  CHECK(pool.told.size() == 2);  // which is no further failure: the first pause is not over
  b.start();
  CHECK(pool.work() == 1);
  CHECK(pool.told.back() == "backend " + b.address() + " answers again");
}

TEST_CASE("Backends asks an only backend each time, and tells of it as rarely as of one of many") {
  const TemporaryFolder folder;
  const std::string missing = "unix:" + folder / "missing.sock";
  Pool pool({missing});
  for (int i = 0; i < 5; ++i) CHECK(pool.failure().kind == Kind::refused);
  CHECK(pool.told == std::vector<std::string>{"backend " + missing + " fails: No such file or directory"});
}

TEST_CASE("Backends takes what is lost at one time for one failure") {
  const TemporaryFolder folder;
  const UnixBackend a(folder / "a.sock"), b(folder / "b.sock");
  Pool pool({a.address(), b.address()});
  auto first = pool.connect();
  const auto other = pool.connect();
  auto second = pool.connect();
  REQUIRE(first.backend() == second.backend());
  pool.now += 1ms;
  first.blame("closed");
  pool.now += 5s;
  second.blame("closed");  // it began before the backend was left out
  CHECK(pool.told.size() == 1);
  CHECK(pool.connect().backend() == 0);  // due since long
}

TEST_CASE("Backends takes an answer from before a failure for no sign of life") {
  const TemporaryFolder folder;
  const UnixBackend a(folder / "a.sock"), b(folder / "b.sock");
  Pool pool({a.address(), b.address()});
  auto early = pool.connect();
  const auto other = pool.connect();
  pool.now += 1ms;
  pool.connect().blame("closed");
  early.note_answer();
  CHECK(pool.told.size() == 1);
  { const auto ended = std::move(early); }
  CHECK(pool.work() == 1);
}

// ---- Keeping

TEST_CASE("Backends gives a kept connection to the next piece of work, the last one first") {
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  Pool pool({backend.address()});
  UniqueFd first_peer, second_peer;
  {
    auto first = pool.connect();
    first_peer = backend.accept();
    auto second = pool.connect();
    second_peer = backend.accept();
    second.note_answer();
    first.keep();
    second.keep();
  }
  const auto again = pool.connect();
  CHECK(again.is_reused());
  CHECK(send(again.fd(), "x").bytes == 1);
  CHECK(wait_for(second_peer.get(), POLLIN, soon()) == Waited::ready);
  CHECK(pool.connect().is_reused());
  CHECK(is_closed(first_peer));
  CHECK_FALSE(pool.connect().is_reused());
}

TEST_CASE("Backends drops a kept connection that the backend closed, and takes another") {
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  Pool pool({backend.address()});
  std::vector<UniqueFd> peers;
  {
    auto first = pool.connect();
    auto second = pool.connect();
    second.note_answer();
    first.keep();
    second.keep();
    peers.push_back(backend.accept());
    peers.push_back(backend.accept());
  }
  peers.back().reset();
  CHECK(pool.connect().is_reused());
  CHECK_FALSE(pool.connect().is_reused());  // that was the last one, and was not kept again
  CHECK(pool.told.empty());                 // no failure of the backend
}

TEST_CASE("Backends drops a kept connection on which something was said, or half of which was closed") {
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  Pool pool({backend.address()});
  keep_one(pool);
  UniqueFd peer = backend.accept();
  CHECK(send(peer.get(), "x").bytes == 1);
  CHECK_FALSE(pool.connect().is_reused());

  backend.accept().reset();
  keep_one(pool);
  peer = backend.accept();
  shut_down_sending(peer.get());
  CHECK_FALSE(pool.connect().is_reused());
}

TEST_CASE("Backends keeps as many as it may, and none if none") {
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  for (const std::size_t most : {0U, 1U, 2U}) {
    CAPTURE(most);
    Pool pool({backend.address()}, most);
    {
      std::vector<BackendConnection> all;
      for (int i = 0; i < 4; ++i) all.push_back(pool.connect());
      for (auto& each : all) each.note_answer();
      for (auto& each : all) each.keep();
    }
    std::vector<BackendConnection> again;
    std::size_t reused = 0;
    for (int i = 0; i < 4; ++i) reused += again.emplace_back(pool.connect()).is_reused() ? 1U : 0U;
    CHECK(reused == most);
  }
}

TEST_CASE("Backends closes a kept connection for each new one that had to be new") {
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  Pool pool({backend.address()});
  keep_one(pool);
  const UniqueFd peer = backend.accept();
  const auto connection = pool.connect(false);
  CHECK_FALSE(connection.is_reused());
  CHECK(is_closed(peer));
}

TEST_CASE("Backends keeps none to a backend that failed") {
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  Pool pool({backend.address()});
  auto bad = pool.connect();
  const UniqueFd bad_peer = backend.accept();
  bad.note_answer();
  keep_one(pool);
  const UniqueFd peer = backend.accept();
  bad.blame("spoke nonsense");
  CHECK(is_closed(peer));
  CHECK_FALSE(pool.connect().is_reused());
}

TEST_CASE("Backends keeps no connection while another has been waiting since before its work began") {
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  Pool pool({backend.address()});
  auto waiting = pool.connect();
  pool.now += 1ms;
  auto later = pool.connect();
  later.keep();
  { const auto ended = std::move(later); }
  CHECK_FALSE(pool.connect().is_reused());

  waiting.note_answer();  // it has a worker now, and may take its time
  pool.now += 1ms;
  keep_one(pool);
  CHECK(pool.connect().is_reused());
}

TEST_CASE("Backends keeps a connection while one waits whose work began later, unless it waits long") {
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  for (const auto& [wait, is_kept] : {std::pair(50ms, true), std::pair(51ms, false)}) {
    Pool pool({backend.address()});
    auto early = pool.connect();
    pool.now += 1ms;
    const auto waiting = pool.connect();
    pool.now += wait;
    early.keep();
    { const auto ended = std::move(early); }
    CHECK(pool.connect().is_reused() == is_kept);
  }
}

TEST_CASE("Backends keeps a connection when what waited has ended") {
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  Pool pool({backend.address()});
  { const auto given_up = pool.connect(); }
  pool.now += 1s;
  keep_one(pool);
  CHECK(pool.connect().is_reused());
}

TEST_CASE("Backends closes what was idle for five seconds") {
  const TemporaryFolder folder;
  const UnixBackend backend(folder / "a.sock");
  Pool pool({backend.address()});
  auto later = pool.connect(false);
  const UniqueFd later_peer = backend.accept();
  later.note_answer();
  keep_one(pool);
  const UniqueFd peer = backend.accept();
  pool.now += 1s;
  later.keep();
  pool.now += 4s;
  pool.backends.close_idle(pool.now);
  CHECK_FALSE(is_closed(peer));
  pool.backends.close_idle(pool.now + 1ms);
  CHECK(is_closed(peer));
  CHECK_FALSE(is_closed(later_peer));
}

TEST_CASE("Backends closes what is idle while a new connection waits for long") {
  const TemporaryFolder folder;
  const UnixBackend a(folder / "a.sock"), b(folder / "b.sock");
  Pool pool({a.address(), b.address()});
  auto first = pool.connect();
  auto other = pool.connect();
  const auto waiting = pool.connect();
  REQUIRE(waiting.backend() == first.backend());
  const UniqueFd peer = a.accept();
  const UniqueFd other_peer = b.accept();
  first.keep();
  other.keep();
  pool.backends.close_idle(pool.now + 50ms);
  CHECK_FALSE(is_closed(peer));
  pool.backends.close_idle(pool.now + 51ms);
  CHECK(is_closed(peer));
  CHECK_FALSE(is_closed(other_peer));  // nobody waits for that backend
}

// ---- Threads

TEST_CASE("Backends serves several threads at once and loses no connection") {
  const TemporaryFolder folder;
  const UnixBackend a(folder / "a.sock"), b(folder / "b.sock");
  const std::string missing = "unix:" + folder / "missing.sock";
  const auto before = count_descriptors();
  std::atomic<int> lines = 0;
  {
    Backends backends({a.address(), missing, b.address()}, 3, [&](const std::string&) { ++lines; });
    std::atomic<int> failures = 0;
    const auto work = [&](int seed) {
      for (int i = 0; i < 200; ++i) {
        Backends::Tried tried(3, false);
        auto connection = backends.connect(tried, i % 5 != 0, soon(), -1);
        if (!connection) {
          ++failures;
          continue;
        }
        if (i % 3 != seed % 3) connection->note_answer();
        if (i % 50 == seed) connection->blame("one of many");
        if (i % 40 == seed) connection->distrust();
        if (i % 2 == 0) connection->keep();
        if (i % 20 == 0) backends.close_idle(Clock::now() + 10s);
      }
    };
    {
      std::vector<std::jthread> threads;
      for (int seed = 0; seed < 4; ++seed) threads.emplace_back(work, seed);
    }
    CHECK(failures == 0);
    CHECK(lines >= 1);
    Backends::Tried tried(3, false);
    CHECK(backends.connect(tried, true, soon(), -1));
  }
  CHECK(count_descriptors() == before);
}
