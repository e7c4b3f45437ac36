// Our parser beside two of others, http-parser (once Node.js's) and Boost.Beast: the same heads, and every
// difference explained.

#include "tinyhttpd/request_parser.hpp"

#include <doctest/doctest.h>
#include <http_parser.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace tinyhttpd;
namespace beast = boost::beast;

namespace {

// --- What a parser makes of a head ---

/// What two parsers must agree on. `error` is empty when the head was accepted, else in the parser's own
/// words.
struct Reading {
  std::string error;
  std::string method;
  std::string target;
  int minor_version = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  std::size_t head_bytes = 0;  ///< where the body begins: as much a part of the framing as its length
};

Reading read_with_ours(std::string_view bytes) {
  Reading reading;
  const auto end = HeadScanner().find_end(bytes);
  if (!end) {
    reading.error = "incomplete";
    return reading;
  }
  Request request;
  const auto parsed = parse_request(bytes.substr(0, *end), {}, request);
  if (!parsed) {
    reading.error = parsed.error().reason;
    return reading;
  }
  reading.method = request.method_name;
  reading.target = request.target;
  reading.minor_version = request.minor_version;
  for (const Field& field : request.fields) reading.fields.emplace_back(field.name, field.value);
  reading.chunked = request.framing.chunked;
  if (request.framing.has_content_length) reading.content_length = request.framing.content_length;
  reading.head_bytes = *end;
  return reading;
}

/// http-parser calls back with pieces; these collect them.
struct HttpParserCallbacks {
  Reading reading;
  bool complete = false;
  bool in_value = true;

  static HttpParserCallbacks& of(http_parser* parser) {
    return *static_cast<HttpParserCallbacks*>(parser->data);
  }
  static int on_url(http_parser* parser, const char* at, std::size_t length) {
    of(parser).reading.target.append(at, length);
    return 0;
  }
  static int on_header_field(http_parser* parser, const char* at, std::size_t length) {
    auto& self = of(parser);
    if (std::exchange(self.in_value, false)) self.reading.fields.emplace_back();
    self.reading.fields.back().first.append(at, length);
    return 0;
  }
  static int on_header_value(http_parser* parser, const char* at, std::size_t length) {
    auto& self = of(parser);
    self.in_value = true;
    self.reading.fields.back().second.append(at, length);
    return 0;
  }
  static int on_headers_complete(http_parser* parser) {
    of(parser).complete = true;
    http_parser_pause(parser, 1);
    return 0;
  }
};

Reading read_with_http_parser(std::string_view bytes) {
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_url = HttpParserCallbacks::on_url;
  settings.on_header_field = HttpParserCallbacks::on_header_field;
  settings.on_header_value = HttpParserCallbacks::on_header_value;
  settings.on_headers_complete = HttpParserCallbacks::on_headers_complete;
  HttpParserCallbacks callbacks;
  http_parser parser;
  http_parser_init(&parser, HTTP_REQUEST);
  parser.data = &callbacks;
  const std::size_t parsed = http_parser_execute(&parser, &settings, bytes.data(), bytes.size());

  Reading reading = std::move(callbacks.reading);
  if (!callbacks.complete) {
    const http_errno error = HTTP_PARSER_ERRNO(&parser);
    reading.error = error == HPE_OK ? "incomplete" : http_errno_name(error);
    return reading;
  }
  reading.method = http_method_str(static_cast<http_method>(parser.method));
  // It has read "HTTP/0.9" into major 0; give that a minor version nobody else has.
  reading.minor_version = parser.http_major == 1 ? parser.http_minor : -1;
  reading.chunked = (parser.flags & F_CHUNKED) != 0;
  if ((parser.flags & F_CONTENTLENGTH) != 0) reading.content_length = parser.content_length;
  reading.head_bytes = parsed + 1;  // paused before the last LF
  return reading;
}

Reading read_with_beast(std::string_view bytes) {
  beast::http::request_parser<beast::http::empty_body> parser;
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  beast::error_code error;
  std::size_t parsed = 0;
  // One call reads the request line, the next may read the fields.
  while (!parser.is_header_done() && !error && parsed < bytes.size()) {
    parsed += parser.put(boost::asio::const_buffer(bytes.data() + parsed, bytes.size() - parsed), error);
  }
  Reading reading;
  if (!parser.is_header_done()) {
    reading.error = error && error != beast::http::error::need_more ? error.message() : "incomplete";
    return reading;
  }
  const auto& message = parser.get();
  reading.method = std::string(message.method_string());
  reading.target = std::string(message.target());
  reading.minor_version = static_cast<int>(message.version()) - 10;
  for (const auto& field : message) {
    reading.fields.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  reading.chunked = parser.chunked();
  if (const auto length = parser.content_length(); length) reading.content_length = *length;
  reading.head_bytes = parsed;
  return reading;
}

// --- The heads ---

/// The bytes of a line of the data file.
std::string unescape(std::string_view line) {
  std::string bytes;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\\') {
      bytes += line[i];
      continue;
    }
    switch (line.at(++i)) {
      case 'r': bytes += '\r'; break;
      case 'n': bytes += '\n'; break;
      case 't': bytes += '\t'; break;
      case '0': bytes += '\0'; break;
      case 'x':
        bytes += static_cast<char>(std::stoi(std::string(line.substr(i + 1, 2)), nullptr, 16));
        i += 2;
        break;
      default: bytes += line[i];
    }
  }
  return bytes;
}

/// For a failure's message, the other way round.
std::string escape(std::string_view bytes) {
  constexpr std::string_view kHexDigits = "0123456789ABCDEF";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      text += "\\r";
    } else if (c == '\n') {
      text += "\\n";
    } else if (byte < 0x20 || byte > 0x7E) {
      text += {'\\', 'x', kHexDigits[byte >> 4U], kHexDigits[byte & 0xFU]};
    } else {
      text += c;
    }
  }
  return text;
}

std::vector<std::string> chosen_heads() {
  std::ifstream file(TINYHTTPD_SOURCE_DIR "/tests/differential/request_heads.txt");
  std::vector<std::string> heads;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with('#')) heads.push_back(unescape(line));
  }
  return heads;
}

/// Each seed with one byte left out, doubled or put in, at every place.
std::set<std::string> mutated_heads() {
  constexpr std::string_view kSeeds[] = {
      "GET /a?b HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 15\r\n\r\n",
      "PUT /%20 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
      "GET http://b:80/ HTTP/1.0\r\nConnection: close\r\n\r\n",
      "OPTIONS * HTTP/1.1\nHost: h\n\n",
      "CONNECT b:443 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
  };
  constexpr std::string_view kInserted("\r\n \t\0\x01\x0B\x7F\x80:,;/\\#%.-_0a", 21);
  std::set<std::string> heads;
  for (const std::string_view seed : kSeeds) {
    for (std::size_t i = 0; i < seed.size(); ++i) {
      heads.insert(std::string(seed).erase(i, 1));
      heads.insert(std::string(seed).insert(i, 1, seed[i]));
      for (const char byte : kInserted) heads.insert(std::string(seed).insert(i, 1, byte));
    }
  }
  return heads;
}

// --- The differences ---

enum class Other { http_parser, beast, both };
enum class What { we_refuse, they_refuse, method, target, version, fields, framing };

struct Difference {
  Other other;
  What what;
  std::string ours;    ///< our reason when we refuse
  std::string theirs;  ///< their error when they refuse
};

/// Field names without case, in order; those of one name keep theirs. Beast groups fields of one name.
std::vector<std::pair<std::string, std::string>> sorted_fields(const Reading& reading) {
  auto fields = reading.fields;
  for (auto& [name, value] : fields) {
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  std::stable_sort(fields.begin(), fields.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return fields;
}

bool same_framing(const Reading& a, const Reading& b) {
  return a.chunked == b.chunked && a.content_length == b.content_length && a.head_bytes == b.head_bytes;
}

std::vector<Difference> differences(const Reading& ours, const Reading& theirs, Other other) {
  const bool we_refuse = !ours.error.empty();
  const bool they_refuse = !theirs.error.empty();
  if (we_refuse && they_refuse) return {};
  if (we_refuse) return {{other, What::we_refuse, ours.error, ""}};
  if (they_refuse) return {{other, What::they_refuse, "", theirs.error}};
  std::vector<Difference> found;
  const auto compare = [&](What what, bool same) {
    if (!same) found.push_back({other, what, "", ""});
  };
  compare(What::method, ours.method == theirs.method);
  compare(What::target, ours.target == theirs.target);
  compare(What::version, ours.minor_version == theirs.minor_version);
  compare(What::fields, sorted_fields(ours) == sorted_fields(theirs));
  compare(What::framing, same_framing(ours, theirs));
  return found;
}

// --- The reasons ---

bool always(std::string_view /*head*/) {
  return true;
}
bool has_bare_lf(std::string_view head) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '\n' && (i == 0 || head[i - 1] != '\r')) return true;
  }
  return false;
}
bool begins_with_empty_line(std::string_view head) {
  return head.starts_with("\r\n") || head.starts_with("\n");
}
bool has_higher_minor_version(std::string_view head) {
  const std::size_t version = head.find(" HTTP/1.");
  return version != head.npos && head[version + 8] > '1';
}
bool has_connection(std::string_view head) {
  return head.find("Connection:") != head.npos;
}
/// White space at the end of a field line.
bool has_trailing_space(std::string_view head) {
  for (std::size_t i = 1; i < head.size(); ++i) {
    const bool line_ends = head[i] == '\n' || head.substr(i, 2) == "\r\n";
    if (line_ends && (head[i - 1] == ' ' || head[i - 1] == '\t')) return true;
  }
  return false;
}
bool has_trailing_tab(std::string_view head) {
  return head.find("\t\r\n") != head.npos;
}
/// A field whose name is Transfer-Encoding and at least one byte more.
bool has_longer_transfer_encoding(std::string_view head) {
  constexpr std::string_view kName = "Transfer-Encoding";
  const std::size_t name = head.find(kName);
  return name != head.npos && is_token(head.substr(name + kName.size(), 1));
}

/// One kind of difference, and why it is right that there is one.
struct Reason {
  Other other;
  What what;
  std::string_view words;                  ///< of whoever refuses
  bool (*applies)(std::string_view head);  ///< narrows it where the words are not enough
  std::string_view because;
};

constexpr Reason kReasons[] = {
    // We refuse what the standard leaves to us, or forbids: no other reader can then see another request in
    // it.
    {Other::both, What::we_refuse, "Content_Length, underscore", always,
     "a parser need not know that CGI will spell it as the real one"},
    {Other::both, What::we_refuse, "Transfer_Encoding, underscore", always,
     "a parser need not know that CGI will spell it as the real one"},
    {Other::both, What::we_refuse, "Transfer-Encoding in HTTP/1.0", always,
     "RFC 9112 section 6.1 calls such framing faulty; they read it as in HTTP/1.1"},
    {Other::both, What::we_refuse, "Transfer-Encoding twice", always,
     "RFC 9112 section 6.3 lets fields combine; we refuse what is sent twice"},
    {Other::both, What::we_refuse, "Transfer-Encoding: chunked is not last", always,
     "RFC 9112 section 6.3: 400; they leave it to their caller"},
    {Other::both, What::we_refuse, "bad Transfer-Encoding", always,
     "RFC 9112 section 7: a list of tokens; they only look for chunked"},
    {Other::both, What::we_refuse, "unknown transfer coding", always,
     "RFC 9112 section 6.1: 501; they leave it to their caller"},
    {Other::both, What::we_refuse, "Content-Length is too large a number", always,
     "we stop at 2^63-1, what a file offset holds; they near 2^64"},
    {Other::both, What::we_refuse, "bad Content-Length", always,
     "RFC 9110 section 8.6 allows leading zeros; we refuse what is octal to some. Beast merges 5, 5 too"},
    {Other::beast, What::we_refuse, "Content-Length twice", always,
     "RFC 9112 section 6.3 allows to merge equal values; we do not"},
    {Other::beast, What::we_refuse, "Transfer-Encoding with Content-Length", always,
     "RFC 9112 section 6.1 lets Transfer-Encoding win; we refuse both together. Beast forgets codings other "
     "than chunked"},
    {Other::both, What::we_refuse, "HTTP/1.1 without Host", always,
     "RFC 9112 section 3.2: 400; they leave it to their caller"},
    {Other::both, What::we_refuse, "Host twice", always,
     "RFC 9112 section 3.2: 400; they leave it to their caller"},
    {Other::both, What::we_refuse, "bad Host", always, "RFC 9112 section 3.2: 400; they do not look into it"},
    {Other::both, What::we_refuse, "unknown expectation", always,
     "RFC 9110 section 10.1.1: 417 is the caller's"},
    {Other::both, What::we_refuse, "unknown method", always,
     "RFC 9110 section 9.1: 501; http-parser knows WebDAV, Beast takes every token"},
    {Other::both, What::we_refuse, "field line begins with white space", always,
     "RFC 9112 section 5.2: obs-fold is 400 or a space; they make it a space"},
    {Other::http_parser, What::we_refuse, "HTTP version is not 1", always,
     "it leaves the version to its caller"},
    {Other::http_parser, What::we_refuse, "field name is not a token with a colon after it", always,
     "without strict mode, as Debian builds it, it takes spaces in a name and forgets a bare CR"},
    {Other::http_parser, What::we_refuse, "control byte in a field value", always,
     "it does not look at the first byte of a value"},
    {Other::http_parser, What::we_refuse, "incomplete", always,
     "without strict mode it takes any byte for the LF after the last CR"},
    {Other::http_parser, What::we_refuse, "method is not a token", always,
     "it skips any number of CR and LF before a request; RFC 9112 section 2.2 asks for one empty line"},
    {Other::http_parser, What::we_refuse, "request line has fewer than three words", always,
     "it still reads HTTP/0.9, and takes HTTP/1.1 for a part of the target"},
    {Other::http_parser, What::we_refuse, "request line has two spaces in a row", always,
     "RFC 9112 section 3 lets a recipient split leniently; we do not"},
    {Other::http_parser, What::we_refuse, "request line does not end with an HTTP version", always,
     "RFC 9112 section 3 lets a recipient split leniently; we do not"},

    // The target is a string to them; we read it.
    {Other::both, What::we_refuse, "CONNECT needs host:port", always, "RFC 9112 section 3.2.3"},
    {Other::both, What::we_refuse, "target * with another method than OPTIONS", always,
     "RFC 9112 section 3.2.4"},
    {Other::both, What::we_refuse, "target is neither a path nor an http URI", always,
     "RFC 9112 section 3.2"},
    {Other::both, What::we_refuse, "target holds a byte that belongs in no URI", always,
     "RFC 3986 section 2"},
    {Other::both, What::we_refuse, "bad authority in the target", always, "RFC 3986 section 3.2"},
    {Other::both, What::we_refuse, "bad escape in the path", always, "RFC 3986 section 2.1"},
    {Other::both, What::we_refuse, "encoded control byte in the path", always, "CVE-2013-4547 and its kin"},
    {Other::both, What::we_refuse, "encoded slash in the path", always, "CVE-2014-4650"},
    {Other::both, What::we_refuse, "path climbs above the root", always, "CVE-2021-41773"},
    {Other::both, What::we_refuse, "path is not UTF-8", always, "RFC 3629 section 10"},

    // We accept what the standard says a recipient may or must.
    {Other::beast, What::they_refuse, "bad field", has_bare_lf,
     "RFC 9112 section 2.2 allows LF as a line end"},
    {Other::beast, What::they_refuse, "bad value", has_bare_lf,
     "RFC 9112 section 2.2 allows LF as a line end"},
    {Other::beast, What::they_refuse, "bad version", has_bare_lf,
     "RFC 9112 section 2.2 allows LF as a line end"},
    {Other::beast, What::they_refuse, "incomplete", has_bare_lf,
     "RFC 9112 section 2.2 allows LF as a line end"},
    {Other::beast, What::they_refuse, "bad method", begins_with_empty_line,
     "RFC 9112 section 2.2: an empty line before the request is to be ignored"},
    {Other::beast, What::they_refuse, "bad version", has_higher_minor_version,
     "RFC 9110 section 2.5: a higher minor version is read as 1.1"},
    {Other::beast, What::they_refuse, "bad value", has_connection,
     "Connection with something else than tokens: we look for close and keep-alive only"},
    {Other::http_parser, What::they_refuse, "HPE_INVALID_CONTENT_LENGTH", has_trailing_tab,
     "RFC 9110 section 5.6.3: a tab is white space too"},
    {Other::http_parser, What::they_refuse, "HPE_UNEXPECTED_CONTENT_LENGTH", has_longer_transfer_encoding,
     "it takes a longer name that begins with Transfer-Encoding for it"},

    // All accept, and read something else.
    {Other::http_parser, What::version, "", has_higher_minor_version,
     "RFC 9110 section 2.5: a higher minor version is read as 1.1"},
    {Other::http_parser, What::fields, "", has_trailing_space,
     "RFC 9112 section 5.1: white space after a value is no part of it; it leaves that to its caller"},
    {Other::http_parser, What::framing, "", has_trailing_tab,
     "chunked with a tab after it is chunked, RFC 9110 section 5.6.3; it finds no coding it knows"},
};

bool explains(const Reason& reason, const Difference& difference, std::string_view head) {
  const std::string& words = difference.what == What::we_refuse ? difference.ours : difference.theirs;
  return (reason.other == difference.other || reason.other == Other::both) &&
         reason.what == difference.what && reason.words == words && reason.applies(head);
}

/// Counts, for every reason and each of the other parsers, the differences it explains.
class Ledger {
 public:
  void enter(const Difference& difference, const std::string& head) {
    bool explained = false;
    for (std::size_t i = 0; i < std::size(kReasons); ++i) {
      if (!explains(kReasons[i], difference, head)) continue;
      explained = true;
      ++(difference.other == Other::beast ? beast_uses_ : http_parser_uses_)[i];
    }
    INFO("head: ", escape(head));
    INFO("beside ", difference.other == Other::beast ? "Beast" : "http-parser", ", kind ",
         static_cast<int>(difference.what));
    INFO("we say: ", difference.ours, "; they say: ", difference.theirs);
    CHECK(explained);
  }

  /// A reason that explains nothing hides nothing today, and the wrong thing tomorrow.
  void check_all_used() const {
    for (std::size_t i = 0; i < std::size(kReasons); ++i) {
      INFO("reason: ", kReasons[i].words, ": ", kReasons[i].because);
      if (kReasons[i].other != Other::beast) CHECK(http_parser_uses_[i] > 0);
      if (kReasons[i].other != Other::http_parser) CHECK(beast_uses_[i] > 0);
    }
  }

 private:
  std::array<int, std::size(kReasons)> http_parser_uses_{};
  std::array<int, std::size(kReasons)> beast_uses_{};
};

}  // namespace

TEST_CASE("parse_request differs from http-parser and Boost.Beast only for a reason") {
  const std::vector<std::string> chosen = chosen_heads();
  CHECK(chosen.size() >= 250);
  std::set<std::string> heads = mutated_heads();
  heads.insert(chosen.begin(), chosen.end());
  Ledger ledger;
  int accepted_by_all = 0;
  for (const std::string& head : heads) {
    const Reading ours = read_with_ours(head);
    const Reading http_parsers = read_with_http_parser(head);
    const Reading beasts = read_with_beast(head);
    for (const auto& difference : differences(ours, http_parsers, Other::http_parser)) {
      ledger.enter(difference, head);
    }
    for (const auto& difference : differences(ours, beasts, Other::beast)) ledger.enter(difference, head);
    if (ours.error.empty() && http_parsers.error.empty() && beasts.error.empty()) ++accepted_by_all;
  }
  ledger.check_all_used();
  CHECK(accepted_by_all > 500);
}
