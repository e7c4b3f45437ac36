#include "tinyhttpd/saved_exchange.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "tinyhttpd/option_value.hpp"

using namespace tinyhttpd;

namespace {

using Json = nlohmann::json;

std::string recorded(const std::string& name) {
  std::ifstream file(std::string(TINYHTTPD_SOURCE_DIR) + "/tests/recorded/" + name + ".json");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// What is wrong with the text; "" where nothing is.
std::string refusal(const std::string& text) {
  try {
    read_saved_exchange("17.json", text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

/// The same of an exchange of a script that somebody has changed.
std::string refusal_after(const std::function<void(Json&)>& change, const std::string& name = "post") {
  Json json = Json::parse(recorded(name));
  change(json);
  return refusal(json.dump());
}

}  // namespace

TEST_CASE("read_saved_exchange reads all that it takes to run the script again") {
  const SavedExchange saved = read_saved_exchange("post.json", recorded("post"));
  CHECK(saved.id == 18);
  CHECK(saved.script == "/cgi-bin/echo.cgi");
  CHECK(saved.folder == "/srv/www/cgi-bin");
  CHECK(saved.arguments == std::vector<std::string>{"/srv/www/cgi-bin/echo.cgi"});
  REQUIRE(!saved.environment.empty());
  CHECK(saved.environment[0].name == "GATEWAY_INTERFACE");
  CHECK(saved.environment[0].value == "CGI/1.1");
  CHECK_FALSE(saved.environment[0].masked);
  CHECK(saved.streams[0].size() == 256);
  CHECK(saved.streams[0].starts_with(std::string("\0\1\2", 3)));
  CHECK(saved.streams[1].starts_with("Status: 201 Made\r\n"));
  REQUIRE(saved.exit.has_value());
  CHECK(saved.exit->code == 0);
  CHECK(saved.failure == "");
  CHECK(saved.microseconds.has_value());
}

TEST_CASE("read_saved_exchange knows which variables are masked, and how a script failed") {
  const SavedExchange saved = read_saved_exchange("cgi.json", recorded("cgi"));
  bool is_masked = false;
  for (const SavedVariable& variable : saved.environment)
    if (variable.name == "HTTP_AUTHORIZATION") is_masked = variable.masked;
  CHECK(is_masked);
  CHECK(read_saved_exchange("failed.json", recorded("failed")).failure == "no_blank_line");
}

TEST_CASE("read_saved_exchange says why an exchange without a script cannot be run") {
  CHECK(refusal(recorded("file")) == "17.json: no script ran: serve_file answered");
  CHECK(refusal(recorded("fastcgi")).find("a FastCGI application answered") != std::string::npos);
  CHECK(refusal(recorded("json")).find("a JSON gateway") != std::string::npos);
  CHECK(refusal(recorded("refused")).find("no script ran") != std::string::npos);
  CHECK(refusal_after([](Json& json) { json["script"]["arguments"].clear(); }) ==
        "17.json: its script was not started");
  CHECK(refusal_after([](Json& json) { json["over"] = false; }) ==
        "17.json: it was not over yet when it was saved");
}

TEST_CASE("read_saved_exchange refuses a stream that was not kept whole") {
  CHECK(refusal_after([](Json& json) { json["streams"][1]["total"] = 100000; }) ==
        "17.json: of standard output only the first 337 bytes of 100000 were kept (--inspect-bytes)");
  CHECK(refusal_after([](Json& json) { json["streams"][0]["kept"] = 0; }).find("of standard input only") !=
        std::string::npos);
}

TEST_CASE("read_saved_exchange names the line, or the member, that is wrong") {
  CHECK(refusal("").starts_with("17.json: it is no saved exchange: line 1, "));
  CHECK(refusal("{\n\"id\": 1,,}").starts_with("17.json: it is no saved exchange: line 2, "));
  CHECK(refusal("[]") == "17.json: it is no saved exchange: it must be an object");
  CHECK(refusal("{}") == "17.json: it is no saved exchange: the member id is missing");
  const std::string lead = "17.json: it is no saved exchange: ";
  const auto wrong = [&lead](const std::string& text, const std::function<void(Json&)>& change) {
    CAPTURE(text);
    CHECK(refusal_after(change) == lead + text);
  };
  wrong("the member script.folder is missing", [](Json& json) { json["script"].erase("folder"); });
  wrong("script.folder must be an absolute path", [](Json& json) { json["script"]["folder"] = ""; });
  wrong("script.arguments[0] must be an absolute path",
        [](Json& json) { json["script"]["arguments"][0] = "sh"; });
  wrong("script.environment[2].value must be a string",
        [](Json& json) { json["script"]["environment"][2]["value"] = 1; });
  wrong("script.environment[2].value must be a string without a zero byte",
        [](Json& json) { json["script"]["environment"][2]["value"] = std::string("a\0b", 3); });
  wrong("script.environment[0].name must be a name without '='",
        [](Json& json) { json["script"]["environment"][0]["name"] = "A=B"; });
  wrong("script.environment[0].masked must be true or false",
        [](Json& json) { json["script"]["environment"][0]["masked"] = 0; });
  wrong("script.exit.code must be a number from 0 to 255",
        [](Json& json) { json["script"]["exit"]["code"] = 256; });
  wrong("streams must be an array of three", [](Json& json) { json["streams"].erase(2); });
  wrong("streams[0].bytes_base64 must be base64",
        [](Json& json) { json["streams"][0]["bytes_base64"] = "a"; });
  wrong("streams[0].kept must be the size of bytes_base64",
        [](Json& json) { json["streams"][0]["bytes_base64"] = "aGk="; });
  wrong("streams[0].total must be a number that is not negative",
        [](Json& json) { json["streams"][0]["total"] = -1; });
  wrong("the member events is missing", [](Json& json) { json.erase("events"); });
  wrong("the member events[0].at is missing", [](Json& json) { json["events"][0].erase("at"); });
}

TEST_CASE("read_saved_exchange lets no byte of the file's name or of the file speak to a terminal") {
  CHECK_THROWS_WITH_AS(read_saved_exchange("\x1b[2J", "{}"),
                       "\\x1b[2J: it is no saved exchange: the member id is missing", UsageError);
  CHECK(refusal_after([](Json& json) { json["handler"] = "\x1b[2J"; }).find('\x1b') == std::string::npos);
}
