#include "tinyhttpd/spool.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "support/process_under_test.hpp"
#include "support/temporary_folder.hpp"

using namespace tinyhttpd;

namespace {

/// `size` bytes that differ from place to place.
std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

std::string read_all(const Spool& spool) {
  std::string all;
  std::array<char, 1000> buffer;
  std::error_code error;
  for (std::string_view part; !(part = spool.read(all.size(), buffer, error)).empty();) all += part;
  CHECK_FALSE(error);
  return all;
}

/// Its errno after appending more than memory holds.
int error_of_large_append(const std::string& folder) {
  Spool spool;
  return spool.append(pattern(Spool::kMemoryBytes * 4), folder).value();
}

/// Two connected sockets that do not wait.
std::pair<UniqueFd, UniqueFd> socket_pair() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// Descriptors are taken until the next one is over 63, so that a rule can tell those made later.
void use_up_low_descriptors() {
  while (::open("/dev/null", O_RDONLY | O_CLOEXEC) < 63) {
  }
}

/// The bit that a descriptor has that is made after use_up_low_descriptors().
constexpr std::uint32_t kOver63 = 64;

/// A spool in a file takes `size` bytes from a socket. Its error; 255: it does not hold what was sent. Of all
/// descriptors only the file's is over 63.
int error_of_taking(const std::string& folder, std::size_t size) {
  const std::string bytes = pattern(Spool::kMemoryBytes * 2 + size);
  const std::string_view first = std::string_view(bytes).substr(0, Spool::kMemoryBytes * 2);
  const auto [near, far] = socket_pair();
  std::error_code error;
  std::array<char, 1> one{};
  if (Spool before;
      before.append(first, folder) || send(far.get(), "x").bytes != 1 ||
      (before.take_from(near.get(), 1, error).bytes != 1 && receive(near.get(), one).bytes != 1))
    return 254;
  use_up_low_descriptors();
  Spool spool;
  if (const std::error_code failed = spool.append(first, folder)) return failed.value();
  if (send(far.get(), std::string_view(bytes).substr(first.size())).bytes != size) return 253;
  while (spool.take_from(near.get(), size, error).outcome == Transfer::Outcome::some)
    if (error) return error.value();
  return read_all(spool) == bytes ? 0 : 255;
}

}  // namespace

TEST_CASE("A spool gives back what was put in, in memory or in a file, however it was cut into pieces") {
  const TemporaryFolder folder;
  constexpr std::size_t kEdge = Spool::kMemoryBytes;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kEdge - 1, kEdge, kEdge + 1, kEdge * 5 + 7}) {
    for (const std::size_t piece : {std::size_t{999}, kEdge, kEdge * 10}) {
      CAPTURE(size);
      CAPTURE(piece);
      const std::string bytes = pattern(size);
      Spool spool;
      for (std::size_t at = 0; at < size; at += piece) {
        REQUIRE_FALSE(spool.append(std::string_view(bytes).substr(at, piece), folder.path()));
      }
      CHECK(spool.size() == size);
      CHECK(spool.empty() == (size == 0));
      CHECK(read_all(spool) == bytes);
    }
  }
}

TEST_CASE("A small spool needs no file: its folder need not even exist") {
  Spool spool;
  CHECK_FALSE(spool.append(pattern(Spool::kMemoryBytes), "/no/such/folder"));
  CHECK(spool.append("x", "/no/such/folder").value() == ENOENT);
}

TEST_CASE("A spool's file has no name, and goes with the spool") {
  const TemporaryFolder folder;
  const auto before = count_descriptors();
  {
    Spool spool;
    REQUIRE_FALSE(spool.append(pattern(Spool::kMemoryBytes + 1), folder.path()));
    CHECK(count_descriptors() == before + 1);
    CHECK(std::filesystem::is_empty(folder.path()));
  }
  CHECK(count_descriptors() == before);
}

TEST_CASE("A spool's file has no name where the file system has no O_TMPFILE either") {
  const TemporaryFolder folder;
  CHECK(in_forked_child([&] {
          // __O_TMPFILE alone: O_TMPFILE holds O_DIRECTORY, too.
          constexpr auto kBit = static_cast<std::uint32_t>(O_TMPFILE & ~O_DIRECTORY);
          if (!refuse_system_call(SYS_openat, EOPNOTSUPP, 2, kBit)) return 1;
          if (::open(folder.path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) >= 0) return 2;
          const std::string bytes = pattern(Spool::kMemoryBytes * 2);
          Spool spool;
          if (spool.append(bytes, folder.path())) return 3;
          if (!std::filesystem::is_empty(folder.path())) return 4;
          return read_all(spool) == bytes ? 0 : 5;
        }) == 0);
}

TEST_CASE("Reading at or past the end of a spool gives nothing, and is no error") {
  const TemporaryFolder folder;
  for (const std::size_t size : {std::size_t{5}, Spool::kMemoryBytes + 5}) {
    Spool spool;
    REQUIRE_FALSE(spool.append(pattern(size), folder.path()));
    std::array<char, 10> buffer;
    std::error_code error;
    CHECK(spool.read(size - 1, buffer, error).size() == 1);
    CHECK(spool.read(size, buffer, error).empty());
    CHECK(spool.read(size + 1, buffer, error).empty());
    CHECK_FALSE(error);
  }
}

TEST_CASE("A spool that may not grow further says EFBIG") {
  const TemporaryFolder folder;
  CHECK(in_forked_child([&] {
          std::signal(SIGXFSZ, SIG_IGN);
          const rlimit small{Spool::kMemoryBytes * 2, Spool::kMemoryBytes * 2};
          ::setrlimit(RLIMIT_FSIZE, &small);
          return error_of_large_append(folder.path());
        }) == EFBIG);
}

TEST_CASE("A spool on a full file system says ENOSPC") {
  const TemporaryFolder folder;
  CHECK(in_forked_child([&] {
          refuse_system_call(SYS_write, ENOSPC);
          return error_of_large_append(folder.path());
        }) == ENOSPC);
}

TEST_CASE("A spool in a file takes from a socket what it is told to, and leaves the rest there") {
  const TemporaryFolder folder;
  const auto [near, far] = socket_pair();
  const std::string bytes = pattern(Spool::kMemoryBytes * 4);
  const std::string_view first = std::string_view(bytes).substr(0, Spool::kMemoryBytes + 1);
  Spool spool;
  REQUIRE_FALSE(spool.append(first, folder.path()));
  std::error_code error;
  CHECK(spool.take_from(near.get(), 100, error).outcome == Transfer::Outcome::would_wait);
  REQUIRE(send(far.get(), std::string_view(bytes).substr(first.size())).outcome == Transfer::Outcome::some);
  for (const std::size_t most : {std::size_t{1}, std::size_t{4095}, std::size_t{10'000}}) {
    const std::uint64_t before = spool.size();
    while (spool.size() < before + most)
      REQUIRE(spool.take_from(near.get(), before + most - spool.size(), error).bytes > 0);
    CHECK(spool.size() == before + most);
  }
  REQUIRE_FALSE(error);
  CHECK(read_all(spool) == bytes.substr(0, static_cast<std::size_t>(spool.size())));
  std::array<char, 1> next{};
  CHECK(receive(near.get(), next).bytes == 1);
  CHECK(next[0] == bytes[static_cast<std::size_t>(spool.size())]);
}

TEST_CASE("A spool in memory takes nothing from a socket") {
  const auto [near, far] = socket_pair();
  REQUIRE(send(far.get(), "hello").bytes == 5);
  Spool spool;
  std::error_code error;
  CHECK(spool.take_from(near.get(), 5, error).outcome == Transfer::Outcome::would_wait);
  CHECK(spool.empty());
  std::array<char, 10> buffer{};
  CHECK(receive(near.get(), buffer).bytes == 5);
}

TEST_CASE("A spool takes bytes from a socket where the file system, or the system, cannot splice") {
  const TemporaryFolder folder;
  CHECK(in_forked_child([&] { return error_of_taking(folder.path(), 50'000); }) == 0);
  CHECK(in_forked_child([&] {
          refuse_system_call(SYS_splice, EINVAL, 2, kOver63);  // into the file
          return error_of_taking(folder.path(), 50'000);
        }) == 0);
  for (const int refusal : {EINVAL, EPERM, ENOSYS})
    CHECK(in_forked_child([&] {
            refuse_system_call(SYS_splice, refusal);
            return error_of_taking(folder.path(), 50'000);
          }) == 255);  // nothing was taken
}

TEST_CASE("A spool that takes bytes from a socket says when its file cannot hold them") {
  const TemporaryFolder folder;
  for (const int refusal : {ENOSPC, EDQUOT, EIO})
    CHECK(in_forked_child([&] {
            refuse_system_call(SYS_splice, refusal, 2, kOver63);
            return error_of_taking(folder.path(), 50'000);
          }) == refusal);
  CHECK(in_forked_child([&] {
          std::signal(SIGXFSZ, SIG_IGN);
          const rlimit small{Spool::kMemoryBytes * 3, Spool::kMemoryBytes * 3};
          ::setrlimit(RLIMIT_FSIZE, &small);
          return error_of_taking(folder.path(), 50'000);
        }) == EFBIG);
}

TEST_CASE("What one spool could not hold does not come to the next") {
  const TemporaryFolder folder;
  CHECK(in_forked_child([&] {
          std::signal(SIGXFSZ, SIG_IGN);
          const rlimit small{Spool::kMemoryBytes * 3, RLIM_INFINITY};
          ::setrlimit(RLIMIT_FSIZE, &small);
          if (error_of_taking(folder.path(), 50'000) != EFBIG) return 1;
          const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
          ::setrlimit(RLIMIT_FSIZE, &large);
          return error_of_taking(folder.path(), 40'000);
        }) == 0);
}

TEST_CASE("A spool that takes from a socket tells a broken connection from one that has ended") {
  const TemporaryFolder folder;
  auto [near, far] = socket_pair();
  Spool spool;
  REQUIRE_FALSE(spool.append(pattern(Spool::kMemoryBytes + 1), folder.path()));
  std::error_code error;
  CHECK(spool.take_from(-1, 10, error).outcome == Transfer::Outcome::failed);
  far.reset();
  CHECK(spool.take_from(near.get(), 10, error).outcome == Transfer::Outcome::would_wait);
  std::array<char, 10> buffer{};
  CHECK(receive(near.get(), buffer).outcome == Transfer::Outcome::closed);
  CHECK_FALSE(error);
}

TEST_CASE("A spool that gets no descriptor says EMFILE") {
  const TemporaryFolder folder;
  std::optional<NoMoreDescriptors> none(std::in_place);
  const int error = error_of_large_append(folder.path());
  none.reset();
  CHECK(error == EMFILE);
}

TEST_CASE("A spool reports a read that fails") {
  const TemporaryFolder folder;
  CHECK(in_forked_child([&] {
          Spool spool;
          if (spool.append(pattern(Spool::kMemoryBytes * 2), folder.path())) return 1;
          refuse_system_call(SYS_pread64, EIO);
          std::array<char, 10> buffer;
          std::error_code error;
          if (!spool.read(0, buffer, error).empty()) return 2;
          return error.value();
        }) == EIO);
}

TEST_CASE("A spool's file opened anew is read from its start, and cannot be changed") {
  const TemporaryFolder folder;
  const std::string bytes = pattern(Spool::kMemoryBytes * 3);
  Spool spool;
  REQUIRE_FALSE(spool.append(bytes, folder.path()));
  const UniqueFd first = spool.open_file();
  const UniqueFd second = spool.open_file();
  REQUIRE(first);
  for (const UniqueFd* file : {&first, &second}) {
    std::string read(bytes.size() + 1, '\0');
    CHECK(::read(file->get(), read.data(), read.size()) == static_cast<ssize_t>(bytes.size()));
    CHECK(read.substr(0, bytes.size()) == bytes);
    CHECK(::write(file->get(), "x", 1) == -1);
    CHECK((::fcntl(file->get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("A spool in memory has no file to open, nor has one without /proc") {
  const TemporaryFolder folder;
  Spool spool;
  REQUIRE_FALSE(spool.append(pattern(Spool::kMemoryBytes), folder.path()));
  CHECK_FALSE(spool.open_file());
  REQUIRE_FALSE(spool.append("x", folder.path()));
  CHECK(in_forked_child([&] {
          refuse_system_call(SYS_openat, ENOENT);
          return spool.open_file() ? 1 : 0;
        }) == 0);
  CHECK(spool.open_file());
}

TEST_CASE("A moved spool takes all along and leaves an empty one, ready for use") {
  const TemporaryFolder folder;
  for (const std::size_t size : {std::size_t{100}, Spool::kMemoryBytes * 2}) {
    const std::string bytes = pattern(size);
    Spool first;
    REQUIRE_FALSE(first.append(bytes, folder.path()));
    Spool second(std::move(first));
    CHECK(read_all(second) == bytes);
    CHECK(first.empty());  // NOLINT(bugprone-use-after-move): that it is empty is the rule
    CHECK(read_all(first).empty());

    REQUIRE_FALSE(first.append("new", folder.path()));
    first = std::move(second);
    CHECK(read_all(first) == bytes);
    CHECK(second.empty());  // NOLINT(bugprone-use-after-move)
  }
}

TEST_CASE("clear empties a spool, and it can be filled anew") {
  const TemporaryFolder folder;
  const auto before = count_descriptors();
  Spool spool;
  REQUIRE_FALSE(spool.append(pattern(Spool::kMemoryBytes * 2), folder.path()));
  spool.clear();
  CHECK(spool.empty());
  CHECK(count_descriptors() == before);
  REQUIRE_FALSE(spool.append("again", folder.path()));
  CHECK(read_all(spool) == "again");
}
