// Whatever a target holds: a refusal, or a path that is safe to walk and that has no other spelling.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tinyhttpd/request_target.hpp"

using namespace tinyhttpd;

namespace {

void must(bool invariant) {
  if (!invariant) std::abort();
}

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

void check_safe(std::string_view path) {
  must(path.starts_with('/'));
  must(!holds(path, "//") && !holds(path, "/./") && !holds(path, "/../"));
  must(!path.ends_with("/.") && !path.ends_with("/.."));
  for (const char c : path) must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

void check_path(std::string_view raw) {
  std::string path;
  if (!normalise_path(raw, path)) return;
  check_safe(path);
  must(path.size() <= raw.size());
  std::string again;
  must(static_cast<bool>(normalise_path(percent_encode_path(path), again)));
  must(again == path);
}

void check_escapes(std::string_view raw) {
  std::string decoded;
  must(percent_decode(percent_encode_path(raw), decoded));
  must(decoded == raw);
  if (percent_decode(raw, decoded)) must(decoded.size() <= raw.size());
}

void check_authority(std::string_view text) {
  std::string_view host;
  std::string_view port;
  if (!split_authority(text, host, port)) return;
  must(!host.empty() && host.data() == text.data());
  must(text.size() == host.size() + (text.size() == host.size() ? 0 : 1) + port.size());
  must(host.find_first_of("/@?#, %\\") == host.npos);
  must(port.find_first_not_of("0123456789") == port.npos && port.size() <= 5);
}

void check_target(std::string_view target, Method method) {
  Request request;
  request.method = method;
  request.target = target;
  if (!parse_target(request)) return;
  if (request.path == "*") {
    must(method == Method::options || method == Method::connect);
  } else {
    check_safe(request.path);
  }
  must(request.query.empty() || (request.has_query && target.ends_with(request.query)));
  must(request.host.empty() == request.host_field.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_path(text);
  check_escapes(text);
  check_authority(text);
  for (const Method method : {Method::get, Method::options, Method::connect}) check_target(text, method);
  return 0;
}
