#include "tinyhttpd/cgi_environment.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "tinyhttpd/ascii.hpp"
#include "tinyhttpd/authority.hpp"
#include "tinyhttpd/request_target.hpp"
#include "tinyhttpd/response.hpp"

namespace tinyhttpd {

namespace {

// The variables in the order in which they were set: a few dozen, so that looking through them is quick
// enough. They take the memory of those that were there.
class Environment {
 public:
  explicit Environment(std::vector<std::string>& variables) : variables_(variables) {}
  ~Environment() { variables_.resize(count_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  void set(std::string_view name, std::string_view value) {
    if (count_ == variables_.size()) variables_.emplace_back();
    std::string& variable = variables_[count_++];
    variable.clear();
    variable.reserve(name.size() + 1 + value.size());
    variable.append(name).append(1, '=').append(value);
  }

  bool has(std::string_view name) { return find(name) != nullptr; }

  // Repeated fields are one field whose values stand in a row (RFC 3875 section 4.1.18).
  void set_or_join(std::string_view name, std::string_view separator, std::string_view value) {
    if (std::string* variable = find(name)) {
      variable->append(separator).append(value);
    } else {
      set(name, value);
    }
  }

 private:
  std::string* find(std::string_view name) {
    const auto end = variables_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto found = std::find_if(variables_.begin(), end, [name](const std::string& variable) {
      return variable.size() > name.size() && variable[name.size()] == '=' && variable.starts_with(name);
    });
    return found == end ? nullptr : &*found;
  }

  std::vector<std::string>& variables_;
  std::size_t count_ = 0;  // of those set; what follows them is of another request
};

// 1*DIGIT, always (RFC 3875 section 4.1.15). A Unix socket has no port: then the one the client asked for,
// which is that of the server in front of us, else the one that http means.
std::string server_port(const Request& request, const Endpoints& endpoints) {
  if (endpoints.server_port != 0) return std::to_string(endpoints.server_port);
  std::string_view host;
  std::string_view port;
  if (split_authority(request.host_field, host, port) && !port.empty()) return std::string(port);
  return "80";
}

void set_server(Environment& environment, const Request& request, const ScriptTarget& script,
                const Endpoints& endpoints) {
  environment.set("GATEWAY_INTERFACE", "CGI/1.1");
  environment.set("SERVER_SOFTWARE", server_software());
  environment.set("SERVER_NAME", server_name(request, endpoints));
  environment.set("SERVER_ADDR", endpoints.server_address);
  environment.set("SERVER_PORT", server_port(request, endpoints));
  environment.set("SERVER_PROTOCOL", request.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1");
  environment.set("DOCUMENT_ROOT", script.document_root);
}

// RFC 3875 allows the address where the name is not known (section 4.1.9): a look-up would make the client
// wait.
void set_client(Environment& environment, const Endpoints& endpoints) {
  const std::string_view address = client_address(endpoints);
  environment.set("REMOTE_ADDR", address);
  environment.set("REMOTE_HOST", address);
  environment.set("REMOTE_PORT", std::to_string(endpoints.remote_port));
}

// Only where a password was checked (RFC 3875 sections 4.1.1 and 4.1.11): no field of a client sets them.
void set_user(Environment& environment, const Request& request) {
  if (request.user.empty()) return;
  environment.set("AUTH_TYPE", "Basic");
  environment.set("REMOTE_USER", request.user);
}

void set_script(Environment& environment, const ScriptTarget& script) {
  environment.set("SCRIPT_NAME", script.script_name);
  environment.set("SCRIPT_FILENAME", script.script_filename);
  environment.set("PATH_INFO", script.path_info);
  // php-cgi refuses to run for a server that does not set it (cgi.force_redirect).
  environment.set("REDIRECT_STATUS", "200");
  if (script.path_info.empty()) return;
  std::string_view root = script.document_root;
  if (!root.empty() && root.back() == '/') root.remove_suffix(1);
  environment.set("PATH_TRANSLATED", std::string(root) + script.path_info);
}

void set_request(Environment& environment, const Request& request, std::uint64_t body_bytes) {
  environment.set("REQUEST_METHOD", request.method_name);
  environment.set("REQUEST_URI", request.target);
  environment.set("QUERY_STRING", request.query);
  if (request.framing.has_body() || request.framing.has_content_length || body_bytes > 0) {
    environment.set("CONTENT_LENGTH", std::to_string(body_bytes));
  }
  if (const auto type = request.field("Content-Type")) environment.set("CONTENT_TYPE", *type);
}

// A byte other than these would have to become '_' too, and then two different fields would be one variable:
// a client could speak for the proxy in front of us with X_Forwarded_For.
bool has_variable(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char byte) {
    return byte == '-' || (is_letter(byte) || is_digit(byte));
  });
}

std::string variable_name(std::string_view field_name) {
  std::string name = "HTTP_";
  for (const char byte : field_name) {
    const bool is_lower = byte >= 'a' && byte <= 'z';
    name += byte == '-' ? '_' : is_lower ? static_cast<char>(byte - 'a' + 'A') : byte;
  }
  return name;
}

void set_fields(Environment& environment, const Request& request, const CgiConfig& config) {
  // The authority of an absolute target takes the place of Host (RFC 9112 section 3.2.2).
  if (!request.host_field.empty()) environment.set("HTTP_HOST", request.host_field);
  for (const auto& field : request.fields) {
    if (!has_variable(field.name) || is_withheld(field.name, config)) continue;
    if (iequals(field.name, "Host") && !request.host_field.empty()) continue;
    // The parts of a cookie are divided by semicolons (RFC 6265 section 4.2.1).
    const std::string_view separator = iequals(field.name, "Cookie") ? "; " : ", ";
    environment.set_or_join(variable_name(field.name), separator, field.value);
  }
}

// What the protocol says, or says by leaving it out, is not for the configuration.
bool is_of_the_protocol(std::string_view name) {
  constexpr std::array<std::string_view, 5> kSometimesUnset = {"AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE",
                                                               "PATH_TRANSLATED", "REMOTE_USER"};
  return name.starts_with("HTTP_") ||
         std::find(kSometimesUnset.begin(), kSometimesUnset.end(), name) != kSometimesUnset.end();
}

void set_configured(Environment& environment, const CgiConfig& config) {
  for (const std::string_view variable : config.environment) {
    const auto equals = variable.find('=');
    if (equals == 0 || equals == std::string_view::npos) continue;
    const auto name = variable.substr(0, equals);
    if (is_of_the_protocol(name) || environment.has(name)) continue;
    environment.set(name, variable.substr(equals + 1));
  }
  if (!environment.has("PATH")) environment.set("PATH", "/usr/local/bin:/usr/bin:/bin");
}

// A word that begins with '-' would be an option to the script (CVE-2012-1823). Nothing in it is escaped for
// a shell, as section 7.2 has it for systems that start scripts by one: no shell is between us and the
// script.
bool decode_word(std::string_view raw, std::string& word) {
  return !raw.empty() && percent_decode(raw, word) && word.front() != '-' &&
         word.find('\0') == std::string::npos;
}

// All of the words or none of them (RFC 3875 section 4.4).
std::vector<std::string> search_words(std::string_view query) {
  std::vector<std::string> words;
  if (query.empty() || query.find('=') != std::string_view::npos) return words;
  for (std::size_t begin = 0; begin <= query.size();) {
    const auto end = std::min(query.find('+', begin), query.size());
    std::string word;
    if (!decode_word(query.substr(begin, end - begin), word)) return {};
    words.push_back(std::move(word));
    begin = end + 1;
  }
  return words;
}

}  // namespace

std::string server_name(const Request& request, const Endpoints& endpoints) {
  if (!request.host.empty()) return std::string(request.host);
  if (endpoints.server_address.empty()) return "localhost";  // a Unix socket has no address
  const bool is_ipv6 = endpoints.server_address.find(':') != std::string::npos;
  return is_ipv6 ? "[" + endpoints.server_address + "]" : endpoints.server_address;
}

std::string_view client_address(const Endpoints& endpoints) {
  // REMOTE_ADDR must be an address, also behind a Unix socket or a pipe. 127.0.0.1 would make scripts trust
  // everybody whom a proxy brings. No client ever has 0.0.0.0, "this host" (RFC 6890), so that no list of the
  // trusted names it.
  constexpr std::string_view kNoAddress = "0.0.0.0";
  return endpoints.remote_address.empty() ? kNoAddress : std::string_view(endpoints.remote_address);
}

// Fields that never become HTTP_*: those that are meta-variables already; the coding that was removed from
// the body; Proxy, which would be the HTTP_PROXY that programs obey (CVE-2016-5385); Redirect-Status, in
// which php-cgi believes (CVE-2024-8927); and passwords, which other users of this machine might see in a
// script's environment.
bool is_withheld(std::string_view name, const CgiConfig& config) {
  constexpr std::array<std::string_view, 6> kNames = {"Content-Length",      "Content-Type",
                                                      "Transfer-Encoding",   "Proxy",
                                                      "Proxy-Authorization", "Redirect-Status"};
  if (iequals(name, "Authorization")) return !config.pass_authorization;
  return std::any_of(kNames.begin(), kNames.end(), [name](auto withheld) { return iequals(name, withheld); });
}

void write_cgi_environment(std::vector<std::string>& variables, const Request& request,
                           const ScriptTarget& script, const Endpoints& endpoints, std::uint64_t body_bytes,
                           const CgiConfig& config) {
  Environment environment(variables);
  set_server(environment, request, script, endpoints);
  set_client(environment, endpoints);
  set_user(environment, request);
  set_script(environment, script);
  set_request(environment, request, body_bytes);
  set_fields(environment, request, config);
  set_configured(environment, config);
}

std::vector<std::string> cgi_environment(const Request& request, const ScriptTarget& script,
                                         const Endpoints& endpoints, std::uint64_t body_bytes,
                                         const CgiConfig& config) {
  std::vector<std::string> variables;
  write_cgi_environment(variables, request, script, endpoints, body_bytes, config);
  return variables;
}

void release_if_large(std::vector<std::string>& variables) {
  std::size_t bytes = 0;
  for (const std::string& variable : variables) bytes += variable.capacity();
  if (bytes > kMaxKeptVariablesBytes) variables = std::vector<std::string>();
}

std::vector<std::string> configured_environment(const CgiConfig& config) {
  std::vector<std::string> variables;
  {
    Environment environment(variables);
    set_configured(environment, config);
  }
  return variables;
}

std::vector<std::string> cgi_arguments(const Request& request, const ScriptTarget& script) {
  if (!script.interpreter.empty()) return {script.interpreter, script.script_filename};
  std::vector<std::string> arguments{script.script_filename};
  if (request.method != Method::get && request.method != Method::head) return arguments;
  for (auto& word : search_words(request.query)) arguments.push_back(std::move(word));
  return arguments;
}

Result<void> check_exec_size(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment) {
  std::size_t total = 0;
  for (const auto* strings : {&arguments, &environment}) {
    for (const auto& string : *strings) {
      if (string.size() >= kMaxExecStringBytes) {
        return header_fields_too_large("the request needs a string of " + std::to_string(string.size()) +
                                       " bytes to be handed to the script");
      }
      total += string.size() + 1 + sizeof(char*);
    }
  }
  if (total <= kMaxExecBytes) return {};
  return header_fields_too_large("the request needs " + std::to_string(total) +
                                 " bytes of environment and arguments for the script");
}

}  // namespace tinyhttpd
