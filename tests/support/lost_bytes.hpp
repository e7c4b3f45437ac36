// A disk that fails: what was stored on it cannot be read again.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

namespace tinyhttpd {

/// Takes the bytes out of all files without a name that this process has open in `folder`.
inline void lose_stored_bytes(const std::string& folder) {
  for (const auto& descriptor : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string file = std::filesystem::read_symlink(descriptor.path(), gone).string();
    if (gone || !file.starts_with(folder + "/") || !file.ends_with(" (deleted)")) continue;
    (void)!::ftruncate(std::stoi(descriptor.path().filename().string()), 0);
  }
}

}  // namespace tinyhttpd
