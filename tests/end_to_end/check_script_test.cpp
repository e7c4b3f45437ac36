// `tinyhttpd check`: for each rule a script that breaks it, run for real, and scripts that break none.
#include "tinyhttpd/check_script.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/cgi_scripts.hpp"
#include "support/process_under_test.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/script_rules.hpp"

using namespace tinyhttpd;

namespace {

struct Checked {
  int exit_status;
  std::string report;

  bool tells_of(ScriptRule rule) const {
    const RuleText& text = text_of(rule);
    return report.find("\"rule\":\"" + std::string(text.name) + "\"") != std::string::npos;
  }
  bool ends_with(std::string_view text) const { return report.ends_with(text); }
};

Checked check(ScriptCheckOptions options) {
  ::signal(SIGPIPE, SIG_IGN);
  Checked checked{};
  checked.exit_status = check_script(options, checked.report);
  return checked;
}

/// As JSON.
Checked check_file(const std::string& path) {
  ScriptCheckOptions options{.script = path, .json = true};
  return check(options);
}

Checked check_text(const std::string& script, const std::string& name = "script.cgi") {
  const TemporaryFolder folder;
  folder.write(name, script, 0755);
  return check_file(folder / name);
}

/// Keeps to every rule: knows its methods, reads what it may, leaves out the body for HEAD.
const std::string kGoodScript = sh(R"(
case $REQUEST_METHOD in
  GET | HEAD | POST) ;;
  *) printf 'Status: 501 Not Implemented\nContent-Type: text/plain; charset=utf-8\n\nNot here.\n'; exit ;;
esac
[ -z "${CONTENT_LENGTH-}" ] || head -c "$CONTENT_LENGTH" > /dev/null
printf 'Content-Type: text/html; charset=utf-8\n\n'
[ "$REQUEST_METHOD" = HEAD ] || printf '<p>Hello</p>\n'
)");

const std::string kType = "Content-Type: text/plain; charset=utf-8\\n";
const std::string kDocument = kType + "\\nhello\\n";

/// Prints a document, then does something else.
std::string document_and(const std::string& commands) {
  return sh("printf '" + kDocument + "'\n" + commands + "\n");
}

/// Numbers the requests by folders, so that the two at once can be told apart: the 13th waits until the 14th
/// has come, and that is turned away.
const std::string kOneAtATime = sh(R"(
n=1
while ! mkdir "run.$n" 2> /dev/null; do n=$((n + 1)); done
while [ "$n" -eq 13 ] && [ ! -d run.14 ]; do sleep 0.01; done
[ "$n" -ne 14 ] || printf 'Status: 503 Busy\n'
)" + std::string("printf '") + kDocument +
                                   "'\n");

const std::string kEcho =
    sh(R"(printf 'Content-Type: text/html; charset=utf-8\n\n<p>%s</p>' "${HTTP_USER_AGENT-}")");

/// Decodes the line ends of the query into its head.
const std::string kSplit = sh(R"sh(
printf 'X-To: %s\n' "$(printf '%s' "${QUERY_STRING-}" | sed 's/%0D%0A/\n/g')"
)sh") + "printf '" + kDocument +
                           "'\n";

const std::string kHeadIsMissing =
    sh("[ \"$REQUEST_METHOD\" != HEAD ] || printf 'Status: 404 Not Found\\n'\n") + "printf '" + kDocument +
    "'\n";

/// Closes its output and goes on; for one of the requests only, for it takes a while.
const std::string kRunsOn = document_and("[ \"$REQUEST_METHOD\" != BREW ] || { exec >&- 2>&-; sleep 0.7; }");

struct Broken {
  ScriptRule rule;
  std::string script;
  std::string name = "script.cgi";
};

/// A script for each rule but does_not_run and timed_out.
std::vector<Broken> broken_scripts() {
  using enum ScriptRule;
  const std::string text = sh_prints(kDocument);
  const auto with = [](const std::string& line) { return sh_prints(line + "\\n" + kDocument); };
  return {
      {no_output, sh("exit 0\n")},
      {no_blank_line, sh_prints(kType)},
      {empty_head, sh_prints("\\nhello")},
      {header_line, with("hello")},
      {header_name, with("X Name: 1")},
      {header_folded, sh_prints(kType + " folded\\n\\nhello")},
      {header_value, with("X-Name: a\\0001z")},
      {head_too_large, sh("head -c 70000 /dev/zero | tr '\\0' a\n")},
      {no_cgi_field, sh_prints("X-Name: 1\\n\\n")},
      {repeated_cgi_field, with("Content-Type: text/html; charset=utf-8")},
      {no_content_type, sh_prints("Status: 200 OK\\n\\nhello")},
      {content_type_form, sh_prints("Content-Type: html\\n\\nhello")},
      {no_charset, sh_prints("Content-Type: text/html\\n\\nhello")},
      {wrong_charset, sh_prints(kType + "\\nJos\\0351")},
      {location_form, sh_prints("Location: page.html\\n\\n")},
      {local_redirect_alone, sh_prints("Location: /page\\nSet-Cookie: a=b\\n\\n")},
      {client_redirect_alone, sh_prints("Location: http://a/\\nSet-Cookie: a=b\\n\\n")},
      {redirect_status, with("Status: 404 Not Found\\nLocation: http://a/")},
      {local_with_status, with("Status: 302 Found\\nLocation: /page")},
      {status_form, with("Status: OK")},
      {communication_field, with("Connection: close")},
      {ignored_field, with("Server: mine")},
      {repeated_http_field, with("ETag: \"1\"\\nETag: \"2\"")},
      {content_length_form, with("Content-Length: many")},
      {content_length_wrong, with("Content-Length: 3")},
      {date_form, with("Last-Modified: yesterday")},
      {field_not_ascii, with("X-Name: Jos\\0303\\0251")},
      {mixed_line_ends, with("X-Name: 1\\r")},
      {bodiless_status, with("Status: 204 No Content")},
      {no_allow, with("Status: 405 No")},
      {no_challenge, with("Status: 401 No")},
      {redirect_without_location, with("Status: 302 Found")},
      {error_without_body, sh_prints("Status: 404 Not Found\\n\\n")},
      {server_error, with("Status: 500 Oh")},
      {body_for_head, text},
      {unknown_method, text},
      {reads_past_length, sh("cat > /dev/null\n") + "printf '" + kDocument + "'\n"},
      {killed_by_signal, sh("kill -9 $$\n")},
      {exit_status, document_and("exit 3")},
      {leaves_processes, document_and("sleep 60 > /dev/null 2>&1 &")},
      {runs_on, kRunsOn},
      {standard_error, document_and("echo oh >&2")},
      {echoes_markup, kEcho},
      {header_injection, kSplit},
      {head_differs, kHeadIsMissing},
      {parallel_differs, kOneAtATime},
      {answers_differ, document_and("echo $$")},
      {nph_status_line, text, "nph-script.cgi"},
      {nph_line_ends, sh_prints("HTTP/1.1 200 OK\\n" + kDocument), "nph-script.cgi"},
      {nph_date, sh_prints("HTTP/1.1 200 OK\\r\\n\\r\\n"), "nph-script.cgi"},
  };
}

}  // namespace

TEST_CASE("check finds nothing in a script that keeps to the rules") {
  const Checked checked = check_text(kGoodScript);
  CAPTURE(checked.report);
  CHECK(checked.exit_status == 0);
  CHECK(checked.ends_with("\"findings\":[],\n\"errors\":0,\"warnings\":0,\"notes\":0}\n"));
}

TEST_CASE("check names the rule that a script breaks, and its exit status says whether that is an error") {
  std::set<ScriptRule> told_of = {ScriptRule::does_not_run, ScriptRule::timed_out};
  for (const Broken& broken : broken_scripts()) {
    const std::string rule(text_of(broken.rule).name);
    CAPTURE(rule);
    const Checked checked = check_text(broken.script, broken.name);
    CAPTURE(checked.report);
    CHECK(checked.tells_of(broken.rule));
    const bool has_errors = checked.report.find("\"errors\":0,") == std::string::npos;
    CHECK(checked.exit_status == (has_errors ? 1 : 0));
    if (text_of(broken.rule).severity == Severity::error) CHECK(has_errors);
    told_of.insert(broken.rule);
  }
  CHECK(told_of.size() == script_rules().size());
}

TEST_CASE("check tells why a script cannot be started, and tries no second time") {
  const TemporaryFolder folder;
  folder.write("script.cgi", kGoodScript, 0644);
  const Checked no_bit = check_file(folder / "script.cgi");
  CHECK(no_bit.exit_status == 1);
  CHECK(no_bit.tells_of(ScriptRule::does_not_run));
  CHECK(no_bit.report.find("\"left_out\":15,") != std::string::npos);
  const Checked crlf = check_text("#!/bin/sh\r\necho\r\n");
  CHECK(crlf.tells_of(ScriptRule::does_not_run));
  CHECK(crlf.report.find("CRLF") != std::string::npos);
  CHECK(crlf.report.find("\"left_out\":15,") != std::string::npos);
}

TEST_CASE("check gives up on a script that is silent whatever it is asked") {
  const TemporaryFolder folder;
  folder.write("script.cgi", sh("exec sleep 60\n"), 0755);
  ScriptCheckOptions options{.script = folder / "script.cgi", .json = true};
  options.config.cgi.timeout = Seconds(0.2);
  options.config.given["cgi-timeout"] = {"0.2"};
  const Checked checked = check(options);
  CHECK(checked.exit_status == 1);
  CHECK(checked.tells_of(ScriptRule::timed_out));
  CHECK(checked.report.find("\"left_out\":14,") != std::string::npos);
}

TEST_CASE("check sees a process that has left the group of its script") {
  // It ends with the folder, for which it watches.
  const Checked checked = check_text(document_and(R"(
[ "$REQUEST_METHOD" != BREW ] || {
  setsid sh -c 'touch left; while [ -e script.cgi ]; do sleep 0.05; done' 2> /dev/null &
  while [ ! -e left ]; do sleep 0.01; done
})"));
  CAPTURE(checked.report);
  CHECK(checked.report.find("has left its group") != std::string::npos);
}

TEST_CASE("check sees what a script writes past its Content-Length, however late") {
  const Checked checked = check_text(
      sh("printf 'Content-Length: 3\\n" + kType + "\\nabc'\nread line < script.cgi\nprintf 'def'\n"));
  CHECK(checked.tells_of(ScriptRule::content_length_wrong));
  CHECK(checked.report.find("it says 3, and the body has 6 bytes") != std::string::npos);
}

TEST_CASE("check sees that a script reads a little too much, and not that it reads by blocks") {
  const std::string print = "printf '" + kDocument + "'\n";
  CHECK(check_text(sh("dd bs=1 count=100 of=/dev/null 2> /dev/null\n") + print)
            .tells_of(ScriptRule::reads_past_length));
  CHECK_FALSE(check_text(sh("dd bs=8192 count=1 of=/dev/null 2> /dev/null\n") + print)
                  .tells_of(ScriptRule::reads_past_length));
}

TEST_CASE("with strict, a warning decides the exit status") {
  const TemporaryFolder folder;
  folder.write("script.cgi", sh_prints(kDocument), 0755);
  ScriptCheckOptions options{.script = folder / "script.cgi"};
  CHECK(check(options).exit_status == 0);
  CHECK(check(options).ends_with("16 requests, 0 errors, 2 warnings\n"));
  options.strict = true;
  CHECK(check(options).exit_status == 1);
  CHECK(check(options).ends_with("16 requests, 2 errors, 0 warnings\n"));
}

TEST_CASE("check runs a script as it is configured to be") {
  const TemporaryFolder folder;
  folder.write("a/script.cgi",
               sh("[ \"$SCRIPT_NAME\" = /a/script.cgi ] || echo wrong name >&2\n"
                  "[ \"$MINE\" = yes ] || echo wrong environment >&2\n"
                  "[ -f script.cgi ] || echo wrong folder >&2\n") +
                   kGoodScript.substr(kGoodScript.find('\n')),
               0755);
  ScriptCheckOptions options{.script = folder / "a/script.cgi", .json = true};
  options.config.root = folder.path();
  options.config.given["root"] = {folder.path()};
  options.config.cgi.environment = {"MINE=yes"};
  const Checked checked = check(options);
  CAPTURE(checked.report);
  CHECK(checked.ends_with("\"findings\":[],\n\"errors\":0,\"warnings\":0,\"notes\":0}\n"));
}

TEST_CASE("an interpreter runs a script that has no execute bit") {
  const TemporaryFolder folder;
  folder.write("script.foo", kGoodScript, 0644);
  ScriptCheckOptions options{.script = folder / "script.foo"};
  options.config.cgi.interpreters[".foo"] = "/bin/sh";
  CHECK(check(options).ends_with("16 requests, 0 errors, 0 warnings\n"));
}

TEST_CASE("check refuses what is no file, and what is not below the root") {
  const TemporaryFolder folder;
  folder.write("script.cgi", kGoodScript, 0755);
  folder.write("root/index.html", "", 0644);
  ScriptCheckOptions options{.script = folder / "missing.cgi"};
  CHECK_THROWS_AS(check(options), std::runtime_error);
  options.script = folder.path();
  CHECK_THROWS_AS(check(options), std::runtime_error);
  options.script = folder / "script.cgi";
  options.config.root = folder / "root";
  options.config.given["root"] = {options.config.root};
  CHECK_THROWS_AS(check(options), std::runtime_error);
}

TEST_CASE("check leaves no descriptor open") {
  const auto before = count_descriptors();
  check_text(kGoodScript);
  CHECK(count_descriptors() == before);
}

TEST_CASE("the demonstrations break no rule, but for those that are there to break one") {
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(TINYHTTPD_SOURCE_DIR) + "/htdocs/cgi-bin")) {
    const std::string name = entry.path().filename().string();
    // The clock is as good as the others, and ticks for ten seconds at each request.
    if (!name.ends_with(".cgi") || name.starts_with("fail-") || name == "clock.cgi") continue;
    CAPTURE(name);
    ScriptCheckOptions options{.script = entry.path().string()};
    options.config.root = std::string(TINYHTTPD_SOURCE_DIR) + "/htdocs";
    options.config.given["root"] = {options.config.root};
    const Checked checked = check(options);
    CAPTURE(checked.report);
    CHECK(checked.exit_status == 0);
  }
}
