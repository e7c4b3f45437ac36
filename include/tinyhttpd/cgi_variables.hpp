// The variables of a script explained: where each came from, and which section of RFC 3875 asks for it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tinyhttpd {

struct RecordedExchange;

/// What a variable was made of.
enum class VariableKind {
  request_line,
  header,  ///< a field of the request
  connection,
  setting,  ///< an option of the server
  server,   ///< the server says it of itself, always the same
  route,    ///< where the path was found to lead
  body,
  authentication,
};

/// "request-line".
std::string_view name_of(VariableKind kind);

/// One variable of a script. Texts may hold raw bytes of the request.
struct VariableOrigin {
  std::string name, value;
  VariableKind kind{};
  std::string from;         ///< in a few words: "the header Host"
  std::string section;      ///< "RFC 3875 section 4.1.14"; "" for a custom of other servers
  std::string explanation;  ///< a sentence that says how it was made; never the value of a header
};

/// All of the exchange's environment, in its order.
std::vector<VariableOrigin> explain_variables(const RecordedExchange& exchange);

/// A meta-variable of RFC 3875 section 4.1 that the script did not get.
struct AbsentVariable {
  std::string name, section, why;
};

/// Those that are not in the exchange's environment, in the order of the sections. Nothing where no script
/// and no backend was asked.
std::vector<AbsentVariable> absent_variables(const RecordedExchange& exchange);

/// A field of the request that did not become a variable of its own.
struct WithheldField {
  std::string name, why;
};

/// Those of the exchange, in the order of the request; nothing where no script and no backend was asked.
std::vector<WithheldField> withheld_fields(const RecordedExchange& exchange);

}  // namespace tinyhttpd
