#include "tinyhttpd/log_writer.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tinyhttpd/log_text.hpp"

using namespace tinyhttpd;
using namespace std::chrono_literals;

namespace {

struct PipeEnds {
  UniqueFd read_end;
  UniqueFd write_end;
};

PipeEnds open_pipe() {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// A folder that is gone at the end of the test.
struct Folder {
  Folder() {
    char name[] = "/tmp/tinyhttpd-log-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Everything that comes within the next five seconds, until it ends with `last`.
std::string read_until(int fd, const std::string& last) {
  std::string text;
  char buffer[65536];
  pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
  while (!text.ends_with(last) && ::poll(&readable, 1, 5000) > 0) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

/// Collects reports and lets a test wait for one.
class Reports {
 public:
  LogWriter::LossReport hook() {
    return [this](std::string_view text) {
      std::lock_guard lock(mutex_);
      texts_.emplace_back(text);
      changed_.notify_all();
    };
  }
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 5s, [&] { return texts_.size() >= count; });
    return texts_;
  }
  /// Waits until the reports name that many lines together; how many they name.
  std::size_t sum_until(std::size_t lines) {
    std::size_t sum = 0;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 5s, [&] {
      sum = 0;
      for (const auto& text : texts_) sum += std::stoul(text);
      return sum >= lines;
    });
    return sum;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> texts_;
};

}  // namespace

TEST_CASE("LogWriter writes a line at once, in order, with its end") {
  auto pipe = open_pipe();
  LogWriter writer(pipe.write_end.get(), {});
  writer.add("first");
  CHECK(read_until(pipe.read_end.get(), "\n") == "first\n");
  writer.add("second");
  writer.add("third");
  CHECK(read_until(pipe.read_end.get(), "third\n") == "second\nthird\n");
}

TEST_CASE("LogWriter cuts a line that would not fit a pipe in one piece") {
  auto pipe = open_pipe();
  LogWriter writer(pipe.write_end.get(), {});
  writer.add(std::string(10'000, 'x'));
  CHECK(read_until(pipe.read_end.get(), "\n") == std::string(kMaxLogLineBytes - 1, 'x') + "\n");
}

TEST_CASE("LogWriter leaves the flags of a borrowed descriptor alone") {
  auto pipe = open_pipe();
  LogWriter writer(pipe.write_end.get(), {});
  writer.add("line");
  writer.flush();
  CHECK((::fcntl(pipe.write_end.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("LogWriter never waits for a reader that has stopped, and reports what was lost when it goes on") {
  auto pipe = open_pipe();
  Reports reports;
  constexpr std::size_t kLines = 20'000;
  LogWriter writer(pipe.write_end.get(), reports.hook());
  const std::string line(200, 'x');
  const auto started = Clock::now();
  for (std::size_t i = 0; i < kLines; ++i) writer.add(line);
  CHECK(Clock::now() - started < 2s);

  const std::size_t lost = writer.lost_lines();
  CHECK(lost > 0);
  CHECK(lost < kLines);

  std::string text;
  while (text.size() < (kLines - lost) * (line.size() + 1)) text += read_until(pipe.read_end.get(), "\n");
  CHECK(text.size() == (kLines - lost) * (line.size() + 1));
  CHECK(reports.sum_until(lost) == lost);
  CHECK(reports.wait_for(1)[0].ends_with(" lines dropped: its reader is too slow"));
}

TEST_CASE("LogWriter ends within its second although nobody reads") {
  auto pipe = open_pipe();
  std::optional<LogWriter> writer;
  writer.emplace(pipe.write_end.get(), LogWriter::LossReport{});
  for (int i = 0; i < 1000; ++i) writer->add(std::string(1000, 'x'));
  const auto started = Clock::now();
  writer.reset();
  CHECK(Clock::now() - started < 3s);
}

TEST_CASE("LogWriter writes what is left before it ends") {
  Folder folder;
  const std::string path = folder.path + "/log";
  {
    LogWriter writer(path, {});
    for (int i = 0; i < 5000; ++i) writer.add("line");
  }
  CHECK(content_of(path).size() == 5000 * 5);
}

TEST_CASE("LogWriter counts and reports what a full disk refuses") {
  Reports reports;
  LogWriter writer("/dev/full", reports.hook());
  writer.add("one");
  writer.add("two");
  writer.flush();
  CHECK(writer.lost_lines() == 2);
  CHECK(reports.wait_for(1) == std::vector<std::string>{"lines are being dropped: No space left on device"});
}

TEST_CASE("LogWriter begins a new line after a full disk has torn one") {
  Folder folder;
  const std::string path = folder.path + "/log";
  Reports reports;
  LogWriter writer(path, reports.hook());
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 4;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  writer.add("0123456789");
  writer.flush();
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  writer.add("next");
  writer.flush();
  CHECK(content_of(path) == "0123\nnext\n");
  CHECK(reports.wait_for(2) == std::vector<std::string>{"lines are being dropped: File too large",
                                                        "1 line dropped: File too large"});
}

TEST_CASE("LogWriter appends to a file and makes it readable by its group only") {
  Folder folder;
  const std::string path = folder.path + "/log";
  { LogWriter(path, {}).add("one"); }
  { LogWriter(path, {}).add("two"); }
  CHECK(content_of(path) == "one\ntwo\n");
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U & ~0640U) == 0);
}

TEST_CASE("LogWriter reopened after a rename goes on in a new file") {
  Folder folder;
  const std::string path = folder.path + "/log";
  LogWriter writer(path, {});
  writer.add("old");
  writer.flush();
  std::filesystem::rename(path, path + ".1");
  writer.add("still old");
  REQUIRE(writer.reopen());
  writer.add("new");
  writer.flush();
  CHECK(content_of(path + ".1") == "old\nstill old\n");
  CHECK(content_of(path) == "new\n");
}

TEST_CASE("LogWriter keeps the old file when the new one cannot be opened") {
  Folder folder;
  const std::string path = folder.path + "/logs/log";
  std::filesystem::create_directory(folder.path + "/logs");
  LogWriter writer(path, {});
  std::filesystem::rename(folder.path + "/logs", folder.path + "/moved");
  CHECK_FALSE(writer.reopen());
  writer.add("kept");
  writer.flush();
  CHECK(content_of(folder.path + "/moved/log") == "kept\n");
}

TEST_CASE("LogWriter refuses a file that cannot be opened, by name") {
  try {
    LogWriter writer("/no/folder/log", {});
    FAIL("opened");
  } catch (const std::system_error& error) {
    CHECK(std::string(error.what()) == "/no/folder/log: No such file or directory");
  }
}

TEST_CASE("LogWriter opens a named pipe that nobody reads yet") {
  Folder folder;
  const std::string path = folder.path + "/pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  LogWriter writer(path, {});
  writer.add("line");
  UniqueFd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(read_until(reader.get(), "\n") == "line\n");
}
