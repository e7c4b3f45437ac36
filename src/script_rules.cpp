#include "tinyhttpd/script_rules.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace tinyhttpd {
namespace {

using enum ScriptRule;
using enum Severity;

constexpr std::string_view kPractice = "good practice";

constexpr RuleText kRules[] = {
    {does_not_run, "does_not_run", "RFC 3875 section 3.4", error, "the script can be started",
     "run it by hand in its folder and mend what the shell says"},
    {no_output, "no_output", "RFC 3875 section 6.1", error, "a script always gives an answer",
     "print a head, an empty line and a body on every way through the script"},
    {no_blank_line, "no_blank_line", "RFC 3875 section 6.2", error, "an empty line ends the head",
     "print an empty line after the last header field"},
    {empty_head, "empty_head", "RFC 3875 section 6.2", error, "a head has one header field at least",
     "print Content-Type before the empty line, and nothing before that"},
    {header_line, "header_line", "RFC 3875 section 6.3", error, "a line of the head is \"Name: value\"",
     "print nothing but header fields before the empty line; all else belongs after it"},
    {header_name, "header_name", "RFC 3875 section 6.3", error,
     "a header field's name is one word, with no space before its colon",
     "take spaces and special characters out of the name"},
    {header_folded, "header_folded", "RFC 3875 section 6.3", error, "a header field stands on a single line",
     "join the line to the one before it"},
    {header_value, "header_value", "RFC 9110 section 5.5", error,
     "a header field's value holds no control byte",
     "remove control bytes from what goes into the head; a lone carriage return is one"},
    {head_too_large, "head_too_large", "a limit of this server", error, "a head is no longer than 64 KiB",
     "move what is large from the head into the body"},
    {no_cgi_field, "no_cgi_field", "RFC 3875 section 6.3", error,
     "a head has Content-Type, Location or Status", "print Content-Type for a document"},
    {repeated_cgi_field, "repeated_cgi_field", "RFC 3875 section 6.3", error,
     "Content-Type, Location and Status come once at most", "print the field once"},
    {no_content_type, "no_content_type", "RFC 3875 section 6.3.1", error, "a body has a Content-Type",
     "print \"Content-Type: text/html; charset=utf-8\", or what the body is, before the empty line"},
    {content_type_form, "content_type_form", "RFC 3875 section 6.3.1", error,
     "Content-Type is \"type/subtype\", with parameters after semicolons",
     "write it as in \"text/plain; charset=utf-8\""},
    {no_charset, "no_charset", "RFC 3875 section 6.3.1", warning,
     "the Content-Type of a text says its charset", "add \"; charset=utf-8\""},
    {wrong_charset, "wrong_charset", "RFC 9110 section 8.3.2", warning,
     "a body is in the charset that was said", "encode the output as UTF-8, or name the charset it is in"},
    {location_form, "location_form", "RFC 3875 section 6.3.2", error,
     "Location is a whole URL, or a path that begins with one slash and has no fragment",
     "write \"/path?query\" or \"https://host/path#fragment\", with other bytes percent-encoded"},
    {local_redirect_alone, "local_redirect_alone", "RFC 3875 section 6.2.2", error,
     "a Location that is a path stands alone: no other header field, and no body",
     "print only Location and the empty line, or a Status and a whole URL for a redirect by the client"},
    {client_redirect_alone, "client_redirect_alone", "RFC 3875 section 6.2.3", error,
     "a Location without a Status stands alone: no other header field, and no body",
     "add \"Status: 302 Found\", which allows both"},
    {redirect_status, "redirect_status", "RFC 3875 section 6.2.4", error,
     "beside a Location, Status means a redirect (or 201: what was created)",
     "use 302, 303, 307, 308 or 201, or leave Location out"},
    {local_with_status, "local_with_status", "RFC 3875 section 6.2.4", warning,
     "beside a Status, Location is a whole URL", "put the scheme and the host before the path"},
    {status_form, "status_form", "RFC 3875 section 6.3.3", error,
     "Status is three digits, 200 to 599, a space and a reason", "write it as in \"Status: 404 Not Found\""},
    {communication_field, "communication_field", "RFC 3875 section 6.3.4", error,
     "a script says nothing about the connection or how the answer is framed",
     "leave it out: the server writes it, and drops yours"},
    {ignored_field, "ignored_field", "RFC 3875 section 6.3.4", note,
     "a field that is the server's own has no effect", "leave it out, unless it is meant for another server"},
    {repeated_http_field, "repeated_http_field", "RFC 9110 section 5.3", error,
     "a field that is no list comes once", "print the field once"},
    {content_length_form, "content_length_form", "RFC 9110 section 8.6", error,
     "Content-Length is a decimal number", "print the number of bytes, or leave the field out"},
    {content_length_wrong, "content_length_wrong", "RFC 9110 section 8.6", error,
     "Content-Length is the number of bytes in the body",
     "count bytes, not characters, or leave the field out: the server needs it not"},
    {date_form, "date_form", "RFC 9110 section 5.6.7", error,
     "a date is written as \"Sun, 06 Nov 1994 08:49:37 GMT\"",
     "print it in GMT and in English: LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT'"},
    {field_not_ascii, "field_not_ascii", "RFC 9110 section 5.5", warning, "a header field is ASCII",
     "percent-encode a URL; for a file name write filename*=UTF-8''... (RFC 8187)"},
    {mixed_line_ends, "mixed_line_ends", "RFC 3875 section 7.2", warning,
     "the lines of a head end alike, in LF or in CRLF", "use \"\\n\" throughout"},
    {bodiless_status, "bodiless_status", "RFC 9110 section 6.4.1", error, "204 and 304 have no body",
     "leave the body out, or use another status"},
    {no_allow, "no_allow", "RFC 9110 section 15.5.6", error, "405 comes with Allow",
     "print the methods the script takes: \"Allow: GET, HEAD\""},
    {no_challenge, "no_challenge", "RFC 9110 section 15.5.2", error, "401 comes with WWW-Authenticate",
     "print WWW-Authenticate, or use 403"},
    {redirect_without_location, "redirect_without_location", "RFC 9110 section 15.4", warning,
     "301, 302, 303, 307 and 308 come with Location", "print Location"},
    {error_without_body, "error_without_body", "RFC 9110 section 15.5", warning,
     "an error explains itself in its body", "print a short page that says what is wrong"},
    {server_error, "server_error", "RFC 9110 section 15.6", warning,
     "a script answers an ordinary request without a 5xx", "see what it lacks: its standard error may tell"},
    {body_for_head, "body_for_head", "RFC 3875 section 4.3.3", warning,
     "a HEAD is answered without a body, which every server throws away",
     "end after the empty line when REQUEST_METHOD is HEAD"},
    {unknown_method, "unknown_method", "RFC 3875 section 4.3", warning,
     "a method that the script does not know gets an error",
     "look at REQUEST_METHOD, and answer 501, or 405 with Allow, to all that are not handled"},
    {reads_past_length, "reads_past_length", "RFC 3875 section 4.2", error,
     "a script reads CONTENT_LENGTH bytes, and none where that is not set",
     "read exactly CONTENT_LENGTH bytes: other servers leave standard input open behind them, and it hangs"},
    {killed_by_signal, "killed_by_signal", kPractice, error, "a script ends by itself, not by a signal",
     "find the fault with a debugger or in its standard error"},
    {exit_status, "exit_status", kPractice, warning, "a script that has answered ends with status 0",
     "end with exit 0; the last command of a shell script decides otherwise"},
    {timed_out, "timed_out", "RFC 3875 section 6.1", error, "a script answers in time",
     "see what it waits for; print the head before long work, or do that elsewhere"},
    {leaves_processes, "leaves_processes", "RFC 3875 section 6.4", warning,
     "a script's end is the end of its answer: nothing of it goes on",
     "wait for what it starts, or hand long work to a service; here it is ended, elsewhere the client waits"},
    {runs_on, "runs_on", kPractice, note, "a script ends when its output does",
     "do long work elsewhere: it holds one of the server's places for scripts"},
    {standard_error, "standard_error", kPractice, note, "standard error is empty when nothing is wrong",
     "mend what it complains of; the server puts it into its log"},
    {echoes_markup, "echoes_markup", "good practice (cross-site scripting)", warning,
     "what a client sent is escaped before it is HTML",
     "replace & < > \" and ' by &amp; &lt; &gt; &quot; and &#39;"},
    {header_injection, "header_injection", "good practice (response splitting)", error,
     "what a client sent cannot become a header field",
     "refuse line ends in what goes into the head, after it has been decoded"},
    {head_differs, "head_differs", "RFC 9110 section 9.3.2", note, "HEAD is answered with the head of GET",
     "go the same way for both and leave out the body only"},
    {parallel_differs, "parallel_differs", kPractice, warning, "two requests at once are answered as one is",
     "lock what both change (flock), or give each a temporary file of its own (mktemp)"},
    {answers_differ, "answers_differ", "RFC 9110 section 9.2.1", note,
     "GET changes nothing, so that the same request gets the same answer",
     "nothing, where time or chance is meant; else change things by POST only"},
    {nph_status_line, "nph_status_line", "RFC 3875 section 5.2", error,
     "the output of an nph- script begins with a status line", "print \"HTTP/1.1 200 OK\" first"},
    {nph_line_ends, "nph_line_ends", "RFC 9112 section 2.2", error,
     "the head of an nph- script has lines that end in CRLF: it is HTTP as it stands",
     "print \"\\r\\n\" at the end of each"},
    {nph_date, "nph_date", "RFC 9110 section 6.6.1", error, "the head of an nph- script has a Date",
     "print it: LC_ALL=C date -u '+Date: %a, %d %b %Y %H:%M:%S GMT'"},
};

}  // namespace

std::string_view name_of(Severity severity) {
  constexpr std::array<std::string_view, 3> kNames = {"error", "warning", "note"};
  return kNames[static_cast<std::size_t>(severity)];
}

const RuleText& text_of(ScriptRule rule) {
  return kRules[static_cast<std::size_t>(rule)];
}

std::span<const RuleText> script_rules() {
  return kRules;
}

void ScriptFindings::add(ScriptRule rule, std::string seen, std::string cure) {
  const auto known = std::find_if(findings_.begin(), findings_.end(),
                                  [rule](const ScriptFinding& finding) { return finding.rule == rule; });
  if (known != findings_.end()) {
    if (known->requests.back() != request_) known->requests.push_back(request_);
    return;
  }
  const RuleText& text = text_of(rule);
  if (cure.empty()) cure = text.cure;
  findings_.push_back({rule, text.severity, {request_}, std::move(seen), std::move(cure)});
}

std::vector<ScriptFinding> ScriptFindings::take(bool strict) && {
  for (ScriptFinding& finding : findings_)
    if (strict && finding.severity == Severity::warning) finding.severity = Severity::error;
  std::sort(findings_.begin(), findings_.end(), [](const ScriptFinding& a, const ScriptFinding& b) {
    return std::tie(a.severity, a.rule) < std::tie(b.severity, b.rule);
  });
  return std::move(findings_);
}

}  // namespace tinyhttpd
