// Answers with a file of the document root, as the tutorial's serve_file does.
#pragma once

#include <string_view>

#include "tinyhttpd/compressed_texts.hpp"
#include "tinyhttpd/document_root.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/http_date.hpp"
#include "tinyhttpd/kept_files.hpp"
#include "tinyhttpd/media_type.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

/// What stays the same from file to file. Borrowed, and safe for many threads.
struct FileHost {
  const DocumentRoot& root;
  const MediaTypes& types;
  bool gzip;                     ///< text is compressed on the fly
  CompressedTexts& compressed;   ///< what has been, by the state of its file
  KeptFiles& kept;               ///< what has been sent, ready to be sent again
  std::string_view first_index;  ///< the name that stands for a folder before all others
};

/// The answer to a GET or HEAD for the file at `path` (normalised). First the representation is chosen: the
/// file, its .br or .gz sibling (unless that is older than the file), or the file compressed here, by
/// Accept-Encoding (RFC 9110 section 12.5.3); each has its own ETag, and Vary says so where there was a
/// choice. Then 200, 206, 304, or 416 of that representation, with ETag, Last-Modified and Content-Type
/// (sections 8, 13, 14). 404 when there is no regular file, 403 when it may not be read, also by others than
/// its owner; 406 when the client takes no coding there is; 412 when a condition fails; 503 when the server
/// is out of descriptors, or busy compressing for a client that takes nothing else. `now`: the time of the
/// answer.
Result<Response> serve_file(const Request& request, std::string_view path, const FileHost& host,
                            UnixTime now);

/// The answer with a file that host.kept has found: 200 or 304; 412 when a condition fails.
Result<Response> serve_kept(const Request& request, const KeptFilePtr& file, UnixTime now);

/// The file at `path` as the page of an error: always whole, with this status, without validators. Errors as
/// above.
Result<Response> serve_error_page(Status status, std::string_view path, const FileHost& host);

}  // namespace tinyhttpd
