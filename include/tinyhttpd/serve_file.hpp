// Answers with a file of the document root, as the tutorial's serve_file does.
#pragma once

#include <string_view>

#include "tinyhttpd/document_root.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/http_date.hpp"
#include "tinyhttpd/media_type.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

/// The answer to a GET or HEAD for the file at `path` (normalised): 200, 206, 304, or 416, with ETag,
/// Last-Modified and Content-Type (RFC 9110 sections 8, 13, 14). 404 when there is no regular file, 403 when
/// it may not be read, also by others than its owner; 412 when a condition fails; 503 when the server is out
/// of descriptors. `now`: the time of the answer.
Result<Response> serve_file(const Request& request, std::string_view path, const DocumentRoot& root,
                            const MediaTypes& types, UnixTime now);

}  // namespace tinyhttpd
