#include "tinyhttpd/saved_exchange.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/json_text.hpp"
#include "tinyhttpd/log_text.hpp"
#include "tinyhttpd/option_value.hpp"
#include "tinyhttpd/step_words.hpp"

namespace tinyhttpd {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostShownBytes = 200;

/// A value of the file that knows where it stands, to say so where it is wrong.
class Value {
 public:
  Value(const Json& json, std::string file, std::string path)
      : json_(json), file_(std::move(file)), path_(std::move(path)) {}

  Value member(const std::string& name) const;
  std::vector<Value> elements() const;
  std::string text() const;
  std::string text_or_none() const { return json_.is_null() ? std::string() : text(); }
  std::string path_text() const;
  std::uint64_t count() const;
  std::int64_t number() const;
  bool flag() const;
  bool is_null() const { return json_.is_null(); }

  [[noreturn]] void refuse(const std::string& why) const;
  [[noreturn]] void must_be(std::string_view what) const {
    refuse("it is no saved exchange: " + (path_.empty() ? std::string("it") : path_) + " must be " +
           std::string(what));
  }

 private:
  const Json& json_;
  std::string file_, path_;
};

void Value::refuse(const std::string& why) const {
  throw UsageError(file_ + ": " + why);
}

Value Value::member(const std::string& name) const {
  if (!json_.is_object()) must_be("an object");
  const std::string path = path_.empty() ? name : path_ + "." + name;
  const auto found = json_.find(name);
  if (found == json_.end()) refuse("it is no saved exchange: the member " + path + " is missing");
  return {*found, file_, path};
}

std::vector<Value> Value::elements() const {
  if (!json_.is_array()) must_be("an array");
  std::vector<Value> values;
  for (std::size_t i = 0; i < json_.size(); ++i)
    values.emplace_back(json_[i], file_, path_ + "[" + std::to_string(i) + "]");
  return values;
}

/// Of a text that a program is to get.
std::string Value::text() const {
  if (!json_.is_string()) must_be("a string");
  auto text = json_.get<std::string>();
  if (text.find('\0') != text.npos) must_be("a string without a zero byte");
  return text;
}

std::string Value::path_text() const {
  std::string path = text();
  if (!path.starts_with('/')) must_be("an absolute path");
  return path;
}

std::uint64_t Value::count() const {
  if (!json_.is_number_unsigned()) must_be("a number that is not negative");
  return json_.get<std::uint64_t>();
}

std::int64_t Value::number() const {
  if (!json_.is_number_integer()) must_be("a whole number");
  return json_.get<std::int64_t>();
}

bool Value::flag() const {
  if (!json_.is_boolean()) must_be("true or false");
  return json_.get<bool>();
}

/// Says why nothing can be run where no CGI script ran.
void check_is_of_script(const Value& exchange) {
  const std::string handler = exchange.member("handler").text_or_none();
  const Value script = exchange.member("script");
  if (handler == "forward_to_fastcgi")
    exchange.refuse(
        "a FastCGI application answered, which the server does not start; only CGI scripts are run again");
  if (handler == "invoke_json")
    exchange.refuse("a program of a JSON gateway answered; only CGI scripts are run again");
  if (script.is_null() || handler != "execute_cgi") {
    std::string who;
    append_sentence(who, handler.empty() ? std::string("nobody") : handler, kMostShownBytes);
    exchange.refuse("no script ran: " + who + " answered");
  }
  if (script.member("arguments").elements().empty()) exchange.refuse("its script was not started");
  if (!exchange.member("over").flag()) exchange.refuse("it was not over yet when it was saved");
}

std::vector<SavedVariable> read_environment(const Value& list) {
  std::vector<SavedVariable> environment;
  for (const Value& element : list.elements()) {
    SavedVariable variable{element.member("name").text(), element.member("value").text(),
                           element.member("masked").flag()};
    if (variable.name.empty() || variable.name.find('=') != variable.name.npos)
      element.member("name").must_be("a name without '='");
    environment.push_back(std::move(variable));
  }
  return environment;
}

std::string read_stream(const Value& stream, int number) {
  const std::uint64_t total = stream.member("total").count();
  const std::uint64_t kept = stream.member("kept").count();
  if (kept < total)
    stream.refuse("of " + std::string(stream_name(number)) + " only the first " + in_bytes(kept) + " of " +
                  std::to_string(total) + " were kept (--inspect-bytes)");
  const Value encoded = stream.member("bytes_base64");
  auto bytes = decode_base64(encoded.text());
  if (!bytes) encoded.must_be("base64");
  if (bytes->size() != kept || kept != total) stream.member("kept").must_be("the size of bytes_base64");
  return std::move(*bytes);
}

std::optional<RecordedExit> read_exit(const Value& exit) {
  if (exit.is_null()) return std::nullopt;
  RecordedExit read;
  read.by_signal = exit.member("by_signal").flag();
  const std::int64_t code = exit.member("code").number();
  if (code < 0 || code > 255) exit.member("code").must_be("a number from 0 to 255");
  read.code = static_cast<int>(code);
  return read;
}

/// How long the script ran, by the first of its starts and the last of its ends.
std::optional<std::int64_t> read_time(const Value& events) {
  std::optional<std::int64_t> began, ended;
  for (const Value& event : events.elements()) {
    const std::string step = event.member("step").text();
    const std::int64_t at = event.member("at").number();
    if (step == "spawned") began = at;
    if (step == "exited") ended = at;
  }
  if (!began || !ended) return std::nullopt;
  return std::max<std::int64_t>(0, *ended - *began);
}

SavedExchange read(const Value& exchange) {
  SavedExchange saved;
  saved.id = exchange.member("id").count();
  check_is_of_script(exchange);
  const Value script = exchange.member("script");
  saved.script = script.member("path").text();
  saved.folder = script.member("folder").path_text();
  for (const Value& argument : script.member("arguments").elements())
    saved.arguments.push_back(saved.arguments.empty() ? argument.path_text() : argument.text());
  saved.environment = read_environment(script.member("environment"));
  saved.exit = read_exit(script.member("exit"));
  const Value streams = exchange.member("streams");
  const auto three = streams.elements();
  if (three.size() != saved.streams.size()) streams.must_be("an array of three");
  for (std::size_t i = 0; i < three.size(); ++i)
    saved.streams[i] = read_stream(three[i], static_cast<int>(i));
  saved.failure = exchange.member("failure").text_or_none();
  saved.microseconds = read_time(exchange.member("events"));
  return saved;
}

}  // namespace

SavedExchange read_saved_exchange(std::string_view name, std::string_view text) {
  std::string file;
  append_sentence(file, name, kMostShownBytes);
  if (const auto checked = check_json(text, "id"); !checked)
    throw UsageError(file + ": it is no saved exchange: " + checked.error());
  const Json json = Json::parse(text);
  return read(Value(json, file, ""));
}

}  // namespace tinyhttpd
