// What the command line says, as values. Defaults are those that --help shows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/deadline.hpp"

namespace tinyhttpd {

/// Bounds on what one client may send and how slowly ("Limits" of --help).
struct Limits {
  std::size_t max_header_bytes = 16 * 1024;     ///< request line and fields together; over it 431
  std::size_t max_target_bytes = 8 * 1024;      ///< request target; over it 414
  std::size_t max_headers = 100;                ///< number of fields; over it 431
  std::uint64_t max_body_bytes = 64ULL << 20U;  ///< request body without chunked coding; over it 413
  Seconds header_timeout{10};                   ///< for the whole head; past it 408
  Seconds body_timeout{30};       ///< for the body, renewed while it comes at min_rate; past it 408
  std::uint64_t min_rate = 500;   ///< bytes a second of a body or an answer, held over each timeout
  Seconds keepalive_timeout{15};  ///< an idle connection
  Seconds send_timeout{30};       ///< a client that takes nothing of its answer
  std::string spool_dir;          ///< for bodies too large for memory; empty: TMPDIR, else /tmp
  std::size_t max_connections_per_client = 0;  ///< from one address (IPv6: one /64); 0: any number
  bool operator==(const Limits&) const = default;
};

/// A bound the kernel holds a script to (setrlimit); unset: the server's own.
struct ScriptLimits {
  std::optional<std::uint64_t> cpu_seconds;
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint64_t> processes;
  std::optional<std::uint64_t> files;
  std::optional<std::uint64_t> file_size_bytes;
  bool operator==(const ScriptLimits&) const = default;
};

/// Which files are CGI programs, and how they are run.
struct CgiConfig {
  std::vector<std::string> prefixes = {"/cgi-bin/"};  ///< each begins and ends with '/'
  std::vector<std::string> extensions = {".cgi", ".pl", ".py", ".sh"};
  bool executable_bit = true;                       ///< --cgi-executable
  std::map<std::string, std::string> interpreters;  ///< ".php" → absolute path of the program
  Seconds timeout{30};                              ///< longest silence
  Seconds max_time{300};                            ///< longest life
  std::size_t max_running = 0;           ///< gateways at work at once; 0: three quarters of the threads
  std::size_t queue = 256;               ///< requests that wait for a place
  std::vector<std::string> environment;  ///< "NAME=VALUE", values already looked up
  bool pass_authorization = false;
  std::string user;  ///< --cgi-user; empty: the server's own
  ScriptLimits limits;
  bool operator==(const CgiConfig&) const = default;
};

/// Requests that FastCGI applications answer (--fastcgi).
struct FastcgiRule {
  std::string where;                  ///< an extension with its dot, or a path prefix between slashes
  std::vector<std::string> backends;  ///< "unix:/path" or "host:port", IPv6 in brackets; at least one
  bool operator==(const FastcgiRule&) const = default;
};

/// --fastcgi and what belongs to it.
struct FastcgiConfig {
  std::vector<FastcgiRule> rules;  ///< the first that matches counts
  std::size_t connections = 8;     ///< most connections kept to one backend; 0: none is kept
  Seconds timeout{30};             ///< for connecting, and the longest silence
  bool operator==(const FastcgiConfig&) const = default;
};

/// Requests that a command line program gets as JSON events (--json).
struct JsonRule {
  std::string where;                 ///< as FastcgiRule::where
  std::vector<std::string> command;  ///< an absolute program and its arguments
  bool operator==(const JsonRule&) const = default;
};

/// A place that asks for a name and a password (--auth).
struct AuthRule {
  std::string prefix;  ///< "/" or a path without a slash at its end: it covers itself and all below
  std::string file;    ///< htpasswd
  std::string realm;   ///< no control bytes
  bool operator==(const AuthRule&) const = default;
};

/// What a symbolic link under the root may do.
enum class Symlinks { inside, follow, off };

enum class LogLevel { debug, info, warning, error, off };

/// How a line of the access log is written.
enum class LogFormat { combined, json };

/// A path that has moved (--redirect).
struct Redirect {
  std::string from;     ///< begins with '/'; normalised and decoded, as a request's path is
  std::string to;       ///< a path with its '/' or an http(s) URL, ready for Location
  bool prefix = false;  ///< every path that begins with `from` has moved, not only this one
  bool rest = false;    ///< what follows the prefix is appended to `to`
  bool moves(std::string_view path) const { return prefix ? path.starts_with(from) : path == from; }
  bool operator==(const Redirect&) const = default;
};

/// A header line that every answer gets (--header). Both parts are checked: no framing, no control bytes.
struct ConfiguredField {
  std::string name;
  std::string value;
  bool operator==(const ConfiguredField&) const = default;
};

/// What --mime, --error-page, --redirect, --header, --gzip, --cache-size and --autoindex say.
struct FileConfig {
  bool autoindex = false;                         ///< list a folder that has no index
  std::map<std::string, std::string> mime_types;  ///< extension without its dot → type
  std::map<int, std::string> error_pages;         ///< status → path below the root, with its '/'
  std::vector<Redirect> redirects;                ///< the first that matches counts
  std::vector<ConfiguredField> fields;            ///< in the order given
  bool gzip = true;                               ///< compress text on the fly
  std::uint64_t cache_bytes = 64ULL << 20U;       ///< what the caches of files may hold; 0: nothing
  bool operator==(const FileConfig&) const = default;
};

/// Whom an error page tells what went wrong with a script, and what to do.
enum class Explained { to_nobody, to_this_machine, to_everybody };

/// A second listener that shows what happens (--inspect).
struct InspectConfig {
  std::string address;                   ///< without port, IPv6 without brackets; empty: there is none
  std::uint16_t port = 0;                ///< 0: a free one
  std::size_t keep = 200;                ///< exchanges of scripts, and as many others
  std::size_t stream_bytes = 64 * 1024;  ///< of each direction of one exchange
  bool operator==(const InspectConfig&) const = default;
};

/// All of it. Built by the command line, then read-only for every thread.
struct Config {
  std::uint16_t port = 4000;
  std::vector<std::string> bind;  ///< addresses and "unix:/path"; empty: every address, IPv6 and IPv4
  std::string root = "htdocs";
  std::vector<std::string> index = {"index.html", "index.cgi", "index.php"};
  std::size_t threads = 0;  ///< 0: 4 × cores, at least 8
  std::size_t queue = 1024;
  std::size_t max_connections = 10000;
  Symlinks symlinks = Symlinks::inside;
  std::string user;              ///< who to become once the sockets are open; empty: nobody else
  std::string chroot;            ///< the folder that becomes "/" once the sockets are open; empty: none
  bool inetd = false;            ///< one connection, on standard input and output
  bool check_only = false;       ///< --check-config: say what would be served, and exit
  std::string access_log = "-";  ///< a file, "-" for standard output, "off"
  LogFormat log_format = LogFormat::combined;
  LogLevel log_level = LogLevel::info;
  Seconds drain_timeout{8};
  Limits limits;
  FileConfig files;
  CgiConfig cgi;
  FastcgiConfig fastcgi;
  std::vector<JsonRule> json;  ///< the first that matches counts
  std::vector<AuthRule> auth;  ///< the longest prefix counts
  InspectConfig inspect;
  bool trace = false;                          ///< --trace: tell of each exchange on the terminal
  Explained explained = Explained::to_nobody;  ///< who is told on error pages what went wrong with a script

  /// What was said of each option, by its long name: so a reload can tell what has changed that it keeps.
  std::map<std::string, std::vector<std::string>> given;
  std::vector<std::string> warnings;  ///< what was said and counts for nothing, a line each, for the log

  bool operator==(const Config&) const = default;
};

}  // namespace tinyhttpd
