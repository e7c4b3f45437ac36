// The steps of an exchange in words, for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tinyhttpd {

struct RecordedExchange;
struct RecordedExit;
struct RecordedStep;

/// One step as a sentence without its full stop: "the script wrote 120 bytes to standard output". May hold
/// raw bytes: `step.text`, and the exchange's reason for its route.
std::string words_for(const RecordedStep& step, const RecordedExchange& exchange);

/// "ended with exit status 0", "killed by signal 9 (SIGKILL)".
std::string words_for(const RecordedExit& exit);

/// "1 byte", "812 bytes".
std::string in_bytes(std::uint64_t count);

/// "standard input", "standard output", "standard error", for 0, 1 and 2; "" for any other.
std::string_view stream_name(int stream);

}  // namespace tinyhttpd
