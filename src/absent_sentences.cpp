// What is not in an environment, in words.
#include <string>

#include "tinyhttpd/http.hpp"
#include "tinyhttpd/recorded_exchange.hpp"
#include "tinyhttpd/variable_facts.hpp"
#include "tinyhttpd/variable_sentences.hpp"

namespace tinyhttpd {

namespace {

std::string why_no_user(const VariableFacts& facts) {
  if (facts.field("Authorization"))
    return "The request has the header Authorization, but nobody checked it: no --auth covers this path.";
  return "No password was asked for here (--auth).";
}

std::string why_no_body(const VariableFacts& facts) {
  return facts.is_redirected() ? "A local redirect asks without a body." : "The request has no body.";
}

std::string why_no_type(const VariableFacts& facts) {
  if (facts.is_redirected()) return why_no_body(facts);
  return "The request has no header Content-Type, and the server must not guess one.";
}

/// A field that has a variable of another name, or one that the server must not pass on as it is.
std::string why_left_out(std::string_view name) {
  if (iequals(name, "Content-Length")) return "It is CONTENT_LENGTH already (RFC 3875 section 4.1.18).";
  if (iequals(name, "Content-Type")) return "It is CONTENT_TYPE already (RFC 3875 section 4.1.18).";
  if (iequals(name, "Transfer-Encoding"))
    return "The server removed this coding from the body, so it is true no more (RFC 3875 section 4.2).";
  if (iequals(name, "Proxy"))
    return "It would become HTTP_PROXY, which many programs obey as their own setting (httpoxy, "
           "CVE-2016-5385).";
  if (iequals(name, "Redirect-Status"))
    return "It would become HTTP_REDIRECT_STATUS, in which php-cgi believes (CVE-2024-8927).";
  if (iequals(name, "Proxy-Authorization"))
    return "It holds a password for a proxy, which is no script's business (RFC 3875 section 9.2).";
  if (iequals(name, "Authorization"))
    return "It holds a password, which others on this machine could see in a script's environment (RFC 3875 "
           "section 9.2); --cgi-pass-authorization hands it on.";
  return "This server does not hand it on.";
}

/// Whether a JSON event has the field among its headers: all but those that no script may get.
bool is_in_event(std::string_view name, const VariableFacts& facts) {
  if (iequals(name, "Authorization"))
    return facts.exchange().streams[0].bytes.find("\"authorization\":") != std::string::npos;
  return !iequals(name, "Transfer-Encoding") && !iequals(name, "Proxy") &&
         !iequals(name, "Proxy-Authorization") && !iequals(name, "Redirect-Status");
}

}  // namespace

std::string why_absent(std::string_view name, const VariableFacts& facts) {
  if (facts.is_json()) return "The program is told of the request by the JSON event on its standard input.";
  if (name == "AUTH_TYPE" || name == "REMOTE_USER") return why_no_user(facts);
  if (name == "CONTENT_LENGTH") return why_no_body(facts);
  if (name == "CONTENT_TYPE") return why_no_type(facts);
  if (name == "PATH_TRANSLATED") return "PATH_INFO is empty, so there is nothing to translate.";
  if (name == "REMOTE_IDENT")
    return "The client's machine would have to be asked by RFC 1413, which this server never does.";
  return "This server did not set it here.";
}

std::string why_withheld(std::string_view field_name, const VariableFacts& facts) {
  if (facts.is_json()) return is_in_event(field_name, facts) ? std::string() : why_left_out(field_name);
  if (!has_own_variable(field_name))
    return "Its name has other bytes than letters, digits and '-': two fields could become one variable.";
  if (facts.is_redirected() && (iequals(field_name, "Content-Length") || iequals(field_name, "Content-Type")))
    return why_no_body(facts);
  if (iequals(field_name, "Host") && facts.has_absolute_target())
    return "The host in the request line's target counts instead (RFC 9112 section 3.2.2).";
  const bool is_there = facts.variable(variable_of_field(field_name)).has_value();
  return is_there ? std::string() : why_left_out(field_name);
}

}  // namespace tinyhttpd
