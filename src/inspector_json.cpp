#include "tinyhttpd/inspector_json.hpp"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "tinyhttpd/secrets.hpp"

namespace tinyhttpd {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto kReplaceBadBytes = Json::error_handler_t::replace;

std::int64_t microseconds_since(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - time).count();
}

/// "2026-11-22T13:00:00Z".
std::string date_of(std::int64_t microseconds) {
  const std::time_t seconds = microseconds / 1'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%FT%TZ", &parts)};
}

Json lane(const LaneFigures& figures) {
  return {{"running", figures.running},
          {"places", figures.places},
          {"waiting", figures.waiting},
          {"capacity", figures.capacity}};
}

Json parked(const ParkedFigures& figures) {
  return {{"idle", figures.idle},
          {"reading_head", figures.reading_head},
          {"reading_body", figures.reading_body},
          {"sending", figures.sending},
          {"lingering", figures.lingering}};
}

Json workers(const Recorder& recorder, std::size_t count) {
  Json list = Json::array();
  auto known = recorder.workers();
  known.resize(std::max(known.size(), count));
  for (std::size_t number = 0; number < known.size(); ++number) {
    const auto& worker = known[number];
    Json entry = {{"number", number}, {"state", worker.busy ? "busy" : "idle"}};
    entry["exchange"] = worker.busy && worker.exchange != 0 ? Json(worker.exchange) : Json();
    entry["what"] = worker.busy && worker.exchange != 0 ? Json(worker.what) : Json();
    entry["since"] = worker.since == TimePoint() ? 0 : microseconds_since(worker.since);
    list.push_back(std::move(entry));
  }
  return list;
}

/// What was said of an option: of a variable for scripts, which may be a password, the name alone; of a field
/// with a secret name as well.
std::string without_secrets(const std::string& option, const std::string& text) {
  if (option == "cgi-env") return text.substr(0, text.find('='));
  const std::string field = text.substr(0, text.find(':'));
  return option == "header" && is_secret_name(field) ? field : text;
}

Json options(const Config& config) {
  Json list = Json::array();
  for (const auto& [name, texts] : config.given)
    for (const std::string& text : texts) list.push_back({name, without_secrets(name, text)});
  return list;
}

Json lines(const std::vector<DescriptorLine>& descriptors) {
  Json list = Json::array();
  for (const DescriptorLine& line : descriptors) list.push_back({{"fd", line.fd}, {"what", line.what}});
  return list;
}

Json held(const Stepper& stepper) {
  const auto what = stepper.held();
  if (!what) return nullptr;
  return {{"id", what->id},
          {"where", name_of(what->where)},
          {"since", microseconds_since(what->since)},
          {"server_descriptors", lines(what->server)},
          {"script_descriptors", what->script ? lines(*what->script) : Json()}};
}

Json step(const Stepper& stepper) {
  const Stepper::Wanted wanted = stepper.wanted();
  Json stops = Json::array();
  for (std::size_t i = 0; i < kStopNames.size(); ++i)
    if (wanted.stops[i]) stops.push_back(kStopNames[i]);
  return {{"stops", stops}, {"prefix", wanted.prefix}, {"held", held(stepper)}};
}

Result<Stepper::Wanted> read_wanted(const Json& json) {
  Stepper::Wanted wanted;
  if (!json.is_object()) return bad_request("step mode takes a JSON object");
  if (json.contains("prefix")) {
    if (!json["prefix"].is_string() || !json["prefix"].get<std::string>().starts_with('/'))
      return bad_request("prefix must be a path");
    wanted.prefix = json["prefix"];
  }
  const Json stops = json.value("stops", Json::array());
  if (!stops.is_array()) return bad_request("stops must be a list");
  for (const Json& stop : stops) {
    const auto found =
        std::find(kStopNames.begin(), kStopNames.end(), stop.is_string() ? stop.get<std::string>() : "");
    if (found == kStopNames.end())
      return bad_request("no such stop: " + stop.dump(-1, ' ', true, kReplaceBadBytes));
    wanted.stops[static_cast<std::size_t>(found - kStopNames.begin())] = true;
  }
  return wanted;
}

/// Addresses alone: "http://localhost:4000/" of "http://localhost:4000/ (every address)".
Json addresses(const std::vector<std::string>& urls) {
  Json list = Json::array();
  for (const std::string& url : urls)
    list.push_back(url.starts_with("http") ? url.substr(0, url.find(' ')) : url);
  return list;
}

}  // namespace

std::string server_json(const ServerView& server, const Recorder& recorder, const Stepper& stepper) {
  const ServerFigures& figures = server.figures;
  const Json json = {
      {"name", "tinyhttpd"},
      {"version", TINYHTTPD_VERSION},
      {"started", date_of(server.started)},
      {"urls", addresses(server.urls)},
      {"draining", figures.draining},
      {"workers", workers(recorder, figures.workers)},
      {"queue", {{"length", figures.queue}, {"capacity", figures.queue_capacity}}},
      {"gateways", lane(figures.gateways)},
      {"passwords", lane(figures.passwords)},
      {"connections",
       {{"open", figures.connections}, {"most", figures.max_connections}, {"parked", parked(server.parked)}}},
      {"keep", server.config.inspect.keep},
      {"stream_bytes", server.config.inspect.stream_bytes},
      {"recorded", recorder.recorded()},
      {"not_recorded", recorder.not_recorded()},
      {"step", step(stepper)},
      {"options", options(server.config)}};
  return json.dump(-1, ' ', false, kReplaceBadBytes);
}

std::string step_json(const Stepper& stepper) {
  return step(stepper).dump(-1, ' ', false, kReplaceBadBytes);
}

Result<Stepper::Wanted> wanted_from(std::string_view json) {
  const Json read = Json::parse(json, nullptr, false);
  if (read.is_discarded()) return bad_request("step mode takes JSON");
  return read_wanted(read);
}

std::string error_json(std::string_view what) {
  return Json({{"error", what}}).dump(-1, ' ', false, kReplaceBadBytes);
}

}  // namespace tinyhttpd
