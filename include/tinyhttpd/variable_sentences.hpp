// The words about meta-variables, one row for each that this server knows. For cgi_variables.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tinyhttpd/cgi_variables.hpp"

namespace tinyhttpd {

class VariableFacts;

/// Where one variable of one exchange came from.
struct VariableStory {
  VariableKind kind;
  std::string from;
  std::string explanation;
};

/// A variable that a server sets by itself.
struct VariableRow {
  std::string_view name;
  std::string_view section;  ///< of RFC 3875: "4.1.1"; "": it is not in there
  VariableStory (*tell)(std::string_view value, const VariableFacts& facts);
};

/// All of them, those of RFC 3875 first and in its order.
std::span<const VariableRow> variable_rows();

/// Why a meta-variable of RFC 3875 is not in the environment.
std::string why_absent(std::string_view name, const VariableFacts& facts);

/// Why a field of the request is not in the environment as HTTP_*; "" where it is.
std::string why_withheld(std::string_view field_name, const VariableFacts& facts);

}  // namespace tinyhttpd
