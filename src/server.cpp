#include "tinyhttpd/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "tinyhttpd/socket.hpp"

namespace tinyhttpd {
namespace {

/// Descriptors a worker may need at once: three pipes, the script's process, its folder, a file, a body that
/// is stored.
constexpr std::size_t kDescriptorsPerWorker = 12;
/// For listeners, logs, libraries, and clients that are turned away.
constexpr std::size_t kDescriptorsForAll = 128;
/// A connection holds its socket; one in four may also hold a file that is sent or stored. Past that, those
/// requests get 503.
constexpr std::size_t descriptors_for(std::size_t connections) {
  return connections + connections / 4;
}

MediaTypes load_media_types() {
  MediaTypes types;
  std::ifstream file("/etc/mime.types");
  types.add_lines(std::string(std::istreambuf_iterator<char>(file), {}));
  return types;
}

std::optional<Credentials> script_credentials(const std::string& user) {
  if (user.empty()) return std::nullopt;
  return credentials_of(user);
}

/// Takes all descriptors the hard limit allows, and admits no more clients than those suffice for.
std::size_t fit_to_descriptors(Config& config) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return config.max_connections;
  const rlim_t wanted =
      descriptors_for(config.max_connections) + config.threads * kDescriptorsPerWorker + kDescriptorsForAll;
  if (limit.rlim_cur < wanted) {
    // What is raised for us is not for scripts: select() cannot count past 1023.
    if (!config.cgi.limits.files) config.cgi.limits.files = limit.rlim_cur;
    limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
  }
  const rlim_t reserved = config.threads * kDescriptorsPerWorker + kDescriptorsForAll;
  const rlim_t left = limit.rlim_cur > reserved ? limit.rlim_cur - reserved : 0;
  return std::clamp<std::size_t>(left * 4 / 5, 1, config.max_connections);
}

/// What a person can put into a browser on this machine.
std::string url_of(const SocketAddress& address) {
  const bool everywhere = address.address == "::" || address.address == "0.0.0.0";
  const bool is_ipv6 = address.address.find(':') != std::string::npos;
  const std::string host = everywhere ? "localhost" : is_ipv6 ? "[" + address.address + "]" : address.address;
  const std::string url = "http://" + host + ":" + std::to_string(address.port) + "/";
  return everywhere ? url + " (every address)" : url;
}

}  // namespace

Server::Server(Config config, Trace& trace)
    : config_(std::move(config)),
      trace_(trace),
      root_(config_.root, config_.symlinks),
      media_types_(load_media_types()),
      router_(root_, config_),
      script_credentials_(script_credentials(config_.cgi.user)),
      cgi_host_{config_.cgi, root_, script_credentials_ ? &*script_credentials_ : nullptr, stop_event_.fd()},
      queue_(config_.queue),
      gateways_(config_.cgi.max_running, config_.cgi.queue) {
  startup();
}

/// Opens the listening sockets, as the tutorial's startup; port 0 becomes the free one the kernel chose.
void Server::startup() {
  const std::size_t fitting = fit_to_descriptors(config_);
  if (fitting < config_.max_connections)
    trace_.warning("--max-connections lowered to " + std::to_string(fitting) +
                   ": more would run out of descriptors");
  config_.max_connections = fitting;

  std::vector<Listener> listeners = open_listeners(config_.bind, config_.port);
  port_ = listeners.front().address.port;
  for (const Listener& listener : listeners) urls_.push_back(url_of(listener.address));
  acceptor_ = std::make_unique<Acceptor>(std::move(listeners), config_, queue_, gateways_, draining_,
                                         connections_, trace_);
  services_.emplace(Services{config_, root_, media_types_, router_, cgi_host_, queue_, gateways_, *acceptor_,
                             trace_, last_id_, draining_});
}

Server::~Server() {
  if (acceptor_thread_.joinable()) {
    stop();
    stop();
  }
  end_workers();
  wait();
}

void Server::start() {
  for (std::size_t i = 0; i < config_.threads; ++i) workers_.emplace_back(run_worker, std::cref(*services_));
  acceptor_thread_ = std::thread([this] { run_acceptor(); });
  for (const std::string& url : urls_) trace_.listening(url);
}

void Server::run_acceptor() {
  acceptor_->run();
  end_workers();
  ended_event_.set();
}

/// What is still running after the drain is ended: scripts by their stop event. Clients that wait for a
/// gateway place are told 503.
void Server::end_workers() {
  stop_event_.set();
  for (ConnectionPtr& waiting : gateways_.take_expired(TimePoint::max(), config_.cgi.queue)) {
    waiting->expired = true;
    queue_.push(std::move(waiting));
  }
  queue_.close();
}

void Server::wait() {
  if (acceptor_thread_.joinable()) acceptor_thread_.join();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

}  // namespace tinyhttpd
