// What --trace remembers of one exchange while it is told, so that nothing secret of it is shown.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/recorded_exchange.hpp"
#include "tinyhttpd/script_failure.hpp"
#include "tinyhttpd/secrets.hpp"
#include "tinyhttpd/trace.hpp"

namespace tinyhttpd {

/// One thread at a time.
class ToldExchange {
 public:
  TimePoint began = {};      ///< the first byte was read
  std::string opening = {};  ///< its request line, and who sent it: safe
  std::string refusal = {};  ///< why it was refused: safe
  bool is_told = false;      ///< step by step
  bool has_backend = false;  ///< it is FastCGI's
  bool is_running = false;   ///< a script or backend is at work on it
  bool is_answered = false;

  /// What may hold secrets. What is made safe later is so for all that was learnt before.
  void learn_request(std::string_view head);
  void learn_environment(std::span<const std::string> environment);
  void learn_sent_head(std::string_view head);

  /// `text` as one line that can be shown: without secrets, escaped, and cut where it is too long.
  std::string safe(std::string_view text);
  /// The same for "NAME=VALUE".
  std::string safe_variable(std::string_view variable);
  /// A head without its secrets, still in lines and not escaped.
  std::string without_secrets(std::string_view head);
  ScriptFailure without_secrets(ScriptFailure failure);

  /// The next bytes of a stream as an excerpt. A secret that comes in pieces is covered, too.
  std::string next_chunk(Stream stream, std::string_view bytes);

  /// The head of the script's output was complete: no secrets are learnt from what follows.
  void end_script_head() { in_script_head_ = false; }

 private:
  const Mask& mask();

  RecordedExchange known_;    // as much of it as the mask needs
  std::optional<Mask> mask_;  // of what is known; empty: to be made anew
  bool in_script_head_ = true;
  std::array<std::string, 3> before_;  // what each stream ended in so far
};

}  // namespace tinyhttpd
