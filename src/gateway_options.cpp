#include "tinyhttpd/gateway_options.hpp"

#include <sys/un.h>

#include <algorithm>
#include <boost/program_options/parsers.hpp>
#include <boost/token_functions.hpp>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/authority.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/option_readers.hpp"

namespace tinyhttpd {

namespace {

constexpr std::size_t kMaxSocketPathBytes = sizeof(sockaddr_un::sun_path) - 1;

bool has_control_byte(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

// ---- WHERE

bool has_escape(std::string_view path) {
  for (std::size_t at = path.find('%'); at != path.npos; at = path.find('%', at + 1))
    if (at + 2 < path.size() && is_hex_digit(path[at + 1]) && is_hex_digit(path[at + 2])) return true;
  return false;
}

/// Refuses a path that no request's path can be equal to, for those are decoded and normalised: what it was
/// meant to protect, or to answer, would be served otherwise.
void check_path(const OptionValue& value, const std::string& path) {
  const std::string closed = path.ends_with('/') ? path : path + "/";
  for (const char* part : {"//", "/./", "/../"})
    if (closed.find(part) != closed.npos)
      refuse_value(value, "the path must be written without " + std::string(part));
  if (has_escape(path))
    refuse_value(value, "the path must be written as in a file's name: a blank is a blank, not %20");
  if (has_control_byte(path)) refuse_value(value, "the path must hold no control byte");
  if (path.ends_with('*') || path.ends_with("*/"))
    refuse_value(value, "the path covers all below it; it must be written without a *");
}

bool is_hidden(std::string_view path) {
  for (std::size_t at = path.find("/."); at != path.npos; at = path.find("/.", at + 1))
    if (!path.substr(at).starts_with("/.well-known/")) return true;
  return false;
}

void check_extension(const OptionValue& value, std::string_view extension) {
  const bool is_name = extension.size() > 1 && extension.find_first_of("./ ", 1) == extension.npos &&
                       !has_control_byte(extension);
  if (!is_name)
    refuse_value(value, "the extension must be the last '.' of a name and what follows it, such as .php");
}

void check_where(const OptionValue& value, const std::string& where) {
  if (where.front() == '.') return check_extension(value, where);
  if (where.front() != '/' || where.back() != '/')
    refuse_value(value,
                 "it must be for an extension such as .php, or for a path between slashes such as /app/");
  check_path(value, where);
  if (is_hidden(where)) refuse_value(value, "a hidden path is never served; its name begins with '.'");
}

// ---- BACKEND

bool is_port(std::string_view text) {
  unsigned port = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), port);
  return port >= 1 && port <= 65535;  // split_authority has seen to it that there are only digits
}

void check_backend(const OptionValue& value, std::string_view backend) {
  constexpr std::string_view kUnix = "unix:";
  if (backend.starts_with(kUnix)) {
    const std::string_view path = backend.substr(kUnix.size());
    if (!path.starts_with('/') || path.ends_with('/') || path.size() > kMaxSocketPathBytes)
      refuse_value(value,
                   "a Unix socket must be an absolute path of at most 107 bytes, such as "
                   "unix:/run/php/php-fpm.sock");
    return;
  }
  if (backend.starts_with('/'))
    refuse_value(value, "a Unix socket must be written unix:" + std::string(backend));
  std::string_view host;
  std::string_view port;
  if (!split_authority(backend, host, port) || !is_port(port))
    refuse_value(value, "each backend must be unix:/path or host:port, such as 127.0.0.1:9000 or [::1]:9000");
}

void check_no_twin(const OptionValue& value, std::vector<std::string> backends) {
  std::sort(backends.begin(), backends.end());
  const auto twin = std::adjacent_find(backends.begin(), backends.end());
  if (twin != backends.end()) refuse_value(value, *twin + " must be named once");
}

// ---- COMMAND

/// The words of a command. split_unix takes a quote that nothing closes for one that ends with the text, so
/// a word is put behind: it is the last one only when nothing is open before it.
std::vector<std::string> words_of(const OptionValue& value, const std::string& command) {
  const std::string last = "end";
  std::vector<std::string> words;
  try {
    words = boost::program_options::split_unix(command + " " + last);
  } catch (const boost::escaped_list_error&) {
    refuse_value(value, "after a backslash there must be a quote, a blank, 'n' or another backslash");
  }
  if (words.empty() || words.back() != last)
    refuse_value(value, "every quote must be closed, and there must be no backslash at the end");
  words.pop_back();
  if (words.empty()) refuse_value(value, "must be WHERE=COMMAND, such as /api/=/srv/api/handler.py");
  return words;
}

/// The folders of PATH. A relative one would be another one for a server that is started elsewhere.
std::vector<std::string> search_path() {
  const char* said = std::getenv("PATH");
  std::string_view rest = said != nullptr && *said != '\0' ? said : "/usr/local/bin:/usr/bin:/bin";
  std::vector<std::string> folders;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    if (folder.starts_with('/')) folders.emplace_back(folder);
    rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
  }
  return folders;
}

/// Where a program with '/' in its name will be; the server's working folder is "/" once it has a new root.
std::string absolute(const std::string& program, const std::string& chroot) {
  std::error_code error;
  const auto folder = chroot.empty() ? std::filesystem::current_path(error) : std::filesystem::path("/");
  return (folder / program).lexically_normal().string();
}

std::string program_from(const OptionValue& value, const std::string& program, const std::string& chroot) {
  const std::string within = chroot.empty() ? "" : " within --chroot " + chroot;
  if (program.find('/') != program.npos) {
    std::string path = absolute(program, chroot);
    if (!is_program(path, chroot))
      refuse_value(value, "there is no program " + path + " that can be executed" + within);
    return path;
  }
  for (const std::string& folder : search_path())
    if (std::string path = absolute(folder + "/" + program, chroot); is_program(path, chroot)) return path;
  refuse_value(value, "there is no program " + program + " in PATH" + within +
                          "; it may be given with its folder, such as /usr/bin/python3");
}

// ---- FILE:REALM

/// Splits at the last ':', unless all of it is a file.
std::string take_realm(const OptionValue& value, std::string& file, const std::string& chroot) {
  const std::size_t colon = file.rfind(':');
  if (colon == file.npos || is_readable_file(file, chroot)) return "";
  std::string realm = file.substr(colon + 1);
  file.resize(colon);
  if (trim(realm).empty() || has_control_byte(realm) || realm.find('"') != realm.npos)
    refuse_value(value, "the realm behind the ':' must be a few words without quotes, such as Members only");
  return realm;
}

}  // namespace

FastcgiRule fastcgi_rule_from(const OptionValue& value) {
  const auto [where, backends] = pair_from(value, "WHERE=BACKEND, such as .php=unix:/run/php/php-fpm.sock");
  check_where(value, where);
  FastcgiRule rule{where, list_from({value.option, backends, value.first, where + "=", value.lead})};
  for (const std::string& backend : rule.backends) check_backend(value, backend);
  check_no_twin(value, rule.backends);
  return rule;
}

JsonRule json_rule_from(const OptionValue& value, const std::string& chroot) {
  const auto [where, command] = pair_from(value, "WHERE=COMMAND, such as /api/=/srv/api/handler.py");
  check_where(value, where);
  JsonRule rule{where, words_of(value, command)};
  rule.command.front() = program_from(value, rule.command.front(), chroot);
  return rule;
}

AuthRule auth_rule_from(const OptionValue& value, const std::string& chroot) {
  auto [path, file] = pair_from(value, "/PATH=FILE, such as /private=/etc/tinyhttpd/passwords");
  if (path.front() != '/') refuse_value(value, "the path must begin with '/', such as /private");
  check_path(value, path);
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  std::string realm = take_realm(value, file, chroot);
  if (!is_readable_file(file, chroot))
    refuse_value(value, "there is no file " + file + " that can be read" +
                            (chroot.empty() ? "" : " within --chroot " + chroot));
  return {path, file, realm.empty() ? path : realm};
}

bool is_same_place(std::string_view one, std::string_view other) {
  return one.starts_with('.') ? iequals(one, other) : one == other;
}

std::vector<std::size_t> shadowed_places(const std::vector<std::string>& places) {
  std::vector<std::size_t> shadowed;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto shadows = [&later = places[i]](const std::string& earlier) {
      return earlier == "/" || (earlier.starts_with('/') && later.starts_with(earlier));
    };
    const auto end = places.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::any_of(places.begin(), end, shadows)) shadowed.push_back(i);
  }
  return shadowed;
}

}  // namespace tinyhttpd
