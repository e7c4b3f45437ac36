#include "tinyhttpd/representation.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tinyhttpd/gzip.hpp"
#include "tinyhttpd/serve_file.hpp"

namespace tinyhttpd {
namespace {

/// Smaller files fit into one packet with their head as they are.
constexpr std::uint64_t kLeastToCompress = 512;

/// Larger ones would hold a worker for more than a moment, and memory for each client at once. A sibling that
/// was compressed beforehand has no limit.
constexpr std::uint64_t kMostToCompress = 4ULL << 20U;

std::string etag_of(const FileFacts& facts) {
  return make_etag(facts.device, facts.inode, facts.size, facts.mtime_seconds, facts.mtime_nanoseconds);
}

/// "-gzip" and the like, before the closing quote.
std::string with_suffix(std::string etag, std::string_view suffix) {
  return etag.insert(etag.size() - 1, suffix);
}

/// Never later than Date, though a file may claim to come from the future (RFC 9110 section 8.8.2.1).
Validators validators_of(std::string etag, UnixTime modified, UnixTime now) {
  return {std::move(etag), std::min(modified, now)};
}

/// Some programs that copy times copy whole seconds alone.
bool is_older(const FileFacts& sibling, const FileFacts& file) {
  if (sibling.mtime_seconds != file.mtime_seconds) return sibling.mtime_seconds < file.mtime_seconds;
  return sibling.mtime_nanoseconds != 0 && sibling.mtime_nanoseconds < file.mtime_nanoseconds;
}

std::string sibling_path(std::string_view path, Coding coding) {
  return std::string(path).append(coding == Coding::br ? ".br" : ".gz");
}

/// The file beside it that holds the same in this coding. None when it does not count: then it is as if it
/// were not there.
std::optional<OpenFile> open_sibling(std::string_view path, Coding coding, const FileFacts& file,
                                     const DocumentRoot& root) {
  auto sibling = open_for_everybody(root, sibling_path(path, coding));
  if (!sibling || is_older(sibling->facts, file)) return std::nullopt;
  return std::move(*sibling);
}

/// A part of what is compressed here is of no use: another zlib may give other bytes. So who asks for a part
/// gets one of the file itself.
bool prefers_parts(const Request& request) {
  constexpr Coding kIdentity[] = {Coding::identity};
  return request.method == Method::get && request.field("Range") && choose_coding(request, kIdentity);
}

bool may_compress(const Request& request, const FileFacts& facts, const FileHost& host) {
  return host.gzip && facts.size >= kLeastToCompress && facts.size <= kMostToCompress &&
         !prefers_parts(request);
}

/// Makes `representation`, which is the file itself, that of `coding`. False when there is none.
bool change_coding(Representation& representation, Coding coding, const Request& request,
                   std::string_view path, const FileHost& host, UnixTime now) {
  const FileFacts facts = representation.file.facts;
  if (auto sibling = open_sibling(path, coding, facts, host.root)) {
    const std::string etag = with_suffix(etag_of(sibling->facts), coding == Coding::br ? "-br" : "-gz");
    const UnixTime modified = std::max(facts.mtime_seconds, sibling->facts.mtime_seconds);
    representation.validators = validators_of(etag, modified, now);
    representation.origins.push_back({sibling_path(path, coding), sibling->facts});
    representation.file = std::move(*sibling);
  } else if (coding == Coding::gzip && may_compress(request, facts, host)) {
    representation.validators.etag = with_suffix(representation.validators.etag, "-gzip");
    representation.made_here = true;
  } else {
    return false;
  }
  representation.coding = coding;
  return true;
}

}  // namespace

Result<OpenFile> open_for_everybody(const DocumentRoot& root, std::string_view path) {
  auto file = root.open(path);
  if (!file) return refuse_path(path, file.error());
  if (!file->facts.readable_by_others())
    return forbidden(std::string(path) + ": only its owner or group may read it (chmod o+r serves it)");
  return std::move(*file);
}

Result<Representation> choose_representation(const Request& request, std::string_view path,
                                             const FileHost& host, UnixTime now) {
  auto file = open_for_everybody(host.root, path);
  if (!file) return std::move(file).error();
  Representation representation{.file = std::move(*file), .media_type = host.types.of(path)};
  const FileFacts& facts = representation.file.facts;
  representation.validators = validators_of(etag_of(facts), facts.mtime_seconds, now);
  representation.origins.push_back({std::string(path), facts});
  representation.negotiated = is_compressible(representation.media_type);

  // In the server's order of preference: br is smaller than gzip, and both than the file.
  std::vector<Coding> codings = {Coding::br, Coding::gzip, Coding::identity};
  if (!representation.negotiated) codings = {Coding::identity};
  // Only what the client likes best is looked for, and then what it likes next.
  while (const auto coding = choose_coding(request, codings)) {
    if (*coding == Coding::identity) return representation;
    if (change_coding(representation, *coding, request, path, host, now)) return representation;
    codings.erase(std::find(codings.begin(), codings.end(), *coding));
  }
  return not_acceptable(std::string(path) + ": the client takes no coding there is, not even identity");
}

std::optional<std::string> read_whole(const OpenFile& file) {
  std::string bytes(file.facts.size, '\0');
  for (std::size_t size = 0; size < bytes.size();) {
    const ssize_t count =
        ::pread(file.fd.get(), bytes.data() + size, bytes.size() - size, static_cast<off_t>(size));
    if (count <= 0) return std::nullopt;
    size += static_cast<std::size_t>(count);
  }
  struct stat status {};
  const bool same = ::fstat(file.fd.get(), &status) == 0 &&
                    static_cast<std::uint64_t>(status.st_size) == file.facts.size &&
                    status.st_mtim.tv_sec == file.facts.mtime_seconds &&
                    status.st_mtim.tv_nsec == file.facts.mtime_nanoseconds;
  if (!same) return std::nullopt;
  return bytes;
}

SharedText compressed_text(const Representation& representation, const FileHost& host, UnixTime now) {
  const FileFacts& facts = representation.file.facts;
  // Together they say all of the file's state: its times can be put back, but for this one.
  const std::string key = representation.validators.etag + std::to_string(facts.ctime_seconds) + "." +
                          std::to_string(facts.ctime_nanoseconds);
  return host.compressed.get(key, is_settled(facts, now), [&]() -> std::optional<std::string> {
    const auto bytes = read_whole(representation.file);
    if (!bytes) return std::nullopt;
    return gzip(*bytes);
  });
}

}  // namespace tinyhttpd
