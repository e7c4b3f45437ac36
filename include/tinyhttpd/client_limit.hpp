// How many connections each client has, so that one cannot take them all.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace tinyhttpd {

/// Counts connections by address: an IPv4 address, or the first 64 bits of an IPv6 address, which one
/// subscriber has as a whole. In a tree, not a hash table: no client can choose addresses that collide. Any
/// thread.
class ClientLimit {
 public:
  /// One counted connection; it is over when this is destroyed. An empty one counts nothing.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept;
    Place& operator=(Place&& other) noexcept;
    ~Place();

   private:
    friend class ClientLimit;
    Place(ClientLimit& limit, std::string client);
    ClientLimit* limit_ = nullptr;
    std::string client_;
  };

  /// A place for one more connection of this address ("192.0.2.1", "2001:db8::1"; not counted when it is
  /// empty: a Unix socket has no address); none when it has `most` already.
  std::optional<Place> enter(std::string_view address, std::size_t most);

  /// How many clients have a connection.
  std::size_t clients() const;

 private:
  void leave(const std::string& client);

  mutable std::mutex mutex_;  // guards counts_
  std::map<std::string, std::size_t, std::less<>> counts_;
};

}  // namespace tinyhttpd
