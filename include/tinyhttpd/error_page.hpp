// The page of a refused request: what went wrong, and what whoever sees it can do.
#pragma once

#include <string>

#include "tinyhttpd/status.hpp"

namespace tinyhttpd {

/// Whether this server refuses requests with a status of this number.
bool is_refusal(int number);

/// The page for a status. Nothing of the request is in it, so nothing of the request can become a script in
/// the reader's browser.
std::string error_page(Status status);

}  // namespace tinyhttpd
