#include "tinyhttpd/check_script.hpp"

#include <algorithm>
#include <filesystem>
#include <future>
#include <optional>
#include <stdexcept>

#include "tinyhttpd/check_report.hpp"
#include "tinyhttpd/document_root.hpp"
#include "tinyhttpd/media_type.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/run_probe.hpp"
#include "tinyhttpd/script_judges.hpp"
#include "tinyhttpd/script_probes.hpp"

namespace tinyhttpd {
namespace {

constexpr Seconds kTimeout{5};
constexpr Seconds kMaxTime{20};

/// After so many requests that took all their time, the others would only take theirs.
constexpr int kPatience = 2;

/// From then on a script is slow.
constexpr std::int64_t kSlowMicroseconds = 2 * 1000 * 1000;

constexpr int kNoStop = -1;

/// Where the script is, links in its folder's name resolved, those in its own not: the name counts.
std::filesystem::path path_of(const std::string& script) {
  const std::filesystem::path path(script);
  if (!std::filesystem::is_regular_file(path)) throw std::runtime_error(script + ": no such file");
  return std::filesystem::canonical(std::filesystem::absolute(path).parent_path()) / path.filename();
}

Config config_for(const ScriptCheckOptions& options, const std::filesystem::path& script) {
  Config config = options.config;
  if (!config.given.contains("root")) config.root = script.parent_path().string();
  if (!config.given.contains("cgi-timeout")) config.cgi.timeout = kTimeout;
  if (!config.given.contains("cgi-max-time")) config.cgi.max_time = kMaxTime;
  if (config.limits.spool_dir.empty())
    config.limits.spool_dir = std::filesystem::temp_directory_path().string();
  return config;
}

/// As the router would split a request for it, wherever it lies and whatever its name is: whoever checks a
/// file means it as a script.
ScriptTarget target_of(const std::filesystem::path& script, const DocumentRoot& root, const Config& config) {
  const std::filesystem::path relative = script.lexically_relative(root.absolute_path());
  if (relative.empty() || *relative.begin() == "..")
    throw std::runtime_error(script.string() + ": does not lie below --root " + config.root);
  ScriptTarget target{.script_name = "/" + relative.string(),
                      .path_info = {},
                      .script_filename = script.string(),
                      .document_root = root.absolute_path(),
                      .interpreter = {}};
  for (const auto& [extension, program] : config.cgi.interpreters)
    if (iequals(extension, extension_of(target.script_name))) target.interpreter = program;
  target.non_parsed_header = script.filename().string().starts_with("nph-");
  return target;
}

bool can_be_run(const ScriptTarget& target, const DocumentRoot& root) {
  const auto facts = root.look_up(target.script_name);
  if (!facts) throw std::system_error(facts.error(), target.script_filename);
  return !target.interpreter.empty() || facts->executable_by_any();
}

/// Runs one request after the other, but those that go together at once.
class Battery {
 public:
  Battery(const ScriptTarget& target, const CgiHost& host) : target_(target), host_(host) {}

  std::vector<ProbedRun> run() {
    while (runs_.size() < probes_.size() && !is_hopeless()) run_together(next_together());
    return std::move(runs_);
  }

  std::size_t size() const { return probes_.size(); }

 private:
  std::size_t next_together() const {
    if (is_slow()) return probes_.size() - runs_.size();
    return probes_[runs_.size()].kind == ProbeKind::one_of_two ? 2 : 1;
  }

  void run_together(std::size_t count) {
    std::vector<std::future<ProbedRun>> others;
    const std::size_t first = runs_.size();
    for (std::size_t i = 1; i < count; ++i)
      others.push_back(std::async(
          std::launch::async, [this, i, first] { return run_probe(probes_[first + i], target_, host_); }));
    runs_.push_back(run_probe(probes_[first], target_, host_));
    for (auto& other : others) runs_.push_back(other.get());
  }

  /// It answers, but takes its time, as one does that sends something every second. Nobody wants to wait for
  /// that as often as there are requests.
  bool is_slow() const {
    return !runs_.empty() && !runs_.back().failure && runs_.back().microseconds > kSlowMicroseconds;
  }

  /// It cannot be started, or takes all its time whatever it is asked.
  bool is_hopeless() const {
    const bool is_started = std::all_of(runs_.begin(), runs_.end(),
                                        [](const ProbedRun& run) { return run.exit_code || run.signal; });
    const auto timeouts = std::count_if(runs_.begin(), runs_.end(), has_timed_out);
    return !is_started || timeouts >= kPatience;
  }

  static bool has_timed_out(const ProbedRun& run) {
    return run.failure &&
           (run.failure->fault == ScriptFault::silent || run.failure->fault == ScriptFault::too_long);
  }

  const ScriptTarget& target_;
  const CgiHost& host_;
  const std::vector<Probe> probes_ = script_probes();
  std::vector<ProbedRun> runs_;
};

CheckedRequest in_short(const ProbedRun& run, bool non_parsed_header) {
  CheckedRequest request{.name = run.probe.name,
                         .method = run.probe.method,
                         .status = read_script_output(run.output, non_parsed_header).status,
                         .output_bytes = run.output_bytes,
                         .error_bytes = run.error_bytes,
                         .microseconds = run.microseconds,
                         .exit_code = run.exit_code,
                         .signal = run.signal};
  if (run.failure) request.failure = name_of(run.failure->fault);
  return request;
}

/// The run of a file that the server would refuse to start.
ProbedRun refused_run() {
  ProbedRun run{.probe = script_probes().front()};
  run.failure = ScriptFailure{ScriptFault::not_executable};
  return run;
}

CheckReport judge(const std::vector<ProbedRun>& runs, const ScriptTarget& target,
                  const ScriptCheckOptions& options) {
  const bool unparsed = target.non_parsed_header;
  CheckReport report{.script = options.script, .requests = {}, .findings = {}};
  ScriptFindings findings;
  for (const ProbedRun& run : runs) {
    report.requests.push_back(in_short(run, unparsed));
    judge_run(run, unparsed, findings);
  }
  compare_runs(runs, unparsed, findings);
  report.findings = std::move(findings).take(options.strict);
  return report;
}

}  // namespace

int check_script(const ScriptCheckOptions& options, std::string& report) {
  const std::filesystem::path script = path_of(options.script);
  const Config config = config_for(options, script);
  const DocumentRoot root(config.root, config.symlinks);
  const ScriptTarget target = target_of(script, root, config);
  std::optional<Credentials> credentials;
  if (!config.cgi.user.empty()) credentials = credentials_of(config.cgi.user);
  const CgiHost host{config.cgi, root, credentials ? &*credentials : nullptr, kNoStop,
                     config.limits.spool_dir};
  Battery battery(target, host);
  std::vector<ProbedRun> runs;
  if (can_be_run(target, root)) {
    runs = battery.run();
  } else {
    runs.push_back(refused_run());
  }
  CheckReport result = judge(runs, target, options);
  result.left_out = battery.size() - runs.size();
  report = options.json ? report_as_json(result) : report_for_people(result, options.color);
  return result.count(Severity::error) > 0 ? 1 : 0;
}

}  // namespace tinyhttpd
