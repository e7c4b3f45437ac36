// The layers of the sources, held: who may include whom, and what only one place may do. The map in words is
// src/README.md.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// From below to above. A file includes what lies below it, and its own layer as may_include says.
enum class Layer { bottom, pure, system, handler, observer, top, inspector };

struct Place {
  Layer layer;
  std::string handler = {};  ///< which handler a piece belongs to; "": all of them
};

/// Every concept (a header, a source, or both) has its place here.
const std::map<std::string, Place> kPlaces = {
    // What everybody speaks of: values, interfaces, the owner of a descriptor.
    {"client_watch", {Layer::bottom}},
    {"config", {Layer::bottom}},
    {"diagnosis", {Layer::bottom}},
    {"failure_phrases", {Layer::bottom}},
    {"process_phrases", {Layer::bottom}},
    {"deadline", {Layer::bottom}},
    {"rejection", {Layer::bottom}},
    {"recorded_exchange", {Layer::bottom}},
    {"result", {Layer::bottom}},
    {"script_failure", {Layer::bottom}},
    {"server_figures", {Layer::bottom}},
    {"status", {Layer::bottom}},
    {"trace", {Layer::bottom}},
    {"unique_fd", {Layer::bottom}},
    // Bytes into values and back: no system call, no thread, no clock.
    {"absent_sentences", {Layer::pure}},
    {"answer_fields", {Layer::pure}},
    {"ascii", {Layer::pure}},
    {"authority", {Layer::pure}},
    {"base64", {Layer::pure}},
    {"cgi_environment", {Layer::pure}},
    {"cgi_message", {Layer::pure}},
    {"cgi_variables", {Layer::pure}},
    {"check_report", {Layer::pure}},
    {"chunked", {Layer::pure}},
    {"conditional", {Layer::pure}},
    {"content_coding", {Layer::pure}},
    {"explanation", {Layer::pure}},
    {"error_page", {Layer::pure}},
    {"fastcgi_record", {Layer::pure}},
    {"folder_page", {Layer::pure}},
    {"gzip", {Layer::pure}},
    {"head_changes", {Layer::pure}},
    {"head_lines", {Layer::pure}},
    {"html", {Layer::pure}},
    {"http", {Layer::pure}},
    {"http_date", {Layer::pure}},
    {"input_buffer", {Layer::pure}},
    {"inspector_guard", {Layer::pure}},
    {"json_answer", {Layer::pure}},
    {"json_event", {Layer::pure}},
    {"json_text", {Layer::pure}},
    {"judge_answer", {Layer::pure}},
    {"judge_body", {Layer::pure}},
    {"judge_conduct", {Layer::pure}},
    {"judge_head", {Layer::pure}},
    {"lines", {Layer::pure}},
    {"log_text", {Layer::pure}},
    {"media_type", {Layer::pure}},
    {"multipart", {Layer::pure}},
    {"option_value", {Layer::pure}},
    {"password_file", {Layer::pure}},
    {"probed_run", {Layer::pure}},
    {"prometheus_text", {Layer::pure}},
    {"replay_report", {Layer::pure}},
    {"request_fields", {Layer::pure}},
    {"request_parser", {Layer::pure}},
    {"request_target", {Layer::pure}},
    {"response", {Layer::pure}},
    {"saved_exchange", {Layer::pure}},
    {"script_judges", {Layer::pure}},
    {"script_output", {Layer::pure}},
    {"script_probes", {Layer::pure}},
    {"script_rules", {Layer::pure}},
    {"secret_entries", {Layer::pure}},
    {"secret_forms", {Layer::pure}},
    {"secrets", {Layer::pure}},
    {"shell_text", {Layer::pure}},
    {"terminal_text", {Layer::pure}},
    {"text_difference", {Layer::pure}},
    {"utf8", {Layer::pure}},
    {"utf8_text", {Layer::pure}},
    {"variable_facts", {Layer::pure}},
    {"variable_sentences", {Layer::pure}},
    // The kernel and the threads: nothing of HTTP.
    {"backend_address", {Layer::system}},
    {"backend_health", {Layer::system}},
    {"backends", {Layer::system}},
    {"bulkhead", {Layer::system}},
    {"client_limit", {Layer::system}},
    {"compressed_texts", {Layer::system}},
    {"document_root", {Layer::system}},
    {"event", {Layer::system}},
    {"listener", {Layer::system}},
    {"lru_cache", {Layer::system}},
    {"password_hash", {Layer::system}},
    {"privileges", {Layer::system}},
    {"process", {Layer::system}},
    {"process_figures", {Layer::system}},
    {"process_group", {Layer::system}},
    {"service_manager", {Layer::system}},
    {"socket", {Layer::system}},
    {"spool", {Layer::system}},
    {"standard_streams", {Layer::system}},
    {"work_queue", {Layer::system}},
    // Who answers. What two handlers need lies below them, or is of all of them.
    {"application", {Layer::handler}},
    {"authenticator", {Layer::handler, "authenticator"}},
    {"error_lines", {Layer::handler}},
    {"exchange", {Layer::handler}},
    {"execute_cgi", {Layer::handler, "execute_cgi"}},
    {"fastcgi_run", {Layer::handler, "forward_to_fastcgi"}},
    {"forward_to_fastcgi", {Layer::handler, "forward_to_fastcgi"}},
    {"gateway_answer", {Layer::handler}},
    {"gateway_run", {Layer::handler}},
    {"invoke_json", {Layer::handler, "invoke_json"}},
    {"kept_files", {Layer::handler, "serve_file"}},
    {"list_folder", {Layer::handler, "list_folder"}},
    {"representation", {Layer::handler, "serve_file"}},
    {"script_run", {Layer::handler}},
    {"serve_file", {Layer::handler, "serve_file"}},
    {"start_script", {Layer::handler}},
    // Who watches.
    {"access_log", {Layer::observer}},
    {"change_journal", {Layer::observer}},
    {"counters", {Layer::observer}},
    {"exchange_exports", {Layer::observer}},
    {"exchange_har", {Layer::observer}},
    {"exchange_json", {Layer::observer}},
    {"exchange_mermaid", {Layer::observer}},
    {"exchange_shell", {Layer::observer}},
    {"exchange_store", {Layer::observer}},
    {"json_parts", {Layer::observer}},
    {"log_writer", {Layer::observer}},
    {"masked_text", {Layer::pure}},
    {"message_json", {Layer::observer}},
    {"recorder", {Layer::observer}},
    {"recording", {Layer::observer}},
    {"replay_comparison", {Layer::observer}},
    {"script_json", {Layer::observer}},
    {"script_place", {Layer::pure}},
    {"server_log", {Layer::observer}},
    {"server_metrics", {Layer::observer}},
    {"step_words", {Layer::pure}},
    {"stepper", {Layer::observer}},
    {"tee", {Layer::observer}},
    {"terminal_trace", {Layer::observer}},
    {"time_text", {Layer::observer}},
    {"told_exchange", {Layer::observer}},
    {"trace_words", {Layer::observer}},
    {"worker_board", {Layer::observer}},
    // Who puts it together.
    {"accept_request", {Layer::top}},
    {"acceptor", {Layer::top}},
    {"check_command", {Layer::top}},
    {"check_script", {Layer::top}},
    {"command_line", {Layer::top}},
    {"config_file", {Layer::top}},
    {"configuration_text", {Layer::top}},
    {"connection", {Layer::top}},
    {"file_options", {Layer::top}},
    {"gateway_options", {Layer::top}},
    {"help_text", {Layer::top}},
    {"lanes", {Layer::top}},
    {"main", {Layer::top}},
    {"option_readers", {Layer::top}},
    {"option_sources", {Layer::top}},
    {"option_table", {Layer::top}},
    {"probe_recorder", {Layer::top}},
    {"replay_command", {Layer::top}},
    {"replay_script", {Layer::top}},
    {"router", {Layer::top}},
    {"run_probe", {Layer::top}},
    {"send_response", {Layer::top}},
    {"parked_connections", {Layer::top}},
    {"server", {Layer::top}},
    {"site", {Layer::top}},
    // Who shows what the observers saw. Nobody knows of it but main.
    {"inspection", {Layer::inspector}},
    {"inspector", {Layer::inspector}},
    {"inspector_events", {Layer::inspector}},
    {"inspector_json", {Layer::inspector}},
    {"page_files", {Layer::bottom}},
    {"replay", {Layer::inspector}},
};

int height(Layer layer) {
  constexpr std::array<int, 7> kHeights = {0, 1, 1, 2, 2, 3, 4};
  return kHeights[static_cast<std::size_t>(layer)];
}

/// Whether a file of the concept `from` may include the header of `to`.
bool may_include(const std::string& from, const std::string& to) {
  const Place& above = kPlaces.at(from);
  const Place& below = kPlaces.at(to);
  if (from == to) return true;
  if (from == "main") return true;
  if (below.layer == Layer::inspector) return above.layer == Layer::inspector;
  if (below.layer == Layer::observer)
    return above.layer == Layer::observer || above.layer == Layer::inspector;
  if (above.layer == Layer::handler && below.layer == Layer::handler)
    return below.handler.empty() || below.handler == above.handler;
  return above.layer == below.layer || height(below.layer) < height(above.layer);
}

// ---- Reading a source

std::string concept_of(const std::string& path) {
  return std::filesystem::path(path).stem().string();
}

/// Made once for each pattern, which takes longer than most searches.
const std::regex& expression_of(const std::string& pattern) {
  static std::map<std::string, std::regex> known;
  const auto found = known.find(pattern);
  return found != known.end() ? found->second : known.emplace(pattern, std::regex(pattern)).first->second;
}

std::vector<std::string> all_matches(const std::string& text, const std::string& pattern) {
  const std::regex& expression = expression_of(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end; ++match)
    found.push_back(match->size() > 1 ? match->str(1) : match->str());
  return found;
}

bool matches(const std::string& text, const std::string& pattern) {
  return std::regex_search(text, expression_of(pattern));
}

/// The end of a comment, a string or a character constant that begins at `start`; `start` where none does.
std::size_t end_of_quoted(const std::string& text, std::size_t start) {
  if (text.compare(start, 2, "//") == 0) return std::min(text.find('\n', start), text.size());
  if (text.compare(start, 2, "/*") == 0) return std::min(text.find("*/", start + 2), text.size() - 2) + 2;
  const char quote = text[start];
  const bool in_a_number = start > 0 && std::isalnum(static_cast<unsigned char>(text[start - 1])) != 0;
  if (quote != '"' && (quote != '\'' || in_a_number)) return start;
  std::size_t end = start + 1;
  while (end < text.size() && text[end] != quote) end += text[end] == '\\' ? 2U : 1U;
  return std::min(end + 1, text.size());
}

enum class Keep { code, code_and_strings };

/// The source without its comments, and with "" for a string unless those are kept.
std::string without_comments(const std::string& text, Keep keep) {
  std::string code;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_quoted(text, at);
    if (end == at) {
      code += text[at++];
      continue;
    }
    if (text[at] != '/') code += keep == Keep::code ? "\"\"" : text.substr(at, end - at);
    at = end;
  }
  return code;
}

/// Where the block that begins at `open` ends: just past its brace.
std::size_t end_of_block(const std::string& code, std::size_t open) {
  int depth = 0;
  for (std::size_t at = open; at < code.size(); ++at) {
    if (code[at] == '{') ++depth;
    if (code[at] == '}' && --depth == 0) return at + 1;
  }
  return code.size();
}

/// The declarations outside every function and class, each block in them written "{}".
std::vector<std::string> namespace_declarations(const std::string& whole) {
  const std::string code = std::regex_replace(whole, std::regex("(^|\n)[ \t]*#[^\n]*"), "$1");
  std::vector<std::string> declarations(1);
  for (std::size_t at = 0; at < code.size(); ++at) {
    std::string& now = declarations.back();
    if (code[at] == '{' && !matches(now, "^\\s*(inline )?namespace\\b[^=]*$")) {
      now += "{}";
      at = end_of_block(code, at) - 1;
      // Within a list of initializers: another follows, the rest of this one, or the body.
      const std::size_t next = std::min(code.find_first_not_of(" \n", at + 1), code.size() - 1);
      const bool goes_on = std::string_view(",{)").find(code[next]) != std::string_view::npos;
      if (!goes_on && matches(now, "^[^={]*\\(|\\boperator\\b")) declarations.emplace_back();
    } else if (code[at] == '{' || code[at] == '}' || code[at] == ';') {
      declarations.emplace_back();
    } else {
      now += code[at];
    }
  }
  return declarations;
}

bool is_mutable_variable(const std::string& declaration) {
  if (!matches(declaration, "\\S")) return false;
  if (matches(declaration,
              "^\\s*(using|typedef|class|struct|enum|union|template|constexpr|const|static_assert|friend|"
              "namespace|(static|inline) (constexpr|const))\\b"))
    return false;
  const bool is_function = matches(declaration, "^[^={]*\\(") || matches(declaration, "\\boperator\\b");
  return !is_function;
}

// ---- The rules, each a list of complaints about one file

using Complaints = std::vector<std::string>;

void check_includes(const std::string& name, const std::string& code, Complaints& complaints) {
  for (const std::string& included : all_matches(code, "#include \"tinyhttpd/([a-z_0-9/]+)\\.hpp\"")) {
    const std::string to = concept_of(included);
    if (!kPlaces.contains(to)) {
      complaints.push_back("includes " + to + ", which has no place in a layer");
    } else if (!may_include(name, to)) {
      complaints.push_back("includes " + to + ", which is not below it");
    }
  }
}

void check_pure(const std::string& code, Complaints& complaints) {
  for (const std::string& header : all_matches(
           code,
           "#include "
           "<((?!zlib\\.h|nlohmann/json\\.hpp)[^>]+\\.h|(?!nlohmann/json\\.hpp)[^>]+/[^>]+|csignal)>"))
    complaints.push_back("is pure and includes the system's <" + header + ">");
  for (const std::string& header : all_matches(
           code,
           "#include <(thread|mutex|shared_mutex|condition_variable|future|atomic|fstream|filesystem)>"))
    complaints.push_back("is pure and includes <" + header + ">");
  if (matches(code, "::now\\(|\\b(time|clock_gettime|gettimeofday|localtime|localtime_r)\\s*\\("))
    complaints.push_back("is pure and asks for the time");
}

void check_system(const std::string& code_and_strings, Complaints& complaints) {
  for (const std::string& word :
       all_matches(code_and_strings, "Content-|HTTP/|Status::|\\bRequest\\b|\\bResponse\\b"))
    complaints.push_back("is the system's and speaks of HTTP: " + word);
}

void check_single_places(const std::string& path, const std::string& code, Complaints& complaints) {
  const std::size_t closes = all_matches(code, "(?:^|[^\\w.>:])(?:::)?close\\s*\\(\\s*[^)\\s]").size();
  if (closes != (path == "src/unique_fd.cpp" ? 1U : 0U))
    complaints.push_back("close() is written once, in ~UniqueFd; here " + std::to_string(closes) + " times");

  const std::string name = concept_of(path);
  const bool may_print =
      name == "main" || (kPlaces.contains(name) && kPlaces.at(name).layer == Layer::observer);
  if (!may_print &&
      matches(code, "\\b(v?f?printf|f?puts|putchar|perror)\\s*\\(|\\b(cout|cerr|clog|stdout|stderr)\\b"))
    complaints.push_back("writes to standard output or error");
}

void check_no_globals(const std::string& code, Complaints& complaints) {
  for (const std::string& declaration : namespace_declarations(code))
    if (is_mutable_variable(declaration)) complaints.push_back("has a mutable global: " + declaration);
  // In a function or a class; what is the thread's own is no global.
  for (const std::string& variable :
       all_matches(code, "\\bstatic\\b(?!\\s*(?:const|constexpr|inline|thread_local)\\b)[^;={(]*[;={]"))
    complaints.push_back("has a mutable static: " + variable);
}

/// What is wrong with a file, `path` as from the root of the project ("src/http.cpp").
Complaints complaints_about(const std::string& path, const std::string& text) {
  const std::string name = concept_of(path);
  const std::string code = without_comments(text, Keep::code);
  const std::string code_and_strings = without_comments(text, Keep::code_and_strings);
  Complaints complaints;
  check_single_places(path, code, complaints);
  check_no_globals(code, complaints);
  if (!kPlaces.contains(name)) {
    complaints.push_back("has no place in a layer");
    return complaints;
  }
  check_includes(name, code_and_strings, complaints);
  if (kPlaces.at(name).layer == Layer::pure) check_pure(code, complaints);
  if (kPlaces.at(name).layer == Layer::system) check_system(code_and_strings, complaints);
  return complaints;
}

/// Every header and source of the project, by its path.
std::map<std::string, std::string> sources() {
  const std::filesystem::path project(TINYHTTPD_SOURCE_DIR);
  std::map<std::string, std::string> files;
  for (const char* folder : {"include", "src"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(project / folder)) {
      if (entry.path().extension() != ".hpp" && entry.path().extension() != ".cpp") continue;
      std::ifstream file(entry.path());
      files[entry.path().lexically_relative(project).string()] = {std::istreambuf_iterator<char>(file), {}};
    }
  }
  return files;
}

}  // namespace

TEST_CASE("every source keeps to its layer") {
  const auto files = sources();
  CHECK(files.size() > 50);
  for (const auto& [path, text] : files) {
    for (const std::string& complaint : complaints_about(path, text)) FAIL_CHECK(path << ": " << complaint);
  }
}

TEST_CASE("the table of layers names only what there is") {
  const auto files = sources();
  for (const auto& place : kPlaces) {
    const std::string& name = place.first;
    CAPTURE(name);
    CHECK(std::any_of(files.begin(), files.end(),
                      [&](const auto& file) { return concept_of(file.first) == name; }));
  }
}

TEST_CASE("the check of layers finds what breaks a rule, and nothing else") {
  struct Row {
    const char* path;
    const char* text;
    const char* complaint;  // a part of it; nullptr: the file is as it should be
  };
  const Row rows[] = {
      // Includes
      {"src/http.cpp", "#include \"tinyhttpd/status.hpp\"\n", nullptr},
      {"src/request_parser.cpp", "#include \"tinyhttpd/http.hpp\"\n", nullptr},
      {"src/server.cpp", "#include \"tinyhttpd/acceptor.hpp\"\n", nullptr},
      {"src/forward_to_fastcgi.cpp",
       "#include \"tinyhttpd/fastcgi_run.hpp\"\n#include \"tinyhttpd/exchange.hpp\"\n", nullptr},
      {"src/main.cpp", "#include \"tinyhttpd/server_log.hpp\"\n", nullptr},
      {"src/access_log.cpp", "#include \"tinyhttpd/log_writer.hpp\"\n", nullptr},
      {"src/http.cpp", "#include \"tinyhttpd/router.hpp\"\n", "not below"},
      {"include/tinyhttpd/config.hpp", "#include \"tinyhttpd/http.hpp\"\n", "not below"},
      {"src/http.cpp", "#include \"tinyhttpd/socket.hpp\"\n", "not below"},
      {"src/socket.cpp", "#include \"tinyhttpd/http.hpp\"\n", "not below"},
      {"src/serve_file.cpp", "#include \"tinyhttpd/execute_cgi.hpp\"\n", "not below"},
      {"src/serve_file.cpp", "#include \"tinyhttpd/fastcgi_run.hpp\"\n", "not below"},
      {"src/serve_file.cpp", "#include \"tinyhttpd/connection.hpp\"\n", "not below"},
      {"src/server.cpp", "#include \"tinyhttpd/access_log.hpp\"\n", "not below"},
      {"src/execute_cgi.cpp", "#include \"tinyhttpd/server_log.hpp\"\n", "not below"},
      {"src/http.cpp", "#include \"tinyhttpd/novelty.hpp\"\n", "novelty, which has no place"},
      {"src/novelty.cpp", "", "has no place"},
      // The pure tower
      {"src/http.cpp", "#include <string>\n// <unistd.h> is for others\n", nullptr},
      {"src/conditional.cpp", "bool f(UnixTime now) { return time_of(now); }", nullptr},
      {"src/http.cpp", "#include <unistd.h>\n", "unistd.h"},
      {"src/http.cpp", "#include <sys/socket.h>\n", "sys/socket.h"},
      {"src/chunked.cpp", "#include <mutex>\n", "mutex"},
      {"src/http_date.cpp", "auto f() { return std::chrono::system_clock::now(); }", "asks for the time"},
      {"src/http_date.cpp", "long f() { return std::time(nullptr); }", "asks for the time"},
      // The system's side
      {"src/socket.cpp", "// As HTTP/1.1 needs it\nint f();", nullptr},
      {"src/socket.cpp", "auto kAnswer = \"HTTP/1.1 200\";", "speaks of HTTP"},
      {"src/spool.cpp", "bool f(const Request& request);", "speaks of HTTP"},
      {"src/process.cpp", "int f() { return code(Status::ok); }", "speaks of HTTP"},
      // What only one place does
      {"src/unique_fd.cpp", "void f(int fd) { ::close(fd); }", nullptr},
      {"include/tinyhttpd/work_queue.hpp", "class Q { void close() {} }; void f(Q& q) { q.close(); }",
       nullptr},
      {"src/unique_fd.cpp", "void f(int fd) { ::close(fd); ::close(fd); }", "close()"},
      {"src/socket.cpp", "void f(int fd) { ::close(fd); }", "close()"},
      {"src/socket.cpp", "void f(int fd) {\n  close(fd);\n}", "close()"},
      {"src/main.cpp", "void f() { std::fputs(\"usage\", stdout); }", nullptr},
      {"src/http.cpp", "void f(char* b) { std::snprintf(b, 9, \"x\"); }", nullptr},
      {"src/server.cpp", "void f() { std::printf(\"here\"); }", "writes to standard"},
      {"src/process.cpp", "void f() { std::cerr << 1; }", "writes to standard"},
      {"src/connection.cpp", "void f() { std::fputs(\"x\", stderr); }", "writes to standard"},
      // Globals
      {"src/http.cpp",
       "namespace a {\nconstexpr int kOne = 1;\nconst char* name_of(int);\nstruct S { int member; };\n"
       "enum class E { one };\nint f(int x = 1) { int local = x; return local; }\nusing T = int;\n"
       "bool operator==(const S&, const S&) = default;\nconstexpr auto kTwo = make({1, 2});\n"
       "S::S() : member{1} {}\nstatic int g();\nvoid h() { thread_local int t = 0; }\n}  // namespace a\n",
       nullptr},
      {"src/http.cpp", "namespace a {\nint counter = 0;\n}", "mutable global"},
      {"src/http.cpp", "namespace {\nstd::map<int, int> table{{1, 2}};\n}", "mutable global"},
      {"src/http.cpp", "void f() {}\nstd::string last;\n", "mutable global"},
      {"src/http.cpp", "static bool stop;\n", "mutable"},
      {"src/http.cpp", "int next() { static int last = 0; return ++last; }", "mutable static"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.path));
    CAPTURE(std::string(row.text));
    const Complaints complaints = complaints_about(row.path, row.text);
    std::string all;
    for (const std::string& complaint : complaints) all += complaint + "\n";
    if (row.complaint == nullptr) CHECK(all == "");
    if (row.complaint != nullptr) CHECK(all.find(row.complaint) != all.npos);
  }
}

TEST_CASE("the core knows nothing of the inspector") {
  // These read what the command line says of it, or what it has saved.
  const std::vector<std::string> of_the_command_line = {"config", "option_table", "help_text",
                                                        "replay_command", "saved_exchange"};
  for (const auto& source : sources()) {
    const auto& [path, text] = source;
    INFO(source.first);
    const std::string name = concept_of(path);
    REQUIRE(kPlaces.contains(name));
    const Layer layer = kPlaces.at(name).layer;
    const bool is_core = layer != Layer::observer && layer != Layer::inspector && name != "main" &&
                         name != "inspector_guard" && name != "page_files" && name != "recorded_exchange";
    if (!is_core ||
        std::find(of_the_command_line.begin(), of_the_command_line.end(), name) != of_the_command_line.end())
      continue;
    CHECK_MESSAGE(!matches(text, "[Ii]nspect"), "speaks of the inspector");
  }
}

TEST_CASE("telling what happens takes less than a tenth of the source that runs scripts") {
  const auto all = sources();
  for (const char* path : {"src/execute_cgi.cpp", "src/start_script.cpp", "src/script_run.cpp"}) {
    INFO(path);
    const std::string& text = all.at(path);
    const auto lines = std::count(text.begin(), text.end(), '\n');
    const auto calls = static_cast<std::ptrdiff_t>(all_matches(text, "trace\\.[a-z_]+\\(").size());
    CHECK(calls > 0);
    CHECK(calls * 10 <= lines);
  }
}
