// Which form of a file answers a request: the file itself, or one that is coded smaller.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/conditional.hpp"
#include "tinyhttpd/content_coding.hpp"
#include "tinyhttpd/document_root.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/http_date.hpp"
#include "tinyhttpd/kept_files.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

struct FileHost;

/// One of the representations of a file (RFC 9110 section 3.2).
struct Representation {
  OpenFile file;                               ///< its bytes; or those it is made of, when it is made here
  std::vector<KeptFile::Origin> origins = {};  ///< what it is or is made of
  Coding coding = Coding::identity;
  bool made_here = false;      ///< compressed by compressed_text(), once it is needed
  bool negotiated = false;     ///< by another Accept-Encoding it might have been another: Vary
  std::string media_type;      ///< of the file when decoded
  Validators validators = {};  ///< its own: every coding has another ETag (RFC 9110 section 8.8.3.3)
};

/// Opens the regular file at `path`. 404 when there is none, 403 when it may not be read, also by others than
/// its owner, 503 when the server is out of descriptors.
Result<OpenFile> open_for_everybody(const DocumentRoot& root, std::string_view path);

/// The representation of the file at `path` that the request's Accept-Encoding likes best, among the file,
/// its sibling with .br or .gz (of a compressible type alone: an image.png.gz is a download of its own), and
/// the file compressed here. Errors as open_for_everybody(); 406 when the client takes none.
Result<Representation> choose_representation(const Request& request, std::string_view path,
                                             const FileHost& host, UnixTime now);

/// All of the file. None when it was not read whole, or is not any more what it was when it was opened.
std::optional<std::string> read_whole(const OpenFile& file);

/// The bytes of a representation that is made here, out of the cache where it has them. Null when the file
/// cannot be read whole, or changes meanwhile: what was read may be neither the old file nor the new one.
SharedText compressed_text(const Representation& representation, const FileHost& host, UnixTime now);

}  // namespace tinyhttpd
