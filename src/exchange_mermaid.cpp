#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/exchange_exports.hpp"
#include "tinyhttpd/fastcgi_record.hpp"
#include "tinyhttpd/masked_text.hpp"
#include "tinyhttpd/recorded_exchange.hpp"
#include "tinyhttpd/step_words.hpp"
#include "tinyhttpd/utf8.hpp"

namespace tinyhttpd {

namespace {

// Longer texts from outside make a drawing nobody can read.
constexpr std::size_t kMaxLabelCharacters = 200;

// The number of the character that `text` begins with, and is valid UTF-8.
std::uint32_t code_point(std::string_view text, std::size_t length) {
  if (length == 1) return static_cast<unsigned char>(text.front());
  auto value = static_cast<unsigned char>(text.front()) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i)
    value = value << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return value;
}

// One character of a label. Whatever could mean something to Mermaid or to the HTML it makes is written as
// its number, "#59;"; a control is shown by its name in hexadecimal.
std::string escaped(std::string_view character) {
  constexpr CharSet kPlain = letters_digits_and(" .,:/=?_()'!*@-");
  const char first = character.front();
  if (character.size() == 1 && contains(kPlain, first)) return std::string(1, first);
  const std::uint32_t number = code_point(character, character.size());
  if (number >= 0x20 && number != 0x7F) return "#" + std::to_string(number) + ";";
  std::array<char, 8> hex{};
  std::snprintf(hex.data(), hex.size(), "%02x", static_cast<unsigned>(number));
  return "#92;x" + std::string(hex.data());
}

std::string label(std::string_view text) {
  std::string escaped_text;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == kMaxLabelCharacters) return escaped_text + "#8230;";
    const std::size_t length = std::max<std::size_t>(utf8_length(text), 1);
    escaped_text += escaped(text.substr(0, length));
    text.remove_prefix(length);
  }
  return escaped_text;
}

std::string milliseconds(std::int64_t microseconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f ms", static_cast<double>(microseconds) / 1000);
  return text.data();
}

/// Who is drawn, and in which order.
enum class Who : std::size_t { client, acceptor, queue, worker, runner };
constexpr std::array<std::string_view, 5> kIds = {"client", "acceptor", "queue", "worker", "runner"};

std::string_view id_of(Who who) {
  return kIds[static_cast<std::size_t>(who)];
}

/// From whom to whom a step goes; a note where it is one's own.
struct Way {
  Who from, to;
  bool is_note() const { return from == to; }
};

Way way_of(const RecordedStep& step) {
  switch (step.step) {
    case Step::accepted: return {Who::client, Who::acceptor};
    case Step::queued: return {Who::acceptor, Who::queue};
    case Step::taken: return {Who::queue, Who::worker};
    case Step::first_byte:
    case Step::body_complete: return {Who::client, Who::worker};
    case Step::head_sent:
    case Step::sent: return {Who::worker, Who::client};
    case Step::spawned:
    case Step::wrote:
    case Step::signalled:
    case Step::fastcgi_connected:
    case Step::fastcgi_sent: return {Who::worker, Who::runner};
    case Step::read:
    case Step::exited:
    case Step::fastcgi_received:
    case Step::fastcgi_ended: return {Who::runner, Who::worker};
    case Step::closed:
      return step.stream == 0 ? Way{Who::worker, Who::runner} : Way{Who::runner, Who::worker};
    case Step::error_line: return {Who::runner, Who::runner};
    default: return {Who::worker, Who::worker};
  }
}

bool is_piece(const RecordedStep& step) {
  return step.step == Step::wrote || step.step == Step::read || step.step == Step::error_line ||
         step.step == Step::fastcgi_sent || step.step == Step::fastcgi_received;
}

/// Steps that are drawn as one.
struct Arrow {
  const RecordedStep* first;
  std::int64_t until;
  std::size_t count = 1;
  std::uint64_t bytes = 0;

  bool takes(const RecordedStep& step) const {
    return first->step == step.step && first->stream == step.stream && first->number == step.number;
  }
};

std::vector<Arrow> arrows_of(const RecordedExchange& exchange) {
  const auto pieces = std::count_if(exchange.steps.begin(), exchange.steps.end(), is_piece);
  const bool merges = static_cast<std::size_t>(pieces) > kMostPieces;
  std::vector<Arrow> arrows;
  std::size_t first_piece = 0;  // of those since the last step that is none
  for (const RecordedStep& step : exchange.steps) {
    const auto begin = arrows.begin() + static_cast<std::ptrdiff_t>(first_piece);
    const auto same =
        std::find_if(begin, arrows.end(), [&](const Arrow& arrow) { return arrow.takes(step); });
    if (merges && is_piece(step) && same != arrows.end()) {
      same->until = step.at;
      same->bytes += step.bytes;
      ++same->count;
      continue;
    }
    arrows.push_back({&step, step.at, 1, step.bytes});
    if (!is_piece(step)) first_piece = arrows.size();
  }
  return arrows;
}

std::string words_for_many(const Arrow& arrow) {
  const RecordedStep& step = *arrow.first;
  const std::string count = std::to_string(arrow.count);
  if (step.step == Step::error_line) return count + " lines on standard error";
  if (step.step == Step::fastcgi_sent || step.step == Step::fastcgi_received)
    return count + " records " + fastcgi_type_name(static_cast<std::uint8_t>(step.number)) + ", together " +
           in_bytes(arrow.bytes);
  return in_bytes(arrow.bytes) + " in " + count + " pieces " + (step.step == Step::wrote ? "to " : "from ") +
         std::string(stream_name(step.stream));
}

class Diagram {
 public:
  explicit Diagram(const RecordedExchange& exchange)
      : exchange_(exchange), masked_(exchange), arrows_(arrows_of(exchange)) {}

  std::string draw() {
    text_ = "sequenceDiagram\n";
    for (std::size_t who = 0; who < kIds.size(); ++who)
      if (is_drawn(Who{who})) declare(Who{who});
    for (const Arrow& arrow : arrows_) add(arrow);
    if (exchange_.steps_left_out > 0)
      add_note(Who::worker, std::to_string(exchange_.steps_left_out) + " more steps were not kept");
    return std::move(text_);
  }

 private:
  bool is_drawn(Who who) const {
    return who == Who::client || who == Who::worker ||
           std::any_of(arrows_.begin(), arrows_.end(), [who](const Arrow& arrow) {
             const Way way = way_of(*arrow.first);
             return way.from == who || way.to == who;
           });
  }

  void declare(Who who) {
    text_.append("  participant ").append(id_of(who)).append(" as ").append(label(name_of(who))) += '\n';
  }

  std::string name_of(Who who) const {
    if (who == Who::client) return "client " + exchange_.remote_address;
    if (who == Who::worker && exchange_.worker >= 0) return "worker " + std::to_string(exchange_.worker);
    if (who != Who::runner) return std::string(id_of(who));
    return exchange_.backend.empty() ? "script " + masked_.text(exchange_.script)
                                     : "backend " + masked_.text(exchange_.backend);
  }

  void add(const Arrow& arrow) {
    const std::string words = arrow.count > 1 ? words_for_many(arrow) : words_for(*arrow.first, exchange_);
    std::string line = masked_.text(words) + " (" + milliseconds(arrow.first->at);
    if (arrow.until != arrow.first->at) line += " to " + milliseconds(arrow.until);
    line += ")";
    const Way way = way_of(*arrow.first);
    if (way.is_note()) return add_note(way.from, line);
    text_.append("  ").append(id_of(way.from)).append("->>").append(id_of(way.to)).append(": ");
    text_.append(label(line)) += '\n';
  }

  void add_note(Who who, std::string_view line) {
    text_.append("  Note over ").append(id_of(who)).append(": ").append(label(line)) += '\n';
  }

  const RecordedExchange& exchange_;
  const MaskedText masked_;
  const std::vector<Arrow> arrows_;
  std::string text_;
};

}  // namespace

std::string exchange_mermaid(const RecordedExchange& exchange) {
  return Diagram(exchange).draw();
}

}  // namespace tinyhttpd
