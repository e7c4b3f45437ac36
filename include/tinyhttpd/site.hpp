// One configuration and what was made of it: all that a request is answered by.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tinyhttpd/authenticator.hpp"
#include "tinyhttpd/backends.hpp"
#include "tinyhttpd/config.hpp"
#include "tinyhttpd/document_root.hpp"
#include "tinyhttpd/execute_cgi.hpp"
#include "tinyhttpd/forward_to_fastcgi.hpp"
#include "tinyhttpd/media_type.hpp"
#include "tinyhttpd/router.hpp"
#include "tinyhttpd/serve_file.hpp"

namespace tinyhttpd {

/// Never changes once made. A new configuration is a new Site; requests in hand end with the one they began
/// with.
struct Site {
  /// For what whoever runs the server should know, a line each. Any thread.
  using Warn = std::function<void(const std::string&)>;

  /// Opens the document root: throws std::system_error that names it, or std::runtime_error that names a
  /// password file. `credentials` (of --cgi-user, or null) are borrowed; `system_types` are what the machine
  /// says of media types, which --mime overrules; `stop_fd` as in CgiHost.
  Site(
      Config config, const MediaTypes& system_types, const Credentials* credentials, int stop_fd,
      const Warn& warn = [](const std::string&) {});
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  // In this order: each is made of those before it.
  const Config config;
  const DocumentRoot root;
  const MediaTypes media_types;
  const Router router;
  const CgiHost cgi;

  /// Who may ask for what. Remembers, but never changes what is answered.
  Authenticator& authenticator() const { return *authenticator_; }

  /// Whom a rule of --fastcgi asks.
  FastcgiHost fastcgi(std::size_t rule) const { return {config, *backends_[rule], cgi.stop_fd}; }

  /// To be called every second or so.
  void close_idle_backends(TimePoint now) const;

  /// Another Site is in force: what is kept for the requests to come is given up.
  void retire() const;

 private:
  const std::unique_ptr<Authenticator> authenticator_;
  std::vector<std::shared_ptr<Backends>>
      backends_;  // for each rule of --fastcgi; one for all of the same list
  mutable KeptFiles kept_;
  mutable CompressedTexts compressed_;  // a cache changes, but never what is answered

 public:
  const FileHost files;
  const std::string turned_away;  ///< the whole answer to a client that there is no room for
};

/// What whoever runs the server should know of a configuration that is right: a page of --error-page that is
/// not there.
std::vector<std::string> doubts_about(const Site& site);

using SitePtr = std::shared_ptr<const Site>;

/// The Site that new requests are answered by. Any thread.
class CurrentSite {
 public:
  explicit CurrentSite(SitePtr site) : site_(std::move(site)) {}

  SitePtr get() const {
    std::lock_guard lock(mutex_);
    return site_;
  }

  void replace(SitePtr site) {
    std::lock_guard lock(mutex_);
    site_.swap(site);  // the old one is destroyed after the lock
  }

 private:
  mutable std::mutex mutex_;  // guards site_
  SitePtr site_;
};

}  // namespace tinyhttpd
