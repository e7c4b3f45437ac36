#include "tinyhttpd/command_line.hpp"

#include <algorithm>
#include <cstdlib>
#include <thread>
#include <utility>

#include "tinyhttpd/configuration_text.hpp"
#include "tinyhttpd/file_options.hpp"
#include "tinyhttpd/gateway_options.hpp"
#include "tinyhttpd/option_readers.hpp"
#include "tinyhttpd/option_sources.hpp"
#include "tinyhttpd/option_table.hpp"

namespace tinyhttpd {

namespace {

/// Reads all that was said of one option into the Config.
void apply(const Option& option, const Given& given, Config& config) {
  const std::string name = long_name(option);
  const auto said = given.find(name);
  if (option.apply == nullptr || said == given.end()) return;
  bool first = true;
  for (const Said& one : said->second) {
    const std::string lead = lead_of(name, one);
    try {
      option.apply(config, {name, one.text, std::exchange(first, false), "", lead});
    } catch (const UsageError& error) {
      if (!one.comment_cut) throw;
      throw UsageError(std::string(error.what()) + "; '#' began a comment");
    }
  }
}

std::vector<std::string> texts_of(const std::string& name, const Given& given) {
  std::vector<std::string> texts;
  const auto said = given.find(name);
  if (said == given.end()) return texts;
  for (const Said& one : said->second) texts.push_back(one.text);
  return texts;
}

// ---- What only makes sense together

[[noreturn]] void refuse_said(const std::string& name, const Said& said, const std::string& right) {
  const std::string lead = lead_of(name, said);
  refuse_value({.option = name, .text = said.text, .lead = lead}, right);
}

/// Refuses the last of what was said of an option.
[[noreturn]] void refuse(const std::string& name, const Given& given, const std::string& right) {
  refuse_said(name, given.at(name).back(), right);
}

void check_cgi_max(const Config& config, const Given& given) {
  const std::size_t most = std::max<std::size_t>(config.threads - 1, 1);
  if (config.cgi.max_running <= most) return;
  refuse("cgi-max", given,
         "must be less than the threads (" + std::to_string(config.threads) +
             "), so that files are answered while scripts run; at most " + std::to_string(most));
}

/// A file or an environment may serve a listening server and --inetd alike, so only there such options rest.
void check_inetd(const Config& config, const Given& given) {
  if (!config.inetd) return;
  for (const char* name : {"port", "bind"}) {
    const auto said = given.find(name);
    if (said != given.end() && said->second.back().source == Source::arguments)
      refuse(name, given, "--inetd takes the connection it is given and listens nowhere");
  }
  if (given.contains("access-log") && given.at("access-log").back().text == "-")
    refuse("access-log", given, "standard output is the client's with --inetd; must be a file or off");
}

void check_users(const Config& config, const Given& given) {
  if (config.user.empty() || config.cgi.user.empty() || config.user == config.cgi.user) return;
  refuse("cgi-user", given,
         "only root may become another user, and --user " + config.user + " gives that up; must be the same");
}

/// The usual folder for spooling may be missing in a new root; large bodies would find that out too late.
void check_new_root(const Config& config) {
  if (config.chroot.empty() || is_folder_within(config.chroot, config.limits.spool_dir)) return;
  throw UsageError("--chroot " + config.chroot + ": there is no folder " + config.limits.spool_dir +
                   " in it for large bodies; make it, or name another with --spool-dir");
}

/// Redirects are in the Config one by one as they were said.
void check_redirects(const Config& config, const Given& given) {
  const auto endless = endless_redirect(config.files.redirects);
  if (!endless) return;
  const Said& said = given.at("redirect").at(*endless);
  refuse_said("redirect", said, "leads in a circle");
}

/// Who answers at a place, and what was said to make it so.
struct Claim {
  std::string option;
  std::string where;
  const Said* said;
  std::string text() const { return lead_of(option, *said) + said->text; }
};

/// Adds what was said of an option whose values are WHERE or WHERE=…. The defaults of CGI claim nothing.
void add_claims(std::vector<Claim>& claims, const std::string& option, const Given& given) {
  const auto said = given.find(option);
  if (said == given.end()) return;
  for (const Said& one : said->second)
    claims.push_back({option, one.text.substr(0, one.text.find('=')), &one});
}

bool is_cgi(const Claim& claim) {
  return claim.option.starts_with("cgi-");
}

/// Of two claims to a place one would be in vain. Of two interpreters the last counts, as it always did.
void check_claims(const std::vector<Claim>& claims) {
  for (auto later = claims.begin(); later != claims.end(); ++later) {
    const auto earlier = std::find_if(claims.begin(), later, [&later](const Claim& claim) {
      return is_same_place(claim.where, later->where) && !(is_cgi(claim) && is_cgi(*later));
    });
    if (earlier != later)
      refuse_said(later->option, *later->said,
                  earlier->text() + " is for the same place; one of them must go");
  }
}

void check_gateways(Config& config, const Given& given) {
  std::vector<Claim> claims;
  // In the order in which the router asks them.
  for (const char* option : {"fastcgi", "json"}) add_claims(claims, option, given);
  std::vector<std::string> places;
  places.reserve(claims.size());
  for (const Claim& claim : claims) places.push_back(claim.where);
  for (const std::size_t shadowed : shadowed_places(places))
    config.warnings.push_back(claims[shadowed].text() +
                              ": counts for nothing, an earlier rule covers all of it");
  for (const char* option : {"cgi-prefix", "cgi-interpreter"}) add_claims(claims, option, given);
  check_claims(claims);
}

void check_fastcgi(Config& config, const Given& given) {
  if (!config.fastcgi.rules.empty()) return;
  for (const char* option : {"fastcgi-connections", "fastcgi-timeout"}) {
    const auto said = given.find(option);
    if (said == given.end()) continue;
    const Said& last = said->second.back();
    config.warnings.push_back(lead_of(option, last) + last.text + ": counts for nothing without --fastcgi");
  }
}

/// Rules are in the Config one by one as they were said.
void check_passwords(Config& config, const Given& given) {
  std::vector<Claim> claims;
  add_claims(claims, "auth", given);
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const std::string& path = config.auth.at(i).prefix;
    claims[i].where = path;
    const std::string name = path.substr(path.rfind('/') + 1);
    if (std::find(config.index.begin(), config.index.end(), name) != config.index.end())
      config.warnings.push_back(claims[i].text() + ": whoever asks for the folder gets " + name +
                                " without a password; name the folder instead");
  }
  check_claims(claims);
}

/// Whether checking a value asks for what a running server has given up: the rights of root, the list of
/// users, which need not be in its new root, and the folders outside of that.
bool is_about_rights(const std::string& name) {
  return name == "user" || name == "chroot" || name == "cgi-user";
}

/// A reload leaves out what is about rights. Without --chroot, paths count from "/", where the server is.
Config config_from(const Given& given, Reading reading, std::vector<std::string> warnings) {
  Config config;
  config.warnings = std::move(warnings);
  for (const Option& option : option_table())
    if (reading == Reading::start || !is_about_rights(long_name(option))) apply(option, given, config);
  complete(config);
  check_cgi_max(config, given);
  check_inetd(config, given);
  check_users(config, given);
  check_new_root(config);
  check_redirects(config, given);
  check_gateways(config, given);
  check_fastcgi(config, given);
  check_passwords(config, given);
  for (const auto& [name, said] : given) config.given[name] = texts_of(name, given);
  return config;
}

Given arguments_of(int argc, const char* const* argv) {
  return read_arguments({argv + std::min(argc, 1), argv + argc});
}

/// Takes over from `now` what this option set there. Whether a source says something else of it by now.
bool keep(const Option& option, Config& next, const Config& now) {
  const std::string name = long_name(option);
  const auto before = now.given.find(name);
  const auto texts = before == now.given.end() ? std::vector<std::string>() : before->second;
  const bool has_changed = texts != std::exchange(next.given[name], texts);
  // The next reload, too, compares with the start.
  if (texts.empty()) next.given.erase(name);
  option.keep(next, now);
  return has_changed;
}

}  // namespace

void complete(Config& config) {
  if (config.threads == 0)
    config.threads = std::max<std::size_t>(8, std::size_t{4} * std::thread::hardware_concurrency());
  if (config.cgi.max_running == 0) {
    std::size_t most = std::max<std::size_t>(config.threads - 1, 1);
    config.cgi.max_running = std::clamp<std::size_t>(config.threads * 3 / 4, 1, most);
  }
  if (config.limits.spool_dir.empty()) {
    const char* folder = std::getenv("TMPDIR");
    config.limits.spool_dir = folder != nullptr && *folder != '\0' ? folder : "/tmp";
  }
  if (config.inetd && config.access_log == "-") config.access_log = "off";  // that is the client's
}

Command parse_command_line(int argc, const char* const* argv) {
  Given given = arguments_of(argc, argv);
  if (given.contains("help")) return Printout{help_text()};
  if (given.contains("version")) return Printout{"tinyhttpd " TINYHTTPD_VERSION "\n"};
  std::vector<std::string> warnings;
  given = with_other_sources(std::move(given), Reading::start, warnings);
  Config config = config_from(given, Reading::start, std::move(warnings));
  if (!config.check_only) return config;
  std::string text = configuration_text(given, config);
  return Check{std::move(config), std::move(text)};
}

Reloaded reload_configuration(int argc, const char* const* argv, const Config& now) {
  std::vector<std::string> warnings;
  const Given given = with_other_sources(arguments_of(argc, argv), Reading::reload, warnings);
  Reloaded next{config_from(given, Reading::reload, std::move(warnings)), {}};
  for (const Option& option : option_table())
    if (option.keep != nullptr && keep(option, next.config, now))
      next.kept.push_back("--" + long_name(option));
  return next;
}

}  // namespace tinyhttpd
