#include "tinyhttpd/execute_cgi.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include "tinyhttpd/cgi_message.hpp"
#include "tinyhttpd/script_run.hpp"

namespace tinyhttpd {
namespace {

/// The rest of a script's output, pulled while it is sent; it owns the script.
class ScriptBody : public BodySource {
 public:
  /// `leftover`: output that was read together with the head.
  ScriptBody(std::unique_ptr<ScriptRun> run, std::string leftover,
             std::optional<std::uint64_t> content_length)
      : run_(std::move(run)), leftover_(std::move(leftover)), missing_(content_length) {}

  Piece pull() override;
  bool is_finished() const override { return run_->is_over(); }
  void finish() override { run_->wait_for_end(); }

 private:
  Result<std::string_view, ScriptFailure> next_output();
  Piece at_end();
  Piece broken(const ScriptFailure& failure);

  std::unique_ptr<ScriptRun> run_;
  std::string leftover_;
  bool leftover_given_ = false;
  std::optional<std::uint64_t> missing_;  // of what Content-Length promised
  std::array<char, 128 * 1024> buffer_;
};

BodySource::Piece ScriptBody::pull() {
  // Bytes past Content-Length would be read as the next answer. Nobody waits for them: they are dropped while
  // the script is left to end.
  if (missing_ && *missing_ == 0) return at_end();
  auto output = next_output();
  if (!output) return broken(output.error());
  if (output->empty()) return at_end();
  if (!missing_) return {Pulled::data, *output};
  const std::string_view bytes = output->substr(0, *missing_);
  *missing_ -= bytes.size();
  return {Pulled::data, bytes};
}

Result<std::string_view, ScriptFailure> ScriptBody::next_output() {
  if (!std::exchange(leftover_given_, true) && !leftover_.empty()) return std::string_view(leftover_);
  return run_->read_output(buffer_);
}

BodySource::Piece ScriptBody::at_end() {
  const auto exit = run_->settle();
  if (exit && exit->by_signal) return broken({.fault = ScriptFault::killed_by_signal, .number = exit->code});
  if (missing_.value_or(0) > 0)
    return broken({.fault = ScriptFault::length_mismatch, .detail = std::to_string(*missing_)});
  return {Pulled::end};
}

BodySource::Piece ScriptBody::broken(const ScriptFailure& failure) {
  run_->report(failure);
  return {Pulled::broken};
}

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

std::string folder_of(const std::string& script_name) {
  const std::size_t slash = script_name.rfind('/');
  return script_name.substr(0, slash == 0 ? 1 : slash);
}

using Running = Result<std::unique_ptr<ScriptRun>, ScriptFailure>;

Running start_script(const Exchange& exchange, const ScriptTarget& script, const CgiHost& host,
                     const std::vector<std::string>& environment, const std::vector<std::string>& arguments) {
  // RFC 3875 section 7.2: a script runs in its own folder.
  auto folder = host.root.open_folder(folder_of(script.script_name));
  if (!folder) return Unexpected(no_descriptor(folder.error(), "working folder"));
  ScriptPipes ours;
  auto theirs = connect_pipes(ours, exchange);
  if (!theirs) return Unexpected(std::move(theirs).error());

  const std::string& program = arguments.front();
  auto child = spawn({.path = program,
                      .arguments = arguments,
                      .environment = environment,
                      .working_folder = folder->get(),
                      .standard_input = theirs->standard_input.get(),
                      .standard_output = theirs->standard_output.get(),
                      .standard_error = theirs->standard_error.get(),
                      .limits = host.config.limits,
                      .credentials = host.credentials});
  if (!child) return Unexpected(explain(child.error(), program));
  exchange.trace.cgi_spawned(exchange.id, child->pid());
  return std::make_unique<ScriptRun>(exchange, script.script_name, std::move(*child), std::move(ours),
                                     ScriptPatience{host.config.timeout, host.config.max_time, host.stop_fd});
}

/// Why the output ended before the head was complete: the way the script ended explains more than what it
/// wrote.
ScriptFailure explain_end(ScriptRun& run, std::string_view output) {
  const auto exit = run.settle();
  if (exit && exit->by_signal) return {.fault = ScriptFault::killed_by_signal, .number = exit->code};
  ScriptFailure failure = explain_missing_head(output);
  const bool wrote_nonsense = failure.fault == ScriptFault::bad_header;
  if (exit && exit->code != 0 && !wrote_nonsense)
    return {.fault = ScriptFault::exit_status, .number = exit->code};
  return failure;
}

/// Reads output until `is_complete` says how many bytes belong to the head; what came after them stays in
/// `output`.
template <typename Complete>
Result<std::size_t, ScriptFailure> read_until(ScriptRun& run, std::string& output, Complete is_complete) {
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const std::size_t before = output.size();
    auto bytes = run.read_output(buffer);
    if (!bytes) return Unexpected(std::move(bytes).error());
    if (bytes->empty()) return Unexpected(explain_end(run, output));
    output.append(*bytes);
    if (const auto end = is_complete(output, before)) return *end;
    if (output.size() > kMaxCgiHeadBytes)
      return Unexpected(
          ScriptFailure{.fault = ScriptFault::head_too_large, .number = static_cast<int>(kMaxCgiHeadBytes)});
  }
}

/// The status of a non-parsed answer, for whoever watches: "HTTP/1.1 404 …".
Status status_in(std::string_view output) {
  constexpr std::size_t kBegin = 9;
  int number = 0;
  std::from_chars(output.data() + kBegin, output.data() + kBegin + 3, number);
  return number >= 100 ? Status{number} : Status::ok;
}

/// Its output goes to the client as it is, once it looks like HTTP at all (RFC 3875 section 5).
Result<Response, ScriptFailure> answer_unparsed(std::unique_ptr<ScriptRun>& run) {
  constexpr std::string_view kStart = "HTTP/1.";
  constexpr std::size_t kStartWithStatus = 12;
  std::string output;
  auto start =
      read_until(*run, output, [&](std::string_view text, std::size_t) -> std::optional<std::size_t> {
        const bool may_be_http = kStart.starts_with(text.substr(0, kStart.size()));
        if (text.size() >= kStartWithStatus || !may_be_http) return text.size();
        return std::nullopt;
      });
  if (!start) return Unexpected(std::move(start).error());
  if (!output.starts_with(kStart))
    return Unexpected(
        ScriptFailure{.fault = ScriptFault::bad_header, .detail = output.substr(0, output.find('\n'))});
  Response response{.status = status_in(output), .raw = true, .close = true};
  response.body = std::make_unique<ScriptBody>(std::move(run), std::move(output), std::nullopt);
  return response;
}

/// Reads on and drops what comes, so that the script can end in its own time.
void let_end(ScriptRun& run) {
  std::array<char, 16 * 1024> buffer;
  for (auto bytes = run.read_output(buffer); bytes && !bytes->empty();) bytes = run.read_output(buffer);
  run.wait_for_end();
}

Result<Response, ScriptFailure> answer_parsed(const Exchange& exchange, std::unique_ptr<ScriptRun>& run) {
  std::string output;
  auto end = read_until(*run, output, find_cgi_head_end);
  if (!end) return Unexpected(std::move(end).error());
  auto head = parse_cgi_head(std::string_view(output).substr(0, *end));
  if (!head) return Unexpected(std::move(head).error());
  exchange.trace.cgi_head(exchange.id, *head);

  Response response{
      .status = head->status, .reason = std::move(head->reason), .fields = std::move(head->fields)};
  if (head->kind == CgiHead::Kind::local_redirect) {
    let_end(*run);
    response.local_redirect = std::move(head->location);
    return response;
  }
  response.content_length = head->content_length;
  // Where no body is sent, none need be written: a length tells of what GET would have got (RFC 9110 section
  // 8.6).
  const bool has_body = exchange.request.method != Method::head && !is_bodiless(response.status);
  response.body = std::make_unique<ScriptBody>(std::move(run), output.substr(*end),
                                               has_body ? head->content_length : std::nullopt);
  return response;
}

}  // namespace

Result<Response> execute_cgi(const Exchange& exchange, const ScriptTarget& script, const CgiHost& host) {
  const auto arguments = cgi_arguments(exchange.request, script);
  const auto environment =
      cgi_environment(exchange.request, script, exchange.endpoints, exchange.body.size(), host.config);
  if (auto fits = check_exec_size(arguments, environment); !fits) return std::move(fits).error();
  exchange.trace.cgi_environment(exchange.id, script.script_name, environment, arguments);

  auto run = start_script(exchange, script, host, environment, arguments);
  if (!run) {
    exchange.trace.cgi_failed(exchange.id, script.script_name, run.error());
    return cannot_execute(run.error());
  }
  auto response = script.non_parsed_header ? answer_unparsed(*run) : answer_parsed(exchange, *run);
  if (response) return std::move(*response);
  (*run)->report(response.error());
  return cannot_execute(response.error());
}

}  // namespace tinyhttpd
