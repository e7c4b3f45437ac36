#include "tinyhttpd/process_group.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace tinyhttpd {
namespace {

/// Whether `pid` names a process of that group that is not a zombie.
bool runs_in_group(const std::filesystem::path& process, pid_t group) {
  std::ifstream file(process / "stat");
  std::string text;
  std::getline(file, text, '\0');
  // After the name, which is in parentheses and may hold some itself: state, parent, group.
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return false;
  std::istringstream rest(text.substr(end_of_name + 1));
  char state = 0;
  pid_t parent = 0;
  pid_t its_group = 0;
  rest >> state >> parent >> its_group;
  return its_group == group && state != 'Z' && state != 'X';
}

}  // namespace

std::size_t count_followers(pid_t leader) {
  std::size_t count = 0;
  std::error_code error;
  std::filesystem::directory_iterator processes("/proc", error);
  // A process may end while its entry is looked at: that is no error.
  for (const std::filesystem::directory_iterator end; !error && processes != end;
       processes.increment(error)) {
    const std::string name = processes->path().filename().string();
    const bool is_process =
        std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (is_process && name != std::to_string(leader) && runs_in_group(processes->path(), leader)) ++count;
  }
  return count;
}

}  // namespace tinyhttpd
