#include "support/scripted_backend.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

using tinyhttpd::FastcgiType;
using tinyhttpd::UniqueFd;

namespace {

constexpr int kPatience = 10'000;

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes.at(at));
}

/// A length of a name or a value (FastCGI 1.0 section 3.4), cut off the front.
std::size_t take_length(std::string_view& pairs) {
  const bool is_long = byte_at(pairs, 0) >= 0x80;
  std::size_t length = byte_at(pairs, 0) & 0x7F;
  for (std::size_t i = 1; is_long && i < 4; ++i) length = length << 8 | byte_at(pairs, i);
  pairs.remove_prefix(is_long ? 4 : 1);
  return length;
}

std::string take_text(std::string_view& pairs, std::size_t length) {
  std::string text(pairs.substr(0, length));
  pairs.remove_prefix(std::min(length, pairs.size()));
  return text;
}

std::map<std::string, std::string> pairs_of(std::string_view pairs) {
  std::map<std::string, std::string> variables;
  while (!pairs.empty()) {
    const std::size_t name_length = take_length(pairs);
    const std::size_t value_length = take_length(pairs);
    const std::string name = take_text(pairs, name_length);
    variables[name] = take_text(pairs, value_length);
  }
  return variables;
}

void check(int result, const char* what) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), what);
}

/// Bound to `path`.
UniqueFd unix_listener(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ::unlink(path.c_str());
  check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  return fd;
}

/// Bound to `port` of 127.0.0.1; 0 becomes a free one.
UniqueFd tcp_listener(std::uint16_t& port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length), "bind");
  check(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

// ---- Flag

void Flag::raise() {
  {
    const std::lock_guard lock(mutex_);
    raised_ = true;
  }
  changed_.notify_all();
}

bool Flag::wait() const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(kPatience), [this] { return raised_; });
}

// ---- FastcgiTalk: reading

/// Whether the connection is ready before the backend ends.
bool FastcgiTalk::wait_for(short events, int milliseconds) {
  if (!fd_) return false;
  std::array<pollfd, 2> entries{pollfd{fd_.get(), events, 0}, pollfd{backend_.stop_.fd(), POLLIN, 0}};
  return ::poll(entries.data(), entries.size(), milliseconds) > 0 && entries[1].revents == 0;
}

/// Reads until the buffer holds `count` bytes.
bool FastcgiTalk::fill(std::size_t count) {
  std::array<char, 65536> piece;
  while (buffer_.size() < count) {
    if (!wait_for(POLLIN, kPatience)) return false;
    const ssize_t got = ::recv(fd_.get(), piece.data(), piece.size(), 0);
    if (got <= 0) {
      backend_.change([this] { ++backend_.closed_; });
      fd_.reset();
      return false;
    }
    buffer_.append(piece.data(), static_cast<std::size_t>(got));
  }
  return true;
}

std::optional<FastcgiRecord> FastcgiTalk::read_record() {
  if (!fill(tinyhttpd::kFastcgiHeaderBytes)) return std::nullopt;
  FastcgiRecord record;
  record.version = static_cast<int>(byte_at(buffer_, 0));
  record.type = static_cast<FastcgiType>(byte_at(buffer_, 1));
  record.id = static_cast<int>(byte_at(buffer_, 2) << 8 | byte_at(buffer_, 3));
  record.padding = static_cast<int>(byte_at(buffer_, 6));
  const std::size_t length = byte_at(buffer_, 4) << 8 | byte_at(buffer_, 5);
  const std::size_t whole = tinyhttpd::kFastcgiHeaderBytes + length + static_cast<unsigned>(record.padding);
  if (!fill(whole)) return std::nullopt;
  record.content = buffer_.substr(tinyhttpd::kFastcgiHeaderBytes, length);
  buffer_.erase(0, whole);
  return record;
}

/// Reads records of this type up to the empty one.
bool FastcgiTalk::read_stream(FastcgiRequest& request, FastcgiType type, std::string& content) {
  for (;;) {
    auto record = read_record();
    if (!record || record->type != type) return false;
    content += record->content;
    request.records.push_back(*record);
    if (record->content.empty()) return true;
  }
}

std::optional<FastcgiRequest> FastcgiTalk::read_variables() {
  FastcgiRequest request;
  const auto begin = read_record();
  if (!begin || begin->type != FastcgiType::begin_request || begin->content.size() != 8) return std::nullopt;
  request.records.push_back(*begin);
  request.role = static_cast<int>(byte_at(begin->content, 0) << 8 | byte_at(begin->content, 1));
  request.flags = static_cast<int>(byte_at(begin->content, 2));
  std::string pairs;
  if (!read_stream(request, FastcgiType::params, pairs)) return std::nullopt;
  request.variables = pairs_of(pairs);
  return request;
}

std::optional<FastcgiRequest> FastcgiTalk::read_request() {
  auto request = read_variables();
  if (!request || !read_stream(*request, FastcgiType::standard_input, request->body)) return std::nullopt;
  backend_.change([&] { backend_.requests_.push_back(*request); });
  return request;
}

bool FastcgiTalk::is_closed_within(int milliseconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  for (buffer_.clear(); fd_; buffer_.clear()) {
    const auto left = deadline - std::chrono::steady_clock::now();
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    if (!wait_for(POLLIN, static_cast<int>(std::max<long>(wait, 0)))) return false;
    (void)fill(1);
  }
  return true;
}

bool FastcgiTalk::wait_until_left() {
  return wait_for(POLLRDHUP, kPatience);
}

// ---- FastcgiTalk: sending

bool FastcgiTalk::raw(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!wait_for(POLLOUT, kPatience)) return false;
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return false;
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
  }
  return true;
}

bool FastcgiTalk::record(FastcgiType type, std::string_view content, unsigned padding) {
  do {
    const std::string_view piece = content.substr(0, tinyhttpd::kMaxFastcgiContent);
    std::string bytes;
    tinyhttpd::append_record_header(bytes, type, piece.size());
    bytes[6] = static_cast<char>(padding);
    bytes.append(piece).append(padding, 'p');
    if (!raw(bytes)) return false;
    content.remove_prefix(piece.size());
  } while (!content.empty());
  return true;
}

bool FastcgiTalk::end(std::uint32_t app_status, unsigned protocol_status) {
  std::string body(8, '\0');
  for (unsigned i = 0; i < 4; ++i) body[i] = static_cast<char>(app_status >> (24 - 8 * i) & 0xFF);
  body[4] = static_cast<char>(protocol_status);
  return record(FastcgiType::end_request, body);
}

bool FastcgiTalk::answer(std::string_view text) {
  return output("Content-Type: text/plain\r\n\r\n" + std::string(text)) && end();
}

void FastcgiTalk::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  fd_.reset();
}

// ---- ScriptedBackend

ScriptedBackend::ScriptedBackend(Script script, Kind kind) : script_(std::move(script)), kind_(kind) {
  open();
}

ScriptedBackend::~ScriptedBackend() {
  stop_.set();
  shut();
  for (std::thread& script : scripts_) script.join();
}

void ScriptedBackend::open() {
  const std::string path = folder_ / "socket";
  listener_ = kind_ == Kind::tcp ? tcp_listener(port_) : unix_listener(path);
  address_ = kind_ == Kind::tcp ? "127.0.0.1:" + std::to_string(port_) : "unix:" + path;
  check(::listen(listener_.get(), 64), "listen");
  acceptor_ = std::thread([this] { accept_all(); });
}

void ScriptedBackend::shut() {
  if (!acceptor_.joinable()) return;
  shut_stop_.set();
  acceptor_.join();
  shut_stop_.take();
  listener_.reset();
  if (kind_ == Kind::unix_socket) ::unlink((folder_ / "socket").c_str());
}

void ScriptedBackend::accept_all() {
  for (;;) {
    std::array<pollfd, 2> entries{pollfd{listener_.get(), POLLIN, 0}, pollfd{shut_stop_.fd(), POLLIN, 0}};
    ::poll(entries.data(), entries.size(), -1);
    if (entries[1].revents != 0) return;
    UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) continue;
    change([&] {
      scripts_.emplace_back([this, number = connections_, taken = std::move(fd)]() mutable {
        run_script(std::move(taken), number);
      });
      ++connections_;
    });
  }
}

void ScriptedBackend::run_script(UniqueFd fd, std::size_t number) {
  {
    FastcgiTalk talk(*this, std::move(fd), number);
    script_(talk);
  }
  change([this] { ++ended_; });
}

void ScriptedBackend::change(const std::function<void()>& what) {
  {
    const std::lock_guard lock(mutex_);
    what();
  }
  changed_.notify_all();
}

bool ScriptedBackend::wait_until(const std::function<bool()>& holds) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(kPatience), holds);
}

std::size_t ScriptedBackend::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

std::vector<FastcgiRequest> ScriptedBackend::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

bool ScriptedBackend::wait_for_connections(std::size_t count) const {
  return wait_until([&] { return connections_ >= count; });
}

bool ScriptedBackend::wait_for_requests(std::size_t count) const {
  return wait_until([&] { return requests_.size() >= count; });
}

bool ScriptedBackend::wait_for_ended(std::size_t count) const {
  return wait_until([&] { return ended_ >= count; });
}

bool ScriptedBackend::wait_for_closed(std::size_t count) const {
  return wait_until([&] { return closed_ >= count; });
}

// ---- scripts and servers

ScriptedBackend::Script each_request(std::function<void(FastcgiTalk&, const FastcgiRequest&)> answer) {
  return [answer = std::move(answer)](FastcgiTalk& talk) {
    while (const auto request = talk.read_request()) {
      answer(talk, *request);
      if (!request->keeps()) return;
    }
  };
}

ScriptedBackend::Script says(const std::string& text) {
  return each_request([text](FastcgiTalk& talk, const FastcgiRequest&) { talk.answer(text); });
}

ServerUnderTest::Adjust forwards_to(std::vector<std::string> backends,
                                    const ServerUnderTest::Adjust& adjust) {
  return [backends = std::move(backends), adjust](tinyhttpd::Config& config) {
    config.fastcgi.rules = {{".php", backends}, {"/app/", backends}};
    if (adjust) adjust(config);
  };
}
