// The test program. Run by the server under test, it is the CGI script (see support/scripted.hpp); run by
// hand, the tests.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>

#include "support/scripted.hpp"

int main(int argc, char** argv) {
  if (std::getenv("GATEWAY_INTERFACE") != nullptr) return run_as_script(argc, argv);

  // A test may write to a socket whose other end has gone; that is a std::error_code to look at, not the end
  // of the run.
  std::signal(SIGPIPE, SIG_IGN);
  return doctest::Context(argc, argv).run();
}
