// What a script is given: its environment, its arguments, its input and the state of its process.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "support/cgi_scripts.hpp"
#include "support/client.hpp"
#include "support/scripted.hpp"
#include "support/server_under_test.hpp"
#include "support/temporary_folder.hpp"

namespace {

/// Prints its environment, one variable a line, and nothing that a shell would add.
int print_environment(int, char**) {
  std::fputs("Content-Type: text/plain\n\n", stdout);
  for (char** variable = environ; *variable != nullptr; ++variable) std::printf("%s\n", *variable);
  return 0;
}
const RegisterScript kPrintEnvironment("variables", print_environment);

/// Prints the number of every descriptor it was given.
int print_descriptors(int, char**) {
  std::fputs("Content-Type: text/plain\n\n", stdout);
  for (int fd = 0; fd < 4096; ++fd)
    if (::fcntl(fd, F_GETFD) != -1) std::printf("%d ", fd);
  return 0;
}
const RegisterScript kPrintDescriptors("descriptors", print_descriptors);

using Variables = std::map<std::string, std::string>;

Variables variables_in(const Answer& answer) {
  Variables variables;
  std::size_t start = 0;
  for (std::size_t end; (end = answer.body.find('\n', start)) != std::string::npos; start = end + 1) {
    const std::string line = answer.body.substr(start, end - start);
    variables.emplace(line.substr(0, line.find('=')), line.substr(line.find('=') + 1));
  }
  return variables;
}

constexpr const char* kVariables = "/cgi-bin/variables.cgi";

/// A server with the script that prints its environment.
struct Site : ServerUnderTest {
  explicit Site(const Adjust& adjust = {}) : ServerUnderTest(adjust) { scripted(kVariables); }

  Variables get_variables(const std::string& after = {}, const std::string& fields = {}) {
    return variables_in(get(port(), kVariables + after, fields));
  }
};

std::string bytes_that_differ(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(i * 7 + i / 256);
  return bytes;
}

Answer post_in_chunks(std::uint16_t port, const std::string& path, const std::string& body) {
  std::string chunks;
  for (std::size_t start = 0; start < body.size(); start += 1000) {
    const std::string piece = body.substr(start, 1000);
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    chunks += size + piece + "\r\n";
  }
  return ask(port, "POST " + path +
                       " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" +
                       chunks + "0\r\n\r\n");
}

std::string value(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "(unset)" : found->second;
}

}  // namespace

TEST_CASE("A script's environment is what RFC 3875 names, and PATH, and nothing of the server's own") {
  ::setenv("TINYHTTPD_SECRET", "secret", 1);
  ::setenv("LD_LIBRARY_PATH", "/nowhere", 1);
  Site site;
  const Answer answer = ask(site.port(), std::string("GET ") + kVariables + " HTTP/1.0\r\n\r\n");
  ::unsetenv("TINYHTTPD_SECRET");
  ::unsetenv("LD_LIBRARY_PATH");
  const Variables expected = {
      {"GATEWAY_INTERFACE", "CGI/1.1"},
      {"SERVER_SOFTWARE", answer.field("server")},
      {"SERVER_NAME", "127.0.0.1"},
      {"SERVER_ADDR", "127.0.0.1"},
      {"SERVER_PORT", std::to_string(site.port())},
      {"SERVER_PROTOCOL", "HTTP/1.0"},
      {"DOCUMENT_ROOT", site.root()},
      {"REMOTE_ADDR", "127.0.0.1"},
      {"REMOTE_HOST", "127.0.0.1"},
      {"REMOTE_PORT", value(variables_in(answer), "REMOTE_PORT")},
      {"SCRIPT_NAME", kVariables},
      {"SCRIPT_FILENAME", site.root() + kVariables},
      {"PATH_INFO", ""},
      {"REDIRECT_STATUS", "200"},
      {"REQUEST_METHOD", "GET"},
      {"REQUEST_URI", kVariables},
      {"QUERY_STRING", ""},
      {"PATH", "/usr/local/bin:/usr/bin:/bin"},
  };
  CHECK(variables_in(answer) == expected);
  CHECK(std::atoi(expected.at("REMOTE_PORT").c_str()) > 0);
}

TEST_CASE("A script may ask for any method that HTTP knows and the server does not keep to itself") {
  Site site;
  for (const std::string method : {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
    const Answer answer =
        ask(site.port(), method + " " + kVariables + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(value(variables_in(answer), "REQUEST_METHOD") == method);
  }
}

TEST_CASE("CONTENT_LENGTH and CONTENT_TYPE say what the request said of its body, and invent nothing") {
  Site site;
  const std::string head =
      std::string("POST ") + kVariables + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  const struct {
    std::string rest, length, type;
  } rows[] = {
      {"\r\n", "(unset)", "(unset)"},
      {"Content-Length: 0\r\n\r\n", "0", "(unset)"},
      {"Content-Length: 5\r\nContent-Type: a/b; c=d\r\n\r\nhello", "5", "a/b; c=d"},
      {"Content-Type: a/b\r\n\r\n", "(unset)", "a/b"},
      // The transfer coding is removed, and its length counted without it (RFC 3875 section 4.1.2).
      {"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nT: railer\r\n\r\n", "5", "(unset)"},
      {"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "0", "(unset)"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rest);
    const Variables variables = variables_in(ask(site.port(), head + row.rest));
    CHECK(value(variables, "CONTENT_LENGTH") == row.length);
    CHECK(value(variables, "CONTENT_TYPE") == row.type);
    CHECK_FALSE(variables.contains("HTTP_CONTENT_LENGTH"));
    CHECK_FALSE(variables.contains("HTTP_CONTENT_TYPE"));
    CHECK_FALSE(variables.contains("HTTP_TRANSFER_ENCODING"));
  }
}

TEST_CASE("PATH_INFO is what follows the script, decoded, and PATH_TRANSLATED its place below the root") {
  Site site;
  const struct {
    std::string sent, path_info;
  } rows[] = {
      {"/x", "/x"},
      {"/", "/"},
      {"/Case/Kept.HTML", "/Case/Kept.HTML"},
      {"/this%2eis%2epath%3binfo", "/this.is.path;info"},  // the example of RFC 3875 section 4.1.6
      {"//a/./b//c", "/a/b/c"},                            // one spelling for every path, before it is split
      {"/a/../b", "/b"},
      {"/%E2%82%AC", "/\xE2\x82\xAC"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sent);
    const Variables variables = site.get_variables(row.sent);
    CHECK(value(variables, "SCRIPT_NAME") == kVariables);
    CHECK(value(variables, "PATH_INFO") == row.path_info);
    CHECK(value(variables, "PATH_TRANSLATED") == site.root() + row.path_info);
    CHECK(value(variables, "REQUEST_URI") == kVariables + row.sent);
  }
  CHECK_FALSE(site.get_variables().contains("PATH_TRANSLATED"));
}

TEST_CASE("A path that could be read in two ways runs no script") {
  Site site;
  for (const std::string path : {"/a%2fb", "/a%2Fb", "/a%00b", "/a%0ab", "/%0d", "/a%zz", "/%c0%ae%c0%ae/x",
                                 "/../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd"}) {
    CAPTURE(path);
    CHECK(get(site.port(), kVariables + path).status == 400);
  }
  CHECK(site.recorder().pids().empty());
}

TEST_CASE("Dots in PATH_INFO that lead out of the script lead to what is there, never out of the root") {
  Site site;
  site.file("/page.txt", "page");
  CHECK(get(site.port(), std::string(kVariables) + "/../../page.txt").body == "page");
  CHECK(get(site.port(), "/cgi-bin/../../bin/id").status == 400);  // robdelacruz/lkwebserver ran it
  CHECK(site.recorder().pids().empty());
}

TEST_CASE("QUERY_STRING is always there, and as it was sent") {
  Site site;
  for (const std::string query : {"?", "?a=b&c=%20+d", "?a?b/c", "?%3d%41"}) {
    CAPTURE(query);
    CHECK(value(site.get_variables(query), "QUERY_STRING") == query.substr(1));
  }
}

TEST_CASE("SERVER_NAME is the host that was asked for, without its port, SERVER_PORT the one that was used") {
  Site site;
  for (const auto& [host, name] : std::map<std::string, std::string>{{"example.org", "example.org"},
                                                                     {"example.org:8080", "example.org"},
                                                                     {"[::1]:80", "[::1]"},
                                                                     {"192.0.2.1", "192.0.2.1"}}) {
    const Variables variables =
        variables_in(ask(site.port(), std::string("GET ") + kVariables + " HTTP/1.1\r\nHost: " + host +
                                          "\r\nConnection: close\r\n\r\n"));
    CHECK(value(variables, "SERVER_NAME") == name);
    CHECK(value(variables, "HTTP_HOST") == host);
    CHECK(value(variables, "SERVER_PORT") == std::to_string(site.port()));
  }
}

TEST_CASE("The URI rebuilt from the variables runs the same script with the same values") {
  Site site;  // RFC 3875 section 3.3
  const Variables first = site.get_variables("/a%20b/%3F;c?x=%41&y", "");
  std::string path;
  for (const char byte : value(first, "PATH_INFO"))
    path += byte == ' ' ? "%20" : byte == '?' ? "%3F" : std::string(1, byte);
  const Answer again =
      ask(site.port(), "GET http://" + value(first, "SERVER_NAME") + ":" + value(first, "SERVER_PORT") +
                           value(first, "SCRIPT_NAME") + path + "?" + value(first, "QUERY_STRING") +
                           " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  const Variables second = variables_in(again);
  for (const std::string name :
       {"SCRIPT_NAME", "SCRIPT_FILENAME", "PATH_INFO", "PATH_TRANSLATED", "QUERY_STRING", "SERVER_NAME"})
    CHECK(value(second, name) == value(first, name));
}

TEST_CASE("Header fields become HTTP_ variables, repeated ones a single one") {
  Site site;
  const Variables variables = site.get_variables(
      "", "Accept-Language: de\r\nX-List: a\r\nx-list:  b \r\nCookie: a=1\r\nCookie: b=2\r\nEmpty:\r\n");
  CHECK(value(variables, "HTTP_ACCEPT_LANGUAGE") == "de");
  CHECK(value(variables, "HTTP_X_LIST") == "a, b");
  CHECK(value(variables, "HTTP_COOKIE") == "a=1; b=2");
  CHECK(value(variables, "HTTP_EMPTY") == "");
}

TEST_CASE("A folded header line is refused, and no script sees half of it") {
  Site site;
  CHECK(get(site.port(), kVariables, "X-Folded: a\r\n b\r\n").status == 400);
  CHECK(site.recorder().pids().empty());
}

TEST_CASE("No field of a client becomes a variable that programs obey") {
  Site site;
  const Variables plain = site.get_variables();
  const std::string fields[] = {
      "Proxy: http://evil.example\r\nPROXY: x\r\n",  // httpoxy, CVE-2016-5385
      "Redirect-Status: 404\r\n",                    // CVE-2024-8927
      "Content_Type: x/y\r\nX_Forwarded_For: 1\r\nX.Forwarded.For: 2\r\n",
      "LD_PRELOAD: /tmp/x.so\r\nBASH_ENV: /tmp/x\r\n",
      "Proxy-Authorization: Basic eDp5\r\n",
      "Authorization: Basic eDp5\r\n",
  };
  for (const std::string& field : fields) {
    CAPTURE(field);
    Variables variables = site.get_variables("", field);
    variables["REMOTE_PORT"] = value(plain, "REMOTE_PORT");
    CHECK(variables == plain);
  }
  // Whoever counts by this one would count another body: it is not even ignored.
  CHECK(get(site.port(), kVariables, "Content_Length: 9\r\n").status == 400);
}

TEST_CASE("Names without HTTP_ are out of every client's reach") {
  Site site;  // CVE-2018-1283, CVE-2017-17562
  const Variables variables = site.get_variables("?LD_PRELOAD=/proc/self/fd/0&PATH=/tmp",
                                                 "Path: /tmp\r\nIfs: x\r\nSession: s\r\nRemote-User: root\r\n"
                                                 "Ssl-Client-Verify: SUCCESS\r\nAuth-Type: Basic\r\n");
  CHECK(value(variables, "PATH") == "/usr/local/bin:/usr/bin:/bin");
  CHECK(value(variables, "HTTP_PATH") == "/tmp");
  for (const std::string name :
       {"LD_PRELOAD", "IFS", "SESSION", "REMOTE_USER", "AUTH_TYPE", "SSL_CLIENT_VERIFY"})
    CHECK_FALSE(variables.contains(name));
}

TEST_CASE("Authorization is handed on only where that is configured, and says nothing of who was checked") {
  Site site([](tinyhttpd::Config& config) { config.cgi.pass_authorization = true; });
  const Variables variables = site.get_variables("", "Authorization: Basic eDp5\r\n");
  CHECK(value(variables, "HTTP_AUTHORIZATION") == "Basic eDp5");
  CHECK_FALSE(variables.contains("REMOTE_USER"));
  CHECK_FALSE(variables.contains("AUTH_TYPE"));
}

TEST_CASE("A function in a header is a text to a script in bash, too") {  // Shellshock, CVE-2014-6271
  ServerUnderTest server;
  server.script("/cgi-bin/agent.cgi",
                "#!/bin/bash\nprintf 'Content-Type: text/plain\\n\\n%s' \"$HTTP_USER_AGENT\"\n");
  const std::string attack = "() { :;}; echo Content-Type: text/html; echo; /bin/id";
  CHECK(get(server.port(), "/cgi-bin/agent.cgi", "User-Agent: " + attack + "\r\n").body == attack);
}

TEST_CASE("Configured variables are added, and cannot speak for the protocol") {
  Site site([](tinyhttpd::Config& config) {
    config.cgi.environment = {"GIT_PROJECT_ROOT=/srv/git", "PATH=/opt/bin", "REMOTE_ADDR=192.0.2.1",
                              "HTTP_HOST=evil"};
  });
  const Variables variables = site.get_variables();
  CHECK(value(variables, "GIT_PROJECT_ROOT") == "/srv/git");
  CHECK(value(variables, "PATH") == "/opt/bin");
  CHECK(value(variables, "REMOTE_ADDR") == "127.0.0.1");
  CHECK(value(variables, "HTTP_HOST") == "test");
}

TEST_CASE("A request too large for an environment is 431, before any script is started") {
  Site site([](tinyhttpd::Config& config) { config.limits.max_header_bytes = 1 << 20; });
  const std::string large = "X-Large: " + std::string(200 * 1024, 'x') + "\r\n";
  CHECK(get(site.port(), kVariables, large).status == 431);
  std::string many;
  for (int i = 0; i < 60; ++i) many += "X-" + std::to_string(i) + ": " + std::string(5000, 'x') + "\r\n";
  CHECK(get(site.port(), kVariables, many).status == 431);
  CHECK(site.recorder().pids().empty());
}

TEST_CASE("The words of an indexed query are arguments, all of them or none") {  // RFC 3875 section 4.4
  ServerUnderTest server([](tinyhttpd::Config& config) { config.cgi.interpreters[".run"] = "/bin/sh"; });
  const std::string print = sh_text("for word; do printf '[%s]' \"$word\"; done\n");
  server.script("/cgi-bin/words.cgi", print);
  server.script("/cgi-bin/words.run", print);
  const struct {
    std::string query, words;
  } rows[] = {
      {"?one+two", "[one][two]"},
      {"?a%20b+%24%28id%29+;id", "[a b][$(id)][;id]"},
      {"?a=b", ""},
      {"?a%3db", "[a=b]"},
      {"", ""},
      {"?a+%00", ""},
      // An option for the interpreter: CVE-2012-1823, CVE-2024-4577.
      {"?-s", ""},
      {"?%2ds", ""},
      {"?a+-d", ""},
      {"?-d+allow_url_include%3d1", ""},
      {"?%ADd+allow_url_include%3d1+%ADd+auto_prepend_file%3dphp://input",
       "[\xAD"
       "d][allow_url_include=1][\xAD"
       "d][auto_prepend_file=php://input]"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.query);
    CHECK(get(server.port(), "/cgi-bin/words.cgi" + row.query).body == row.words);
    CHECK(get(server.port(), "/cgi-bin/words.run" + row.query).body == "");
  }
  CHECK(post(server.port(), "/cgi-bin/words.cgi?one", "x").body == "");
}

TEST_CASE("Standard input is the body, byte for byte, and then its end") {
  ServerUnderTest server;
  server.script("/cgi-bin/cat.cgi", sh_text("exec cat\n"));
  CHECK(get(server.port(), "/cgi-bin/cat.cgi").body == "");
  // Around what is kept in memory, what a pipe holds and what is received at once; by a file, then by a pipe.
  for (const bool by_pipe : {false, true}) {
    if (by_pipe) server.recorder().want_input();
    for (const std::size_t size :
         {0UL, 1UL, 16383UL, 16384UL, 16385UL, 65535UL, 65536UL, 65537UL, 131073UL, 1UL << 20U, 5UL << 20U}) {
      CAPTURE(by_pipe);
      CAPTURE(size);
      const std::string body = bytes_that_differ(size);
      CHECK((post(server.port(), "/cgi-bin/cat.cgi", body).body == body));
      CHECK((post_in_chunks(server.port(), "/cgi-bin/cat.cgi", body).body == body));
    }
  }
}

TEST_CASE(
    "A large body is whole wherever it was cut on its way, and the next request begins right behind it") {
  ServerUnderTest server;
  server.script("/cgi-bin/cat.cgi", sh_text("exec cat\n"));
  const std::string body = bytes_that_differ(3'000'001);
  const std::string head = "POST /cgi-bin/cat.cgi HTTP/1.1\r\nHost: test\r\nContent-Length: ";
  const std::string both = head + "3000001\r\n\r\n" + body + head + "5\r\n\r\nhello";
  for (const std::size_t cut : {std::size_t{100}, std::size_t{16'500}, std::size_t{262'300},
                                std::size_t{1'048'700}, both.size() - 200, both.size() - 7}) {
    CAPTURE(cut);
    Client client(server.port());
    REQUIRE(client.send(both.substr(0, cut)));
    CHECK(get(server.port(), "/").status != 0);  // others are served meanwhile
    REQUIRE(client.send(both.substr(cut)));
    CHECK(client.read().body == body);
    CHECK(client.read().body == "hello");
  }
}

TEST_CASE("A client that leaves in the middle of a large body leaves nothing behind") {
  ServerUnderTest server;
  server.script("/cgi-bin/cat.cgi", sh_text("exec cat\n"));
  const std::string head = "POST /cgi-bin/cat.cgi HTTP/1.1\r\nHost: test\r\nContent-Length: 3000000\r\n\r\n";
  Client finishing(server.port());
  REQUIRE(finishing.send(head + std::string(2'000'000, 'x')));
  finishing.finish();
  CHECK(finishing.read().status == 400);
  {
    Client leaving(server.port());
    REQUIRE(leaving.send(head + std::string(2'000'000, 'x')));
    leaving.reset();
  }
  const std::string body = bytes_that_differ(2'500'000);
  CHECK(post(server.port(), "/cgi-bin/cat.cgi", body).body == body);
  CHECK(server.recorder().pids().size() == 1);
}

TEST_CASE("A listener that wants a script's input is told of all of it") {
  ServerUnderTest server;
  server.script("/cgi-bin/cat.cgi", sh_text("exec cat >/dev/null\n"));
  server.recorder().want_input();
  post(server.port(), "/cgi-bin/cat.cgi", std::string(1'000'000, 'x'));
  CHECK(server.recorder().fed_bytes() == 1'000'000);
}

TEST_CASE("A script that reads none of its input, or some of it, answers all the same") {
  ServerUnderTest server;
  server.script("/cgi-bin/none.cgi", sh_text("echo answered\n"));
  server.script("/cgi-bin/some.cgi", sh_text("head -c 20000 >/dev/null; echo answered\n"));
  for (const bool by_pipe : {false, true}) {
    if (by_pipe) server.recorder().want_input();
    for (const std::string path : {"/cgi-bin/none.cgi", "/cgi-bin/some.cgi"})
      CHECK(post(server.port(), path, std::string(1'000'000, 'x')).body == "answered\n");
  }
}

TEST_CASE("A script cannot change the body that it reads, nor find it by a name") {
  const tinyhttpd::TemporaryFolder spool;
  ServerUnderTest server([&](tinyhttpd::Config& c) { c.limits.spool_dir = spool.path(); });
  server.script("/cgi-bin/write.cgi", sh_text("echo x >&0 2>/dev/null && echo written\n"
                                              "ls -A " +
                                              spool.path() + "\nwc -c\n"));
  CHECK(post(server.port(), "/cgi-bin/write.cgi", std::string(100'000, 'x')).body == "100000\n");
}

TEST_CASE("A compressed body reaches the script as it is") {  // CVE-2014-0118: decoding is not for the server
  ServerUnderTest server;
  server.script("/cgi-bin/cat.cgi", sh_text("printf '%s|' \"$HTTP_CONTENT_ENCODING\"; exec cat\n"));
  const std::string gzip("\x1f\x8b\x08\x00junk", 8);
  CHECK(post(server.port(), "/cgi-bin/cat.cgi", gzip, "Content-Encoding: gzip\r\n").body == "gzip|" + gzip);
}

TEST_CASE("No script runs on a body that has not come to its end") {
  ServerUnderTest server;  // php/php-src issue 12343: a truncated upload was taken for a whole one
  server.script("/cgi-bin/cat.cgi", sh_text("exec cat\n"));
  for (const std::string framing :
       {"Content-Length: 10\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    Client client(server.port());
    client.send("POST /cgi-bin/cat.cgi HTTP/1.1\r\nHost: a\r\n" + framing);
    client.finish();
    const Answer answer = client.read();
    CHECK(answer.status == 400);
    CHECK(answer.closed);
  }
  CHECK(server.recorder().pids().empty());
}

TEST_CASE("A script runs in its own folder, with descriptors 0, 1 and 2 and no other") {
  ServerUnderTest server;
  server.script("/deep/er/where.cgi", sh_text("pwd\n"));
  server.scripted("/cgi-bin/descriptors.cgi");
  CHECK(get(server.port(), "/deep/er/where.cgi/path/info").body == server.root() + "/deep/er\n");

  // Other clients' sockets, a stored body, and scripts that run at this moment are none of its business.
  Client idle(server.port());
  CHECK(get(server.port(), "/cgi-bin/descriptors.cgi").body == "0 1 2 ");
  CHECK(post(server.port(), "/cgi-bin/descriptors.cgi", std::string(100'000, 'x')).body == "0 1 2 ");
}

TEST_CASE("A script begins with default signals, an empty mask, umask 022 and a group of its own") {
  ServerUnderTest server;
  server.script("/cgi-bin/state.cgi",
                sh_text("umask; read -r pid name state parent group rest < /proc/self/stat\n"
                        "[ $group = $$ ] && echo own group\n"
                        "exec grep -E '^(SigBlk|SigIgn|NoNewPrivs)' /proc/self/status\n"));
  CHECK(get(server.port(), "/cgi-bin/state.cgi").body ==
        "0022\nown group\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nNoNewPrivs:\t1\n");
}

TEST_CASE("A pipeline in a script ends by SIGPIPE as it does in a shell") {
  ServerUnderTest server;
  server.script("/cgi-bin/yes.cgi", sh_text("yes | head -n 2\n"));
  CHECK(get(server.port(), "/cgi-bin/yes.cgi").body == "y\ny\n");
}

TEST_CASE("An interpreter runs a script that has no execute bit") {
  ServerUnderTest server([](tinyhttpd::Config& config) {
    config.cgi.interpreters = {{".sh", "/bin/sh"}, {".lua", "/bin/sh"}};
  });
  const std::string text = "printf 'Content-Type: text/plain\\n\\n%s' \"$PATH_INFO\"\n";
  server.file("/a.sh", text);
  server.file("/b.lua", text);
  CHECK(get(server.port(), "/a.sh").status == 200);
  CHECK(get(server.port(), "/b.lua/x").body == "/x");
  CHECK(server.recorder().routes().back() == "execute_cgi: there is a --cgi-interpreter for it");
}

TEST_CASE("Outside a CGI folder the execute bit makes the script, unless that is turned off") {
  const std::string text = sh_text("echo ran\n");
  ServerUnderTest on;
  on.script("/tool", text);
  CHECK(get(on.port(), "/tool").body == "ran\n");
  CHECK(get(on.port(), "/tool/with/path").body == "ran\n");
  ServerUnderTest off([](tinyhttpd::Config& config) { config.cgi.executable_bit = false; });
  off.script("/tool", text);
  CHECK(get(off.port(), "/tool").body == text);
}

TEST_CASE("A folder's index may be a script") {
  ServerUnderTest server;
  server.script("/app/index.cgi", sh_text("printf '%s' \"$SCRIPT_NAME\"\n"));
  CHECK(get(server.port(), "/app/").body == "/app/index.cgi");
}

TEST_CASE("What lies below a CGI folder is run or refused, and its source never sent") {
  // CVE-2014-4650, CVE-2011-1015, CVE-2024-39884 and the lists of fuzzers: every spelling of a script's name.
  ServerUnderTest server;
  const std::string source = sh_text("echo ran\n# SOURCE\n");
  server.script("/cgi-bin/x.cgi", source);
  for (const std::string name : {"x.cgi~", "x.cgi.bak", ".x.cgi.swp", "x.cgi.orig", "#x.cgi#", "x.cgi.",
                                 "x.CGI", "x.cgi ", "page.html", "data.txt", "lib/deep.pm"})
    server.file("/cgi-bin/" + name, source);
  const struct {
    std::string target;
    int status;
  } rows[] = {
      {"/cgi-bin/x.cgi", 200},
      {"//cgi-bin/x.cgi", 200},
      {"/cgi-bin//x.cgi", 200},
      {"/cgi-bin/./x.cgi", 200},
      {"/./cgi-bin/x.cgi", 200},
      {"/a/../cgi-bin/x.cgi", 200},
      {"/cgi-bin/x.cgi/", 200},
      {"/cgi-bin/x.cgi/.", 200},
      {"/%63gi-bin/x.cgi", 200},
      {"/cgi-bin/x.cgi?", 200},
      {"/cgi-bin/x.cgi/x.html", 200},
      {"/cgi-bin/%78.cgi", 200},
      {"/cgi-bin/x.cgi~", 403},
      {"/cgi-bin/x.cgi.bak", 403},
      {"/cgi-bin/x.cgi.orig", 403},
      {"/cgi-bin/x.cgi.", 403},
      {"/cgi-bin/x.CGI", 403},
      {"/cgi-bin/x.cgi%20", 403},
      {"/cgi-bin/page.html", 403},
      {"/cgi-bin/data.txt", 403},
      {"/cgi-bin/lib/deep.pm", 403},
      {"/cgi-bin/%23x.cgi%23", 403},
      {"/cgi-bin/.x.cgi.swp", 404},
      {"/cgi-bin/x", 404},
      {"/CGI-BIN/x.cgi", 404},
      {"/cgi-bin/X.cgi", 404},
      {"/cgi-bin/", 404},
      {"/cgi-bin/lib/", 404},
      {"/cgi-bin", 301},
      {"/cgi-bin%2fx.cgi", 400},
      {"/cgi-bin/x.cgi%00", 400},
      {"/cgi-bin/x.cgi%00.html", 400},
      {"/cgi-bin/x.cgi%0a", 400},
      {"/cgi-bin\\x.cgi", 400},
      {"/cgi-bin%5cx.cgi", 404},
      {"cgi-bin/x.cgi", 400},
      {"/cgi-bin/x.cgi%2ebak", 403},
      {"/cgi-bin/x.cgi::$DATA", 404},
      {"/cgi-bin;/x.cgi", 404},
  };
  for (const auto& row : rows) {
    CAPTURE(row.target);
    const Answer answer = get(server.port(), row.target);
    CHECK(answer.status == row.status);
    CHECK(answer.body.find("SOURCE") == std::string::npos);
    if (row.status == 200) CHECK(answer.body == "ran\n");
  }
  const Answer part = get(server.port(), "/cgi-bin/x.cgi", "Range: bytes=0-5\r\n");
  CHECK(part.body == "ran\n");
}

TEST_CASE("A CGI extension is never served as a file, wherever it lies") {
  ServerUnderTest server;
  for (const std::string path : {"/a.cgi", "/b.pl", "/sub/c.py", "/d.sh"}) {
    server.file(path, "SOURCE");
    const Answer answer = get(server.port(), path);
    CHECK(answer.status == 403);
    CHECK(answer.body.find("SOURCE") == std::string::npos);
  }
}

TEST_CASE("A script that is no regular file below the root is not run") {
  ServerUnderTest server;
  tinyhttpd::TemporaryFolder outside;
  outside.write("x.cgi", sh_text("echo outside\n"), 0755);
  server.script("/cgi-bin/real.cgi", sh_text("echo inside\n"));
  const std::string folder = server.root() + "/cgi-bin";
  REQUIRE(::symlink((outside / "x.cgi").c_str(), (folder + "/out.cgi").c_str()) == 0);
  REQUIRE(::symlink(outside.path().c_str(), (folder + "/out").c_str()) == 0);
  REQUIRE(::symlink("real.cgi", (folder + "/in.cgi").c_str()) == 0);
  REQUIRE(::mkfifo((folder + "/fifo.cgi").c_str(), 0777) == 0);
  REQUIRE(::mkdir((folder + "/dir.cgi").c_str(), 0777) == 0);
  CHECK(get(server.port(), "/cgi-bin/out.cgi").status == 403);
  CHECK(get(server.port(), "/cgi-bin/out/x.cgi").status == 403);
  CHECK(get(server.port(), "/cgi-bin/fifo.cgi").status == 404);
  CHECK(get(server.port(), "/cgi-bin/dir.cgi").status == 301);
  CHECK(get(server.port(), "/cgi-bin/dir.cgi/").status == 404);
  CHECK(server.recorder().pids().empty());
  CHECK(get(server.port(), "/cgi-bin/in.cgi").body == "inside\n");
}

TEST_CASE("No script runs that the request was not allowed to") {
  ServerUnderTest server;
  const std::string marker = server.root() + "/marker";
  server.file("/cgi-bin/locked.cgi", sh_text("touch '" + marker + "'\n"), 0644);
  server.file("/cgi-bin/.hidden.cgi", sh_text("touch '" + marker + "'\n"), 0755);
  for (const std::string target : {"/cgi-bin/locked.cgi", "/cgi-bin/.hidden.cgi"})
    for (const std::string method : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"})
      CHECK(ask(server.port(), method + " " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                method == "HEAD")
                .status >= 400);
  CHECK(::access(marker.c_str(), F_OK) == -1);
}
