#include "tinyhttpd/variable_sentences.hpp"

#include <array>

#include "tinyhttpd/recorded_exchange.hpp"
#include "tinyhttpd/variable_facts.hpp"

namespace tinyhttpd {

namespace {

using Kind = VariableKind;
using Value = std::string_view;
using Facts = const VariableFacts&;

// A value within a sentence, where it is short; what is shown beside the sentence is said to be there.
std::string quoted(std::string_view value) {
  constexpr std::size_t kMaxQuoted = 80;
  return value.size() > kMaxQuoted ? "what stands here" : "\"" + std::string(value) + "\"";
}

VariableStory of_request_line(std::string explanation) {
  return {Kind::request_line, "the request line", std::move(explanation)};
}

VariableStory of_connection(std::string explanation) {
  return {Kind::connection, "the connection", std::move(explanation)};
}

VariableStory of_server(std::string explanation) {
  return {Kind::server, "the server", std::move(explanation)};
}

VariableStory of_route(std::string explanation) {
  return {Kind::route, "the path", std::move(explanation)};
}

VariableStory auth_type(Value, Facts) {
  return {Kind::authentication, "--auth", "The option --auth asks for a password here, by the scheme Basic."};
}

VariableStory content_length(Value value, Facts facts) {
  std::string sentence =
      facts.field("Transfer-Encoding")
          ? "The body came in chunks; without these it has " + std::string(value) + " bytes."
          : "The body that the header Content-Length announced has " + std::string(value) +
                " bytes: so many can be read from standard input.";
  return {Kind::body, "the body", std::move(sentence)};
}

VariableStory content_type(Value value, Facts) {
  return {Kind::header, "the header Content-Type",
          "The request says what its body is: " + quoted(value) + "."};
}

VariableStory gateway_interface(Value, Facts) {
  return of_server("The server speaks CGI 1.1 to its scripts, and always says so.");
}

VariableStory path_info(Value value, Facts) {
  if (value.empty()) return of_route("Nothing follows the script's name in the path, so it is empty.");
  return of_route("What follows the script's name in the path, decoded: " + quoted(value) + ".");
}

VariableStory path_translated(Value, Facts) {
  return of_route("The file that PATH_INFO would name below --root if it were a path of its own.");
}

VariableStory query_string(Value value, Facts facts) {
  if (value.empty()) return of_request_line("Nothing follows a '?' in the target, so it is empty.");
  if (facts.is_redirected()) return of_route("What follows the '?' in the Location of a local redirect.");
  return of_request_line("What follows the '?' in the request line's target, not decoded: " + quoted(value) +
                         ".");
}

VariableStory remote_address(Value value, Facts facts) {
  if (facts.exchange().remote_address.empty())
    return of_connection("The connection has no address; " + quoted(value) + " stands for none.");
  return of_connection("The other end of the connection has the address " + quoted(value) + ".");
}

VariableStory remote_host(Value, Facts) {
  return of_connection("Names are not looked up, since the client would wait; the address may stand for it.");
}

VariableStory remote_identity(Value, Facts) {
  return {Kind::setting, "--cgi-env", "The option --cgi-env sets it; this server asks no client for it."};
}

VariableStory remote_user(Value value, Facts) {
  return {Kind::authentication, "--auth",
          "The password of " + quoted(value) + " was checked, as --auth asks."};
}

VariableStory request_method(Value value, Facts facts) {
  if (value != facts.exchange().method)
    return of_route("A local redirect asks with " + quoted(value) + ", whatever the client's method was.");
  return of_request_line("The request line begins with " + quoted(value) + ".");
}

VariableStory script_name(Value value, Facts) {
  return of_route("The part of the path that names the script, decoded: " + quoted(value) + ".");
}

VariableStory server_name(Value value, Facts facts) {
  if (facts.has_absolute_target())
    return of_request_line("The host in the request line's target, without its port: " + quoted(value) + ".");
  if (const auto host = facts.field("Host"); host && !host->empty())
    return {Kind::header, "the header Host",
            "The host of \"Host: " + std::string(*host) + "\", without its port."};
  return of_connection("The request names no host, so it is the address at which the client arrived.");
}

VariableStory server_port(Value value, Facts facts) {
  if (facts.exchange().server_port != 0)
    return of_connection("The connection came in at port " + std::string(value) + ".");
  const std::string port = ":" + std::string(value);
  const auto host = facts.field("Host");
  if (host && host->ends_with(port))
    return {Kind::header, "the header Host", "A Unix socket has no port; the header Host names this one."};
  return of_connection("A Unix socket has no port, and no header names one: it is the one that http means.");
}

VariableStory server_protocol(Value value, Facts) {
  return of_request_line("The version in the request line, as this server speaks it: " + quoted(value) + ".");
}

VariableStory server_software_name(Value, Facts) {
  return of_server("The name and version of the server, as in the header Server of every answer.");
}

VariableStory request_uri(Value value, Facts facts) {
  if (facts.is_redirected()) return of_route("The Location of a local redirect, as a script wrote it.");
  return of_request_line("The request line's target as it was sent: " + quoted(value) +
                         ". A custom of Apache.");
}

VariableStory document_root(Value value, Facts) {
  return {Kind::setting, "--root", "The folder that is served, " + quoted(value) + ". A custom of Apache."};
}

VariableStory script_filename(Value, Facts) {
  return of_route("The file that SCRIPT_NAME leads to. PHP asks for it; a custom of Apache.");
}

VariableStory redirect_status(Value, Facts) {
  return of_server("php-cgi refuses to run for a server that does not set it (cgi.force_redirect).");
}

VariableStory server_address(Value value, Facts) {
  if (value.empty()) return of_connection("A Unix socket has no address. A custom of Apache.");
  return of_connection("The client arrived at the address " + quoted(value) + ". A custom of Apache.");
}

VariableStory remote_port(Value value, Facts) {
  return of_connection("The client's end of the connection has port " + std::string(value) +
                       ". A custom of Apache.");
}

VariableStory search_path(Value value, Facts) {
  constexpr std::string_view kUsual = "/usr/local/bin:/usr/bin:/bin";
  if (value == kUsual)
    return of_server("Where programs usually are; the option --cgi-env can name other folders.");
  return {Kind::setting, "--cgi-env", "The option --cgi-env says where the script finds programs."};
}

constexpr std::array<VariableRow, 24> kRows = {{
    {"AUTH_TYPE", "4.1.1", auth_type},
    {"CONTENT_LENGTH", "4.1.2", content_length},
    {"CONTENT_TYPE", "4.1.3", content_type},
    {"GATEWAY_INTERFACE", "4.1.4", gateway_interface},
    {"PATH_INFO", "4.1.5", path_info},
    {"PATH_TRANSLATED", "4.1.6", path_translated},
    {"QUERY_STRING", "4.1.7", query_string},
    {"REMOTE_ADDR", "4.1.8", remote_address},
    {"REMOTE_HOST", "4.1.9", remote_host},
    {"REMOTE_IDENT", "4.1.10", remote_identity},
    {"REMOTE_USER", "4.1.11", remote_user},
    {"REQUEST_METHOD", "4.1.12", request_method},
    {"SCRIPT_NAME", "4.1.13", script_name},
    {"SERVER_NAME", "4.1.14", server_name},
    {"SERVER_PORT", "4.1.15", server_port},
    {"SERVER_PROTOCOL", "4.1.16", server_protocol},
    {"SERVER_SOFTWARE", "4.1.17", server_software_name},
    {"REQUEST_URI", "", request_uri},
    {"DOCUMENT_ROOT", "", document_root},
    {"SCRIPT_FILENAME", "", script_filename},
    {"REDIRECT_STATUS", "", redirect_status},
    {"SERVER_ADDR", "", server_address},
    {"REMOTE_PORT", "", remote_port},
    {"PATH", "", search_path},
}};

}  // namespace

std::span<const VariableRow> variable_rows() {
  return kRows;
}

}  // namespace tinyhttpd
