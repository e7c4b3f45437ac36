// The server as users start it: the program itself, in a process of its own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/unique_fd.hpp"

/// Starts the program and reads its standard error; ends it (SIGKILL) when it goes out of scope. Its standard
/// output goes nowhere.
class ServerProcess {
 public:
  /// Runs it with `--port 0 --bind 127.0.0.1 --access-log off` and `options`, but for what they say of these
  /// themselves; with `--inetd` without a port and an address. `prepare` is called in the new
  /// process before the program takes over: for limits, and only with what is safe after fork.
  explicit ServerProcess(const std::vector<std::string>& options, const std::function<void()>& prepare = {});
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  /// The port of its "listening on" line, waited for; 0 when it ended without one.
  std::uint16_t port();

  pid_t pid() const { return pid_; }

  void signal(int number) const;

  /// Waits for its end, at most 20 s (−1): its exit status, or 128 + n if signal n killed it.
  int exit_status();

  /// Whether `text` comes on its standard error before its end and within 20 s.
  bool says(std::string_view text) { return says_more(text, 0); }

  /// The same, past the first `heard` bytes of what it has said.
  bool says_more(std::string_view text, std::size_t heard);

  /// What it has said as far as it was read.
  const std::string& said() const { return said_; }

 private:
  bool hear();

  pid_t pid_ = -1;
  bool reaped_ = false;
  int status_ = 0;
  std::string said_;
  tinyhttpd::UniqueFd errors_;
};

/// The program under test: the one built with the tests, or the one the environment names in
/// TINYHTTPD_UNDER_TEST.
std::string server_program();
