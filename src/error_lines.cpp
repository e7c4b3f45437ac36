#include "tinyhttpd/error_lines.hpp"

#include <algorithm>

namespace tinyhttpd {

void ErrorLines::add(std::string_view bytes) {
  if (bytes_ >= kMaxErrorBytes) return;
  bytes_ += bytes.size();
  line_.append(bytes);
  tell(false);
  if (bytes_ < kMaxErrorBytes) return;
  tell(true);
  trace_.cgi_error_line(id_, script_name_, "(more of its standard error is read and not logged)");
}

/// Tells of every complete line, and of `all` of the rest when no more will come.
void ErrorLines::tell(bool all) {
  std::string_view rest = line_;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end == rest.npos && rest.size() < kErrorPieceBytes && !all) break;
    const std::string_view line = rest.substr(0, std::min(end, kErrorPieceBytes));
    trace_.cgi_error_line(id_, script_name_, line);
    rest.remove_prefix(std::min(rest.size(), line.size() + (line.size() == end ? 1 : 0)));
  }
  line_.erase(0, line_.size() - rest.size());
}

}  // namespace tinyhttpd
