#include "support/client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace {

constexpr int kPatience = 20'000;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void parse_head(const std::string& head, Answer& answer) {
  std::size_t start = head.find("\r\n");
  answer.status_line = head.substr(0, start);
  if (answer.status_line.starts_with("HTTP/1.1 ")) answer.status = std::atoi(answer.status_line.c_str() + 9);
  while (start != head.npos && start + 2 < head.size()) {
    const std::size_t end = head.find("\r\n", start + 2);
    const std::string line = head.substr(start + 2, end - start - 2);
    const std::size_t colon = line.find(':');
    if (colon != line.npos)
      answer.fields.emplace(lower(line.substr(0, colon)),
                            line.substr(std::min(line.find_first_not_of(' ', colon + 1), line.size())));
    start = end;
  }
}

}  // namespace

std::string Answer::field(const std::string& name) const {
  return fields.count(name) == 1 ? fields.find(name)->second : "";
}

Client::Client(std::uint16_t port, Family family)
    : fd_(::socket(family == Family::ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(port);
  ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(port);
  ipv6.sin6_addr = in6addr_loopback;
  const bool is_ipv6 = family == Family::ipv6;
  const auto* address =
      is_ipv6 ? reinterpret_cast<const sockaddr*>(&ipv6) : reinterpret_cast<const sockaddr*>(&ipv4);
  if (::connect(fd_.get(), address, is_ipv6 ? sizeof ipv6 : sizeof ipv4) != 0)
    throw std::system_error(errno, std::generic_category(), "connect");
  const int at_once = 1;  // what is sent in two calls is to go out in two segments, and soon
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
}

Client::Client(tinyhttpd::UniqueFd connected) : fd_(std::move(connected)) {}

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void Client::finish() {
  ::shutdown(fd_.get(), SHUT_WR);
}

void Client::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  fd_.reset();
}

bool Client::fill() {
  if (at_end_) return false;
  pollfd entry{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&entry, 1, kPatience) <= 0) return false;  // neither more nor the end
  char piece[65536];
  const ssize_t count = ::recv(fd_.get(), piece, sizeof piece, 0);
  at_end_ = count <= 0;
  if (!at_end_) buffer_.append(piece, static_cast<std::size_t>(count));
  return !at_end_;
}

bool Client::read_until(std::string_view text) {
  while (buffer_.find(text) == buffer_.npos)
    if (!fill()) return false;
  return true;
}

std::string Client::read_some(std::size_t count) {
  if (buffer_.empty()) fill();
  std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, bytes.size());
  return bytes;
}

std::string Client::read_all() {
  while (fill()) continue;
  return std::exchange(buffer_, {});
}

bool Client::ends_within(int milliseconds) {
  pollfd entry{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  char byte;
  return buffer_.empty() && ::poll(&entry, 1, milliseconds) > 0 && ::recv(fd_.get(), &byte, 1, 0) <= 0;
}

bool Client::read_chunks(std::string& body) {
  for (;;) {
    if (!read_until("\r\n")) return false;
    const std::size_t size = std::strtoul(buffer_.c_str(), nullptr, 16);
    const std::size_t start = buffer_.find("\r\n") + 2;
    while (buffer_.size() < start + size + 2)
      if (!fill()) return false;
    body.append(buffer_, start, size);
    const bool framed = buffer_.compare(start + size, 2, "\r\n") == 0;
    buffer_.erase(0, start + size + 2);
    if (!framed || size == 0) return framed;
  }
}

Answer Client::read_head() {
  Answer answer;
  do {
    answer = Answer();
    if (!read_until("\r\n\r\n")) break;
    const std::size_t end = buffer_.find("\r\n\r\n") + 4;
    parse_head(buffer_.substr(0, end - 2), answer);
    buffer_.erase(0, end);
  } while (answer.status >= 100 && answer.status < 200);
  return answer;
}

Answer Client::read(bool to_head) {
  Answer answer = read_head();
  if (answer.status == 0) {
    answer.closed = at_end_;
    return answer;
  }
  if (to_head || answer.status == 204 || answer.status == 304) {
    answer.complete = true;
  } else if (answer.field("transfer-encoding") == "chunked") {
    answer.complete = read_chunks(answer.body);
  } else if (answer.count("content-length") == 1) {
    const std::size_t length = std::strtoul(answer.field("content-length").c_str(), nullptr, 10);
    while (buffer_.size() < length && fill()) continue;
    answer.body = buffer_.substr(0, length);
    buffer_.erase(0, answer.body.size());
    answer.complete = answer.body.size() == length;
  } else {
    answer.body = read_all();
    answer.complete = true;
  }
  if (answer.field("connection") == "close") answer.closed = buffer_.empty() && !fill() && at_end_;
  return answer;
}

tinyhttpd::UniqueFd connect_to(const std::string& path) {
  tinyhttpd::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::system_error(errno, std::generic_category(), path);
  return fd;
}

Answer ask(std::uint16_t port, std::string_view request, bool to_head) {
  Client client(port);
  client.send(request);
  return client.read(to_head);
}

Answer get(std::uint16_t port, const std::string& target, const std::string& fields) {
  return ask(port, "GET " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n" + fields + "\r\n");
}

Answer post(std::uint16_t port, const std::string& target, const std::string& body,
            const std::string& fields) {
  return ask(port, "POST " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: " +
                       std::to_string(body.size()) + "\r\n" + fields + "\r\n" + body);
}
