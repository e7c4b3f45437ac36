#include "tinyhttpd/gateway_options.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/command_lines.hpp"
#include "support/temporary_folder.hpp"

using namespace tinyhttpd;

namespace {

using Strings = std::vector<std::string>;

FastcgiRule fastcgi(const std::string& text) {
  return fastcgi_rule_from({"x", text});
}

JsonRule json(const std::string& text, const std::string& chroot = "") {
  return json_rule_from({"x", text}, chroot);
}

AuthRule auth(const std::string& text, const std::string& chroot = "") {
  return auth_rule_from({"x", text}, chroot);
}

/// What would be right instead of `text`.
template <typename Read>
std::string error_in(Read read, const std::string& text) {
  try {
    (void)read(text);
  } catch (const UsageError& error) {
    const std::string line = error.what();
    const std::string lead = "--x " + (text.empty() ? "''" : text) + ": ";
    CHECK(line.starts_with(lead));
    return line.substr(lead.size());
  }
  return "accepted";
}

std::string fastcgi_error(const std::string& text) {
  return error_in(fastcgi, text);
}

std::string json_error(const std::string& text) {
  return error_in([](const std::string& said) { return json(said); }, text);
}

std::string auth_error(const std::string& text) {
  return error_in([](const std::string& said) { return auth(said); }, text);
}

/// The words after the program.
Strings arguments_of(const std::string& command) {
  Strings words = json("/=/bin/sh " + command).command;
  words.erase(words.begin());
  return words;
}

}  // namespace

// ---- WHERE

TEST_CASE("a gateway is for an extension, for a path between slashes, or for the whole site") {
  for (const std::string where :
       {".php", ".x-1", "/app/", "/a/b c/", "/", "/.well-known/x/", "/50%/", "/\xC3\xA4/"}) {
    INFO(where);
    CHECK(fastcgi(where + "=h:1").where == where);
    CHECK(json(where + "=/bin/sh").where == where);
  }
}

TEST_CASE("a gateway for what no request's path can be is refused") {
  struct Row {
    std::string where;
    std::string error;
  };
  const std::string neither =
      "it must be for an extension such as .php, or for a path between slashes such as /app/";
  const std::string extension =
      "the extension must be the last '.' of a name and what follows it, such as .php";
  const std::string hidden = "a hidden path is never served; its name begins with '.'";
  const Row rows[] = {
      {"php", neither},
      {"*.php", neither},
      {"/app", neither},
      {"app/", neither},
      {".", extension},
      {".tar.gz", extension},
      {"./app/", extension},
      {".a b", extension},
      {".\x01", extension},
      {"//", "the path must be written without //"},
      {"/a//", "the path must be written without //"},
      {"/a/./b/", "the path must be written without /./"},
      {"/a/../", "the path must be written without /../"},
      {"/a%20b/", "the path must be written as in a file's name: a blank is a blank, not %20"},
      {"/a\x7F/", "the path must hold no control byte"},
      {"/a/*/", "the path covers all below it; it must be written without a *"},
      {"/.git/", hidden},
      {"/a/.b/", hidden},
      {"/.well-known/.x/", hidden},
      {"/.well-knownish/", hidden},
  };
  for (const Row& row : rows) {
    INFO(row.where);
    CHECK(fastcgi_error(row.where + "=h:1") == row.error);
    CHECK(json_error(row.where + "=/bin/sh") == row.error);
  }
}

TEST_CASE("extensions are one place in any case, paths only when they are equal") {
  CHECK(is_same_place(".php", ".PHP"));
  CHECK_FALSE(is_same_place(".php", ".php5"));
  CHECK(is_same_place("/a/", "/a/"));
  CHECK_FALSE(is_same_place("/a/", "/A/"));
}

TEST_CASE("a place behind one that covers it is in a shadow") {
  using Places = std::vector<std::size_t>;
  CHECK(shadowed_places({"/app/", "/app/admin/", ".php", "/application/"}) == Places{1});
  CHECK(shadowed_places({"/app/admin/", "/app/", ".php"}).empty());
  CHECK(shadowed_places({".php", "/", "/a/", ".py"}) == Places{2, 3});
  CHECK(shadowed_places({}).empty());
}

// ---- BACKEND

TEST_CASE("a FastCGI backend is a Unix socket, or a host and its port; there may be several") {
  CHECK(fastcgi(".php=unix:/run/php.sock").backends == Strings{"unix:/run/php.sock"});
  CHECK(fastcgi(".php=127.0.0.1:9000, [::1]:1,a-b.example:65535").backends ==
        Strings{"127.0.0.1:9000", "[::1]:1", "a-b.example:65535"});
  const std::string longest = "unix:/" + std::string(106, 'x');
  CHECK(fastcgi(".php=" + longest).backends == Strings{longest});
}

TEST_CASE("what is no FastCGI backend is refused") {
  const std::string unix_error =
      "a Unix socket must be an absolute path of at most 107 bytes, such as unix:/run/php/php-fpm.sock";
  for (const std::string backend : {"unix:", "unix:run/x", "unix:/run/", "h:1,unix:x"}) {
    INFO(backend);
    CHECK(fastcgi_error(".php=" + backend) == unix_error);
  }
  CHECK(fastcgi_error(".php=unix:/" + std::string(107, 'x')) == unix_error);
  CHECK(fastcgi_error(".php=/run/x") == "a Unix socket must be written unix:/run/x");
  for (const std::string backend :
       {"9000", ":9000", "host", "host:", "host:0", "host:65536", "host:x", "::1:9000", "[::1]", "[::1:1",
        "a..b:1", "user@host:1", "http://host:1", "h:1/x", "h:-1"}) {
    INFO(backend);
    CHECK(fastcgi_error(".php=" + backend) ==
          "each backend must be unix:/path or host:port, such as 127.0.0.1:9000 or [::1]:9000");
  }
  CHECK(fastcgi_error(".php=h:1,,h:2") == "must be names with a comma between them, such as a,b");
  CHECK(fastcgi_error(".php=h:1,i:1,h:1") == "h:1 must be named once");
  for (const char* text : {"", ".php", ".php=", "=h:1", "unix:/run/x"}) {
    INFO(text);
    CHECK(fastcgi_error(text) == "must be WHERE=BACKEND, such as .php=unix:/run/php/php-fpm.sock");
  }
}

// ---- COMMAND

TEST_CASE("a command is words with blanks between them, which quotes and backslashes keep together") {
  CHECK(arguments_of("a  b\tc") == Strings{"a", "b", "c"});
  CHECK(arguments_of("'a b' \"c d\"e f'g'") == Strings{"a b", "c de", "fg"});
  CHECK(arguments_of(R"(a\ b \"c\" d\\e)") == Strings{"a b", "\"c\"", R"(d\e)"});
  CHECK(arguments_of(R"('a "b" c' 'd \"e\" f')") == Strings{"a b c", "d \"e\" f"});  // either ends either
  CHECK(arguments_of("a=b end") == Strings{"a=b", "end"});
}

TEST_CASE("a command never reaches a shell") {
  CHECK(arguments_of("$HOME `id` ; > /tmp/x | * && ~ $(id)") ==
        Strings{"$HOME", "`id`", ";", ">", "/tmp/x", "|", "*", "&&", "~", "$(id)"});
}

TEST_CASE("a command whose end is not told is refused") {
  for (const std::string command : {"'a", "a \"b c", "a 'b 'c' d", "a\\"}) {
    INFO(command);
    CHECK(json_error("/=/bin/sh " + command) ==
          "every quote must be closed, and there must be no backslash at the end");
  }
  CHECK(json_error(R"(/=/bin/sh \d)") ==
        "after a backslash there must be a quote, a blank, 'n' or another backslash");
  for (const char* text : {"", "/", "/=", "=/bin/sh", "/= ", "/=''"}) {
    INFO(text);
    CHECK(json_error(text) == "must be WHERE=COMMAND, such as /api/=/srv/api/handler.py");
  }
}

TEST_CASE("a program without a folder is the first in PATH that can be executed") {
  const TemporaryFolder folder;
  folder.write("a/handler", "", 0644);
  folder.write("b/handler", "", 0755);
  folder.write("c/handler", "", 0755);
  std::filesystem::create_directory(folder / "d");
  std::filesystem::create_directory(folder / "d/handler");
  const std::string relative = std::filesystem::relative(folder / "c").string();
  const Variable path(
      "PATH", relative + "::" + folder / "d" + ":" + folder / "a" + ":" + folder / "b" + ":" + folder / "c");
  CHECK(json("/=handler x").command == Strings{folder / "b/handler", "x"});
  CHECK(json_error("/=sh") ==
        "there is no program sh in PATH; it may be given with its folder, such as /usr/bin/python3");
}

TEST_CASE("without PATH a program is looked for in the usual folders") {
  const Variable path("PATH", "");
  CHECK(json("/=sh").command.front().ends_with("/bin/sh"));
}

TEST_CASE("a program with a folder counts from where the server is started") {
  const TemporaryFolder folder;
  folder.write("bin/handler", "", 0755);
  const std::string relative = std::filesystem::relative(folder / "bin/handler").string();
  CHECK(json("/=" + relative).command == Strings{folder / "bin/handler"});
  CHECK(json("/=" + folder / "x/../bin/handler").command == Strings{folder / "bin/handler"});
}

TEST_CASE("a program that cannot be executed is refused") {
  for (const std::string program : {"/no/handler", "/etc", "/etc/passwd"}) {
    INFO(program);
    CHECK(json_error("/=" + program + " x") == "there is no program " + program + " that can be executed");
  }
}

TEST_CASE("with another root a program is looked for there, in PATH too") {
  if (::geteuid() != 0) return;
  const TemporaryFolder jail;
  jail.write("opt/handler", "", 0755);
  const Variable path("PATH", "/bin:/opt");
  CHECK(json("/=handler", jail.path()).command == Strings{"/opt/handler"});
  CHECK(json("/=opt/handler", jail.path()).command == Strings{"/opt/handler"});
  CHECK_THROWS_WITH_AS(json("/=sh", jail.path()),
                       ("--x /=sh: there is no program sh in PATH within --chroot " + jail.path() +
                        "; it may be given with its folder, such as /usr/bin/python3")
                           .c_str(),
                       UsageError);
  CHECK_THROWS_WITH_AS(
      json("/=/bin/sh", jail.path()),
      ("--x /=/bin/sh: there is no program /bin/sh that can be executed within --chroot " + jail.path())
          .c_str(),
      UsageError);
}

// ---- FILE and REALM

TEST_CASE("a password is asked for at a path, with or without a slash at its end") {
  CHECK(auth("/private=/etc/passwd") == AuthRule{"/private", "/etc/passwd", "/private"});
  CHECK(auth("/private/=/etc/passwd").prefix == "/private");
  CHECK(auth("/=/etc/passwd") == AuthRule{"/", "/etc/passwd", "/"});
  CHECK(auth("/a/.b c=/etc/passwd").prefix == "/a/.b c");
}

TEST_CASE("a path that would protect nothing is refused") {
  CHECK(auth_error(".php=/etc/passwd") == "the path must begin with '/', such as /private");
  CHECK(auth_error("private=/etc/passwd") == "the path must begin with '/', such as /private");
  for (const std::string path : {"//", "/a//", "//a", "/a//b"}) {
    INFO(path);
    CHECK(auth_error(path + "=/etc/passwd") == "the path must be written without //");
  }
  for (const std::string path : {"/a/..", "/../a", "/a/../b/"}) {
    INFO(path);
    CHECK(auth_error(path + "=/etc/passwd") == "the path must be written without /../");
  }
  CHECK(auth_error("/a/.=/etc/passwd") == "the path must be written without /./");
  CHECK(auth_error("/a%2Fb=/etc/passwd") ==
        "the path must be written as in a file's name: a blank is a blank, not %20");
  CHECK(auth_error("/a\n=/etc/passwd") == "the path must hold no control byte");
  for (const std::string path : {"/a/*", "/a*", "/*"}) {
    INFO(path);
    CHECK(auth_error(path + "=/etc/passwd") ==
          "the path covers all below it; it must be written without a *");
  }
}

TEST_CASE("the realm follows the last ':' behind the file, unless all of it is a file") {
  const TemporaryFolder folder;
  folder.write("users", "");
  folder.write("a:b", "");
  CHECK(auth("/x=" + folder / "users:Members only") == AuthRule{"/x", folder / "users", "Members only"});
  CHECK(auth("/x=" + folder / "a:b") == AuthRule{"/x", folder / "a:b", "/x"});
  CHECK(auth("/x=" + folder / "a:b:Staff") == AuthRule{"/x", folder / "a:b", "Staff"});
  for (const std::string realm : {"", " ", "a\"b", "a\nb", "\x7F"}) {
    INFO(realm);
    CHECK(auth_error("/x=" + folder / "users:" + realm) ==
          "the realm behind the ':' must be a few words without quotes, such as Members only");
  }
}

TEST_CASE("a password file that cannot be read is refused") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  for (const std::string& file : {std::string("/no/file"), std::string("/etc"), folder / "fifo"}) {
    INFO(file);
    CHECK(auth_error("/x=" + file) == "there is no file " + file + " that can be read");
    CHECK(auth_error("/x=" + file + ":Staff") == "there is no file " + file + " that can be read");
  }
  for (const char* text : {"", "/x", "/x=", "=/etc/passwd"}) {
    INFO(text);
    CHECK(auth_error(text) == "must be /PATH=FILE, such as /private=/etc/tinyhttpd/passwords");
  }
  if (::geteuid() == 0) return;  // who may read all
  folder.write("users", "", 0);
  CHECK(auth_error("/x=" + folder / "users") == "there is no file " + folder / "users" + " that can be read");
}

TEST_CASE("with another root a password file is looked for there") {
  if (::geteuid() != 0) return;
  const TemporaryFolder jail;
  jail.write("etc/users", "");
  CHECK(auth("/x=/etc/users:Staff", jail.path()) == AuthRule{"/x", "/etc/users", "Staff"});
  CHECK_THROWS_WITH_AS(
      auth("/x=/etc/passwd", jail.path()),
      ("--x /x=/etc/passwd: there is no file /etc/passwd that can be read within --chroot " + jail.path())
          .c_str(),
      UsageError);
}
