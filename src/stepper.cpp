#include "tinyhttpd/stepper.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

namespace tinyhttpd {
namespace {

std::string target_of(const std::string& process, int fd) {
  std::array<char, 256> target;
  const std::string path = "/proc/" + process + "/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  return length < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(length));
}

std::vector<DescriptorLine> descriptors_of(pid_t pid) {
  const std::string process = std::to_string(pid);
  const auto close_folder = [](DIR* folder) { ::closedir(folder); };
  const std::unique_ptr<DIR, decltype(close_folder)> folder(::opendir(("/proc/" + process + "/fd").c_str()),
                                                            close_folder);
  std::vector<DescriptorLine> lines;
  while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
    if (entry->d_name[0] == '.') continue;
    const int fd = std::atoi(entry->d_name);
    lines.push_back({fd, target_of(process, fd)});
  }
  std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.fd < b.fd; });
  return lines;
}

/// Which of them are still what they were: a number may have been closed, and be a client's socket by now.
std::vector<DescriptorLine> still_open(const std::vector<DescriptorLine>& lines) {
  std::vector<DescriptorLine> open;
  for (const DescriptorLine& line : lines)
    if (target_of("self", line.fd) == line.what) open.push_back(line);
  return open;
}

}  // namespace

void Stepper::want(Wanted wanted) {
  const std::lock_guard lock(mutex_);
  wanted_ = std::move(wanted);
  ++wishes_;
}

Stepper::Wanted Stepper::wanted() const {
  const std::lock_guard lock(mutex_);
  return wanted_;
}

std::optional<Stepper::Held> Stepper::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

bool Stepper::go_on() {
  const std::lock_guard lock(mutex_);
  if (!held_) return false;
  ++turn_;
  released_.notify_all();
  return true;
}

void Stepper::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  released_.notify_all();
}

void Stepper::cgi_environment(RequestId id, std::string_view script, std::span<const std::string>,
                              std::span<const std::string> arguments) {
  {
    const std::lock_guard lock(mutex_);
    // A FastCGI application, which has no arguments, is not started here.
    if (!wanted_.any() || stopped_ || arguments.empty() || !script.starts_with(wanted_.prefix)) return;
    if (chosen_ != 0 && chosen_ != id) return;
    chosen_ = id;
    pipes_.clear();
    pid_ = 0;
    is_running_ = is_answered_ = false;
  }
  hold(id, Stop::before_pipes);
}

void Stepper::cgi_pipes(RequestId id, const ScriptDescriptors& descriptors) {
  if (!is_chosen(id)) return;
  std::vector<DescriptorLine> pipes;
  for (const int fd : {descriptors.input_read, descriptors.input_write, descriptors.output_read,
                       descriptors.output_write, descriptors.error_read, descriptors.error_write})
    if (fd >= 0) pipes.push_back({fd, target_of("self", fd)});
  {
    const std::lock_guard lock(mutex_);
    pipes_ = std::move(pipes);
  }
  hold(id, Stop::before_fork);
}

void Stepper::cgi_spawned(RequestId id, int pid) {
  if (!is_chosen(id)) return;
  {
    const std::lock_guard lock(mutex_);
    pid_ = pid;
    is_running_ = true;
  }
  hold(id, Stop::before_first_byte);
}

void Stepper::cgi_reaping(RequestId id) {
  if (!is_chosen(id)) return;
  {
    const std::lock_guard lock(mutex_);
    pid_ = 0;  // a zombie has no descriptors
  }
  hold(id, Stop::before_waitpid);
}

void Stepper::cgi_exited(RequestId id, std::string_view, const ExitReport&) {
  if (!is_chosen(id)) return;
  const std::lock_guard lock(mutex_);
  is_running_ = false;
  free_if_over();
}

void Stepper::request_lost(RequestId id) {
  note_answered(id);
}

void Stepper::response_sent(RequestId id, const Request&, const Endpoints&, const AnswerSummary&) {
  note_answered(id);
}

void Stepper::note_answered(RequestId id) {
  if (!is_chosen(id)) return;
  const std::lock_guard lock(mutex_);
  is_answered_ = true;
  free_if_over();
}

/// A script may outlive its answer, and another one may follow it by a local redirect.
void Stepper::free_if_over() {
  if (is_answered_ && !is_running_) chosen_ = 0;
}

void Stepper::hold(RequestId id, Stop where) {
  std::unique_lock lock(mutex_);
  if (!wanted_.stops[static_cast<std::size_t>(where)] || stopped_) return;
  Held held{id, where, Clock::now(), still_open(pipes_), std::nullopt};
  if (pid_ != 0) held.script = descriptors_of(pid_);
  const std::uint64_t wishes = wishes_;
  lock.unlock();
  // Whoever sees that it is held finds that told.
  if (tell_) tell_(id, name_of(where));
  lock.lock();
  held_ = std::move(held);
  const std::uint64_t turn = turn_;
  const bool is_released = released_.wait_for(lock, longest_, [&] { return turn_ != turn || stopped_; });
  if (!is_released && wishes_ == wishes) wanted_.stops = {};
  held_.reset();
  lock.unlock();
  if (tell_) tell_(id, {});
}

}  // namespace tinyhttpd
