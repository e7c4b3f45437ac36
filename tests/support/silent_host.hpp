// A host that answers no SYN, like one that was switched off.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "tinyhttpd/backend_address.hpp"
#include "tinyhttpd/listener.hpp"

namespace tinyhttpd {

/// A listener of this machine whose queue of connections is full: Linux drops what comes then.
class SilentHost {
 public:
  SilentHost() : listener_(std::move(open_listeners({"127.0.0.1"}, 0).front())) {
    if (::listen(listener_.fd.get(), 0) != 0) std::abort();
    BackendAddress self(address());
    for (;;) {
      auto fd = self.connect(Clock::now(), Clock::now() + std::chrono::milliseconds(100), -1);
      if (!fd) break;
      queue_.push_back(*std::move(fd));
    }
  }

  std::uint16_t port() const { return listener_.address.port; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port()); }

 private:
  Listener listener_;
  std::vector<UniqueFd> queue_;
};

}  // namespace tinyhttpd
