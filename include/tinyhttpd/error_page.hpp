// The page of a refused request: what went wrong, and what whoever sees it can do.
#pragma once

#include <string>

#include "tinyhttpd/diagnosis.hpp"
#include "tinyhttpd/status.hpp"

namespace tinyhttpd {

/// Whether this server refuses requests with a status of this number.
bool is_refusal(int number);

/// The page for a status. Nothing of the request is in it, so nothing of the request can become a script in
/// the reader's browser.
std::string error_page(Status status);

/// The page for a status, with what is wrong with the script behind it: for whoever writes that script, not
/// for visitors, who would learn of its names and its output. All of `diagnosis` is escaped. nullptr: the
/// page for visitors.
std::string error_page(Status status, const Diagnosis* diagnosis);

}  // namespace tinyhttpd
