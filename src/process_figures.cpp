#include "tinyhttpd/process_figures.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Takes a decimal number and the space after it off the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty()) text.remove_prefix(1);
  return number;
}

/// proc(5): the first two numbers of /proc/self/statm are the whole size and what is resident, in pages.
void read_memory(ProcessFigures& figures) {
  const UniqueFd file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  if (!file) return;
  std::array<char, 256> buffer;
  const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
  if (count <= 0) return;
  std::string_view text(buffer.data(), static_cast<std::size_t>(count));
  const auto whole = take_number(text);
  const auto resident = take_number(text);
  if (!whole || !resident) return;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  figures.virtual_bytes = *whole * page;
  figures.resident_bytes = *resident * page;
}

std::optional<std::uint64_t> count_open_fds() {
  std::error_code error;
  std::uint64_t count = 0;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  if (error || count == 0) return std::nullopt;
  return count - 1;  // one was the folder itself
}

std::optional<std::uint64_t> fd_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

}  // namespace

ProcessFigures process_figures() {
  ProcessFigures figures{.cpu_seconds = cpu_seconds(),
                         .resident_bytes = {},
                         .virtual_bytes = {},
                         .open_fds = count_open_fds(),
                         .max_fds = fd_limit()};
  read_memory(figures);
  return figures;
}

}  // namespace tinyhttpd
