// Bytes as words of a POSIX shell: whatever they are, the shell reads them as nothing else.
#pragma once

#include <string>
#include <string_view>

namespace tinyhttpd {

/// `text` in single quotes (POSIX.1-2017, Shell Command Language, section 2.2.2). It must be printable.
std::string shell_quoted(std::string_view text);

/// Whether single quotes are enough: UTF-8 without controls, so that a terminal obeys nothing in it.
bool is_printable_text(std::string_view text);

/// Commands, one a line, that print exactly `bytes`: printf with the unprintable in octal. "" for no bytes.
std::string shell_print(std::string_view bytes);

/// `text` for a comment: printable ASCII, all else as \xHH.
std::string shell_comment(std::string_view text);

}  // namespace tinyhttpd
