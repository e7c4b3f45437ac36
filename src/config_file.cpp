#include "tinyhttpd/config_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/lines.hpp"
#include "tinyhttpd/option_table.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

namespace {

[[noreturn]] void refuse_line(const std::string& place, const std::string& reason) {
  throw UsageError(place + ": " + reason);
}

/// What a line holds.
struct Content {
  std::string_view text;  ///< without the comment and the blanks around the rest
  bool comment_cut;
};

Content content_of(std::string_view line, const std::string& place) {
  const bool is_text =
      std::none_of(line.begin(), line.end(), [](char c) { return is_control(c) && c != '\t'; });
  if (!is_text) refuse_line(place, "holds a control byte; the file must be plain text");
  const std::size_t hash = line.find('#');
  // Boost's form has no way to quote it. Cutting "/old=/new#part" short in silence would be worse than this.
  if (hash != line.npos && hash > 0 && line[hash - 1] != ' ' && line[hash - 1] != '\t')
    refuse_line(
        place,
        "a '#' begins a comment and cannot be within a value; such a value can be given on the command "
        "line or in the environment");
  return {trim(line.substr(0, hash)), hash != line.npos};
}

const Option& option_named(const std::string& name, const std::string& place) {
  const Option* option = find_option(name);
  if (option == nullptr) {
    const std::string hint = nearest_option(name.substr(std::min(name.find_first_not_of('-'), name.size())));
    refuse_line(place, (name.empty() ? "''" : name) + ": there is no such option; " +
                           (hint.empty() ? "--help lists them" : "did you mean " + hint + "?"));
  }
  if (option->said_in == SaidIn::arguments) refuse_line(place, name + ": belongs on the command line");
  if (option->said_in != SaidIn::anywhere)
    refuse_line(place, name + ": a configuration file cannot name another one");
  return *option;
}

void read_line(std::string_view line, const std::string& place, Given& given) {
  const auto [content, comment_cut] = content_of(line, place);
  if (content.empty()) return;
  if (content.front() == '[') refuse_line(place, std::string(content) + ": there are no sections");
  const std::size_t equals = content.find('=');
  const std::string name(trim(content.substr(0, equals)));
  if (equals == content.npos && content.find_first_of(" \t") != content.npos)
    refuse_line(place, std::string(content) + ": must be OPTION = VALUE, such as port = 8080");
  const Option& option = option_named(name, place);
  if (equals == content.npos)
    refuse_line(place,
                name + ": needs a value, " + name + " = " + (is_switch(option) ? "on" : option.argument));
  given[name].push_back({std::string(trim(content.substr(equals + 1))), Source::file, place, comment_cut});
}

/// All of the file, or more of it than it may have.
std::string bytes_of(const UniqueFd& file, const OptionValue& path) {
  std::string text;
  char piece[64 * 1024];
  while (text.size() <= kMaxConfigFileBytes) {
    const ssize_t count = ::read(file.get(), piece, sizeof piece);
    if (count == 0) break;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse_value(path, "cannot be read: " + std::generic_category().message(errno));
    text.append(piece, static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace

Given read_config_text(std::string_view text, const std::string& name) {
  Given given;
  text = without_byte_order_mark(text);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    read_line(line, name + " line " + std::to_string(number), given);
  }
  return given;
}

Given read_config_file(const OptionValue& path, Reading reading) {
  const std::string name(path.text);
  // While the server runs, a pipe that nobody writes to must not hold it up.
  const int patience = reading == Reading::reload ? O_NONBLOCK : 0;
  const UniqueFd file(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | patience));
  if (!file) refuse_value(path, "cannot be read: " + std::generic_category().message(errno));
  struct stat status {};
  if (::fstat(file.get(), &status) == 0 && S_ISDIR(status.st_mode))
    refuse_value(path, "is a folder; must be a file of lines such as port = 8080");
  // What was read at the start is gone from a pipe, and nothing left is not "every option has its default".
  if (reading == Reading::reload && !S_ISREG(status.st_mode))
    refuse_value(path, "cannot be read again: no regular file");
  const std::string text = bytes_of(file, path);
  if (text.size() > kMaxConfigFileBytes)
    refuse_value(path, "is over 1M; that cannot be a configuration file");
  return read_config_text(text, name);
}

}  // namespace tinyhttpd
