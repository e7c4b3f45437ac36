#include "tinyhttpd/kept_files.hpp"

#include <algorithm>
#include <array>

#include "tinyhttpd/content_coding.hpp"

namespace tinyhttpd {
namespace {

/// How coarse the times of a file may be (FAT). A file that changed so recently may change again without its
/// times telling, and what a cache held of it would stay wrong.
constexpr UnixTime kCoarsestTime = 2;

/// How long it is believed that there is no better sibling.
constexpr UnixTime kSiblingsSeconds = 1;

/// What an entry takes beside its texts: nodes, counts, and what the allocator adds.
constexpr std::uint64_t kEntryBytes = 512;

/// Whether an answer to it can be kept, or come from what was kept.
bool is_plain(const Request& request) {
  const bool reads = request.method == Method::get || request.method == Method::head;
  return reads && !request.framing.has_body() && !request.field("Range");
}

/// The codings the client takes, best first, a letter each, down to identity: two requests with the same get
/// the same representation.
void append_ranking(std::string& key, const Request& request) {
  const CodingPreferences preferences(request);
  std::array<Coding, 3> codings = {Coding::br, Coding::gzip, Coding::identity};
  auto end = codings.end();
  while (const auto coding = preferences.choose({codings.begin(), end})) {
    key += *coding == Coding::br ? 'b' : *coding == Coding::gzip ? 'g' : 'i';
    if (*coding == Coding::identity) return;
    end = std::remove(codings.begin(), end, *coding);
  }
}

/// NUL is in no path.
void write_key(std::string& key, const Request& request) {
  key.assign(request.path).push_back('\0');
  if (request.field("Accept-Encoding")) {
    append_ranking(key, request);
  } else {
    key += 'i';
  }
}

bool is_unchanged(const KeptFile& file, const DocumentRoot& root) {
  return std::all_of(file.origins.begin(), file.origins.end(), [&root](const KeptFile::Origin& origin) {
    const auto facts = root.glance(origin.path);
    return facts && *facts == origin.facts;
  });
}

}  // namespace

bool is_settled(const FileFacts& facts, UnixTime now) {
  return std::max(facts.mtime_seconds, facts.ctime_seconds) < now - kCoarsestTime;
}

KeptFilePtr KeptFiles::find(const Request& request, const DocumentRoot& root, UnixTime now,
                            const Turns& turns) {
  if (!is_plain(request)) return nullptr;
  thread_local std::string key;  // keeps its memory
  write_key(key, request);
  KeptFilePtr file = files_.find(key);
  if (!file || (file->negotiated && now > file->made + kSiblingsSeconds)) return nullptr;
  // What somebody saw of it after the request had come is as good as a look of our own.
  if (turns.seen > 0 && turns.seen <= file->looked_at) return file;
  if (!is_unchanged(*file, root)) return nullptr;
  file->looked_at = turns.now;
  return file;
}

void KeptFiles::keep(const Request& request, const KeptFilePtr& file) {
  if (!is_plain(request)) return;
  std::string key;
  write_key(key, request);
  const std::uint64_t content = file->text ? file->text->size() : bytes_of_descriptor_;
  files_.keep(std::move(key), file,
              content + file->fields.size() + file->not_modified_fields.size() + kEntryBytes);
}

}  // namespace tinyhttpd
