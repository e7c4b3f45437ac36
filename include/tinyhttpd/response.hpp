// An answer as a value: what a handler returns, and what is sent afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/rejection.hpp"
#include "tinyhttpd/status.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

/// A body that is pulled, piece by piece, from whoever makes it: a script, a backend. It owns its maker:
/// destroying it ends the maker.
class BodySource {
 public:
  enum class Pulled {
    data,    ///< `bytes` holds at least one byte
    end,     ///< the body is complete
    broken,  ///< the maker failed: the answer must be cut so that the client can tell
  };
  struct Piece {
    Pulled outcome;
    std::string_view bytes = {};  ///< valid until the next call
  };

  virtual ~BodySource() = default;

  /// Waits for the next piece, at most as long as the maker may be silent.
  virtual Piece pull() = 0;

  /// After the last piece: whether the maker still has something to do.
  virtual bool is_finished() const = 0;

  /// After the last piece has been sent: lets the maker end by itself, within its limits. Nothing of the
  /// request is used any more.
  virtual void finish() = 0;
};

/// An open file that a cache may hold, too.
using SharedFile = std::shared_ptr<const UniqueFd>;

/// A run of bytes of an open file.
struct FileBody {
  SharedFile file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// Text and runs of one open file in turn: the parts of a multipart/byteranges answer.
struct PartsBody {
  struct Part {
    std::string text;          ///< sent before the run
    std::uint64_t offset = 0;  ///< of the run in the file
    std::uint64_t length = 0;  ///< may be 0
  };
  UniqueFd file;
  std::vector<Part> parts;
};

/// Bytes that a cache holds too.
using SharedText = std::shared_ptr<const std::string>;

/// What is sent after the head.
using Body =
    std::variant<std::monostate, std::string, SharedText, FileBody, PartsBody, std::unique_ptr<BodySource>>;

/// How many bytes a body has; 0 for a pulled one, whose length only its maker knows.
std::uint64_t length_of(const Body& body);

/// An answer. Framing (Content-Length, chunks, Connection), Date and Server are added when it is sent, never
/// by a handler.
struct Response {
  Status status = Status::ok;
  std::string reason = {};      ///< a script's own reason phrase; empty: the registry's
  SharedText kept_fields = {};  ///< header lines that a cache holds too, sent before `fields`; may be null
  std::string fields = {};      ///< header lines, each ended by CRLF; made by add()
  Body body = {};
  std::optional<std::uint64_t> content_length = {};  ///< of a pulled body, where its maker said it
  bool raw = false;  ///< a non-parsed-header script: the body is the whole answer, sent unmodified (RFC 3875
                     ///< section 5)
  bool close = false;  ///< the connection ends after this answer
  std::optional<std::string> local_redirect =
      {};  ///< answer as if this path and query had been asked (RFC 3875 section 6.2.2)

  /// Appends one header line. Name and value must have been checked: no control bytes.
  void add(std::string_view name, std::string_view value);

  /// Takes every header line of that name, in any case, out of `fields`.
  void remove(std::string_view name);
};

/// How the end of a body is told to the client (RFC 9112 section 6).
enum class Delimiter { none, content_length, chunked, close };

/// What the head needs besides the Response.
struct HeadContext {
  std::string_view date_and_server;  ///< ready, as date_and_server() makes it
  Delimiter delimiter = Delimiter::none;
  std::uint64_t content_length = 0;  ///< for Delimiter::content_length
  bool close = false;                ///< adds Connection: close
  bool keep_alive_1_0 = false;       ///< adds Connection: keep-alive, for a 1.0 client that asked
};

/// Writes the status line and header fields, with the empty line, as the tutorial's headers(). Always
/// HTTP/1.1 (RFC 9110 section 6.2). A Date or Server line among `response.fields` must have been removed
/// before: exactly one of each is sent. `head` keeps its memory, not its text.
void headers(std::string& head, const Response& response, const HeadContext& context);

/// The lines that every answer has alike for a second. `date`: as http_date makes it.
std::string date_and_server(std::string_view date);

/// The answer to a refused request: a small page that names the status and never repeats what was sent.
/// `explained`: where a script is to blame, the page says what is wrong with it and what to do.
Response refuse(const Rejection& rejection, bool explained = false);

/// Adds the lines of --header, but for those whose name the answer has already: who answers knows better. To
/// Vary, which is a list, it is added.
void add_configured(Response& response, const std::vector<ConfiguredField>& fields);

/// "tinyhttpd/0.1.0": the Server field and SERVER_SOFTWARE.
std::string_view server_software();

}  // namespace tinyhttpd
