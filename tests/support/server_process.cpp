#include "support/server_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace {

constexpr int kPatience = 20'000;

/// The command line: what the tests have in common, where `options` do not say it, and `options`.
std::vector<std::string> command_line(const std::vector<std::string>& options) {
  const auto says = [&](const char* option) {
    return std::find(options.begin(), options.end(), option) != options.end();
  };
  std::vector<std::string> words = {server_program()};
  const auto add = [&](const char* option, const char* value) {
    if (!says(option)) words.insert(words.end(), {option, value});
  };
  if (!says("--inetd")) {
    add("--port", "0");
    add("--bind", "127.0.0.1");
  }
  add("--access-log", "off");
  words.insert(words.end(), options.begin(), options.end());
  return words;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::string server_program() {
  const char* other = std::getenv("TINYHTTPD_UNDER_TEST");
  return other != nullptr ? other : TINYHTTPD_BINARY;
}

ServerProcess::ServerProcess(const std::vector<std::string>& options, const std::function<void()>& prepare) {
  std::vector<std::string> words = command_line(options);
  std::vector<char*> arguments = pointers_to(words);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  errors_.reset(ends[0]);
  const tinyhttpd::UniqueFd theirs(ends[1]);
  pid_ = ::fork();
  if (pid_ < 0) std::abort();
  if (pid_ > 0) return;
  ::dup2(theirs.get(), STDERR_FILENO);
  ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
  if (prepare) prepare();
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

ServerProcess::~ServerProcess() {
  if (reaped_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::uint16_t ServerProcess::port() {
  constexpr std::string_view kLead = "listening on http://";
  if (!says(kLead)) return 0;
  const std::size_t start = said_.find(kLead) + kLead.size();
  while (said_.find('/', start) == said_.npos)
    if (!hear()) return 0;
  const std::string authority = said_.substr(start, said_.find('/', start) - start);
  return static_cast<std::uint16_t>(std::atoi(authority.c_str() + authority.rfind(':') + 1));
}

void ServerProcess::signal(int number) const {
  ::kill(pid_, number);
}

int ServerProcess::exit_status() {
  if (!reaped_) {
    const tinyhttpd::UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    pollfd entry{.fd = process.get(), .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, kPatience) <= 0) return -1;
    ::waitpid(pid_, &status_, 0);
    reaped_ = true;
  }
  return WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
}

bool ServerProcess::says_more(std::string_view text, std::size_t heard) {
  while (said_.find(text, heard) == said_.npos)
    if (!hear()) return false;
  return true;
}

bool ServerProcess::hear() {
  pollfd entry{.fd = errors_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&entry, 1, kPatience) <= 0) return false;
  char piece[4096];
  const ssize_t count = ::read(errors_.get(), piece, sizeof piece);
  if (count > 0) said_.append(piece, static_cast<std::size_t>(count));
  return count > 0;
}
