// What --check-config prints.
#pragma once

#include <string>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/option_sources.hpp"

namespace tinyhttpd {

/// What would be served, where, and by which settings that differ from the defaults, each with where it was
/// said ("tinyhttpd.conf line 3"). `config` is what `given` came to. Within 100 columns. Call it before the
/// rights to read that again are given up: a --chroot and a --user in `given` are looked at once more.
std::string configuration_text(const Given& given, const Config& config);

}  // namespace tinyhttpd
