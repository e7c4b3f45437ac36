#include "tinyhttpd/response.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

using namespace tinyhttpd;

namespace {

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

const std::string kDateAndServer =
    "Date: " + std::string(kDate) + "\r\nServer: " + std::string(server_software()) + "\r\n";

std::string head_of(const Response& response, const HeadContext& context) {
  std::string head = "of the answer before";
  headers(head, response, context);
  return head;
}

std::string page_of(const Response& response) {
  return std::get<std::string>(response.body);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE(
    "headers writes the status line, Date, Server, the fields, the framing and the connection in this "
    "order") {
  Response response;
  response.add("Content-Type", "text/plain");
  response.add("ETag", "\"1\"");
  HeadContext context{.date_and_server = kDateAndServer,
                      .delimiter = Delimiter::content_length,
                      .content_length = 5,
                      .close = true};
  CHECK(head_of(response, context) == "HTTP/1.1 200 OK\r\n" + kDateAndServer +
                                          "Content-Type: text/plain\r\n"
                                          "ETag: \"1\"\r\n"
                                          "Content-Length: 5\r\n"
                                          "Connection: close\r\n"
                                          "\r\n");
}

TEST_CASE("headers writes the fields that a cache holds before those of this answer alone") {
  Response response;
  response.kept_fields = std::make_shared<const std::string>("ETag: \"1\"\r\n");
  response.add("X-Here", "yes");
  CHECK(head_of(response, {.date_and_server = kDateAndServer}) ==
        "HTTP/1.1 200 OK\r\n" + kDateAndServer + "ETag: \"1\"\r\nX-Here: yes\r\n\r\n");
}

TEST_CASE("date_and_server is the two lines that every answer of a second has") {
  CHECK(date_and_server(kDate) == kDateAndServer);
}

TEST_CASE("headers announces chunks instead of a length") {
  const HeadContext context{
      .date_and_server = kDateAndServer, .delimiter = Delimiter::chunked, .content_length = 5};
  CHECK(head_of(Response{}, context) ==
        "HTTP/1.1 200 OK\r\n" + kDateAndServer + "Transfer-Encoding: chunked\r\n\r\n");
}

TEST_CASE("headers confirms keep-alive to a 1.0 client unless the connection ends") {
  const auto kept = head_of(Response{}, {.date_and_server = kDateAndServer, .keep_alive_1_0 = true});
  CHECK(kept == "HTTP/1.1 200 OK\r\n" + kDateAndServer + "Connection: keep-alive\r\n\r\n");
  const auto ended =
      head_of(Response{}, {.date_and_server = kDateAndServer, .close = true, .keep_alive_1_0 = true});
  CHECK(ended == "HTTP/1.1 200 OK\r\n" + kDateAndServer + "Connection: close\r\n\r\n");
}

TEST_CASE("headers keeps the space after the code when there is no reason") {  // RFC 9112 section 4
  Response response;
  response.status = Status{299};
  CHECK(head_of(response, {.date_and_server = kDateAndServer}).substr(0, 15) == "HTTP/1.1 299 \r\n");
}

TEST_CASE("headers prefers a script's own reason to the registry's") {
  Response response;
  response.status = Status::not_found;
  response.reason = "Nobody Home";
  CHECK(head_of(response, {.date_and_server = kDateAndServer}).substr(0, 26) ==
        "HTTP/1.1 404 Nobody Home\r\n");
}

TEST_CASE("headers never frames a 1xx or 204 answer") {  // RFC 9110 section 8.6, RFC 9112 section 6.1
  for (const auto status : {Status::continue_, Status::no_content}) {
    for (const auto delimiter : {Delimiter::content_length, Delimiter::chunked}) {
      Response response;
      response.status = status;
      const auto head =
          head_of(response, {.date_and_server = kDateAndServer, .delimiter = delimiter, .content_length = 5});
      CHECK_FALSE(contains(head, "Content-Length"));
      CHECK_FALSE(contains(head, "Transfer-Encoding"));
    }
  }
}

TEST_CASE(
    "headers gives a 304 the length that its caller knows, and none otherwise") {  // RFC 9110 section 8.6
  Response response;
  response.status = Status::not_modified;
  const auto known = head_of(
      response,
      {.date_and_server = kDateAndServer, .delimiter = Delimiter::content_length, .content_length = 7});
  CHECK(contains(known, "\r\nContent-Length: 7\r\n"));
  CHECK_FALSE(contains(head_of(response, {.date_and_server = kDateAndServer}), "Content-Length"));
}

TEST_CASE("refuse shows a page that names the status and says nothing of the reason") {
  const auto response = refuse(not_found("/srv/secret/<script>alert(1)</script>: no such file"));
  CHECK(response.status == Status::not_found);
  CHECK(response.fields == "Content-Type: text/html; charset=utf-8\r\n");
  CHECK_FALSE(response.close);
  const auto page = page_of(response);
  CHECK(page.substr(0, 15) == "<!DOCTYPE html>");
  CHECK(contains(page, "<title>404 Not Found</title>"));
  CHECK_FALSE(contains(page, "script"));
  CHECK_FALSE(contains(page, "secret"));
}

TEST_CASE("refuse gives every refusal a page with a sentence of its own") {
  const Rejection rejections[] = {bad_request(""),
                                  forbidden(""),
                                  not_found(""),
                                  method_not_allowed("", ""),
                                  not_acceptable(""),
                                  request_timeout(""),
                                  precondition_failed(""),
                                  content_too_large(""),
                                  uri_too_long(""),
                                  expectation_failed(""),
                                  header_fields_too_large(""),
                                  internal_error(""),
                                  unimplemented(""),
                                  unavailable(""),
                                  version_not_supported(""),
                                  insufficient_storage("")};
  const auto fallback = page_of(refuse({Status{599}, ""}));
  const auto sentence_of = [](const std::string& page) { return page.substr(page.find("<p>")); };
  for (const auto& rejection : rejections) {
    CAPTURE(code(rejection.status));
    const auto page = page_of(refuse(rejection));
    CHECK(contains(page, std::to_string(code(rejection.status))));
    CHECK(sentence_of(page) != sentence_of(fallback));
  }
}

TEST_CASE("refuse sends Allow with every 405 and with nothing else") {  // RFC 9110 section 15.5.6
  CHECK(
      contains(refuse(method_not_allowed("", "GET, HEAD, OPTIONS")).fields, "Allow: GET, HEAD, OPTIONS\r\n"));
  CHECK(contains(refuse(method_not_allowed("", "")).fields, "Allow: \r\n"));
  CHECK_FALSE(contains(refuse(forbidden("")).fields, "Allow"));
}

TEST_CASE("refuse asks a client back that was turned away for lack of room") {
  CHECK(contains(refuse(unavailable("queue full")).fields, "Retry-After: 5\r\n"));
  CHECK_FALSE(contains(refuse(internal_error("")).fields, "Retry-After"));
}

TEST_CASE("refuse ends the connection of a request that came too slowly") {
  CHECK(refuse(request_timeout("")).close);
  CHECK_FALSE(refuse(forbidden("")).close);
}

TEST_CASE("refuse says with a 406 that others are answered otherwise") {  // RFC 9110 section 12.5.5
  CHECK(contains(refuse(not_acceptable("")).fields, "Vary: Accept-Encoding\r\n"));
  CHECK_FALSE(contains(refuse(forbidden("")).fields, "Vary"));
}

TEST_CASE("a Response takes away its lines by name, in any case") {
  Response response;
  response.add("X-A", "X-B: 1");
  response.add("x-b", "2");
  response.add("X-BC", "3");
  response.add("X-b", "");
  for (const char* none : {"X", "1", "X-B: 1", ""}) response.remove(none);
  CHECK(response.fields == "X-A: X-B: 1\r\nx-b: 2\r\nX-BC: 3\r\nX-b: \r\n");
  response.remove("X-B");
  CHECK(response.fields == "X-A: X-B: 1\r\nX-BC: 3\r\n");
  response.remove("Y");
  CHECK(response.fields == "X-A: X-B: 1\r\nX-BC: 3\r\n");
  Response empty;
  empty.remove("X-A");
  CHECK(empty.fields.empty());
}

TEST_CASE("add_configured adds all lines of a name that the answer does not have") {
  Response response;
  response.add("cache-control", "no-store");
  add_configured(response, {{"Cache-Control", "max-age=60"}, {"Link", "</a>"}, {"Link", "</b>"}});
  CHECK(response.fields == "cache-control: no-store\r\nLink: </a>\r\nLink: </b>\r\n");
}

TEST_CASE("add_configured looks at the fields that a cache holds too") {
  Response response;
  response.kept_fields = std::make_shared<const std::string>("ETag: \"1\"\r\nVary: Accept-Encoding\r\n");
  add_configured(response, {{"etag", "\"2\""}, {"Vary", "Cookie"}, {"X-New", "1"}});
  CHECK(response.fields == "Vary: Cookie\r\nX-New: 1\r\n");
}

TEST_CASE("length_of counts the bytes of every body that is known before it is sent") {
  CHECK(length_of(Body{}) == 0);
  CHECK(length_of(std::string("four")) == 4);
  CHECK(length_of(std::make_shared<const std::string>("four")) == 4);
  CHECK(length_of(FileBody{.file = nullptr, .offset = 7, .length = 1'000'000'000'000}) == 1'000'000'000'000);
  PartsBody parts;
  parts.parts = {{"head", 10, 6}, {"end", 0, 0}};
  CHECK(length_of(std::move(parts)) == 13);
}

TEST_CASE("reason_phrase knows the registry") {
  CHECK(reason_phrase(Status::continue_) == "Continue");
  CHECK(reason_phrase(Status{201}) == "Created");
  CHECK(reason_phrase(Status{303}) == "See Other");
  CHECK(reason_phrase(Status{308}) == "Permanent Redirect");
  CHECK(reason_phrase(Status::content_too_large) == "Content Too Large");
  CHECK(reason_phrase(Status{511}) == "Network Authentication Required");
  CHECK(reason_phrase(Status{299}) == "");
}

TEST_CASE("add_configured adds to Vary, which is a list") {  // RFC 9110 section 12.5.5
  Response response;
  response.add("Vary", "Accept-Encoding");
  add_configured(response, {{"Vary", "Cookie"}, {"vary", "Origin"}});
  CHECK(response.fields == "Vary: Accept-Encoding\r\nVary: Cookie\r\nvary: Origin\r\n");
}
