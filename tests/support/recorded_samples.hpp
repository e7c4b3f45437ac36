// Recorded exchanges, made by hand, for tests of those who show them.
#pragma once

#include <string>
#include <vector>

#include "tinyhttpd/recorded_exchange.hpp"

namespace tinyhttpd::testing {

/// GET of a script that prints its environment: secrets in the request, in what it prints and in a cookie it
/// sets.
RecordedExchange cgi_sample();

/// POST of every byte there is, in chunks, to a script that answers by Status.
RecordedExchange post_sample();

/// A script that ended without an empty line.
RecordedExchange failed_sample();

/// A FastCGI application, over a connection that was kept.
RecordedExchange fastcgi_sample();

/// A program that got its request as a JSON event.
RecordedExchange json_sample();

/// A file; no script ran.
RecordedExchange file_sample();

/// A request that was refused before its head was complete.
RecordedExchange refused_sample();

/// Bytes that mean something to terminals, shells, HTML, JSON and Mermaid, wherever a client or a script can
/// put them.
RecordedExchange hostile_sample();

/// Those bytes.
const std::string& hostile_bytes();

/// The secrets that the samples of scripts hold in many places, in every form: nobody may show one.
const std::vector<std::string>& sample_secrets();

}  // namespace tinyhttpd::testing
