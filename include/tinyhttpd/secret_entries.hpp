// Secrets in what a client sends: a query, a form, JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tinyhttpd {

/// One value that its name says is secret (is_secret_name), as it stands in the text or decoded.
struct SecretEntry {
  std::string name;
  std::string value;
};

/// Those of "name=value&name=value", as HTML forms write it: each value as it stands, and, where that is
/// another text, with '+' as blanks. What is no such text has none, or some that do no harm.
std::vector<SecretEntry> secrets_of_query(std::string_view text);

/// Those of the members of JSON objects, at any depth, whose values are strings: each as it stands between
/// its quotes, and, where that is another text, with its escapes of one character undone. The text need not
/// be whole, nor JSON: it is looked through for `"name": "value"`.
std::vector<SecretEntry> secrets_of_json(std::string_view text);

}  // namespace tinyhttpd
