#include "tinyhttpd/http.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace tinyhttpd;
using namespace std::string_view_literals;

TEST_CASE("iequals ignores the case of ASCII letters and of nothing else") {
  CHECK(iequals("Content-Length", "content-LENGTH"));
  CHECK(iequals("", ""));
  CHECK_FALSE(iequals("Host", "Hosts"));
  // '@' and '`', '[' and '{' differ by the same bit as 'A' and 'a'.
  CHECK_FALSE(iequals("@", "`"));
  CHECK_FALSE(iequals("[", "{"));
  CHECK_FALSE(iequals("\xC4", "\xE4"));
}

TEST_CASE("A token is made of exactly the bytes of RFC 9110 section 5.6.2") {
  constexpr std::string_view kSymbols = "!#$%&'*+-.^_`|~";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool expected = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          kSymbols.find(c) != kSymbols.npos;
    CAPTURE(byte);
    CHECK(is_token(std::string_view(&c, 1)) == expected);
  }
  CHECK_FALSE(is_token(""));
  CHECK_FALSE(is_token("two words"));
  CHECK(token_length("Host: a") == 4);
  CHECK(token_length(": a") == 0);
}

TEST_CASE("trim takes spaces and tabs, the only optional white space there is") {
  CHECK(trim(" \t a b\t ") == "a b");
  CHECK(trim(" \t ").empty());
  CHECK(trim("\va\f") == "\va\f");
  CHECK(trim("\xA0"
             "a") ==
        "\xA0"
        "a");
}

TEST_CASE("for_each_element visits the empty elements of a list too") {
  const auto elements = [](std::string_view list) {
    std::vector<std::string> seen;
    for_each_element(list, [&seen](std::string_view element) { seen.emplace_back(element); });
    return seen;
  };
  using Elements = std::vector<std::string>;
  CHECK(elements("close") == Elements{"close"});
  CHECK(elements("TE,,\tKeep-Alive ") == Elements{"TE", "", "Keep-Alive"});
  CHECK(elements("") == Elements{""});
  CHECK(elements(",") == Elements{"", ""});
}

TEST_CASE("method_named knows methods by their exact spelling") {
  CHECK(method_named("GET") == Method::get);
  CHECK(method_named("DELETE") == Method::delete_);
  CHECK(method_named("CONNECT") == Method::connect);
  CHECK(method_named("get") == Method::other);
  CHECK(method_named("GETS") == Method::other);
  CHECK(method_named("") == Method::other);
}

TEST_CASE("Request::field finds the first field of a name, in whatever case") {
  Request request;
  request.fields = {{"Accept", "a"}, {"X-Two", "first"}, {"x-two", "second"}, {"Empty", ""}};
  CHECK(request.field("x-TWO") == "first");
  CHECK(request.field("empty") == "");
  CHECK_FALSE(request.field("absent").has_value());
}

TEST_CASE("Request::clear forgets the request and keeps its memory") {
  Request request;
  request.path.assign(1000, 'p');
  request.fields.resize(50);
  request.method = Method::post;
  request.host = "a";
  request.has_query = true;
  request.keep_alive = false;
  request.expects_continue = true;
  request.framing = {.chunked = true, .content_length = 7, .has_content_length = true};
  const char* path_memory = request.path.data();
  const Field* fields_memory = request.fields.data();

  request.clear();

  CHECK(request.path.empty());
  CHECK(request.fields.empty());
  CHECK(request.method == Method::get);
  CHECK(request.host.empty());
  CHECK_FALSE(request.has_query);
  CHECK(request.keep_alive);
  CHECK_FALSE(request.expects_continue);
  CHECK_FALSE(request.framing.has_body());
  CHECK_FALSE(request.framing.has_content_length);
  CHECK(request.path.data() == path_memory);
  CHECK(request.fields.data() == fields_memory);
}

TEST_CASE("Framing has a body when it is chunked or has a length above zero") {
  CHECK_FALSE(Framing{}.has_body());
  CHECK_FALSE(Framing{.has_content_length = true}.has_body());
  CHECK(Framing{.content_length = 1, .has_content_length = true}.has_body());
  CHECK(Framing{.chunked = true}.has_body());
}
