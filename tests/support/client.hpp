// A client that sends exactly the bytes it is told to, and reads answers with a deadline.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/unique_fd.hpp"

/// An answer, taken apart.
struct Answer {
  int status = 0;  ///< 0: there was none, or it was no HTTP
  std::string status_line;
  std::multimap<std::string, std::string> fields;  ///< names in lower case
  std::string body;                                ///< transfer coding removed
  bool complete = false;                           ///< the body ended as its framing says
  bool closed = false;                             ///< the server has ended the connection

  /// The value of the only field of that name (lower case); "" when it is missing or repeated.
  std::string field(const std::string& name) const;
  std::size_t count(const std::string& name) const { return fields.count(name); }
};

/// One connection to a server on this machine. Every wait is at most 20 s.
class Client {
 public:
  enum class Family { ipv4, ipv6 };

  /// To 127.0.0.1 or ::1. Throws std::system_error.
  explicit Client(std::uint16_t port, Family family = Family::ipv4);

  /// Over a socket that is connected already.
  explicit Client(tinyhttpd::UniqueFd connected);

  /// Sends all of it; false when the server has gone.
  bool send(std::string_view bytes);

  /// Ends our side: the server sees end of file.
  void finish();

  /// Ends the connection with a reset.
  void reset();

  /// Reads the head of the next answer, interim ones skipped; its body is left for read_some().
  Answer read_head();

  /// Reads the next answer, interim ones skipped. `to_head`: the request was HEAD.
  Answer read(bool to_head = false);

  /// Reads whatever comes until the server ends the connection.
  std::string read_all();

  /// Reads until `text` has come; false at the end or after 20 s. What was read stays for read().
  bool read_until(std::string_view text);

  /// Reads up to `count` bytes with one call; "" at the end.
  std::string read_some(std::size_t count);

  /// Whether the server ends the connection, waited for at most `milliseconds`, without sending anything.
  bool ends_within(int milliseconds);

  int fd() const { return fd_.get(); }

 private:
  bool fill();
  bool read_chunks(std::string& body);

  tinyhttpd::UniqueFd fd_;
  std::string buffer_;
  bool at_end_ = false;
};

/// A socket that is connected to a Unix socket. Throws std::system_error.
tinyhttpd::UniqueFd connect_to(const std::string& path);

/// Sends one request on a connection of its own and reads its answer.
Answer ask(std::uint16_t port, std::string_view request, bool to_head = false);

/// GET of `target` with Host and Connection: close, and `fields` ("Name: value\r\n" each).
Answer get(std::uint16_t port, const std::string& target, const std::string& fields = {});

/// POST likewise.
Answer post(std::uint16_t port, const std::string& target, const std::string& body,
            const std::string& fields = {});
