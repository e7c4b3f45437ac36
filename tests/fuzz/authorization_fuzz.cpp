// Authorization and password files: any bytes give credentials or none, names or a reason; what is read means
// what was written.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/base64.hpp"
#include "tinyhttpd/password_file.hpp"
#include "tinyhttpd/password_hash.hpp"

using namespace tinyhttpd;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool holds_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

/// What is read can be written again, and is nothing that a password file cannot hold.
void check_authorization(std::string_view value) {
  const auto credentials = parse_basic_credentials(value);
  if (!credentials) return;
  require(credentials->user.find(':') == std::string::npos);
  require(!holds_control(credentials->user) && !holds_control(credentials->password));
  const std::string base64 = encode_base64(credentials->user + ":" + credentials->password);
  require(value.ends_with(" " + base64));
}

/// Every pair without control bytes gets through.
void check_pair(std::string_view pair) {
  const auto credentials = parse_basic_credentials("basic  " + encode_base64(pair));
  const bool is_pair = pair.find(':') != pair.npos && !holds_control(pair);
  require(credentials.has_value() == is_pair);
  if (is_pair) require(credentials->user + ":" + credentials->password == pair);
}

/// The entries, written one a line, are the same entries.
void check_file(std::string_view text) {
  const auto entries = parse_password_file(text);
  if (!entries) {
    require(entries.error().starts_with("line "));
    return;
  }
  std::string written;
  for (const auto& [name, hash] : *entries) {
    require(!name.empty() && scheme_of(hash) != HashScheme::unknown);
    written.append(name).append(":").append(hash).append("\n");
    if (is_usable_hash(hash)) require(is_usable_hash(dummy_hash(hash)));
  }
  const bool ends_in_cr = written.find("\r\n") != std::string::npos;  // of "\r\r\n" one stays
  const bool begins_with_mark = written.starts_with("\xEF\xBB\xBF");
  if (ends_in_cr || begins_with_mark) return;
  const auto again = parse_password_file(written);
  require(again && *again == *entries);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_authorization(text);
  check_authorization("Basic " + std::string(text));
  check_pair(text);
  check_file(text);
  return 0;
}
