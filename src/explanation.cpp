#include "tinyhttpd/explanation.hpp"

#include "tinyhttpd/cgi_environment.hpp"
#include "tinyhttpd/http.hpp"

namespace tinyhttpd {

bool is_explained_to(Explained explained, const Request& request, const Endpoints& endpoints) {
  if (explained != Explained::to_this_machine) return explained == Explained::to_everybody;
  const std::string& address = endpoints.remote_address;
  const bool is_of_this_machine = address.starts_with("127.") || address == "::1";
  const bool is_passed_on =
      request.field("Forwarded") || request.field("X-Forwarded-For") || request.field("Via");
  return is_of_this_machine && !is_passed_on;
}

}  // namespace tinyhttpd
