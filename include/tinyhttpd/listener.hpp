// Sockets that wait for clients: opening them, taking over those that somebody else opened, accepting.
#pragma once

#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

#include "tinyhttpd/result.hpp"
#include "tinyhttpd/socket.hpp"
#include "tinyhttpd/unique_fd.hpp"

namespace tinyhttpd {

/// The name of a Unix socket in the file system: removed at the end, where it is still ours.
class SocketFile {
 public:
  SocketFile() = default;
  /// Takes over the socket that was bound at `path`. At the end it is looked up by the same name: after a
  /// chroot, or without the right to write to its folder any more, it stays there. The next start replaces
  /// it.
  explicit SocketFile(std::string path);
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&& other) noexcept;
  ~SocketFile();

 private:
  void remove();

  std::string path_;  // empty: none
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
};

/// A listening socket and where it listens.
struct Listener {
  UniqueFd fd;
  SocketAddress address;  ///< of a Unix socket "unix:/path" and port 0
  SocketFile file = {};   ///< of a Unix socket that was opened here
};

/// Opens listening sockets for `port` (0: a free one, the same for all) on each address of `bind`, or on
/// every address, IPv6 and IPv4, when it is empty. An entry is an IPv4 or IPv6 address (with or without
/// brackets) or a name, which stands for all its addresses that this machine has; an IPv6 address given takes
/// IPv6 clients alone. "unix:/path" is a Unix socket that everybody who can reach it may connect to (mode
/// 0666: the folder it lies in is its guard); a socket there that nobody listens on any more is replaced. The
/// Unix sockets come last. Non-blocking, close-on-exec, SO_REUSEADDR. Throws std::system_error that names the
/// address and the port.
std::vector<Listener> open_listeners(const std::vector<std::string>& bind, std::uint16_t port);

/// A socket that somebody else has opened (socket activation) as a listener, made non-blocking and
/// close-on-exec. Its file, if it has one, is not ours to remove. Throws std::system_error when it does not
/// listen for streams of the internet or of this machine.
Listener adopt_listener(UniqueFd socket);

/// A client that was accepted: non-blocking, close-on-exec, TCP_NODELAY.
struct Accepted {
  UniqueFd fd;
  SocketAddress remote;  ///< empty for a client of a Unix socket
};

/// The next waiting client, or the error of accept4: EAGAIN when there is none,
/// ECONNABORTED, EMFILE, ENFILE, ENOMEM …
Result<Accepted, std::error_code> accept_client(int listener);

}  // namespace tinyhttpd
