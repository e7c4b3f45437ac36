// Answers with the listing of a folder (--autoindex).
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "tinyhttpd/document_root.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

/// Whether what lies at a path, which is there, can be had by a request for it.
using Offered = std::function<bool(std::string_view path, const FileFacts& facts)>;

/// So many names are read and looked up for one listing; more would hold up a worker.
inline constexpr std::size_t kMostListed = 10'000;

/// The answer to a GET or HEAD for the folder at `path` (normalised, ends in '/'), in the order the query
/// asks for. Shows what can be had by its link: no hidden names, no links that lead where they may not,
/// nothing but folders and files that others may read and that are `offered`. Of a folder with more than
/// `most` names it shows `most` at the most, and says how many it left out. 403 for a folder that others may
/// not read; else the errors of refuse_path().
Result<Response> list_folder(const Request& request, std::string_view path, const DocumentRoot& root,
                             const Offered& offered, std::size_t most = kMostListed);

}  // namespace tinyhttpd
