// A failure of a script explained: the same words in the log, on the terminal, and on pages for whoever
// writes the script.
#pragma once

#include <string>

namespace tinyhttpd {

struct ScriptFailure;

/// A sentence each, without its full stop. What the script wrote is quoted with escapes, so that all three
/// are printable text of one line; in HTML they need escaping, as all text does.
struct Diagnosis {
  std::string what;  ///< what happened: `line 1 ends in CRLF, so the kernel looks for "/bin/sh\r"`
  std::string why;   ///< why that is a failure
  std::string cure;  ///< what to do about it: "save the script with Unix line ends (dos2unix)"
};

/// Explains `failure`. No part of what it returns is empty.
Diagnosis diagnose(const ScriptFailure& failure);

/// One line for the log: what happened, and the cure where it is short.
std::string in_one_line(const Diagnosis& diagnosis);

}  // namespace tinyhttpd
