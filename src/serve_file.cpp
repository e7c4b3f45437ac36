#include "tinyhttpd/serve_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "tinyhttpd/conditional.hpp"

namespace tinyhttpd {
namespace {

/// Up to this size a file is read and sent with the head in one call; larger ones go by sendfile.
constexpr std::uint64_t kSmallFileBytes = 32 * 1024;

Validators validators_of(const FileFacts& facts, UnixTime now) {
  Validators validators;
  validators.etag =
      make_etag(facts.device, facts.inode, facts.size, facts.mtime_seconds, facts.mtime_nanoseconds);
  // Never later than Date, though the file may claim to come from the future (RFC 9110 section 8.8.2.1).
  validators.last_modified = std::min(facts.mtime_seconds, now);
  return validators;
}

void add_validators(Response& response, const Validators& validators) {
  response.add("ETag", validators.etag);
  response.add("Last-Modified", http_date(validators.last_modified));
}

Response not_modified(const Validators& validators) {
  Response response{.status = Status::not_modified};
  add_validators(response, validators);
  return response;
}

Response unsatisfiable(std::uint64_t size) {
  Response response = refuse(Rejection{Status::range_not_satisfiable, "range past the end of the file"});
  response.add("Content-Range", "bytes */" + std::to_string(size));
  return response;
}

/// The bytes of a small run as text; the file itself when the run is large, or shorter than it should be,
/// which sending will find out.
Body body_of(UniqueFd file, ByteRange range) {
  if (range.length > kSmallFileBytes)
    return FileBody{.file = std::move(file), .offset = range.first, .length = range.length};
  std::string bytes(range.length, '\0');
  const auto count = ::pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(range.first));
  if (count == static_cast<ssize_t>(range.length)) return bytes;
  return FileBody{.file = std::move(file), .offset = range.first, .length = range.length};
}

Response whole_or_part(OpenFile file, const RangeDecision& decision, const Validators& validators,
                       std::string_view media_type) {
  const ByteRange all{.first = 0, .length = file.facts.size};
  const bool part = decision.kind == RangeDecision::Kind::single;
  const ByteRange range = part ? decision.range : all;
  Response response{.status = part ? Status::partial_content : Status::ok};
  if (part) {
    response.add("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                      std::to_string(range.first + range.length - 1) + "/" +
                                      std::to_string(all.length));
  }
  add_validators(response, validators);
  response.add("Accept-Ranges", "bytes");
  response.add("Content-Type", media_type);
  response.body = body_of(std::move(file.fd), range);
  return response;
}

}  // namespace

Result<Response> serve_file(const Request& request, std::string_view path, const DocumentRoot& root,
                            const MediaTypes& types, UnixTime now) {
  auto file = root.open(path);
  if (!file) return refuse_path(path, file.error());
  if (!file->facts.readable_by_others())
    return forbidden(std::string(path) + ": only its owner or group may read it (chmod o+r serves it)");

  const Validators validators = validators_of(file->facts, now);
  switch (evaluate_conditions(request, validators, now)) {
    case Condition::not_modified: return not_modified(validators);
    case Condition::precondition_failed: return precondition_failed(std::string(path) + ": it has changed");
    case Condition::send: break;
  }
  const RangeDecision decision = decide_range(request, validators, file->facts.size, now);
  if (decision.kind == RangeDecision::Kind::unsatisfiable) return unsatisfiable(file->facts.size);
  return whole_or_part(std::move(*file), decision, validators, types.of(path));
}

}  // namespace tinyhttpd
