// The files of src/page, which the build puts into the program.
#pragma once

#include <span>
#include <string_view>

namespace tinyhttpd {

struct PageFile {
  std::string_view path;  ///< as a browser asks for it: "/page.mjs"
  std::string_view type;  ///< media type
  std::string_view text;
};

/// All of them. The source of this is made by scripts/embed-page.cmake.
std::span<const PageFile> page_files();

}  // namespace tinyhttpd
