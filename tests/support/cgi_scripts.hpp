// Texts of shell scripts for the tests of CGI.
#pragma once

#include <string>

/// A script of /bin/sh.
inline std::string sh(const std::string& commands) {
  return "#!/bin/sh\n" + commands;
}

/// The command that prints a head for plain text.
inline const std::string kPrintTextHead = "printf 'Content-Type: text/plain\\n\\n'\n";

/// A script that prints a head for plain text first.
inline std::string sh_text(const std::string& commands) {
  return sh(kPrintTextHead + commands);
}

/// One that prints exactly `bytes`; printf's escapes stand for bytes that no script may hold.
inline std::string sh_prints(const std::string& bytes) {
  return sh("printf '%b' '" + bytes + "'\n");
}
