// Codings of a file as a client gets them: which one, how it is known, and that an edited file shows at once.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/client.hpp"
#include "support/process_under_test.hpp"
#include "support/server_under_test.hpp"
#include "tinyhttpd/representation.hpp"
#include "tinyhttpd/serve_file.hpp"

namespace {

// Long past, so that no test depends on the second it runs in.
constexpr time_t kDay = 1'600'000'000;
constexpr auto kThatDay = "Sun, 13 Sep 2020 12:26:40 GMT";

/// A text that is worth compressing.
std::string long_text(std::string_view line = "var answer = 42;\n") {
  std::string text;
  while (text.size() < 4000) text += line;
  return text;
}

void set_mtime(const std::string& path, time_t seconds, long nanoseconds = 0) {
  timespec times[2]{};
  times[0] = times[1] = {seconds, nanoseconds};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

/// What a gzip text was made of; "not gzip" when it is none.
std::string gunzip(const std::string& compressed) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string text;
  std::array<char, 4096> piece;
  int outcome = Z_OK;
  while (outcome == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    outcome = inflate(&stream, Z_NO_FLUSH);
    text.append(piece.data(), piece.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return outcome == Z_STREAM_END && stream.avail_in == 0 ? text : "not gzip";
}

/// A server with /script.js, last changed on that day.
class ScriptServer : public ServerUnderTest {
 public:
  explicit ScriptServer(const Adjust& adjust = {}) : ServerUnderTest(adjust) { dated("/script.js", text); }

  /// Writes a file as of that day.
  void dated(const std::string& path, const std::string& content, time_t seconds = kDay,
             long nanoseconds = 0) {
    file(path, content);
    set_mtime(root() + path, seconds, nanoseconds);
  }

  /// The answer for /script.js to a client that accepts so.
  Answer accepting(const std::string& codings, const std::string& fields = {}) {
    return get(port(), "/script.js", "Accept-Encoding: " + codings + "\r\n" + fields);
  }

  const std::string text = long_text();
};

/// The coding of a 200; else the status.
std::string coding_of(const Answer& answer) {
  if (answer.status != 200) return std::to_string(answer.status);
  return answer.count("content-encoding") == 0 ? "identity" : answer.field("content-encoding");
}

bool ends_with(const std::string& etag, std::string_view suffix) {
  return etag.ends_with(std::string(suffix) + "\"");
}

}  // namespace

// ---- Which coding

TEST_CASE("a text is sent compressed to who accepts gzip, and is the same text") {
  ScriptServer server;
  const Answer answer = server.accepting("gzip");
  CHECK(answer.status == 200);
  CHECK(answer.field("content-encoding") == "gzip");
  CHECK(answer.field("content-type") == "text/javascript; charset=utf-8");
  CHECK(answer.field("content-length") == std::to_string(answer.body.size()));
  CHECK(answer.body.size() < server.text.size() / 4);
  CHECK(gunzip(answer.body) == server.text);
  CHECK(server.accepting("gzip").body == answer.body);  // out of the cache
}

/// What is accepted, and the coding or status it gets.
struct Accepted {
  const char* accepted;
  const char* all;      // there is a .br and a .gz
  const char* gz;       // there is a .gz
  const char* neither;  // compressed here
};
constexpr Accepted kAccepted[] = {
    {"br, gzip;q=0.5", "br", "gzip", "gzip"},
    {"gzip, deflate, br, zstd", "br", "gzip", "gzip"},
    {"gzip;q=1.0, br;q=0.9", "gzip", "gzip", "gzip"},
    {"x-gzip", "gzip", "gzip", "gzip"},
    {"GZIP", "gzip", "gzip", "gzip"},
    {"*", "br", "gzip", "gzip"},
    {"*;q=0.1", "br", "gzip", "gzip"},
    {"br;q=0, *", "gzip", "gzip", "gzip"},
    {"br", "br", "identity", "identity"},
    {"", "identity", "identity", "identity"},
    {"gzip;q=0", "identity", "identity", "identity"},
    {"identity", "identity", "identity", "identity"},
    {"gzip;q=0.5, identity", "identity", "identity", "identity"},
    {"compress, deflate", "identity", "identity", "identity"},
    {"*;q=0", "406", "406", "406"},
    {"identity;q=0", "406", "406", "406"},
    {"identity;q=0, deflate", "406", "406", "406"},
    {"identity;q=0, gzip", "gzip", "gzip", "gzip"},
    {"br, *;q=0", "br", "406", "406"},
    {"gzip;q=0, *;q=0.5", "br", "identity", "identity"},
    {"nonsense;q=x, gzip", "gzip", "gzip", "gzip"},
};

TEST_CASE("the coding is the one the client likes best of those there are") {
  ScriptServer server;
  for (const Accepted& row : kAccepted) {
    CAPTURE(std::string(row.accepted));
    CHECK(coding_of(server.accepting(row.accepted)) == row.neither);
  }
  server.dated("/script.js.gz", "compressed before");
  for (const Accepted& row : kAccepted) {
    CAPTURE(std::string(row.accepted));
    CHECK(coding_of(server.accepting(row.accepted)) == row.gz);
  }
  server.dated("/script.js.br", "compressed well");
  for (const Accepted& row : kAccepted) {
    CAPTURE(std::string(row.accepted));
    CHECK(coding_of(server.accepting(row.accepted)) == row.all);
  }
  CHECK(coding_of(get(server.port(), "/script.js")) == "identity");  // the field is absent
}

TEST_CASE("several Accept-Encoding lines are one list") {  // RFC 9110 section 5.3
  ScriptServer server;
  CHECK(coding_of(server.accepting("identity;q=0", "Accept-Encoding: gzip\r\n")) == "gzip");
}

TEST_CASE("a sibling is sent as it is, with its coding and the type of the file") {
  ScriptServer server;
  server.dated("/script.js.br", "compressed well");
  server.dated("/script.js.gz", "compressed before");
  const Answer br = server.accepting("br");
  CHECK(br.field("content-encoding") == "br");
  CHECK(br.field("content-type") == "text/javascript; charset=utf-8");
  CHECK(br.field("accept-ranges") == "bytes");
  CHECK(br.body == "compressed well");
  const Answer gz = server.accepting("gzip");
  CHECK(gz.field("content-encoding") == "gzip");
  CHECK(gz.body == "compressed before");
}

TEST_CASE("siblings are sent though nothing is compressed here") {
  ScriptServer server([](tinyhttpd::Config& config) { config.files.gzip = false; });
  CHECK(coding_of(server.accepting("gzip")) == "identity");
  CHECK(coding_of(server.accepting("gzip, identity;q=0")) == "406");
  server.dated("/script.js.gz", "compressed before");
  CHECK(server.accepting("gzip").body == "compressed before");
}

TEST_CASE("a compressed file asked for by its own name is a file of its own") {
  ScriptServer server;
  server.dated("/script.js.gz", "compressed before");
  const Answer answer = get(server.port(), "/script.js.gz", "Accept-Encoding: gzip\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.field("content-type") == "application/gzip");
  CHECK(answer.count("content-encoding") == 0);
  CHECK(answer.count("vary") == 0);
  CHECK(answer.body == "compressed before");
}

TEST_CASE("what is compressed already is not compressed again, and its .gz is a download of its own") {
  ServerUnderTest server;
  server.file("/photo.png", long_text());
  server.file("/photo.png.gz", "the same, compressed");
  const Answer answer = get(server.port(), "/photo.png", "Accept-Encoding: gzip, br\r\n");
  CHECK(answer.count("content-encoding") == 0);
  CHECK(answer.count("vary") == 0);
  CHECK(answer.body == long_text());
  CHECK(get(server.port(), "/photo.png", "Accept-Encoding: identity;q=0, gzip\r\n").status == 406);
}

TEST_CASE("what is small or very large is not compressed here") {
  struct Row {
    std::size_t size;
    const char* coding;
  };
  const Row rows[] = {
      {0, "identity"},
      {511, "identity"},
      {512, "gzip"},
      {4 * 1024 * 1024, "gzip"},
      {4 * 1024 * 1024 + 1, "identity"},
  };
  ServerUnderTest server;
  for (const Row& row : rows) {
    CAPTURE(row.size);
    server.file("/text.txt", std::string(row.size, 'x'));
    const Answer answer = get(server.port(), "/text.txt", "Accept-Encoding: gzip\r\n");
    CHECK(coding_of(answer) == row.coding);
    const std::string text = answer.count("content-encoding") == 0 ? answer.body : gunzip(answer.body);
    CHECK(text == std::string(row.size, 'x'));
  }
}

TEST_CASE("HEAD has the fields of GET in every coding, and no body") {
  ScriptServer server;
  server.dated("/script.js.br", "compressed well");
  Client client(server.port());
  for (const char* accepted : {"identity", "gzip", "br", "*;q=0"}) {
    CAPTURE(std::string(accepted));
    const std::string rest =
        " /script.js HTTP/1.1\r\nHost: test\r\nAccept-Encoding: " + std::string(accepted) + "\r\n\r\n";
    client.send("GET" + rest);
    Answer whole = client.read();
    client.send("HEAD" + rest);
    Answer head = client.read(true);
    CHECK(head.status == whole.status);
    CHECK(head.field("content-length") == std::to_string(whole.body.size()));
    whole.fields.erase("date");  // a second may have begun in between
    head.fields.erase("date");
    CHECK(head.fields == whole.fields);
  }
}

// ---- Vary, validators and conditions

TEST_CASE("Vary is with every answer of a file that may have codings, whatever was accepted") {
  ScriptServer server;
  const std::string etag = get(server.port(), "/script.js").field("etag");
  const auto vary = [&](const std::string& fields) {
    const Answer answer = get(server.port(), "/script.js", fields);
    return std::to_string(answer.status) + " " + answer.field("vary");
  };
  CHECK(vary("") == "200 Accept-Encoding");
  CHECK(vary("Accept-Encoding: gzip\r\n") == "200 Accept-Encoding");
  CHECK(vary("Range: bytes=0-3\r\n") == "206 Accept-Encoding");
  CHECK(vary("Range: bytes=0-3, 1000-1003\r\n") == "206 Accept-Encoding");
  CHECK(vary("If-None-Match: " + etag + "\r\n") == "304 Accept-Encoding");
  CHECK(vary("Accept-Encoding: *;q=0\r\n") == "406 Accept-Encoding");
  CHECK(vary("Range: bytes=100000-\r\n") == "416 Accept-Encoding");
}

TEST_CASE("every coding has an ETag of its own, and the Last-Modified of the file") {
  ScriptServer server;
  const std::string plain = server.accepting("identity").field("etag");
  const Answer made = server.accepting("gzip");
  CHECK(made.field("etag") == plain.substr(0, plain.size() - 1) + "-gzip\"");
  CHECK(made.field("last-modified") == kThatDay);
  server.dated("/script.js.gz", "compressed before");
  server.dated("/script.js.br", "compressed well");
  const Answer gz = server.accepting("gzip");
  const Answer br = server.accepting("br");
  CHECK(ends_with(gz.field("etag"), "-gz"));
  CHECK(ends_with(br.field("etag"), "-br"));
  CHECK(gz.field("etag").substr(0, 20) != br.field("etag").substr(0, 20));  // of the sibling's own state
  CHECK(gz.field("last-modified") == kThatDay);
  CHECK(server.accepting("identity").field("etag") == plain);
}

TEST_CASE("a sibling made again later has a new ETag and its own Last-Modified") {
  ScriptServer server;
  server.dated("/script.js.gz", "compressed before");
  const Answer before = server.accepting("gzip");
  server.dated("/script.js.gz", "compressed better", kDay + 60);
  const Answer after = server.accepting("gzip");
  CHECK(after.field("etag") != before.field("etag"));
  CHECK(after.field("last-modified") == "Sun, 13 Sep 2020 12:27:40 GMT");
}

TEST_CASE("a coding is 304 by its own ETag, and by no other's") {
  ScriptServer server;
  server.dated("/script.js.br", "compressed well");
  const std::vector<std::string> codings = {"identity", "gzip", "br"};
  std::vector<std::string> etags;
  for (const std::string& coding : codings) etags.push_back(server.accepting(coding).field("etag"));
  for (std::size_t i = 0; i < codings.size(); ++i) {
    for (std::size_t j = 0; j < etags.size(); ++j) {
      CAPTURE(codings[i]);
      CAPTURE(etags[j]);
      const Answer answer = server.accepting(codings[i], "If-None-Match: " + etags[j] + "\r\n");
      CHECK(answer.status == (i == j ? 304 : 200));
      CHECK(answer.field("etag") == etags[i]);
      const int match = server.accepting(codings[i], "If-Match: " + etags[j] + "\r\n").status;
      CHECK(match == (i == j ? 200 : 412));
    }
    const Answer dated = server.accepting(codings[i], "If-Modified-Since: " + std::string(kThatDay) + "\r\n");
    CHECK(dated.status == 304);
    CHECK(dated.count("content-encoding") == 0);
  }
}

// ---- Parts

TEST_CASE("who asks for a part gets one of the file itself, not of what is compressed here") {
  ScriptServer server;
  const Answer part = server.accepting("gzip", "Range: bytes=4-9\r\n");
  CHECK(part.status == 206);
  CHECK(part.count("content-encoding") == 0);
  CHECK(part.body == server.text.substr(4, 6));
  CHECK(part.field("etag") == server.accepting("identity").field("etag"));
  CHECK(server.accepting("gzip", "Range: bytes=100000-\r\n").status == 416);
  // Unless the client does not take the file itself: then its Range is ignored.
  const Answer whole = server.accepting("gzip, identity;q=0", "Range: bytes=4-9\r\n");
  CHECK(whole.status == 200);
  CHECK(gunzip(whole.body) == server.text);
  CHECK(whole.count("accept-ranges") == 0);
}

TEST_CASE("a part with the ETag of what was compressed here is the whole file itself") {
  ScriptServer server;
  const std::string made = server.accepting("gzip").field("etag");
  const Answer answer = server.accepting("gzip", "Range: bytes=4-9\r\nIf-Range: " + made + "\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.body == server.text);
  CHECK(answer.field("etag") != made);
}

TEST_CASE("a part of a sibling is one of its bytes, by its own validators") {
  ScriptServer server;
  server.dated("/script.js.gz", "compressed before");
  const Answer part = server.accepting("gzip", "Range: bytes=0-9\r\n");
  CHECK(part.status == 206);
  CHECK(part.body == "compressed");
  CHECK(part.field("content-encoding") == "gzip");
  CHECK(part.field("content-range") == "bytes 0-9/17");
  const auto if_range = [&](const std::string& etag) {
    return server.accepting("gzip", "Range: bytes=0-9\r\nIf-Range: " + etag + "\r\n").status;
  };
  CHECK(if_range(part.field("etag")) == 206);
  CHECK(if_range(server.accepting("identity").field("etag")) == 200);
}

TEST_CASE("several parts of a sibling are the whole of it") {
  ScriptServer server;
  server.dated("/script.js.gz", long_text("compressed"));
  const Answer answer = server.accepting("gzip", "Range: bytes=0-9,3000-3009\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.field("content-encoding") == "gzip");
  CHECK(answer.body == long_text("compressed"));
}

// ---- Files that change

TEST_CASE("an edited file shows at once, compressed or not, with a new ETag") {
  ScriptServer server;
  for (const char* accepted : {"identity", "gzip"}) {
    CAPTURE(std::string(accepted));
    server.dated("/script.js", server.text);
    const Answer before = server.accepting(accepted);
    CHECK(server.accepting(accepted).field("etag") == before.field("etag"));
    const std::string edited = long_text("var answer = 43;\n");
    REQUIRE(edited.size() == server.text.size());
    // Of the same size and within the same second.
    server.dated("/script.js", edited, kDay, 1);
    const Answer after = server.accepting(accepted, "If-None-Match: " + before.field("etag") + "\r\n");
    CHECK(after.status == 200);
    CHECK(after.field("etag") != before.field("etag"));
    CHECK((after.count("content-encoding") == 0 ? after.body : gunzip(after.body)) == edited);
  }
}

TEST_CASE("a file replaced by another of the same size and time is another file") {
  ScriptServer server;
  CHECK(gunzip(server.accepting("gzip").body) == server.text);
  const std::string other = long_text("var answer = 43;\n");
  server.dated("/new.js", other);
  std::filesystem::rename(server.root() + "/new.js", server.root() + "/script.js");
  CHECK(gunzip(server.accepting("gzip").body) == other);
}

TEST_CASE("a sibling older than the file does not count") {
  struct Row {
    time_t seconds;
    long nanoseconds;
    bool counts;
  };
  // The file's own time is that day and half a second.
  const Row rows[] = {
      {kDay - 1, 999'999'999, false},
      {kDay, 499'999'999, false},
      {kDay, 500'000'000, true},
      {kDay, 500'000'001, true},
      {kDay + 1, 0, true},
      {kDay - 1, 0, false},
      {kDay, 0, true},  // a program that copies times may copy whole seconds alone
  };
  ScriptServer server;
  server.dated("/script.js", server.text, kDay, 500'000'000);
  for (const Row& row : rows) {
    CAPTURE(row.seconds);
    CAPTURE(row.nanoseconds);
    server.dated("/script.js.gz", "compressed before", row.seconds, row.nanoseconds);
    server.dated("/script.js.br", "compressed well", row.seconds, row.nanoseconds);
    const Answer gz = server.accepting("gzip");
    CHECK((row.counts ? gz.body : gunzip(gz.body)) == (row.counts ? "compressed before" : server.text));
    const Answer br = server.accepting("br");
    CHECK(br.body == (row.counts ? "compressed well" : server.text));
  }
}

TEST_CASE("a sibling that may not be had, or is no file, does not count, and is no error") {
  ScriptServer server;
  const std::string sibling = server.root() + "/script.js.gz";
  const auto is_made_here = [&] { return gunzip(server.accepting("gzip").body) == server.text; };
  server.file("/script.js.gz", "secret", 0600);
  CHECK(is_made_here());
  std::filesystem::remove(sibling);
  std::filesystem::create_directory(sibling);
  CHECK(is_made_here());
  std::filesystem::remove(sibling);
  REQUIRE(::mkfifo(sibling.c_str(), 0644) == 0);
  CHECK(is_made_here());
  std::filesystem::remove(sibling);
  std::filesystem::create_symlink("/etc/passwd", sibling);
  CHECK(is_made_here());
  std::filesystem::remove(sibling);
  server.file("/other.gz", "inside");
  std::filesystem::create_symlink("other.gz", sibling);
  CHECK(server.accepting("gzip").body == "inside");  // by the rules of links, as any file
}

TEST_CASE("what is compressed here is right with a small cache, and with none") {
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{300}}) {
    CAPTURE(bytes);
    ScriptServer server([&](tinyhttpd::Config& config) { config.files.cache_bytes = bytes; });
    for (int file = 0; file < 4; ++file)
      server.dated("/" + std::to_string(file) + ".js", long_text(std::to_string(file) + " is a number\n"));
    for (int i = 0; i < 12; ++i) {
      const std::string number = std::to_string(i % 4);
      const Answer answer = get(server.port(), "/" + number + ".js", "Accept-Encoding: gzip\r\n");
      CHECK(gunzip(answer.body) == long_text(number + " is a number\n"));
    }
  }
}

TEST_CASE("a file that changes while it is read is not compressed, and nothing of it is kept") {
  struct Row {
    std::string content;
    time_t seconds;
    long nanoseconds;
    bool is_made;
  };
  const std::string text = long_text();
  const Row rows[] = {
      {text, kDay, 0, true},
      {text, kDay, 1, false},  // the same size, within the same second
      {text, kDay + 1, 0, false},
      {text + "more", kDay, 0, false},   // as it grows
      {text.substr(1), kDay, 0, false},  // as it is cut
      {text.substr(1), kDay + 1, 0, false},
  };
  const time_t now = std::time(nullptr) + 10;  // settled
  for (const Row& row : rows) {
    CAPTURE(row.content.size());
    CAPTURE(row.nanoseconds);
    const tinyhttpd::TemporaryFolder folder;
    const tinyhttpd::DocumentRoot root(folder.path(), tinyhttpd::Symlinks::inside);
    const tinyhttpd::MediaTypes types;
    tinyhttpd::CompressedTexts cache(100'000);
    tinyhttpd::KeptFiles kept_files(0);
    const tinyhttpd::FileHost host{root, types, true, cache, kept_files, "index.html"};
    tinyhttpd::Request request;
    request.fields.push_back({"Accept-Encoding", "gzip"});
    folder.write("script.js", text);
    set_mtime(folder / "script.js", kDay);
    const auto representation = tinyhttpd::choose_representation(request, "/script.js", host, now);
    REQUIRE(representation);
    REQUIRE(representation->made_here);
    folder.write("script.js", row.content);
    set_mtime(folder / "script.js", row.seconds, row.nanoseconds);
    const auto made = tinyhttpd::compressed_text(*representation, host, now);
    CHECK((made != nullptr) == row.is_made);
    // Kept: the very same bytes in memory.
    CHECK(tinyhttpd::compressed_text(*representation, host, now) == made);
  }
}

TEST_CASE("a file that is being written is sent as it is") {
  ScriptServer server;
  const std::string text(1'000'000, 'x');
  server.file("/script.js", text);
  const std::string path = server.root() + "/script.js";
  const tinyhttpd::Repeating writer([&, nanoseconds = 0L]() mutable {
    nanoseconds = (nanoseconds + 1) % 1'000'000;
    const timespec times[2] = {{kDay, nanoseconds}, {kDay, nanoseconds}};
    ::utimensat(AT_FDCWD, path.c_str(), times, 0);
  });
  bool was_plain = false;
  for (int tries = 0; !was_plain && tries < 200; ++tries) {
    const Answer answer = server.accepting("gzip");
    REQUIRE(answer.status == 200);
    was_plain = answer.count("content-encoding") == 0;
    CHECK((was_plain ? answer.body : gunzip(answer.body)) == text);
    CHECK(ends_with(answer.field("etag"), "-gzip") != was_plain);
  }
  CHECK(was_plain);
}

// Until then it may be edited again without its times telling: they are as coarse as the file system's clock.
TEST_CASE("what is compressed here is kept once its file has not changed for a while") {
  const tinyhttpd::TemporaryFolder folder;
  const tinyhttpd::DocumentRoot root(folder.path(), tinyhttpd::Symlinks::inside);
  const tinyhttpd::MediaTypes types;
  tinyhttpd::CompressedTexts cache(100'000);
  tinyhttpd::KeptFiles kept_files(0);
  const tinyhttpd::FileHost host{root, types, true, cache, kept_files, "index.html"};
  tinyhttpd::Request request;
  request.fields.push_back({"Accept-Encoding", "gzip"});
  const auto body_at = [&](time_t now) {
    const auto answer = tinyhttpd::serve_file(request, "/script.js", host, now);
    REQUIRE(answer);
    return std::get<tinyhttpd::SharedText>(answer->body);
  };
  time_t written = 0;
  for (int edit = 0; edit < 4; ++edit) {
    const std::string text = long_text("edit " + std::to_string(edit) + "\n");
    folder.write("script.js", text);
    set_mtime(folder / "script.js", kDay);  // which says nothing of when that was said
    written = std::time(nullptr);
    const auto first = body_at(written);
    CHECK(gunzip(*first) == text);
    CHECK(body_at(written) != first);  // not the same bytes in memory: made anew
    CHECK(body_at(written + 1) != first);
  }
  const auto kept = body_at(written + 10);
  CHECK(body_at(written + 10) == kept);
}

TEST_CASE("while a file is replaced over and over, every answer is one of its states, whole") {
  ScriptServer server;
  const std::string path = server.root() + "/script.js";
  const std::string states[] = {long_text("one\n"), long_text("three\n")};
  REQUIRE(states[0].size() == 4000);
  const tinyhttpd::Repeating writer([&] {
    for (const std::string& state : states) {
      std::ofstream(path + ".new", std::ios::binary) << state;
      ::rename((path + ".new").c_str(), path.c_str());
    }
  });
  for (int i = 0; i < 200; ++i) {
    const Answer answer = server.accepting("gzip");
    REQUIRE(answer.status == 200);
    const std::string text = answer.count("content-encoding") == 0 ? answer.body : gunzip(answer.body);
    CHECK((text == states[0] || text == states[1] || text == server.text));
  }
}
