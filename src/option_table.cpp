#include "tinyhttpd/option_table.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tinyhttpd {

namespace {

constexpr std::uint64_t kGiB = 1ULL << 30U;
constexpr std::uint64_t kMost = 1'000'000;         // of whatever is only counted
constexpr std::uint64_t kMostBytes = 1ULL << 50U;  // far from where sums of sizes would overflow

/// One of the words of an enumeration.
template <typename Enum, std::size_t N>
Enum choice_from(const OptionValue& value, const std::array<std::pair<std::string_view, Enum>, N>& choices) {
  std::string all;
  for (const auto& [name, choice] : choices) {
    if (value.text == name) return choice;
    all.append(all.empty() ? "" : ", ").append(name);
  }
  refuse_value(value, "must be one of " + all);
}

constexpr std::array<std::pair<std::string_view, Symlinks>, 3> kSymlinks = {
    {{"inside", Symlinks::inside}, {"follow", Symlinks::follow}, {"off", Symlinks::off}}};

constexpr std::array<std::pair<std::string_view, LogLevel>, 5> kLogLevels = {{{"debug", LogLevel::debug},
                                                                              {"info", LogLevel::info},
                                                                              {"warning", LogLevel::warning},
                                                                              {"error", LogLevel::error},
                                                                              {"off", LogLevel::off}}};

std::string text_from(const OptionValue& value, std::string_view right) {
  if (value.text.empty()) refuse_value(value, right);
  return std::string(value.text);
}

/// An address without port; IPv6 with or without brackets.
std::string address_from(const OptionValue& value) {
  std::string_view text = value.text;
  if (text.starts_with("unix:")) {
    refuse_value(value, "Unix sockets cannot be served yet; must be an IP address or a host name");
  }
  if (text.size() > 2 && text.front() == '[' && text.back() == ']')
    return std::string(text.substr(1, text.size() - 2));
  if (std::count(text.begin(), text.end(), ':') == 1) {
    refuse_value(value, "must be an address without a port; the port is given by --port");
  }
  return text_from(value, "must be an IP address or a host name");
}

std::vector<std::string> index_from(const OptionValue& value) {
  auto names = list_from(value);
  for (const auto& name : names) {
    if (name.find('/') != std::string::npos)
      refuse_value(value, "must be file names without '/', such as index.html");
  }
  return names;
}

/// A prefix is compared with paths whose slashes are already merged, so one with "//" would never match.
std::string prefix_from(const OptionValue& value) {
  std::string_view text = value.text;
  bool is_prefix = !text.empty() && text.front() == '/' && text.back() == '/' && text.find("//") == text.npos;
  if (!is_prefix) refuse_value(value, "must begin and end with '/', such as /cgi-bin/");
  return std::string(text);
}

bool is_extension(std::string_view text) {
  return text.size() > 1 && text.front() == '.' && text.find('/') == text.npos;
}

std::vector<std::string> extensions_from(const OptionValue& value) {
  auto extensions = list_from(value);
  for (const auto& extension : extensions) {
    if (!is_extension(extension)) refuse_value(value, "each extension must begin with '.', such as .cgi,.pl");
  }
  return extensions;
}

bool is_program(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

std::pair<std::string, std::string> interpreter_from(const OptionValue& value) {
  auto pair = pair_from(value, "EXT=PROGRAM, such as .php=/usr/bin/php-cgi");
  const auto& [extension, program] = pair;
  if (!is_extension(extension))
    refuse_value(value, "the extension must begin with '.', such as .php=/usr/bin/php-cgi");
  if (program.front() != '/')
    refuse_value(value, "the program must be an absolute path, such as /usr/bin/php-cgi");
  if (!is_program(program)) refuse_value(value, "there is no program " + program + " that can be executed");
  return pair;
}

/// Letters, digits and '_', no digit first: what every shell can read (POSIX.1-2017 Base Definitions
/// section 8.1).
bool is_variable_name(std::string_view name) {
  auto is_name_byte = [](unsigned char byte) {
    return byte < 0x80 && (std::isalnum(byte) != 0 || byte == '_');
  };
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::all_of(name.begin(), name.end(), is_name_byte);
}

/// What the request decides and no option may: the meta-variables (RFC 3875 section 4.1) and the usual
/// additions to them.
bool is_meta_variable(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "AUTH_TYPE",   "CONTENT_LENGTH",  "CONTENT_TYPE",   "DOCUMENT_ROOT",   "GATEWAY_INTERFACE",
      "PATH_INFO",   "PATH_TRANSLATED", "QUERY_STRING",   "REDIRECT_STATUS", "REMOTE_ADDR",
      "REMOTE_HOST", "REMOTE_IDENT",    "REMOTE_PORT",    "REMOTE_USER",     "REQUEST_METHOD",
      "REQUEST_URI", "SCRIPT_FILENAME", "SCRIPT_NAME",    "SERVER_ADDR",     "SERVER_NAME",
      "SERVER_PORT", "SERVER_PROTOCOL", "SERVER_SOFTWARE"};
  return name.starts_with("HTTP_") ||
         std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

/// "NAME=VALUE", the value that of the server's own variable when only NAME is given; nothing when there is
/// none.
std::optional<std::string> variable_from(const OptionValue& value) {
  std::size_t equals = value.text.find('=');
  std::string name(value.text.substr(0, equals));
  if (!is_variable_name(name))
    refuse_value(value, "must be NAME or NAME=VALUE, NAME of letters, digits and '_'");
  if (is_meta_variable(name)) refuse_value(value, name + " is set by the request, it cannot be set here");
  if (equals != std::string_view::npos) return std::string(value.text);
  const char* own = std::getenv(name.c_str());
  if (own == nullptr) return std::nullopt;
  return name + "=" + own;
}

void add_script_limit(ScriptLimits& limits, const OptionValue& value) {
  constexpr std::string_view kForm = "WHAT=N, where WHAT is cpu, memory, processes, files or file-size";
  auto [what, amount] = pair_from(value, kForm);
  OptionValue count{value.option, amount, value.first, value.text.substr(0, what.size() + 1)};
  if (what == "cpu") {
    limits.cpu_seconds = number_from(count, 1, kMost);
  } else if (what == "memory") {
    limits.memory_bytes = size_from(count, 1, kMostBytes);
  } else if (what == "processes") {
    limits.processes = number_from(count, 1, kMost);
  } else if (what == "files") {
    limits.files = number_from(count, 1, kMost);
  } else if (what == "file-size") {
    limits.file_size_bytes = size_from(count, 1, kMostBytes);
  } else {
    refuse_value(value, "must be " + std::string(kForm));
  }
}

/// A user that exists and that the server can become.
std::string user_from(const OptionValue& value) {
  const passwd* user = ::getpwnam(std::string(value.text).c_str());
  if (user == nullptr) refuse_value(value, "there is no such user");
  bool can_become = ::geteuid() == 0 || ::geteuid() == user->pw_uid;
  if (!can_become) refuse_value(value, "only root may run scripts as another user");
  return std::string(value.text);
}

std::string folder_from(const OptionValue& value) {
  std::error_code error;
  if (!std::filesystem::is_directory(value.text, error)) refuse_value(value, "must be a folder that exists");
  if (::access(std::string(value.text).c_str(), W_OK | X_OK) != 0)
    refuse_value(value, "must be a folder the server may write to");
  return std::string(value.text);
}

using V = OptionValue;  // keeps the table readable

// clang-format off
constexpr Option kOptions[] = {
  {Group::starting, "port,p", "N", "TCP port; 0 takes a free one and prints it (default 4000)",
   [](Config& c, const V& v) { c.port = static_cast<std::uint16_t>(number_from(v, 0, 65535)); }},
  {Group::starting, "bind,b", "ADDR",
   "address to listen on, repeatable (default: every address, IPv6 and IPv4)",
   [](Config& c, const V& v) { c.bind.push_back(address_from(v)); }},
  {Group::starting, "root,r", "DIR", "document root (default htdocs)",
   [](Config& c, const V& v) { c.root = text_from(v, "must be a folder"); }},
  {Group::starting, "index", "NAMES",
   "tried in this order for a folder (default index.html,index.cgi,index.php)",
   [](Config& c, const V& v) { c.index = index_from(v); }},
  {Group::starting, "threads", "N", "workers, a fixed number (default: 4 for each core, at least 8)",
   [](Config& c, const V& v) { c.threads = number_from(v, 1, 1024); }},
  {Group::starting, "queue", "N", "connections that may wait for a worker (default 1024)",
   [](Config& c, const V& v) { c.queue = number_from(v, 1, kMost); }},
  {Group::starting, "max-connections", "N",
   "connections at once, fewer if descriptors are; past it 503 and close (default 10000)",
   [](Config& c, const V& v) { c.max_connections = number_from(v, 1, kMost); }},
  {Group::starting, "symlinks", "HOW",
   "symbolic links: inside (those that stay under the root), follow, or off (default inside)",
   [](Config& c, const V& v) { c.symlinks = choice_from(v, kSymlinks); }},
  {Group::starting, "access-log", "FILE",
   "one line for each answer, Combined format, to a file, to standard output (-), or off (default -)",
   [](Config& c, const V& v) { c.access_log = text_from(v, "must be a file, - or off"); }},
  {Group::starting, "log-level", "LEVEL",
   "server log on standard error: debug, info, warning, error or off (default info)",
   [](Config& c, const V& v) { c.log_level = choice_from(v, kLogLevels); }},
  {Group::starting, "drain-timeout", "SECONDS",
   "when asked to stop, wait this long for what is in flight (default 8)",
   [](Config& c, const V& v) { c.drain_timeout = seconds_from(v); }},
  {Group::starting, "version", "", "print the version and exit", nullptr},
  {Group::starting, "help,h", "", "print this text and exit", nullptr},

  {Group::cgi, "cgi-prefix", "/DIR/",
   "every file below this path is a script, repeatable; the first replaces the default /cgi-bin/",
   [](Config& c, const V& v) {
     if (v.first) c.cgi.prefixes.clear();
     c.cgi.prefixes.push_back(prefix_from(v));
   }},
  {Group::cgi, "cgi-extension", "LIST", "so is every file with one of these (default .cgi,.pl,.py,.sh)",
   [](Config& c, const V& v) { c.cgi.extensions = extensions_from(v); }},
  {Group::cgi, "cgi-executable", "on|off",
   "and elsewhere every file with an execute bit, but for .html, .css and the like (default on)",
   [](Config& c, const V& v) { c.cgi.executable_bit = switch_from(v); }},
  {Group::cgi, "cgi-interpreter", "EXT=PROGRAM",
   "files with this extension are run by this program, repeatable, e.g. .php=/usr/bin/php-cgi",
   [](Config& c, const V& v) {
     auto [extension, program] = interpreter_from(v);
     c.cgi.interpreters[extension] = program;
   }},
  {Group::cgi, "cgi-timeout", "SECONDS", "longest silence of a script; past it 504 (default 30)",
   [](Config& c, const V& v) { c.cgi.timeout = seconds_from(v); }},
  {Group::cgi, "cgi-max-time", "SECONDS", "longest life of a script (default 300)",
   [](Config& c, const V& v) { c.cgi.max_time = seconds_from(v); }},
  {Group::cgi, "cgi-max", "N", "scripts at once, fewer than threads (default: three quarters of them)",
   [](Config& c, const V& v) { c.cgi.max_running = number_from(v, 1, 1024); }},
  {Group::cgi, "cgi-queue", "N",
   "requests that may wait for one of those places; past it 503 (default 256)",
   [](Config& c, const V& v) { c.cgi.queue = number_from(v, 0, kMost); }},
  {Group::cgi, "cgi-env", "NAME[=VALUE]",
   "hand a variable of the server on to scripts, or set one, repeatable",
   [](Config& c, const V& v) {
     if (auto variable = variable_from(v)) c.cgi.environment.push_back(*variable);
   }},
  {Group::cgi, "cgi-pass-authorization", "", "show scripts the Authorization field (default off)",
   [](Config& c, const V& v) { c.cgi.pass_authorization = switch_from(v); }},
  {Group::cgi, "cgi-user", "NAME", "run scripts as this user (needs root)",
   [](Config& c, const V& v) { c.cgi.user = user_from(v); }},
  {Group::cgi, "cgi-limit", "WHAT=N",
   "kernel limit for a script: cpu (seconds), memory (bytes), processes, files, file-size (bytes), "
   "repeatable",
   [](Config& c, const V& v) { add_script_limit(c.cgi.limits, v); }},

  {Group::limits, "max-header", "BYTES",
   "request line and header fields together; over it 431 (default 16K)",
   [](Config& c, const V& v) { c.limits.max_header_bytes = size_from(v, 64, kGiB); }},
  {Group::limits, "max-headers", "N", "header fields; over it 431 (default 100)",
   [](Config& c, const V& v) { c.limits.max_headers = number_from(v, 1, kMost); }},
  {Group::limits, "max-body", "BYTES", "request body; over it 413 (default 64M)",
   [](Config& c, const V& v) { c.limits.max_body_bytes = size_from(v, 0, kMostBytes); }},
  {Group::limits, "header-timeout", "SECONDS", "for the whole head; past it 408 (default 10)",
   [](Config& c, const V& v) { c.limits.header_timeout = seconds_from(v); }},
  {Group::limits, "body-timeout", "SECONDS",
   "for the body, renewed while it comes at --min-rate; past it 408 (default 30)",
   [](Config& c, const V& v) { c.limits.body_timeout = seconds_from(v); }},
  {Group::limits, "min-rate", "BYTES", "a second, of a body or a taken answer, to have a timeout renewed (default 500)",
   [](Config& c, const V& v) { c.limits.min_rate = size_from(v, 1, kGiB); }},
  {Group::limits, "keepalive-timeout", "SECONDS", "an idle connection is closed after it (default 15)",
   [](Config& c, const V& v) { c.limits.keepalive_timeout = seconds_from(v); }},
  {Group::limits, "send-timeout", "SECONDS",
   "a client that takes nothing of its answer is cut off after it (default 30)",
   [](Config& c, const V& v) { c.limits.send_timeout = seconds_from(v); }},
  {Group::limits, "spool-dir", "DIR", "for bodies too large for memory (default: TMPDIR, else /tmp)",
   [](Config& c, const V& v) { c.limits.spool_dir = folder_from(v); }},
};
// clang-format on

}  // namespace

std::span<const Option> option_table() {
  return kOptions;
}

std::string long_name(const Option& option) {
  std::string_view name = option.name;
  return std::string(name.substr(0, name.find(',')));
}

bool takes_value(const Option& option) {
  return *option.argument != '\0';
}

}  // namespace tinyhttpd
