// The listener that fills a ProbedRun.
#pragma once

#include "tinyhttpd/probed_run.hpp"
#include "tinyhttpd/trace.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

/// Listens to one run of one script, in the thread that runs it. It keeps the server's ends of the script's
/// pipes open, to see what is left in them.
class ProbeRecorder : public Trace {
 public:
  explicit ProbeRecorder(Probe probe) : run_{.probe = std::move(probe)} {}

  bool wants_input() const override { return true; }
  void cgi_pipes(RequestId, const ScriptDescriptors& descriptors) override;
  void cgi_spawned(RequestId, int pid) override;
  void cgi_wrote(RequestId, std::string_view bytes) override { written_ += bytes.size(); }
  void cgi_read(RequestId, Stream stream, std::string_view bytes) override;
  void cgi_closed(RequestId, Stream stream) override;
  void cgi_failed(RequestId, std::string_view script, const ScriptFailure& failure) override;
  void cgi_reaping(RequestId) override;
  void cgi_exited(RequestId, std::string_view script, const ExitReport& report) override;

  /// All of it, once the script has ended: also what it wrote and nobody read.
  ProbedRun take() &&;

 private:
  void drain_output();

  ProbedRun run_;
  UniqueFd input_;   // the script's end, so that what it leaves in there can be counted
  UniqueFd output_;  // our end
  int pid_ = 0;
  std::uint64_t written_ = 0;
  TimePoint started_ = {}, output_ended_ = {};
};

}  // namespace tinyhttpd
