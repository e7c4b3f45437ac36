// The lessons of htdocs: each script fails as its page says, the mended one works, and nothing on the page is
// made up.

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/server_under_test.hpp"
#include "tinyhttpd/script_failure.hpp"

using tinyhttpd::ScriptFailure;
using tinyhttpd::ScriptFault;

namespace {

const std::string kSite = TINYHTTPD_SOURCE_DIR "/htdocs";
const std::string kFolder = kSite + "/lessons/";

struct Lesson {
  const char* name;
  int status;
  /// What the log says of it; of floods-stderr, which does not fail, a line of standard error.
  const char* cause;
  /// How long the server waits for it, in seconds: short where the lesson is about that.
  double patience = 60;
};

constexpr Lesson kLessons[] = {
    {"no-execute-bit", 403, "the file is not executable: chmod +x it"},
    {"wrong-interpreter", 502, "line 1 asks for \"/usr/bin/pyhton3\", which does not exist here"},
    {"crlf", 502, "line 1 ends in CRLF, so the kernel looks for \"/usr/bin/perl\\r\""},
    {"no-blank-line", 502, "no blank line after the header; it ends with \"Hello!\""},
    {"print-before-head", 502,
     "\"Looking for the address\" (it has no colon: print nothing before the header"},
    {"mistyped-status", 502, "a Status that is no number from 200 to 599: \"Status: OK\""},
    {"past-content-length", 502, "ended with exit status 1 before its header was complete"},
    {"floods-stderr", 200, "(more of its standard error is read and not logged)"},
    {"never-ends", 504, "(--cgi-timeout): see what it waits for", 0.3},
    {"child-on-the-pipe", 502, "wrote no output at all"},
};

constexpr const char* kForm = "color=red";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string content_at(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE_MESSAGE(file, path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string content_of(const std::string& file_name) {
  return content_at(kFolder + file_name);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

mode_t permissions_of(const std::string& file_name) {
  struct stat status {};
  REQUIRE(::stat((kFolder + file_name).c_str(), &status) == 0);
  return status.st_mode & 0777;
}

/// The text that a browser shows for a piece of a page.
std::string text_of(std::string html) {
  html = std::regex_replace(html, std::regex("<b class=\"carriage-return\">CR</b>"), "\r");
  html = std::regex_replace(html, std::regex("<[^>]*>"), "");
  for (const auto& [reference, character] : {std::pair("&lt;", "<"), {"&gt;", ">"}, {"&amp;", "&"}})
    html = std::regex_replace(html, std::regex(reference), character);
  return html;
}

/// The lines that a page shows in its <pre class="…">; none where it has no such piece.
std::vector<std::string> shown_lines(const std::string& page, const std::string& kind) {
  const std::string begin = "<pre class=\"" + kind + "\"><code>";
  const auto start = page.find(begin);
  if (start == page.npos) return {};
  const auto end = page.find("</code></pre>", start);
  REQUIRE(end != page.npos);
  return lines_of(text_of(page.substr(start + begin.size(), end - start - begin.size())));
}

/// All that the log of a server with the patience of the lessons says of its scripts: level, name, words.
std::set<std::string> log_of(const Recorder& recorder, const std::string& script) {
  std::set<std::string> lines;
  for (const std::string& line : recorder.error_lines()) lines.insert("[warning] [" + script + "] " + line);
  for (ScriptFailure failure : recorder.failures()) {
    if (failure.fault == ScriptFault::silent) failure.number = 3;
    lines.insert("[error] [" + script + "] " + describe(failure));
  }
  return lines;
}

bool has_line_with(const std::set<std::string>& lines, const std::string& part) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return contains(line, part); });
}

/// Takes the lines of `part` from where they stand in `whole`, in their order.
bool has_in_order(const std::vector<std::string>& whole, const std::vector<std::string>& part) {
  auto next = whole.begin();
  for (const std::string& line : part) {
    next = std::find(next, whole.end(), line);
    if (next == whole.end()) return false;
    ++next;
  }
  return true;
}

/// The lines of a change that belong to the text before it ('-') or after it ('+').
std::vector<std::string> side_of(const std::vector<std::string>& change, char sign) {
  std::vector<std::string> side;
  for (const std::string& line : change) {
    if (line.empty()) side.emplace_back();
    if (line.empty() || (line[0] != ' ' && line[0] != sign)) continue;
    side.push_back(line.substr(1));
  }
  return side;
}

}  // namespace

TEST_CASE("Each lesson fails with its status, and the log names the cause as its page quotes it") {
  for (const Lesson& lesson : kLessons) {
    CAPTURE(lesson.name);
    ServerUnderTest server([&](tinyhttpd::Config& config) {
      config.root = kSite;
      config.cgi.timeout = tinyhttpd::Seconds(lesson.patience);
    });
    const std::string script = "/lessons/" + std::string(lesson.name) + ".cgi";
    CHECK(post(server.port(), script, kForm).status == lesson.status);
    const auto log = log_of(server.recorder(), script);
    CHECK(has_line_with(log, lesson.cause));

    const std::string page = content_of(std::string(lesson.name) + ".html");
    CHECK(contains(page, "\">" + std::to_string(lesson.status) + " "));
    const auto quoted = shown_lines(page, "log");
    CHECK_FALSE(quoted.empty());
    for (const std::string& line : quoted) CHECK_MESSAGE(log.contains(line), line);
  }
}

TEST_CASE("The mended script of each lesson works, and leaves no failure in the log") {
  for (const Lesson& lesson : kLessons) {
    CAPTURE(lesson.name);
    ServerUnderTest server([](tinyhttpd::Config& config) { config.root = kSite; });
    const Answer answer = post(server.port(), "/lessons/" + std::string(lesson.name) + "-mended.cgi", kForm);
    CHECK(answer.status == 200);
    CHECK(answer.complete);
    CHECK_FALSE(answer.body.empty());
    CHECK(server.recorder().failures().empty());
    CHECK(server.recorder().error_lines().size() < 10);
  }
}

TEST_CASE("Each lesson has a page, a script and a mended script, and nothing else lies beside them") {
  std::set<std::string> expected = {"index.html", "lessons.css"};
  for (const Lesson& lesson : kLessons)
    for (const char* ending : {".html", ".cgi", "-mended.cgi"})
      expected.insert(lesson.name + std::string(ending));
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder))
    found.insert(entry.path().filename().string());
  CHECK(found == expected);
}

TEST_CASE("The list of lessons leads to each page, and each page runs both of its scripts") {
  const std::string list = content_of("index.html");
  for (const Lesson& lesson : kLessons) {
    CAPTURE(lesson.name);
    const std::string path = "/lessons/" + std::string(lesson.name);
    CHECK(contains(list, "<a href=\"" + path + ".html\">"));
    const std::string page = content_of(std::string(lesson.name) + ".html");
    CHECK(contains(page, "href=\"" + path + ".cgi\" target=\"result\">"));
    CHECK(contains(page, "href=\"" + path + "-mended.cgi\" target=\"result\">"));
    CHECK(contains(page, "Find it in the inspector"));
  }
}

TEST_CASE("The parts of the inspector that a lesson names are there") {
  const std::string folder = TINYHTTPD_SOURCE_DIR "/src/page/";
  const std::string parts = content_at(folder + "tab_choice.mjs") + content_at(folder + "index.html");
  const std::regex bold("<b>([A-Z][^<]*)</b>");
  for (const Lesson& lesson : kLessons) {
    const std::string page = content_of(std::string(lesson.name) + ".html");
    std::size_t named = 0;
    for (std::sregex_iterator match(page.begin(), page.end(), bold), end; match != end; ++match, ++named) {
      CAPTURE(match->str(1));
      CHECK((contains(parts, "\"" + match->str(1) + "\"") || contains(parts, ">" + match->str(1) + "<")));
    }
    CHECK(named >= 1);
  }
}

TEST_CASE("What a lesson shows of its script and of the change is what is in the files") {
  for (const Lesson& lesson : kLessons) {
    CAPTURE(lesson.name);
    const std::string name = lesson.name;
    const std::string page = content_of(name + ".html");
    const auto broken = lines_of(content_of(name + ".cgi"));
    const auto mended = lines_of(content_of(name + "-mended.cgi"));
    CHECK(shown_lines(page, "script") == broken);
    if (name == "no-execute-bit") continue;  // nothing in it changes
    const auto change = shown_lines(page, "change");
    CHECK(broken != mended);
    CHECK(side_of(change, '-') != side_of(change, '+'));
    CHECK(has_in_order(broken, side_of(change, '-')));
    CHECK(has_in_order(mended, side_of(change, '+')));
  }
}

TEST_CASE("The scripts of the lessons are broken by their mode and their bytes, as Git keeps them") {
  CHECK(permissions_of("no-execute-bit.cgi") == 0644);
  CHECK((permissions_of("no-execute-bit-mended.cgi") & 0111) == 0111);
  CHECK(content_of("no-execute-bit.cgi") == content_of("no-execute-bit-mended.cgi"));

  const std::string windows = content_of("crlf.cgi");
  CHECK(std::regex_replace(windows, std::regex("\r\n"), "\n") == content_of("crlf-mended.cgi"));
  CHECK(std::count(windows.begin(), windows.end(), '\r') == std::count(windows.begin(), windows.end(), '\n'));
}
