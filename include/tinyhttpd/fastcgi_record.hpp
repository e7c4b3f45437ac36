// What a web server and a FastCGI application say to each other: records, written and read (FastCGI 1.0
// section 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tinyhttpd {

/// What a record is (FastCGI 1.0 section 8). An application may send others, which mean nothing to us.
enum class FastcgiType : std::uint8_t {
  begin_request = 1,
  abort_request = 2,
  end_request = 3,
  params = 4,
  standard_input = 5,
  standard_output = 6,
  standard_error = 7,
  data = 8,
  get_values = 9,
  get_values_result = 10,
  unknown_type = 11,
};

/// The one request that a connection has in hand (multiplexing is not used).
inline constexpr std::uint16_t kFastcgiRequestId = 1;

/// What every record begins with.
inline constexpr std::size_t kFastcgiHeaderBytes = 8;

/// A record holds no more (its length has two bytes).
inline constexpr std::size_t kMaxFastcgiContent = 65535;

/// Appends FCGI_BEGIN_REQUEST for the role of a responder (section 5.1). `keep`: the application keeps the
/// connection open afterwards (FCGI_KEEP_CONN).
void append_begin_request(std::string& out, bool keep);

/// Appends the variables, "NAME=VALUE" each, as a whole FCGI_PARAMS stream: name-value pairs (section 3.4)
/// in as many records as they need, none longer than kMaxFastcgiContent, and the empty one that ends it.
void append_params(std::string& out, std::span<const std::string> variables);

/// Appends the header of a record whose content follows: `length` (at most kMaxFastcgiContent) bytes without
/// padding. FCGI_STDIN of length 0 ends the body and is always sent (section 5.3).
void append_record_header(std::string& out, FastcgiType type, std::size_t length);

/// How long the content of the record is that `bytes` begin with: a whole header at least.
std::size_t fastcgi_content_length(std::string_view bytes);

/// How a request ended (section 5.5).
struct FastcgiEnd {
  std::uint32_t app_status = 0;  ///< what a program would have exited with
  enum class Protocol : std::uint8_t {
    request_complete = 0,
    cannot_multiplex = 1,
    overloaded = 2,
    unknown_role = 3,
  } protocol = Protocol::request_complete;
};

/// Reads what an application sends, in whatever pieces it comes. Any thread, one at a time.
class FastcgiReader {
 public:
  enum class Found {
    nothing,          ///< all of the input is used up and more is needed
    record,           ///< a record began: see take_record(). What it holds comes next
    standard_output,  ///< `content` is a run of it, not empty
    standard_error,   ///< `content` is a run of it, not empty
    end,              ///< the request has ended: see end(). What may follow stays in the input, for ever
    fault,            ///< no FastCGI, or none for us: see fault(). Nothing more can be read
  };

  /// A record that began, for whoever watches.
  struct Record {
    std::uint8_t type;  ///< a FastcgiType, or another
    std::uint16_t id;
    std::uint16_t content_bytes;
    std::uint8_t padding_bytes;
  };

  /// Takes from the front of `input` until there is something to tell. `content` points into `input`. The
  /// content of types unknown to us and of management records (id 0, section 4.1) is skipped, and padding is.
  /// `end` comes when all of its record is there, padding included.
  Found next(std::string_view& input, std::string_view& content);

  /// The header that next() has just read, once: after `record`, and after a fault that lies in the header.
  std::optional<Record> take_record();

  const FastcgiEnd& end() const { return end_; }

  /// What is wrong, in words: "a record of version 2", "a record of type 0", "FCGI_STDOUT for request 7",
  /// "FCGI_BEGIN_REQUEST from the application", "FCGI_END_REQUEST of 3 bytes", "FCGI_END_REQUEST with
  /// protocol status 4".
  const std::string& fault() const { return fault_; }

  /// Whether a record has begun and not ended, its padding included: an end of input now cuts it.
  bool is_within_record() const { return header_.size() > 0 || content_left_ > 0 || padding_left_ > 0; }

 private:
  bool take_header(std::string_view& input);
  void begin_record();
  std::optional<std::string> flaw() const;
  std::optional<Found> take_content(std::string_view& input, std::string_view& content);
  void finish_end();
  void refuse(std::string fault);

  std::string header_ = {};          // of the next record, as far as it came
  Record record_{};                  // whose content is being read
  std::optional<Record> announced_;  // for take_record()
  std::size_t content_left_ = 0;
  std::size_t padding_left_ = 0;
  std::string end_body_;  // of FCGI_END_REQUEST, as far as it came
  FastcgiEnd end_;
  std::string fault_;
  std::optional<Found> outcome_;  // end or fault: nothing is read any more
};

/// "FCGI_STDOUT", or "type 99".
std::string fastcgi_type_name(std::uint8_t type);

}  // namespace tinyhttpd
