#include "tinyhttpd/inspection.hpp"

#include <chrono>
#include <string>
#include <system_error>

#include "tinyhttpd/command_line.hpp"

namespace tinyhttpd {
namespace {

/// One for each page that looks on and for each replay; and two for what is asked at once, so that a watch
/// over the server is answered whatever the pages do.
constexpr std::size_t kWorkers = 2 + Inspector::kMostViewers + Inspector::kMostReplays;

std::int64_t now_unix() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

/// Nothing that a page is made of comes from elsewhere, nobody else may read it, and no browser keeps it.
std::vector<ConfiguredField> safe_fields() {
  return {
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
       "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cache-Control", "no-store"}};
}

/// Of the server that shows the other one. No file is ever looked for in its root.
Config config_of_inspector(const Config& shown) {
  Config config;
  config.port = shown.inspect.port;
  config.bind = {shown.inspect.address};
  config.root = "/";
  config.threads = kWorkers;
  config.queue = 64;
  config.max_connections = 64;
  config.access_log = "off";
  config.limits.max_body_bytes = 64 * 1024;
  config.limits.spool_dir = shown.limits.spool_dir;
  config.files.cache_bytes = 0;
  config.files.fields = safe_fields();
  complete(config);
  return config;
}

/// The server's own words would name the options of the other one.
std::unique_ptr<Server> open_server(const Config& shown, Trace& trace, Application& application) {
  try {
    return std::make_unique<Server>(config_of_inspector(shown), trace, Handover(), &application);
  } catch (const std::system_error& error) {
    throw std::system_error(error.code(), "the inspector cannot listen on " + shown.inspect.address +
                                              " port " + std::to_string(shown.inspect.port) + " (--inspect)");
  }
}

}  // namespace

Inspection::Inspection(const Config& config, Tee& trace, ServerLog& log)
    : config_(config),
      started_(now_unix()),
      recorder_({.keep = config.inspect.keep, .stream_bytes = config.inspect.stream_bytes},
                [this] { return load(); }),
      stepper_([this](RequestId id, std::string_view where) {
        if (where.empty()) return recorder_.note_released(id);
        recorder_.note_held(id, where);
      }),
      inspector_({recorder_, stepper_, counters_, [this] { return view(); }}, config.inspect.address),
      troubles_(log),
      server_(open_server(config, troubles_, inspector_)) {
  trace.add(counters_);
  trace.add(recorder_);
  trace.add(stepper_);  // the last: what it holds has been told to the others
}

Inspection::~Inspection() {
  inspector_.stop();
}

void Inspection::start(const Server& shown) {
  shown_ = &shown;
  server_->start();
}

RecordedLoad Inspection::load() const {
  const ServerFigures figures = shown_->figures();
  return {.workers = figures.workers,
          .busy = figures.busy,
          .queue = figures.queue,
          .queue_capacity = figures.queue_capacity,
          .gateways = figures.gateways.running,
          .gateway_places = figures.gateways.places,
          .gateways_waiting = figures.gateways.waiting,
          .connections = figures.connections};
}

ServerView Inspection::view() const {
  return {config_, shown_->urls(), started_, shown_->figures(), shown_->parked()};
}

void Inspection::Troubles::listening(std::string_view url) {
  log_.announce("the inspector is at " + std::string(url));
}

void Inspection::Troubles::warning(std::string_view what) {
  log_.warning("the inspector: " + std::string(what));
}

void Inspection::Troubles::error(std::string_view what) {
  log_.error("the inspector: " + std::string(what));
}

}  // namespace tinyhttpd
