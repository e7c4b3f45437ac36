#include "tinyhttpd/serve_file.hpp"

#include <unistd.h>

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
  return FileBody{.file = std::move(file), .offset = range.first, .length = range.length};
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

/// When it cannot be compressed at the moment: it is being written, or there is too much to do. Opened anew,
/// and sent as it is.
Result<Response> serve_plain(const Request& request, std::string_view path, const FileHost& host,
                             UnixTime now) {
  auto plain = serve_file(request, path, {host.root, host.types, false, host.compressed}, now);
  if (!plain && plain.error().status == Status::not_acceptable)
    return unavailable(std::string(path) +
                       ": it cannot be compressed now, and the client takes nothing else");
  return plain;
}

}  // namespace

Result<Response> serve_file(const Request& request, std::string_view path, const FileHost& host,
                            UnixTime now) {
  auto representation = choose_representation(request, path, host, now);
  if (!representation) return std::move(representation).error();
  switch (evaluate_conditions(request, representation->validators, now)) {
    case Condition::not_modified: return not_modified(*representation);
    case Condition::precondition_failed: return precondition_failed(std::string(path) + ": it has changed");
    case Condition::send: break;
  }
  if (!representation->made_here) return whole_or_parts(request, std::move(*representation), now);

  Response response = described(Status::ok, *representation, representation->media_type);
  SharedText text = compressed_text(*representation, host, now);
  if (!text) return serve_plain(request, path, host, now);
  response.body = std::move(text);
  return response;
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
