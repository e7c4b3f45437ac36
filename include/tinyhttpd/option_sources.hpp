// What was said of each option, and where: on the command line, in the environment, in a file.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tinyhttpd {

enum class Source { arguments, environment, file };

/// When the sources are read: before the server starts, or again while it runs. By then it may be in another
/// root folder and another user, and must not wait for anybody.
enum class Reading { start, reload };

/// One value of one option, as it was said.
struct Said {
  std::string text;
  Source source = Source::arguments;
  std::string place = "the command line";  ///< or "TINYHTTPD_PORT", "tinyhttpd.conf line 12"
  bool comment_cut = false;                ///< a '#' ended it: an error says so, in case it was meant
  bool operator==(const Said&) const = default;
};

/// What one source says, or all of them together: by the option's long name, at least one value each, in the
/// order they were said. `a.merge(b)` keeps of each option what `a` says, so the first source wins wholly.
using Given = std::map<std::string, std::vector<Said>>;

/// How its place writes an option, up to the value: "--port ", "TINYHTTPD_PORT=",
/// "tinyhttpd.conf line 12: port ".
std::string lead_of(const std::string& option, const Said& said);

/// Reads the words of a command line, the program's name left out. A switch that stands alone says "on".
/// Values are not read yet. Throws UsageError for a name that is no option, a word that belongs to none, a
/// value that is missing or superfluous.
Given read_arguments(const std::vector<std::string>& arguments);

/// Reads the variables whose names begin with TINYHTTPD_ from "NAME=VALUE" strings: TINYHTTPD_MAX_BODY is
/// max-body. One value a line; an empty variable says nothing. A variable that is no option, or one of the
/// command line only, is no error, since others use such names too: Kubernetes makes some for every Service.
/// It gets a line in `warnings`.
Given read_environment(const std::vector<std::string>& environment, std::vector<std::string>& warnings);

/// Adds to what the command line says what the environment of this process, and then the file that --config
/// or TINYHTTPD_CONFIG names, says of other options. Throws UsageError.
Given with_other_sources(Given given, Reading reading, std::vector<std::string>& warnings);

/// The variable that speaks of an option: "max-body" is TINYHTTPD_MAX_BODY.
std::string variable_of(std::string_view option);

}  // namespace tinyhttpd
