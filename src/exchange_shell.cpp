#include <algorithm>
#include <vector>

#include "tinyhttpd/exchange_exports.hpp"
#include "tinyhttpd/head_lines.hpp"
#include "tinyhttpd/http.hpp"
#include "tinyhttpd/masked_text.hpp"
#include "tinyhttpd/recorded_exchange.hpp"
#include "tinyhttpd/replay_comparison.hpp"
#include "tinyhttpd/script_place.hpp"
#include "tinyhttpd/shell_text.hpp"
#include "tinyhttpd/step_words.hpp"

namespace tinyhttpd {

namespace {

// What stands before a word on the next line.
constexpr std::string_view kNextLine = " \\\n  ";

std::string_view name_of_variable(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

/// A text that grows: comments, what is prepared, and the command.
class ShellText {
 public:
  explicit ShellText(const RecordedExchange& exchange) : exchange_(exchange), masked_(exchange) {}

  std::string for_script();
  std::string for_curl();

 private:
  void add_word(std::string_view raw);
  void add_variable(std::string_view variable);
  void add_field(const HeadLine& field);
  void add_program();
  void add_curl_options(const std::vector<HeadLine>& lines, bool has_body);
  std::string url() const;
  void note_masked(std::string name);
  void take_body(std::string_view body);
  std::string whole(std::string_view purpose) const;

  const RecordedExchange& exchange_;
  const MaskedText masked_;
  std::vector<std::string> covered_;  // what is masked, by its name
  std::string comments_;
  std::string prepared_;  // commands that set what cannot be written as a word
  std::string command_;   // with its words
  std::string input_;     // commands that print what it reads; "": nothing
  int prepared_count_ = 0;
};

/// Appends a word that has been masked, however it can be written.
void ShellText::add_word(std::string_view raw) {
  command_ += kNextLine;
  if (is_printable_text(raw)) {
    command_ += shell_quoted(raw);
    return;
  }
  const std::string name = "word" + std::to_string(++prepared_count_);
  // The x keeps line feeds at the end, which the shell would take away.
  prepared_.append(name).append("=$(\n").append(shell_print(raw)).append("printf x\n)\n");
  prepared_.append(name).append("=${").append(name).append("%x}\n");
  command_.append("\"$").append(name).append("\"");
}

void ShellText::add_variable(std::string_view variable) {
  const std::string_view name = name_of_variable(variable);
  const std::string_view value = variable.substr(std::min(name.size() + 1, variable.size()));
  if (masked_.is_masked(name, value)) note_masked(std::string(name));
  add_word(std::string(name).append("=").append(masked_.mask().mask_value(name, value)));
}

void ShellText::note_masked(std::string name) {
  if (std::find(covered_.begin(), covered_.end(), name) == covered_.end())
    covered_.push_back(std::move(name));
}

/// The program and its arguments, as the server started it.
void ShellText::add_program() {
  // env would take a program whose name has a '=' for one more variable; nice starts whatever it is given.
  if (exchange_.arguments.front().find('=') != std::string::npos)
    command_.append(kNextLine).append("nice -n 0");
  for (const std::string& argument : exchange_.arguments) {
    const std::string covered = masked_.mask().mask(argument);
    if (covered != argument) note_masked("an argument");
    add_word(covered);
  }
}

void ShellText::take_body(std::string_view body) {
  const bool is_cut = exchange_.streams[0].total > exchange_.streams[0].bytes.size();
  const std::string covered = masked_.mask().mask(body, is_cut ? Cut::end : Cut::none);
  if (covered != body) note_masked("the body");
  if (is_cut)
    comments_ += "# Of the body only the first " + in_bytes(body.size()) + " of " +
                 std::to_string(exchange_.streams[0].total) + " were kept.\n";
  input_ = shell_print(covered);
}

std::string ShellText::whole(std::string_view purpose) const {
  std::string text = "#!/bin/sh\n# Exchange " + std::to_string(exchange_.id) + " of tinyhttpd: ";
  text += shell_comment(masked_.mask().mask(exchange_.request_line)) + "\n# ";
  text.append(purpose).append("\n").append(comments_);
  for (const std::string& name : covered_)
    text += "# Masked, and no secret is in this file; put in the real value of: " +
            shell_comment(masked_.text(name)) + "\n";
  text += prepared_;
  if (!input_.empty()) text.append("{\n").append(input_).append("} | ");
  return text + command_ + "\n";
}

std::string ShellText::for_script() {
  const ScriptPlace place = place_of_script(exchange_);
  command_ = "env -i";
  for (const std::string& variable : exchange_.environment) add_variable(variable);
  add_program();
  take_body(exchange_.streams[0].bytes);
  if (input_.empty()) command_ += " </dev/null";
  std::string command = std::move(command_);
  command_.clear();
  if (!place.folder.empty()) {
    add_word(place.folder);
    prepared_ += "cd " + command_.substr(kNextLine.size()) + " || exit\n";
  }
  command_ = std::move(command);
  return whole("It runs the script as the server did.");
}

/// curl sends a field without a value only when it ends in ';' instead of ':'.
void ShellText::add_field(const HeadLine& field) {
  if (iequals(field.name, "Content-Length")) return;  // curl counts
  const std::string value = masked_.mask().mask_value(field.name, field.value);
  if (value != field.value) note_masked(std::string(field.name));
  command_.append(kNextLine).append("--header");
  const std::size_t end = command_.size();
  add_word(std::string(field.name).append(value.empty() ? ";" : ": ").append(value));
  command_.erase(end, kNextLine.size()).insert(end, " ");
}

void ShellText::add_curl_options(const std::vector<HeadLine>& lines, bool has_body) {
  command_ = "curl --silent --show-error --include --globoff --path-as-is";
  command_ += exchange_.minor_version == 0 ? " --http1.0" : " --http1.1";
  command_ += exchange_.method == "HEAD" ? " --head" : " --request " + shell_quoted(exchange_.method);
  for (const HeadLine& line : lines)
    if (!line.name.empty()) add_field(line);
  // What curl would add by itself.
  for (const std::string_view name : {"User-Agent", "Accept", "Content-Type", "Expect"}) {
    const bool is_of_body = name == "Content-Type" || name == "Expect";
    if (value_in(lines, name) || (is_of_body && !has_body)) continue;
    command_.append(kNextLine).append("--header '").append(name).append(":'");
  }
  if (has_body) command_.append(kNextLine).append("--data-binary @-");
}

std::string ShellText::url() const {
  const std::string& address = exchange_.server_address;
  const bool is_ipv6 = address.find(':') != std::string::npos;
  std::string url = "http://" + (address.empty() ? "localhost" : is_ipv6 ? "[" + address + "]" : address);
  if (exchange_.server_port != 0) url += ":" + std::to_string(exchange_.server_port);
  return url;
}

std::string ShellText::for_curl() {
  const auto lines = lines_of_head(exchange_.request_head);
  const auto body = request_body_of(exchange_);
  if (body) take_body(*body);
  if (!body) comments_ += "# The body was not kept.\n";
  add_curl_options(lines, !input_.empty());
  if (exchange_.server_address.empty())
    comments_ += "# The server listens on a Unix socket: add --unix-socket and its path.\n";
  const std::string target = masked_.mask().mask(exchange_.target);
  if (target != exchange_.target) note_masked("the target");
  if (target.starts_with('/')) {
    add_word(url() + target);
  } else {
    command_.append(kNextLine).append("--request-target");
    add_word(target);
    add_word(url() + "/");
  }
  return whole("No script of this machine ran; it sends the request again.");
}

}  // namespace

std::string exchange_shell(const RecordedExchange& exchange) {
  if (!exchange.arguments.empty()) return ShellText(exchange).for_script();
  if (!exchange.request_head.empty()) return ShellText(exchange).for_curl();
  return "#!/bin/sh\n# Exchange " + std::to_string(exchange.id) +
         " of tinyhttpd: the head of its request never came whole, so nothing can be done again.\nexit 1\n";
}

}  // namespace tinyhttpd
