// Files that are kept ready, and when they are not used any more.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "support/temporary_folder.hpp"
#include "tinyhttpd/serve_file.hpp"

using namespace tinyhttpd;

namespace {

const std::string kText(2000, 'a');

/// A folder that is served, at a time that lies far enough behind the last change of everything in it.
struct Host {
  explicit Host(std::uint64_t max_bytes = 1U << 20U) : kept(max_bytes) {}

  Request request(const std::string& path, std::vector<Field> fields = {},
                  Method method = Method::get) const {
    Request made;
    made.method = method;
    made.method_name = method == Method::head ? "HEAD" : method == Method::post ? "POST" : "GET";
    made.path = path;
    made.fields = std::move(fields);
    return made;
  }

  Response serve(const Request& asked, const std::string& path) {
    auto response = serve_file(asked, path, files, now);
    REQUIRE(response);
    return std::move(*response);
  }
  Response serve(const std::string& path) { return serve(request(path), path); }

  KeptFilePtr find(const Request& asked) { return kept.find(asked, root, now, turns); }
  KeptFilePtr find(const std::string& path) { return find(request(path)); }

  TemporaryFolder folder;
  DocumentRoot root{folder.path(), Symlinks::inside};
  MediaTypes types;
  CompressedTexts compressed{1U << 20U};
  KeptFiles kept;
  FileHost files{root, types, true, compressed, kept, "index.html"};
  UnixTime now = std::time(nullptr) + 10;
  KeptFiles::Turns turns;
};

void overwrite(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string text_of(const Response& response) {
  const auto* text = std::get_if<SharedText>(&response.body);
  return text == nullptr ? "" : **text;
}

}  // namespace

TEST_CASE("what was sent once is found, and is the same answer") {
  Host host;
  host.folder.write("/a.txt", kText);
  CHECK_FALSE(host.find("/a.txt"));
  const Response first = host.serve("/a.txt");
  const KeptFilePtr kept = host.find("/a.txt");
  REQUIRE(kept);
  const auto second = serve_kept(host.request("/a.txt"), kept, host.now);
  REQUIRE(second);
  CHECK(*second->kept_fields == *first.kept_fields);
  CHECK(second->kept_fields->find("Content-Type: text/plain") != std::string::npos);
  CHECK(text_of(*second) == kText);
  CHECK(text_of(first) == kText);
}

TEST_CASE("a file that may change again without its times telling is not kept") {
  Host host;
  host.folder.write("/a.txt", kText);
  host.now = std::time(nullptr);
  host.serve("/a.txt");
  CHECK_FALSE(host.find("/a.txt"));
}

TEST_CASE("a file that has changed in any respect is not found any more") {
  struct Row {
    const char* what;
    void (*change)(const std::string& path);
  };
  const Row rows[] = {
      {"its content", [](const std::string& path) { overwrite(path, std::string(2000, 'b')); }},
      {"its size", [](const std::string& path) { std::filesystem::resize_file(path, 10); }},
      {"its name", [](const std::string& path) { std::filesystem::remove(path); }},
      {"its inode",
       [](const std::string& path) {
         overwrite(path + ".new", kText);
         std::filesystem::rename(path + ".new", path);
       }},
      {"who may read it", [](const std::string& path) { ::chmod(path.c_str(), 0600); }},
      {"whether it can be executed", [](const std::string& path) { ::chmod(path.c_str(), 0755); }},
      {"what it is",
       [](const std::string& path) {
         std::filesystem::remove(path);
         std::filesystem::create_symlink("/etc/passwd", path);
       }},
      {"its content, the time put back",
       [](const std::string& path) {
         const auto before = std::filesystem::last_write_time(path);
         overwrite(path, std::string(2000, 'b'));
         std::filesystem::last_write_time(path, before);
       }},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.what));
    Host host;
    host.folder.write("/a.txt", kText);
    host.serve("/a.txt");
    REQUIRE(host.find("/a.txt"));
    // Until the clock that the file system writes times by has ticked: in reality a file is settled by then.
    for (int tries = 0; tries < 10'000 && host.find("/a.txt"); ++tries) row.change(host.folder / "a.txt");
    CHECK_FALSE(host.find("/a.txt"));
  }
}

TEST_CASE("one look at a file serves the requests that were seen before it, and no later ones") {
  Host host;
  host.folder.write("/a.txt", kText);
  host.serve("/a.txt");
  host.turns = {.seen = 5, .now = 6};
  REQUIRE(host.find("/a.txt"));  // looks, in turn 6
  std::filesystem::remove(host.folder / "a.txt");
  for (const Turn seen : {1U, 5U, 6U}) {
    host.turns = {.seen = seen, .now = 6};
    CHECK(host.find("/a.txt"));
  }
  host.turns = {.seen = 0, .now = 6};  // nobody knows when it came
  CHECK_FALSE(host.find("/a.txt"));
  host.turns = {.seen = 7, .now = 7};
  CHECK_FALSE(host.find("/a.txt"));
}

TEST_CASE("only GET and HEAD of a whole file come from what was kept") {
  Host host;
  host.folder.write("/a.txt", kText);
  host.serve("/a.txt");
  CHECK(host.find(host.request("/a.txt", {}, Method::head)));
  CHECK_FALSE(host.find(host.request("/a.txt", {}, Method::post)));
  CHECK_FALSE(host.find(host.request("/a.txt", {{"Range", "bytes=0-1"}})));
  Request with_body = host.request("/a.txt");
  with_body.framing.content_length = 1;
  CHECK_FALSE(host.find(with_body));
}

TEST_CASE("each coding is kept by itself, by what the client takes") {
  Host host;
  host.folder.write("/a.txt", kText);
  const Request gzip = host.request("/a.txt", {{"Accept-Encoding", "gzip"}});
  const Request same = host.request("/a.txt", {{"Accept-Encoding", "deflate, gzip;q=0.7"}});
  const Request none = host.request("/a.txt", {{"Accept-Encoding", "gzip;q=0"}});
  host.serve(gzip, "/a.txt");
  REQUIRE(host.find(gzip));
  CHECK(host.find(gzip)->fields.find("Content-Encoding: gzip") != std::string::npos);
  CHECK(host.find(same) == host.find(gzip));
  CHECK_FALSE(host.find(none));
  CHECK_FALSE(host.find("/a.txt"));
  host.serve("/a.txt");
  CHECK(host.find(none) == host.find("/a.txt"));
  CHECK(host.find("/a.txt")->fields.find("Content-Encoding") == std::string::npos);
}

TEST_CASE("a sibling that was not there before shows, and so does the change of one that was") {
  Host host;
  host.folder.write("/a.txt", kText);
  const Request asked = host.request("/a.txt", {{"Accept-Encoding", "br, gzip"}});
  host.serve(asked, "/a.txt");
  REQUIRE(host.find(asked));
  host.folder.write("/a.txt.br", "brotli");
  host.now += 2;
  CHECK_FALSE(host.find(asked));
  host.now += 10;
  host.serve(asked, "/a.txt");
  REQUIRE(host.find(asked));
  CHECK(*host.find(asked)->text == "brotli");
  for (int tries = 0; tries < 10'000 && host.find(asked); ++tries) host.folder.write("/a.txt.br", "better");
  CHECK_FALSE(host.find(asked));
  host.now += 20;
  CHECK(text_of(host.serve(asked, "/a.txt")) == "better");
  REQUIRE(host.find(asked));
  std::filesystem::remove(host.folder / "a.txt.br");
  CHECK_FALSE(host.find(asked));
}

TEST_CASE("a large file is kept open, and sent from there") {
  Host host;
  const std::string large(KeptFiles::kMostContentBytes + 1, 'a');
  host.folder.write("/a.bin", large);
  host.serve("/a.bin");
  const KeptFilePtr kept = host.find("/a.bin");
  REQUIRE(kept);
  CHECK_FALSE(kept->text);
  const auto response = serve_kept(host.request("/a.bin"), kept, host.now);
  REQUIRE(response);
  const auto& body = std::get<FileBody>(response->body);
  CHECK(body.file == kept->file);
  CHECK(body.length == large.size());
}

TEST_CASE("no more descriptors are kept than a part of the budget each allows") {
  Host host;
  const std::string large(KeptFiles::kMostContentBytes + 1, 'a');
  for (int i = 0; i < 150; ++i) {
    const std::string path = "/" + std::to_string(i) + ".bin";
    host.folder.write(path, large);
    host.serve(path);
  }
  int open = 0;
  for (int i = 0; i < 150; ++i) open += host.find("/" + std::to_string(i) + ".bin") ? 1 : 0;
  CHECK(open > 50);
  CHECK(open <= 128);
}

TEST_CASE("with a budget of nothing, nothing is kept") {
  Host host(0);
  host.folder.write("/a.txt", kText);
  CHECK(text_of(host.serve("/a.txt")) == kText);
  CHECK_FALSE(host.find("/a.txt"));
}

TEST_CASE("a folder is answered by its first index from what was kept, by another one never") {
  Host host;
  host.folder.write("/one/index.html", kText);
  host.folder.write("/two/index.cgi.txt", kText);
  host.serve(host.request("/one/"), "/one/index.html");
  host.serve(host.request("/two/"), "/two/index.cgi.txt");
  CHECK(host.find("/one/"));
  CHECK_FALSE(host.find("/two/"));
}

TEST_CASE("conditions are evaluated for what was kept as for what is read") {  // RFC 9110 section 13
  Host host;
  host.folder.write("/a.txt", kText);
  host.serve("/a.txt");
  const KeptFilePtr kept = host.find("/a.txt");
  REQUIRE(kept);
  const std::string& etag = kept->validators.etag;
  const auto unchanged = serve_kept(host.request("/a.txt", {{"If-None-Match", etag}}), kept, host.now);
  REQUIRE(unchanged);
  CHECK(unchanged->status == Status::not_modified);
  CHECK(unchanged->kept_fields->find("ETag: " + etag) != std::string::npos);
  CHECK(unchanged->kept_fields->find("Content-Type") == std::string::npos);
  const auto failed = serve_kept(host.request("/a.txt", {{"If-Match", "\"other\""}}), kept, host.now);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().status == Status::precondition_failed);
}

TEST_CASE("nothing is compressed for a client that has it already") {
  Host host;
  host.folder.write("/a.txt", kText);
  const Request asked = host.request("/a.txt", {{"Accept-Encoding", "gzip"}});
  host.serve(asked, "/a.txt");
  const std::string etag = host.find(asked)->validators.etag;
  Host other;
  std::filesystem::copy_file(host.folder / "a.txt", other.folder / "a.txt");
  const Request again = host.request("/a.txt", {{"Accept-Encoding", "gzip"}, {"If-None-Match", "*"}});
  CHECK(other.serve(again, "/a.txt").status == Status::not_modified);
  CHECK_FALSE(other.find(again));
}
