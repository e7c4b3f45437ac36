#include "tinyhttpd/media_type.hpp"

#include <doctest/doctest.h>

using namespace tinyhttpd;

TEST_CASE("MediaTypes knows the usual extensions") {
  const MediaTypes types;
  CHECK(types.of("index.html") == "text/html; charset=utf-8");
  CHECK(types.of("old.htm") == "text/html; charset=utf-8");
  CHECK(types.of("style.css") == "text/css; charset=utf-8");
  CHECK(types.of("app.js") == "text/javascript; charset=utf-8");
  CHECK(types.of("app.mjs") == "text/javascript; charset=utf-8");
  CHECK(types.of("data.json") == "application/json; charset=utf-8");
  CHECK(types.of("feed.xml") == "application/xml; charset=utf-8");
  CHECK(types.of("logo.svg") == "image/svg+xml; charset=utf-8");
  CHECK(types.of("README.md") == "text/markdown; charset=utf-8");
  CHECK(types.of("main.c") == "text/plain; charset=utf-8");
  CHECK(types.of("logo.png") == "image/png");
  CHECK(types.of("photo.jpg") == "image/jpeg");
  CHECK(types.of("photo.jpeg") == "image/jpeg");
  CHECK(types.of("favicon.ico") == "image/vnd.microsoft.icon");
  CHECK(types.of("font.woff2") == "font/woff2");
  CHECK(types.of("paper.pdf") == "application/pdf");
  CHECK(types.of("module.wasm") == "application/wasm");
  CHECK(types.of("film.mp4") == "video/mp4");
  CHECK(types.of("log.7z") == "application/x-7z-compressed");  // the first of the table
  CHECK(types.of("disk.zst") == "application/zstd");           // the last
}

TEST_CASE("MediaTypes goes by the last extension of the last component, in any case") {
  const MediaTypes types;
  CHECK(types.of("INDEX.HTML") == "text/html; charset=utf-8");
  CHECK(types.of("/a.png/b/Photo.JpG") == "image/jpeg");
  CHECK(types.of("backup.tar.gz") == "application/gzip");
  CHECK(types.of("index.html.bak") == "application/octet-stream");
}

TEST_CASE("MediaTypes takes what it does not know for bytes") {
  const MediaTypes types;
  for (const std::string_view name :
       {"", "Makefile", ".html", "name.", "a.html/b", "a.unknown", "a.html5extension", "a.ht"}) {
    CAPTURE(name);
    CHECK(types.of(name) == "application/octet-stream");
  }
}

TEST_CASE("MediaTypes reads the lines of a mime.types file") {
  MediaTypes types;
  types.add_lines(
      "# a comment\n"
      "\n"
      "text/x-lilypond\tly  LYX\r\n"
      "application/x-nothing\n"
      "application/x-weird foo # bar\n"
      "   text/vnd.sun  sun\n"
      "image/last last");
  CHECK(types.of("song.ly") == "text/x-lilypond; charset=utf-8");
  CHECK(types.of("song.lyx") == "text/x-lilypond; charset=utf-8");
  CHECK(types.of("a.foo") == "application/x-weird");
  CHECK(types.of("a.bar") == "application/octet-stream");
  CHECK(types.of("a.sun") == "text/vnd.sun; charset=utf-8");
  CHECK(types.of("a.LAST") == "image/last");
}

TEST_CASE("MediaTypes lets an added type win, and the last one of two") {
  MediaTypes types;
  types.add_lines("text/x-one html");
  CHECK(types.of("a.html") == "text/x-one; charset=utf-8");
  types.add(".HTML", "text/x-two");
  CHECK(types.of("a.html") == "text/x-two; charset=utf-8");
  types.add("html", "text/html;charset=iso-8859-1");
  CHECK(types.of("a.html") == "text/html;charset=iso-8859-1");  // who names a charset knows why
}

TEST_CASE("extension_of finds the extension of the last component") {
  CHECK(extension_of("index.html") == ".html");
  CHECK(extension_of("/dir.d/INDEX.HTML") == ".HTML");
  CHECK(extension_of("a.tar.gz") == ".gz");
  CHECK(extension_of(".profile.sh") == ".sh");
  for (const std::string_view path :
       {"", "/", "name", "name.", ".profile", "/home/.profile", "dir.d/name", "dir.d/", ".", ".."}) {
    CAPTURE(path);
    CHECK(extension_of(path) == "");
  }
}

TEST_CASE("is_static_extension tells documents from programs") {
  for (const std::string_view extension :
       {".html", ".HTM", ".css", ".js", ".txt", ".md", ".json", ".xml", ".csv", ".ico", ".png", ".woff2",
        ".pdf", ".gz", ".tar", ".deb", ".mp4", ".svg", "html"}) {
    CAPTURE(extension);
    CHECK(is_static_extension(extension));
  }
  for (const std::string_view extension : {"", ".", ".cgi", ".pl", ".py", ".sh", ".php", ".rb", ".lua",
                                           ".exe", ".fcgi", ".bin", ".tcl", ".unknown", "..html"}) {
    CAPTURE(extension);
    CHECK(!is_static_extension(extension));
  }
}
