#include "tinyhttpd/client_limit.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <utility>

namespace tinyhttpd {

namespace {

constexpr std::size_t kSubscriberBytes = 8;  // of the sixteen of an IPv6 address

/// Whom an address counts for. Text that is no IPv6 address stands for itself.
std::string client_of(std::string_view address) {
  std::string client(address);
  in6_addr ipv6{};
  if (::inet_pton(AF_INET6, client.c_str(), &ipv6) != 1) return client;
  // The bytes as they are: text can write one address in several ways. The ':' keeps them apart from all text
  // that is an IPv4 address.
  client.assign(1, ':').append(reinterpret_cast<const char*>(ipv6.s6_addr), kSubscriberBytes);
  return client;
}

}  // namespace

ClientLimit::Place::Place(ClientLimit& limit, std::string client)
    : limit_(&limit), client_(std::move(client)) {}

ClientLimit::Place::Place(Place&& other) noexcept
    : limit_(std::exchange(other.limit_, nullptr)), client_(std::move(other.client_)) {}

ClientLimit::Place& ClientLimit::Place::operator=(Place&& other) noexcept {
  if (this == &other) return *this;
  if (limit_ != nullptr) limit_->leave(client_);
  limit_ = std::exchange(other.limit_, nullptr);
  client_ = std::move(other.client_);
  return *this;
}

ClientLimit::Place::~Place() {
  if (limit_ != nullptr) limit_->leave(client_);
}

std::optional<ClientLimit::Place> ClientLimit::enter(std::string_view address, std::size_t most) {
  if (address.empty()) return Place();
  std::string client = client_of(address);
  const std::lock_guard lock(mutex_);
  const auto counted = counts_.find(client);
  const std::size_t connections = counted == counts_.end() ? 0 : counted->second;
  if (connections >= most) return std::nullopt;
  if (connections == 0) {
    counts_.emplace(client, 1);
  } else {
    ++counted->second;
  }
  return Place(*this, std::move(client));
}

std::size_t ClientLimit::clients() const {
  const std::lock_guard lock(mutex_);
  return counts_.size();
}

void ClientLimit::leave(const std::string& client) {
  const std::lock_guard lock(mutex_);
  const auto counted = counts_.find(client);
  if (counted != counts_.end() && --counted->second == 0) counts_.erase(counted);
}

}  // namespace tinyhttpd
