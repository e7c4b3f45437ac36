// Runs a command line program with the request as a JSON event on its standard input, and answers with the
// JSON it prints: the documents' tinyServer, without a shell.
#pragma once

#include "tinyhttpd/exchange.hpp"
#include "tinyhttpd/response.hpp"
#include "tinyhttpd/result.hpp"
#include "tinyhttpd/start_script.hpp"

namespace tinyhttpd {

/// Starts the command of a --json rule, gives it the event (json_event.hpp), reads all it prints and answers
/// with that. A rule for an extension appends the script's path to the arguments, and runs it in its folder;
/// one for a prefix runs in the document root. The limits, log lines and failures are those of CGI; a status
/// other than 0 is a failure, whatever was printed. The environment is the one of CGI without what comes
/// from the request: PATH and --cgi-env.
Result<Response> invoke_json(const Exchange& exchange, const ScriptTarget& script, const JsonRule& rule,
                             const CgiHost& host);

}  // namespace tinyhttpd
