// `tinyhttpd replay`: what the server recorded is saved, and run again by the program itself.

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "support/client.hpp"
#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"

namespace {

using Json = nlohmann::json;

const std::string kPrintHead = "printf 'Content-Type: text/plain\\n\\n'\n";

struct Replayed {
  int exit_status;
  std::string report;  ///< standard output and standard error

  bool says(const std::string& text) const { return report.find(text) != std::string::npos; }
};

/// What the inspector says.
std::string look(std::uint16_t port, const std::string& path) {
  return ask(port, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").body;
}

/// A server whose exchanges are saved. It ends before they are replayed: nothing of it is needed then.
struct Saved {
  explicit Saved(const std::string& script, const std::string& fields = {},
                 const std::string& path = "/cgi-bin/script.cgi", const std::string& body = {},
                 const std::vector<std::string>& more = {}) {
    folder.write("/a.txt", "a", 0644);
    write(script);
    std::vector<std::string> options = {"--root", folder.path(), "--inspect", "127.0.0.1:0"};
    options.insert(options.end(), more.begin(), more.end());
    ServerProcess server(options);
    const std::uint16_t port = server.port();
    REQUIRE(port != 0);
    const std::string lead = "the inspector is at http://127.0.0.1:";
    const auto at = server.said().find(lead);
    REQUIRE(at != std::string::npos);
    const auto shown = static_cast<std::uint16_t>(std::stoi(server.said().substr(at + lead.size())));
    REQUIRE((body.empty() ? get(port, path, fields) : post(port, path, body, fields)).status != 0);
    for (Json list; list.empty() || !list.back()["over"];)
      list = Json::parse(look(shown, "/api/exchanges"))["exchanges"];
    const Json newest = Json::parse(look(shown, "/api/exchanges"))["newest"];
    folder.write("/saved.json", look(shown, "/api/exchanges/" + newest.dump()));
  }

  void write(const std::string& script) const {
    folder.write("/cgi-bin/script.cgi", "#!/bin/sh\n" + script, 0755);
  }

  Replayed replay(const std::string& options = {}) const {
    const std::string command =
        "exec 2>&1; " + server_program() + " replay " + options + " " + folder / "saved.json";
    FILE* output = ::popen(command.c_str(), "r");
    REQUIRE(output != nullptr);
    Replayed replayed{};
    std::array<char, 4096> buffer;
    while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), output))
      replayed.report.append(buffer.data(), count);
    const int status = ::pclose(output);
    replayed.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return replayed;
  }

  tinyhttpd::TemporaryFolder folder;
};

}  // namespace

TEST_CASE("replay: a script that does the same is the same, with its input, environment and folder") {
  const Saved saved(kPrintHead + "env | sort; pwd; cat; echo warned >&2; exit 3\n", "X-Mine: yes\r\n",
                    "/cgi-bin/script.cgi/more?a=1", "hello");
  const Replayed replayed = saved.replay();
  CAPTURE(replayed.report);
  CHECK(replayed.exit_status == 0);
  CHECK(replayed.says(": /cgi-bin/script.cgi\n"));
  CHECK(replayed.says("end: same (ended with exit status 3)\n"));
  CHECK(replayed.says("head: same (26 bytes)\n"));
  CHECK(replayed.says("standard error: same (7 bytes)\n"));
  CHECK(replayed.says("\nthe same\n"));
}

TEST_CASE("replay: a large body reaches the script as it did") {
  const Saved saved(kPrintHead + "cksum\n", {}, "/cgi-bin/script.cgi", std::string(50000, 'b'));
  CHECK(saved.replay().exit_status == 0);
}

TEST_CASE("replay: what a changed script does otherwise is named") {
  const Saved saved(kPrintHead + "echo one; echo two\n");
  saved.write("printf 'Content-Type: text/plain\\nX-New: 1\\n\\n'; echo one; echo 2; echo oh >&2; exit 1\n");
  const Replayed replayed = saved.replay();
  CAPTURE(replayed.report);
  CHECK(replayed.exit_status == 1);
  CHECK(replayed.says("end: differs\n  - ended with exit status 0\n  + ended with exit status 1\n"));
  CHECK(
      replayed.says("\nhead: differs from byte 26 on, in line 2; 26 bytes before, 35 bytes now\n"
                    "  + 2: X-New: 1\n"));
  CHECK(
      replayed.says("\nbody: differs from byte 5 on, in line 2; 8 bytes before, 6 bytes now\n"
                    "  - 2: two\n  + 2: 2\n"));
  CHECK(replayed.says("standard error: differs from byte 1 on, in line 1; 0 bytes before, 3 bytes now\n"));
  CHECK(replayed.says("\nit differs\n"));
}

TEST_CASE("replay: bytes that are no text are shown around the first that differs") {
  const Saved saved(kPrintHead + "printf 'a\\377b'\n");
  saved.write(kPrintHead + "printf 'a\\376b'\n");
  const Replayed replayed = saved.replay();
  CAPTURE(replayed.report);
  CHECK(replayed.exit_status == 1);
  CHECK(replayed.says("body: differs from byte 2 on"));
  CHECK(replayed.says("  - \"a\\xffb\"\n  + \"a\\xfeb\"\n"));
}

TEST_CASE("replay: the report as JSON says the same") {
  const Saved saved(kPrintHead + "echo one\n");
  const Json same = Json::parse(saved.replay("--json").report);
  CHECK(same["same"] == true);
  CHECK(same["exit"]["now"] == "ended with exit status 0");
  CHECK(same["microseconds"]["before"] > 0);
  CHECK(same["microseconds"]["now"] > 0);
  saved.write(kPrintHead + "echo two\n");
  const Json other = Json::parse(saved.replay("--json").report);
  CHECK(other["same"] == false);
  CHECK(other["head"]["same"] == true);
  CHECK(other["body"]["offset"] == 0);
  CHECK(other["body"]["lines"][0] == Json({{"sign", "-"}, {"number", 1}, {"text", "one"}}));
}

TEST_CASE("replay: a variable is changed, and another added") {
  const Saved saved(kPrintHead + "echo \"$QUERY_STRING,$MINE\"\n", {}, "/cgi-bin/script.cgi?a=1");
  CHECK(saved.replay().exit_status == 0);
  const Replayed replayed = saved.replay("--set QUERY_STRING=b=2 --set=MINE=yes");
  CAPTURE(replayed.report);
  CHECK(replayed.exit_status == 1);
  CHECK(replayed.says("changed: QUERY_STRING, MINE\n"));
  CHECK(replayed.says("  - 1: a=1,\n  + 1: b=2,yes\n"));
}

TEST_CASE("replay: what the file masks is named, and with the value given, no secret is shown") {
  const Saved saved(
      "printf 'Content-Type: text/plain\\nSet-Cookie: s=%s\\n\\n' \"fresh$$\"; echo \"$HTTP_COOKIE\"\n",
      "Cookie: id=topsecret42\r\n");
  const Replayed masked = saved.replay();
  CAPTURE(masked.report);
  CHECK(masked.says("run with '*' where the file masks them: HTTP_COOKIE (--set"));
  CHECK(masked.says("body: same (15 bytes)\n"));
  const Replayed given = saved.replay("--set HTTP_COOKIE=id=topsecret42");
  CAPTURE(given.report);
  CHECK(!given.says("run with '*'"));
  CHECK(given.says("body: same (15 bytes)\n"));
  const Replayed other = saved.replay("--set HTTP_COOKIE=id=othersecret");
  CHECK(other.says("body: same (15 bytes)\n"));
  CHECK(!other.says("othersecret"));
  saved.write(kPrintHead + "[ \"$HTTP_COOKIE\" = id=topsecret42 ] && echo welcome\n");
  CHECK(saved.replay("--set HTTP_COOKIE=id=topsecret42").says("+ 1: welcome\n"));
}

TEST_CASE("replay: a failure is the same when it fails alike, and is explained when it is another") {
  const Saved saved("echo Content-Type: text/plain\n");
  const Replayed alike = saved.replay();
  CAPTURE(alike.report);
  CHECK(alike.exit_status == 0);
  CHECK(alike.says("failure: same (no_blank_line)\n"));
  saved.write("exit 0\n");
  const Replayed other = saved.replay();
  CAPTURE(other.report);
  CHECK(other.exit_status == 1);
  CHECK(other.says("failure: differs\n  - no_blank_line\n  + no_output\n"));
}

TEST_CASE("replay: a script that is gone, or has no folder, does not run") {
  const Saved saved(kPrintHead);
  std::filesystem::remove(saved.folder / "cgi-bin/script.cgi");
  const Replayed gone = saved.replay();
  CHECK(gone.exit_status == 1);
  CHECK(gone.says("it did not run to its end: "));
  CHECK(gone.says("  + not started\n"));
  CHECK(!gone.says("head: "));
  std::filesystem::remove_all(saved.folder / "cgi-bin");
  CHECK(saved.replay().exit_status == 1);
}

TEST_CASE("replay: a script that takes longer than it may is ended") {
  const Saved saved(kPrintHead);
  saved.write(kPrintHead + "exec sleep 60\n");
  const Replayed replayed = saved.replay("--timeout 0.2");
  CAPTURE(replayed.report);
  CHECK(replayed.exit_status == 1);
  CHECK(replayed.says("it did not run to its end: "));
  CHECK(replayed.says("(SIGTERM)"));
}

TEST_CASE("replay: an exchange without a script, or not kept whole, is refused with the reason") {
  const Saved file(kPrintHead, {}, "/a.txt");
  const Replayed no_script = file.replay();
  CAPTURE(no_script.report);
  CHECK(no_script.exit_status == 2);
  CHECK(no_script.says("saved.json: no script ran: serve_file answered\n"));
  const Saved cut(kPrintHead + "echo hello\n", {}, "/cgi-bin/script.cgi", {}, {"--inspect-bytes", "9"});
  const Replayed not_whole = cut.replay();
  CHECK(not_whole.exit_status == 2);
  CHECK(not_whole.says("of standard output only the first 9 bytes of 32 were kept"));
}

TEST_CASE("replay: wrong words and wrong files are refused") {
  const Saved saved(kPrintHead);
  CHECK(saved.replay("--help").exit_status == 0);
  CHECK(saved.replay("--help").says("Usage: tinyhttpd replay"));
  for (const char* options : {"--port 1", "--set", "--set A", "--set =1", "--timeout 0", "other.json"}) {
    CAPTURE(options);
    CHECK(saved.replay(options).exit_status == 2);
  }
  CHECK(saved.replay("/dev/null #").says("/dev/null: it is no saved exchange: line 1"));
  CHECK(saved.replay("/no/such/file #").says("/no/such/file: cannot be read"));
  CHECK(saved.replay("/tmp #").exit_status == 2);
  CHECK(saved.replay("#").says("the file to replay is missing"));
  CHECK(saved.replay("- <").exit_status == 0);
}
