// Texts that must stay as they are, each in a file of its own below tests/recorded.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace tinyhttpd::testing {

/// What the file of that name holds. With TINYHTTPD_RECORD set in the environment it is written first, so
/// that a change can be read as a diff.
inline std::string golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(TINYHTTPD_SOURCE_DIR "/tests/recorded/") + name;
  if (std::getenv("TINYHTTPD_RECORD") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace tinyhttpd::testing
