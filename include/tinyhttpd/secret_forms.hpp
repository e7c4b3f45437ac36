// The ways in which programs write a value that they were given: what has to be covered is covered in each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tinyhttpd {

/// `secret` itself, and it percent-decoded, percent-encoded (RFC 3986 section 2.1) with digits of either
/// case, in base64 (RFC 4648
/// section 4), and escaped as it is within a JSON string (RFC 8259 section 7) and within HTML. Some may be
/// the same.
std::vector<std::string> forms_of_secret(std::string_view secret);

}  // namespace tinyhttpd
