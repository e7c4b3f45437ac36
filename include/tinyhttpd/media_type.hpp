// Which media type a file name means.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tinyhttpd {

/// Extensions and their types: a table of the program, overlaid by what a mime.types file says. Read-only
/// once built.
class MediaTypes {
 public:
  /// The table of the program alone.
  MediaTypes() = default;

  /// Adds lines of a mime.types file ("type ext ext …", '#' begins a comment).
  void add_lines(std::string_view text);

  /// One extension, without its dot.
  void add(std::string_view extension, std::string type);

  /// The value of Content-Type for a file of this name: text types with "; charset=utf-8", unknown ones
  /// application/octet-stream.
  std::string of(std::string_view file_name) const;

 private:
  std::map<std::string, std::string, std::less<>> added_;
};

/// The extension of the last component with its dot, lower case not applied: ".html"; "" when there is none
/// (".profile" and "name." have none).
std::string_view extension_of(std::string_view path);

/// Whether files of this extension are documents, never programs: .html, .css, .js, images, fonts, archives …
/// (an executable bit on them is an accident of copying). Any case, with its dot or without. "" and what the
/// program does not know are not.
bool is_static_extension(std::string_view extension);

}  // namespace tinyhttpd
