#include "tinyhttpd/step_words.hpp"

#include <array>

#include "tinyhttpd/fastcgi_record.hpp"
#include "tinyhttpd/recorded_exchange.hpp"

namespace tinyhttpd {

namespace {

std::string number(std::int64_t value) {
  return std::to_string(value);
}

// As Linux numbers them on every machine Debian runs on but MIPS.
std::string in_signals(std::int64_t signal) {
  constexpr std::array<std::string_view, 16> kNames = {"",     "HUP",  "INT",  "QUIT", "ILL",  "TRAP",
                                                       "ABRT", "BUS",  "FPE",  "KILL", "USR1", "SEGV",
                                                       "USR2", "PIPE", "ALRM", "TERM"};
  const auto index = static_cast<std::size_t>(signal);
  if (signal <= 0 || index >= kNames.size()) return number(signal);
  return number(signal).append(" (SIG").append(kNames[index]).append(")");
}

std::string end_words(std::int64_t code) {
  return code < 0 ? "killed by signal " + in_signals(-code) : "ended with exit status " + number(code);
}

// Who runs: a script of this machine, or somebody at the other end of a connection.
std::string runner(const RecordedExchange& exchange) {
  return exchange.handler == "forward_to_fastcgi" ? "the application" : "the script";
}

std::string record_of(const RecordedStep& step) {
  return fastcgi_type_name(static_cast<std::uint8_t>(step.number)) + " with " + in_bytes(step.bytes);
}

// Before a script runs.
std::string words_for_request(const RecordedStep& step, const RecordedExchange& exchange) {
  switch (step.step) {
    case Step::accepted: return "the acceptor took the client's connection";
    case Step::queued: return "the connection was put into the work queue";
    case Step::taken: return "worker " + number(step.number) + " took the connection off the queue";
    case Step::first_byte: return "the first byte of the request was read";
    case Step::head_parsed:
      return "the request's head of " + in_bytes(step.bytes) + " was complete and understood";
    case Step::route:
      return "the request goes to " + step.text + (exchange.why.empty() ? "" : ", because " + exchange.why);
    case Step::body_complete: return "the request's body is complete: " + in_bytes(step.bytes);
    case Step::gateway_wait: return "all places for gateways are taken, so the request waits for one";
    case Step::rejected: return "the request is refused with status " + number(step.number);
    default: return {};
  }
}

// The life of a process.
std::string words_for_process(const RecordedStep& step, const RecordedExchange& exchange) {
  switch (step.step) {
    case Step::environment:
      return "the environment of " + runner(exchange) + " is made: " + number(step.number) + " variables";
    case Step::pipes: return "the pipes to and from the script are made";
    case Step::spawned: return "the script runs as process " + number(step.number);
    case Step::failed: return runner(exchange) + " failed: " + step.text;
    case Step::signalled:
      return "signal " + in_signals(step.number) + " was sent to the script and its children";
    case Step::reaping: return "the script has ended and is not reaped yet: it is a zombie";
    case Step::exited: return "the script was reaped: " + end_words(step.number);
    case Step::held: return "step mode holds it: " + step.text;
    case Step::released: return "step mode lets it go on";
    default: return {};
  }
}

// What goes through pipes and connections.
std::string words_for_bytes(const RecordedStep& step, const RecordedExchange& exchange) {
  const std::string stream(stream_name(step.stream));
  switch (step.step) {
    case Step::wrote: return "the server wrote " + in_bytes(step.bytes) + " to standard input";
    case Step::read: return runner(exchange) + " wrote " + in_bytes(step.bytes) + " to " + stream;
    case Step::closed:
      return step.stream == 0 ? "the server closed standard input: end of file for " + runner(exchange)
                              : "the end of " + stream + " was reached";
    case Step::error_line: return runner(exchange) + " said on standard error: " + step.text;
    case Step::script_head:
      return runner(exchange) + "'s head of " + in_bytes(step.bytes) + " was complete and valid";
    case Step::head_sent: return "the answer's head of " + in_bytes(step.bytes) + " was sent";
    case Step::sent:
      return "the answer is over: status " + number(step.number) + ", a body of " + in_bytes(step.bytes);
    default: return {};
  }
}

std::string words_for_fastcgi(const RecordedStep& step) {
  switch (step.step) {
    case Step::fastcgi_connected:
      return (step.number == 1 ? "a connection that was kept is used again, to " : "connected to ") +
             step.text;
    case Step::fastcgi_sent: return "the server sent the record " + record_of(step);
    case Step::fastcgi_received:
      return "the application sent the record " + record_of(step) + " for request " +
             number(static_cast<std::int64_t>(step.offset));
    case Step::fastcgi_ended: return "the application ended the request with status " + number(step.number);
    default: return {};
  }
}

}  // namespace

std::string in_bytes(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " byte" : " bytes");
}

std::string_view stream_name(int stream) {
  constexpr std::array<std::string_view, 3> kNames = {"standard input", "standard output", "standard error"};
  return stream < 0 || stream > 2 ? std::string_view() : kNames[static_cast<std::size_t>(stream)];
}

std::string words_for(const RecordedStep& step, const RecordedExchange& exchange) {
  std::string words = words_for_request(step, exchange);
  if (words.empty()) words = words_for_process(step, exchange);
  if (words.empty()) words = words_for_bytes(step, exchange);
  return words.empty() ? words_for_fastcgi(step) : words;
}

std::string words_for(const RecordedExit& exit) {
  return end_words(exit.by_signal ? -exit.code : exit.code);
}

}  // namespace tinyhttpd
