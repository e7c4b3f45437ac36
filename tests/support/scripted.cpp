#include "support/scripted.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>

namespace {

/// Made at first use: scripts register while other files' statics are still being made.
std::map<std::string, Script>& scripts() {
  static std::map<std::string, Script> known;
  return known;
}

}  // namespace

RegisterScript::RegisterScript(const std::string& name, Script script) {
  scripts()[name] = script;
}

int run_as_script(int argc, char** argv) {
  const char* file = std::getenv("SCRIPT_FILENAME");
  const std::string name = std::filesystem::path(file != nullptr ? file : "").stem().string();
  const auto script = scripts().find(name);
  if (script == scripts().end()) {
    std::fprintf(stderr, "no scripted CGI program is named \"%s\"\n", name.c_str());
    return 127;
  }
  return script->second(argc, argv);
}
