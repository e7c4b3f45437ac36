// An exchange as files for other programs: a drawing, an archive, a command. All without its secrets.
#pragma once

#include <cstddef>
#include <string>

namespace tinyhttpd {

struct RecordedExchange;

/// A sequence diagram in the language of Mermaid: client, acceptor, queue, worker, and the script or backend,
/// with every step in words and its time. Where there are more than kMostPieces pieces of bytes, those that
/// follow one another are one arrow. Text from outside is escaped so that it can be nothing but text.
std::string exchange_mermaid(const RecordedExchange& exchange);
inline constexpr std::size_t kMostPieces = 12;

/// An HTTP archive (HAR 1.2) with this one entry, as browsers save them. The content is there where the
/// script's output was kept whole, in base64 where it is no UTF-8.
std::string exchange_har(const RecordedExchange& exchange);

/// A text for a POSIX shell that runs the script as the server did: in its folder, with its environment and
/// nothing else, its body on standard input. Where no script of this machine ran, a curl command that sends
/// the request again. Printable, whatever bytes the request held, so that a terminal it is pasted into sees
/// no control byte; what is masked is named in a comment.
std::string exchange_shell(const RecordedExchange& exchange);

}  // namespace tinyhttpd
