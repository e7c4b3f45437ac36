#include "tinyhttpd/option_sources.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/command_lines.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/option_table.hpp"

using namespace tinyhttpd;

namespace {

using Strings = std::vector<std::string>;

Given environment(const Strings& entries) {
  Strings warnings;
  return read_environment(entries, warnings);
}

Strings warnings_of(const Strings& entries) {
  Strings warnings;
  (void)read_environment(entries, warnings);
  return warnings;
}

}  // namespace

TEST_CASE("a variable is named for its option") {
  CHECK(variable_of("port") == "TINYHTTPD_PORT");
  CHECK(variable_of("max-connections-per-client") == "TINYHTTPD_MAX_CONNECTIONS_PER_CLIENT");
  const Given given = environment({"HOME=/", "TINYHTTPD_MAX_BODY=1M", "TINYHTTPD_HEADER=X-A: b=c"});
  CHECK(given.size() == 2);
  CHECK(given.at("max-body").at(0) == Said{"1M", Source::environment, "TINYHTTPD_MAX_BODY"});
  CHECK(given.at("header").at(0).text == "X-A: b=c");
}

TEST_CASE("a variable takes one value a line, and says nothing when it is empty") {
  const auto bind = environment({"TINYHTTPD_BIND=::1\n\n127.0.0.1\n"}).at("bind");
  REQUIRE(bind.size() == 2);
  CHECK(bind[0].text == "::1");
  CHECK(bind[1].text == "127.0.0.1");
  CHECK(environment({"TINYHTTPD_PORT=", "TINYHTTPD_BIND=\n"}).empty());
}

TEST_CASE("a variable that is no option is reported, not refused") {
  CHECK(warnings_of({"TINYHTTPD_SERVICE_HOST=10.0.0.1"}) ==
        Strings{"TINYHTTPD_SERVICE_HOST: is not used, there is no such option"});
  CHECK(warnings_of({"TINYHTTPD_PROT=1"}) ==
        Strings{"TINYHTTPD_PROT: is not used, there is no such option; did you mean TINYHTTPD_PORT?"});
  CHECK(warnings_of({"TINYHTTPD_VERSION=1.0"}) ==
        Strings{"TINYHTTPD_VERSION: is not used; --version belongs on the command line"});
  CHECK(warnings_of({"TINYHTTPD_INETD=on"}) ==
        Strings{"TINYHTTPD_INETD: is not used; --inetd belongs on the command line"});
  CHECK(warnings_of({"TINYHTTPD_port=1"}).size() == 1);
  CHECK(
      warnings_of({"TINYHTTPD_UNDER_TEST=x", "tinyhttpd_port=1", "TINYHTTPD=x", "TINYHTTPD_PORT=1"}).empty());
}

TEST_CASE("the warnings reach the Config") {
  const Variable variable("TINYHTTPD_PROT", "1");
  CHECK(config_of({}).warnings.size() == 1);
  CHECK(config_of({}).port == 4000);
}

TEST_CASE("the port that Kubernetes makes of a Service is refused with what to do about it") {
  const Variable variable("TINYHTTPD_PORT", "tcp://10.0.0.1:4000");
  CHECK(error_of({}) ==
        "TINYHTTPD_PORT=tcp://10.0.0.1:4000: Kubernetes sets this for a Service named tinyhttpd; say "
        "enableServiceLinks: false in the pod's specification, or give --port");
  CHECK(config_of({"--port", "80"}).port == 80);
}

TEST_CASE("the first source that says something of an option wins wholly") {
  const TemporaryFolder folder;
  folder.write("f", "port = 3\nqueue = 3\nthreads = 3\nheader = X-File: 1\nheader = X-File: 2\nbind = ::3\n");
  const std::string file = folder / "f";
  const Variable queue("TINYHTTPD_QUEUE", "2");
  const Variable port("TINYHTTPD_PORT", "2");
  const Variable header("TINYHTTPD_HEADER", "X-Environment: 1");
  const Config config = config_of({"--config", file.c_str(), "--port", "1", "--bind", "::1"});
  CHECK(config.port == 1);
  CHECK(config.queue == 2);
  CHECK(config.threads == 3);
  CHECK(config.bind == Strings{"::1"});
  REQUIRE(config.files.fields.size() == 1);
  CHECK(config.files.fields[0].name == "X-Environment");
}

TEST_CASE("a wrong value counts only where nothing before it speaks of the option") {
  const TemporaryFolder folder;
  folder.write("f", "port = wrong\n");
  const std::string file = folder / "f";
  CHECK(config_of({"--config", file.c_str(), "--port", "1"}).port == 1);
  const Variable port("TINYHTTPD_PORT", "2");
  CHECK(config_of({"--config", file.c_str()}).port == 2);
}

TEST_CASE("TINYHTTPD_CONFIG names the file where --config does not") {
  const TemporaryFolder folder;
  folder.write("one", "port = 1\n");
  folder.write("two", "port = 2\n");
  const Variable variable("TINYHTTPD_CONFIG", folder / "two");
  CHECK(config_of({}).port == 2);
  CHECK(config_of({"-c", (folder / "one").c_str()}).port == 1);
}

TEST_CASE("what only goes wrong together names its place, too") {
  const TemporaryFolder folder;
  folder.write("f", "threads = 4\n\ncgi-max = 4\n");
  const std::string file = folder / "f";
  CHECK(error_of({"-c", file.c_str()}) == file +
                                              " line 3: cgi-max 4: must be less than the threads (4), so "
                                              "that files are answered while scripts run; "
                                              "at most 3");
}

TEST_CASE("--help and --version need no file and no right environment") {
  const Variable port("TINYHTTPD_PORT", "wrong");
  CHECK(std::holds_alternative<Printout>(parse({"--help", "-c", "/no/file"})));
  CHECK(std::holds_alternative<Printout>(parse({"--version", "-c", "/no/file"})));
}
