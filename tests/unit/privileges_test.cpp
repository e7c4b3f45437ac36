#include "tinyhttpd/privileges.hpp"

#include <doctest/doctest.h>
#include <grp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "support/process_under_test.hpp"
#include "support/temporary_folder.hpp"

using namespace tinyhttpd;

namespace {

constexpr uid_t kUser = 65534;
constexpr gid_t kGroup = 65534;
const Credentials kNobody{kUser, kGroup, {kGroup, 4242}};

bool is_root() {
  return ::geteuid() == 0;
}

/// What `act` throws, in words; "" when it does not.
template <typename Act>
std::string complaint_of(Act act) {
  try {
    act();
  } catch (const std::system_error& error) {
    return error.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool has_only_these_groups(std::vector<gid_t> wanted) {
  std::array<gid_t, 64> groups;
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  if (count < 0) return false;
  std::vector<gid_t> have(groups.begin(), groups.begin() + count);
  std::sort(have.begin(), have.end());
  std::sort(wanted.begin(), wanted.end());
  return have == wanted;
}

/// Every id and every capability that the kernel knows of this process.
bool is_nobody_in_all_respects() {
  std::ifstream file("/proc/self/status");
  const std::string status(std::istreambuf_iterator<char>(file), {});
  const char* const kLines[] = {"Uid:\t65534\t65534\t65534\t65534\n", "Gid:\t65534\t65534\t65534\t65534\n",
                                "CapPrm:\t0000000000000000\n", "CapEff:\t0000000000000000\n"};
  return std::all_of(std::begin(kLines), std::end(kLines),
                     [&](const char* line) { return contains(status, line); });
}

}  // namespace

TEST_CASE("become changes every id and the groups, and drops the capabilities") {
  const int result = in_forked_child([] {
    const std::string complaint = complaint_of([] { become(kNobody); });
    if (!complaint.empty()) return contains(complaint, "Operation not permitted") ? 10 : 11;
    if (!is_nobody_in_all_respects()) return 1;
    return has_only_these_groups(kNobody.groups) ? 0 : 2;
  });
  CHECK(result == (is_root() ? 0 : 10));
}

TEST_CASE("Who has become another is never root again") {
  const int result = in_forked_child([] {
    if (!complaint_of([] { become(kNobody); }).empty()) return 10;
    if (::setuid(0) == 0 || ::seteuid(0) == 0 || ::setresuid(0, 0, 0) == 0) return 1;
    return ::setgid(0) == 0 || ::setgroups(0, nullptr) == 0 ? 2 : 0;
  });
  CHECK(result == (is_root() ? 0 : 10));
}

TEST_CASE("become says so when there is a way back to root") {
  // The kernel is told to keep the capabilities when the user changes. Before the fork, so that it counts for
  // a thread of ThreadSanitizer's in the copy as well.
  const int before = ::prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL);
  const bool is_told =
      ::prctl(PR_SET_SECUREBITS, static_cast<unsigned long>(SECBIT_NO_SETUID_FIXUP), 0UL, 0UL, 0UL) == 0;
  const int result = in_forked_child(
      [] { return contains(complaint_of([] { become(kNobody); }), "back to root") ? 0 : 10; });
  if (is_told) REQUIRE(::prctl(PR_SET_SECUREBITS, static_cast<unsigned long>(before), 0UL, 0UL, 0UL) == 0);
  CHECK(is_told == is_root());
  CHECK(result == (is_root() ? 0 : 10));
}

TEST_CASE("become looks whether it has become that user, and does not trust the call alone") {
  const int result = in_forked_child([] {
    refuse_system_call(SYS_setresuid, 0);  // says that it was done, and does nothing
    const std::string complaint = complaint_of([] { become(kNobody); });
    return contains(complaint, "has not become") ? 0 : contains(complaint, "groups") ? 10 : 1;
  });
  CHECK(result == (is_root() ? 0 : 10));
}

TEST_CASE("become says which step is refused") {
  struct Row {
    long call;
    const char* words;
  };
  for (const Row& row :
       {Row{SYS_setgroups, "the groups of user 65534"}, Row{SYS_setresgid, "the group of user 65534"},
        Row{SYS_setresuid, "cannot become user 65534"}}) {
    CAPTURE(std::string(row.words));
    const int result = in_forked_child([&row] {
      refuse_system_call(row.call, EPERM);
      const std::string complaint = complaint_of([] { become(kNobody); });
      return contains(complaint, row.words) ? 0 : contains(complaint, "groups") ? 10 : 1;
    });
    CHECK(result == (is_root() || row.call == SYS_setgroups ? 0 : 10));
  }
}

TEST_CASE("become root is no step down, and is no error for root") {
  const int result = in_forked_child([] {
    return complaint_of([] { become({0, 0, {0}}); }).empty() ? 0 : 10;
  });
  CHECK(result == (is_root() ? 0 : 10));
}

TEST_CASE("Who is not root cannot become another") {
  CHECK(in_forked_child([] {
          if (is_root() && ::setresuid(kUser, kUser, kUser) != 0) return 1;
          return contains(complaint_of([] { become({0, 0, {0}}); }), "Operation not permitted") ? 0 : 2;
        }) == 0);
}

TEST_CASE("Who is that user already has nothing to give up") {
  const int result = in_forked_child([] {
    if (!complaint_of([] { become(kNobody); }).empty()) return 10;
    return complaint_of([] { become(kNobody); }).empty() ? 0 : 1;
  });
  CHECK(result == (is_root() ? 0 : 10));
}

TEST_CASE("enter_root makes the folder the root and the working folder, with no way out by \"..\"") {
  const TemporaryFolder folder;
  folder.write("inside", "");
  const int result = in_forked_child([&folder] {
    const std::string complaint = complaint_of([&folder] { enter_root(folder.path()); });
    if (!complaint.empty()) return contains(complaint, folder.path()) ? 10 : 11;
    std::array<char, 100> where{};
    if (::getcwd(where.data(), where.size()) == nullptr || std::string(where.data()) != "/") return 1;
    if (::access("/inside", R_OK) != 0 || ::access("../../inside", R_OK) != 0) return 2;
    return ::access("../../../etc/passwd", R_OK) == 0 ? 3 : 0;
  });
  CHECK(result == (is_root() ? 0 : 10));
}

TEST_CASE("enter_root names a folder that cannot be entered") {
  const TemporaryFolder folder;
  folder.write("file", "");
  for (const std::string& name : {folder / "none", folder / "file"}) {
    CAPTURE(name);
    CHECK(in_forked_child([&name] {
            return contains(complaint_of([&name] { enter_root(name); }), "'" + name + "'") ? 0 : 1;
          }) == 0);
  }
}
