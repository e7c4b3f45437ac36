// Which handler answers a request, and why: the decision the tutorials make in accept_request.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/config.hpp"
#include "tinyhttpd/document_root.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

struct KeptFile;

/// Why a file is served, in words.
inline constexpr std::string_view kWhyFile = "a file, and no script";

struct FileRoute {
  std::string path = {};                      ///< normalised, of a regular file; empty with `kept`
  std::shared_ptr<const KeptFile> kept = {};  ///< what it is answered with, where a cache has it
};
struct ScriptRoute {
  ScriptTarget target;
};
/// What a FastCGI application answers.
struct FastcgiRoute {
  ScriptTarget target;
  std::size_t rule;  ///< its number in Config::fastcgi
};
/// What a command line program answers, asked by a JSON event.
struct JsonRoute {
  ScriptTarget target;
  std::size_t rule;  ///< its number in Config::json
};
/// The folder at `path`, which ends in '/', has no index and is listed (--autoindex).
struct FolderRoute {
  std::string path;
};
/// What was asked for is elsewhere (301): a folder without its slash, or what --redirect says.
struct RedirectRoute {
  std::string location;
};
/// OPTIONS, answered by the server itself.
struct OptionsRoute {
  std::string_view allow;
};
/// Whatever was asked for: the server is an application's alone.
struct ApplicationRoute {};

/// Where a request goes.
struct Route {
  /// Whether somebody outside this server answers, who needs a gateway place.
  bool needs_gateway() const {
    return std::holds_alternative<ScriptRoute>(to) || std::holds_alternative<FastcgiRoute>(to) ||
           std::holds_alternative<JsonRoute>(to);
  }

  std::variant<FileRoute, ScriptRoute, FastcgiRoute, JsonRoute, FolderRoute, RedirectRoute, OptionsRoute,
               ApplicationRoute>
      to;
  std::string_view handler;  ///< "serve_file", "execute_cgi", "forward_to_fastcgi", "invoke_json",
                             ///< "list_folder", "redirect", "options", "application"
  std::string_view why;      ///< in words, for whoever watches
};

/// Decides by what lies below the document root and by the CGI rules. Any thread may ask it; it changes
/// nothing.
class Router {
 public:
  /// Borrows both.
  Router(const DocumentRoot& root, const Config& config) : root_(root), config_(config) {}

  /// The route, or 403, 404, 405 (with Allow), 503.
  Result<Route> route(const Request& request) const;

  /// Whether a request for `path` (normalised, of a folder without its slash), where `facts` are, may get it:
  /// not a folder of scripts, nor a script that cannot be run.
  bool offers(std::string_view path, const FileFacts& facts) const;

  /// Whether `path` (normalised) is a file that may be sent as it is: neither a script nor hidden.
  bool is_plain_file(std::string_view path) const;

 private:
  struct Found;
  struct Gateway;
  Result<Found> find(std::string_view path) const;
  Result<Found> find_leading_file(std::string_view path) const;
  std::optional<Result<Route>> route_prefix(const Request& request) const;
  Result<Route> route_found(const Request& request, const Found& found) const;
  Result<Route> route_folder(const Request& request, std::string_view path) const;
  Result<Route> route_script(const Found& found, std::string_view why) const;
  Route route_gateway(ScriptTarget target, const Gateway& gateway) const;
  ScriptTarget target_of(std::string_view script_name, std::string_view path_info) const;
  Result<Route> route_file(const Request& request, std::string_view path) const;
  Result<Route> route_listing(const Request& request, std::string_view path) const;
  const std::string* interpreter_of(std::string_view path) const;
  std::optional<Gateway> gateway_of(std::string_view path) const;
  std::string_view why_script(std::string_view path, const FileFacts& facts) const;

  const DocumentRoot& root_;
  const Config& config_;
};

}  // namespace tinyhttpd
