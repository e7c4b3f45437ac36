#include "tinyhttpd/status.hpp"

#include <algorithm>
#include <array>

namespace tinyhttpd {

namespace {

struct RegisteredStatus {
  int code;
  std::string_view phrase;
};

// The HTTP Status Code Registry, in its order: scripts give codes that this server never gives by itself.
constexpr std::array kRegistry = {
    RegisteredStatus{100, "Continue"},
    RegisteredStatus{101, "Switching Protocols"},
    RegisteredStatus{102, "Processing"},
    RegisteredStatus{103, "Early Hints"},
    RegisteredStatus{200, "OK"},
    RegisteredStatus{201, "Created"},
    RegisteredStatus{202, "Accepted"},
    RegisteredStatus{203, "Non-Authoritative Information"},
    RegisteredStatus{204, "No Content"},
    RegisteredStatus{205, "Reset Content"},
    RegisteredStatus{206, "Partial Content"},
    RegisteredStatus{207, "Multi-Status"},
    RegisteredStatus{208, "Already Reported"},
    RegisteredStatus{226, "IM Used"},
    RegisteredStatus{300, "Multiple Choices"},
    RegisteredStatus{301, "Moved Permanently"},
    RegisteredStatus{302, "Found"},
    RegisteredStatus{303, "See Other"},
    RegisteredStatus{304, "Not Modified"},
    RegisteredStatus{305, "Use Proxy"},
    RegisteredStatus{307, "Temporary Redirect"},
    RegisteredStatus{308, "Permanent Redirect"},
    RegisteredStatus{400, "Bad Request"},
    RegisteredStatus{401, "Unauthorized"},
    RegisteredStatus{402, "Payment Required"},
    RegisteredStatus{403, "Forbidden"},
    RegisteredStatus{404, "Not Found"},
    RegisteredStatus{405, "Method Not Allowed"},
    RegisteredStatus{406, "Not Acceptable"},
    RegisteredStatus{407, "Proxy Authentication Required"},
    RegisteredStatus{408, "Request Timeout"},
    RegisteredStatus{409, "Conflict"},
    RegisteredStatus{410, "Gone"},
    RegisteredStatus{411, "Length Required"},
    RegisteredStatus{412, "Precondition Failed"},
    RegisteredStatus{413, "Content Too Large"},
    RegisteredStatus{414, "URI Too Long"},
    RegisteredStatus{415, "Unsupported Media Type"},
    RegisteredStatus{416, "Range Not Satisfiable"},
    RegisteredStatus{417, "Expectation Failed"},
    RegisteredStatus{421, "Misdirected Request"},
    RegisteredStatus{422, "Unprocessable Content"},
    RegisteredStatus{423, "Locked"},
    RegisteredStatus{424, "Failed Dependency"},
    RegisteredStatus{425, "Too Early"},
    RegisteredStatus{426, "Upgrade Required"},
    RegisteredStatus{428, "Precondition Required"},
    RegisteredStatus{429, "Too Many Requests"},
    RegisteredStatus{431, "Request Header Fields Too Large"},
    RegisteredStatus{451, "Unavailable For Legal Reasons"},
    RegisteredStatus{500, "Internal Server Error"},
    RegisteredStatus{501, "Not Implemented"},
    RegisteredStatus{502, "Bad Gateway"},
    RegisteredStatus{503, "Service Unavailable"},
    RegisteredStatus{504, "Gateway Timeout"},
    RegisteredStatus{505, "HTTP Version Not Supported"},
    RegisteredStatus{506, "Variant Also Negotiates"},
    RegisteredStatus{507, "Insufficient Storage"},
    RegisteredStatus{508, "Loop Detected"},
    RegisteredStatus{510, "Not Extended"},
    RegisteredStatus{511, "Network Authentication Required"},
};

}  // namespace

std::string_view reason_phrase(Status status) {
  const auto* const entry = std::find_if(kRegistry.begin(), kRegistry.end(),
                                         [status](const auto& known) { return known.code == code(status); });
  return entry == kRegistry.end() ? std::string_view() : entry->phrase;
}

}  // namespace tinyhttpd
