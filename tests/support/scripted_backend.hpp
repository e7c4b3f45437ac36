// A FastCGI application inside the test program that says exactly what a test tells it to say.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/server_under_test.hpp"
#include "support/temporary_folder.hpp"
#include "tinyhttpd/event.hpp"
#include "tinyhttpd/fastcgi_record.hpp"
#include "tinyhttpd/unique_fd.hpp"

/// What two threads of a test wait for. Once raised it stays so.
class Flag {
 public:
  void raise();

  /// Waits until it is raised; false after 10 s.
  bool wait() const;

 private:
  mutable std::mutex mutex_;  // guards raised_
  mutable std::condition_variable changed_;
  bool raised_ = false;
};

/// One record as it came (FastCGI 1.0 section 3.3).
struct FastcgiRecord {
  int version = 0;
  tinyhttpd::FastcgiType type{};
  int id = 0;
  int padding = 0;
  std::string content;
};

/// A request as a web server sent it.
struct FastcgiRequest {
  int role = 0;
  int flags = 0;
  std::map<std::string, std::string> variables;
  std::string body;
  std::vector<FastcgiRecord> records;  ///< all of them, in their order

  bool keeps() const { return (flags & 1) != 0; }  ///< FCGI_KEEP_CONN
  bool has(const std::string& name) const { return variables.count(name) != 0; }
  std::string variable(const std::string& name) const { return has(name) ? variables.at(name) : ""; }
};

class ScriptedBackend;

/// One connection, as a script sees it: for the thread that runs the script. Every wait ends after 10 s, and
/// when the backend is destroyed.
class FastcgiTalk {
 public:
  /// Which connection this is: the first is 0.
  std::size_t number() const { return number_; }

  /// Reads a whole request; nothing when the connection ended first.
  std::optional<FastcgiRequest> read_request();

  /// Reads it up to the end of the variables. The backend does not count it.
  std::optional<FastcgiRequest> read_variables();

  /// Waits for the web server to close the connection, dropping what it sends; false when it did not.
  bool wait_until_closed() { return is_closed_within(10'000); }
  bool is_closed_within(int milliseconds);

  /// Likewise, without reading anything.
  bool wait_until_left();

  /// These send; false when the connection is over.
  bool output(std::string_view bytes) { return record(tinyhttpd::FastcgiType::standard_output, bytes); }
  bool error(std::string_view bytes) { return record(tinyhttpd::FastcgiType::standard_error, bytes); }
  bool end(std::uint32_t app_status = 0, unsigned protocol_status = 0);
  /// In as many records as it needs, each with this padding.
  bool record(tinyhttpd::FastcgiType type, std::string_view content, unsigned padding = 0);
  bool raw(std::string_view bytes);

  /// A plain text, and the end.
  bool answer(std::string_view text);

  /// Ends the connection, with a reset or in order.
  void reset();
  void close() { fd_.reset(); }

  int fd() const { return fd_.get(); }

 private:
  friend class ScriptedBackend;
  FastcgiTalk(ScriptedBackend& backend, tinyhttpd::UniqueFd fd, std::size_t number)
      : backend_(backend), fd_(std::move(fd)), number_(number) {}

  bool wait_for(short events, int milliseconds);
  bool fill(std::size_t count);
  std::optional<FastcgiRecord> read_record();
  bool read_stream(FastcgiRequest& request, tinyhttpd::FastcgiType type, std::string& content);

  ScriptedBackend& backend_;
  tinyhttpd::UniqueFd fd_;
  std::size_t number_;
  std::string buffer_;
};

/// Listens, and runs the script for each connection in a thread of its own. Its end ends them all.
class ScriptedBackend {
 public:
  using Script = std::function<void(FastcgiTalk&)>;
  enum class Kind { unix_socket, tcp };

  explicit ScriptedBackend(Script script, Kind kind = Kind::unix_socket);
  ScriptedBackend(const ScriptedBackend&) = delete;
  ScriptedBackend& operator=(const ScriptedBackend&) = delete;
  ~ScriptedBackend();

  /// As --fastcgi takes it.
  const std::string& address() const { return address_; }

  /// Nobody listens at the address any more, until open() is called. Connections that are there go on.
  void shut();
  void open();

  std::size_t connections() const;               ///< accepted so far
  std::vector<FastcgiRequest> requests() const;  ///< read whole so far

  /// These wait until there have been so many; false after 10 s.
  bool wait_for_connections(std::size_t count) const;
  bool wait_for_requests(std::size_t count) const;
  bool wait_for_ended(std::size_t count) const;   ///< scripts that came to their end
  bool wait_for_closed(std::size_t count) const;  ///< connections that the web server was seen to close

 private:
  friend class FastcgiTalk;
  void accept_all();
  void run_script(tinyhttpd::UniqueFd fd, std::size_t number);
  void change(const std::function<void()>& what);
  bool wait_until(const std::function<bool()>& holds) const;

  Script script_;
  Kind kind_;
  tinyhttpd::TemporaryFolder folder_;
  std::string address_;
  std::uint16_t port_ = 0;
  tinyhttpd::Event stop_;       // everything ends
  tinyhttpd::Event shut_stop_;  // accepting ends
  tinyhttpd::UniqueFd listener_;
  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable changed_;
  std::vector<FastcgiRequest> requests_;
  std::size_t connections_ = 0, ended_ = 0, closed_ = 0;
  std::vector<std::thread> scripts_;
  std::thread acceptor_;
};

/// A script that reads request after request, lets `answer` answer each, and closes the connection as
/// FCGI_KEEP_CONN says.
ScriptedBackend::Script each_request(std::function<void(FastcgiTalk&, const FastcgiRequest&)> answer);

/// A script that answers every request with the same text.
ScriptedBackend::Script says(const std::string& text);

/// A server whose .php files, and all below /app/, these backends answer; one counts the backends of each.
ServerUnderTest::Adjust forwards_to(std::vector<std::string> backends,
                                    const ServerUnderTest::Adjust& adjust = {});
