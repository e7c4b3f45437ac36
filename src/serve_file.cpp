#include "tinyhttpd/serve_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tinyhttpd/conditional.hpp"
#include "tinyhttpd/multipart.hpp"
#include "tinyhttpd/representation.hpp"

namespace tinyhttpd {
namespace {

/// Up to this size what is sent of a file is read and sent with the head in one call; more goes by sendfile.
constexpr std::uint64_t kSmallFileBytes = 32 * 1024;

/// What 200, 206 and 304 say alike (RFC 9110 section 15.4.5).
void add_validators(Response& response, const Representation& representation) {
  response.add("ETag", representation.validators.etag);
  response.add("Last-Modified", http_date(representation.validators.last_modified));
  if (representation.negotiated) response.add("Vary", "Accept-Encoding");
}

Response not_modified(const Representation& representation) {
  Response response{.status = Status::not_modified};
  add_validators(response, representation);
  return response;
}

Response unsatisfiable(const Representation& representation) {
  Response response = refuse(Rejection{Status::range_not_satisfiable, "range past the end of the file"});
  response.add("Content-Range", "bytes */" + std::to_string(representation.file.facts.size));
  if (representation.negotiated) response.add("Vary", "Accept-Encoding");
  return response;
}

/// An answer with a representation, or with parts of it; its body comes after. `content_type`: of the body.
Response described(Status status, const Representation& representation, std::string_view content_type) {
  Response response{.status = status};
  add_validators(response, representation);
  if (!representation.made_here) response.add("Accept-Ranges", "bytes");
  if (representation.coding != Coding::identity)
    response.add("Content-Encoding", name_of(representation.coding));
  response.add("Content-Type", content_type);
  return response;
}

/// Appends a run of a file to `bytes`; false when the file ends before it does.
bool append_run(std::string& bytes, int file, ByteRange range) {
  const std::size_t before = bytes.size();
  bytes.resize(before + range.length);
  return ::pread(file, bytes.data() + before, range.length, static_cast<off_t>(range.first)) ==
         static_cast<ssize_t>(range.length);
}

/// The bytes of a small run as text; the file itself when the run is large, or shorter than it should be,
/// which sending will find out.
Body body_of(UniqueFd file, ByteRange range) {
  std::string bytes;
  if (range.length <= kSmallFileBytes && append_run(bytes, file.get(), range)) return bytes;
  return FileBody{.file = std::make_shared<const UniqueFd>(std::move(file)),
                  .offset = range.first,
                  .length = range.length};
}

/// Likewise for parts and the text between them.
Body body_of(UniqueFd file, MultipartRanges ranges) {
  std::string bytes;
  bool is_whole = ranges.content_length <= kSmallFileBytes;
  for (auto part = ranges.parts.begin(); is_whole && part != ranges.parts.end(); ++part) {
    bytes.append(part->text);
    is_whole = append_run(bytes, file.get(), {part->offset, part->length});
  }
  if (is_whole) return bytes;
  return PartsBody{.file = std::move(file), .parts = std::move(ranges.parts)};
}

Response whole(Representation representation) {
  Response response = described(Status::ok, representation, representation.media_type);
  const ByteRange all{.first = 0, .length = representation.file.facts.size};
  response.body = body_of(std::move(representation.file.fd), all);
  return response;
}

/// When the content cannot be had at once as its tag promises, for it is being written, or there is too much
/// to compress: opened anew, and sent as it is.
Result<Response> serve_changing(const Request& request, std::string_view path, const FileHost& host,
                                UnixTime now) {
  FileHost plain_host{host.root, host.types, false, host.compressed, host.kept, host.first_index};
  auto representation = choose_representation(request, path, plain_host, now);
  if (representation) return whole(std::move(*representation));
  if (representation.error().status != Status::not_acceptable) return std::move(representation).error();
  return unavailable(std::string(path) + ": it cannot be compressed now, and the client takes nothing else");
}

Response one_part(Representation representation, ByteRange range) {
  Response response = described(Status::partial_content, representation, representation.media_type);
  response.add("Content-Range", content_range(range, representation.file.facts.size));
  response.body = body_of(std::move(representation.file.fd), range);
  return response;
}

Response several_parts(Representation representation, const std::vector<ByteRange>& ranges) {
  auto parts = multipart_ranges(ranges, representation.file.facts.size, representation.media_type,
                                representation.validators.etag);
  Response response = described(Status::partial_content, representation, parts.content_type);
  response.body = body_of(std::move(representation.file.fd), std::move(parts));
  return response;
}

Response whole_or_parts(const Request& request, Representation representation, UnixTime now) {
  const RangeDecision decision =
      decide_range(request, representation.validators, representation.file.facts.size, now);
  if (decision.kind == RangeDecision::Kind::unsatisfiable) return unsatisfiable(representation);
  if (decision.kind == RangeDecision::Kind::whole) return whole(std::move(representation));
  if (decision.parts.size() == 1) return one_part(std::move(representation), decision.parts.front());
  // Content-Encoding would be said of the text between the parts, too: of a coded file, one part or all.
  if (representation.coding != Coding::identity) return whole(std::move(representation));
  return several_parts(std::move(representation), decision.parts);
}

/// The content where it is small or made here: null when it is neither, or changes while it is read.
SharedText text_of(const Representation& representation, const FileHost& host, UnixTime now) {
  if (representation.made_here) return compressed_text(representation, host, now);
  if (representation.file.facts.size > KeptFiles::kMostContentBytes) return nullptr;
  auto bytes = read_whole(representation.file);
  return bytes ? std::make_shared<const std::string>(std::move(*bytes)) : nullptr;
}

/// The representation, ready to be sent more than once; null when its content cannot be had as its tag
/// promises.
std::shared_ptr<KeptFile> prepare(Representation representation, const FileHost& host, UnixTime now) {
  auto file = std::make_shared<KeptFile>();
  file->fields = described(Status::ok, representation, representation.media_type).fields;
  file->not_modified_fields = not_modified(representation).fields;
  file->text = text_of(representation, host, now);
  const bool is_large = representation.file.facts.size > KeptFiles::kMostContentBytes;
  if (!file->text && (representation.made_here || !is_large)) return nullptr;
  file->size = file->text ? file->text->size() : representation.file.facts.size;
  if (!file->text) file->file = std::make_shared<const UniqueFd>(std::move(representation.file.fd));
  file->origins = std::move(representation.origins);
  file->validators = std::move(representation.validators);
  file->negotiated = representation.negotiated;
  file->made = now;
  return file;
}

bool is_settled(const Representation& representation, UnixTime now) {
  return std::all_of(representation.origins.begin(), representation.origins.end(),
                     [now](const KeptFile::Origin& origin) { return is_settled(origin.facts, now); });
}

/// A folder's answer comes from its index; another one than the first may be no longer the first tomorrow.
bool stands_for(std::string_view path, const Request& request, const FileHost& host) {
  if (path == request.path) return true;
  return request.path.ends_with('/') && path.substr(0, request.path.size()) == request.path &&
         path.substr(request.path.size()) == host.first_index;
}

}  // namespace

Result<Response> serve_kept(const Request& request, const KeptFilePtr& file, UnixTime now) {
  switch (evaluate_conditions(request, file->validators, now)) {
    case Condition::not_modified:
      return Response{.status = Status::not_modified,
                      .kept_fields = SharedText(file, &file->not_modified_fields)};
    case Condition::precondition_failed:
      return precondition_failed(file->origins.front().path + ": it has changed");
    case Condition::send: break;
  }
  // The fields live as long as the file they belong to.
  Response response{.kept_fields = SharedText(file, &file->fields)};
  if (file->text) {
    response.body = file->text;
  } else {
    response.body = FileBody{.file = file->file, .offset = 0, .length = file->size};
  }
  return response;
}

Result<Response> serve_file(const Request& request, std::string_view path, const FileHost& host,
                            UnixTime now) {
  auto representation = choose_representation(request, path, host, now);
  if (!representation) return std::move(representation).error();
  const Condition condition = evaluate_conditions(request, representation->validators, now);
  if (condition == Condition::precondition_failed)
    return precondition_failed(std::string(path) + ": it has changed");
  const bool has_range = request.field("Range").has_value();
  const bool may_keep = !has_range && is_settled(*representation, now) && stands_for(path, request, host);
  // Nothing is compressed for somebody who has it already.
  if (condition == Condition::not_modified && (!may_keep || representation->made_here))
    return not_modified(*representation);
  if (has_range && !representation->made_here)
    return whole_or_parts(request, std::move(*representation), now);

  const KeptFilePtr file = prepare(std::move(*representation), host, now);
  if (!file) return serve_changing(request, path, host, now);
  if (may_keep) host.kept.keep(request, file);
  return serve_kept(request, file, now);
}

Result<Response> serve_error_page(Status status, std::string_view path, const FileHost& host) {
  auto file = open_for_everybody(host.root, path);
  if (!file) return std::move(file).error();
  Response response{.status = status};
  response.add("Content-Type", host.types.of(path));
  response.body = body_of(std::move(file->fd), {.first = 0, .length = file->facts.size});
  return response;
}

}  // namespace tinyhttpd
