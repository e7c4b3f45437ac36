#include "tinyhttpd/authority.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace tinyhttpd;

namespace {

struct Authority {
  std::string_view text;
  std::string_view host;
  std::string_view port;
};

bool is_authority(std::string_view text) {
  std::string_view host;
  std::string_view port;
  return split_authority(text, host, port);
}

}  // namespace

TEST_CASE("split_authority finds the host and the port of every valid authority") {
  const Authority valid[] = {
      {"a", "a", ""},
      {"example.com", "example.com", ""},
      {"example.com.", "example.com.", ""},  // fully qualified
      {"Example.COM:8080", "Example.COM", "8080"},
      {"my_service:4000", "my_service", "4000"},  // Docker names its containers so
      {"host:", "host", ""},                      // RFC 3986 section 3.2.3: port = *DIGIT
      {"127.0.0.1:80", "127.0.0.1", "80"},
      {"x-1.y-:65535", "x-1.y-", "65535"},
      {"[::]", "[::]", ""},
      {"[::1]:4000", "[::1]", "4000"},
      {"[2001:db8::1]", "[2001:db8::1]", ""},
      {"[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]", ""},
      {"[1::]", "[1::]", ""},
      {"[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]", ""},
      {"[1:2:3:4:5:6:192.0.2.1]", "[1:2:3:4:5:6:192.0.2.1]", ""},
  };
  for (const Authority& row : valid) {
    CAPTURE(row.text);
    std::string_view host;
    std::string_view port;
    REQUIRE(split_authority(row.text, host, port));
    CHECK(host == row.host);
    CHECK(port == row.port);
  }
}

TEST_CASE("split_authority refuses what names no host of an http URI") {
  const std::string_view invalid[] = {
      "",                     // RFC 9110 section 4.2.1: no empty host
      ":80",                  //
      "user@host",            // RFC 9110 section 4.2.4: a user part hides the host
      "user:secret@host:80",  //
      "a/b",
      "../../etc",  // CVE-2014-2324: a host became a folder
      "a\\b",
      "a,b",
      "a b",    //
      "a%2fb",  // no escapes, so that nobody decodes them
      "a:port:",
      "a:80:80",  //
      "a:+80",
      "a: 80",  // digits only
      "a:65536",
      "a:99999",   //
      "a:000080",  // more digits than a port has
      ".a.",
      "a..b",
      ".",
      "a..",  // empty labels
      "-a",
      "a.-b",  // looks like an option to a program
      "b\xC3\xBC"
      "cher.example",  // names beyond ASCII are sent as xn--...
      "[::1",
      "::1",
      "::1]",  // brackets come in pairs
      "[]",
      "[:]",
      "[1]",                  //
      "[1:2:3:4:5:6:7]",      // seven groups, no gap
      "[1:2:3:4:5:6:7:8:9]",  //
      "[1:2:3:4::5:6:7:8]",   // a gap of no group
      "[1::2::3]",            // two gaps
      "[:::1]",
      "[::1:]",  //
      "[12345::]",
      "[g::]",  //
      "[::1.2.3]",
      "[::1.2.3.256]",
      "[::01.2.3.4]",
      "[::1.2.3.4.5]",
      "[::1.2..4]",
      "[1.2.3.4::]",       // an IPv4 part stands last
      "[::1.2.3.4:5]",     //
      "[fe80::1%25eth0]",  // a zone means nothing to another machine
      "[v1.fe80]",         // no version of IP after 6 (RFC 3986, IPvFuture)
      "[::1]80",
      "[::1]a:80",  //
      "a[::1]",
  };
  for (const std::string_view text : invalid) {
    CAPTURE(text);
    CHECK_FALSE(is_authority(text));
  }
}

TEST_CASE("split_authority takes no name longer than the DNS does") {
  CHECK(is_authority(std::string(255, 'a')));
  CHECK_FALSE(is_authority(std::string(256, 'a')));
}
