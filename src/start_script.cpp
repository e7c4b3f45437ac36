#include "tinyhttpd/start_script.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "tinyhttpd/cgi_message.hpp"

namespace tinyhttpd {
namespace {

std::string first_bytes_of(const std::string& file_name) {
  const UniqueFd file(::open(file_name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::string bytes(256, '\0');
  const ssize_t count = ::read(file.get(), bytes.data(), bytes.size());
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

ScriptFailure explain(const SpawnError& error, const std::string& program) {
  if (error.step != SpawnError::Step::exec)
    return {.fault = ScriptFault::spawn_failed, .number = error.error_number, .detail = name_of(error.step)};
  return explain_exec_failure(error.error_number, error.error_number == ENOENT, error.error_number == ENOEXEC,
                              first_bytes_of(program));
}

ScriptFailure no_descriptor(const std::error_code& error, std::string what) {
  return {.fault = ScriptFault::spawn_failed, .number = error.value(), .detail = std::move(what)};
}

/// The pipes as the script gets them.
struct ScriptEnds {
  UniqueFd standard_input, standard_output, standard_error;
};

/// What the script reads its request's body from. Only a pipe has an end of ours, and is fed.
Result<UniqueFd, ScriptFailure> connect_input(ScriptPipes& ours, const Exchange& exchange) {
  if (exchange.body.empty()) {
    UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!nothing) return Unexpected(no_descriptor({errno, std::generic_category()}, "/dev/null"));
    return nothing;
  }
  // A large body lies in a file: to read it there saves two copies of it, and a change of process every 64
  // KiB. RFC 3875 section 4.2 asks for no pipe.
  if (!exchange.trace.wants_input())
    if (UniqueFd file = exchange.body.open_file()) return file;
  auto pipe = make_pipe();
  if (!pipe) return Unexpected(no_descriptor(pipe.error(), "pipe"));
  ours.standard_input = std::move(pipe->write_end);
  return std::move(pipe->read_end);
}

/// Three pipes, as in the tutorials' drawing and one more: a warning on standard error must not corrupt the
/// answer.
Result<ScriptEnds, ScriptFailure> connect_pipes(ScriptPipes& ours, const Exchange& exchange) {
  ScriptEnds theirs;
  auto input = connect_input(ours, exchange);
  if (!input) return Unexpected(std::move(input).error());
  auto output = make_pipe();
  if (!output) return Unexpected(no_descriptor(output.error(), "pipe"));
  auto errors = make_pipe();
  if (!errors) return Unexpected(no_descriptor(errors.error(), "pipe"));
  theirs.standard_input = std::move(*input);
  theirs.standard_output = std::move(output->write_end);
  theirs.standard_error = std::move(errors->write_end);
  ours.standard_output = std::move(output->read_end);
  ours.standard_error = std::move(errors->read_end);
  for (const UniqueFd* end : {&ours.standard_input, &ours.standard_output, &ours.standard_error})
    if (*end) set_nonblocking(end->get());
  return theirs;
}

ScriptDescriptors numbers_of(const ScriptPipes& ours, const ScriptEnds& theirs) {
  return {.input_read = theirs.standard_input.get(),
          .input_write = ours.standard_input.get(),
          .output_read = ours.standard_output.get(),
          .output_write = theirs.standard_output.get(),
          .error_read = ours.standard_error.get(),
          .error_write = theirs.standard_error.get()};
}

}  // namespace

std::string folder_of(const std::string& script_name) {
  const std::size_t slash = script_name.rfind('/');
  return script_name.substr(0, slash == 0 ? 1 : slash);
}

Result<std::unique_ptr<ScriptRun>, ScriptFailure> start_script(const Exchange& exchange,
                                                               const ScriptStart& start,
                                                               const CgiHost& host) {
  exchange.trace.cgi_environment(exchange.id, start.name, start.environment, start.arguments);
  auto folder = host.root.open_folder(start.folder);
  if (!folder) return Unexpected(no_descriptor(folder.error(), "working folder"));
  ScriptPipes ours;
  auto theirs = connect_pipes(ours, exchange);
  if (!theirs) return Unexpected(std::move(theirs).error());

  exchange.trace.cgi_pipes(exchange.id, numbers_of(ours, *theirs));
  const std::string& program = start.arguments.front();
  auto child = spawn({.path = program,
                      .arguments = start.arguments,
                      .environment = start.environment,
                      .working_folder = folder->get(),
                      .standard_input = theirs->standard_input.get(),
                      .standard_output = theirs->standard_output.get(),
                      .standard_error = theirs->standard_error.get(),
                      .limits = host.config.limits,
                      .credentials = host.credentials});
  if (!child) return Unexpected(explain(child.error(), program));
  // As every drawing of pipe and fork has it: who keeps the other's ends open never sees the end of file.
  *theirs = ScriptEnds{};
  exchange.trace.cgi_spawned(exchange.id, child->pid());
  return std::make_unique<ScriptRun>(exchange, start.name, std::move(*child), std::move(ours),
                                     ScriptPatience{host.config.timeout, host.config.max_time, host.stop_fd});
}

}  // namespace tinyhttpd
