#include "tinyhttpd/router.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>

#include "tinyhttpd/media_type.hpp"
#include "tinyhttpd/request_target.hpp"

namespace tinyhttpd {

/// What the path led to, and what of the path was left over.
struct Router::Found {
  FileFacts facts;
  std::string_view path;
  std::string_view path_info;
};

/// Which rule of --fastcgi or --json covers a path.
struct Router::Gateway {
  bool is_fastcgi;
  std::size_t rule;
  std::string_view where;
  bool is_prefix() const { return where.front() == '/'; }
};

namespace {

constexpr std::string_view kFileMethods = "GET, HEAD, OPTIONS";
constexpr std::string_view kAllMethods = "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS";

/// A component that begins with a dot is nobody's business (.git, .htpasswd), but for .well-known (RFC 8615).
bool is_hidden(std::string_view path) {
  for (std::size_t slash = path.find("/."); slash != path.npos; slash = path.find("/.", slash + 1)) {
    std::string_view rest = path.substr(slash + 1);
    if (rest.substr(0, rest.find('/')) != ".well-known") return true;
  }
  return false;
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// Case is ignored: on some file systems X.CGI is x.cgi, and its source must not be sent under any spelling.
bool contains(const std::vector<std::string>& extensions, std::string_view extension) {
  return std::any_of(extensions.begin(), extensions.end(),
                     [&](const std::string& known) { return iequals(known, extension); });
}

bool is_reading(Method method) {
  return method == Method::get || method == Method::head;
}

bool is_below(const std::vector<std::string>& prefixes, std::string_view path) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return path.starts_with(prefix); });
}

/// What `where` says, a prefix or an extension, about a file or about a path that need not be one.
bool covers(std::string_view where, std::string_view path) {
  return where.front() == '/' ? path.starts_with(where) : iequals(where, extension_of(path));
}

/// The query goes before a fragment (RFC 3986 section 3).
std::string with_query(std::string location, const Request& request) {
  if (!request.has_query) return location;
  const std::size_t end = std::min(location.find('#'), location.size());
  return location.insert(end, "?" + std::string(request.query));
}

/// As absolute-path reference: never "//host", for the path was normalised and begins with one slash.
std::string with_slash(const Request& request) {
  return with_query(percent_encode_path(request.path) + "/", request);
}

/// Where it is now. What the client chose of it can become neither a host nor a part of one: "//evil" would
/// be a host to a browser, and "http://here" with ".evil" behind it another one.
std::string new_location(const Redirect& redirect, const Request& request) {
  std::string location = redirect.to;
  if (redirect.rest) {
    const std::size_t scheme_end = location.find("://");
    if (scheme_end != location.npos && location.find('/', scheme_end + 3) == location.npos) location += '/';
    std::string rest = percent_encode_path(std::string_view(request.path).substr(redirect.from.size()));
    if (location.ends_with('/')) rest.erase(0, std::min(rest.find_first_not_of('/'), rest.size()));
    location += rest;
  }
  return location.find('?') == location.npos ? with_query(std::move(location), request) : location;
}

Result<Route> options_or_405(const Request& request, std::string_view path, std::string_view what) {
  if (request.method == Method::options) return Route{OptionsRoute{kFileMethods}, "options", what};
  return method_not_allowed(
      std::string(path) + ": " + std::string(what) + ", cannot take " + std::string(request.method_name),
      std::string(kFileMethods));
}

}  // namespace

Result<Route> Router::route(const Request& request) const {
  if (request.method == Method::trace || request.method == Method::connect)
    return method_not_allowed(std::string(request.method_name) + " is served by nobody here",
                              std::string(kAllMethods));
  if (request.path == "*") return Route{OptionsRoute{kAllMethods}, "options", "the server as a whole"};
  for (const Redirect& redirect : config_.files.redirects)
    if (redirect.moves(request.path))
      return Route{RedirectRoute{new_location(redirect, request)}, "redirect", "--redirect says so"};
  if (auto to_gateway = route_prefix(request)) return *std::move(to_gateway);
  auto found = find(request.path);
  // A script's own name counts, not what follows it; where nothing is found, why not would tell what is
  // there.
  if (is_hidden(found ? found->path : request.path)) return not_found(request.path + ": a hidden name");
  if (!found) return std::move(found).error();
  return route_found(request, *found);
}

/// What --fastcgi or --json has for all below a prefix: no file need be there, the application knows what is.
std::optional<Result<Route>> Router::route_prefix(const Request& request) const {
  if (config_.fastcgi.rules.empty() && config_.json.empty()) return std::nullopt;
  const std::string_view path = request.path;
  const auto gateway = gateway_of(path);
  if (gateway && gateway->is_prefix()) {
    if (is_hidden(gateway->where)) return not_found(request.path + ": a hidden name");
    const std::size_t end = gateway->where.size() - 1;
    return route_gateway(target_of(path.substr(0, end), path.substr(end)), *gateway);
  }
  const auto of_folder = gateway_of(request.path + "/");
  if (!of_folder || of_folder->where.size() != path.size() + 1) return std::nullopt;
  return Route{RedirectRoute{with_slash(request)}, "redirect", "a prefix, asked for without its slash"};
}

Result<Router::Found> Router::find(std::string_view path) const {
  auto facts = root_.look_up(path);
  if (facts) return Found{*facts, path, {}};
  // Something before the last component is a file: if it is a script, the rest is for it. The kernel does not
  // look at a path that is too long, but a script may have been meant by its beginning.
  if (facts.error().value() == ENOTDIR || path.size() >= PATH_MAX) return find_leading_file(path);
  return refuse_path(path, facts.error());
}

Result<Router::Found> Router::find_leading_file(std::string_view path) const {
  // From the front, because the script's own name is short, and what follows it is as long as the client
  // likes.
  for (std::size_t end = path.find('/', 1); end != path.npos; end = path.find('/', end + 1)) {
    const std::string_view leading = path.substr(0, end);
    auto facts = root_.look_up(leading);
    if (!facts) return refuse_path(leading, facts.error());
    if (facts->kind != FileFacts::Kind::directory) return Found{*facts, leading, path.substr(end)};
  }
  return not_found(std::string(path) + ": no such file");
}

Result<Route> Router::route_found(const Request& request, const Found& found) const {
  if (found.facts.kind == FileFacts::Kind::directory) return route_folder(request, found.path);
  if (found.facts.kind == FileFacts::Kind::special)
    return not_found(std::string(found.path) + ": neither a file nor a folder");
  if (const auto gateway = gateway_of(found.path))
    return route_gateway(target_of(found.path, found.path_info), *gateway);
  const std::string_view why = why_script(found.path, found.facts);
  if (!why.empty()) return route_script(found, why);
  if (!found.path_info.empty())
    return not_found(std::string(found.path) + ": a file; only a script can take the rest of the path, " +
                     std::string(found.path_info));
  return route_file(request, found.path);
}

Result<Route> Router::route_folder(const Request& request, std::string_view path) const {
  if (!path.ends_with('/'))
    return Route{RedirectRoute{with_slash(request)}, "redirect", "a folder, asked for without its slash"};
  for (const std::string& name : config_.index) {
    const std::string index = std::string(path) + name;
    auto facts = root_.look_up(index);
    if (facts && facts->kind == FileFacts::Kind::regular)
      return route_found(request, Found{*facts, index, {}});
    // Only what is not there makes room for the next: a lack of descriptors must not change what a page is.
    if (!facts && facts.error().value() != ENOENT) return refuse_path(index, facts.error());
  }
  return route_listing(request, path);
}

Result<Route> Router::route_listing(const Request& request, std::string_view path) const {
  if (!config_.files.autoindex)
    return not_found(std::string(path) + ": a folder without an index (--autoindex on would list it)");
  // What scripts there are is nobody's business: a script is known by whoever was given its address.
  if (is_below(config_.cgi.prefixes, path))
    return not_found(std::string(path) + ": a folder below a --cgi-prefix is not listed");
  if (!is_reading(request.method)) return options_or_405(request, path, "a folder without an index");
  return Route{FolderRoute{std::string(path)}, "list_folder",
               "a folder without an index, and --autoindex is on"};
}

bool Router::offers(std::string_view path, const FileFacts& facts) const {
  if (facts.kind == FileFacts::Kind::directory)
    return !is_below(config_.cgi.prefixes, std::string(path) + "/");
  if (gateway_of(path)) return true;
  if (why_script(path, facts).empty()) return !iequals(extension_of(path), ".php");
  return interpreter_of(path) != nullptr || facts.executable_by_any();
}

bool Router::is_plain_file(std::string_view path) const {
  if (is_hidden(path) || gateway_of(path) || iequals(extension_of(path), ".php")) return false;
  auto facts = root_.look_up(path);
  return facts && facts->kind == FileFacts::Kind::regular && why_script(path, *facts).empty();
}

std::string_view Router::why_script(std::string_view path, const FileFacts& facts) const {
  const std::string_view extension = extension_of(path);
  if (is_below(config_.cgi.prefixes, path)) return "it lies below a --cgi-prefix";
  if (contains(config_.cgi.extensions, extension)) return "it has a --cgi-extension";
  if (interpreter_of(path) != nullptr) return "there is a --cgi-interpreter for it";
  if (config_.cgi.executable_bit && facts.executable_by_any() && !is_static_extension(extension))
    return "it has an execute bit, and no static extension";
  return {};
}

/// The program of --cgi-interpreter for this file, if there is one.
const std::string* Router::interpreter_of(std::string_view path) const {
  for (const auto& [extension, program] : config_.cgi.interpreters)
    if (iequals(extension, extension_of(path))) return &program;
  return nullptr;
}

/// The first rule that covers `path`. A JSON rule comes after those of FastCGI.
std::optional<Router::Gateway> Router::gateway_of(std::string_view path) const {
  const auto& fastcgi = config_.fastcgi.rules;
  for (std::size_t rule = 0; rule < fastcgi.size(); ++rule)
    if (covers(fastcgi[rule].where, path)) return Gateway{true, rule, fastcgi[rule].where};
  for (std::size_t rule = 0; rule < config_.json.size(); ++rule)
    if (covers(config_.json[rule].where, path)) return Gateway{false, rule, config_.json[rule].where};
  return std::nullopt;
}

Route Router::route_gateway(ScriptTarget target, const Gateway& gateway) const {
  if (gateway.is_fastcgi)
    return Route{FastcgiRoute{std::move(target), gateway.rule}, "forward_to_fastcgi",
                 "there is a --fastcgi for it"};
  return Route{JsonRoute{std::move(target), gateway.rule}, "invoke_json", "there is a --json for it"};
}

ScriptTarget Router::target_of(std::string_view script_name, std::string_view path_info) const {
  ScriptTarget target;
  target.script_name = script_name;
  target.path_info = path_info;
  target.document_root = root_.absolute_path();
  target.script_filename = target.document_root + target.script_name;
  return target;
}

Result<Route> Router::route_script(const Found& found, std::string_view why) const {
  ScriptTarget target = target_of(found.path, found.path_info);
  if (const std::string* interpreter = interpreter_of(found.path)) {
    target.interpreter = *interpreter;
  } else if (!found.facts.executable_by_any()) {
    return cannot_execute({ScriptFault::not_executable});
  }
  target.non_parsed_header = base_name(found.path).starts_with("nph-");
  return Route{ScriptRoute{std::move(target)}, "execute_cgi", why};
}

Result<Route> Router::route_file(const Request& request, std::string_view path) const {
  // Its source may hold passwords, and nobody puts a PHP program into a site to be read.
  if (iequals(extension_of(path), ".php"))
    return forbidden(std::string(path) +
                     ": nothing runs PHP here (--fastcgi .php=unix:/run/php/php-fpm.sock, or "
                     "--cgi-interpreter .php=/usr/bin/php-cgi)");
  if (!is_reading(request.method)) return options_or_405(request, path, kWhyFile);
  return Route{FileRoute{std::string(path)}, "serve_file", kWhyFile};
}

}  // namespace tinyhttpd
