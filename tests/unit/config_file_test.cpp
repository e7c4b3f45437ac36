#include "tinyhttpd/config_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/command_lines.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/option_table.hpp"
#include "tinyhttpd/unique_fd.hpp"

using namespace tinyhttpd;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// What the text says, option by option.
Pairs said_in(const std::string& text) {
  Pairs pairs;
  for (const auto& [name, said] : read_config_text(text, "f"))
    for (const Said& one : said) pairs.emplace_back(name, one.text);
  return pairs;
}

std::string error_in(const std::string& text) {
  try {
    (void)read_config_text(text, "tinyhttpd.conf");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

/// The same text as Boost reads it.
Pairs said_to_boost(const std::string& text) {
  namespace po = boost::program_options;
  po::options_description options;
  for (const Option& option : option_table())
    options.add_options()(long_name(option).c_str(), po::value<std::vector<std::string>>());
  std::istringstream stream(text);
  Pairs pairs;
  for (const auto& option : po::parse_config_file(stream, options).options)
    pairs.emplace_back(option.string_key, option.value.front());
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return pairs;
}

}  // namespace

TEST_CASE("a configuration file is an option a line, with blanks and comments as one likes") {
  const std::string text =
      "# the start\n"
      "\n"
      "port=8080\n"
      "  root\t=  /srv/www site  # with a blank\n"
      "header = X-A: b = c\n"
      "   # indented\n"
      "header = X-B: d\n"
      "index =\n"
      "autoindex = on";
  const Pairs expected = {{"autoindex", "on"}, {"header", "X-A: b = c"}, {"header", "X-B: d"},
                          {"index", ""},       {"port", "8080"},         {"root", "/srv/www site"}};
  CHECK(said_in(text) == expected);
  CHECK(said_to_boost(text) == expected);
}

TEST_CASE("an empty file, and one of comments only, says nothing") {
  for (const char* text : {"", "\n", "#", "\n\n# x\n", "\xEF\xBB\xBF", "\r\n"}) CHECK(said_in(text).empty());
}

TEST_CASE("a file from another system reads the same: byte order mark and CR LF") {
  CHECK(said_in("\xEF\xBB\xBFport = 1\r\nroot = /a\r\n") == Pairs{{"port", "1"}, {"root", "/a"}});
}

TEST_CASE("each value remembers its line, and whether a comment followed it") {
  const Given given = read_config_text("\nport = 1\n#\nport = 2 # two\n", "etc/f");
  REQUIRE(given.at("port").size() == 2);
  CHECK(given.at("port")[0] == Said{"1", Source::file, "etc/f line 2", false});
  CHECK(given.at("port")[1] == Said{"2", Source::file, "etc/f line 4", true});
}

TEST_CASE("what is no option = value is refused by its line") {
  struct Row {
    std::string text;
    const char* error;
  };
  const Row rows[] = {
      {"prot = 1", "line 1: prot: there is no such option; did you mean port?"},
      {"\n\nmax_body = 1", "line 3: max_body: there is no such option; did you mean max-body?"},
      {"--port = 1", "line 1: --port: there is no such option; did you mean port?"},
      {"p = 1", "line 1: p: there is no such option; did you mean port?"},
      {"elephant = 1", "line 1: elephant: there is no such option; --help lists them"},
      {"= 1", "line 1: '': there is no such option; --help lists them"},
      {"- = 1", "line 1: -: there is no such option; --help lists them"},
      {"port", "line 1: port: needs a value, port = N"},
      {"autoindex", "line 1: autoindex: needs a value, autoindex = on"},
      {"port 80", "line 1: port 80: must be OPTION = VALUE, such as port = 8080"},
      {"[server]", "line 1: [server]: there are no sections"},
      {"[]", "line 1: []: there are no sections"},
      {"config = other", "line 1: config: a configuration file cannot name another one"},
      {"help = on", "line 1: help: belongs on the command line"},
      {"version = on", "line 1: version: belongs on the command line"},
      {"check-config = on", "line 1: check-config: belongs on the command line"},
      {"inetd = on", "line 1: inetd: belongs on the command line"},
      {std::string("port\0 = 1", 9), "line 1: holds a control byte; the file must be plain text"},
      {"root = /a\rport = 1", "line 1: holds a control byte; the file must be plain text"},
      {"root = \x1B[31m", "line 1: holds a control byte; the file must be plain text"},
      {"redirect = /a=/b#c",
       "line 1: a '#' begins a comment and cannot be within a value; such a value can be given on the "
       "command "
       "line or in the environment"},
  };
  for (const Row& row : rows) CHECK(error_in(row.text) == std::string("tinyhttpd.conf ") + row.error);
}

TEST_CASE("a value that is wrong for want of what a '#' cut off is refused with that reason") {
  const TemporaryFolder folder;
  const std::string file = folder / "f";
  const auto error_of_text = [&](const std::string& text) {
    folder.write("f", text);
    return error_of({"-c", file.c_str()});
  };
  const std::string wrong =
      file + " line 1: header X: must be 'Name: value', such as 'X-Frame-Options: DENY'";
  CHECK(
      error_of_text("header = X: #fff\n") ==
      file +
          " line 1: header X:: must be 'Name: value', such as 'X-Frame-Options: DENY'; '#' began a comment");
  CHECK(error_of_text("header = X\n") == wrong);
  CHECK(error_of_text("header = X: y # z\n") == "accepted");
}

TEST_CASE("--config may be a pipe at the start") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  REQUIRE(::write(write_end.get(), "port = 7\n", 9) == 9);
  write_end.reset();
  const std::string name = "/dev/fd/" + std::to_string(read_end.get());
  CHECK(config_of({"-c", name.c_str()}).port == 7);
}

TEST_CASE("--config says why a file cannot be read") {
  const TemporaryFolder folder;
  const std::string missing = folder / "missing";
  CHECK(error_of({"-c", missing.c_str()}) ==
        "--config " + missing + ": cannot be read: No such file or directory");
  CHECK(error_of({"-c", folder.path().c_str()}) ==
        "--config " + folder.path() + ": is a folder; must be a file of lines such as port = 8080");
  folder.write("long", std::string(kMaxConfigFileBytes, '\n'));
  folder.write("longer", std::string(kMaxConfigFileBytes + 1, '\n'));
  CHECK(error_of({"-c", (folder / "long").c_str()}) == "accepted");
  const std::string longer = folder / "longer";
  CHECK(error_of({"-c", longer.c_str()}) ==
        "--config " + longer + ": is over 1M; that cannot be a configuration file");
  const Variable variable("TINYHTTPD_CONFIG", missing);
  CHECK(error_of({}) == "TINYHTTPD_CONFIG=" + missing + ": cannot be read: No such file or directory");
}
