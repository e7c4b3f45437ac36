// What runs in a process group beside its leader.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace tinyhttpd {

/// How many processes of the group `leader` leads have not ended, the leader itself not counted. Looks
/// through all of /proc: for a tool, not for a server at work. 0 where there is no /proc.
std::size_t count_followers(pid_t leader);

}  // namespace tinyhttpd
