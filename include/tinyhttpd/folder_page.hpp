// The listing of a folder as a page.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/http_date.hpp"

namespace tinyhttpd {

/// One line of a listing.
struct FolderEntry {
  std::string name;  ///< as in the file system: any bytes but '/' and NUL; without a slash at the end
  bool is_folder = false;
  std::uint64_t size = 0;  ///< of a file, in bytes
  UnixTime modified = 0;
};

/// By what, and in which direction, a listing is sorted. Folders always come before files; equal ones by
/// name.
struct FolderOrder {
  enum class By { name, size, modified } by = By::name;
  bool descending = false;
};

/// The order a query asks for: "sort=name|size|date" and "order=asc|desc", in any order, the last of each
/// counts; anything else is ignored.
FolderOrder folder_order(std::string_view query);

/// Names are compared without ASCII case, runs of digits in them as numbers ("file9" before "file10").
void sort_entries(std::vector<FolderEntry>& entries, FolderOrder order);

/// The page: `path` is the folder's, decoded, "/" at both ends. Sizes in units of 1000 that a person reads
/// ("999 B", "1.4 kB", "12 MB"), dates as "2026-11-22 13:00" UTC, a link to the folder above, column heads
/// that sort. `left_out`: entries that are there and not shown. Whatever the names hold, they are only text,
/// and their links lead to entries of this folder (the class of CVE-2012-3499).
std::string folder_page(std::string_view path, const std::vector<FolderEntry>& entries, FolderOrder order,
                        std::size_t left_out);

}  // namespace tinyhttpd
