#include "tinyhttpd/terminal_trace.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/cgi_message.hpp"
#include "tinyhttpd/diagnosis.hpp"
#include "tinyhttpd/fastcgi_record.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/rejection.hpp"
#include "tinyhttpd/script_failure.hpp"
#include "tinyhttpd/terminal_text.hpp"
#include "tinyhttpd/told_exchange.hpp"
#include "tinyhttpd/trace_words.hpp"

namespace tinyhttpd {

namespace {

/// Past it the oldest make room: what an error has ended without a word would stay for ever.
constexpr std::size_t kMaxExchanges = 16 * 1024;

bool is_gateway(std::string_view handler) {
  return handler == "execute_cgi" || handler == "forward_to_fastcgi" || handler == "invoke_json";
}

/// "GET / HTTP/1.1 from 127.0.0.1".
std::string opening_of(std::string_view line, const Endpoints& endpoints) {
  return std::string(line).append(" from ").append(client_address(endpoints));
}

}  // namespace

bool wants_colour(int fd, const char* no_color) {
  return ::isatty(fd) == 1 && (no_color == nullptr || *no_color == '\0');
}

/// Writes the lines of one step.
class TerminalTrace::Teller {
 public:
  Teller(TerminalTrace& trace, RequestId id, ToldExchange& exchange)
      : trace_(trace), lines_(id, trace.colour_), exchange_(exchange) {}

  void say(Way way, std::string_view text, Tone tone = Tone::plain) {
    const auto at = std::chrono::duration_cast<std::chrono::microseconds>(trace_.now_() - exchange_.began);
    say_at(at, way, text, tone);
  }
  void say_at(std::chrono::microseconds at, Way way, std::string_view text, Tone tone) {
    trace_.write_(lines_.line(at, way, text, tone));
  }
  void go_on(std::string_view text, Tone tone = Tone::plain) { trace_.write_(lines_.more(text, tone)); }

  /// Each line of a head, masked already.
  void go_on_with_head(std::string_view head) {
    while (!head.empty()) {
      const std::size_t end = std::min(head.find('\n'), head.size());
      const std::string_view line = head.substr(0, end);
      head.remove_prefix(std::min(end + 1, head.size()));
      if (const auto text = trim(line.substr(0, line.find('\r'))); !text.empty()) go_on(shown(text));
    }
  }

  Way to_script() const { return exchange_.has_backend ? Way::server_to_backend : Way::server_to_script; }
  Way from_script() const { return exchange_.has_backend ? Way::backend_to_server : Way::script_to_server; }
  Way script() const { return exchange_.has_backend ? Way::backend : Way::script; }

 private:
  TerminalTrace& trace_;
  TerminalLines lines_;
  ToldExchange& exchange_;
};

TerminalTrace::TerminalTrace(WriteLine write, bool colour, Now now)
    : write_(std::move(write)), colour_(colour), now_(std::move(now)) {}

TerminalTrace::~TerminalTrace() = default;

ToldExchange& TerminalTrace::exchange_with(RequestId id) {
  auto& exchange = exchanges_[id];
  if (!exchange) {
    exchange = std::make_unique<ToldExchange>();
    exchange->began = now_();
    if (exchanges_.size() > kMaxExchanges) exchanges_.erase(exchanges_.begin());
  }
  return *exchanges_.at(id);
}

/// Lets `tell` write of an exchange, which is forgotten where it is over then. A line is lost rather than a
/// request when there is no memory for it.
template <typename Tell>
void TerminalTrace::tell(RequestId id, Tell tell) {
  try {
    const std::lock_guard lock(mutex_);
    const auto found = exchanges_.find(id);
    if (found == exchanges_.end()) return;
    ToldExchange& exchange = *found->second;
    tell(exchange, Teller(*this, id, exchange));
    if (exchange.is_answered && !exchange.is_running) exchanges_.erase(found);
  } catch (const std::exception&) {
  }
}

/// The same for a step that is told of at once.
template <typename Tell>
void TerminalTrace::tell_of_script(RequestId id, Tell tell_step) {
  tell(id, [&](ToldExchange& exchange, Teller teller) {
    if (exchange.is_told) tell_step(exchange, teller);
  });
}

void TerminalTrace::request_received(RequestId id, const Request& request, const Endpoints& endpoints,
                                     const Arrival& arrival) {
  try {
    const std::lock_guard lock(mutex_);
    ToldExchange& exchange = exchange_with(id);
    exchange.began = arrival.first_byte;
    exchange.learn_request(arrival.head);
    exchange.opening = opening_of(exchange.safe(request.line), endpoints);
  } catch (const std::exception&) {
  }
}

void TerminalTrace::route_chosen(RequestId id, std::string_view handler, std::string_view why) {
  tell(id, [&](ToldExchange& exchange, Teller teller) {
    const bool is_first = !exchange.is_told;
    exchange.is_told = exchange.is_told || is_gateway(handler);
    if (!exchange.is_told) return;
    exchange.has_backend = handler == "forward_to_fastcgi";
    if (is_first) teller.say(Way::client_to_server, exchange.opening);
    teller.say(Way::server, std::string(handler).append(" is to answer: ").append(shown(why)));
  });
}

void TerminalTrace::body_received(RequestId id, std::uint64_t bytes) {
  tell_of_script(id, [&](ToldExchange&, Teller teller) {
    teller.say(Way::client_to_server, "the body is complete: " + count_of_bytes(bytes));
  });
}

void TerminalTrace::rejected(RequestId id, const Rejection& rejection, std::string_view line,
                             const Endpoints& endpoints) {
  try {
    const std::lock_guard lock(mutex_);
    ToldExchange& exchange = exchange_with(id);
    if (exchange.opening.empty())
      exchange.opening = opening_of(line.empty() ? "no request" : exchange.safe(line), endpoints);
    exchange.refusal = exchange.safe(rejection.reason);
    if (!exchange.is_told) return;
    const std::string status = std::to_string(code(rejection.status));
    // What is wrong with a script has been said.
    Teller(*this, id, exchange)
        .say(
            Way::server,
            rejection.failure ? "refuses with " + status : "refuses with " + status + ": " + exchange.refusal,
            Tone::failure);
  } catch (const std::exception&) {
  }
}

void TerminalTrace::gateway_wait(RequestId id) {
  tell_of_script(id, [](ToldExchange&, Teller teller) {
    teller.say(Way::server, "waits: all places are taken (--cgi-max)");
  });
}

void TerminalTrace::cgi_environment(RequestId id, std::string_view script,
                                    std::span<const std::string> environment,
                                    std::span<const std::string> arguments) {
  tell_of_script(id, [&](ToldExchange& exchange, Teller teller) {
    exchange.learn_environment(environment);
    std::string text = exchange.has_backend ? "asks for " : "starts ";
    text += exchange.safe(script);
    if (!arguments.empty()) text += ":";
    for (const std::string& argument : arguments) text += " \"" + exchange.safe(argument) + "\"";
    teller.say(teller.to_script(), text);
    for (const std::string& variable : environment) teller.go_on(exchange.safe_variable(variable));
  });
}

void TerminalTrace::cgi_pipes(RequestId id, const ScriptDescriptors& descriptors) {
  tell_of_script(id, [&](ToldExchange&, Teller teller) { teller.say(Way::server, words_for(descriptors)); });
}

void TerminalTrace::cgi_spawned(RequestId id, int pid) {
  tell_of_script(id, [&](ToldExchange& exchange, Teller teller) {
    exchange.is_running = true;
    teller.say(Way::script, "runs as process " + std::to_string(pid));
  });
}

void TerminalTrace::cgi_wrote(RequestId id, std::string_view bytes) {
  tell_of_script(id, [&](ToldExchange& exchange, Teller teller) {
    teller.say(teller.to_script(), "standard input: " + exchange.next_chunk(Stream::standard_input, bytes));
  });
}

void TerminalTrace::cgi_read(RequestId id, Stream stream, std::string_view bytes) {
  tell_of_script(id, [&](ToldExchange& exchange, Teller teller) {
    teller.say(teller.from_script(),
               std::string(words_for(stream)) + ": " + exchange.next_chunk(stream, bytes));
  });
}

void TerminalTrace::cgi_closed(RequestId id, Stream stream) {
  tell_of_script(id, [&](ToldExchange&, Teller teller) {
    const Way way = stream == Stream::standard_input ? teller.to_script() : teller.from_script();
    teller.say(way, std::string(words_for(stream)) + " ends");
  });
}

void TerminalTrace::cgi_head(RequestId id, const CgiHead& head) {
  tell_of_script(id, [&](ToldExchange& exchange, Teller teller) {
    const bool is_local = head.kind == CgiHead::Kind::local_redirect;
    exchange.end_script_head();
    teller.say(teller.from_script(),
               words_for(head) + (is_local ? " " + exchange.safe(head.location) : std::string()));
    teller.go_on_with_head(exchange.without_secrets(head.fields));
    if (!head.dropped.empty()) teller.go_on("not handed on: " + exchange.safe(head.dropped));
  });
}

void TerminalTrace::cgi_failed(RequestId id, std::string_view, const ScriptFailure& failure) {
  tell_of_script(id, [&](ToldExchange& exchange, Teller teller) {
    if (exchange.has_backend) exchange.is_running = false;
    const Diagnosis diagnosis = diagnose(exchange.without_secrets(failure));
    teller.say(teller.script(), "failed: " + shown(diagnosis.what), Tone::failure);
    teller.go_on("why: " + shown(diagnosis.why), Tone::failure);
    teller.go_on("cure: " + shown(diagnosis.cure), Tone::failure);
  });
}

void TerminalTrace::fastcgi_connected(RequestId id, std::string_view backend, bool reused) {
  tell_of_script(id, [&](ToldExchange& exchange, Teller teller) {
    exchange.is_running = true;
    teller.say(
        Way::server_to_backend,
        (reused ? "over a connection that was kept, to " : "over a new connection, to ") + shown(backend));
  });
}

void TerminalTrace::fastcgi_sent(RequestId id, std::uint8_t type, std::size_t content_bytes) {
  tell_of_script(id, [&](ToldExchange&, Teller teller) {
    teller.say(Way::server_to_backend, fastcgi_type_name(type) + ", " + count_of_bytes(content_bytes));
  });
}

void TerminalTrace::fastcgi_received(RequestId id, std::uint8_t type, std::uint16_t,
                                     std::size_t content_bytes) {
  tell_of_script(id, [&](ToldExchange&, Teller teller) {
    teller.say(Way::backend_to_server, fastcgi_type_name(type) + ", " + count_of_bytes(content_bytes));
  });
}

void TerminalTrace::fastcgi_ended(RequestId id, std::string_view, int status) {
  tell_of_script(id, [&](ToldExchange& exchange, Teller teller) {
    exchange.is_running = false;
    teller.say(Way::backend, "ended the request with status " + std::to_string(status));
  });
}

void TerminalTrace::cgi_signalled(RequestId id, int signal) {
  tell_of_script(id, [&](ToldExchange&, Teller teller) {
    teller.say(Way::server_to_script, words_for_signal(signal) + ", to it and its children");
  });
}

void TerminalTrace::cgi_reaping(RequestId id) {
  tell_of_script(id, [](ToldExchange&, Teller teller) {
    teller.say(Way::server, "reaps the script, which may be a zombie");
  });
}

void TerminalTrace::cgi_exited(RequestId id, std::string_view, const ExitReport& report) {
  tell_of_script(id, [&](ToldExchange& exchange, Teller teller) {
    exchange.is_running = false;
    teller.say(Way::script, words_for(report));
  });
}

void TerminalTrace::request_lost(RequestId id) {
  tell(id, [](ToldExchange& exchange, Teller teller) {
    exchange.is_answered = true;  // as far as it ever will be
    const std::string lost = "the client left before its request was complete";
    teller.say(Way::client_to_server, exchange.is_told ? lost : exchange.opening + ": " + lost,
               Tone::failure);
  });
}

void TerminalTrace::head_sent(RequestId id, const Response&, std::string_view head) {
  tell_of_script(id, [&](ToldExchange& exchange, Teller teller) {
    if (head.empty()) return;  // a non-parsed-header script sends its own
    exchange.learn_sent_head(head);
    teller.say(Way::server_to_client, "the head of the answer");
    teller.go_on_with_head(exchange.without_secrets(head));
  });
}

void TerminalTrace::response_sent(RequestId id, const Request&, const Endpoints&,
                                  const AnswerSummary& summary) {
  tell(id, [&](ToldExchange& exchange, Teller teller) {
    exchange.is_answered = true;
    const Tone tone = summary.complete ? Tone::plain : Tone::failure;
    if (exchange.is_told)
      return teller.say(Way::server_to_client, "the answer is over: " + words_for(summary), tone);
    std::string text = exchange.opening + ": " + words_for(summary);
    text += exchange.refusal.empty() ? " (" + std::string(summary.handler) + ")" : ": " + exchange.refusal;
    teller.say_at(summary.duration, Way::server_to_client, text, tone);
  });
}

}  // namespace tinyhttpd
