#include "tinyhttpd/configuration_text.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "tinyhttpd/log_text.hpp"
#include "tinyhttpd/option_table.hpp"

namespace tinyhttpd {

namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kTextColumn = 16;
constexpr std::size_t kPlaceColumn = 60;

/// Ends a line that is not too wide and speaks to no terminal.
std::string line_of(const std::string& text) {
  std::string line;
  append_sentence(line, text, text.size() * 4);
  if (line.size() > kWidth) line.replace(kWidth - 3, line.npos, "...");
  return line + "\n";
}

/// "  serves        htdocs".
std::string about(std::string what, const std::string& text) {
  what.insert(0, "  ").resize(kTextColumn, ' ');
  return line_of(what + text);
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text.append(text.empty() ? "" : ", ").append(item);
  return text;
}

std::string seconds_text(Seconds seconds) {
  std::ostringstream text;
  text << seconds.count() << " s";
  return text.str();
}

std::string where(const Config& config) {
  if (config.inetd) return "nowhere: one connection, on standard input and output";
  const std::string port =
      config.port == 0 ? "a free port of " : "port " + std::to_string(config.port) + " of ";
  if (config.bind.empty()) return port + "every address, IPv6 and IPv4";
  std::vector<std::string> places;
  for (const std::string& place : config.bind)
    places.push_back((place.starts_with("unix:") ? "" : port) + place);
  return joined(places);
}

std::string documents(const Config& config) {
  return config.root + (config.chroot.empty() ? "" : ", within " + config.chroot) + " (" +
         joined(config.index) + (config.files.autoindex ? ", else a list)" : ")");
}

std::string access_log(const Config& config) {
  const std::string format = config.log_format == LogFormat::json ? ", JSON" : ", Combined format";
  if (config.access_log == "off") return "off";
  return (config.access_log == "-" ? "standard output" : config.access_log) + format;
}

/// A word of a command, so that it can be told where it ends.
std::string shown_word(const std::string& word) {
  return word.find_first_of(" \t") == word.npos ? word : "'" + word + "'";
}

/// Who else answers, and where a password is asked for: a line for each rule.
std::string gateways(const Config& config) {
  std::string text;
  std::string what = "FastCGI";
  for (const FastcgiRule& rule : config.fastcgi.rules)
    text += about(std::exchange(what, ""), rule.where + " by " + joined(rule.backends));
  if (!text.empty())
    text += about("", std::to_string(config.fastcgi.connections) + " connections kept to each at most, " +
                          seconds_text(config.fastcgi.timeout) + " of silence");
  what = "JSON";
  for (const JsonRule& rule : config.json) {
    std::string command;
    for (const std::string& word : rule.command) command += " " + shown_word(word);
    text += about(std::exchange(what, ""), rule.where + " by" + command);
  }
  what = "passwords";
  for (const AuthRule& rule : config.auth)
    text += about(std::exchange(what, ""),
                  rule.prefix + " for those in " + rule.file + ", realm \"" + rule.realm + "\"");
  return text;
}

std::string summary(const Config& config) {
  const Limits& limits = config.limits;
  std::string text = about("listens on", where(config));
  if (!config.inetd) text += about("", "(the port is not tried, and no host name is looked up)");
  text += about("serves", documents(config));
  if (!config.user.empty()) text += about("becomes", config.user);
  text += about("workers", std::to_string(config.threads) + "; " + std::to_string(config.queue) +
                               " connections may wait for one, " + std::to_string(config.max_connections) +
                               " may be open");
  text += about("scripts", std::to_string(config.cgi.max_running) + " at once, " +
                               std::to_string(config.cgi.queue) + " requests may wait; " +
                               seconds_text(config.cgi.timeout) + " of silence, " +
                               seconds_text(config.cgi.max_time) + " of life");
  text += gateways(config);
  text += about("requests", "head " + size_text(limits.max_header_bytes) + " in " +
                                seconds_text(limits.header_timeout) + ", body " +
                                size_text(limits.max_body_bytes) + " at " + size_text(limits.min_rate) +
                                " bytes/s or more");
  return text + about("access log", access_log(config));
}

/// Whether what was said of this option is more than its default in words.
bool changes_something(const Option& option, const std::string& name, const std::vector<Said>& said,
                       const Config& config) {
  if (option.apply == nullptr) return false;
  Config plain;
  if (name != "chroot") plain.chroot = config.chroot;  // where programs and folders are looked for
  Config changed = plain;
  for (std::size_t i = 0; i < said.size(); ++i) option.apply(changed, {name, said[i].text, i == 0});
  return changed != plain;
}

/// A variable for scripts may be a password; its name is enough.
std::string shown_value(const std::string& name, const std::string& text) {
  const std::size_t equals = text.find('=');
  return name == "cgi-env" && equals != text.npos ? text.substr(0, equals) + "=(not shown)" : text;
}

std::string setting_line(const std::string& name, const Said& said) {
  std::string line = "  " + name + " = " + shown_value(name, said.text);
  if (line.size() + 2 + said.place.size() > kWidth) return line_of(line) + line_of("    from " + said.place);
  line.resize(std::max(line.size() + 2, std::min(kPlaceColumn, kWidth - said.place.size())), ' ');
  return line_of(line + said.place);
}

}  // namespace

std::string configuration_text(const Given& given, const Config& config) {
  std::string settings;
  for (const Option& option : option_table()) {
    const std::string name = long_name(option);
    const auto said = given.find(name);
    if (said == given.end() || name == "check-config" ||
        !changes_something(option, name, said->second, config))
      continue;
    for (const Said& one : said->second) settings += setting_line(name, one);
  }
  std::string text = "tinyhttpd " TINYHTTPD_VERSION ": the configuration is right.\n\n" + summary(config);
  if (settings.empty()) return text + "\nEvery option has its default.\n";
  return text + "\nOther than by default:\n" + settings;
}

}  // namespace tinyhttpd
