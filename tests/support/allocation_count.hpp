// Counts what a thread asks of the heap, so that a test can say that something asks for nothing.
#pragma once

#include <cstdint>

namespace tinyhttpd {

/// How often this thread has called operator new. What a C library takes for itself is not counted.
std::uint64_t allocations_of_this_thread();

}  // namespace tinyhttpd
