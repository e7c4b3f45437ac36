// The authority of an http URI, which is also the value of Host: a host and perhaps a port (RFC 3986
// section 3.2).
#pragma once

#include <string_view>

namespace tinyhttpd {

/// The parts of "host", "host:port", "[::1]:port"; `port` is "" when there is none. False when it is not a
/// valid authority for an http URI (RFC 9110 section 4.2, RFC 3986 section 3.2): no host, a user part, an
/// empty label, a label that begins with '-', anything but letters, digits, '-', '_' and '.' in a name, a bad
/// IPv6 address, a port over 65535. One final '.' is allowed, and so is an empty port ("host:").
bool split_authority(std::string_view authority, std::string_view& host, std::string_view& port);

}  // namespace tinyhttpd
