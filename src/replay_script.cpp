#include "tinyhttpd/replay_script.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "tinyhttpd/cgi_message.hpp"
#include "tinyhttpd/document_root.hpp"
#include "tinyhttpd/gateway_answer.hpp"
#include "tinyhttpd/log_text.hpp"
#include "tinyhttpd/masked_text.hpp"
#include "tinyhttpd/option_value.hpp"
#include "tinyhttpd/replay_report.hpp"
#include "tinyhttpd/saved_exchange.hpp"
#include "tinyhttpd/start_script.hpp"
#include "tinyhttpd/step_words.hpp"

namespace tinyhttpd {
namespace {

/// So much more than was recorded is kept of a stream: it differs anyway.
constexpr std::size_t kMoreKeptBytes = 64 * 1024;

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// Waits for its answer as long as it takes.
class PatientClient : public ClientWatch {
 public:
  int watched_fd() const override { return -1; }
  short watched_events() const override { return 0; }
  bool has_left(short) override { return false; }
};

/// Listens to the run, and writes it down as an observer of the server would.
class RunRecorder : public Trace {
 public:
  explicit RunRecorder(const SavedExchange& saved) : saved_(saved) {}

  bool wants_input() const override { return true; }  // by a pipe, as it was
  void cgi_spawned(RequestId, int) override { started_ = Clock::now(); }
  void cgi_environment(RequestId, std::string_view script, std::span<const std::string> environment,
                       std::span<const std::string> arguments) override {
    run.script = script;
    run.environment.assign(environment.begin(), environment.end());
    run.arguments.assign(arguments.begin(), arguments.end());
  }
  void cgi_read(RequestId, Stream stream, std::string_view bytes) override {
    const auto number = static_cast<std::size_t>(stream);
    RecordedStream& kept = run.streams[number];
    const std::size_t most = saved_.streams[number].size() + kMoreKeptBytes;
    kept.total += bytes.size();
    kept.bytes.append(bytes.substr(0, most - kept.bytes.size()));
  }
  void cgi_failed(RequestId, std::string_view, const ScriptFailure& failure) override {
    run.failure = failure;
  }
  void cgi_exited(RequestId, std::string_view, const ExitReport& report) override {
    run.exit = RecordedExit{.by_signal = report.by_signal, .code = report.code};
    const auto time = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started_);
    run.duration = time.count();
  }

  RecordedExchange run;

 private:
  const SavedExchange& saved_;
  TimePoint started_ = {};
};

std::string contents_of(const std::string& file) {
  const std::string path = file == "-" ? "/dev/stdin" : file;
  std::error_code ignored;
  std::ifstream stream(path, std::ios::binary);
  if (!stream.is_open() || std::filesystem::is_directory(path, ignored)) {
    std::string shown;
    append_sentence(shown, file, kMaxLogLineBytes);
    throw UsageError(shown + ": cannot be read");
  }
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// Changes a variable where it stands, or adds it.
void set_variable(std::vector<SavedVariable>& environment, const std::string& name,
                  const std::string& value) {
  const auto found = std::find_if(environment.begin(), environment.end(),
                                  [&name](const SavedVariable& variable) { return variable.name == name; });
  if (found == environment.end()) {
    environment.push_back({name, value});
  } else {
    *found = {name, value};
  }
}

/// As the server would: pulls the body to its end, and lets the script end by itself.
void take_answer(Response& response) {
  auto* source = std::get_if<std::unique_ptr<BodySource>>(&response.body);
  if (source == nullptr) return;
  BodySource::Piece piece{};
  do {
    piece = (*source)->pull();
  } while (piece.outcome == BodySource::Pulled::data);
  if (piece.outcome == BodySource::Pulled::end && !(*source)->is_finished()) (*source)->finish();
}

bool is_non_parsed(const SavedExchange& saved) {
  return saved.script.substr(saved.script.rfind('/') + 1).starts_with("nph-");
}

void run_script(const SavedExchange& saved, const Exchange& exchange, const CgiHost& host) {
  std::vector<std::string> environment;
  for (const SavedVariable& variable : saved.environment)
    environment.push_back(variable.name + "=" + variable.value);
  auto started = start_script(exchange, {saved.script, "/", saved.arguments, environment}, host);
  if (!started) return exchange.trace.cgi_failed(exchange.id, saved.script, started.error());
  std::unique_ptr<GatewayRun> run = std::move(*started);
  auto response = is_non_parsed(saved) ? answer_unparsed(run) : answer_parsed(exchange, run);
  if (response) return take_answer(*response);
  run->report(response.error());
}

/// The folder of the script stands for the root: it is opened as it is named, wherever links lead.
RecordedExchange run_again(const SavedExchange& saved, Seconds timeout) {
  RunRecorder recorder(saved);
  CgiConfig config;
  config.timeout = config.max_time = timeout;
  constexpr int kNoStop = -1;
  const std::string spool_folder = std::filesystem::temp_directory_path().string();
  Spool body;
  if (const auto error = body.append(saved.streams[0], spool_folder))
    throw std::system_error(error, "replay: its standard input, in " + spool_folder);
  const Request request;
  const Endpoints endpoints;
  PatientClient client;
  try {
    const DocumentRoot folder(saved.folder, Symlinks::follow);
    run_script(saved, {1, request, endpoints, body, client, recorder},
               {config, folder, nullptr, kNoStop, spool_folder});
  } catch (const std::system_error& error) {
    recorder.run.failure = ScriptFailure{
        .fault = ScriptFault::spawn_failed, .number = error.code().value(), .detail = "working folder"};
  }
  return std::move(recorder.run);
}

// ---- Comparing

std::string_view head_of(std::string_view output) {
  return output.substr(0, find_cgi_head_end(output, 0).value_or(output.size()));
}

std::string words_of_end(const std::optional<RecordedExit>& exit) {
  return exit ? words_for(*exit) : "not started";
}

/// Why it is no run that could be compared.
std::string why_not_run(const RecordedExchange& run, const MaskedText& masked) {
  if (!run.failure) return {};
  const ScriptFault fault = run.failure->fault;
  const bool is_late = fault == ScriptFault::silent || fault == ScriptFault::too_long;
  if (!run.exit || is_late) return masked.text(describe(*run.failure));
  return {};
}

/// Its secrets are covered as they are in the file.
void compare_streams(const SavedExchange& saved, const RecordedExchange& run, const MaskedText& masked,
                     ReplayReport& report) {
  const std::string_view before = saved.streams[1];
  const std::string now = masked.stream(run.streams[1], head_of(run.streams[1].bytes).size());
  const std::string_view head_before = head_of(before);
  const std::string_view head_now = head_of(now);
  report.head = compare_texts(head_before, head_now);
  report.body =
      compare_texts(before.substr(head_before.size()), std::string_view(now).substr(head_now.size()));
  report.body.now_bytes += run.streams[1].total - run.streams[1].bytes.size();
  report.errors = compare_texts(saved.streams[2], masked.stream(run.streams[2]));
  report.errors.now_bytes += run.streams[2].total - run.streams[2].bytes.size();
}

ReplayReport compare(const SavedExchange& saved, const RecordedExchange& run) {
  const MaskedText masked(run);
  ReplayReport report;
  report.exchange = saved.id;
  report.script = saved.script;
  for (const SavedVariable& variable : saved.environment) {
    if (variable.masked) report.masked.push_back(variable.name);
    if (variable.value.find(kReplacementCharacter) != std::string::npos)
      report.damaged.push_back(variable.name);
  }
  report.not_run = why_not_run(run, masked);
  report.exit_before = words_of_end(saved.exit);
  report.exit_now = words_of_end(run.exit);
  report.failure_before = saved.failure;
  if (run.failure) {
    report.failure_now = name_of(run.failure->fault);
    report.failure_words = masked.text(describe(*run.failure));
  }
  compare_streams(saved, run, masked, report);
  report.before_microseconds = saved.microseconds;
  if (run.exit) report.now_microseconds = run.duration;
  return report;
}

}  // namespace

int replay_script(const ReplayOptions& options, std::string& report) {
  SavedExchange saved = read_saved_exchange(options.file, contents_of(options.file));
  for (const auto& [name, value] : options.set) set_variable(saved.environment, name, value);
  ReplayReport compared = compare(saved, run_again(saved, options.timeout));
  for (const auto& change : options.set) compared.set.push_back(change.first);
  report = options.json ? report_as_json(compared) : report_for_people(compared);
  return compared.is_same() ? 0 : 1;
}

}  // namespace tinyhttpd
