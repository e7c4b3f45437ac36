// What a script is told: the meta-variables and the arguments of RFC 3875 section 4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tinyhttpd/config.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/result.hpp"

namespace tinyhttpd {

/// Where a request's path was split: this part names the script, the rest is for it.
struct ScriptTarget {
  std::string script_name;         ///< URL path of the script, decoded
  std::string path_info;           ///< what follows it, decoded; "" or begins with '/'
  std::string script_filename;     ///< absolute path of the file
  std::string document_root;       ///< absolute path of the root
  std::string interpreter;         ///< program of --cgi-interpreter; empty: the file itself is run
  bool non_parsed_header = false;  ///< its name begins with "nph-" (RFC 3875 section 5)
};

/// Both ends of the connection, as text.
struct Endpoints {
  std::string remote_address;  ///< IPv4 or IPv6 text, no brackets, no port
  std::uint16_t remote_port = 0;
  std::string server_address;
  std::uint16_t server_port = 0;
};

/// The host that the client asked for, else our own address as a URI writes it, else "localhost": SERVER_NAME
/// (RFC 3875 section 4.1.14).
std::string server_name(const Request& request, const Endpoints& endpoints);

/// The client's address; "0.0.0.0" where it has none, behind a Unix socket: REMOTE_ADDR (RFC 3875 section
/// 4.1.8). May point into `endpoints`.
std::string_view client_address(const Endpoints& endpoints);

/// Whether a field never becomes HTTP_*: see cgi_environment.
bool is_withheld(std::string_view name, const CgiConfig& config);

/// The environment of the script, "NAME=VALUE" each: meta-variables, HTTP_* fields, PATH, and what --cgi-env
/// names where the protocol does not use that name; nothing of the server's own environment.
///
/// `body_bytes`: the length of the body after its transfer codings were removed. CONTENT_LENGTH is set when
/// there is a body, or when the request carried Content-Length, be it 0 (RFC 3875 section 4.1.2).
///
/// Never exported: Proxy (httpoxy, CVE-2016-5385), Redirect-Status, in which php-cgi believes
/// (CVE-2024-8927), Proxy-Authorization, Authorization unless configured, the Transfer-Encoding that was
/// removed, Content-Length and Content-Type a second time, and names with other bytes than letters, digits
/// and '-', which could become the variable of another field. Repeated fields are joined by ", ", Cookie by
/// "; ". HTTP_HOST is the authority of an absolute target where there is one. AUTH_TYPE and REMOTE_USER are
/// set where a password was checked (Request::user), and never come from a field.
std::vector<std::string> cgi_environment(const Request& request, const ScriptTarget& script,
                                         const Endpoints& endpoints, std::uint64_t body_bytes,
                                         const CgiConfig& config);

/// The same in place of what `variables` holds, and in its memory: one after the other costs no allocation.
void write_cgi_environment(std::vector<std::string>& variables, const Request& request,
                           const ScriptTarget& script, const Endpoints& endpoints, std::uint64_t body_bytes,
                           const CgiConfig& config);

/// What a thread keeps of the memory of such variables, at most: those of an everyday request take 2 KiB.
inline constexpr std::size_t kMaxKeptVariablesBytes = 64 * 1024;

/// Gives the memory of `variables`, and them, back if it is more than that.
void release_if_large(std::vector<std::string>& variables);

/// What a program gets that is told of the request in another way: PATH, and what --cgi-env names.
std::vector<std::string> configured_environment(const CgiConfig& config);

/// The program and its arguments: the script (or interpreter and script), then the words of an indexed query,
/// none of them when the query has an unencoded '=', a word begins with '-', a word cannot be an argument,
/// the method is not GET or HEAD, or an interpreter runs the script (RFC 3875 section 4.4; CVE-2012-1823). An
/// empty word, as in "a++b", is no search word of its grammar either. The words are passed as they are: the
/// backslashes of section 7.2 are for servers that start a script by a shell.
std::vector<std::string> cgi_arguments(const Request& request, const ScriptTarget& script);

/// The kernel takes no longer argument or variable than this, with the NUL that ends it.
inline constexpr std::size_t kMaxExecStringBytes = 128 * 1024;

/// All arguments and variables together, with their NULs and pointers, stay within this: far below what the
/// kernel takes by default, so that a script still has room for the environment of programs it runs.
inline constexpr std::size_t kMaxExecBytes = 256 * 1024;

/// Whether the kernel will take them; else 431, to be answered before there is a process.
Result<void> check_exec_size(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment);

}  // namespace tinyhttpd
