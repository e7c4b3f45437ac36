// The rules that `tinyhttpd check` knows, and which of them an output or a run breaks: no process is started
// here.
#include "tinyhttpd/script_rules.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "tinyhttpd/check_report.hpp"
#include "tinyhttpd/request_parser.hpp"
#include "tinyhttpd/script_judges.hpp"
#include "tinyhttpd/script_probes.hpp"

using namespace tinyhttpd;
using namespace std::string_literals;

namespace {

ProbedRun run_of(ProbeKind kind, const std::string& output) {
  ProbedRun run{.probe = {.kind = kind, .name = "probe"}};
  run.output = output;
  run.output_bytes = output.size();
  run.exit_code = 0;
  return run;
}

std::set<ScriptRule> rules_of(std::vector<ScriptFinding> findings) {
  std::set<ScriptRule> rules;
  for (const ScriptFinding& finding : findings) rules.insert(finding.rule);
  return rules;
}

std::set<ScriptRule> broken_by(const ProbedRun& run, bool non_parsed_header = false) {
  ScriptFindings findings;
  judge_run(run, non_parsed_header, findings);
  return rules_of(std::move(findings).take(false));
}

std::set<ScriptRule> broken_by(const std::string& output) {
  return broken_by(run_of(ProbeKind::get, output));
}

using Rules = std::set<ScriptRule>;

const std::string kType = "Content-Type: text/plain; charset=utf-8\n";
const std::string kDocument = kType + "\nhello\n";

}  // namespace

TEST_CASE("each rule has its own number, name and words") {
  std::set<std::string_view> names;
  int number = 0;
  for (const RuleText& text : script_rules()) {
    CAPTURE(text.name);
    CHECK(number_of(text.rule) == ++number);
    CHECK(names.insert(text.name).second);
    CHECK_FALSE(text.specification.empty());
    CHECK_FALSE(text.sentence.empty());
    CHECK_FALSE(text.cure.empty());
    CHECK(&text_of(text.rule) == &text);
  }
  CHECK(text_of(ScriptRule::nph_date).name == "nph_date");
  CHECK(number == number_of(ScriptRule::nph_date));
}

TEST_CASE("a script's output that keeps to the rules breaks none") {
  const std::string outputs[] = {
      "Content-Type: text/plain; charset=utf-8\n\nhello\n",
      "content-type:text/html;charset=\"UTF-8\"\r\n\r\n<p>\xC3\xA9</p>",
      "Content-Type: application/octet-stream\n\n\xFF\xFE",
      "Content-Type: application/json\nContent-Length: 2\n\n{}",
      "Content-Type: text/event-stream\n\ndata: 1\n\n",
      "Status: 404 Not Found\nContent-Type: text/plain; charset=utf-8\n\nno\n",
      "Status: 404\nContent-Type: text/plain; charset=utf-8\n\nno\n",
      "Status: 204 No Content\n\n",
      "Location: /path?query\n\n",
      "Location: https://example.org/path#part\n\n",
      "Status: 303 See Other\nLocation: https://example.org/\nSet-Cookie: a=b\nSet-Cookie: c=d\n\n",
      "Status: 201 Created\nLocation: https://example.org/new\n\n",
      "Status: 405 Method Not Allowed\nAllow: GET\nContent-Type: text/plain; charset=utf-8\n\nno\n",
      "Content-Type: text/plain; charset=utf-8\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\n\nhello",
      "Content-Type: text/plain; charset=utf-8\nLocation:\n\nan empty field is none",
  };
  for (const std::string& output : outputs) {
    CAPTURE(output);
    CHECK(broken_by(output) == Rules());
  }
}

TEST_CASE("each mistake in an output breaks the one rule it is about") {
  using enum ScriptRule;
  struct Row {
    std::string output;
    Rules broken;
  };
  const Row rows[] = {
      {kType + "no colon\n\nhello", {header_line}},
      {kType + "X Name: 1\n\nhello", {header_name}},
      {kType + "X-Name : 1\n\nhello", {header_name}},
      {kType + " folded\n\nhello", {header_folded}},
      {kType + "X-Name: a\x01z\n\nhello", {header_value}},
      {kType + "X-Name: Jos\xC3\xA9\n\nhello", {field_not_ascii}},
      {"X-Name: 1\n\n", {no_cgi_field}},
      {kType + kType + "\nhello", {repeated_cgi_field}},
      {kType + "ETag: \"1\"\nETag: \"2\"\n\nhello", {repeated_http_field}},
      {"Status: 200 OK\n\nhello", {no_content_type}},
      {"Content-Type: html\n\nhello", {content_type_form}},
      {"Content-Type: text/html; charset\n\nhello", {content_type_form}},
      {"Content-Type: text/html\n\nhello", {no_charset}},
      {kType + "\nJos\xE9", {wrong_charset}},
      {"Content-Type: application/json\n\n\"\xE9\"", {wrong_charset}},
      {"Location: page.html\n\n", {location_form}},
      {"Location: //host/\n\n", {location_form}},
      {"Location: /a b\n\n", {location_form}},
      {"Location: /page#part\n\n", {location_form}},
      {"Location: /page\nSet-Cookie: a=b\n\n", {local_redirect_alone}},
      {"Location: /page\n\nbody", {local_redirect_alone}},
      {"Location: /page\nX-CGI-Mine: 1\n\n", {local_redirect_alone, ignored_field}},
      {"Location: http://a/\n" + kDocument, {client_redirect_alone}},
      {"Status: 200 OK\nLocation: http://a/\n\n", {redirect_status}},
      {"Status: 302 Found\nLocation: /page\n\n", {local_with_status}},
      {"Status: OK\n" + kDocument, {status_form}},
      {"Status: 2000\n" + kDocument, {status_form}},
      {"Status: 100 Continue\n" + kDocument, {status_form}},
      {"Connection: close\n" + kDocument, {communication_field}},
      {"Transfer-Encoding: chunked\n" + kDocument, {communication_field}},
      {"Server: mine\n" + kDocument, {ignored_field}},
      {"Location: https://example.org/\nX-CGI-Mine: yes\n\n", {ignored_field}},
      {"Content-Length: 6 bytes\n" + kDocument, {content_length_form}},
      {"Content-Length: 3\n" + kDocument, {content_length_wrong}},
      {"Content-Length: 30\n" + kDocument, {content_length_wrong}},
      {"Last-Modified: yesterday\n" + kDocument, {date_form}},
      {"X-Name: 1\r\n" + kDocument, {mixed_line_ends}},
      {"Status: 204 No Content\n" + kDocument, {bodiless_status}},
      {"Status: 405 No\n" + kDocument, {no_allow}},
      {"Status: 401 No\n" + kDocument, {no_challenge}},
      {"Status: 302 Found\n" + kDocument, {redirect_without_location}},
      {"Status: 404 Not Found\n\n", {error_without_body}},
      {"Status: 500 Oh\n" + kDocument, {server_error}},
      {"Probe-Injected: yes\n" + kDocument, {header_injection}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.output);
    CHECK(broken_by(row.output) == row.broken);
  }
}

TEST_CASE("what is said of a request counts only for that request") {
  const std::string echo = "Content-Type: text/html; charset=utf-8\n\n<probe a=\"b\">";
  CHECK(broken_by(run_of(ProbeKind::hostile, echo)) == Rules{ScriptRule::echoes_markup});
  CHECK(broken_by(run_of(ProbeKind::get, echo)) == Rules());
  CHECK(broken_by(run_of(ProbeKind::hostile, kType + "\n<probe a=\"b\">")) == Rules());
  CHECK(broken_by(run_of(ProbeKind::head, kDocument)) == Rules{ScriptRule::body_for_head});
  CHECK(broken_by(run_of(ProbeKind::head, kType + "Content-Length: 9\n\n")) == Rules());
  CHECK(broken_by(run_of(ProbeKind::unknown_method, kDocument)) == Rules{ScriptRule::unknown_method});
  CHECK(broken_by(run_of(ProbeKind::unknown_method, "Status: 501 No\n" + kDocument)) == Rules());
}

TEST_CASE("an nph- script is judged as HTTP") {
  const std::string date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
  const std::string good = "HTTP/1.1 200 OK\r\n" + date +
                           "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nhello";
  CHECK(broken_by(run_of(ProbeKind::get, good), true) == Rules());
  const std::string no_date = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello";
  CHECK(broken_by(run_of(ProbeKind::get, no_date), true) == Rules{ScriptRule::nph_date});
  const std::string bare_lf = "HTTP/1.1 200 OK\n" + date + kDocument;
  CHECK(broken_by(run_of(ProbeKind::get, bare_lf), true) == Rules{ScriptRule::nph_line_ends});
  const std::string no_status = "200 OK\r\n" + date + "Content-Type: text/plain; charset=utf-8\r\n\r\nhello";
  CHECK(broken_by(run_of(ProbeKind::get, no_status), true) == Rules{ScriptRule::nph_status_line});
}

TEST_CASE("how a script ran breaks rules, too") {
  using enum ScriptRule;
  ProbedRun run = run_of(ProbeKind::get, kDocument);
  SUBCASE("its exit status") {
    run.exit_code = 3;
    CHECK(broken_by(run) == Rules{exit_status});
  }
  SUBCASE("its standard error") {
    run.error_bytes = 5;
    CHECK(broken_by(run) == Rules{standard_error});
  }
  SUBCASE("what it leaves in its group") {
    run.processes_left = 1;
    CHECK(broken_by(run) == Rules{leaves_processes});
  }
  SUBCASE("who still holds its output") {
    run.output_held = true;
    CHECK(broken_by(run) == Rules{leaves_processes});
  }
  SUBCASE("how long it goes on without its output") {
    run.ran_on = 600 * 1000;
    CHECK(broken_by(run) == Rules{runs_on});
  }
  SUBCASE("its failure, and only that") {
    run.failure = ScriptFailure{ScriptFault::silent, 5};
    run.processes_left = 1;
    run.exit_code = 1;
    CHECK(broken_by(run) == Rules{timed_out});
  }
}

TEST_CASE("a process that stays when its script ends without an answer is told of, too") {
  ProbedRun run = run_of(ProbeKind::get, "");
  run.failure = ScriptFailure{ScriptFault::no_output};
  run.processes_left = 1;
  CHECK(broken_by(run) == Rules{ScriptRule::no_output, ScriptRule::leaves_processes});
}

TEST_CASE("standard input past CONTENT_LENGTH is not to be read, but by the buffer of a read") {
  ProbedRun run = run_of(ProbeKind::more_than_length, "");
  run.probe.body = "0123456789";
  constexpr std::uint64_t kAllowed[] = {0, 10, 4096, 8192, 65536};
  constexpr std::uint64_t kForbidden[] = {11, 100, 10 + kExtraInputBytes};
  for (const std::uint64_t allowed : kAllowed) {
    run.input_read = allowed;
    CHECK(broken_by(run) == Rules());
  }
  for (const std::uint64_t forbidden : kForbidden) {
    run.input_read = forbidden;
    CHECK(broken_by(run) == Rules{ScriptRule::reads_past_length});
  }
  run.probe = {.kind = ProbeKind::waiting_input, .name = "probe"};
  run.input_read = kExtraInputBytes;
  CHECK(broken_by(run) == Rules{ScriptRule::reads_past_length});
}

TEST_CASE("the length of a body that was not kept whole is still known") {
  ProbedRun run = run_of(ProbeKind::get, "Content-Length: 1000006\n" + kDocument);
  run.output_bytes += 1000 * 1000;
  CHECK(broken_by(run) == Rules());
}

TEST_CASE("runs are compared with the first GET") {
  using enum ScriptRule;
  std::vector<ProbedRun> runs = {run_of(ProbeKind::get, kDocument)};
  const auto broken = [&runs] {
    ScriptFindings findings;
    compare_runs(runs, false, findings);
    return rules_of(std::move(findings).take(false));
  };
  CHECK(broken() == Rules());
  SUBCASE("more on standard input makes nothing well") {
    runs.push_back(run_of(ProbeKind::waiting_input, kDocument));
    CHECK(broken() == Rules());
    runs.front().exit_code = 1;
    CHECK(broken() == Rules{reads_past_length});
    runs.back().exit_code = 1;
    CHECK(broken() == Rules());
  }
  SUBCASE("HEAD has its head") {
    runs.push_back(run_of(ProbeKind::head, kType + "\n"));
    CHECK(broken() == Rules());
    runs.back().output = "Status: 404 Not Found\n\n";
    CHECK(broken() == Rules{head_differs});
  }
  SUBCASE("the second GET has its body") {
    runs.push_back(run_of(ProbeKind::get_again, kDocument));
    CHECK(broken() == Rules());
    runs.back().output += "more";
    CHECK(broken() == Rules{answers_differ});
  }
  SUBCASE("two at once have its status, and do not fail") {
    runs.push_back(run_of(ProbeKind::one_of_two, kDocument + "another body"));
    CHECK(broken() == Rules());
    runs.back().failure = ScriptFailure{ScriptFault::no_output};
    CHECK(broken() == Rules{parallel_differs});
  }
}

TEST_CASE("a rule is told of once, with all the requests that showed it") {
  ScriptFindings findings;
  findings.begin("GET");
  findings.add(ScriptRule::standard_error, "oh");
  findings.add(ScriptRule::no_charset, "text/html");
  findings.begin("HEAD");
  findings.add(ScriptRule::no_output, "nothing", "write");
  findings.add(ScriptRule::no_charset, "text/plain");
  findings.add(ScriptRule::no_charset, "text/plain");
  const auto found = std::move(findings).take(false);
  REQUIRE(found.size() == 3);
  CHECK(found[0].rule == ScriptRule::no_output);
  CHECK(found[0].cure == "write");
  CHECK(found[1].rule == ScriptRule::no_charset);
  CHECK(found[1].requests == std::vector<std::string>{"GET", "HEAD"});
  CHECK(found[1].seen == "text/html");
  CHECK(found[1].cure == text_of(ScriptRule::no_charset).cure);
  CHECK(found[2].severity == Severity::note);
}

TEST_CASE("strict makes errors of warnings, and leaves notes") {
  ScriptFindings findings;
  findings.begin("GET");
  findings.add(ScriptRule::standard_error, "oh");
  findings.add(ScriptRule::no_charset, "text/html");
  const auto found = std::move(findings).take(true);
  REQUIRE(found.size() == 2);
  CHECK(found[0].severity == Severity::error);
  CHECK(found[1].severity == Severity::note);
}

TEST_CASE("every request of the battery is one that a client may send") {
  std::set<std::string> names;
  for (const Probe& probe : script_probes()) {
    CAPTURE(probe.name);
    CHECK(names.insert(probe.name).second);
    const std::string head = head_of(probe, "/a.cgi");
    Request request;
    CHECK(parse_request(head, Limits(), request));
    CHECK(request.path == "/a.cgi" + probe.path_info);
    CHECK(request.query == probe.query);
    CHECK(request.framing.content_length == probe.body.value_or("").size());
  }
}

// ---- The report

namespace {

CheckReport small_report() {
  CheckReport report{.script = "a.cgi", .requests = {}, .findings = {}};
  report.requests = {
      {.name = "GET",
       .method = "GET",
       .status = 200,
       .output_bytes = 7,
       .microseconds = 2500,
       .exit_code = 0},
      {.name = "HEAD", .method = "HEAD", .error_bytes = 1, .signal = 9, .failure = "no_output"}};
  report.findings = {
      {ScriptRule::no_output, Severity::error, {"GET", "HEAD"}, "it \033wrote \"\xFF\"", "write"},
      {ScriptRule::no_charset, Severity::warning, {"GET"}, "text/html", "say it"}};
  return report;
}

}  // namespace

TEST_CASE("the report for people has a block for each finding, and the count last") {
  CHECK(report_for_people(small_report(), false) ==
        "a.cgi\n"
        "\n"
        "error no_output (RFC 3875 section 6.1): GET and 1 more\n"
        "  rule: a script always gives an answer\n"
        "  seen: it \\x1bwrote \"\\xff\"\n"
        "  mend: write\n"
        "\n"
        "warning no_charset (RFC 3875 section 6.3.1): GET\n"
        "  rule: the Content-Type of a text says its charset\n"
        "  seen: text/html\n"
        "  mend: say it\n"
        "\n"
        "2 requests, 1 error, 1 warning\n");
}

TEST_CASE("the report has colours where they were asked for, and then only") {
  CHECK(report_for_people(small_report(), true).find("\033[1;31merror\033[0m no_output") !=
        std::string::npos);
  CHECK(report_for_people(small_report(), false).find('\033') == std::string::npos);
}

TEST_CASE("the report of a script without a fault says so in one line") {
  const CheckReport report{.script = "a.cgi", .requests = {{}}, .findings = {}, .left_out = 0};
  CHECK(report_for_people(report, false) == "a.cgi\n\n1 request, 0 errors, 0 warnings\n");
}

TEST_CASE("the report as JSON keeps its members") {
  CHECK(report_as_json(small_report()) ==
        R"({"script":"a.cgi",
"requests":[
{"name":"GET","method":"GET","status":200,"output_bytes":7,"error_bytes":0,"milliseconds":2,)"
        R"("exit_code":0,"signal":null,"failure":null},
{"name":"HEAD","method":"HEAD","status":null,"output_bytes":0,"error_bytes":1,)"
        R"("milliseconds":0,"exit_code":null,"signal":9,"failure":"no_output"}],
"left_out":0,
"findings":[
{"rule":"no_output","number":2,"specification":"RFC 3875 section 6.1","severity":"error",)"
        R"("sentence":"a script always gives an answer","requests":["GET","HEAD"],)"
        R"("seen":"it \u001bwrote \")"
        "\xEF\xBF\xBD"
        R"(\"","cure":"write"},
{"rule":"no_charset","number":14,"specification":"RFC 3875 section 6.3.1",)"
        R"("severity":"warning","sentence":"the Content-Type of a text says its charset",)"
        R"("requests":["GET"],"seen":"text/html","cure":"say it"}],
"errors":1,"warnings":1,"notes":0}
)");
}
