#include "tinyhttpd/script_place.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

#include "tinyhttpd/head_lines.hpp"
#include "tinyhttpd/recorded_exchange.hpp"

namespace tinyhttpd {

namespace {

std::string folder_of_file(std::string_view file) {
  const std::size_t slash = file.rfind('/');
  if (slash == file.npos) return {};
  return std::string(file.substr(0, slash == 0 ? 1 : slash));
}

// A JSON program that was set for a file gets its name last, and runs beside it; another runs in the root.
ScriptPlace place_of_json_program(const RecordedExchange& exchange) {
  if (exchange.arguments.empty()) return {};
  const std::string& last = exchange.arguments.back();
  if (exchange.arguments.size() > 1 && !exchange.script.empty() && last.ends_with(exchange.script))
    return {last, folder_of_file(last)};
  const auto event = nlohmann::json::parse(exchange.streams[0].bytes, nullptr, false);
  const auto root = nlohmann::json::json_pointer("/tinyhttpd/documentRoot");
  if (!event.is_object() || !event.contains(root) || !event[root].is_string()) return {};
  return {exchange.arguments.front(), event[root].get<std::string>()};
}

}  // namespace

ScriptPlace place_of_script(const RecordedExchange& exchange) {
  if (exchange.handler == "invoke_json") return place_of_json_program(exchange);
  const auto file = variable_in(exchange.environment, "SCRIPT_FILENAME");
  if (!file) return {};
  return {std::string(*file), folder_of_file(*file)};
}

}  // namespace tinyhttpd
