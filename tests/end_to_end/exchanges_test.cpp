// Runs tests/exchanges/*.http: requests and the answers they must get, as documents to read.
// tests/exchanges/README.md explains their format.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/server_under_test.hpp"

namespace {

struct Step {
  enum class Kind { send, expect, expect_to_head, end, closed } kind;
  int line_number;
  std::vector<std::string> lines = {};
};

/// One connection.
struct Case {
  std::string title;
  std::vector<Step> steps;
};

// ---- Reading the documents

std::vector<Case> read_cases(const std::filesystem::path& path) {
  using Kind = Step::Kind;
  const std::vector<std::pair<std::string, Kind>> markers = {{">>>", Kind::send},
                                                             {"<<<", Kind::expect},
                                                             {"<<< to HEAD", Kind::expect_to_head},
                                                             {"--- end", Kind::end},
                                                             {"--- closed", Kind::closed}};
  std::vector<Case> cases;
  std::ifstream file(path);
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line == "#" || line.starts_with("# ")) continue;
    if (line.starts_with("=== ")) {
      cases.push_back({line.substr(4), {}});
      continue;
    }
    const auto marker =
        std::find_if(markers.begin(), markers.end(), [&](const auto& known) { return known.first == line; });
    if (marker != markers.end()) {
      REQUIRE(!cases.empty());
      cases.back().steps.push_back({marker->second, number});
    } else if (!cases.empty() && !cases.back().steps.empty()) {
      cases.back().steps.back().lines.push_back(line);
    } else {
      REQUIRE_MESSAGE(line.empty(), path << ":" << number << ": text before the first marker");
    }
  }
  return cases;
}

std::string without_escapes(std::string_view line) {
  std::string bytes;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\' || i + 1 == line.size()) {
      bytes += line[i];
      continue;
    }
    const char kind = line[++i];
    if (kind == 'x') {
      bytes += static_cast<char>(std::stoi(std::string(line.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      bytes += kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : kind;
    }
  }
  return bytes;
}

bool continues(const std::string& line) {
  return line.ends_with('\\') && !line.ends_with("\\\\");
}

/// Puts a field of the answer before in the place of its name in braces.
std::string with_field(std::string text, const Answer& before) {
  for (const auto& [name, value] : before.fields) {
    const std::size_t place = text.find("{" + name + "}");
    if (place != text.npos) text.replace(place, name.size() + 2, value);
  }
  return text;
}

std::string bytes_of(const Step& step, const Answer& before) {
  std::string bytes;
  for (const std::string& line : step.lines) {
    const bool joined = continues(line);
    bytes += without_escapes(with_field(joined ? line.substr(0, line.size() - 1) : line, before));
    if (!joined) bytes += "\r\n";
  }
  return bytes;
}

// ---- Comparing

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void check_field(const Answer& answer, const std::string& line) {
  INFO("expected: " << line);
  if (line.starts_with('!')) {
    CHECK(answer.count(lower(line.substr(1))) == 0);
    return;
  }
  const std::size_t colon = line.find(": ");
  REQUIRE(colon != line.npos);
  const std::string name = lower(line.substr(0, colon));
  const std::string value = line.substr(colon + 2);
  CHECK(answer.count(name) == 1);
  if (value != "*") CHECK(answer.field(name) == value);
}

void check_body(const Answer& answer, std::vector<std::string> lines) {
  if (lines == std::vector<std::string>{"*"}) return;
  if (lines == std::vector<std::string>{"(empty)"}) lines.clear();
  std::string expected;
  for (const std::string& line : lines) expected += without_escapes(line) + "\n";
  std::string body = answer.body;
  // The last line end does not count.
  if (!body.empty() && !body.ends_with('\n')) body += '\n';
  CHECK(body == expected);
}

void check_answer(const Answer& answer, std::vector<std::string> lines) {
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  REQUIRE(!lines.empty());
  CHECK(answer.status_line == lines.front());
  CHECK(answer.complete);
  const auto blank = std::find(lines.begin(), lines.end(), "");
  std::for_each(lines.begin() + 1, blank, [&](const std::string& line) { check_field(answer, line); });
  if (blank != lines.end()) check_body(answer, {blank + 1, lines.end()});
}

Answer expect(Client& client, const Step& step) {
  REQUIRE(!step.lines.empty());
  if (step.lines.front() == "HTTP/1.1 100 Continue") {
    CHECK(client.read_until("HTTP/1.1 100 Continue\r\n\r\n"));
    return {};
  }
  Answer answer = client.read(step.kind == Step::Kind::expect_to_head);
  check_answer(answer, step.lines);
  return answer;
}

void run_case(const Case& one, std::uint16_t port) {
  Client client(port);
  Answer answer;
  for (const Step& step : one.steps) {
    INFO("line " << step.line_number << ", " << one.title);
    switch (step.kind) {
      case Step::Kind::send: CHECK(client.send(bytes_of(step, answer))); break;
      case Step::Kind::expect:
      case Step::Kind::expect_to_head: answer = expect(client, step); break;
      case Step::Kind::end: client.finish(); break;
      case Step::Kind::closed: CHECK(client.ends_within(20'000)); break;
    }
  }
}

// ---- The site they ask

constexpr const char* kEcho =
    "#!/bin/sh\n"
    "printf 'Content-Type: text/plain\\nX-Length: %s\\n\\n' \"${CONTENT_LENGTH-none}\"\n"
    "cat\n";

constexpr const char* kWhere =
    "#!/bin/sh\n"
    "printf 'Content-Type: text/plain\\n\\n'\n"
    "echo \"method $REQUEST_METHOD\"\n"
    "echo \"host $HTTP_HOST, name $SERVER_NAME\"\n"
    "echo \"script $SCRIPT_NAME\"\n"
    "echo \"path info $PATH_INFO\"\n"
    "echo \"query $QUERY_STRING\"\n";

/// Answers as its query asks.
constexpr const char* kAnswer =
    "#!/bin/sh\n"
    "case \"$QUERY_STRING\" in\n"
    "  not-found) printf 'Status: 404 No such book\\nContent-Type: text/plain\\n\\nno book\\n' ;;\n"
    "  no-content) printf 'Status: 204 No Content\\n\\n' ;;\n"
    "  created) printf 'Status: 201\\nLocation: /books/1\\nContent-Type: text/plain\\n\\nmade\\n' ;;\n"
    "  sized) printf 'Content-Type: text/plain\\nContent-Length: 5\\n\\nhello' ;;\n"
    "  longer) printf 'Content-Type: text/plain\\nContent-Length: 5\\n\\nhello and more' ;;\n"
    "  elsewhere) printf 'Location: http://example.org/elsewhere\\n\\n' ;;\n"
    "  elsewhere-with-page) printf 'Location: http://example.org/x\\nStatus: 303 See Other\\n"
    "Content-Type: text/plain\\n\\nover there\\n' ;;\n"
    "  local) printf 'Location: /hello.txt\\n\\n' ;;\n"
    "  local-script) printf 'Location: /cgi-bin/where.sh/deep/er?b=2\\n\\n' ;;\n"
    "  loop) printf 'Location: /cgi-bin/answer.sh?loop\\n\\n' ;;\n"
    "  nonsense) echo 'this is no header' ;;\n"
    "  nothing) ;;\n"
    "  fails) exit 3 ;;\n"
    "  crlf) printf 'Content-Type: text/plain\\r\\nX-Ends: crlf\\r\\n\\r\\nlines\\r\\n' ;;\n"
    "  chunked) printf 'Content-Type: text/plain\\nTransfer-Encoding: chunked\\nConnection: "
    "upgrade\\n\\nhello\\n' ;;\n"
    "  *) printf 'Content-Type: text/plain\\n\\nhello\\n' ;;\n"
    "esac\n";

/// 1 January 2020, so that documents can name it.
void make_old(const std::string& path) {
  constexpr timespec kThen = {1'577'836'800, 0};
  const timespec times[2] = {kThen, kThen};
  ::utimensat(AT_FDCWD, path.c_str(), times, 0);
}

void build_site(ServerUnderTest& server) {
  server.file("/index.html", "<h1>Home</h1>\n");
  server.file("/hello.txt", "Hello, world\n");
  server.file("/alphabet.txt", "abcdefghijklmnopqrstuvwxyz");
  server.file("/empty.txt", "");
  server.file("/long.txt", std::string(1000, '-'));
  server.file("/style.css", "body { color: black }\n");
  server.file("/style.css.gz", "style.css, compressed beforehand\n");
  server.file("/docs/index.html", "<h1>Docs</h1>\n");
  server.file("/cgi-bin/source.sh", "#!/bin/sh\necho secret\n", 0644);
  server.script("/cgi-bin/echo.sh", kEcho);
  server.script("/cgi-bin/where.sh", kWhere);
  server.script("/cgi-bin/answer.sh", kAnswer);
  for (const char* name : {"/index.html", "/hello.txt", "/alphabet.txt", "/empty.txt", "/long.txt",
                           "/style.css", "/style.css.gz"})
    make_old(server.root() + name);
}

std::vector<std::filesystem::path> documents() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(TINYHTTPD_SOURCE_DIR "/tests/exchanges"))
    if (entry.path().extension() == ".http") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

TEST_CASE("every exchange in tests/exchanges goes as written") {
  ServerUnderTest server([](tinyhttpd::Config& config) { config.limits.max_body_bytes = 100; });
  build_site(server);
  const auto paths = documents();
  REQUIRE(paths.size() >= 10);
  for (const auto& path : paths) {
    INFO(path.filename().string());
    const auto cases = read_cases(path);
    CHECK(!cases.empty());
    for (const Case& one : cases) run_case(one, server.port());
  }
}
