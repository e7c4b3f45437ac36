#include "tinyhttpd/head_changes.hpp"

#include <algorithm>
#include <string_view>

#include "tinyhttpd/answer_fields.hpp"
#include "tinyhttpd/cgi_message.hpp"
#include "tinyhttpd/head_lines.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/recorded_exchange.hpp"
#include "tinyhttpd/secrets.hpp"
#include "tinyhttpd/status.hpp"

namespace tinyhttpd {

namespace {

struct Reason {
  std::string why;
  std::string section = {};
};

std::string text_of(std::string_view text) {
  return std::string(text);
}

// Why the server takes this line out (answer_fields.hpp).
Reason why_dropped(std::string_view name) {
  const auto begins = [name](std::string_view prefix) {
    return iequals(name.substr(0, prefix.size()), prefix);
  };
  if (iequals(name, "Date")) return {"The server writes the date itself.", "RFC 9110 section 6.6.1"};
  if (iequals(name, "Server")) return {"The server names itself.", "RFC 9110 section 10.2.4"};
  if (begins("X-CGI-")) return {"Names with X-CGI- are between script and server.", "RFC 3875 section 6.3.5"};
  if (begins("X-")) return {"Another server would send the file that it names; this one does not."};
  return {"It is about the connection, which is the server's.", "RFC 9110 section 7.6.1"};
}

// Why the line of the script went out as this one: the same field, maybe written in another way.
Reason why_passed(const HeadLine& script, const HeadLine& sent) {
  if (script.text != sent.text) return {"Passed on with one space after the colon.", "RFC 9112 section 5"};
  if (script.end == sent.end) return {"Passed on as it is."};
  return {"Passed on; the line feed that ended it became a carriage return and a line feed.",
          "RFC 3875 section 7.2"};
}

// A line that only the server wrote, of an answer whose head came from a script.
Reason why_added(const HeadLine& line, bool is_json) {
  if (line.name.empty())
    return {"The status line, which the script leaves to the server.", "RFC 9112 section 4"};
  if (iequals(line.name, "Date")) return {"The server says when it answered.", "RFC 9110 section 6.6.1"};
  if (iequals(line.name, "Server")) return {"The server names itself.", "RFC 9110 section 10.2.4"};
  if (iequals(line.name, "Transfer-Encoding"))
    return {"The script did not say how long its body is, so the body goes out in chunks.",
            "RFC 9112 section 7.1"};
  if (iequals(line.name, "Content-Length"))
    return {"The body was complete before the head was sent, so the server counted it.",
            "RFC 9110 section 8.6"};
  if (iequals(line.name, "Connection"))
    return {"The server says whether the connection stays open.", "RFC 9112 section 9.3"};
  if (is_json) return {"The server made it of the JSON that the program printed."};
  return {"The option --header adds it."};
}

// Pairs the lines of a script's head with those that were sent.
class Comparison {
 public:
  Comparison(const RecordedExchange& exchange, std::vector<HeadLine> script)
      : script_(std::move(script)),
        sent_(lines_of_head(exchange.sent_head)),
        used_(sent_.size(), false),
        status_(exchange.status),
        is_json_(exchange.handler == "invoke_json") {}

  std::vector<HeadChange> run() && {
    for (const HeadLine& line : script_) add(line);
    for (std::size_t i = 0; i < sent_.size(); ++i) {
      if (used_[i]) continue;
      Reason reason = i == 0 ? why_status_line() : why_added(sent_[i], is_json_);
      changes_.push_back(
          {std::nullopt, text_of(sent_[i].text), std::move(reason.why), std::move(reason.section)});
    }
    return std::move(changes_);
  }

 private:
  void add(const HeadLine& line) {
    if (iequals(line.name, "Status")) {
      pair(line, 0, {"The script's Status becomes the status line.", "RFC 3875 section 6.3.3"});
    } else if (iequals(line.name, "Content-Length")) {
      add_length(line);
    } else if (is_for_the_server(line.name)) {
      drop(line, why_dropped(line.name));
    } else if (const auto same = find_sent(line.name, line.value)) {
      pair(line, *same, why_passed(line, sent_[*same]));
    } else {
      drop(line, {"It was not sent."});
    }
  }

  // A good length is written anew by the server; of a bad one, or two, none is believed.
  void add_length(const HeadLine& line) {
    if (const auto same = find_sent(line.name, line.value)) {
      pair(line, *same, {"The length as the script said it.", "RFC 9110 section 8.6"});
    } else if (is_bodiless(Status{status_})) {
      drop(line, {"An answer of this status has no body, and so no length.", "RFC 9110 section 8.6"});
    } else {
      drop(line, {"It is no length, or there are two: none is believed.", "RFC 9112 section 6.3"});
    }
  }

  Reason why_status_line() const {
    if (is_json_) return {"The statusCode of the JSON that the program printed; without one it is 200."};
    if (value_in(script_, "Location"))
      return {"A Location without a Status sends the client elsewhere: 302.", "RFC 3875 section 6.2.3"};
    return {"The script gave no Status, so it is 200.", "RFC 3875 section 6.3.3"};
  }

  std::optional<std::size_t> find_sent(std::string_view name, std::string_view value) const {
    for (std::size_t i = 1; i < sent_.size(); ++i)
      if (!used_[i] && iequals(sent_[i].name, name) && sent_[i].value == value) return i;
    return std::nullopt;
  }

  void pair(const HeadLine& line, std::size_t sent, Reason reason) {
    if (sent >= sent_.size()) return drop(line, {"The answer ended before its head was sent."});
    used_[sent] = true;
    changes_.push_back(
        {text_of(line.text), text_of(sent_[sent].text), std::move(reason.why), std::move(reason.section)});
  }

  void drop(const HeadLine& line, Reason reason) {
    changes_.push_back({text_of(line.text), std::nullopt, std::move(reason.why), std::move(reason.section)});
  }

  std::vector<HeadLine> script_;
  std::vector<HeadLine> sent_;
  std::vector<bool> used_;  // by the line of a script
  int status_;
  bool is_json_;
  std::vector<HeadChange> changes_;
};

// A non-parsed-header script wrote the client's head itself.
std::vector<HeadChange> unparsed(const std::vector<HeadLine>& script) {
  std::vector<HeadChange> changes;
  changes.reserve(script.size());
  for (const HeadLine& line : script)
    changes.push_back({text_of(line.text), text_of(line.text),
                       "The script's name begins with nph-: what it writes is sent as it is.",
                       "RFC 3875 section 5.2"});
  return changes;
}

// The script's head did not become the client's.
std::vector<HeadChange> instead(const RecordedExchange& exchange, const std::vector<HeadLine>& script,
                                const Reason& reason) {
  const auto sent = lines_of_head(exchange.sent_head);
  std::vector<HeadChange> changes;
  changes.reserve(script.size() + sent.size());
  for (const HeadLine& line : script)
    changes.push_back({text_of(line.text), std::nullopt, reason.why, reason.section});
  for (const HeadLine& line : sent)
    changes.push_back({std::nullopt, text_of(line.text), "It is of the server's own answer."});
  return changes;
}

bool is_local_redirect(std::string_view head) {
  const auto parsed = parse_cgi_head(head);
  return parsed && parsed->kind == CgiHead::Kind::local_redirect;
}

}  // namespace

std::vector<HeadChange> head_changes(const RecordedExchange& exchange) {
  const bool is_json = exchange.handler == "invoke_json";
  if (exchange.environment.empty()) return {};
  const std::string_view head = script_head_of(exchange);
  std::vector<HeadLine> script = is_json ? std::vector<HeadLine>() : lines_of_head(head);
  // A whole output without an empty line may be long: the part that could be a head is what matters.
  constexpr std::size_t kMaxLines = 100;
  if (exchange.script_head_bytes == 0 && script.size() > kMaxLines) script.resize(kMaxLines);

  if (exchange.sent_head.empty() && head.starts_with("HTTP/1.")) return unparsed(script);
  if (exchange.script_head_bytes == 0 && exchange.failure)
    return instead(exchange, script, {"The script failed, so the server answers instead of it."});
  if (!is_json && is_local_redirect(head))
    return instead(
        exchange, script,
        {"A path in Location, alone, is asked for again inside the server; the client never sees it.",
         "RFC 3875 section 6.2.2"});
  return Comparison(exchange, std::move(script)).run();
}

}  // namespace tinyhttpd
