// The values of the options of "Static files": read and checked as what they stand for in HTTP.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/option_value.hpp"

namespace tinyhttpd {

/// "EXT=TYPE": the extension in lower case without its dot, and a media type, parameters allowed (RFC 9110
/// section 8.3.1).
std::pair<std::string, std::string> media_type_from(const OptionValue& value);

/// "CODE=/PATH": the status of a refusal this server gives, and the path of a page, normalised and decoded as
/// a request's path is, without a hidden name in it.
std::pair<int, std::string> error_page_from(const OptionValue& value);

/// "/OLD=/NEW". OLD is written as in a URL; with a '*' at its end it is a prefix. NEW is a path or an http(s)
/// URL, percent-encoded here where it must be; a '*' at the end of its path says where the rest goes.
/// Refused: what would let a client choose the host that an answer leads to.
Redirect redirect_from(const OptionValue& value);

/// The first of the redirects that sends a client round in a circle, or ever further, by itself or by way of
/// the others. Those to URLs lead out of this server.
std::optional<std::size_t> endless_redirect(const std::vector<Redirect>& redirects);

/// "Name: value". Refused: a name that is no token, control bytes, and the fields that the server decides by
/// itself.
ConfiguredField field_from(const OptionValue& value);

}  // namespace tinyhttpd
