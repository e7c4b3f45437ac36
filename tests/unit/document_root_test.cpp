#include "tinyhttpd/document_root.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "support/process_under_test.hpp"
#include "support/temporary_folder.hpp"

using namespace tinyhttpd;
using Kind = FileFacts::Kind;

namespace {

constexpr Symlinks kEveryPolicy[] = {Symlinks::inside, Symlinks::follow, Symlinks::off};

/// A root with a file and a folder, and a secret beside it that no request may reach.
struct Site {
  Site() {
    folder.write("root/index.html", "index");
    folder.write("root/sub/page.html", "page");
    folder.write("secret/file", "secret");
  }

  DocumentRoot root(Symlinks symlinks = Symlinks::inside) const { return {folder / "root", symlinks}; }

  /// Makes a link below the root.
  void link(const std::string& name, const std::string& target) const { folder.link("root/" + name, target); }

  TemporaryFolder folder;
};

std::string content_of(int fd) {
  std::array<char, 100> buffer;
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  return count < 0 ? "unreadable" : std::string(buffer.data(), static_cast<std::size_t>(count));
}

/// The content of the file at `path`, or why it is not opened.
std::string opened(const DocumentRoot& root, std::string_view path) {
  const auto file = root.open(path);
  return file ? content_of(file->fd.get()) : ::strerrorname_np(file.error().value());
}

int look_up_error(const DocumentRoot& root, std::string_view path) {
  const auto facts = root.look_up(path);
  return facts ? 0 : facts.error().value();
}

int open_folder_error(const DocumentRoot& root, std::string_view path) {
  const auto folder = root.open_folder(path);
  return folder ? 0 : folder.error().value();
}

/// The names in a folder, sorted, or why there are none.
std::string names_in(const DocumentRoot& root, std::string_view path) {
  auto found = root.names(path, 100);
  if (!found) return ::strerrorname_np(found.error().value());
  std::sort(found->names.begin(), found->names.end());
  std::string all;
  for (const std::string& name : found->names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

void make_socket(const std::string& path) {
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
  REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
}

/// Calls `swap` over and over while `attempt` is made, until both of its outcomes have been seen and at least
/// `kAttempts` made. The number of each outcome.
template <typename Swap, typename Attempt>
std::pair<int, int> race(Swap swap, Attempt attempt) {
  constexpr int kAttempts = 20'000;
  constexpr int kEnough = 400'000;
  const Repeating swapper(swap);
  int yes = 0;
  int no = 0;
  while (yes + no < kAttempts || ((yes == 0 || no == 0) && yes + no < kEnough)) ++(attempt() ? yes : no);
  return {yes, no};
}

void exchange(const std::string& left, const std::string& right) {
  ::renameat2(AT_FDCWD, left.c_str(), AT_FDCWD, right.c_str(), RENAME_EXCHANGE);
}

}  // namespace

// --- Finding

TEST_CASE("look_up says what lies at a path") {
  const Site site;
  const DocumentRoot root = site.root();
  const auto facts = root.look_up("/sub/page.html");
  REQUIRE(facts);
  CHECK(facts->kind == Kind::regular);
  CHECK(facts->size == 4);
  CHECK_FALSE(facts->executable_by_any());
  CHECK(facts->readable_by_others());

  struct stat status {};
  REQUIRE(::stat((site.folder / "root/sub/page.html").c_str(), &status) == 0);
  CHECK(facts->inode == status.st_ino);
  CHECK(facts->device == status.st_dev);
  CHECK(facts->mtime_seconds == status.st_mtim.tv_sec);
  CHECK(facts->mtime_nanoseconds == status.st_mtim.tv_nsec);

  CHECK(root.look_up("/")->kind == Kind::directory);
  CHECK(root.look_up("/sub")->kind == Kind::directory);
  CHECK(root.look_up("/sub/")->kind == Kind::directory);
}

TEST_CASE("open gives the file and its facts, not waiting, not handed to programs") {
  const Site site;
  const auto file = site.root().open("/index.html");
  REQUIRE(file);
  CHECK(content_of(file->fd.get()) == "index");
  CHECK(file->facts == *site.root().look_up("/index.html"));
  CHECK((::fcntl(file->fd.get(), F_GETFL) & (O_NONBLOCK | O_ACCMODE)) == (O_NONBLOCK | O_RDONLY));
  CHECK((::fcntl(file->fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("What is not there is ENOENT, what is not a folder has nothing in it") {
  const Site site;
  for (const Symlinks symlinks : kEveryPolicy) {
    const DocumentRoot root = site.root(symlinks);
    CHECK(look_up_error(root, "/none") == ENOENT);
    CHECK(look_up_error(root, "/none/index.html") == ENOENT);
    CHECK(look_up_error(root, "/index.html/") == ENOTDIR);
    CHECK(look_up_error(root, "/index.html/more") == ENOTDIR);
    CHECK(opened(root, "/index.html/") == "ENOTDIR");
  }
}

TEST_CASE("A name too long to exist does not exist") {
  const Site site;
  std::string deep;
  while (deep.size() < 5000) deep += "/folder";
  for (const std::string& path : {"/" + std::string(256, 'n'), deep}) {
    CHECK(look_up_error(site.root(), path) == ENOENT);
    CHECK(opened(site.root(), path) == "ENOENT");
    CHECK(open_folder_error(site.root(), path) == ENOENT);
  }
}

TEST_CASE("A path that is not of the form promised finds nothing, whatever links may do") {
  const Site site;
  const std::string outside = site.folder / "secret/file";
  const std::vector<std::string> paths = {"",
                                          "index.html",
                                          "/" + outside,
                                          "//index.html",
                                          "/..",
                                          "/../secret/file",
                                          "/sub/../../secret/file",
                                          "/sub/../index.html",
                                          std::string("/index.html\0.png", 16)};
  for (const Symlinks symlinks : kEveryPolicy) {
    for (const std::string& path : paths) {
      CAPTURE(path);
      CHECK(opened(site.root(symlinks), path) == "ENOENT");
      CHECK(look_up_error(site.root(symlinks), path) == ENOENT);
    }
  }
  CHECK(look_up_error(site.root(), "/...") == ENOENT);
  site.folder.write("root/..hidden", "name with dots");
  CHECK(opened(site.root(), "/..hidden") == "name with dots");
}

TEST_CASE("open_folder gives a folder to change to") {
  const Site site;
  const DocumentRoot root = site.root();
  for (const std::string path : {"/sub", "/sub/"}) {
    const auto folder = root.open_folder(path);
    REQUIRE(folder);
    const UniqueFd page(::openat(folder->get(), "page.html", O_RDONLY | O_CLOEXEC));
    CHECK(content_of(page.get()) == "page");
    CHECK((::fcntl(folder->get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(in_forked_child([&] { return ::fchdir(folder->get()); }) == 0);
  }
  CHECK(root.open_folder("/"));
  CHECK(open_folder_error(root, "/index.html") == ENOTDIR);
  CHECK(open_folder_error(root, "/none") == ENOENT);
}

TEST_CASE("A root reached through a link is known by the path without links") {
  const Site site;
  site.folder.link("alias", "root");
  const DocumentRoot root(site.folder / "alias", Symlinks::off);
  CHECK(root.absolute_path() == std::filesystem::canonical(site.folder / "root").string());
  CHECK(opened(root, "/index.html") == "index");
}

TEST_CASE("A root that is missing or not a folder is named") {
  const Site site;
  for (const std::string& folder : {site.folder / "none", site.folder / "root/index.html", std::string()}) {
    try {
      const DocumentRoot root(folder, Symlinks::inside);
      FAIL("it was opened");
    } catch (const std::system_error& error) {
      CHECK(std::string(error.what()).find("'" + folder + "'") != std::string::npos);
    }
  }
}

// --- Links

TEST_CASE("A link that leads out of the root is refused, unless links are followed") {
  const Site site;
  const std::string secret = site.folder / "secret";
  site.link("file_absolute", secret + "/file");
  site.link("file_relative", "../secret/file");
  site.link("folder_absolute", secret);
  site.link("folder_relative", "../secret");
  site.link("chain", "folder_relative/file");
  site.link("sub/up", "../..");
  const DocumentRoot inside = site.root(Symlinks::inside);
  for (const std::string path : {"/file_absolute", "/file_relative", "/folder_absolute/file",
                                 "/folder_relative/file", "/chain", "/sub/up/secret/file"}) {
    CAPTURE(path);
    CHECK(opened(inside, path) == "ELOOP");
    CHECK(look_up_error(inside, path) == ELOOP);
    CHECK(opened(site.root(Symlinks::off), path) == "ELOOP");
    CHECK(opened(site.root(Symlinks::follow), path) == "secret");
  }
  CHECK(open_folder_error(inside, "/folder_absolute/") == ELOOP);
  CHECK(open_folder_error(inside, "/folder_relative/") == ELOOP);
  CHECK(open_folder_error(inside, "/sub/up/") == ELOOP);
}

TEST_CASE("A link that stays below the root leads there, by whatever way, unless links are off") {
  const Site site;
  const std::string root = site.folder / "root";
  site.link("relative", "sub/page.html");
  site.link("sub/up", "../sub/page.html");
  site.link("absolute", root + "/sub/page.html");
  site.link("around", "../root/sub/page.html");
  site.link("absolute_folder", root + "/sub");
  site.link("chain", "absolute_folder/page.html");
  for (const std::string path :
       {"/relative", "/sub/up", "/absolute", "/around", "/absolute_folder/page.html", "/chain"}) {
    CAPTURE(path);
    CHECK(opened(site.root(Symlinks::inside), path) == "page");
    CHECK(opened(site.root(Symlinks::follow), path) == "page");
    CHECK(opened(site.root(Symlinks::off), path) == "ELOOP");
  }
  const DocumentRoot inside = site.root(Symlinks::inside);
  CHECK(open_folder_error(inside, "/absolute_folder/") == 0);
  CHECK(look_up_error(inside, "/absolute/") == ENOTDIR);
  site.link("to_root", root);
  CHECK(inside.look_up("/to_root/")->kind == Kind::directory);
  CHECK(opened(inside, "/to_root/index.html") == "index");
}

TEST_CASE("A folder whose name begins like the root's is outside") {
  const Site site;
  site.folder.write("root-backup/file", "secret");
  site.link("absolute", site.folder / "root-backup/file");
  site.link("relative", "../root-backup/file");
  CHECK(opened(site.root(), "/absolute") == "ELOOP");
  CHECK(opened(site.root(), "/relative") == "ELOOP");
}

TEST_CASE("A link to itself is refused, a link to nothing finds nothing") {
  const Site site;
  site.link("self", "self");
  site.link("left", "right");
  site.link("right", "left");
  site.link("dangling", "none");
  for (const Symlinks symlinks : kEveryPolicy) {
    CHECK(opened(site.root(symlinks), "/self") == "ELOOP");
    CHECK(opened(site.root(symlinks), "/left") == "ELOOP");
  }
  CHECK(opened(site.root(Symlinks::inside), "/dangling") == "ENOENT");
  CHECK(opened(site.root(Symlinks::off), "/dangling") == "ELOOP");
}

TEST_CASE("The links of /proc that stand for open files lead nowhere, even where links are followed") {
  const Site site;
  const UniqueFd secret(::open((site.folder / "secret").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  site.link("root", "/proc/self/root/etc/passwd");
  site.link("fd", "/proc/self/fd/" + std::to_string(secret.get()) + "/file");
  site.link("cwd", "/proc/self/cwd");
  site.link("exe", "/proc/self/exe");
  for (const Symlinks symlinks : kEveryPolicy) {
    CHECK(opened(site.root(symlinks), "/root") == "ELOOP");
    CHECK(opened(site.root(symlinks), "/fd") == "ELOOP");
    CHECK(open_folder_error(site.root(symlinks), "/cwd/") == ELOOP);
    CHECK(opened(site.root(symlinks), "/exe") == "ELOOP");
  }
}

// --- What is not a regular file

TEST_CASE("What is not a regular file is not opened: folders, FIFOs, sockets, devices") {
  const Site site;
  REQUIRE(::mkfifo((site.folder / "root/fifo").c_str(), 0666) == 0);
  make_socket(site.folder / "root/socket");
  site.link("device", "/dev/zero");
  const DocumentRoot root = site.root(Symlinks::follow);
  CHECK(opened(root, "/sub") == "ENOENT");
  CHECK(opened(root, "/sub/") == "ENOENT");
  for (const std::string path : {"/fifo", "/socket", "/device"}) {
    CAPTURE(path);
    CHECK(root.look_up(path)->kind == Kind::special);
    CHECK(opened(root, path) == "ENOENT");
  }
}

// --- Failing

TEST_CASE("A file that may not be read is EACCES, though it can be looked up") {
  const Site site;
  site.folder.write("root/private", "private", 0600);
  site.folder.write("root/closed/file", "closed");
  ::chmod((site.folder / "root/closed").c_str(), 0700);
  if (::geteuid() != 0) return;  // one's own files cannot be closed to oneself for good
  CHECK(in_forked_child([&] {
          const DocumentRoot root = site.root();
          if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) return 1;
          if (look_up_error(root, "/private") != 0) return 2;
          if (opened(root, "/private") != "EACCES") return 3;
          return look_up_error(root, "/closed/file") == EACCES ? 0 : 4;
        }) == 0);
}

TEST_CASE("Without descriptors left, a file is not missing: the error says what it is") {
  const Site site;
  const DocumentRoot root = site.root();
  std::optional<NoMoreDescriptors> none(std::in_place);
  const auto facts = root.look_up("/index.html");
  const auto file = root.open("/index.html");
  const auto folder = root.open_folder("/sub");
  none.reset();
  REQUIRE_FALSE(facts);
  CHECK(facts.error().value() == EMFILE);
  REQUIRE_FALSE(file);
  CHECK(file.error().value() == EMFILE);
  REQUIRE_FALSE(folder);
  CHECK(folder.error().value() == EMFILE);
}

TEST_CASE("No path, found or not, leaves a descriptor open") {
  const Site site;
  site.link("out", "../secret/file");
  site.link("absolute", site.folder / "root/index.html");
  REQUIRE(::mkfifo((site.folder / "root/fifo").c_str(), 0666) == 0);
  const DocumentRoot root = site.root();
  const auto before = count_descriptors();
  for (const std::string path :
       {"/index.html", "/none", "/sub", "/out", "/absolute", "/fifo", "/index.html/", "/.."}) {
    opened(root, path);
    look_up_error(root, path);
    open_folder_error(root, path);
  }
  CHECK(count_descriptors() == before);
}

// --- Without openat2

TEST_CASE("Where there is no openat2, a walk finds the same, but follows no link") {
  const Site site;
  const std::string secret = site.folder / "secret";
  site.link("file_out", secret + "/file");
  site.link("folder_out", secret);
  site.link("folder_inside", "sub");
  site.link("file_inside", "index.html");
  REQUIRE(::mkfifo((site.folder / "root/fifo").c_str(), 0666) == 0);
  const std::vector<std::pair<std::string, std::string>> expected = {{"/index.html", "index"},
                                                                     {"/sub/page.html", "page"},
                                                                     {"/none", "ENOENT"},
                                                                     {"/none/more", "ENOENT"},
                                                                     {"/index.html/", "ENOTDIR"},
                                                                     {"/index.html/more", "ENOTDIR"},
                                                                     {"/sub", "ENOENT"},
                                                                     {"/fifo", "ENOENT"},
                                                                     {"/file_out", "ELOOP"},
                                                                     {"/folder_out/file", "ELOOP"},
                                                                     {"/folder_inside/page.html", "ELOOP"},
                                                                     {"/file_inside", "ELOOP"},
                                                                     {"/..", "ENOENT"},
                                                                     {"/sub/../index.html", "ENOENT"},
                                                                     {"/" + std::string(256, 'n'), "ENOENT"}};
  for (const int error : {ENOSYS, EPERM}) {
    for (const Symlinks symlinks : {Symlinks::inside, Symlinks::off}) {
      const int first_wrong = in_forked_child([&] {
        const DocumentRoot root = site.root(symlinks);
        if (!refuse_system_call(SYS_openat2, error)) return 100;
        for (std::size_t i = 0; i < expected.size(); ++i) {
          if (opened(root, expected[i].first) != expected[i].second) return static_cast<int>(i + 1);
        }
        if (root.look_up("/")->kind != Kind::directory) return 101;
        if (root.look_up("/sub/")->kind != Kind::directory) return 102;
        if (look_up_error(root, "/file_inside") != ELOOP) return 103;
        return open_folder_error(root, "/folder_out/") == 0 ? 104 : 0;
      });
      CHECK(first_wrong == 0);
    }
  }
}

TEST_CASE("Where there is no openat2, links are followed when they should be") {
  const Site site;
  site.link("out", "../secret");
  CHECK(in_forked_child([&] {
          const DocumentRoot root = site.root(Symlinks::follow);
          if (!refuse_system_call(SYS_openat2, ENOSYS)) return 1;
          return opened(root, "/out/file") == "secret" && opened(root, "/index.html") == "index" ? 0 : 2;
        }) == 0);
}

// --- The names in a folder

TEST_CASE("names gives all that is in a folder, hidden and special too, without . and ..") {
  const Site site;
  site.folder.write("root/sub/.hidden", "");
  site.folder.write("root/sub/a\nb", "");
  site.folder.write("root/sub/inner/file", "");
  site.link("sub/link", "/nowhere");
  REQUIRE(::mkfifo((site.folder / "root/sub/fifo").c_str(), 0666) == 0);
  for (const Symlinks symlinks : kEveryPolicy) {
    const DocumentRoot root = site.root(symlinks);
    CHECK(names_in(root, "/sub/") == ".hidden, a\nb, fifo, inner, link, page.html");
    CHECK(names_in(root, "/sub") == names_in(root, "/sub/"));
    CHECK(names_in(root, "/") == "index.html, sub");
  }
}

TEST_CASE("names of an empty folder are none") {
  const Site site;
  std::filesystem::create_directory(site.folder / "root/empty");
  const auto names = site.root().names("/empty/", 10);
  REQUIRE(names);
  CHECK(names->names.empty());
  CHECK(names->left_out == 0);
}

TEST_CASE("names gives as many as are wanted, and counts the rest up to ten times as many") {
  const Site site;
  for (int i = 0; i < 60; ++i) site.folder.write("root/many/" + std::to_string(i), "");
  struct Row {
    std::size_t most;
    std::size_t names;
    std::size_t left_out;
  };
  for (const Row& row : {Row{100, 60, 0}, Row{60, 60, 0}, Row{59, 59, 1}, Row{6, 6, 54}, Row{5, 5, 50},
                         Row{1, 1, 10}, Row{0, 0, 0}}) {
    CAPTURE(row.most);
    const auto names = site.root().names("/many/", row.most);
    REQUIRE(names);
    CHECK(names->names.size() == row.names);
    CHECK(names->left_out == row.left_out);
  }
}

TEST_CASE("names of a folder larger than one reading are all there, each once") {
  const Site site;
  std::filesystem::create_directory(site.folder / "root/many");
  const std::string long_name(200, 'n');  // so that few fill what is read at once
  for (int i = 0; i < 500; ++i)
    std::ofstream(site.folder / ("root/many/" + long_name + std::to_string(i))).close();
  auto names = site.root().names("/many/", 1000);
  REQUIRE(names);
  std::sort(names->names.begin(), names->names.end());
  CHECK(std::unique(names->names.begin(), names->names.end()) == names->names.end());
  CHECK(names->names.size() == 500);
}

TEST_CASE("names are EACCES where others may not read the folder, though the server may") {
  const Site site;
  ::chmod((site.folder / "root/sub").c_str(), 0711);
  CHECK(names_in(site.root(), "/sub/") == "EACCES");
  CHECK(look_up_error(site.root(), "/sub/page.html") == 0);
}

TEST_CASE("names are of folders below the root alone, by the rules of links") {
  const Site site;
  site.link("out", "../secret");
  site.link("in", "sub");
  CHECK(names_in(site.root(), "/index.html") == "ENOTDIR");
  CHECK(names_in(site.root(), "/none/") == "ENOENT");
  CHECK(names_in(site.root(), "/../secret/") == "ENOENT");
  CHECK(names_in(site.root(), "/out/") == "ELOOP");
  CHECK(names_in(site.root(), "/in/") == "page.html");
  CHECK(names_in(site.root(Symlinks::off), "/in/") == "ELOOP");
  CHECK(names_in(site.root(Symlinks::follow), "/out/") == "file");
}

TEST_CASE("names leaves no descriptor open") {
  const Site site;
  const DocumentRoot root = site.root();
  const auto before = count_descriptors();
  for (const char* path : {"/", "/sub/", "/none/", "/index.html"}) (void)names_in(root, path);
  CHECK(count_descriptors() == before);
}

TEST_CASE("Where there is no openat2, names are found the same") {
  const Site site;
  site.link("out", "../secret");
  CHECK(in_forked_child([&] {
          const DocumentRoot root = site.root();
          if (!refuse_system_call(SYS_openat2, ENOSYS)) return 1;
          if (names_in(root, "/sub/") != "page.html") return 2;
          if (names_in(root, "/out/") != "ELOOP" && names_in(root, "/out/") != "ENOTDIR") return 3;
          return names_in(root, "/") == "index.html, out, sub" ? 0 : 4;
        }) == 0);
}

// --- While the tree changes

TEST_CASE("A folder that is exchanged with a link to outside, over and over, never lets a byte out") {
  const Site site;
  const std::string root_path = site.folder / "root";
  site.folder.write("root/door/file", "inside");
  const std::vector<std::string> traps = {"../secret", site.folder / "secret", root_path + "/../secret"};
  for (const std::string& trap : traps) {
    CAPTURE(trap);
    std::filesystem::remove(root_path + "/trap");
    site.link("trap", trap);
    const DocumentRoot root = site.root();
    int leaked = 0;
    const auto [found, refused] = race([&] { exchange(root_path + "/door", root_path + "/trap"); },
                                       [&] {
                                         const std::string content = opened(root, "/door/file");
                                         leaked += content == "secret" ? 1 : 0;
                                         return content == "inside";
                                       });
    CHECK(leaked == 0);
    CHECK(found > 0);
    CHECK(refused > 0);
    if (std::filesystem::is_symlink(root_path + "/door")) exchange(root_path + "/door", root_path + "/trap");
  }
}

TEST_CASE("A link that is turned between inside and outside, over and over, never lets a byte out") {
  const Site site;
  const std::string root_path = site.folder / "root";
  site.folder.write("root/good/file", "inside");
  site.link("turning", root_path + "/good");
  site.link("other", site.folder / "secret");
  const DocumentRoot root = site.root();
  int leaked = 0;
  const auto [found, refused] = race([&] { exchange(root_path + "/turning", root_path + "/other"); },
                                     [&] {
                                       const std::string content = opened(root, "/turning/file");
                                       leaked += content == "secret" ? 1 : 0;
                                       return content == "inside";
                                     });
  CHECK(leaked == 0);
  CHECK(found > 0);
  CHECK(refused > 0);
}

TEST_CASE("Without openat2, too, an exchanged folder never lets a byte out") {
  const Site site;
  const std::string root_path = site.folder / "root";
  site.folder.write("root/door/file", "inside");
  site.link("trap", "../secret");
  CHECK(in_forked_child([&] {
          const DocumentRoot root = site.root();
          if (!refuse_system_call(SYS_openat2, ENOSYS)) return 1;
          int leaked = 0;
          const auto [found, refused] = race([&] { exchange(root_path + "/door", root_path + "/trap"); },
                                             [&] {
                                               const std::string content = opened(root, "/door/file");
                                               leaked += content == "secret" ? 1 : 0;
                                               return content == "inside";
                                             });
          return leaked == 0 && found > 0 && refused > 0 ? 0 : 2;
        }) == 0);
}

TEST_CASE("A file that is exchanged with a FIFO, over and over, never holds its reader") {
  const Site site;
  const std::string root_path = site.folder / "root";
  REQUIRE(::mkfifo((root_path + "/fifo").c_str(), 0666) == 0);
  const DocumentRoot root = site.root();
  int wrong = 0;
  const auto [found, refused] = race([&] { exchange(root_path + "/index.html", root_path + "/fifo"); },
                                     [&] {
                                       const auto file = root.open("/index.html");
                                       if (file && file->facts.kind != Kind::regular) ++wrong;
                                       return file.has_value();
                                     });
  CHECK(wrong == 0);
  CHECK(found > 0);
  CHECK(refused > 0);
}
