// Asking the server again what somebody asked it before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tinyhttpd/deadline.hpp"
#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

/// The head of a recorded request (as it was received) as it is sent again: with a body of so many bytes in
/// one piece, where it had one, and a connection that ends with the answer. All other fields stay.
std::string replayed_head(std::string_view head, std::size_t body_bytes);

/// Sends a request to the server at `address` ("127.0.0.1:4000", "unix:/path") and reads the answer to its
/// end. The port it was sent from, by which the server knew it; 0 for a Unix socket. The error says in words
/// what failed. Waits until `deadline` at most.
Result<std::uint16_t, std::string> send_again(const std::string& address, std::string_view head,
                                              std::string_view body, TimePoint deadline);

/// Where a server is reached that says it is at `url` ("http://localhost:4000/ (every address)",
/// "unix:/path").
std::string address_of(std::string_view url);

}  // namespace tinyhttpd
