// Listings of folders (--autoindex): what is shown, what is not, and that every link leads where it says.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/client.hpp"
#include "support/server_under_test.hpp"
#include "tinyhttpd/document_root.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/list_folder.hpp"

namespace {

/// A server that lists its folders.
struct ListingServer : ServerUnderTest {
  explicit ListingServer(const Adjust& adjust = {})
      : ServerUnderTest([&](tinyhttpd::Config& config) {
          config.files.autoindex = true;
          if (adjust) adjust(config);
        }) {}

  void set_mtime(const std::string& path, time_t seconds) const {
    timespec times[2]{};
    times[0] = times[1] = {seconds, 0};
    REQUIRE(::utimensat(AT_FDCWD, (root() + path).c_str(), times, 0) == 0);
  }
};

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

/// The links of a listing's entries as a browser reads them, in their order: what follows "./".
std::vector<std::string> links_of(const std::string& page) {
  constexpr std::string_view kStart = "href=\"./";
  std::vector<std::string> links;
  for (auto at = page.find(kStart); at != page.npos; at = page.find(kStart, at + 1)) {
    const std::size_t first = at + kStart.size();
    std::string link = page.substr(first, page.find('"', first) - first);
    replace_all(link, "&#39;", "'");
    replace_all(link, "&amp;", "&");
    links.push_back(link);
  }
  return links;
}

std::string listed(const Answer& answer) {
  std::string all;
  for (const std::string& link : links_of(answer.body)) all += (all.empty() ? "" : " ") + link;
  return all;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("a folder without an index is listed: folders first, then files, by name") {
  ListingServer server;
  server.file("/docs/b.txt", "bb");
  server.file("/docs/A.txt", "a");
  server.file("/docs/file10", "");
  server.file("/docs/file9", "");
  server.file("/docs/z/inner", "");
  const Answer answer = get(server.port(), "/docs/");
  CHECK(answer.status == 200);
  CHECK(answer.field("content-type") == "text/html; charset=utf-8");
  CHECK(answer.field("cache-control") == "no-cache");
  CHECK(listed(answer) == "z/ A.txt b.txt file9 file10");
  CHECK(contains(answer.body, "href=\"../\""));
  CHECK_FALSE(contains(get(server.port(), "/").body, "href=\"../\""));
  CHECK(get(server.port(), "/docs").field("location") == "/docs/");
  CHECK(server.recorder().routes().front().starts_with("list_folder: "));
}

TEST_CASE("a listing is sorted as its query says") {
  ListingServer server;
  server.file("/new-small", "1");
  server.file("/old-large", "333");
  server.file("/middle", "22");
  server.set_mtime("/old-large", 1'000'000'000);
  server.set_mtime("/middle", 1'100'000'000);
  server.set_mtime("/new-small", 1'200'000'000);
  const auto sorted = [&](const std::string& query) { return listed(get(server.port(), "/" + query)); };
  CHECK(sorted("?sort=name") == "middle new-small old-large");
  CHECK(sorted("?sort=name&order=desc") == "old-large new-small middle");
  CHECK(sorted("?sort=size&order=asc") == "new-small middle old-large");
  CHECK(sorted("?order=desc&sort=date") == "new-small middle old-large");
  CHECK(sorted("?sort=%3Cscript%3E") == sorted(""));
}

TEST_CASE("an empty folder is listed as empty, and one above the root is not offered") {
  ListingServer server;
  std::filesystem::create_directory(server.root() + "/empty");
  const Answer answer = get(server.port(), "/empty/");
  CHECK(answer.status == 200);
  CHECK(links_of(answer.body).empty());
}

// Names that are hard to put into HTML, into a URL, or into both.
const char* const kNames[] = {
    "plain.txt",
    "with space.txt",
    "<script>alert(1)<",
    "\"quoted\".txt",
    "it's",
    "a&b;c=d",
    "&amp;",
    "100%.txt",
    "%41.txt",
    "what?.txt",
    "#1.txt",
    "a:b",
    "javascript:alert(1)",
    "back\\slash",
    "gr\u00fc\u00df",
    "\u202etxt.exe",
    "~tilde+plus",
    "semi;colon",
    "[1]",
    "*",
    "a..b",
    "ends.",
    " leading",
};

TEST_CASE("every link of a listing leads to its file, whatever its name") {
  ListingServer server;
  for (const char* name : kNames)
    server.file("/names/" + std::string(name), "content of " + std::string(name));
  const Answer page = get(server.port(), "/names/");
  CHECK(page.status == 200);
  std::vector<std::string> found;
  for (const std::string& link : links_of(page.body)) {
    CAPTURE(link);
    const Answer answer = get(server.port(), "/names/" + link);
    CHECK(answer.status == 200);
    REQUIRE(answer.body.starts_with("content of "));
    found.push_back(answer.body.substr(11));
  }
  std::vector<std::string> expected(std::begin(kNames), std::end(kNames));
  std::sort(expected.begin(), expected.end());
  std::sort(found.begin(), found.end());
  CHECK(found == expected);
}

TEST_CASE("no name of a file is anything but text in a listing") {
  ListingServer server;
  for (const char* name : kNames) server.file("/names/" + std::string(name), "");
  const std::string page = get(server.port(), "/names/").body;
  CHECK_FALSE(contains(page, "<script>"));
  CHECK_FALSE(contains(page, "href=\"javascript:"));
  CHECK_FALSE(contains(page, "\"quoted\""));
  CHECK(contains(page, "&amp;amp;"));
}

TEST_CASE("the link of a folder leads to its own listing, whatever its name") {
  ListingServer server;
  server.file("/100% <b>folder/file", "inside");
  const std::string link = listed(get(server.port(), "/"));
  REQUIRE(link.ends_with('/'));
  CHECK(listed(get(server.port(), "/" + link)) == "file");
  CHECK(get(server.port(), "/" + link + "file").body == "inside");
}

TEST_CASE("the name of a folder is text in its listing") {
  ListingServer server;
  server.file("/<script>alert(1)</x", "");
  const Answer answer = get(server.port(), "/%3Cscript%3Ealert(1)%3C/");
  CHECK(answer.status == 200);
  CHECK_FALSE(contains(answer.body, "<script>alert"));
}

TEST_CASE("what its link would not lead to is not shown") {
  ListingServer server;
  server.file("/shown.txt", "");
  server.file("/.hidden", "");
  server.file("/.git/config", "");
  server.file("/private.txt", "", 0600);
  server.file("/group.txt", "", 0640);
  server.file("/closed/file", "");
  for (const char* name : {"/bad\xff\xfeutf8", "/new\nline", "/tab\there", "/\x7f"})
    server.file(name, "");  // no URL has it
  std::filesystem::permissions(server.root() + "/closed", std::filesystem::perms(0700));
  REQUIRE(::mkfifo((server.root() + "/fifo").c_str(), 0644) == 0);
  std::filesystem::create_symlink("/etc/passwd", server.root() + "/outside");
  std::filesystem::create_symlink("/etc", server.root() + "/outside-folder");
  std::filesystem::create_symlink("nothing", server.root() + "/dangling");
  std::filesystem::create_symlink("loop", server.root() + "/loop");
  std::filesystem::create_symlink("shown.txt", server.root() + "/inside");
  CHECK(listed(get(server.port(), "/")) == "inside shown.txt");
}

TEST_CASE("neither the folder of scripts nor a script that cannot run is shown") {
  ListingServer server;
  server.script("/cgi-bin/a.cgi", "#!/bin/sh\n");
  server.script("/runs.sh", "#!/bin/sh\n");
  server.file("/cannot-run.sh", "#!/bin/sh\n");  // 403
  server.file("/page.php", "<?php");             // 403: nothing runs it
  server.file("/text.txt", "");
  CHECK(listed(get(server.port(), "/")) == "runs.sh text.txt");
}

TEST_CASE("links are shown as --symlinks allows them") {
  ListingServer off([](tinyhttpd::Config& config) { config.symlinks = tinyhttpd::Symlinks::off; });
  ListingServer follow([](tinyhttpd::Config& config) { config.symlinks = tinyhttpd::Symlinks::follow; });
  for (ListingServer* server : {&off, &follow}) {
    server->file("/shown.txt", "");
    std::filesystem::create_symlink("shown.txt", server->root() + "/inside");
    std::filesystem::create_symlink("/etc", server->root() + "/outside");
  }
  CHECK(listed(get(off.port(), "/")) == "shown.txt");
  CHECK(listed(get(follow.port(), "/")) == "outside/ inside shown.txt");
}

TEST_CASE("a folder that others may not read is 403, though what is in it can be had by its name") {
  ListingServer server;
  server.file("/closed/file.txt", "content");
  std::filesystem::permissions(server.root() + "/closed", std::filesystem::perms(0711));
  CHECK(get(server.port(), "/closed/").status == 403);
  CHECK(get(server.port(), "/closed/file.txt").body == "content");
}

TEST_CASE("a folder is not listed unless it was asked for, nor where it has an index") {
  ServerUnderTest off;
  off.file("/docs/secret-name.txt", "");
  const Answer refused = get(off.port(), "/docs/");
  CHECK(refused.status == 404);
  CHECK_FALSE(contains(refused.body, "secret-name"));

  ListingServer on;
  on.file("/docs/secret-name.txt", "");
  on.file("/docs/index.html", "index");
  CHECK(get(on.port(), "/docs/").body == "index");
  on.file("/private/secret-name.txt", "");
  on.file("/private/index.html", "index", 0600);
  CHECK(get(on.port(), "/private/").status == 403);
}

TEST_CASE("hidden folders and those of scripts are not listed") {
  ListingServer server;
  server.script("/cgi-bin/secret-name.cgi", "#!/bin/sh\n");
  server.script("/cgi-bin/inner/secret-name.cgi", "#!/bin/sh\n");
  server.file("/.git/secret-name", "");
  for (const char* path : {"/cgi-bin/", "/cgi-bin/inner/", "/.git/"}) {
    CAPTURE(std::string(path));
    const Answer answer = get(server.port(), path);
    CHECK(answer.status == 404);
    CHECK_FALSE(contains(answer.body, "secret-name"));
  }
}

TEST_CASE("a listing has its methods: HEAD with the fields of GET, OPTIONS, and no POST") {
  ListingServer server;
  server.file("/docs/file.txt", "");
  Client client(server.port());
  const auto on = [&](const std::string& method) {
    client.send(method + " /docs/ HTTP/1.1\r\nHost: test\r\n\r\n");
    return client.read(method == "HEAD");
  };
  const Answer whole = on("GET");
  const Answer head = on("HEAD");
  CHECK(head.status == 200);
  CHECK(head.field("content-length") == std::to_string(whole.body.size()));
  CHECK(head.field("content-type") == whole.field("content-type"));
  CHECK(head.field("cache-control") == whole.field("cache-control"));
  CHECK(on("OPTIONS").field("allow") == "GET, HEAD, OPTIONS");
  const Answer post = on("POST");
  CHECK(post.status == 405);
  CHECK(post.field("allow") == "GET, HEAD, OPTIONS");
}

TEST_CASE("a folder that changes shows it at once") {
  ListingServer server;
  server.file("/a.txt", "");
  CHECK(listed(get(server.port(), "/")) == "a.txt");
  server.file("/b.txt", "");
  CHECK(listed(get(server.port(), "/")) == "a.txt b.txt");
  std::filesystem::remove(server.root() + "/a.txt");
  CHECK(listed(get(server.port(), "/")) == "b.txt");
}

TEST_CASE("of a very large folder a listing shows a part, and says how many are left out") {
  const tinyhttpd::TemporaryFolder folder;
  for (int i = 0; i < 300; ++i) std::ofstream(folder / std::to_string(i)).close();
  const tinyhttpd::DocumentRoot root(folder.path(), tinyhttpd::Symlinks::inside);
  const auto page = [&](std::size_t most) {
    auto response = tinyhttpd::list_folder(
        tinyhttpd::Request(), "/", root, [](std::string_view, const tinyhttpd::FileFacts&) { return true; },
        most);
    REQUIRE(response);
    return std::get<std::string>(response->body);
  };
  CHECK(links_of(page(1000)).size() == 300);
  CHECK_FALSE(contains(page(1000), "not shown"));
  CHECK(links_of(page(100)).size() == 100);
  CHECK(contains(page(100), "200 more"));
  // Nor are they all counted.
  CHECK(links_of(page(10)).size() == 10);
  CHECK(contains(page(10), "100 more"));
}
