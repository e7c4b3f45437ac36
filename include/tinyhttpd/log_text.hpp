// Text from outside made safe for a line of a log: it can neither end the line nor speak to the terminal of
// whoever reads it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tinyhttpd {

/// No line of a log is longer, its end included: what a pipe takes in one piece (PIPE_BUF of Linux).
inline constexpr std::size_t kMaxLogLineBytes = 4096;

/// The mark for what was left out, "[+123]", is never longer.
inline constexpr std::size_t kMaxCutMarkBytes = 23;

/// Appends `bytes` to `line`, printable ASCII as it is, every other byte and '"' and '\' as \xHH
/// (CVE-2009-4487, CVE-2013-1862). What would take more than `most` bytes in the line is left out, and a mark
/// at the end says how many bytes of `bytes` that were: "[+123]".
void append_escaped(std::string& line, std::string_view bytes, std::size_t most);

/// The same for text that people are to read, a sentence of ours or a script's: keeps '"', '\' and letters in
/// UTF-8.
void append_sentence(std::string& line, std::string_view sentence, std::size_t most);

/// Appends `bytes` as a JSON string, its quotes included (RFC 8259 section 7): '"', '\' and everything a
/// terminal might obey escaped, U+FFFD for each byte that is not UTF-8. It takes no more than `most` bytes of
/// the line between the quotes; what would is cut, between two characters, and "…" stands at the end.
void append_json_text(std::string& line, std::string_view bytes, std::size_t most);

}  // namespace tinyhttpd
