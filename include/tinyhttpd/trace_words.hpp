// What listeners are told, in words for people. What comes from outside is not part of them.
#pragma once

#include <string>
#include <string_view>

#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// "standard output".
std::string_view words_for(Stream stream);

/// "SIGTERM"; "signal 99" where it has no name.
std::string words_for_signal(int signal);

/// "its head is complete: a document, 200"; after a local redirect its location is to follow.
std::string words_for(const CgiHead& head);

/// "ended with exit status 0 (1.200 ms of its own, 0.800 ms of the kernel's, 3,412 KiB)".
std::string words_for(const ExitReport& report);

/// "pipes are made, for us the ends 9 to standard input, 10 from standard output, 12 from standard error".
std::string words_for(const ScriptDescriptors& descriptors);

/// "200, 1,234 bytes of body"; "200, cut after 100 bytes of body".
std::string words_for(const AnswerSummary& summary);

}  // namespace tinyhttpd
