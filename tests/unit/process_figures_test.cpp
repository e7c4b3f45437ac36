#include "tinyhttpd/process_figures.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <vector>

#include "tinyhttpd/unique_fd.hpp"

using namespace tinyhttpd;

TEST_CASE("process_figures counts the descriptors that are open now") {
  const auto before = process_figures();
  const UniqueFd one(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      other(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto after = process_figures();
  REQUIRE(before.open_fds);
  REQUIRE(after.open_fds);
  CHECK(*after.open_fds == *before.open_fds + 2);
  if (after.max_fds) CHECK(*after.max_fds > *after.open_fds);
}

TEST_CASE("process_figures sees memory that is used, and time that was") {
  const auto before = process_figures();
  const std::vector<char> memory(std::size_t{64} << 20U, 'x');
  const auto after = process_figures();
  REQUIRE(before.resident_bytes);
  REQUIRE(after.virtual_bytes);
  CHECK(*after.resident_bytes > *before.resident_bytes + memory.size() / 2);
  CHECK(*after.virtual_bytes >= *after.resident_bytes);
  CHECK(after.cpu_seconds > before.cpu_seconds);
}
