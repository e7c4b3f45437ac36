// What this process uses of the machine.
#pragma once

#include <cstdint>
#include <optional>

namespace tinyhttpd {

/// What cannot be had is absent: in a --chroot there is no /proc.
struct ProcessFigures {
  double cpu_seconds = 0;  ///< user and system time of all threads; scripts are not among it
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> open_fds;
  std::optional<std::uint64_t> max_fds;  ///< the soft limit; absent where there is none
};

/// As it is now. Any thread.
ProcessFigures process_figures();

}  // namespace tinyhttpd
