#include "tinyhttpd/list_folder.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tinyhttpd/folder_page.hpp"
#include "tinyhttpd/request_target.hpp"

namespace tinyhttpd {
namespace {

/// Whether a request can name it: its path holds no bytes that are not UTF-8, say.
bool has_url(const std::string& path) {
  std::string asked;
  return normalise_path(percent_encode_path(path), asked) && asked == path;
}

/// The line of a name in the folder at `path`; none for what its link would not lead to.
std::optional<FolderEntry> entry_of(std::string_view path, std::string name, const DocumentRoot& root,
                                    const Offered& offered) {
  if (name.starts_with('.')) return std::nullopt;
  const std::string own_path = std::string(path) + name;
  if (!has_url(own_path)) return std::nullopt;
  const auto facts = root.look_up(own_path);
  if (!facts || facts->kind == FileFacts::Kind::special || !facts->readable_by_others()) return std::nullopt;
  if (!offered(own_path, *facts)) return std::nullopt;
  return FolderEntry{.name = std::move(name),
                     .is_folder = facts->kind == FileFacts::Kind::directory,
                     .size = facts->size,
                     .modified = facts->mtime_seconds};
}

}  // namespace

Result<Response> list_folder(const Request& request, std::string_view path, const DocumentRoot& root,
                             const Offered& offered, std::size_t most) {
  auto names = root.names(path, most);
  if (!names) return refuse_path(path, names.error());
  std::vector<FolderEntry> entries;
  for (std::string& name : names->names)
    if (auto entry = entry_of(path, std::move(name), root, offered)) entries.push_back(std::move(*entry));

  const FolderOrder order = folder_order(request.query);
  sort_entries(entries, order);
  Response response;
  response.add("Content-Type", "text/html; charset=utf-8");
  // It has no validator, and whoever adds a file wants to see it.
  response.add("Cache-Control", "no-cache");
  response.body = folder_page(path, entries, order, names->left_out);
  return response;
}

}  // namespace tinyhttpd
