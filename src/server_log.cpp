#include "tinyhttpd/server_log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <exception>
#include <mutex>
#include <utility>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/log_text.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/rejection.hpp"
#include "tinyhttpd/script_failure.hpp"

namespace tinyhttpd {

namespace {

// One name and one text, with the time before them, fit kMaxLogLineBytes.
constexpr std::size_t kMaxNameBytes = 1024;
constexpr std::size_t kMaxTextBytes = 2560;

/// Of so many scripts at once the secrets are known; of more, those of the latest.
constexpr std::size_t kMostCovered = 4096;

/// spdlog gives a line its time and level; the LogWriter takes it from there.
class WriterSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit WriterSink(LogWriter& writer) : writer_(writer) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    writer_.add({line.data(), line.size()});
  }
  void flush_() override {}

 private:
  LogWriter& writer_;
};

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::off: break;
  }
  return spdlog::level::off;
}

std::unique_ptr<spdlog::logger> make_logger(LogWriter& writer, LogLevel level) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>("%Y-%m-%d %H:%M:%S.%e [%l] %v",
                                                               spdlog::pattern_time_type::local, "");
  auto logger = std::make_unique<spdlog::logger>("tinyhttpd", std::make_shared<WriterSink>(writer));
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog_level(level));
  logger->set_error_handler(
      [](const std::string&) {});  // spdlog's own would write to standard error, and wait
  return logger;
}

/// Appends "[/cgi-bin/a.cgi] ".
void append_script(std::string& text, std::string_view script) {
  text += '[';
  append_escaped(text, script.empty() ? "/" : script, kMaxNameBytes);  // of a prefix that is all of the site
  text += "] ";
}

/// Appends "request 7: ", which joins the lines of one request at the level debug.
void append_id(std::string& text, RequestId id) {
  text.append("request ").append(std::to_string(id)).append(": ");
}

LogLevel level_of(Status status) {
  // What any client can bring about at will must not bury the warnings.
  const bool is_clients = status == Status::not_implemented || status == Status::http_version_not_supported;
  if (code(status) < 500 || is_clients) return LogLevel::info;
  bool is_ours = status == Status::internal_server_error || status == Status::insufficient_storage;
  return is_ours ? LogLevel::error : LogLevel::warning;
}

std::string milliseconds(std::chrono::microseconds time) {
  return std::to_string(time.count() / 1000) + " ms";
}

/// "ended with exit status 0, 12 ms user, 3 ms system, 4096 KiB".
std::string words_for(const ExitReport& report) {
  std::string words = report.by_signal ? "killed by signal " : "ended with exit status ";
  words.append(std::to_string(report.code))
      .append(", ")
      .append(milliseconds(report.user_time))
      .append(" user, ");
  return words.append(milliseconds(report.system_time))
             .append(" system, ")
             .append(std::to_string(report.max_resident_kib)) +
         " KiB";
}

}  // namespace

ServerLog::ServerLog(LogLevel level, int fd)
    : logger_(make_logger(writer_, level)),
      writer_(fd, [this](std::string_view what) { warning("server log: " + std::string(what)); }) {}

ServerLog::~ServerLog() = default;

/// Logs what `write_text` appends to a string, and calls it only when the level is shown. An event is lost
/// rather than a request when there is no memory for its text.
template <typename WriteText>
void ServerLog::log(LogLevel level, WriteText write_text) {
  try {
    if (!logger_->should_log(spdlog_level(level))) return;
    std::string text;
    write_text(text);
    logger_->log(spdlog_level(level), std::string_view(text));
  } catch (const std::exception&) {
  }
}

void ServerLog::set_level(LogLevel level) {
  logger_->set_level(spdlog_level(level));
}

void ServerLog::listening(std::string_view url) {
  announce("listening on " + std::string(url));
}

void ServerLog::announce(std::string_view what) {
  if (logger_->level() == spdlog::level::off) return;
  // Past the level: scripts and people wait for this line to learn the port.
  std::string text;
  append_sentence(text, what, kMaxTextBytes);
  logger_->sinks().front()->log({logger_->name(), spdlog::level::info, text});
}

void ServerLog::warning(std::string_view what) {
  log(LogLevel::warning, [&](std::string& text) { append_sentence(text, what, kMaxTextBytes); });
}

void ServerLog::error(std::string_view what) {
  log(LogLevel::error, [&](std::string& text) { append_sentence(text, what, kMaxTextBytes); });
}

void ServerLog::stopping(std::string_view what) {
  log(LogLevel::info,
      [&](std::string& text) { append_sentence(text.append("stopping: "), what, kMaxTextBytes); });
}

void ServerLog::reloaded(std::string_view what) {
  log(LogLevel::info, [&](std::string& text) { append_sentence(text, what, kMaxTextBytes); });
}

void ServerLog::rejected(RequestId, const Rejection& rejection, std::string_view line,
                         const Endpoints& endpoints) {
  if (rejection.failure) return;  // cgi_failed says it
  log(level_of(rejection.status), [&](std::string& text) {
    text.append(endpoints.remote_address.empty() ? "-" : endpoints.remote_address).append(" ");
    append_escaped(text, line.empty() ? "-" : line, kMaxNameBytes);
    text.append(": ").append(std::to_string(code(rejection.status))).append(": ");
    append_sentence(text, rejection.reason, kMaxTextBytes);
  });
}

void ServerLog::gateway_wait(RequestId id) {
  log(LogLevel::debug, [&](std::string& text) {
    append_id(text, id);
    text += "waits for a place among the running scripts";
  });
}

void ServerLog::cgi_environment(RequestId id, std::string_view, std::span<const std::string> environment,
                                std::span<const std::string>) {
  if (!covers_secrets_) return;
  try {
    Covered given{.mask = Mask(environment)};
    if (given.mask.is_empty()) return;
    const std::lock_guard lock(mutex_);
    covered_.insert_or_assign(id, std::move(given));
    if (covered_.size() > kMostCovered) covered_.erase(covered_.begin());
  } catch (const std::exception&) {  // out of memory: it is not covered
  }
}

/// A script may say something after its answer is over, and after it was reaped: what is known of it stays
/// until many others have been started.
std::string ServerLog::covered_line(RequestId id, std::string_view line) {
  const std::lock_guard lock(mutex_);
  const auto found = covered_.find(id);
  if (found == covered_.end()) return std::string(line);
  auto& [mask, goes_on] = found->second;
  const bool begins = !std::exchange(goes_on, line.size() >= kErrorPieceBytes);
  if (goes_on) return mask.mask(line, begins ? Cut::end : Cut::both);
  return mask.mask(line, begins ? Cut::none : Cut::begin);
}

ScriptFailure ServerLog::covered(RequestId id, const ScriptFailure& failure) {
  ScriptFailure safe = failure;
  const std::lock_guard lock(mutex_);
  const auto found = covered_.find(id);
  if (found != covered_.end())
    safe.detail = found->second.mask.mask_head(failure.detail, std::string_view::npos, Cut::end);
  return safe;
}

void ServerLog::cgi_spawned(RequestId id, int pid) {
  log(LogLevel::debug, [&](std::string& text) {
    append_id(text, id);
    text.append("script started, pid ").append(std::to_string(pid));
  });
}

void ServerLog::cgi_error_line(RequestId id, std::string_view script, std::string_view line) {
  log(LogLevel::warning, [&](std::string& text) {
    append_script(text, script);
    append_sentence(text, covered_line(id, line), kMaxTextBytes);
  });
}

void ServerLog::cgi_failed(RequestId id, std::string_view script, const ScriptFailure& failure) {
  // A visitor who left, and a server that was told to stop, are no fault of the script's.
  const bool is_fault = failure.fault != ScriptFault::abandoned && failure.fault != ScriptFault::stopped;
  log(is_fault ? LogLevel::error : LogLevel::info, [&](std::string& text) {
    append_script(text, script);
    append_sentence(text, describe(covered(id, failure)), kMaxTextBytes);
  });
}

void ServerLog::cgi_signalled(RequestId id, int signal) {
  log(LogLevel::debug, [&](std::string& text) {
    append_id(text, id);
    text.append("signal ").append(std::to_string(signal)).append(" sent to the script and its children");
  });
}

void ServerLog::fastcgi_connected(RequestId id, std::string_view backend, bool reused) {
  log(LogLevel::debug, [&](std::string& text) {
    append_id(text, id);
    text.append("goes to ").append(backend).append(reused ? ", over a connection that was kept" : "");
  });
}

void ServerLog::fastcgi_ended(RequestId id, std::string_view script, int status) {
  log(status != 0 ? LogLevel::info : LogLevel::debug, [&](std::string& text) {
    if (status == 0) append_id(text, id);
    append_script(text, script);
    text.append("ended with exit status ").append(std::to_string(status));
  });
}

void ServerLog::cgi_exited(RequestId id, std::string_view script, const ExitReport& report) {
  // A signal was ours, or cgi_failed tells of it: only a status of the script's own choice is news.
  const bool is_news = !report.by_signal && report.code != 0;
  log(is_news ? LogLevel::info : LogLevel::debug, [&](std::string& text) {
    if (!is_news) append_id(text, id);
    append_script(text, script);
    text += words_for(report);
  });
}

}  // namespace tinyhttpd
