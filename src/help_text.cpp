#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "tinyhttpd/command_line.hpp"
#include "tinyhttpd/option_table.hpp"

namespace tinyhttpd {

namespace {

constexpr std::size_t kHelpWidth = 100;
constexpr std::size_t kHelpColumn = 38;

constexpr const char* kBeginning =
    "Usage: tinyhttpd [options]\n"
    "       tinyhttpd check [options] SCRIPT         say which rules of CGI it breaks\n"
    "       tinyhttpd replay [options] FILE          run a saved exchange again\n\n"
    "Serves the files of a folder and runs its CGI programs.\n\n"
    "  tinyhttpd                                        serve htdocs on port 4000\n"
    "  tinyhttpd --port 8080 --root /srv/www --autoindex\n"
    "  tinyhttpd --bind 127.0.0.1 --cgi-interpreter .php=/usr/bin/php-cgi\n"
    "  tinyhttpd --fastcgi .php=unix:/run/php/php-fpm.sock --auth /admin=/etc/tinyhttpd/passwords\n";

constexpr const char* kEnd = R"(
Elsewhere than on the command line
  TINYHTTPD_MAX_BODY=1M               in the environment; of a repeatable option one value a line
  max-body = 1M                       in the file of --config; an option a line, # begins a comment
  What the command line says of an option wins, then the environment, then the file.

Signals
  SIGTERM, SIGINT                     finish what is in flight, then exit; the second one: at once
  SIGHUP                              reopen the logs, read the files of --config and --auth again

More: man tinyhttpd
)";

const char* title(Group group) {
  switch (group) {
    case Group::starting: return "Starting";
    case Group::files: return "Static files";
    case Group::cgi: return "CGI";
    case Group::gateways:
      return "Other gateways (WHERE is an extension such as .php, or a path between slashes such as /app/)";
    case Group::watching: return "Seeing inside (for teachers, and for scripts that do not work)";
    case Group::limits: return "Limits (sizes take K, M, G; times are seconds and may be fractions)";
  }
  return "";
}

/// "  -p, --port N".
std::string synopsis(const Option& option) {
  std::string_view name = option.name;
  std::size_t comma = name.find(',');
  std::string line =
      comma == std::string_view::npos ? "      --" : "  -" + std::string(name.substr(comma + 1)) + ", --";
  line += name.substr(0, comma);
  if (*option.argument != '\0') line.append(" ").append(option.argument);
  return line;
}

/// The option on the left, its help on the right, wrapped between words.
std::string help_lines(const Option& option) {
  std::string line = synopsis(option);
  std::string lines;
  if (line.size() + 2 > kHelpColumn) lines = std::exchange(line, "") + "\n";
  line.resize(kHelpColumn, ' ');
  std::string_view rest = option.help;
  while (line.size() + rest.size() > kHelpWidth) {
    std::size_t cut = rest.rfind(' ', kHelpWidth - line.size());
    lines += line.append(rest.substr(0, cut)).append("\n");
    rest.remove_prefix(cut + 1);
    line.assign(kHelpColumn, ' ');
  }
  return lines.append(line).append(rest).append("\n");
}

}  // namespace

std::string help_text() {
  std::string text = kBeginning;
  std::optional<Group> group;
  for (const Option& option : option_table()) {
    if (group != option.group) text.append("\n").append(title(option.group)).append("\n");
    group = option.group;
    text += help_lines(option);
  }
  return text + kEnd;
}

}  // namespace tinyhttpd
