#include "tinyhttpd/secret_entries.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace tinyhttpd;

namespace {

std::string values_of(const std::vector<SecretEntry>& entries) {
  std::string values;
  for (const SecretEntry& entry : entries) values += entry.name + "=" + entry.value + "|";
  return values;
}

}  // namespace

TEST_CASE("secrets_of_query finds the values of secret names, as they stand and with their blanks") {
  CHECK(values_of(secrets_of_query("a=1&token=x%20y&b=2")) == "token=x%20y|");
  CHECK(values_of(secrets_of_query("password=open+sesame")) == "password=open+sesame|password=open sesame|");
  CHECK(values_of(secrets_of_query("token=a=b&token=&token")) == "token=a=b|token=|");
  CHECK(values_of(secrets_of_query("")) == "");
  CHECK(values_of(secrets_of_query("&&=&")) == "");
}

TEST_CASE(
    "secrets_of_json finds the strings of secret names at any depth, as they stand and without escapes") {
  CHECK(values_of(secrets_of_json(R"({"token": "abc", "a": ["token", {"secret" :
                                     "d\"e"}]})")) == R"(token=abc|secret=d\"e|secret=d"e|)");
  CHECK(values_of(secrets_of_json(R"({"user": "token", "x": "secret: y"})")) == "");
  CHECK(values_of(secrets_of_json(R"({"token": 12, "secret": ["x"]})")) == "");
}

TEST_CASE("secrets_of_json finds in what is cut, at any byte, the same or the beginning of it") {
  const std::string whole = R"({"token": "a\\b", "n": 1, "password":"c"})";
  const std::string found = R"(token=a\\b|token=a\b|password=c|)";
  CHECK(values_of(secrets_of_json(whole)) == found);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto entries = secrets_of_json(std::string_view(whole).substr(0, size));
    CHECK(entries.size() <= 3);
    for (const SecretEntry& entry : entries) CHECK((entry.name == "token" || entry.name == "password"));
  }
}
