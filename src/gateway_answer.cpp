#include "tinyhttpd/gateway_answer.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "tinyhttpd/cgi_message.hpp"

namespace tinyhttpd {
namespace {

/// A script with much to say fills this with one read.
constexpr std::size_t kBufferBytes = 128 * 1024;

/// The rest of the output, pulled while it is sent; it owns whoever makes it.
class GatewayBody : public BodySource {
 public:
  /// `leftover`: output that was read together with the head.
  GatewayBody(std::unique_ptr<GatewayRun> run, std::string leftover,
              std::optional<std::uint64_t> content_length)
      : run_(std::move(run)), leftover_(std::move(leftover)), missing_(content_length) {}

  Piece pull() override;
  bool is_finished() const override { return run_->is_over(); }
  void finish() override { run_->wait_for_end(); }

 private:
  Result<std::string_view, ScriptFailure> next_output();
  Piece at_end();
  Piece broken(const ScriptFailure& failure);

  std::unique_ptr<GatewayRun> run_;
  std::string leftover_;
  bool leftover_given_ = false;
  std::optional<std::uint64_t> missing_;  // of what Content-Length promised
  std::unique_ptr<char[]> buffer_;        // of kBufferBytes, once it is needed
};

BodySource::Piece GatewayBody::pull() {
  // Bytes past Content-Length would be read as the next answer. Nobody waits for them: they are dropped while
  // the script is left to end.
  if (missing_ && *missing_ == 0) return at_end();
  auto output = next_output();
  if (!output) return broken(output.error());
  if (output->empty()) return at_end();
  if (!missing_) return {Pulled::data, *output};
  const std::string_view bytes = output->substr(0, *missing_);
  *missing_ -= bytes.size();
  return {Pulled::data, bytes};
}

Result<std::string_view, ScriptFailure> GatewayBody::next_output() {
  if (!std::exchange(leftover_given_, true) && !leftover_.empty()) return std::string_view(leftover_);
  if (!run_->needs_buffer()) return run_->read_output({});
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(kBufferBytes);
  return run_->read_output({buffer_.get(), kBufferBytes});
}

BodySource::Piece GatewayBody::at_end() {
  const GatewayEnd end = run_->settle();
  if (end.failure) return broken(*end.failure);
  if (missing_.value_or(0) > 0)
    return broken({.fault = ScriptFault::length_mismatch, .detail = std::to_string(*missing_)});
  return {Pulled::end};
}

BodySource::Piece GatewayBody::broken(const ScriptFailure& failure) {
  run_->report(failure);
  return {Pulled::broken};
}

/// Why the output ended before the head was complete: the way the script ended explains more than what it
/// wrote.
ScriptFailure explain_end(GatewayRun& run, std::string_view output) {
  GatewayEnd end = run.settle();
  if (end.failure) return std::move(*end.failure);
  ScriptFailure failure = explain_missing_head(output);
  const bool wrote_nonsense = failure.fault == ScriptFault::bad_header;
  if (end.status != 0 && !wrote_nonsense) return {.fault = ScriptFault::exit_status, .number = end.status};
  return failure;
}

/// Reads output until `is_complete` says how many bytes belong to the head; what came after them stays in
/// `output`.
template <typename Complete>
Result<std::size_t, ScriptFailure> read_until(GatewayRun& run, std::string& output, Complete is_complete) {
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const std::size_t before = output.size();
    auto bytes = run.read_output(buffer);
    if (!bytes) return Unexpected(std::move(bytes).error());
    if (bytes->empty()) return Unexpected(explain_end(run, output));
    output.append(*bytes);
    if (const auto end = is_complete(output, before)) return *end;
    if (output.size() > kMaxCgiHeadBytes)
      return Unexpected(
          ScriptFailure{.fault = ScriptFault::head_too_large, .number = static_cast<int>(kMaxCgiHeadBytes)});
  }
}

/// The status of a non-parsed answer, for whoever watches: "HTTP/1.1 404 …".
Status status_in(std::string_view output) {
  constexpr std::size_t kBegin = 9;
  int number = 0;
  std::from_chars(output.data() + kBegin, output.data() + kBegin + 3, number);
  return number >= 100 ? Status{number} : Status::ok;
}

/// Reads on and drops what comes, so that the script can end in its own time.
void let_end(GatewayRun& run) {
  std::array<char, 16 * 1024> buffer;
  auto bytes = run.read_output(buffer);
  while (bytes && !bytes->empty()) bytes = run.read_output(buffer);
  if (!bytes) return run.report(bytes.error());  // it is ended with its run
  run.wait_for_end();
}

}  // namespace

Result<Response, ScriptFailure> answer_unparsed(std::unique_ptr<GatewayRun>& run) {
  constexpr std::string_view kStart = "HTTP/1.";
  constexpr std::size_t kStartWithStatus = 12;
  std::string output;
  auto start =
      read_until(*run, output, [&](std::string_view text, std::size_t) -> std::optional<std::size_t> {
        const bool may_be_http = kStart.starts_with(text.substr(0, kStart.size()));
        if (text.size() >= kStartWithStatus || !may_be_http) return text.size();
        return std::nullopt;
      });
  if (!start) return Unexpected(std::move(start).error());
  if (!output.starts_with(kStart))
    return Unexpected(
        ScriptFailure{.fault = ScriptFault::bad_header, .detail = output.substr(0, output.find('\n'))});
  Response response{.status = status_in(output), .raw = true, .close = true};
  response.body = std::make_unique<GatewayBody>(std::move(run), std::move(output), std::nullopt);
  return response;
}

Result<Response, ScriptFailure> answer_parsed(const Exchange& exchange, std::unique_ptr<GatewayRun>& run) {
  std::string output;
  auto end = read_until(*run, output, find_cgi_head_end);
  if (!end) return Unexpected(std::move(end).error());
  auto head = parse_cgi_head(std::string_view(output).substr(0, *end));
  if (!head) return Unexpected(std::move(head).error());
  exchange.trace.cgi_head(exchange.id, *head);

  Response response{
      .status = head->status, .reason = std::move(head->reason), .fields = std::move(head->fields)};
  if (head->kind == CgiHead::Kind::local_redirect) {
    let_end(*run);
    response.local_redirect = std::move(head->location);
    return response;
  }
  // Where no body is sent, none need be written: a length tells of what GET would have got (RFC 9110 section
  // 8.6).
  const bool has_body = exchange.request.method != Method::head && !is_bodiless(response.status);
  if (has_body && run->is_over() && output.size() - *end >= head->content_length.value_or(0)) {
    response.body = output.substr(*end, head->content_length.value_or(output.npos));
    return response;
  }
  response.content_length = head->content_length;
  response.body = std::make_unique<GatewayBody>(std::move(run), output.substr(*end),
                                                has_body ? head->content_length : std::nullopt);
  return response;
}

}  // namespace tinyhttpd
