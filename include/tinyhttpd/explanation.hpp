// Who reads on an error page what went wrong with a script: it quotes what the script said.
#pragma once

#include "tinyhttpd/config.hpp"

namespace tinyhttpd {

struct Endpoints;
struct Request;

/// Whether the sender of the request is one of `explained`. Of this machine is who comes from a loopback
/// address, and not through a proxy, which says so in Forwarded, X-Forwarded-For or Via.
bool is_explained_to(Explained explained, const Request& request, const Endpoints& endpoints);

}  // namespace tinyhttpd
