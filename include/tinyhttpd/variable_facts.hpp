// What the explanations of variables look at: the request of an exchange, read once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/head_lines.hpp"

namespace tinyhttpd {

struct RecordedExchange;

/// The request behind an environment. Borrows the exchange.
class VariableFacts {
 public:
  explicit VariableFacts(const RecordedExchange& exchange);

  const RecordedExchange& exchange() const { return exchange_; }
  const std::vector<HeadLine>& fields() const { return fields_; }
  std::optional<std::string_view> field(std::string_view name) const { return value_in(fields_, name); }
  std::optional<std::string_view> variable(std::string_view name) const;

  /// The target names its host, "http://host/…", which counts instead of Host (RFC 9112 section 3.2.2).
  bool has_absolute_target() const;
  /// Another script asked for this one by a local redirect (RFC 3875 section 6.2.2).
  bool is_redirected() const;
  /// The program reads a JSON event and gets no meta-variables.
  bool is_json() const;

 private:
  const RecordedExchange& exchange_;
  std::vector<HeadLine> fields_;
};

/// Whether a field of that name can have a variable of its own: letters, digits and '-' alone.
bool has_own_variable(std::string_view field_name);

/// "HTTP_ACCEPT" of "Accept" (RFC 3875 section 4.1.18).
std::string variable_of_field(std::string_view field_name);

}  // namespace tinyhttpd
