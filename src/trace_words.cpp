#include "tinyhttpd/trace_words.hpp"

#include <string.h>

#include <cstdint>

#include "tinyhttpd/cgi_message.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/terminal_text.hpp"

namespace tinyhttpd {

std::string_view words_for(Stream stream) {
  switch (stream) {
    case Stream::standard_input: return "standard input";
    case Stream::standard_output: return "standard output";
    case Stream::standard_error: return "standard error";
  }
  return "";
}

std::string words_for_signal(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

std::string words_for(const CgiHead& head) {
  const std::string status = std::to_string(code(head.status));
  switch (head.kind) {
    case CgiHead::Kind::document: return "its head is complete: a document, " + status;
    case CgiHead::Kind::local_redirect: return "its head is complete: the server is to answer with";
    case CgiHead::Kind::client_redirect: return "its head is complete: a redirect, " + status;
  }
  return "its head is complete";
}

std::string words_for(const ExitReport& report) {
  std::string words = report.by_signal ? "was killed by " + words_for_signal(report.code)
                                       : "ended with exit status " + std::to_string(report.code);
  return words.append(" (")
      .append(in_milliseconds(report.user_time))
      .append(" of its own, ")
      .append(in_milliseconds(report.system_time))
      .append(" of the kernel's, ")
      .append(with_commas(static_cast<std::uint64_t>(report.max_resident_kib)))
      .append(" KiB)");
}

std::string words_for(const ScriptDescriptors& pipes) {
  std::string words = pipes.input_write < 0 ? "standard input needs no pipe; " : "";
  words += "pipes are made, for us the ends ";
  if (pipes.input_write >= 0) words += std::to_string(pipes.input_write) + " to standard input, ";
  return words.append(std::to_string(pipes.output_read))
      .append(" from standard output, ")
      .append(std::to_string(pipes.error_read))
      .append(" from standard error");
}

std::string words_for(const AnswerSummary& summary) {
  const std::string body = count_of_bytes(summary.body_bytes) + " of body";
  return std::to_string(summary.status) + (summary.complete ? ", " : ", cut after ") + body;
}

}  // namespace tinyhttpd
