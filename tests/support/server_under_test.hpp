// A whole server inside the test program: its own folder, a free port, and a listener that remembers what
// happened.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"
#include "tinyhttpd/rejection.hpp"
#include "tinyhttpd/server.hpp"
#include "tinyhttpd/trace.hpp"

/// Remembers what the server told its listeners. Any thread may ask.
class Recorder : public tinyhttpd::Trace {
 public:
  struct Exit {
    std::string script;
    bool by_signal;
    int code;
  };

  void warning(std::string_view what) override { keep(warnings_, std::string(what)); }
  void stopping(std::string_view what) override { keep(stops_, std::string(what)); }
  void route_chosen(tinyhttpd::RequestId, std::string_view handler, std::string_view why) override {
    keep(routes_, std::string(handler) + ": " + std::string(why));
  }
  void rejected(tinyhttpd::RequestId, const tinyhttpd::Rejection& rejection, std::string_view,
                const tinyhttpd::Endpoints&) override {
    keep(rejections_, rejection);
  }
  void gateway_wait(tinyhttpd::RequestId id) override { keep(waits_, id); }
  void cgi_spawned(tinyhttpd::RequestId, int pid) override { keep(pids_, pid); }
  /// From now on, large bodies reach scripts through a pipe, too, and are counted.
  void want_input() { wants_input_ = true; }
  bool wants_input() const override { return wants_input_; }
  void cgi_wrote(tinyhttpd::RequestId, std::string_view bytes) override { fed_ += bytes.size(); }
  void cgi_closed(tinyhttpd::RequestId, tinyhttpd::Stream stream) override { keep(closed_, stream); }
  void cgi_error_line(tinyhttpd::RequestId, std::string_view, std::string_view line) override {
    keep(error_lines_, std::string(line));
  }
  void cgi_failed(tinyhttpd::RequestId, std::string_view, const tinyhttpd::ScriptFailure& failure) override {
    keep(failures_, failure);
  }
  void cgi_signalled(tinyhttpd::RequestId, int signal) override { keep(signals_, signal); }
  void cgi_exited(tinyhttpd::RequestId, std::string_view script,
                  const tinyhttpd::ExitReport& report) override;
  void response_sent(tinyhttpd::RequestId, const tinyhttpd::Request&, const tinyhttpd::Endpoints&,
                     const tinyhttpd::AnswerSummary& summary) override {
    keep(answers_, summary);
  }

  std::vector<std::string> warnings() const { return copy(warnings_); }
  std::vector<std::string> stops() const { return copy(stops_); }
  std::vector<std::string> routes() const { return copy(routes_); }
  std::vector<tinyhttpd::Rejection> rejections() const { return copy(rejections_); }
  std::vector<tinyhttpd::RequestId> waits() const { return copy(waits_); }
  std::vector<int> pids() const { return copy(pids_); }
  std::size_t fed_bytes() const { return fed_; }
  std::vector<tinyhttpd::Stream> closed() const { return copy(closed_); }
  std::vector<std::string> error_lines() const { return copy(error_lines_); }
  std::vector<tinyhttpd::ScriptFailure> failures() const { return copy(failures_); }
  std::vector<int> signals() const { return copy(signals_); }
  std::vector<Exit> exits() const { return copy(exits_); }
  std::vector<tinyhttpd::AnswerSummary> answers() const { return copy(answers_); }

  /// Waits until `holds` is true, looked at after every event; false after 20 s.
  bool wait_until(const std::function<bool(const Recorder&)>& holds) const;

 private:
  template <typename T>
  void keep(std::vector<T>& list, T what) {
    {
      std::lock_guard lock(mutex_);
      list.push_back(std::move(what));
    }
    changed_.notify_all();
  }
  template <typename T>
  std::vector<T> copy(const std::vector<T>& list) const {
    std::lock_guard lock(mutex_);
    return list;
  }

  std::atomic<bool> wants_input_ = false;
  std::atomic<std::size_t> fed_ = 0;  // bytes written to scripts
  mutable std::mutex mutex_;          // guards the lists
  mutable std::condition_variable changed_;
  std::vector<std::string> warnings_, stops_, routes_, error_lines_;
  std::vector<tinyhttpd::Rejection> rejections_;
  std::vector<tinyhttpd::RequestId> waits_;
  std::vector<int> pids_, signals_;
  std::vector<tinyhttpd::Stream> closed_;
  std::vector<tinyhttpd::ScriptFailure> failures_;
  std::vector<Exit> exits_;
  std::vector<tinyhttpd::AnswerSummary> answers_;
};

/// A running server on a free port of 127.0.0.1 with 8 threads and a folder of its own. Its end stops it (the
/// second way: at once) and waits for it.
class ServerUnderTest {
 public:
  using Adjust = std::function<void(tinyhttpd::Config&)>;

  explicit ServerUnderTest(const Adjust& adjust = {});
  ~ServerUnderTest();

  /// Writes a document below the root ("/a/b.html"); folders are made.
  void file(const std::string& path, const std::string& content, int mode = 0644);

  /// Writes an executable script; `text` with its #! line.
  void script(const std::string& path, const std::string& text) { file(path, text, 0755); }

  /// Writes a script that runs the function registered under the name of `path` (see scripted.hpp).
  void scripted(const std::string& path);

  std::string root() const { return folder_.path(); }
  std::uint16_t port() const { return server_->port(); }
  tinyhttpd::Server& server() { return *server_; }
  Recorder& recorder() { return recorder_; }
  const Recorder& recorder() const { return recorder_; }

 private:
  tinyhttpd::TemporaryFolder folder_;
  Recorder recorder_;
  std::unique_ptr<tinyhttpd::Server> server_;
};
