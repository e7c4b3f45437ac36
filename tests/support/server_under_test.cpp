#include "support/server_under_test.hpp"

#include <chrono>
#include <filesystem>

#include "tinyhttpd/command_line.hpp"
#include "tinyhttpd/process.hpp"

void Recorder::cgi_exited(tinyhttpd::RequestId, std::string_view script,
                          const tinyhttpd::ExitReport& report) {
  keep(exits_, Exit{std::string(script), report.by_signal, report.code});
}

bool Recorder::wait_until(const std::function<bool(const Recorder&)>& holds) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds(*this)) {
    std::unique_lock lock(mutex_);
    // Short, because an event may fall between looking and waiting.
    changed_.wait_for(lock, std::chrono::milliseconds(20));
    if (std::chrono::steady_clock::now() > deadline) return false;
  }
  return true;
}

ServerUnderTest::ServerUnderTest(const Adjust& adjust) {
  tinyhttpd::Config config;
  config.port = 0;
  config.bind = {"127.0.0.1"};
  config.root = folder_.path();
  config.threads = 8;
  if (adjust) adjust(config);
  tinyhttpd::complete(config);
  server_ = std::make_unique<tinyhttpd::Server>(config, recorder_);
  server_->start();
}

ServerUnderTest::~ServerUnderTest() = default;

void ServerUnderTest::file(const std::string& path, const std::string& content, int mode) {
  folder_.write(path, content, static_cast<mode_t>(mode));
}

void ServerUnderTest::scripted(const std::string& path) {
  script(path, "#!" + std::filesystem::read_symlink("/proc/self/exe").string() + "\n");
}
