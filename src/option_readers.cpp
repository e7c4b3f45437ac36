#include "tinyhttpd/option_readers.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

namespace {

constexpr std::size_t kMaxSocketPathBytes = 107;  // sun_path with its NUL is 108 (unix(7))

bool is_extension(std::string_view text) {
  return text.size() > 1 && text.front() == '.' && text.find('/') == text.npos;
}

/// The mode of what `path` will be once `chroot` is "/": links count from there, too. 0: there is nothing.
/// None: this system cannot tell (before Linux 5.6, or in a sandbox that does not know openat2).
std::optional<mode_t> mode_within(const std::string& chroot, const std::string& path) {
  const UniqueFd root(::open(chroot.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  const UniqueFd found(static_cast<int>(::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how)));
  if (!found && (errno == ENOSYS || errno == EPERM)) return std::nullopt;
  struct stat status {};
  return found && ::fstat(found.get(), &status) == 0 ? status.st_mode : 0;
}

std::string socket_path_from(const OptionValue& value) {
  const std::string_view path = value.text.substr(std::string_view("unix:").size());
  if (!path.starts_with('/') || path.ends_with('/') || path.size() > kMaxSocketPathBytes)
    refuse_value(value, "must be an absolute path of at most 107 bytes, such as unix:/run/tinyhttpd.sock");
  return std::string(value.text);
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

}  // namespace

std::string text_from(const OptionValue& value, std::string_view right) {
  if (value.text.empty()) refuse_value(value, right);
  return std::string(value.text);
}

std::uint16_t port_from(const OptionValue& value) {
  if (value.text.starts_with("tcp://") && value.lead.starts_with("TINYHTTPD_"))
    refuse_value(
        value,
        "Kubernetes sets this for a Service named tinyhttpd; say enableServiceLinks: false in the pod's "
        "specification, or give --port");
  return static_cast<std::uint16_t>(number_from(value, 0, 65535));
}

std::string address_from(const OptionValue& value) {
  const std::string_view text = value.text;
  if (text.starts_with("unix:")) return socket_path_from(value);
  if (text.find('/') != text.npos)
    refuse_value(value, "must be an IP address or a host name; a Unix socket is written unix:/path");
  if (text.size() > 2 && text.front() == '[' && text.back() == ']')
    return std::string(text.substr(1, text.size() - 2));
  if (std::count(text.begin(), text.end(), ':') == 1)
    refuse_value(value, "must be an address without a port; the port is given by --port");
  return text_from(value, "must be an IP address, a host name or unix:/path");
}

std::pair<std::string, std::uint16_t> endpoint_from(const OptionValue& value) {
  const std::size_t colon = value.text.rfind(':');
  const std::string_view text = value.text;
  OptionValue port = value;
  if (colon != text.npos) port.text = text.substr(colon + 1);
  std::string address = colon == text.npos ? "127.0.0.1" : std::string(text.substr(0, colon));
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  } else if (address.empty() || address.find_first_of(":/") != address.npos) {
    refuse_value(value,
                 "must be a port, or an address and a port, such as 4001, 127.0.0.1:4001 or [::1]:4001");
  }
  return {address, port_from(port)};
}

std::vector<std::string> index_from(const OptionValue& value) {
  auto names = list_from(value);
  for (const auto& name : names) {
    if (name.find('/') != std::string::npos)
      refuse_value(value, "must be file names without '/', such as index.html");
  }
  return names;
}

std::string user_from(const OptionValue& value, std::string_view doing) {
  const passwd* user = ::getpwnam(std::string(value.text).c_str());
  if (user == nullptr) refuse_value(value, "there is no such user");
  const bool can_become = ::geteuid() == 0 || ::geteuid() == user->pw_uid;
  if (!can_become) refuse_value(value, "only root may " + std::string(doing));
  return std::string(value.text);
}

std::string new_root_from(const OptionValue& value) {
  std::error_code error;
  if (!std::filesystem::is_directory(value.text, error)) refuse_value(value, "must be a folder that exists");
  if (::geteuid() != 0) refuse_value(value, "only root may change the root of the file system");
  return std::string(value.text);
}

std::string prefix_from(const OptionValue& value) {
  std::string_view text = value.text;
  // A prefix is compared with paths whose slashes are already merged, so one with "//" would never match.
  bool is_prefix = !text.empty() && text.front() == '/' && text.back() == '/' && text.find("//") == text.npos;
  if (!is_prefix) refuse_value(value, "must begin and end with '/', such as /cgi-bin/");
  return std::string(text);
}

std::vector<std::string> extensions_from(const OptionValue& value) {
  auto extensions = list_from(value);
  for (const auto& extension : extensions) {
    if (!is_extension(extension)) refuse_value(value, "each extension must begin with '.', such as .cgi,.pl");
  }
  return extensions;
}

std::pair<std::string, std::string> interpreter_from(const OptionValue& value, const std::string& chroot) {
  auto pair = pair_from(value, "EXT=PROGRAM, such as .php=/usr/bin/php-cgi");
  const auto& [extension, program] = pair;
  if (!is_extension(extension))
    refuse_value(value, "the extension must begin with '.', such as .php=/usr/bin/php-cgi");
  if (program.front() != '/')
    refuse_value(value, "the program must be an absolute path, such as /usr/bin/php-cgi");
  if (!is_program(program, chroot))
    refuse_value(value, "there is no program " + program + " that can be executed" +
                            (chroot.empty() ? "" : " within --chroot " + chroot));
  return pair;
}

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
  OptionValue count{value.option, amount, value.first, value.text.substr(0, what.size() + 1), value.lead};
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

std::string folder_from(const OptionValue& value, const std::string& chroot) {
  std::string path(value.text);
  if (!chroot.empty()) {
    if (!is_folder_within(chroot, path))
      refuse_value(value, "must be a folder that exists within --chroot " + chroot);
    return path;
  }
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) refuse_value(value, "must be a folder that exists");
  if (::access(path.c_str(), W_OK | X_OK) != 0)
    refuse_value(value, "must be a folder the server may write to");
  return path;
}

bool is_folder_within(const std::string& chroot, const std::string& path) {
  const auto mode = mode_within(chroot, path);
  return !mode || S_ISDIR(*mode);
}

bool is_program(const std::string& path, const std::string& chroot) {
  if (!chroot.empty()) {
    const auto mode = mode_within(chroot, path);
    return !mode || (S_ISREG(*mode) && (*mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0);
  }
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

bool is_readable_file(const std::string& path, const std::string& chroot) {
  if (!chroot.empty()) {
    const auto mode = mode_within(chroot, path);  // asked by root only, who may read whatever there is
    return !mode || S_ISREG(*mode);
  }
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), R_OK) == 0;
}

}  // namespace tinyhttpd
