// The values of the options of "Other gateways": who answers where, and where a password is asked for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/option_value.hpp"

namespace tinyhttpd {

/// "WHERE=BACKEND,BACKEND…". WHERE is an extension with its dot, or a path prefix between slashes, written as
/// requests are compared: decoded and normalised. A BACKEND is unix:/path or host:port, IPv6 in brackets;
/// nobody need listen there yet, and no name is looked up.
FastcgiRule fastcgi_rule_from(const OptionValue& value);

/// "WHERE=COMMAND". The command is split into words at blanks; quotes and backslashes keep them together, as
/// Boost.Program_options' split_unix has it: a quote of either kind ends what one of either kind began. There
/// is no shell, so nothing else means anything. A program without '/' is looked for in PATH, here and now.
/// The rule holds its absolute path, within `chroot` where that is not empty.
JsonRule json_rule_from(const OptionValue& value, const std::string& chroot);

/// "/PATH=FILE" or "/PATH=FILE:REALM". The file must be readable now, within `chroot` where that is not
/// empty; what is in it is not looked at. A name with ':' in it is taken as a whole when there is such a
/// file. The realm is the path when none is said, so that a browser keeps the passwords of two places apart.
AuthRule auth_rule_from(const OptionValue& value, const std::string& chroot);

/// Whether two places are one: extensions are compared in any case, prefixes byte by byte.
bool is_same_place(std::string_view one, std::string_view other);

/// Which of the places, in the order in which they count, an earlier one leaves nothing of: "/app/admin/"
/// behind "/app/", all behind "/".
std::vector<std::size_t> shadowed_places(const std::vector<std::string>& places);

}  // namespace tinyhttpd
