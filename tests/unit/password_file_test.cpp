// htpasswd files, and what clients say in Authorization.

#include <doctest/doctest.h>

#include <string>

#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/password_file.hpp"

using namespace tinyhttpd;

namespace {

std::string error_of(std::string_view text) {
  const auto entries = parse_password_file(text);
  return entries ? "" : entries.error();
}

PasswordEntries entries_of(std::string_view text) {
  auto entries = parse_password_file(text);
  REQUIRE(entries);
  return *entries;
}

/// What is read from "Basic" and the base64 of `pair`; "none" when nothing is.
std::string read_pair(const std::string& pair) {
  const auto credentials = parse_basic_credentials("Basic " + encode_base64(pair));
  return credentials ? credentials->user + "|" + credentials->password : "none";
}

bool is_read(std::string_view authorization) {
  return parse_basic_credentials(authorization).has_value();
}

}  // namespace

TEST_CASE("the beginning of a hash tells its scheme") {
  CHECK(scheme_of("$2y$12$x") == HashScheme::bcrypt);
  CHECK(scheme_of("$2b$12$x") == HashScheme::bcrypt);
  CHECK(scheme_of("$2a$12$x") == HashScheme::bcrypt);
  CHECK(scheme_of("$5$x") == HashScheme::sha256);
  CHECK(scheme_of("$6$x") == HashScheme::sha512);
  CHECK(scheme_of("$y$x") == HashScheme::yescrypt);
  CHECK(scheme_of("$apr1$x") == HashScheme::apr1);
  for (const char* hash : {"", "secret", "abJnggxhB/yWI", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "$1$salt$x",
                           "$2x$12$x", "$2$", "$apr1", "*0"}) {
    CAPTURE(std::string(hash));
    CHECK(scheme_of(hash) == HashScheme::unknown);
  }
}

TEST_CASE("a password file has a name and a hash in each line") {
  const auto entries =
      entries_of("anna:$2y$05$a\n\n# who left: bert\nBert:$5$b:what htpasswd ignores\r\ncarl o'c:$6$c");
  CHECK(entries == PasswordEntries{{"anna", "$2y$05$a"}, {"Bert", "$5$b"}, {"carl o'c", "$6$c"}});
  CHECK(entries_of("").empty());
  CHECK(entries_of("\n\r\n#\n").empty());
  CHECK(entries_of("\xEF\xBB\xBF"
                   "anna:$5$a\r\n") == PasswordEntries{{"anna", "$5$a"}});
  // Case counts, and bytes of UTF-8 are as good as others.
  CHECK(entries_of("anna:$5$a\nAnna:$5$b\nGrüße:$5$c\n").size() == 3);
}

TEST_CASE("what is wrong in a password file is named by its line") {
  const std::string unknown =
      ": an unknown kind of hash (bcrypt, SHA-256, SHA-512, yescrypt and apr1 are known: htpasswd -B)";
  CHECK(error_of("anna:$5$a\n\nbert\n") == "line 3: no ':'");
  CHECK(error_of(":$5$a\n") == "line 1: a name is missing");
  CHECK(error_of("anna:$5$a\n#\nbert:$5$b\nanna:$5$c\n") ==
        "line 4: the name 'anna' stands for the second time");
  CHECK(error_of("anna:$5$a\nbert:swordfish\n") == "line 2" + unknown);
  CHECK(error_of("anna:\n") == "line 1" + unknown);
  CHECK(error_of("anna:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n") == "line 1" + unknown);
  CHECK(error_of("an\tna:$5$a") == "line 1: a control byte in the name");
  CHECK(error_of(std::string_view("a\0:$5$a", 7)) == "line 1: a control byte in the name");
  CHECK(error_of("a\rb:$5$a\n") == "line 1: a control byte in the name");
}

TEST_CASE("Basic credentials are read as RFC 7617 has them") {
  // The examples of sections 2 and 2.1.
  const auto aladdin = parse_basic_credentials("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  REQUIRE(aladdin);
  CHECK(aladdin->user == "Aladdin");
  CHECK(aladdin->password == "open sesame");
  const auto pound = parse_basic_credentials("Basic dGVzdDoxMjPCow==");
  REQUIRE(pound);
  CHECK(pound->user == "test");
  CHECK(pound->password == "123£");
  // The scheme in any case (RFC 9110 section 11.1), and more than one space.
  CHECK(is_read("basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
  CHECK(is_read("BASIC   QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
}

TEST_CASE("a colon belongs to the password, never to the name") {
  CHECK(read_pair("anna:a:b::c") == "anna|a:b::c");
  CHECK(read_pair("anna::") == "anna|:");
  CHECK(read_pair("anna:") == "anna|");
  CHECK(read_pair(":secret") == "|secret");
  CHECK(read_pair("anna") == "none");
  CHECK(read_pair("") == "none");
}

TEST_CASE("credentials with a NUL or another control byte are none") {
  for (const char byte : {'\0', '\n', '\r', '\t', '\x1f', '\x7f'}) {
    CAPTURE(static_cast<int>(byte));
    CHECK(read_pair("an" + std::string(1, byte) + "na:secret") == "none");
    CHECK(read_pair("anna:sec" + std::string(1, byte) + "ret") == "none");
    CHECK(read_pair("anna:secret" + std::string(1, byte)) == "none");
  }
}

TEST_CASE("an Authorization that is malformed or of another scheme says nothing") {
  const char* const rows[] = {
      "",
      "Basic",
      "Basic ",
      "Basic    ",
      "BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ==",
      "Basic\tQWxhZGRpbjpvcGVuIHNlc2FtZQ==",
      "Bas QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
      "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
      "Digest username=\"anna\"",
      "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ",       // padding
      "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=",      //
      "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ===",    //
      "Basic QWxhZGRpbjpvcGVuIHNlc2FtZR==",     // bits that padding leaves over
      "Basic QWxhZGRpb jpvcGVuIHNlc2FtZQ==",    // white space in the middle
      "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== ",    //
      "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==, x",  //
      "Basic QWxhZGRpbjpvcGVuIHNl-_FtZQ==",     // another alphabet
      "Basic realm=\"x\"",
  };
  for (const char* value : rows) {
    CAPTURE(std::string(value));
    CHECK_FALSE(is_read(value));
  }
}

TEST_CASE("credentials of ten thousand bytes are read like short ones") {
  const std::string password(10'000, 'x');
  CHECK(read_pair("anna:" + password) == "anna|" + password);
  CHECK_FALSE(is_read("Basic " + std::string(10'000, '=')));
  CHECK_FALSE(is_read(std::string(10'000, ' ')));
}

TEST_CASE("the challenge quotes its realm") {
  CHECK(basic_challenge("members only") == R"(Basic realm="members only", charset="UTF-8")");
  CHECK(basic_challenge(R"(a "b" \ c)") == R"(Basic realm="a \"b\" \\ c", charset="UTF-8")");
  CHECK(basic_challenge("") == R"(Basic realm="", charset="UTF-8")");
}
