// Giving up what only the start needs: another root folder, another user.
#pragma once

#include <string>

#include "tinyhttpd/process.hpp"

namespace tinyhttpd {

/// Makes `folder` the process's "/" and its working folder (chroot(2)). Throws std::system_error that names
/// it. For all threads; open descriptors still lead out of it, so that those of folders should be
/// close-on-exec.
void enter_root(const std::string& folder);

/// Becomes this user for good: groups, group and user, real, effective and saved; and makes sure there is no
/// way back to root. For all threads (the C library sees to that). Throws std::system_error that names the
/// step.
void become(const Credentials& credentials);

}  // namespace tinyhttpd
