#include "tinyhttpd/script_failure.hpp"

#include <cerrno>

#include "tinyhttpd/diagnosis.hpp"

namespace tinyhttpd {

namespace {

bool is_shortage(int error_number) {
  return error_number == EAGAIN || error_number == ENOMEM || error_number == EMFILE || error_number == ENFILE;
}

}  // namespace

std::string describe(const ScriptFailure& failure) {
  return in_one_line(diagnose(failure));
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
