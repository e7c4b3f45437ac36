// --log-format json: the access log for programs.

#include <doctest/doctest.h>
#include <signal.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/client.hpp"
#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"

namespace {

using tinyhttpd::TemporaryFolder;

/// A server with a document, whose log is read when it has ended.
class Logging {
 public:
  Logging() : folder_(), server_(options()) { REQUIRE(server_.port() != 0); }

  std::uint16_t port() { return server_.port(); }

  /// Sends these bytes on a connection of their own and waits for its end.
  void send(const std::string& bytes) {
    Client client(port());
    client.send(bytes);
    client.finish();
    (void)client.read_all();
  }

  /// Ends the server; the lines it has written.
  std::vector<std::string> lines() {
    server_.signal(SIGTERM);
    REQUIRE(server_.exit_status() == 0);
    std::ifstream file(folder_ / "access.log");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

 private:
  std::vector<std::string> options() const {
    folder_.write("root/a.txt", "hello");
    folder_.write("root/large.bin", "");
    std::filesystem::resize_file(folder_ / "root/large.bin", std::uintmax_t{1} << 30U);
    return {"--root", folder_ / "root", "--log-format", "json", "--access-log", folder_ / "access.log"};
  }

  TemporaryFolder folder_;
  ServerProcess server_;
};

/// The line with 0 in place of what stands between `begin` and the next `end`.
std::string without(std::string line, const std::string& begin, char end) {
  const std::size_t start = line.find(begin);
  REQUIRE(start != line.npos);
  return line.replace(start + begin.size(), line.find(end, start + begin.size()) - start - begin.size(), "0");
}

/// The line without the time and the duration, which no test knows.
std::string timeless(const std::string& line) {
  return without(without(line, "\"time\":\"", '"'), "\"duration_ms\":", ',');
}

}  // namespace

TEST_CASE("--log-format json writes one object an answer, with what a program wants to know") {
  Logging log;
  log.send(
      "GET /a.txt?q=1 HTTP/1.1\r\nHost: example.org:80\r\nReferer: http://x/\r\nUser-Agent: test/1\r\n"
      "Connection: close\r\n\r\n");
  log.send("HEAD /none HTTP/1.0\r\n\r\n");
  const auto lines = log.lines();
  REQUIRE(lines.size() == 2);
  CHECK(
      timeless(lines[0]) ==
      R"({"time":"0","id":1,"remote":"127.0.0.1","user":null,"host":"example.org:80","method":"GET","target":"/a.txt?q=1",)"
      R"("protocol":"HTTP/1.1","status":200,"bytes":5,"duration_ms":0,"complete":true,)"
      R"("referer":"http://x/","user_agent":"test/1"})");
  CHECK(timeless(lines[1]) ==
        R"({"time":"0","id":2,"remote":"127.0.0.1","user":null,"host":null,"method":"HEAD","target":"/none",)"
        R"("protocol":"HTTP/1.0","status":404,"bytes":0,"duration_ms":0,"complete":true,)"
        R"("referer":null,"user_agent":null})");
}

TEST_CASE("--log-format json shows what is no request as the target, and lets none of it forge a line") {
  Logging log;
  log.send("\x16\x03\x01\x02\xff\"},{\"status\":200}\x1b[2J\r\n\r\n");
  const auto lines = log.lines();
  REQUIRE(lines.size() == 1);
  CHECK(timeless(lines[0]).find(R"("method":null,"target":"\u0016\u0003\u0001\u0002)"
                                "\xEF\xBF\xBD"
                                R"(\"},{\"status\":200}\u001b[2J","protocol":null,"status":400,)") !=
        std::string::npos);
}

TEST_CASE("--log-format json tells an answer that was not sent whole from one that was") {
  Logging log;
  {
    Client client(log.port());
    REQUIRE(client.send("GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n"));
    CHECK(client.read_head().status == 200);
    client.reset();  // in the middle of more than any buffer holds
  }
  log.send("GET /a.txt HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  const auto lines = log.lines();
  REQUIRE(lines.size() == 2);
  for (const std::string& line : lines) {
    const bool is_whole = line.find("\"target\":\"/a.txt\"") != line.npos;
    CHECK(line.find(is_whole ? "\"complete\":true" : "\"complete\":false") != line.npos);
  }
}
