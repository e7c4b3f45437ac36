#include "tinyhttpd/replay.hpp"

#include <poll.h>

#include <algorithm>
#include <array>

#include "tinyhttpd/backend_address.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/socket.hpp"

namespace tinyhttpd {
namespace {

/// What is about the connection, and about how the body came, is said anew.
bool is_said_anew(std::string_view line) {
  constexpr std::array<std::string_view, 5> kNames = {"Connection", "Keep-Alive", "Transfer-Encoding",
                                                      "Content-Length", "Expect"};
  const std::string_view name = line.substr(0, line.find(':'));
  return std::any_of(kNames.begin(), kNames.end(), [name](auto known) { return iequals(name, known); });
}

bool tells_of_a_body(std::string_view line) {
  const std::string_view name = line.substr(0, line.find(':'));
  return iequals(name, "Content-Length") || iequals(name, "Transfer-Encoding");
}

/// Until `deadline`: sends it all. False when the server has gone.
bool send_all(int fd, std::string_view bytes, TimePoint deadline) {
  while (!bytes.empty()) {
    const Transfer transfer = send(fd, bytes);
    if (transfer.outcome == Transfer::Outcome::some) {
      bytes.remove_prefix(transfer.bytes);
    } else if (transfer.outcome != Transfer::Outcome::would_wait ||
               wait_for(fd, POLLOUT, deadline) != Waited::ready) {
      return false;
    }
  }
  return true;
}

/// Until `deadline`: reads to the end. False when there is none.
bool read_all(int fd, TimePoint deadline) {
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const Transfer transfer = receive(fd, buffer);
    if (transfer.outcome == Transfer::Outcome::closed || transfer.outcome == Transfer::Outcome::failed)
      return true;
    if (transfer.outcome == Transfer::Outcome::would_wait && wait_for(fd, POLLIN, deadline) != Waited::ready)
      return false;
  }
}

}  // namespace

std::string replayed_head(std::string_view head, std::size_t body_bytes) {
  std::string again;
  bool has_body = false;
  bool is_left_out = false;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    // A line that begins with white space goes on with the one before (RFC 9112 section 5.2).
    const bool goes_on = line.front() == ' ' || line.front() == '\t';
    if (!goes_on) is_left_out = !again.empty() && is_said_anew(line);
    has_body = has_body || (!again.empty() && tells_of_a_body(line));
    if (!is_left_out) again.append(line).append("\r\n");
  }
  if (has_body) again += "Content-Length: " + std::to_string(body_bytes) + "\r\n";
  return again + "Connection: close\r\n\r\n";
}

Result<std::uint16_t, std::string> send_again(const std::string& address, std::string_view head,
                                              std::string_view body, TimePoint deadline) {
  constexpr int kNoStop = -1;
  auto socket = BackendAddress(address).connect(Clock::now(), deadline, kNoStop);
  if (!socket) return Unexpected(address + ": " + socket.error().what);
  const std::uint16_t port = local_address(socket->get()).port;
  // A server that refuses a request need not read all of it.
  (void)(send_all(socket->get(), head, deadline) && send_all(socket->get(), body, deadline));
  if (!read_all(socket->get(), deadline)) return Unexpected(std::string("the answer did not end in time"));
  return port;
}

std::string address_of(std::string_view url) {
  if (url.starts_with("unix:")) return std::string(url);
  constexpr std::string_view kScheme = "http://";
  if (url.starts_with(kScheme)) url.remove_prefix(kScheme.size());
  const std::string address(url.substr(0, url.find('/')));
  constexpr std::string_view kEverywhere = "localhost:";
  return address.starts_with(kEverywhere) ? "127.0.0.1:" + address.substr(kEverywhere.size()) : address;
}

}  // namespace tinyhttpd
