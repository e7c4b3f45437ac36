#include "tinyhttpd/gateway_answer.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tinyhttpd/spool.hpp"

using namespace tinyhttpd;

namespace {

/// Who says these pieces, and remembers how large a buffer each was to be read to.
class Saying : public GatewayRun {
 public:
  Saying(std::vector<std::string> pieces, bool needs_buffer, std::vector<std::size_t>& buffers)
      : pieces_(std::move(pieces)), needs_buffer_(needs_buffer), buffers_(buffers) {}

  Result<std::string_view, ScriptFailure> read_output(std::span<char> buffer) override {
    buffers_.push_back(buffer.size());
    if (next_ == pieces_.size()) return std::string_view();
    return std::string_view(pieces_[next_++]);
  }
  bool needs_buffer() const override { return needs_buffer_; }
  GatewayEnd settle() override { return {}; }
  bool is_over() const override { return false; }
  void wait_for_end() override {}
  void report(const ScriptFailure&) override {}

 private:
  std::vector<std::string> pieces_;
  bool needs_buffer_;
  std::vector<std::size_t>& buffers_;
  std::size_t next_ = 0;
};

class NobodyLeaves : public ClientWatch {
 public:
  int watched_fd() const override { return -1; }
  short watched_events() const override { return 0; }
  bool has_left(short) override { return false; }
};

std::string all_of(BodySource& body) {
  std::string text;
  for (;;) {
    const BodySource::Piece piece = body.pull();
    if (piece.outcome != BodySource::Pulled::data) return text;
    text.append(piece.bytes);
  }
}

/// The body of the answer in these pieces, and how large a buffer each piece of it was to be read to.
std::pair<std::string, std::vector<std::size_t>> body_of(std::vector<std::string> pieces, bool needs_buffer) {
  const Request request;
  const Endpoints endpoints;
  Spool body;
  NobodyLeaves client;
  Trace trace;
  std::vector<std::size_t> buffers;
  std::unique_ptr<GatewayRun> run = std::make_unique<Saying>(std::move(pieces), needs_buffer, buffers);
  auto response = answer_parsed({1, request, endpoints, body, client, trace}, run);
  REQUIRE(response);
  buffers.clear();  // those of the head
  const auto* source = std::get_if<std::unique_ptr<BodySource>>(&response->body);
  REQUIRE(source != nullptr);
  std::string text = all_of(**source);
  return {std::move(text), std::move(buffers)};
}

}  // namespace

TEST_CASE("answer_parsed reads a body to a large buffer, and to none where the run has its own") {
  const std::vector<std::string> pieces = {"Content-Type: a/b\r\n\r\none ", "two ", "three"};
  const auto [script_body, script_buffers] = body_of(pieces, true);
  CHECK(script_body == "one two three");
  CHECK(script_buffers == std::vector<std::size_t>(3, 128 * 1024));
  const auto [backend_body, backend_buffers] = body_of(pieces, false);
  CHECK(backend_body == "one two three");
  CHECK(backend_buffers == std::vector<std::size_t>(3, 0));
}
