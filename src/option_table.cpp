#include "tinyhttpd/option_table.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "tinyhttpd/file_options.hpp"
#include "tinyhttpd/gateway_options.hpp"
#include "tinyhttpd/option_readers.hpp"

namespace tinyhttpd {

namespace {

constexpr std::uint64_t kGiB = 1ULL << 30U;

/// To one backend. More would hold that many of its workers idle.
constexpr std::uint64_t kMostKeptConnections = 1024;

constexpr std::array<std::pair<std::string_view, Symlinks>, 3> kSymlinks = {
    {{"inside", Symlinks::inside}, {"follow", Symlinks::follow}, {"off", Symlinks::off}}};

constexpr std::array<std::pair<std::string_view, LogFormat>, 2> kLogFormats = {
    {{"combined", LogFormat::combined}, {"json", LogFormat::json}}};

constexpr std::array<std::pair<std::string_view, LogLevel>, 5> kLogLevels = {{{"debug", LogLevel::debug},
                                                                              {"info", LogLevel::info},
                                                                              {"warning", LogLevel::warning},
                                                                              {"error", LogLevel::error},
                                                                              {"off", LogLevel::off}}};

using C = Config;  // these two keep the table readable
using V = OptionValue;

/// For Option::keep: takes over one setting.
template <auto Setting>
void keep(Config& next, const Config& now) {
  next.*Setting = now.*Setting;
}

/// The same, of a setting of CGI.
template <auto Setting>
void keep_cgi(Config& next, const Config& now) {
  next.cgi.*Setting = now.cgi.*Setting;
}

/// For what no reload looks at: its source is the command line or the environment, which stay as they are.
void keep_nothing(Config&, const Config&) {}

// clang-format off
constexpr Option kOptions[] = {
  {Group::starting, "port,p", "N", "TCP port; 0 takes a free one and prints it (default 4000)",
   [](C& c, const V& v) { c.port = port_from(v); }, keep<&C::port>},
  {Group::starting, "bind,b", "ADDR",
   "address to listen on, or unix:/path, repeatable (default: every address, IPv6 and IPv4)",
   [](C& c, const V& v) { c.bind.push_back(address_from(v)); }, keep<&C::bind>},
  {Group::starting, "root,r", "DIR", "document root (default htdocs)",
   [](C& c, const V& v) { c.root = text_from(v, "must be a folder"); }},
  {Group::starting, "config,c", "FILE", "read further options from this file, see below",
   nullptr, keep_nothing, SaidIn::arguments_and_environment},
  {Group::starting, "index", "NAMES",
   "tried in this order for a folder (default index.html,index.cgi,index.php)",
   [](C& c, const V& v) { c.index = index_from(v); }},
  {Group::starting, "autoindex", "[on|off]", "list a folder that has none of them (default off)",
   [](C& c, const V& v) { c.files.autoindex = switch_from(v); }},
  {Group::starting, "threads", "N", "workers, a fixed number (default: 4 for each core, at least 8)",
   [](C& c, const V& v) { c.threads = number_from(v, 1, 1024); }, keep<&C::threads>},
  {Group::starting, "queue", "N", "connections that may wait for a worker (default 1024)",
   [](C& c, const V& v) { c.queue = number_from(v, 1, kMost); }, keep<&C::queue>},
  {Group::starting, "max-connections", "N",
   "connections at once, fewer if descriptors are; past it 503 and close (default 10000)",
   [](C& c, const V& v) { c.max_connections = number_from(v, 1, kMost); }, keep<&C::max_connections>},
  {Group::starting, "user", "NAME", "become this user once the sockets are open (needs root)",
   [](C& c, const V& v) { c.user = user_from(v, "become another user"); }, keep<&C::user>},
  {Group::starting, "chroot", "DIR",
   "make this folder \"/\" once the sockets are open (needs root); all other folders and programs count from "
   "there, relative ones too",
   [](C& c, const V& v) { c.chroot = new_root_from(v); }, keep<&C::chroot>},
  {Group::starting, "access-log", "FILE",
   "one line for each answer, to a file, to standard output (-), or off (default -)",
   [](C& c, const V& v) { c.access_log = text_from(v, "must be a file, - or off"); }, keep<&C::access_log>},
  {Group::starting, "log-format", "FORMAT",
   "of that line: combined, as Apache writes it, or json (default combined)",
   [](C& c, const V& v) { c.log_format = choice_from(v, kLogFormats); }, keep<&C::log_format>},
  {Group::starting, "log-level", "LEVEL",
   "server log on standard error: debug, info, warning, error or off (default info)",
   [](C& c, const V& v) { c.log_level = choice_from(v, kLogLevels); }},
  {Group::starting, "drain-timeout", "SECONDS",
   "when asked to stop, wait this long for what is in flight (default 8)",
   [](C& c, const V& v) { c.drain_timeout = seconds_from(v); }},
  {Group::starting, "inetd", "", "serve one connection on standard input and output, then exit",
   [](C& c, const V&) { c.inetd = true; }, keep<&C::inetd>, SaidIn::arguments},
  {Group::starting, "check-config", "", "say what would be served, and exit: 0 when all is right",
   [](C& c, const V&) { c.check_only = true; }, keep<&C::check_only>, SaidIn::arguments},
  {Group::starting, "version", "", "print the version and exit", nullptr, nullptr, SaidIn::arguments},
  {Group::starting, "help,h", "", "print this text and exit", nullptr, nullptr, SaidIn::arguments},

  {Group::files, "mime", "EXT=TYPE",
   "the media type of an extension, repeatable (default: /etc/mime.types, else a table in the program)",
   [](C& c, const V& v) {
     auto [extension, type] = media_type_from(v);
     c.files.mime_types[extension] = type;
   }},
  {Group::files, "error-page", "CODE=/PATH", "a page of the document root for that status, repeatable",
   [](C& c, const V& v) {
     auto [status, page] = error_page_from(v);
     c.files.error_pages[status] = page;
   }},
  {Group::files, "redirect", "/OLD=/NEW",
   "301 to another path or URL, repeatable; /OLD/*=/NEW/* moves all that is below, the rest carried over; "
   "without the second * all go to the one place; /OLD* moves /OLD-more, too",
   [](C& c, const V& v) { c.files.redirects.push_back(redirect_from(v)); }},
  {Group::files, "header", "'Name: value'", "added to every answer that has none of that name, repeatable",
   [](C& c, const V& v) { c.files.fields.push_back(field_from(v)); }},
  {Group::files, "gzip", "on|off",
   "compress text on the fly; .br and .gz siblings of a file are used either way (default on)",
   [](C& c, const V& v) { c.files.gzip = switch_from(v); }},
  {Group::files, "cache-size", "BYTES",
   "memory for small files, open ones and compressed text; 0 keeps none of them (default 64M)",
   [](C& c, const V& v) { c.files.cache_bytes = size_from(v, 0, kMostBytes); }},
  {Group::files, "symlinks", "HOW",
   "symbolic links: inside (those that stay under the root), follow, or off (default inside)",
   [](C& c, const V& v) { c.symlinks = choice_from(v, kSymlinks); }},

  {Group::cgi, "cgi-prefix", "/DIR/",
   "every file below this path is a script, repeatable; the first replaces the default /cgi-bin/",
   [](C& c, const V& v) {
     if (v.first) c.cgi.prefixes.clear();
     c.cgi.prefixes.push_back(prefix_from(v));
   }},
  {Group::cgi, "cgi-extension", "LIST", "so is every file with one of these (default .cgi,.pl,.py,.sh)",
   [](C& c, const V& v) { c.cgi.extensions = extensions_from(v); }},
  {Group::cgi, "cgi-executable", "on|off",
   "and elsewhere every file with an execute bit, but for .html, .css and the like (default on)",
   [](C& c, const V& v) { c.cgi.executable_bit = switch_from(v); }},
  {Group::cgi, "cgi-interpreter", "EXT=PROGRAM",
   "files with this extension are run by this program, repeatable, e.g. .php=/usr/bin/php-cgi",
   [](C& c, const V& v) {
     auto [extension, program] = interpreter_from(v, c.chroot);
     c.cgi.interpreters[extension] = program;
   }},
  {Group::cgi, "cgi-timeout", "SECONDS", "longest silence of a script; past it 504 (default 30)",
   [](C& c, const V& v) { c.cgi.timeout = seconds_from(v); }},
  {Group::cgi, "cgi-max-time", "SECONDS", "longest life of a script (default 300)",
   [](C& c, const V& v) { c.cgi.max_time = seconds_from(v); }},
  {Group::cgi, "cgi-max", "N",
   "scripts and other gateways at once, fewer than threads (default: three quarters of them)",
   [](C& c, const V& v) { c.cgi.max_running = number_from(v, 1, 1024); },
   keep_cgi<&CgiConfig::max_running>},
  {Group::cgi, "cgi-queue", "N",
   "requests that may wait for one of those places; past it 503 (default 256)",
   [](C& c, const V& v) { c.cgi.queue = number_from(v, 0, kMost); }, keep_cgi<&CgiConfig::queue>},
  {Group::cgi, "cgi-env", "NAME[=VALUE]",
   "hand a variable of the server on to scripts, or set one, repeatable",
   [](C& c, const V& v) {
     if (auto variable = variable_from(v)) {
       c.cgi.environment.push_back(*variable);
     } else {
       c.warnings.push_back("--cgi-env " + std::string(v.text) + ": the server has no such variable to hand on");
     }
   }},
  {Group::cgi, "cgi-pass-authorization", "[on|off]",
   "show scripts the Authorization field (default off)",
   [](C& c, const V& v) { c.cgi.pass_authorization = switch_from(v); }},
  {Group::cgi, "cgi-user", "NAME", "run scripts as this user (needs root)",
   [](C& c, const V& v) { c.cgi.user = user_from(v, "run scripts as another user"); },
   keep_cgi<&CgiConfig::user>},
  {Group::cgi, "cgi-limit", "WHAT=N",
   "kernel limit for a script: cpu (seconds), memory (bytes), processes, files, file-size (bytes), "
   "repeatable",
   [](C& c, const V& v) { add_script_limit(c.cgi.limits, v); }},

  {Group::gateways, "fastcgi", "WHERE=BACKEND[,BACKEND...]",
   "FastCGI applications answer there, each at unix:/path or host:port; the least busy is asked; repeatable, "
   "the first that matches counts; e.g. .php=unix:/run/php/php-fpm.sock",
   [](C& c, const V& v) { c.fastcgi.rules.push_back(fastcgi_rule_from(v)); }},
  {Group::gateways, "fastcgi-connections", "N",
   "connections kept open to each of them at most; 0 keeps none (default 8)",
   [](C& c, const V& v) { c.fastcgi.connections = number_from(v, 0, kMostKeptConnections); }},
  {Group::gateways, "fastcgi-timeout", "SECONDS",
   "for connecting, and longest silence; past it 504 (default 30)",
   [](C& c, const V& v) { c.fastcgi.timeout = seconds_from(v); }},
  {Group::gateways, "json", "WHERE=COMMAND",
   "this program gets each request as JSON on standard input (an HTTP API event, payload format 2.0) and "
   "prints its answer; words are split at blanks, quotes keep them together, there is no shell; repeatable",
   [](C& c, const V& v) { c.json.push_back(json_rule_from(v, c.chroot)); }},
  {Group::gateways, "auth", "/PATH=FILE[:REALM]",
   "this path and all below it ask for a name and a password (HTTP Basic) of an htpasswd file; repeatable, "
   "the longest path counts",
   [](C& c, const V& v) { c.auth.push_back(auth_rule_from(v, c.chroot)); }},

  {Group::limits, "max-header", "BYTES",
   "request line and header fields together; over it 431 (default 16K)",
   [](C& c, const V& v) { c.limits.max_header_bytes = size_from(v, 64, kGiB); }},
  {Group::limits, "max-headers", "N", "header fields; over it 431 (default 100)",
   [](C& c, const V& v) { c.limits.max_headers = number_from(v, 1, kMost); }},
  {Group::limits, "max-body", "BYTES", "request body; over it 413 (default 64M)",
   [](C& c, const V& v) { c.limits.max_body_bytes = size_from(v, 0, kMostBytes); }},
  {Group::limits, "header-timeout", "SECONDS", "for the whole head; past it 408 (default 10)",
   [](C& c, const V& v) { c.limits.header_timeout = seconds_from(v); }},
  {Group::limits, "body-timeout", "SECONDS",
   "for the body, renewed while it comes at --min-rate; past it 408 (default 30)",
   [](C& c, const V& v) { c.limits.body_timeout = seconds_from(v); }},
  {Group::limits, "min-rate", "BYTES",
   "a second, of a body or a taken answer, to have a timeout renewed (default 500)",
   [](C& c, const V& v) { c.limits.min_rate = size_from(v, 1, kGiB); }},
  {Group::limits, "keepalive-timeout", "SECONDS", "an idle connection is closed after it (default 15)",
   [](C& c, const V& v) { c.limits.keepalive_timeout = seconds_from(v); }},
  {Group::limits, "send-timeout", "SECONDS",
   "a client that takes nothing of its answer is cut off after it (default 30)",
   [](C& c, const V& v) { c.limits.send_timeout = seconds_from(v); }},
  {Group::limits, "spool-dir", "DIR", "for bodies too large for memory (default: TMPDIR, else /tmp)",
   [](C& c, const V& v) { c.limits.spool_dir = folder_from(v, c.chroot); }},
  {Group::limits, "max-connections-per-client", "N",
   "at once from one address (IPv6: one /64); past it 503 and close (default: 0, any number)",
   [](C& c, const V& v) { c.limits.max_connections_per_client = number_from(v, 0, kMost); }},

  {Group::watching, "inspect", "[ADDR:]PORT",
   "show each exchange, live, on a page of its own at this port (default: off; ADDR 127.0.0.1), with "
   "/metrics and /healthz",
   [](C& c, const V& v) {
     std::tie(c.inspect.address, c.inspect.port) = endpoint_from(v);
     const bool is_own = c.inspect.address.starts_with("127.") || c.inspect.address == "::1";
     c.explained = is_own ? Explained::to_this_machine : Explained::to_everybody;
   },
   [](C& next, const C& now) {
     next.inspect.address = now.inspect.address;
     next.inspect.port = now.inspect.port;
     next.explained = now.explained;
   }},
  {Group::watching, "inspect-keep", "N", "exchanges of scripts, and as many others (default 200)",
   [](C& c, const V& v) { c.inspect.keep = number_from(v, 1, 100'000); },
   [](C& next, const C& now) { next.inspect.keep = now.inspect.keep; }},
  {Group::watching, "inspect-bytes", "BYTES", "kept of what a script was given and of what it wrote (default 64K)",
   [](C& c, const V& v) { c.inspect.stream_bytes = size_from(v, 0, kGiB); },
   [](C& next, const C& now) { next.inspect.stream_bytes = now.inspect.stream_bytes; }},
  {Group::watching, "trace", "", "tell of each exchange on standard error, step by step, in words",
   [](C& c, const V&) { c.trace = true; }, keep<&C::trace>, SaidIn::arguments},
};
// clang-format on

/// How many letters must be added, dropped or changed to make `a` of `b` (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, diagonal + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::span<const Option> option_table() {
  return kOptions;
}

std::string long_name(const Option& option) {
  std::string_view name = option.name;
  return std::string(name.substr(0, name.find(',')));
}

bool takes_value(const Option& option) {
  return *option.argument != '\0' && !is_switch(option);
}

bool is_switch(const Option& option) {
  return std::string_view(option.argument) == "[on|off]";
}

const Option* find_option(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kOptions), std::end(kOptions),
                                         [name](const Option& option) { return long_name(option) == name; });
  return found == std::end(kOptions) ? nullptr : found;
}

std::string nearest_option(std::string_view misspelt) {
  if (misspelt.empty()) return "";
  std::string nearest;
  std::size_t least = 3;  // more than two wrong letters is another word
  for (const Option& option : option_table()) {
    std::string name = long_name(option);
    std::size_t distance = name.starts_with(misspelt) ? 1 : edit_distance(misspelt, name);
    if (distance < least) {
      least = distance;
      nearest = name;
    }
  }
  return nearest;
}

}  // namespace tinyhttpd
