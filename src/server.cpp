#include "tinyhttpd/server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "tinyhttpd/privileges.hpp"

namespace tinyhttpd {
namespace {

/// Descriptors a worker may need at once: three pipes, the script's process, its folder, a file, a body that
/// is stored.
constexpr std::size_t kDescriptorsPerWorker = 12;
/// For listeners, logs, libraries, clients that are turned away, and files that are kept open.
constexpr std::size_t kDescriptorsForAll = 256;
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

std::optional<Credentials> credentials_or_none(const std::string& user) {
  if (user.empty()) return std::nullopt;
  return credentials_of(user);
}

/// Takes the descriptors that so many are needed of, as far as the hard limit allows. Returns the limits
/// before and now.
std::pair<rlim_t, rlim_t> raise_descriptors(rlim_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {wanted, wanted};
  const rlim_t before = limit.rlim_cur;
  if (before >= wanted) return {before, before};
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
  return {before, limit.rlim_cur};
}

/// What a person can put into a browser on this machine, or a proxy's configuration.
std::string url_of(const SocketAddress& address) {
  if (address.address.starts_with("unix:")) return address.address;
  const bool everywhere = address.address == "::" || address.address == "0.0.0.0";
  const bool is_ipv6 = address.address.find(':') != std::string::npos;
  const std::string host = everywhere ? "localhost" : is_ipv6 ? "[" + address.address + "]" : address.address;
  const std::string url = "http://" + host + ":" + std::to_string(address.port) + "/";
  return everywhere ? url + " (every address)" : url;
}

/// Half of the processors are left for all that is not a password, and one worker for what is quick.
std::size_t hashings_at_once(const Config& config) {
  const std::size_t processors = std::max(2U, std::thread::hardware_concurrency());
  const std::size_t slow = config.cgi.max_running + 1;
  return std::clamp<std::size_t>(config.threads - std::min(config.threads, slow), 1, processors / 2);
}

}  // namespace

Server::Server(Config config, Trace& trace, Handover handover, Application* application)
    : config_(std::move(config)),
      trace_(trace),
      application_(application),
      system_types_(load_media_types()),
      script_credentials_(credentials_or_none(config_.cgi.user)),
      queue_(config_.queue, std::max(1U, std::thread::hardware_concurrency())),
      lanes_{Lane(config_.cgi.max_running, config_.cgi.queue),
             Lane(hashings_at_once(config_), config_.cgi.queue)} {
  startup(std::move(handover));
}

/// Opens the listening sockets, as the tutorial's startup; port 0 becomes the free one the kernel chose. What
/// only the start may do comes first, then the rights to it are given up, and only then the folder is opened
/// that clients see.
void Server::startup(Handover handover) {
  fit_to_descriptors();
  std::vector<Listener> listeners;
  if (!handover.client) listeners = listen(std::move(handover.sockets));
  for (const Listener& listener : listeners) {
    if (port_ == 0) port_ = listener.address.port;
    urls_.push_back(url_of(listener.address));
  }
  const std::optional<Credentials> credentials = credentials_or_none(config_.user);
  if (!config_.chroot.empty()) enter_root(config_.chroot);
  if (credentials) become(*credentials);

  site_.emplace(make_site(config_));
  acceptor_ = std::make_unique<Acceptor>(std::move(listeners), *site_, queue_, lanes_, draining_,
                                         connections_, trace_);
  services_.emplace(Services{*site_, stop_event_.fd(), queue_, lanes_, *acceptor_, trace_, last_id_,
                             draining_, application_});
  if (handover.client) acceptor_->take_client(std::move(handover.client));
}

std::vector<Listener> Server::listen(std::vector<UniqueFd> sockets) const {
  if (sockets.empty()) return open_listeners(config_.bind, config_.port);
  std::vector<Listener> listeners;
  listeners.reserve(sockets.size());
  for (UniqueFd& socket : sockets) listeners.push_back(adopt_listener(std::move(socket)));
  return listeners;
}

/// Takes the descriptors the hard limit allows, and admits no more clients than those suffice for.
void Server::fit_to_descriptors() {
  const rlim_t reserved = config_.threads * kDescriptorsPerWorker + kDescriptorsForAll;
  const auto [before, now] = raise_descriptors(descriptors_for(config_.max_connections) + reserved);
  // What is raised for us is not for scripts: select() cannot count past 1023.
  if (now > before) script_descriptors_ = before;
  const rlim_t left = now > reserved ? now - reserved : 0;
  max_connections_ = std::clamp<std::size_t>(left * 4 / 5, 1, config_.max_connections);
  if (max_connections_ < config_.max_connections)
    trace_.warning("--max-connections lowered to " + std::to_string(max_connections_) +
                   ": more would run out of descriptors");
}

SitePtr Server::make_site(Config config) const {
  config.max_connections = max_connections_;
  if (!config.cgi.limits.files) config.cgi.limits.files = script_descriptors_;
  auto site = std::make_shared<const Site>(
      std::move(config), system_types_, script_credentials_ ? &*script_credentials_ : nullptr,
      stop_event_.fd(), [this](const std::string& what) { trace_.warning(what); });
  for (const std::string& doubt : doubts_about(*site)) trace_.warning(doubt);
  return site;
}

void Server::reload(Config config) {
  const SitePtr before = site_->get();
  site_->replace(make_site(std::move(config)));
  before->retire();
}

Server::~Server() {
  // The acceptor ends the workers once it queues nothing any more: each connection must end before it does.
  if (acceptor_thread_.joinable()) {
    stop();
    stop();
  }
  wait();
}

void Server::start() {
  for (std::size_t i = 0; i < config_.threads; ++i)
    workers_.emplace_back(run_worker, std::cref(*services_), i);
  acceptor_thread_ = std::thread([this] { run_acceptor(); });
  for (const std::string& url : urls_) trace_.listening(url);
}

void Server::run_acceptor() {
  acceptor_->run();
  end_workers();
  ended_event_.set();
}

/// What is still running after the drain is ended: scripts by their stop event. Clients that wait for a
/// place are told 503.
void Server::end_workers() {
  stop_event_.set();
  for (ConnectionPtr& waiting : lanes_.take_expired(TimePoint::max(), 2 * config_.cgi.queue)) {
    waiting->expired = true;
    queue_.push(std::move(waiting));
  }
  queue_.close();
}

ServerFigures Server::figures() const {
  return {.workers = config_.threads,
          .busy = queue_.busy(),
          .queue = queue_.size(),
          .queue_capacity = queue_.capacity(),
          .gateways = figures_of(lanes_.gateways),
          .passwords = figures_of(lanes_.passwords),
          .connections = connections_.served,
          .max_connections = max_connections_,
          .draining = draining_};
}

void Server::wait() {
  if (acceptor_thread_.joinable()) acceptor_thread_.join();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

}  // namespace tinyhttpd
