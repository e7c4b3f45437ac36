#include "tinyhttpd/file_options.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/request_target.hpp"

using namespace tinyhttpd;

namespace {

template <typename Value>
std::string error_in(Value (*read)(const OptionValue&), std::string_view text) {
  try {
    (void)read({"x", text});
  } catch (const UsageError& error) {
    const std::string line = error.what();
    const std::string lead = "--x " + (text.empty() ? "''" : std::string(text)) + ": ";
    CHECK(line.starts_with(lead));
    return line.substr(lead.size());  // what would be right
  }
  return "accepted";
}

Redirect redirect(std::string_view text) {
  return redirect_from({"redirect", text});
}

}  // namespace

TEST_CASE("a media type belongs to an extension with or without its dot, in any case") {
  using Pair = std::pair<std::string, std::string>;
  CHECK(media_type_from({"mime", "webp=image/webp"}) == Pair{"webp", "image/webp"});
  CHECK(media_type_from({"mime", ".WebP=image/webp"}) == Pair{"webp", "image/webp"});
  CHECK(media_type_from({"mime", "txt=text/plain; charset=utf-8"}).second == "text/plain; charset=utf-8");
  CHECK(media_type_from({"mime", "x=a/b;c=\"d; \\\" e\";f=g"}).second == "a/b;c=\"d; \\\" e\";f=g");
}

TEST_CASE("what is no media type or no extension is refused") {
  for (const char* type :
       {"image", "image/", "/webp", "image/webp;", "image/webp; q", "image/webp; q=", "a/b c", "a/b;c=\"d",
        "a/b;c=\"d\\", "a/b\r\nX: y", "a/b; c=\"\x01\"", "a/b\x7F", "image /webp"}) {
    INFO(type);
    CHECK(error_in(media_type_from, std::string("x=") + type) ==
          "the type must be a media type, such as image/webp");
  }
  for (const char* extension : {".", "tar.gz", "a/b", "a b", "\x01"}) {
    INFO(extension);
    CHECK(error_in(media_type_from, std::string(extension) + "=a/b") ==
          "the extension must be what follows the last '.' of a name, such as webp");
  }
}

TEST_CASE("an error page is a visible file for a status that this server gives") {
  using Pair = std::pair<int, std::string>;
  CHECK(error_page_from({"error-page", "404=/not%20here.html"}) == Pair{404, "/not here.html"});
  CHECK(error_page_from({"error-page", "503=/a/./b/../busy.html"}) == Pair{503, "/a/busy.html"});
  for (const char* code : {"200", "301", "418", "600", "0404", "4o4", "-404", " 404"}) {
    INFO(code);
    CHECK(error_in(error_page_from, std::string(code) + "=/x") ==
          "the code must be one this server refuses with, such as 403, 404 or 503");
  }
  for (const char* page : {"x.html", "/", "/a/", "/../x", "/%2e%2e/x", "/a%2Fb", "/a%00", "/a?b", "/a b"}) {
    INFO(page);
    CHECK(error_in(error_page_from, std::string("404=") + page) ==
          "the page must be the path of a file, written as in a URL, such as /not-found.html");
  }
  for (const char* page : {"/.htpasswd", "/.git/config", "/a/%2Ex"}) {
    INFO(page);
    CHECK(error_in(error_page_from, std::string("404=") + page) ==
          "a hidden file is never sent; its name begins with '.'");
  }
}

TEST_CASE("a redirect is from one path, or from all with a prefix, to one place or to one each") {
  CHECK(redirect("/a=/b") == Redirect{"/a", "/b", false, false});
  CHECK(redirect("/a/*=/b/*") == Redirect{"/a/", "/b/", true, true});
  CHECK(redirect("/a*=/b*") == Redirect{"/a", "/b", true, true});
  CHECK(redirect("/a/*=/gone.html") == Redirect{"/a/", "/gone.html", true, false});
  CHECK(redirect("/*=https://example.org/*") == Redirect{"/", "https://example.org/", true, true});
  CHECK(redirect("/a=HTTP://[::1]:8080") == Redirect{"/a", "HTTP://[::1]:8080", false, false});
  CHECK(redirect("/a=/b?c=d#e") == Redirect{"/a", "/b?c=d#e", false, false});
}

TEST_CASE("the old path of a redirect is read as a request's path is") {
  CHECK(redirect("/%C3%A4//x/../y=/b").from == "/\xC3\xA4/y");
  CHECK(redirect("/a%3Db=/c").from == "/a=b");
  for (const char* old : {"a", "/a b", "/\xC3\xA4", "/a?b", "/..", "/a%2Fb", "/%zz"}) {
    INFO(old);
    CHECK(error_in(redirect_from, std::string(old) + "=/x") ==
          "the old path must begin with '/' and be written as in a URL, such as /old%20page");
  }
}

TEST_CASE("the new place of a redirect can stand in a Location field") {
  CHECK(redirect("/a=/\xC3\xA4\"<>\\^`{|}").to == "/%C3%A4%22%3C%3E%5C%5E%60%7B%7C%7D");
  CHECK(redirect("/a=/b%20c").to == "/b%20c");
  CHECK(redirect("/a=/100%").to == "/100%25");
  CHECK(redirect("/a=/%4").to == "/%254");
  for (const char* to : {"/b c", "/b\r\nX: y", "/b\t", "/\x7F"}) {
    INFO(to);
    CHECK(error_in(redirect_from, std::string("/a=") + to) ==
          "the new place must hold no blank and no control byte; a blank is %20 there");
  }
  for (const char* to :
       {"b", "//evil.example", "//", "ftp://a/", "javascript:alert(1)", "http://", "http:///a", "http:/a",
        "https://user@host/", "http://a..b/", "http://a:99999/", "mailto:a@b"}) {
    INFO(to);
    CHECK(error_in(redirect_from, std::string("/a=") + to) ==
          "the new place must be a path such as /new, or an http or https URL");
  }
}

TEST_CASE("endless_redirect finds a redirect that leads to itself") {
  for (const char* text : {"/a=/a", "/a=/%61", "/a=/x/../a", "/a=/a?b", "/a=/a#b", "/*=/b", "/*=/b/*",
                           "/a*=/a/b*", "/a/*=/a/index.html", "/a*=/ab"}) {
    INFO(text);
    CHECK(endless_redirect({redirect(text)}) == 0U);
  }
  for (const char* text : {"/a=/a/", "/a=/ab", "/a/*=/a", "/a/*=/b/a/*"}) {
    INFO(text);
    CHECK_FALSE(endless_redirect({redirect(text)}));
  }
}

TEST_CASE("no redirect lets a client choose the host it leads to") {
  for (const char* text : {"/old*=/*", "/*=http://example.org*", "/a/*=https://example.org:80*"}) {
    INFO(text);
    CHECK(error_in(redirect_from, text) ==
          "a client could choose the host it leads to; put a '/' before each *");
  }
  CHECK(redirect("/old/*=/*").to ==
        "/");  // what follows begins with no '/': repeated slashes are one by then
}

TEST_CASE("only a * at both ends carries the rest over") {
  CHECK(error_in(redirect_from, "/a=/b/*") ==
        "a * at the end of the new place needs one at the end of the old path");
  CHECK(error_in(redirect_from, "/a") == "must be /OLD=/NEW, such as /old.html=/new.html or /old/*=/new/*");
}

TEST_CASE("the * of the new place is part of its path") {
  for (const char* to : {"/b?*", "/b?c=*", "/b#*", "/b/?*", "http://example.org/?*", "/b?c#*"}) {
    INFO(to);
    CHECK(error_in(redirect_from, std::string("/a/*=") + to) ==
          "the * must be in the path of the new place, before any '?' or '#'");
  }
  CHECK(error_in(redirect_from, "/a/*=/b?c=d") == "accepted");
}

TEST_CASE("endless_redirect finds a circle however long it is, and no other chain") {
  struct Row {
    std::vector<const char*> redirects;
    std::optional<std::size_t> endless;
  };
  const Row rows[] = {
      {{}, {}},
      {{"/a=/b"}, {}},
      {{"/l1=/l2", "/l2=/l1"}, 0},
      {{"/a=/b", "/b=/c", "/c=/d?x=/a", "/d=/e#/a"}, {}},
      {{"/x=/y", "/a=/b", "/b=/c", "/c=/a"}, 1},
      {{"/in=/a", "/a=/b", "/b=/a"}, 0},
      {{"/a/*=/b/*", "/b/*=/a/*"}, 0},
      {{"/a/*=/b/*", "/b/*=/c/*"}, {}},
      {{"/a/*=/b/a/*", "/b/*=/a/b/*"}, 0},      // ever longer
      {{"/a*=/b", "/b=/and-so-on"}, 0},         // a prefix without '/'
      {{"/a/*=/b", "/b=/a"}, {}},               // "/a" is not below "/a/"
      {{"/a*=/b*", "/b=/a"}, 0},                // with nothing carried over
      {{"/b=/stop", "/a*=/b*", "/b*=/a*"}, 1},  // only with something carried over
      {{"/l1=/%6C2", "/l2=/x/../l1"}, 0},       // one path, other spellings
      {{"/a=http://example.org/b", "/b=/a"}, {}},
      {{"/x/*=/*", "/y=/x/x/x/x/x/z"}, {}},  // many steps, but an end
      {{"/b=/end", "/b*=/a", "/a=/b"}, {}},  // the first that matches counts
      {{"/a/b=/end", "/a/*=/a/b"}, {}},
  };
  for (const Row& row : rows) {
    std::vector<Redirect> redirects;
    for (const char* text : row.redirects) redirects.push_back(redirect(text));
    INFO((row.redirects.empty() ? "" : row.redirects.front()));
    CHECK(endless_redirect(redirects) == row.endless);
  }
}

TEST_CASE("a header is a name and a value") {
  CHECK(field_from({"header", "X-A: b"}) == ConfiguredField{"X-A", "b"});
  CHECK(field_from({"header", "X-A:b: c \t"}) == ConfiguredField{"X-A", "b: c"});
  for (const char* text : {"", "X-A", "X-A:", "X-A:  ", ": b", "X A: b", "X-A : b", "X\r\n: b"}) {
    INFO(text);
    CHECK(error_in(field_from, text) == "must be 'Name: value', such as 'X-Frame-Options: DENY'");
  }
  for (const char* text : {"X: a\r\nY: b", "X: a\nb", "X: \x01", "X: a\tb", "X: \x7F"}) {
    INFO(text);
    CHECK(error_in(field_from, text) == "must hold no control byte");
  }
}

TEST_CASE("what the server decides by itself cannot be set by --header") {
  for (const std::string name :
       {"Content-Length", "Content-Type", "Content-Encoding", "Content-Range", "Transfer-Encoding",
        "Connection", "Keep-Alive", "Trailer", "Upgrade", "Date", "Server", "ETag", "Last-Modified",
        "Location", "Allow", "Status", "Accept-Ranges", "WWW-Authenticate", "content-LENGTH"}) {
    INFO(name);
    CHECK(error_in(field_from, name + ": 1") == name + " is decided by the server");
  }
}
