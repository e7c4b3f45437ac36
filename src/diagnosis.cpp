#include "tinyhttpd/diagnosis.hpp"

#include <array>
#include <cstddef>
#include <string_view>
#include <system_error>

#include "tinyhttpd/failure_phrases.hpp"
#include "tinyhttpd/script_failure.hpp"

namespace tinyhttpd {

namespace {

constexpr std::size_t kMaxQuotedBytes = 120;

/// A longer cure is for those who have a page to read it on.
constexpr std::size_t kMaxCureBytesInLine = 100;

std::string escape(char byte) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  constexpr std::string_view kNamed = "\r\n\t\"\\";
  constexpr std::string_view kNames = "rnt\"\\";
  if (const auto index = kNamed.find(byte); index != std::string_view::npos) return {'\\', kNames[index]};
  if (byte >= ' ' && byte <= '~') return std::string(1, byte);
  const auto value = static_cast<unsigned char>(byte);
  return {'\\', 'x', kHexDigits[value >> 4U], kHexDigits[value & 0xFU]};
}

// What a script wrote, made safe for a log: an escape sequence must not reach the terminal of whoever reads
// it.
std::string escaped(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes.substr(0, kMaxQuotedBytes)) text += escape(byte);
  if (bytes.size() > kMaxQuotedBytes) text += "…";
  return text;
}

std::string quoted(std::string_view bytes) {
  return "\"" + escaped(bytes) + "\"";
}

// Time limits may be fractions; the whole seconds of a short one are none.
std::string in_seconds(int seconds) {
  return seconds == 0 ? "less than 1 s" : std::to_string(seconds) + " s";
}

// As Linux numbers them on every machine Debian runs on but MIPS; see process_phrases.cpp.
std::string in_signals(int signal) {
  constexpr std::array<std::string_view, 32> kNames = {
      "",          "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
      "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
      "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
      "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS"};
  const auto index = static_cast<std::size_t>(signal);
  if (signal <= 0 || index >= kNames.size()) return std::to_string(signal);
  return std::to_string(signal).append(" (").append(kNames[index]).append(")");
}

/// What a mark of FailurePhrases stands for in this failure.
std::string value_of(std::string_view mark, const ScriptFailure& failure) {
  const bool has_detail = !failure.detail.empty();
  if (mark == "number") return std::to_string(failure.number);
  if (mark == "seconds") return in_seconds(failure.number);
  if (mark == "signal") return in_signals(failure.number);
  if (mark == "error")
    return failure.number == 0 ? "" : ": " + std::generic_category().message(failure.number);
  if (mark == "quoted") return quoted(failure.detail);
  if (mark == "interpreter") return quoted(interpreter_of(failure.detail));
  if (mark == ": detail") return has_detail ? ": " + escaped(failure.detail) : "";
  if (mark == "last line") return has_detail ? "; it ends with " + quoted(failure.detail) : "";
  if (mark == "step") return has_detail ? escaped(failure.detail) : "exec";
  if (mark == "outcome") return has_detail ? escaped(failure.detail) : " before its header was complete";
  return escaped(failure.detail);
}

/// The template with its marks filled in. What fills them is not looked at again.
std::string fill(std::string_view phrase, const ScriptFailure& failure) {
  std::string text;
  for (auto begin = phrase.find('{'); begin != std::string_view::npos; begin = phrase.find('{')) {
    const auto end = phrase.find('}', begin);
    text.append(phrase.substr(0, begin));
    text.append(value_of(phrase.substr(begin + 1, end - begin - 1), failure));
    phrase.remove_prefix(end + 1);
  }
  return text.append(phrase);
}

}  // namespace

Diagnosis diagnose(const ScriptFailure& failure) {
  const FailurePhrases& phrases = phrases_for(failure);
  return {fill(phrases.what, failure), fill(phrases.why, failure), fill(phrases.cure, failure)};
}

std::string in_one_line(const Diagnosis& diagnosis) {
  if (diagnosis.cure.size() > kMaxCureBytesInLine) return diagnosis.what;
  // One colon is enough for a sentence.
  const bool has_colon = diagnosis.what.find(": ") != std::string::npos;
  return has_colon ? diagnosis.what + " (" + diagnosis.cure + ")" : diagnosis.what + ": " + diagnosis.cure;
}

}  // namespace tinyhttpd
