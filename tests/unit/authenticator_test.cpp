// Places that ask for a name and a password: who may enter, and what becomes of it when the file changes.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <barrier>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/temporary_folder.hpp"
#include "tinyhttpd/authenticator.hpp"
#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/unique_fd.hpp"

using namespace tinyhttpd;
using Verdict = Authenticator::Verdict;

namespace {

// htpasswd -nbB -C 4 and mkpasswd -m sha-256 -R 1000 made them of "secret", htpasswd -nbB -C 4 of "a:b" and
// "".
const std::string kSecret = "$2y$04$lu2K6F1gyOvP.VI0jZQH6OymMCDeEK8TZ5vIv0nQdUiWJIJCJ709u";
const std::string kSecretInSha256 = "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2";
const std::string kAColonB = "$2y$04$yjSWjdmce33HVTEKPOoAFOP7sAomP1QRPrztDioQJQMD/MIZ4b6vC";
const std::string kEmpty = "$2y$04$2wYbO.KexA4srBPGgTO7W.Vq5UiEFQFWdxpSvnhM6EQDg4ChHgDQ6";

/// A request and the bytes that its fields are views of.
struct Asked {
  explicit Asked(std::string path, Method method = Method::get) {
    request.path = std::move(path);
    request.method = method;
  }
  Asked(std::string path, const std::string& pair) : Asked(std::move(path)) {
    authorization = "Basic " + encode_base64(pair);
    request.fields = {{"Host", "x"}, {"Authorization", authorization}};
  }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  std::string authorization;
  Request request;
};

/// One place, "/admin", and what it was told.
struct Gate {
  explicit Gate(const std::string& text, Authenticator::Matches matches = matches_hash,
                const std::string& prefix = "/admin")
      : matches_(std::move(matches)) {
    folder.write("/users", text);
    authenticator.emplace(
        std::vector<AuthRule>{{prefix, file(), "members"}},
        [this](const std::string& line) {
          const std::lock_guard lock(mutex);
          warnings.push_back(line);
        },
        [this](const std::string& password, const std::string& hash) {
          {
            const std::lock_guard lock(mutex);
            hashed.push_back(hash);
          }
          return matches_(password, hash);
        });
  }

  std::string file() const { return folder / "users"; }

  /// As editors do: another file in its place.
  void replace(const std::string& text) const {
    folder.write("/new", text);
    std::filesystem::rename(folder / "new", file());
  }

  Authenticator::Judgement judge(const std::string& pair) {
    return authenticator->judge(Asked("/admin", pair).request);
  }
  Authenticator::Judgement check(const std::string& pair) {
    return authenticator->check_password(Asked("/admin", pair).request);
  }
  Verdict judged(const std::string& pair) { return judge(pair).verdict; }
  Verdict checked(const std::string& pair) { return check(pair).verdict; }

  TemporaryFolder folder;
  Authenticator::Matches matches_;
  std::mutex mutex;                   // guards the two
  std::vector<std::string> warnings;  // in the order they came
  std::vector<std::string> hashed;    // the hash of each call
  std::optional<Authenticator> authenticator;
};

std::string error_of(const std::string& text) {
  try {
    Gate gate(text);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.ends_with(end);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("without a rule every path is open") {
  Authenticator authenticator({}, {});
  CHECK_FALSE(authenticator.is_on());
  CHECK(authenticator.judge(Asked("/admin").request).verdict == Verdict::open);
  CHECK(authenticator.check_password(Asked("/admin", "anna:secret").request).verdict == Verdict::open);
}

TEST_CASE("a rule covers its path and all below, by whole components") {
  Gate gate("anna:" + kSecret + "\n");
  Authenticator& authenticator = *gate.authenticator;
  CHECK(authenticator.is_on());
  for (const char* path : {"/admin", "/admin/", "/admin/x", "/admin/x/y.cgi", "/admin//"})
    CHECK(authenticator.judge(Asked(path).request).verdict == Verdict::refused);
  for (const char* path : {"/", "/administrator", "/admin.html", "/admi", "/x/admin", "/Admin", "*"})
    CHECK(authenticator.judge(Asked(path).request).verdict == Verdict::open);
}

TEST_CASE("a rule for / covers everything, the server as a whole too") {
  Gate gate("anna:" + kSecret + "\n", matches_hash, "/");
  for (const char* path : {"/", "/a", "/a/b", "*"})
    CHECK(gate.authenticator->judge(Asked(path).request).verdict == Verdict::refused);
}

// A rule that is for some methods only lets others by (CVE-2017-9798 came of such a rule).
TEST_CASE("a rule holds for every method") {
  Gate gate("anna:" + kSecret + "\n");
  for (const Method method : {Method::get, Method::head, Method::post, Method::put, Method::delete_,
                              Method::options, Method::patch, Method::trace, Method::other})
    CHECK(gate.authenticator->judge(Asked("/admin/x", method).request).verdict == Verdict::refused);
}

TEST_CASE("the longest prefix counts, whatever the order of the rules") {
  TemporaryFolder folder;
  folder.write("/all", "anna:" + kSecret + "\n");
  folder.write("/few", "bert:" + kSecret + "\n");
  const AuthRule all{"/", folder / "all", "all"};
  const AuthRule few{"/few", folder / "few", "few"};
  const AuthRule fewest{"/few/fewest", folder / "all", "fewest"};
  for (const auto& rules : {std::vector{all, few, fewest}, std::vector{fewest, few, all}}) {
    Authenticator authenticator(rules, {});
    CHECK(contains(authenticator.judge(Asked("/x").request).challenge, "\"all\""));
    CHECK(contains(authenticator.judge(Asked("/fewer").request).challenge, "\"all\""));
    CHECK(contains(authenticator.judge(Asked("/few/x").request).challenge, "\"few\""));
    CHECK(contains(authenticator.judge(Asked("/few/fewest/x").request).challenge, "\"fewest\""));
    // Who may enter one place may not enter another for that.
    CHECK(authenticator.check_password(Asked("/x", "anna:secret").request).verdict == Verdict::welcome);
    CHECK(authenticator.check_password(Asked("/few", "anna:secret").request).verdict == Verdict::refused);
    CHECK(authenticator.judge(Asked("/few", "anna:secret").request).verdict == Verdict::must_hash);
  }
}

TEST_CASE("the right password is hashed once, and known from then on") {
  Gate gate("anna:" + kSecret + "\nbert:" + kAColonB + "\n");
  CHECK(gate.judged("anna:secret") == Verdict::must_hash);
  const auto first = gate.check("anna:secret");
  CHECK(first.verdict == Verdict::welcome);
  CHECK(first.user == "anna");
  const auto second = gate.judge("anna:secret");
  CHECK(second.verdict == Verdict::welcome);
  CHECK(second.user == "anna");
  CHECK(gate.checked("anna:secret") == Verdict::welcome);
  CHECK(gate.hashed == std::vector{kSecret});
  // Another user, another password: nothing is known of them.
  CHECK(gate.judged("bert:secret") == Verdict::must_hash);
  CHECK(gate.judged("anna:a:b") == Verdict::must_hash);
  CHECK(gate.check("bert:a:b").user == "bert");
}

TEST_CASE("a wrong password is refused with the challenge, and hashed each time") {
  Gate gate("anna:" + kSecret + "\n");
  for (int i = 0; i < 3; ++i) {
    CHECK(gate.judged("anna:wrong") == Verdict::must_hash);
    const auto judgement = gate.check("anna:wrong");
    CHECK(judgement.verdict == Verdict::refused);
    CHECK(judgement.challenge == "Basic realm=\"members\", charset=\"UTF-8\"");
    CHECK(judgement.reason == "user 'anna': wrong password");
    CHECK(judgement.user == "");
  }
  CHECK(gate.hashed == std::vector{kSecret, kSecret, kSecret});
}

TEST_CASE("a user nobody knows is hashed too, like the dearest entry, each time") {
  Gate gate("anna:" + kSecretInSha256 + "\nbert:" + kSecret + "\ncarl:" + kSecretInSha256 + "\n");
  for (int i = 0; i < 2; ++i) {
    CHECK(gate.judged("eve:secret") == Verdict::must_hash);
    const auto judgement = gate.check("eve:secret");
    CHECK(judgement.verdict == Verdict::refused);
    CHECK(judgement.reason == "user 'eve': there is no such user");
    CHECK(judgement.challenge != "");
  }
  CHECK(gate.hashed == std::vector{dummy_hash(kSecret), dummy_hash(kSecret)});
}

TEST_CASE("a user nobody knows is refused even if the dummy should match") {
  Gate gate("anna:" + kSecret + "\n", [](const std::string&, const std::string&) { return true; });
  CHECK(gate.checked("eve:secret") == Verdict::refused);
  CHECK(gate.judged("eve:secret") == Verdict::must_hash);
}

TEST_CASE("names are told apart by case, passwords hold colons and may be empty") {
  Gate gate("anna:" + kSecret + "\nAnna:" + kAColonB + "\nbert:" + kEmpty + "\n");
  CHECK(gate.checked("anna:secret") == Verdict::welcome);
  CHECK(gate.checked("Anna:secret") == Verdict::refused);
  CHECK(gate.checked("ANNA:secret") == Verdict::refused);
  CHECK(gate.checked("Anna:a:b") == Verdict::welcome);
  CHECK(gate.checked("anna:a:b") == Verdict::refused);
  CHECK(gate.checked("bert:") == Verdict::welcome);
  CHECK(gate.checked("anna:") == Verdict::refused);
  CHECK(gate.checked(":secret") == Verdict::refused);
}

TEST_CASE("what cannot be credentials is refused without hashing") {
  Gate gate("anna:" + kSecret + "\n");
  const auto refused = [&gate](std::vector<Field> fields) {
    Asked asked("/admin");
    asked.request.fields = std::move(fields);
    for (const auto& judgement :
         {gate.authenticator->judge(asked.request), gate.authenticator->check_password(asked.request)}) {
      CHECK(judgement.verdict == Verdict::refused);
      CHECK(judgement.challenge == "Basic realm=\"members\", charset=\"UTF-8\"");
      CHECK(judgement.user == "");
      CHECK_FALSE(contains(judgement.reason, "secret"));
    }
    return gate.authenticator->judge(asked.request).reason;
  };
  const std::string right = "Basic " + encode_base64("anna:secret");
  const std::string malformed = "Authorization is not Basic, or malformed";
  CHECK(refused({}) == "no Authorization");
  CHECK(refused({{"Proxy-Authorization", right}}) == "no Authorization");
  CHECK(refused({{"Authorization", right}, {"authorization", right}}) == "two Authorization fields");
  CHECK(refused({{"Authorization", "Basic eDp5"}, {"AUTHORIZATION", right}}) == "two Authorization fields");
  CHECK(refused({{"Authorization", "Basic"}}) == malformed);
  CHECK(refused({{"Authorization", "Bearer x"}}) == malformed);
  CHECK(refused({{"Authorization", right.substr(0, right.size() - 1)}}) == malformed);
  CHECK(refused({{"Authorization", right + ", " + right}}) == malformed);
  const std::string with_nul = "Basic " + encode_base64(std::string("anna:secret\0", 12));
  CHECK(refused({{"Authorization", with_nul}}) == malformed);
  const std::string no_colon = "Basic " + encode_base64("anna");
  CHECK(refused({{"Authorization", no_colon}}) == malformed);
  const std::string long_password = "Basic " + encode_base64("anna:" + std::string(7'500, 'x'));
  CHECK(refused({{"Authorization", long_password}}) == "a password longer than any can be");
  CHECK(gate.hashed.empty());
  // The name of the field is in any case, and what stands beside it does not matter.
  Asked asked("/admin");
  asked.request.fields = {{"aUTHORIZATION", right}, {"Proxy-Authorization", "x"}};
  CHECK(gate.authenticator->check_password(asked.request).verdict == Verdict::welcome);
}

TEST_CASE("a name of ten thousand bytes is hashed like any, and does not fill the log") {
  Gate gate("anna:" + kSecret + "\n");
  const auto judgement = gate.check(std::string(10'000, 'n') + ":secret");
  CHECK(judgement.verdict == Verdict::refused);
  CHECK(judgement.reason == "user '" + std::string(64, 'n') + "...': there is no such user");
  CHECK(gate.hashed.size() == 1);
}

TEST_CASE("a file without names lets nobody in") {
  Gate gate("# nobody yet\n");
  const auto judgement = gate.judge("anna:secret");
  CHECK(judgement.verdict == Verdict::refused);
  CHECK(judgement.reason == "user 'anna': the file names nobody");
  CHECK(gate.checked("anna:secret") == Verdict::refused);
  gate.replace("anna:" + kSecret + "\n");
  CHECK(gate.checked("anna:secret") == Verdict::welcome);
}

TEST_CASE("a password file that is wrong keeps the server from starting") {
  CHECK(ends_with(error_of("anna\n"), "/users: line 1: no ':'"));
  CHECK(error_of("anna\n").starts_with("password file /"));
  CHECK(ends_with(error_of("anna:" + kSecret + "\nbert:$2y$04$short\n"),
                  "/users: the hash of 'bert' is cut short or has a wrong form"));
  TemporaryFolder folder;
  const auto error_for = [](const std::string& file) -> std::string {
    try {
      Authenticator({{"/", file, "x"}}, {});
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  };
  CHECK(ends_with(error_for(folder / "none"), "/none: cannot be read: No such file or directory"));
  CHECK(ends_with(error_for(folder.path()), ": is no regular file"));
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(ends_with(error_for(folder / "pipe"), "/pipe: is no regular file"));
}

TEST_CASE("a changed password and a removed user end what was remembered, at once") {
  Gate gate("anna:" + kSecret + "\nbert:" + kSecret + "\n");
  REQUIRE(gate.checked("anna:secret") == Verdict::welcome);
  REQUIRE(gate.checked("bert:secret") == Verdict::welcome);
  gate.replace("anna:" + kAColonB + "\n");
  CHECK(gate.judged("anna:secret") == Verdict::must_hash);
  CHECK(gate.checked("anna:secret") == Verdict::refused);
  CHECK(gate.checked("anna:a:b") == Verdict::welcome);
  CHECK(gate.judged("bert:secret") == Verdict::must_hash);
  CHECK(gate.checked("bert:secret") == Verdict::refused);
  // Whoever else is in the file is still known.
  gate.replace("carl:" + kSecret + "\nanna:" + kAColonB + "\n");
  CHECK(gate.judged("anna:a:b") == Verdict::welcome);
  CHECK(gate.checked("carl:secret") == Verdict::welcome);
  CHECK(gate.warnings.empty());
}

// Written through memory, as here, a change of a page that was written before shows in no time of the file;
// two writes within one tick of the kernel's clock for files show as little.
TEST_CASE("an edit right after another is seen though size, inode and times are the same") {
  const std::string anna = "anna:" + kSecret + "\n";
  const std::string bert = "bert:" + kSecret + "\n";
  Gate gate(anna, [](const std::string&, const std::string&) { return true; });
  const UniqueFd file(::open(gate.file().c_str(), O_RDWR | O_CLOEXEC));
  void* mapped = ::mmap(nullptr, anna.size(), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  REQUIRE(mapped != MAP_FAILED);
  for (int round = 0; round < 3; ++round) {
    std::memcpy(mapped, bert.data(), bert.size());
    REQUIRE(::fchmod(file.get(), 0600) == 0);  // this edit is of now
    CHECK(gate.checked("anna:x") == Verdict::refused);
    CHECK(gate.checked("bert:x") == Verdict::welcome);
    std::memcpy(mapped, anna.data(), anna.size());
    CHECK(gate.checked("anna:x") == Verdict::welcome);
    CHECK(gate.checked("bert:x") == Verdict::refused);
  }
  ::munmap(mapped, anna.size());
}

TEST_CASE("a file that has become wrong is told of once, and the old names stay in force") {
  Gate gate("anna:" + kSecret + "\n");
  REQUIRE(gate.checked("anna:secret") == Verdict::welcome);
  gate.replace("anna:" + kAColonB + "\nbert\n");
  for (int i = 0; i < 3; ++i) {
    CHECK(gate.judged("anna:secret") == Verdict::welcome);
    CHECK(gate.checked("anna:a:b") == Verdict::refused);
  }
  REQUIRE(gate.warnings.size() == 1);
  CHECK(gate.warnings[0] ==
        "password file " + gate.file() + ": line 2: no ':'; what it said before stays in force");

  std::filesystem::remove(gate.file());
  for (int i = 0; i < 3; ++i) CHECK(gate.judged("anna:secret") == Verdict::welcome);
  REQUIRE(gate.warnings.size() == 2);
  CHECK(contains(gate.warnings[1], "No such file"));

  gate.replace("anna:" + kAColonB + "\n");
  CHECK(gate.checked("anna:a:b") == Verdict::welcome);
  CHECK(gate.checked("anna:secret") == Verdict::refused);
  REQUIRE(gate.warnings.size() == 3);
  CHECK(gate.warnings[2] == "password file " + gate.file() + ": is right again");
}

TEST_CASE("so many good answers are remembered, and no more") {
  Gate gate("anna:" + kSecret + "\n", [](const std::string&, const std::string&) { return true; });
  const auto pair = [](int i) { return "anna:" + std::to_string(i); };
  for (int i = 0; i < 1024; ++i) REQUIRE(gate.checked(pair(i)) == Verdict::welcome);
  REQUIRE(gate.judged(pair(0)) == Verdict::welcome);
  REQUIRE(gate.checked(pair(1024)) == Verdict::welcome);
  CHECK(gate.judged(pair(0)) == Verdict::welcome);    // used last
  CHECK(gate.judged(pair(1)) == Verdict::must_hash);  // unused for longest
}

TEST_CASE("nobody waits while a password is hashed") {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_hashing = false;
  bool may_go_on = false;
  Gate gate("anna:" + kSecret + "\n", [&](const std::string& password, const std::string&) {
    if (password != "slow") return password == "secret";
    std::unique_lock lock(mutex);
    is_hashing = true;
    changed.notify_all();
    changed.wait(lock, [&] { return may_go_on; });
    return true;
  });
  Verdict slow = Verdict::open;
  std::thread hashing([&] { slow = gate.checked("anna:slow"); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return is_hashing; });
  }
  CHECK(gate.checked("anna:secret") == Verdict::welcome);
  CHECK(gate.judged("anna:secret") == Verdict::welcome);
  CHECK(gate.judged("anna:slow") == Verdict::must_hash);
  gate.replace("anna:" + kAColonB + "\n");
  CHECK(gate.judged("anna:secret") == Verdict::must_hash);
  {
    const std::lock_guard lock(mutex);
    may_go_on = true;
  }
  changed.notify_all();
  hashing.join();
  CHECK(slow == Verdict::welcome);
  // What was right by the hash of then is not known by the one of now.
  CHECK(gate.judged("anna:slow") == Verdict::must_hash);
}

TEST_CASE("nobody waits while a file that has changed is read, but goes on with what it said before") {
  std::string many;
  for (int i = 0; i < 5'000; ++i) many += "user" + std::to_string(i) + ":" + kSecret + "\n";
  Gate gate("anna:" + kSecret + "\n");
  REQUIRE(gate.checked("anna:secret") == Verdict::welcome);
  bool has_gone_on = false;
  // Mostly both come while one of them reads, but nothing makes them.
  for (int round = 0; round < 200 && !has_gone_on; ++round) {
    gate.replace(many + "anna:" + kSecret + "\n");
    REQUIRE(gate.judged("anna:secret") == Verdict::welcome);
    gate.replace(many + "anna:" + kAColonB + "\n");
    std::array<Verdict, 2> found{};
    {
      std::barrier together(2);
      const auto ask = [&](Verdict& verdict) {
        together.arrive_and_wait();
        verdict = gate.judged("anna:secret");
      };
      const std::jthread first(ask, std::ref(found[0]));
      const std::jthread second(ask, std::ref(found[1]));
    }
    // Who has read it goes by what it says now.
    CHECK((found[0] == Verdict::must_hash || found[1] == Verdict::must_hash));
    has_gone_on = found[0] == Verdict::welcome || found[1] == Verdict::welcome;
    CHECK(gate.judged("anna:secret") == Verdict::must_hash);
  }
  CHECK(has_gone_on);
}

// In another server a race in a threaded check let one user be another (CVE-2019-0217).
TEST_CASE("many threads are each answered for themselves while the file is replaced") {
  const std::string both = "anna:" + kSecretInSha256 + "\nbert:" + kAColonB + "\n";
  const std::string turned = "# turned\nbert:" + kAColonB + "\nanna:" + kSecretInSha256 + "\n";
  Gate gate(both);
  std::atomic<int> wrong{0};
  std::atomic<bool> done{false};
  const auto ask = [&](const std::string& user, const std::string& password, const std::string& not_his) {
    for (int round = 0; round < 40; ++round) {
      const auto right = gate.check(user + ":" + password);
      if (right.verdict != Verdict::welcome || right.user != user) ++wrong;
      const auto judged = gate.judge(user + ":" + password);
      if (judged.verdict != Verdict::welcome || judged.user != user) ++wrong;
      if (gate.judged(user + ":" + not_his) != Verdict::must_hash) ++wrong;
      if (round % 8 == 0 && gate.checked(user + ":" + not_his) != Verdict::refused) ++wrong;
      if (round % 8 == 0 && gate.checked("eve:" + password) != Verdict::refused) ++wrong;
    }
  };
  std::thread replacing([&] {
    for (int round = 0; !done; ++round) gate.replace(round % 2 == 0 ? turned : both);
  });
  std::vector<std::thread> asking;
  for (int i = 0; i < 2; ++i) {
    asking.emplace_back(ask, "anna", "secret", "a:b");
    asking.emplace_back(ask, "bert", "a:b", "secret");
  }
  for (std::thread& thread : asking) thread.join();
  done = true;
  replacing.join();
  CHECK(wrong == 0);
  CHECK(gate.warnings.empty());
}
