#include "tinyhttpd/explanation.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/http.hpp"

using namespace tinyhttpd;

namespace {

bool is_told(Explained explained, const std::string& address, Request request = {}) {
  Endpoints endpoints;
  endpoints.remote_address = address;
  return is_explained_to(explained, request, endpoints);
}

}  // namespace

TEST_CASE("a failure is explained to nobody, to this machine, or to everybody") {
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1"}) {
    CHECK_FALSE(is_told(Explained::to_nobody, address));
    CHECK(is_told(Explained::to_this_machine, address));
    CHECK(is_told(Explained::to_everybody, address));
  }
  for (const char* address : {"192.0.2.1", "2001:db8::1", "1127.0.0.1", "::1:1", ""}) {
    CHECK_FALSE(is_told(Explained::to_nobody, address));
    CHECK_FALSE(is_told(Explained::to_this_machine, address));
    CHECK(is_told(Explained::to_everybody, address));
  }
}

TEST_CASE("whoever comes through a proxy on this machine is not of this machine") {
  for (const char* field : {"Forwarded", "X-Forwarded-For", "Via"}) {
    Request request;
    request.fields.push_back({field, "192.0.2.1"});
    CHECK_FALSE(is_told(Explained::to_this_machine, "127.0.0.1", request));
    CHECK(is_told(Explained::to_everybody, "127.0.0.1", request));
  }
}
