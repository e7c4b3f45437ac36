#include "tinyhttpd/failure_phrases.hpp"

#include <algorithm>
#include <array>

#include "tinyhttpd/script_failure.hpp"

namespace tinyhttpd {

namespace {

/// The phrases of a fault that needs no closer look.
struct Entry {
  ScriptFault fault;
  FailurePhrases phrases;
};

constexpr auto kEntries = std::to_array<Entry>({
    {ScriptFault::not_executable,
     {"the file is not executable",
      "the kernel runs a file only if its mode says so, and its source is nobody's business",
      "chmod +x it, or name an interpreter with --cgi-interpreter"}},
    {ScriptFault::interpreter_missing,
     {"line 1 asks for {quoted}, which does not exist here",
      "the kernel starts the program that line 1 names, and that program reads the script",
      "correct the path there, or install that program"}},
    {ScriptFault::interpreter_crlf,
     {"line 1 ends in CRLF, so the kernel looks for {interpreter}",
      "the kernel takes all that follows #!, up to a space or the line feed, for the program's name",
      "save the script with Unix line ends (dos2unix)"}},
    {ScriptFault::no_output,
     {"wrote no output at all",
      "an answer is a header, a blank line, and a page; what a child of its writes after its end is too late",
      "it must print a header, such as Content-Type: text/plain, and a blank line, before it ends"}},
    {ScriptFault::head_too_large,
     {"its header is longer than {number} bytes",
      "up to the first blank line all is header, and the server must keep it until it is whole",
      "print the blank line that ends it"}},
    {ScriptFault::silent,
     {"wrote nothing for {seconds} (--cgi-timeout)",
      "while it waits, a worker of the server and a visitor wait with it, and not for ever",
      "see what it waits for, or raise --cgi-timeout"}},
    {ScriptFault::too_long,
     {"ran for longer than {seconds} (--cgi-max-time)",
      "while it runs, it has a worker of the server to itself, and not for ever",
      "let it do less at a time, or raise --cgi-max-time"}},
    {ScriptFault::redirect_loop,
     {"its local redirects led to more of them, past the limit of {number}",
      "the server follows a Location that is a path of its own, and each led on to another",
      "see whether it redirects to itself"}},
    {ScriptFault::length_mismatch,
     {"wrote fewer bytes than its Content-Length promised: {detail} are missing",
      "the client waits for as many bytes as it was promised; it is cut off, so that it can tell",
      "count bytes and not characters, or leave Content-Length out"}},
    {ScriptFault::stopped,
     {"was ended because the server stops", "a server that stops cannot wait for scripts for long",
      "ask again when it is back"}},
    {ScriptFault::abandoned,
     {"was ended because the client left before the answer was complete",
      "nobody is there to read the rest, and a worker of the server would wait for it",
      "the script needs no mending"}},
    {ScriptFault::backend_unreachable,
     {"no backend can be reached: {detail}",
      "the answer is to come from a program that --fastcgi names, and nobody answers at that address",
      "start it, and compare its address with that of --fastcgi"}},
    {ScriptFault::backend_full,
     {"every backend is busy: {detail}", "each of its processes is at work on another request",
      "wait, or give it more processes: pm.max_children of php-fpm"}},
    {ScriptFault::backend_refused,
     {"the backend refused the request: {detail}",
      "a FastCGI program may say that it does not do what it is asked for (FastCGI 1.0 section 5.5)",
      "see that the program at that address is a FastCGI responder"}},
    {ScriptFault::backend_closed,
     {"the backend {detail} closed the connection before its answer was complete",
      "it crashed, was started anew, or has ended a request that took too long for it",
      "its own log may say why"}},
    {ScriptFault::backend_nonsense,
     {"the backend does not speak FastCGI as it should: {detail}",
      "all that a FastCGI program sends is in records, and this was none that may come here",
      "see that a FastCGI program listens there, and none of HTTP"}},
    {ScriptFault::backend_silent,
     {"the backend sent nothing for {seconds} (--fastcgi-timeout){: detail}",
      "while it is silent, a worker of the server and a visitor wait for it, and not for ever",
      "see what it waits for, or raise --fastcgi-timeout"}},
    {ScriptFault::bad_json,
     {"its output is no JSON answer: {detail}",
      "all that a JSON handler prints is read as one answer, so nothing else may stand there",
      "print the answer once, and all else on standard error"}},
});

constexpr std::string_view kNoHeader = "printed a line that is no header: {quoted}";
constexpr std::string_view kHeaderFirst =
    "up to the first blank line all is header: a name, a colon and a value on each line";

constexpr FailurePhrases kStatusLine = {
    kNoHeader, "the server writes the status line; a script says Status: 404 Not Found",
    "only scripts named nph-… write their own status line"};
constexpr FailurePhrases kPageFirst = {kNoHeader, kHeaderFirst,
                                       "its header must come first, then a blank line, then the page"};
constexpr FailurePhrases kNoColon = {
    kNoHeader, kHeaderFirst, "it has no colon: print nothing before the header, and a blank line after it"};

/// In the order of HeaderFault. A missing colon has three of its own.
constexpr std::array<FailurePhrases, static_cast<std::size_t>(HeaderFault::none) + 1> kBadHeaders = {{
    {kNoHeader, "a script named nph-… answers the client by itself, from the status line on",
     "begin with a status line, such as HTTP/1.1 200 OK"},
    kNoColon,
    {kNoHeader, "what stands before the colon must be a name: one word of letters, digits and hyphens",
     "what stands before the colon is no field name: leave no space in it"},
    {kNoHeader,
     "a line that begins so would continue the one before it; scripts may not (RFC 3875 section 6.3)",
     "it begins with white space: begin it in the first column"},
    {kNoHeader, "some readers would take a control byte for the end of the line, and others would not",
     "it holds a control byte: take it out"},
    {"printed a Status that is no number from 200 to 599: {quoted}",
     "the server makes its own status line of it (RFC 3875 section 6.3.3)",
     "write a number and words, as in Status: 404 Not Found"},
    {"printed a Location that is no address: {quoted}",
     "the client, or the server, is to go where it says (RFC 3875 section 6.3.2)",
     "write a whole URL, or a path that begins with /"},
    {"printed a second field of a kind that may come once: {quoted}",
     "nobody can tell which of the two counts (RFC 3875 section 6.3)", "print it once"},
    {"printed a blank line before its header", "a blank line ends the header, so that there is none",
     "let the header be the first thing that it prints"},
}};

constexpr FailurePhrases kNoBlankLine = {
    "its output has no blank line after the header{last line}",
    "the blank line is what tells the server where the header ends and the page begins",
    "print an empty line between the header and the page"};

constexpr std::string_view kFirstBytes =
    "the kernel runs a file that is a program for this machine, or whose first two bytes are #!";
constexpr FailurePhrases kByteOrderMark = {
    "line 1 begins with a byte order mark, so the kernel does not see its #!", kFirstBytes,
    "save the script as plain UTF-8"};
constexpr FailurePhrases kForeignProgram = {
    "it is no program for this machine, though it begins as a program of Linux does",
    "it was built for another processor, or a part of the file is missing", "build it on this machine"};
constexpr FailurePhrases kNoInterpreter = {
    "it is no program for this machine, and its line 1 names no interpreter", kFirstBytes,
    "begin it with #!/bin/sh or the like"};

constexpr FailurePhrases kUnknown = {"failed", "something went wrong that has no words yet",
                                     "read what stands before this in the log"};

/// The mistakes that are made most, by what the line looks like.
const FailurePhrases& phrases_for_no_colon(std::string_view line) {
  if (line.starts_with("HTTP/")) return kStatusLine;
  if (line.starts_with("<")) return kPageFirst;
  return kNoColon;
}

const FailurePhrases& phrases_for_header(int fault, std::string_view line) {
  if (fault == static_cast<int>(HeaderFault::no_colon)) return phrases_for_no_colon(line);
  const auto index = static_cast<std::size_t>(fault);
  return kBadHeaders[index < kBadHeaders.size() ? index : 0];
}

const FailurePhrases& phrases_for_file(std::string_view first_line) {
  if (first_line.starts_with("\xEF\xBB\xBF#!")) return kByteOrderMark;
  if (first_line.starts_with("\177ELF")) return kForeignProgram;
  return kNoInterpreter;
}

}  // namespace

const FailurePhrases& phrases_for(const ScriptFailure& failure) {
  switch (failure.fault) {
    case ScriptFault::spawn_failed: return phrases_for_spawn(failure.number);
    case ScriptFault::exit_status: return phrases_for_exit(failure.number);
    case ScriptFault::killed_by_signal: return phrases_for_signal(failure.number);
    case ScriptFault::bad_header: return phrases_for_header(failure.number, failure.detail);
    case ScriptFault::not_a_program: return phrases_for_file(failure.detail);
    case ScriptFault::no_blank_line: return kNoBlankLine;
    default: break;
  }
  const auto* const found = std::find_if(kEntries.begin(), kEntries.end(),
                                         [&](const Entry& entry) { return entry.fault == failure.fault; });
  return found == kEntries.end() ? kUnknown : found->phrases;
}

}  // namespace tinyhttpd
