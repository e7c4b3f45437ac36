#include "tinyhttpd/standard_streams.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "support/temporary_folder.hpp"
#include "tinyhttpd/process.hpp"
#include "tinyhttpd/socket.hpp"

using namespace tinyhttpd;
using Outcome = Transfer::Outcome;

namespace {

TimePoint soon() {
  return Clock::now() + std::chrono::seconds(20);
}

/// Gives this process other standard streams, and its own back at the end. SIGPIPE is ignored meanwhile, as
/// main does it.
class Replaced {
 public:
  Replaced(int input, int output, int errors = -1) : before_(::signal(SIGPIPE, SIG_IGN)) {
    for (int fd = 0; fd <= STDERR_FILENO; ++fd)
      own_[static_cast<std::size_t>(fd)].reset(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    if (errors >= 0) ::dup2(errors, STDERR_FILENO);
  }
  Replaced(const Replaced&) = delete;
  Replaced& operator=(const Replaced&) = delete;
  ~Replaced() {
    for (int fd = 0; fd <= STDERR_FILENO; ++fd) ::dup2(own_[static_cast<std::size_t>(fd)].get(), fd);
    ::signal(SIGPIPE, before_);
  }

 private:
  std::array<UniqueFd, 3> own_;
  void (*before_)(int);
};

std::pair<UniqueFd, UniqueFd> socket_pair() {
  std::array<int, 2> ends{-1, -1};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Pipe new_pipe() {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  return std::move(*pipe);
}

/// A server between two pipes, and the client's ends of them.
struct BetweenPipes {
  explicit BetweenPipes(bool errors_too = false) {
    Pipe in = new_pipe();
    Pipe out = new_pipe();
    replaced.emplace(in.read_end.get(), out.write_end.get(), errors_too ? out.write_end.get() : -1);
    to_server = std::move(in.write_end);
    from_server = std::move(out.read_end);
    in.read_end.reset();
    out.write_end.reset();
    streams.emplace();
    connection = streams->take_connection();
  }

  // In this order: the connection ends, then the streams, then the old ones come back.
  UniqueFd to_server;
  UniqueFd from_server;
  std::optional<Replaced> replaced;
  std::optional<StandardStreams> streams;
  UniqueFd connection;
};

/// Everything the server gets up to the end.
std::string receive_all(int connection) {
  std::string all;
  std::array<char, 65536> buffer;
  while (wait_for(connection, POLLIN, soon()) == Waited::ready) {
    const Transfer got = receive(connection, buffer);
    if (got.outcome != Outcome::some) return all;
    all.append(buffer.data(), got.bytes);
  }
  return "the end did not come";
}

/// False: it could not be sent.
bool send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    if (wait_for(connection, POLLOUT, soon()) != Waited::ready) return false;
    const Transfer sent = send(connection, bytes);
    if (sent.outcome == Outcome::failed) return false;
    bytes.remove_prefix(sent.bytes);
  }
  return true;
}

/// What the client reads up to the end.
std::string read_all(int fd) {
  std::string all;
  std::array<char, 65536> buffer;
  for (ssize_t count; (count = ::read(fd, buffer.data(), buffer.size())) > 0;)
    all.append(buffer.data(), static_cast<std::size_t>(count));
  return all;
}

std::string read_some(int fd) {
  std::array<char, 4096> buffer;
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool are_the_same(int left, int right) {
  struct stat one {};
  struct stat other {};
  ::fstat(left, &one);
  ::fstat(right, &other);
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool is_null(int fd) {
  struct stat one {};
  struct stat null {};
  ::fstat(fd, &one);
  ::stat("/dev/null", &null);
  return S_ISCHR(one.st_mode) && one.st_rdev == null.st_rdev;
}

/// Bytes that show it when some are lost or change places.
std::string many_bytes() {
  std::string bytes;
  for (int i = 0; bytes.size() < (3U << 20U); ++i) bytes += std::to_string(i) + ",";
  return bytes;
}

}  // namespace

TEST_CASE("One socket on both streams is the connection itself") {
  auto [client, server] = socket_pair();
  {
    const Replaced replaced(server.get(), server.get());
    StandardStreams streams;
    const UniqueFd connection = streams.take_connection();
    CHECK(are_the_same(connection.get(), server.get()));
    CHECK((::fcntl(connection.get(), F_GETFL) & O_NONBLOCK) != 0);
    CHECK((::fcntl(connection.get(), F_GETFD) & FD_CLOEXEC) != 0);
    server.reset();
    CHECK(send(connection.get(), "answer").bytes == 6);
  }
  CHECK(read_all(client.get()) == "answer");  // and its end: nobody else holds it
}

TEST_CASE("The standard streams are the client's no longer") {
  auto [client, server] = socket_pair();
  const Replaced replaced(server.get(), server.get());
  StandardStreams streams;
  CHECK(is_null(STDIN_FILENO));
  CHECK(are_the_same(STDOUT_FILENO, STDERR_FILENO));
  CHECK_FALSE(are_the_same(STDERR_FILENO, server.get()));
}

TEST_CASE("What is written to standard error does not reach the client, whose socket inetd puts there too") {
  auto [client, server] = socket_pair();
  {
    const Replaced replaced(server.get(), server.get(), server.get());
    StandardStreams streams;
    CHECK(is_null(STDERR_FILENO));
    CHECK(is_null(STDOUT_FILENO));
    write_all(STDERR_FILENO, "a line of the log");
    server.reset();
  }
  CHECK(read_all(client.get()).empty());
}

TEST_CASE("Standard error that is the client's pipe does not reach him either") {
  BetweenPipes server(true);
  CHECK(is_null(STDERR_FILENO));
  server.connection.reset();
  CHECK(read_all(server.from_server.get()).empty());
}

TEST_CASE("A terminal stays standard error's") {
  const UniqueFd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(terminal);
  REQUIRE(::grantpt(terminal.get()) == 0);
  REQUIRE(::unlockpt(terminal.get()) == 0);
  const UniqueFd screen(::open(::ptsname(terminal.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(screen);
  const Replaced replaced(screen.get(), screen.get(), screen.get());
  StandardStreams streams;
  const UniqueFd connection = streams.take_connection();
  CHECK(are_the_same(STDERR_FILENO, screen.get()));
  CHECK(is_null(STDIN_FILENO));
  write_all(terminal.get(), "typed\n");
  REQUIRE(wait_for(connection.get(), POLLIN, soon()) == Waited::ready);
  std::array<char, 100> buffer;
  CHECK(receive(connection.get(), buffer).bytes == 6);
}

TEST_CASE("A socket that waits for clients is refused, with what to do") {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::listen(listener.get(), 1) == 0);
  const Replaced replaced(listener.get(), listener.get());
  CHECK_THROWS_WITH_AS(StandardStreams(), doctest::Contains("nowait"), std::system_error);
}

TEST_CASE("Between two pipes questions come in and answers go out, one after the other") {
  BetweenPipes server;
  CHECK((::fcntl(server.connection.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((::fcntl(server.connection.get(), F_GETFD) & FD_CLOEXEC) != 0);
  for (const char* word : {"first", "second"}) {
    write_all(server.to_server.get(), word);
    REQUIRE(wait_for(server.connection.get(), POLLIN, soon()) == Waited::ready);
    std::array<char, 100> buffer;
    const Transfer got = receive(server.connection.get(), buffer);
    REQUIRE(got.outcome == Outcome::some);
    CHECK(std::string_view(buffer.data(), got.bytes) == word);
    CHECK(send_all(server.connection.get(), word));
    CHECK(read_some(server.from_server.get()) == word);
  }
}

TEST_CASE("The end of the input is the end of what is received, and answers still go out") {
  BetweenPipes server;
  write_all(server.to_server.get(), "question");
  server.to_server.reset();
  CHECK(receive_all(server.connection.get()) == "question");
  CHECK(send_all(server.connection.get(), "answer"));
  CHECK(read_some(server.from_server.get()) == "answer");
}

TEST_CASE("The end of what is sent is the end of the output, and questions still come in") {
  BetweenPipes server;
  CHECK(send_all(server.connection.get(), "bye"));
  shut_down_sending(server.connection.get());
  CHECK(read_all(server.from_server.get()) == "bye");
  write_all(server.to_server.get(), "late");
  server.to_server.reset();
  CHECK(receive_all(server.connection.get()) == "late");
}

TEST_CASE("Two sockets work like two pipes, and each hears of the other's end") {
  auto [client_in, server_in] = socket_pair();
  auto [client_out, server_out] = socket_pair();
  const Replaced replaced(server_in.get(), server_out.get());
  StandardStreams streams;
  const UniqueFd connection = streams.take_connection();
  write_all(client_in.get(), "question");
  shut_down_sending(client_in.get());
  CHECK(receive_all(connection.get()) == "question");
  CHECK(send_all(connection.get(), "answer"));
  shut_down_sending(connection.get());
  CHECK(read_all(client_out.get()) == "answer");  // although the test holds server_out open
}

TEST_CASE("Files serve as streams, too") {
  const TemporaryFolder folder;
  folder.write("in", "question");
  folder.write("out", "");
  const UniqueFd in(::open((folder / "in").c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd out(::open((folder / "out").c_str(), O_RDWR | O_CLOEXEC));
  {
    const Replaced replaced(in.get(), out.get());
    StandardStreams streams;
    const UniqueFd connection = streams.take_connection();
    CHECK(receive_all(connection.get()) == "question");
    CHECK(send_all(connection.get(), "answer"));
  }
  CHECK(read_all(out.get()).empty());  // where its writing has ended
  ::lseek(out.get(), 0, SEEK_SET);
  CHECK(read_all(out.get()) == "answer");
}

TEST_CASE("More than any buffer holds goes through whole, in both directions at once") {
  const std::string bytes = many_bytes();
  std::string read;
  std::string received;
  {
    BetweenPipes server;
    std::jthread asking([&] {
      write_all(server.to_server.get(), bytes);
      server.to_server.reset();
    });
    std::jthread reading([&] { read = read_all(server.from_server.get()); });
    std::jthread answering([&] {
      (void)send_all(server.connection.get(), bytes);
      shut_down_sending(server.connection.get());
    });
    received = receive_all(server.connection.get());
  }
  CHECK(received == bytes);
  CHECK(read == bytes);
}

TEST_CASE("The end waits for an answer that is not written yet, and not for a client that says no more") {
  BetweenPipes server;
  // More than the pipe takes: the rest waits in the socket pair when the connection ends.
  const std::string answer(200'000, 'a');
  std::string read;
  std::jthread sending([&] {
    (void)send_all(server.connection.get(), answer);
    server.connection.reset();
    server.streams.reset();
  });
  read = read_all(server.from_server.get());
  sending.join();  // would hang here: to_server is still open
  CHECK(read.size() == answer.size());
}

TEST_CASE("A client that left is seen by who sends to him") {
  BetweenPipes server;
  server.from_server.reset();
  const std::string answer = many_bytes();
  CHECK_FALSE(send_all(server.connection.get(), answer));
  CHECK(receive_all(server.connection.get()).empty());
}

TEST_CASE("A connection that nobody takes ends with the streams") {
  Pipe in = new_pipe();
  Pipe out = new_pipe();
  {
    const Replaced replaced(in.read_end.get(), out.write_end.get());
    out.write_end.reset();
    StandardStreams streams;
  }
  CHECK(read_all(out.read_end.get()).empty());
}
