#include "tinyhttpd/unique_fd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "support/process_under_test.hpp"

using namespace tinyhttpd;

namespace {

int open_null() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

TEST_CASE("UniqueFd closes its descriptor when it goes out of scope") {
  const int fd = open_null();
  {
    const UniqueFd owner(fd);
    CHECK(owner);
    CHECK(is_open(fd));
  }
  CHECK_FALSE(is_open(fd));
}

TEST_CASE("UniqueFd holds nothing to begin with, and after a failed open") {
  CHECK_FALSE(UniqueFd());
  CHECK_FALSE(UniqueFd(::open("/no/such/file", O_RDONLY | O_CLOEXEC)));
}

TEST_CASE("UniqueFd owns the descriptor 0, which is a descriptor like any other") {
  CHECK(in_forked_child([] {
          { const UniqueFd standard_input(STDIN_FILENO); }
          return is_open(STDIN_FILENO) ? 1 : 0;
        }) == 0);
}

TEST_CASE("A moved UniqueFd leaves its descriptor to the new owner alone") {
  UniqueFd first(open_null());
  const int fd = first.get();
  UniqueFd second(std::move(first));
  CHECK(second.get() == fd);
  CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move): that it is empty is the rule

  UniqueFd third(open_null());
  const int replaced = third.get();
  third = std::move(second);
  CHECK(third.get() == fd);
  CHECK(is_open(fd));
  CHECK_FALSE(is_open(replaced));
}

TEST_CASE("release gives the descriptor away without closing it") {
  UniqueFd owner(open_null());
  const UniqueFd next(owner.release());
  CHECK_FALSE(owner);
  CHECK(is_open(next.get()));
}

TEST_CASE("reset with the descriptor that is held already keeps it open") {
  UniqueFd owner(open_null());
  owner.reset(owner.get());
  CHECK(is_open(owner.get()));
}

TEST_CASE("Closing keeps errno, so that a failed call can be asked about after a scope has ended") {
  errno = ENOSPC;
  { const UniqueFd not_a_descriptor(1 << 30); }
  CHECK(errno == ENOSPC);
}
