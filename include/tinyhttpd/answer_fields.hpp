// The fields of an answer that somebody else made: which of them the client may get, whatever form they came
// in.
#pragma once

#include <string_view>

namespace tinyhttpd {

/// Whether a program that answers has no say in the field of that name: those of the connection (RFC 9110
/// section 7.6.1), those that this server writes itself, those that are only for a server (RFC 3875 section
/// 6.3.5), and those by which other servers let a program name a file to send in its place (X-Sendfile,
/// X-Accel-*). Such a field is dropped. Content-Length is not among them: it says something of the body that
/// comes.
bool is_for_the_server(std::string_view name);

/// Whether `value` holds a control byte other than the tab, as no field value may (RFC 9110 section 5.5).
bool has_control_byte(std::string_view value);

}  // namespace tinyhttpd
