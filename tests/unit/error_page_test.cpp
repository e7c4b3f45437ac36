#include "tinyhttpd/error_page.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace tinyhttpd;

namespace {

/// The statuses that this server refuses with, or redirects.
constexpr Status kStatuses[] = {Status::moved_permanently,
                                Status::found,
                                Status::bad_request,
                                Status::unauthorized,
                                Status::forbidden,
                                Status::not_found,
                                Status::method_not_allowed,
                                Status::not_acceptable,
                                Status::request_timeout,
                                Status::precondition_failed,
                                Status::content_too_large,
                                Status::uri_too_long,
                                Status::unsupported_media_type,
                                Status::range_not_satisfiable,
                                Status::expectation_failed,
                                Status::header_fields_too_large,
                                Status::internal_server_error,
                                Status::not_implemented,
                                Status::bad_gateway,
                                Status::service_unavailable,
                                Status::gateway_timeout,
                                Status::http_version_not_supported,
                                Status::insufficient_storage};

std::string between(const std::string& text, std::string_view left, std::string_view right) {
  const auto start = text.find(left);
  REQUIRE(start != text.npos);
  const auto end = text.find(right, start);
  REQUIRE(end != text.npos);
  return text.substr(start + left.size(), end - start - left.size());
}

std::string main_of(const std::string& page) {
  return between(page, "<main>\n", "</main>");
}

}  // namespace

TEST_CASE("error_page names the status, says what happened and what can be done") {
  const std::string page = error_page(Status::not_found);
  CHECK(page.find("<title>404 Not Found</title>") != page.npos);
  CHECK(main_of(page) ==
        "<h1><b>404</b> Not Found</h1>\n"
        "<p>There is nothing at this address.</p>\n"
        "<p>Please check its spelling, or go to the <a href=\"/\">start page</a> and look from there.</p>\n");
}

TEST_CASE("error_page has a sentence of its own for every status this server gives") {
  std::set<std::string> sentences = {between(main_of(error_page(Status{418})), "<p>", "</p>")};
  for (const Status status : kStatuses) {
    CAPTURE(code(status));
    const std::string sentence = between(main_of(error_page(status)), "<p>", "</p>");
    CHECK(sentences.insert(sentence).second);
  }
}

TEST_CASE("error_page sends whoever meets a failure of the server to its owner, not to the spelling") {
  for (const Status status : {Status::internal_server_error, Status::bad_gateway, Status::gateway_timeout}) {
    const std::string page = main_of(error_page(status));
    CHECK(page.find("the server's log has the reason") != page.npos);
    CHECK(page.find("spelling") == page.npos);
  }
  CHECK(error_page(Status::service_unavailable).find("try again in a moment") != std::string::npos);
}

TEST_CASE("error_page makes a page for a status that nobody knows") {
  const std::string page = error_page(Status{599});
  CHECK(page.find("<title>599</title>") != page.npos);
  CHECK(page.find("<h1><b>599</b></h1>") != page.npos);
}

TEST_CASE("error_page shows a diagnosis below the status, to whoever may see it") {
  const Diagnosis diagnosis = {"line 1 ends in CRLF", "the kernel takes it for a name", "run dos2unix"};
  CHECK(main_of(error_page(Status::bad_gateway, &diagnosis)) ==
        "<h1><b>502</b> Bad Gateway</h1>\n"
        "<p>The program behind this page failed.</p>\n"
        "<dl>\n"
        "<dt><b>What happened</b></dt>\n<dd>line 1 ends in CRLF</dd>\n"
        "<dt><b>Why that fails</b></dt>\n<dd>the kernel takes it for a name</dd>\n"
        "<dt><b>What to do</b></dt>\n<dd>run dos2unix</dd>\n"
        "</dl>\n");
  CHECK(error_page(Status::bad_gateway, nullptr) == error_page(Status::bad_gateway));
}

TEST_CASE("error_page lets no part of a diagnosis become markup") {
  const std::string nasty = "</dd><script>alert('&')</script>\x1B";
  const Diagnosis diagnosis = {nasty, nasty, nasty};
  const std::string page = main_of(error_page(Status::bad_gateway, &diagnosis));
  CHECK(page.find("<script") == page.npos);
  CHECK(page.find('\x1B') == page.npos);
  CHECK(between(page, "<dd>", "</dd>") ==
        "&lt;/dd&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;\xEF\xBF\xBD");
}
