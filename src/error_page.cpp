#include "tinyhttpd/error_page.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "tinyhttpd/html.hpp"

namespace tinyhttpd {

namespace {

constexpr std::string_view kStartPage =
    "Go to the <a href=\"/\">start page</a> and look for what you need from there.";
constexpr std::string_view kFollow =
    "Browsers go there by themselves. If yours did not, begin at the <a href=\"/\">start page</a>.";
constexpr std::string_view kRetrySoon = "Please try again in a moment.";
constexpr std::string_view kLogKnows =
    "Please try again later. If it stays like this, tell the site's owner: the server's log has the reason.";
constexpr std::string_view kTellOwner =
    "If a link or a form of this site led here, its owner will want to know.";

/// What a page says below its heading, both ready as HTML.
struct Explanation {
  Status status;
  std::string_view happened;
  std::string_view remedy;  ///< what whoever sees the page can do
};

constexpr auto kExplanations = std::to_array<Explanation>({
    {Status::moved_permanently, "This page has another address.", kFollow},
    {Status::found, "This page is at another address for now.", kFollow},
    {Status::bad_request, "The server could not understand this request.", kStartPage},
    {Status::unauthorized, "This page asks for a name and a password.",
     "Load it again and enter them, or ask the site's owner for access."},
    {Status::forbidden, "The server does not give this page out.", kStartPage},
    {Status::not_found, "There is nothing at this address.",
     "Please check its spelling, or go to the <a href=\"/\">start page</a> and look from there."},
    {Status::method_not_allowed, "What was asked for cannot be done with this page.", kStartPage},
    {Status::not_acceptable, "This page is not there in a form that your program accepts.",
     "Its <code>Accept-Encoding</code> field shuts out everything the server has."},
    {Status::request_timeout, "The request took too long to arrive.", kRetrySoon},
    {Status::precondition_failed, "The page has changed since you last saw it.",
     "Load it anew, then do again what you did."},
    {Status::content_too_large, "What was sent is larger than this server takes.",
     "Please send something smaller."},
    {Status::uri_too_long, "This address is longer than this server takes.", kStartPage},
    {Status::unsupported_media_type, "What was sent is of a kind that this page does not take.", kTellOwner},
    {Status::range_not_satisfiable, "The part that was asked for lies beyond the end of the file.",
     "The file may have become shorter: please load it anew from its beginning."},
    {Status::expectation_failed, "The server cannot do what this request expects of it.", kTellOwner},
    {Status::header_fields_too_large, "The header of this request is too large.",
     "Deleting this site's cookies in your browser may help."},
    {Status::internal_server_error, "Something went wrong in the server.", kLogKnows},
    {Status::not_implemented, "This server does not know how to do that.", kTellOwner},
    {Status::bad_gateway, "The program behind this page failed.", kLogKnows},
    {Status::service_unavailable, "The server is busy, or cannot answer just now.", kRetrySoon},
    {Status::gateway_timeout, "The program behind this page took too long to answer.", kLogKnows},
    {Status::http_version_not_supported, "This server speaks HTTP/1.0 and HTTP/1.1, not what was asked for.",
     kTellOwner},
    {Status::insufficient_storage, "The server has no room for what was sent.", kLogKnows},
});

constexpr Explanation kUnknown = {Status::ok, "The server could not answer this request.", kStartPage};

const Explanation& explain(Status status) {
  const auto* const known = std::find_if(kExplanations.begin(), kExplanations.end(),
                                         [status](const auto& entry) { return entry.status == status; });
  return known == kExplanations.end() ? kUnknown : *known;
}

void append_sentence(std::string& html, std::string_view heading, std::string_view sentence) {
  html.append("<dt><b>").append(heading).append("</b></dt>\n<dd>");
  append_escaped_html(html, sentence);
  html.append("</dd>\n");
}

void append_diagnosis(std::string& html, const Diagnosis& diagnosis) {
  html.append("<dl>\n");
  append_sentence(html, "What happened", diagnosis.what);
  append_sentence(html, "Why that fails", diagnosis.why);
  append_sentence(html, "What to do", diagnosis.cure);
  html.append("</dl>\n");
}

}  // namespace

bool is_refusal(int number) {
  return number >= 400 && std::any_of(kExplanations.begin(), kExplanations.end(),
                                      [number](const auto& entry) { return code(entry.status) == number; });
}

std::string error_page(Status status) {
  return error_page(status, nullptr);
}

std::string error_page(Status status, const Diagnosis* diagnosis) {
  const std::string number = std::to_string(code(status));
  std::string phrase(reason_phrase(status));
  if (!phrase.empty()) phrase.insert(0, " ");
  const Explanation& said = explain(status);
  std::string body = "<h1><b>" + number + "</b>" + phrase + "</h1>\n<p>";
  body.append(said.happened).append("</p>\n");
  if (diagnosis == nullptr) {
    body.append("<p>").append(said.remedy).append("</p>\n");
  } else {
    append_diagnosis(body, *diagnosis);
  }
  return html_page(number + phrase, body);
}

}  // namespace tinyhttpd
