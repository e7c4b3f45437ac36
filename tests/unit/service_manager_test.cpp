#include "tinyhttpd/service_manager.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "support/process_under_test.hpp"
#include "support/temporary_folder.hpp"

using namespace tinyhttpd;

namespace {

/// What a service manager has at the other end of NOTIFY_SOCKET.
class Manager {
 public:
  explicit Manager(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    const bool is_abstract = name.front() == '@';
    if (is_abstract) address.sun_path[0] = '\0';
    const auto length =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 0 : 1));
    REQUIRE(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
  }

  /// The next message; "" when there is none.
  std::string message() const {
    char text[512];
    const ssize_t count = ::recv(fd_.get(), text, sizeof text, MSG_DONTWAIT);
    return {text, count > 0 ? static_cast<std::size_t>(count) : 0};
  }

 private:
  UniqueFd fd_;
};

/// Sets the variables of socket activation, for as long as it lives.
class Activation {
 public:
  Activation(const std::string& pid, const std::string& count) {
    ::setenv("LISTEN_PID", pid.c_str(), 1);
    ::setenv("LISTEN_FDS", count.c_str(), 1);
    ::setenv("LISTEN_FDNAMES", "http:other", 1);
  }
  Activation(const Activation&) = delete;
  Activation& operator=(const Activation&) = delete;
  ~Activation() {
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  }
};

std::string own_pid() {
  return std::to_string(::getpid());
}

bool are_unset() {
  return std::getenv("LISTEN_PID") == nullptr && std::getenv("LISTEN_FDS") == nullptr &&
         std::getenv("LISTEN_FDNAMES") == nullptr;
}

}  // namespace

// --- Sockets handed over

TEST_CASE("inherited_sockets are the descriptors from 3 on, close-on-exec, and no script learns of them") {
  // In a copy: descriptors 3 and 4 of this process are others'.
  CHECK(in_forked_child([] {
          const Activation activation(own_pid(), "2");
          ::dup2(STDERR_FILENO, 3);
          ::dup2(STDERR_FILENO, 4);
          const auto sockets = inherited_sockets();
          if (sockets.size() != 2 || sockets[0].get() != 3 || sockets[1].get() != 4) return 1;
          for (const UniqueFd& fd : sockets)
            if ((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) == 0) return 2;
          return are_unset() ? 0 : 3;
        }) == 0);
}

TEST_CASE("inherited_sockets are none without the variables") {
  CHECK(inherited_sockets().empty());
}

TEST_CASE("inherited_sockets for another process are not touched, but the variables go") {
  for (const char* pid : {"1", "", "x", "99999999999999999999"}) {
    CAPTURE(std::string(pid));
    const Activation activation(pid, "2");
    CHECK(inherited_sockets().empty());
    CHECK(are_unset());
  }
}

TEST_CASE("inherited_sockets refuses a number that cannot be true") {
  for (const char* count : {"x", "-1", "1x", "257", "99999999999999999999"}) {
    CAPTURE(std::string(count));
    const Activation activation(own_pid(), count);
    CHECK_THROWS_WITH_AS(inherited_sockets(), doctest::Contains("LISTEN_FDS"), std::system_error);
    CHECK(are_unset());
  }
}

TEST_CASE("inherited_sockets names a descriptor that was promised and is not there") {
  CHECK(in_forked_child([] {
          const Activation activation(own_pid(), "200");
          ::close(150);
          try {
            inherited_sockets();
          } catch (const std::system_error& error) {
            return error.code().value() == EBADF ? 0 : 1;
          }
          return 2;
        }) == 0);
}

// --- Words for the manager

TEST_CASE("ServiceManager speaks to the socket it was given, and takes the variable away from the scripts") {
  const TemporaryFolder folder;
  for (const std::string& name : {folder / "notify", "@tinyhttpd-test-" + own_pid()}) {
    CAPTURE(name);
    const Manager manager(name);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    const ServiceManager ours;
    CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
    ours.notify("READY=1");
    ours.notify("STATUS=serving");
    CHECK(manager.message() == "READY=1");
    CHECK(manager.message() == "STATUS=serving");
    CHECK(manager.message().empty());
  }
}

TEST_CASE("ServiceManager gives a reload the time at which it begins, by the monotonic clock") {
  const TemporaryFolder folder;
  const Manager manager(folder / "notify");
  ::setenv("NOTIFY_SOCKET", (folder / "notify").c_str(), 1);
  const ServiceManager ours;
  timespec before{};
  ::clock_gettime(CLOCK_MONOTONIC, &before);
  ours.notify_reloading();
  const std::string message = manager.message();
  const std::string lead = "RELOADING=1\nMONOTONIC_USEC=";
  REQUIRE(message.starts_with(lead));
  const long long told = std::atoll(message.c_str() + lead.size());
  const long long earliest = before.tv_sec * 1'000'000LL + before.tv_nsec / 1000;
  CHECK(told >= earliest);
  CHECK(told < earliest + 60'000'000LL);
}

TEST_CASE("ServiceManager without a manager says nothing, whatever the variable is") {
  const std::string too_long = "/" + std::string(200, 'x');
  for (const char* name : {"", "/nowhere/notify", "vsock:2:1234", "relative", too_long.c_str()}) {
    CAPTURE(std::string(name));
    ::setenv("NOTIFY_SOCKET", name, 1);
    const ServiceManager ours;
    CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
    ours.notify("READY=1");
    ours.notify_reloading();
  }
}

TEST_CASE("ServiceManager never waits for a manager that does not listen, and outlives one that is gone") {
  const TemporaryFolder folder;
  ::setenv("NOTIFY_SOCKET", (folder / "notify").c_str(), 1);
  {
    const Manager manager(folder / "notify");
    const ServiceManager ours;
    for (int i = 0; i < 10'000; ++i) ours.notify("STATUS=more than its queue holds");  // would hang here
    CHECK(manager.message() == "STATUS=more than its queue holds");
  }
  {
    std::optional<Manager> manager(std::in_place, folder / "other");
    ::setenv("NOTIFY_SOCKET", (folder / "other").c_str(), 1);
    const ServiceManager ours;
    manager.reset();
    ours.notify("STOPPING=1");  // would end by SIGPIPE here
  }
}
