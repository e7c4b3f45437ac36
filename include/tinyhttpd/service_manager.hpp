// The agreement with systemd and its like: sockets handed over at the start, and words about our state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

/// The sockets that were opened for this process before it started (LISTEN_FDS and LISTEN_PID of
/// sd_listen_fds(3)), close-on-exec; none when they are meant for another process. Removes the variables, so
/// that no script sees them. Throws std::system_error when a descriptor that was promised is not there. Call
/// it before the first thread starts.
std::vector<UniqueFd> inherited_sockets();

/// Tells the service manager what happens, where one listens (NOTIFY_SOCKET of sd_notify(3)). Without one,
/// says nothing.
class ServiceManager {
 public:
  /// Takes the address from the environment and removes the variable, so that no script can speak for the
  /// server. Call it before the first thread starts, and before a chroot.
  ServiceManager();

  /// "READY=1", "STOPPING=1", "STATUS=…": a loss is no error of ours. Any thread.
  void notify(std::string_view state) const;

  /// "RELOADING=1" with the monotonic time that Type=notify-reload asks for. Any thread.
  void notify_reloading() const;

 private:
  UniqueFd socket_;  // connected where there is a manager
};

}  // namespace tinyhttpd
