#include "tinyhttpd/site.hpp"

#include <filesystem>
#include <map>

namespace tinyhttpd {
namespace {

MediaTypes media_types_of(const Config& config, MediaTypes types) {
  for (const auto& [extension, type] : config.files.mime_types) types.add(extension, type);
  return types;
}

std::string turned_away_text(const Config& config) {
  constexpr std::string_view kText = "Too many clients. Try later\n";
  Response response{.status = Status::service_unavailable};
  response.add("Content-Type", "text/plain");
  response.add("Retry-After", "5");
  add_configured(response, config.files.fields);
  // Without a Date: this answer is made once, and a server without a clock sends none (RFC 9110
  // section 6.6.1).
  std::string text = "HTTP/1.1 503 Service Unavailable\r\n" + response.fields;
  text.append("Content-Length: ")
      .append(std::to_string(kText.size()))
      .append("\r\nConnection: close\r\n\r\n");
  return text.append(kText);
}

/// Rules that name the same backends in the same order share what is known of them, and the connections kept
/// to them; a backend that stands in two lists is known, and kept connections to, in each for itself.
std::vector<std::shared_ptr<Backends>> backends_of(const FastcgiConfig& config, const Site::Warn& warn) {
  std::map<std::vector<std::string>, std::shared_ptr<Backends>> by_list;
  std::vector<std::shared_ptr<Backends>> backends;
  for (const FastcgiRule& rule : config.rules) {
    auto& shared = by_list[rule.backends];
    if (!shared) shared = std::make_shared<Backends>(rule.backends, config.connections, warn);
    backends.push_back(shared);
  }
  return backends;
}

/// Whether a password file lies where clients could ask for it.
bool is_served(const std::string& file, const DocumentRoot& root) {
  std::error_code error;
  const std::string path = std::filesystem::weakly_canonical(file, error).string();
  return !error && path.starts_with(root.absolute_path() + "/");
}

}  // namespace

Site::Site(Config the_config, const MediaTypes& system_types, const Credentials* credentials, int stop_fd,
           const Warn& warn)
    : config(std::move(the_config)),
      root(config.root, config.symlinks),
      media_types(media_types_of(config, system_types)),
      router(root, config),
      cgi{config.cgi, root, credentials, stop_fd, config.limits.spool_dir},
      authenticator_(std::make_unique<Authenticator>(config.auth, warn)),
      backends_(backends_of(config.fastcgi, warn)),
      kept_(config.files.cache_bytes / 2),
      compressed_(config.files.cache_bytes / 2),
      files{root, media_types, config.files.gzip, compressed_, kept_, config.index.front()},
      turned_away(turned_away_text(config)) {}

void Site::retire() const {
  for (const auto& backends : backends_) backends->retire();
}

void Site::close_idle_backends(TimePoint now) const {
  for (const auto& backends : backends_) backends->close_idle(now);
}

std::vector<std::string> doubts_about(const Site& site) {
  std::vector<std::string> doubts;
  for (const auto& [status, page] : site.config.files.error_pages)
    if (!site.router.is_plain_file(page))
      doubts.push_back("--error-page " + std::to_string(status) + "=" + page +
                       ": there is no such file that could be sent; the page of the server is used");
  for (const AuthRule& rule : site.config.auth)
    if (is_served(rule.file, site.root))
      doubts.push_back("--auth " + rule.prefix + "=" + rule.file +
                       ": the password file lies in the document root, where clients may ask for it");
  return doubts;
}

}  // namespace tinyhttpd
