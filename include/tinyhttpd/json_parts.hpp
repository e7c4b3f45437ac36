// The parts of which the JSON of an exchange is made. For exchange_json alone.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tinyhttpd/masked_text.hpp"
#include "tinyhttpd/recorded_exchange.hpp"

namespace tinyhttpd {

/// Members in the order in which they were set.
using Json = nlohmann::ordered_json;

/// {number, name, total, kept, closed, bytes_base64}. The first `head_bytes` are a head.
Json stream_json(const RecordedStream& stream, int number, std::string_view name, const MaskedText& masked,
                 std::size_t head_bytes = 0);

/// What ran, or null: path, file, folder, arguments, environment with its sources, what is absent and what
/// was withheld, descriptors, head, exit, backend, records.
Json script_json(const RecordedExchange& exchange, const MaskedText& masked);

/// The request: line, head, fields, body.
Json request_json(const RecordedExchange& exchange, const MaskedText& masked);

/// The answer: head, status, body_bytes, complete, changes.
Json answer_json(const RecordedExchange& exchange, const MaskedText& masked);

/// `json` as text. Never throws for what is no UTF-8.
std::string dump(const Json& json);

}  // namespace tinyhttpd
