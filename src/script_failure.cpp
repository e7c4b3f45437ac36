#include "tinyhttpd/script_failure.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>

namespace tinyhttpd {

namespace {

constexpr std::size_t kMaxQuotedBytes = 120;

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

// The numbers that Linux gives them on every machine Debian runs on but MIPS. Written here because the names
// come from POSIX, which this layer does without.
std::string_view signal_name(int signal) {
  constexpr std::array<std::string_view, 32> kNames = {
      "",          "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
      "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
      "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
      "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS"};
  if (signal <= 0 || static_cast<std::size_t>(signal) >= kNames.size()) return "";
  return kNames[static_cast<std::size_t>(signal)];
}

std::string_view likely_cause_of_signal(std::string_view name) {
  if (name == "SIGXCPU") return ": it used up its processor time (--cgi-limit cpu)";
  if (name == "SIGXFSZ") return ": it wrote a file larger than it may (--cgi-limit file-size)";
  if (name == "SIGKILL") return ": perhaps the kernel had no memory left for it";
  if (name == "SIGSYS") return ": it made a system call that is forbidden to it";
  return "";
}

std::string describe_signal(int signal) {
  const auto name = signal_name(signal);
  auto text = "killed by signal " + std::to_string(signal);
  if (!name.empty()) text.append(" (").append(name).append(")");
  return text.append(likely_cause_of_signal(name));
}

std::string describe_exit(int status, std::string_view detail) {
  auto text = "ended with exit status " + std::to_string(status);
  text += detail.empty() ? " before its header was complete" : escaped(detail);
  // The shell's own convention, which env follows too.
  if (status == 126) return text + ": 126 mostly means that a command in it is not executable";
  if (status == 127) return text + ": 127 mostly means that a command in it was not found";
  return text;
}

std::string describe_spawn(const ScriptFailure& failure) {
  auto text = "could not be started: " + escaped(failure.detail.empty() ? "exec" : failure.detail);
  if (failure.number == 0) return text;
  text += ": " + std::generic_category().message(failure.number);
  if (failure.number == EACCES) {
    text += ": its user must be allowed to execute it and its interpreter (file modes, noexec mounts)";
  }
  return text;
}

std::string describe_missing_blank_line(const std::string& last_line) {
  const std::string text = "its output has no blank line after the header";
  return last_line.empty() ? text : text + "; it ends with " + quoted(last_line);
}

// The mistakes that are made most, by what the line looks like.
std::string_view likely_cause_of_line(std::string_view line) {
  if (line.substr(0, 5) == "HTTP/") return " (only scripts named nph-… write their own status line)";
  if (line.substr(0, 1) == "<") return " (its header must come first, then a blank line, then the page)";
  return " (it has no colon: is the blank line after the header missing?)";
}

std::string describe_bad_header(HeaderFault why, const std::string& line) {
  auto no_header = "printed a line that is no header: " + quoted(line);
  switch (why) {
    case HeaderFault::unspecified: return no_header;
    case HeaderFault::no_colon: return no_header + std::string(likely_cause_of_line(line));
    case HeaderFault::bad_name: return no_header + " (what stands before the colon is no field name)";
    case HeaderFault::continued: return no_header + " (it begins with white space)";
    case HeaderFault::control_byte: return no_header + " (it holds a control byte)";
    case HeaderFault::bad_status:
      return "printed a Status that is no number from 200 to 599: " + quoted(line);
    case HeaderFault::bad_location: return "printed a Location that is no address: " + quoted(line);
    case HeaderFault::repeated: return "printed a second field of a kind that may come once: " + quoted(line);
    case HeaderFault::none: return "printed a blank line before its header";
  }
  return no_header;
}

std::string describe_not_a_program(const std::string& first_line) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF#!";
  if (first_line.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0) {
    return "line 1 begins with a byte order mark, so the kernel does not see its #!: save the script as "
           "plain UTF-8";
  }
  return "it is no program for this machine, and its line 1 names no interpreter: begin it with #!/bin/sh or "
         "the like";
}

// Time limits may be fractions; the whole seconds of a short one are none.
std::string in_seconds(int seconds) {
  return seconds == 0 ? "less than 1 s" : std::to_string(seconds) + " s";
}

bool is_shortage(int error_number) {
  return error_number == EAGAIN || error_number == ENOMEM || error_number == EMFILE || error_number == ENFILE;
}

}  // namespace

std::string describe(const ScriptFailure& failure) {
  const auto number = std::to_string(failure.number);
  switch (failure.fault) {
    case ScriptFault::not_executable:
      return "the file is not executable: chmod +x it, or name an interpreter with --cgi-interpreter";
    case ScriptFault::interpreter_missing:
      return "line 1 asks for " + quoted(failure.detail) + ", which does not exist here";
    case ScriptFault::interpreter_crlf:
      return "line 1 ends in CRLF, so the kernel looks for " + quoted(interpreter_of(failure.detail)) +
             ": save the script with Unix line ends (dos2unix)";
    case ScriptFault::not_a_program: return describe_not_a_program(failure.detail);
    case ScriptFault::spawn_failed: return describe_spawn(failure);
    case ScriptFault::no_output:
      return "wrote no output at all: it must print a header, such as Content-Type: text/plain, and a blank "
             "line";
    case ScriptFault::no_blank_line: return describe_missing_blank_line(failure.detail);
    case ScriptFault::bad_header: return describe_bad_header(HeaderFault{failure.number}, failure.detail);
    case ScriptFault::head_too_large:
      return "its header is longer than " + number + " bytes: is the blank line after it missing?";
    case ScriptFault::exit_status: return describe_exit(failure.number, failure.detail);
    case ScriptFault::killed_by_signal: return describe_signal(failure.number);
    case ScriptFault::silent: return "wrote nothing for " + in_seconds(failure.number) + " (--cgi-timeout)";
    case ScriptFault::too_long:
      return "ran for longer than " + in_seconds(failure.number) + " (--cgi-max-time)";
    case ScriptFault::redirect_loop:
      return "its local redirects led to more of them, past the limit of " + number +
             ": does it redirect to itself?";
    case ScriptFault::length_mismatch:
      return "wrote fewer bytes than its Content-Length promised: " + escaped(failure.detail) +
             " are missing";
    case ScriptFault::stopped: return "was ended because the server stops";
    case ScriptFault::abandoned: return "was ended because the client left before the answer was complete";
    case ScriptFault::backend_unreachable: return "no backend can be reached: " + escaped(failure.detail);
    case ScriptFault::backend_full: return "every backend is busy: " + escaped(failure.detail);
    case ScriptFault::backend_refused: return "the backend refused the request: " + escaped(failure.detail);
    case ScriptFault::backend_closed:
      return "the backend " + escaped(failure.detail) +
             " closed the connection before its answer was complete: its own log may say why";
    case ScriptFault::backend_nonsense:
      return "the backend does not speak FastCGI as it should: " + escaped(failure.detail);
    case ScriptFault::backend_silent:
      return "the backend sent nothing for " + in_seconds(failure.number) + " (--fastcgi-timeout)" +
             (failure.detail.empty() ? "" : ": " + escaped(failure.detail));
    case ScriptFault::bad_json: return "its output is no JSON answer: " + escaped(failure.detail);
  }
  return "failed";
}

Status status_of(const ScriptFailure& failure) {
  switch (failure.fault) {
    case ScriptFault::not_executable: return Status::forbidden;
    case ScriptFault::spawn_failed:
      return is_shortage(failure.number) ? Status::service_unavailable : Status::internal_server_error;
    case ScriptFault::silent:
    case ScriptFault::too_long:
    case ScriptFault::backend_silent: return Status::gateway_timeout;
    case ScriptFault::redirect_loop: return Status::internal_server_error;
    case ScriptFault::backend_full:
    case ScriptFault::stopped: return Status::service_unavailable;
    default: return Status::bad_gateway;
  }
}

std::string_view interpreter_of(std::string_view first_line) {
  if (first_line.substr(0, 2) != "#!") return {};
  first_line.remove_prefix(2);
  const auto begin = first_line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  first_line.remove_prefix(begin);
  return first_line.substr(0, first_line.find_first_of(" \t"));
}

std::string_view name_of(ScriptFault fault) {
  switch (fault) {
    case ScriptFault::not_executable: return "not_executable";
    case ScriptFault::interpreter_missing: return "interpreter_missing";
    case ScriptFault::interpreter_crlf: return "interpreter_crlf";
    case ScriptFault::not_a_program: return "not_a_program";
    case ScriptFault::spawn_failed: return "spawn_failed";
    case ScriptFault::no_output: return "no_output";
    case ScriptFault::no_blank_line: return "no_blank_line";
    case ScriptFault::bad_header: return "bad_header";
    case ScriptFault::head_too_large: return "head_too_large";
    case ScriptFault::exit_status: return "exit_status";
    case ScriptFault::killed_by_signal: return "killed_by_signal";
    case ScriptFault::silent: return "silent";
    case ScriptFault::too_long: return "too_long";
    case ScriptFault::redirect_loop: return "redirect_loop";
    case ScriptFault::length_mismatch: return "length_mismatch";
    case ScriptFault::stopped: return "stopped";
    case ScriptFault::abandoned: return "abandoned";
    case ScriptFault::backend_unreachable: return "backend_unreachable";
    case ScriptFault::backend_full: return "backend_full";
    case ScriptFault::backend_refused: return "backend_refused";
    case ScriptFault::backend_closed: return "backend_closed";
    case ScriptFault::backend_nonsense: return "backend_nonsense";
    case ScriptFault::backend_silent: return "backend_silent";
    case ScriptFault::bad_json: return "bad_json";
  }
  return "unknown";
}

}  // namespace tinyhttpd
