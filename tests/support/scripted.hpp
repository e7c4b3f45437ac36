// CGI scripts for the tests, written in C++: the test program itself is the script.
//
// ServerUnderTest::scripted() writes a file whose #! line names the test program. Run by the server, the
// program finds GATEWAY_INTERFACE in its environment and does what is registered under the file's name,
// without extension.
#pragma once

#include <string>

/// What a scripted program does; its result is the exit status.
using Script = int (*)(int argc, char** argv);

/// Registers a script under a name; a namespace-scope `const RegisterScript kName("name", function);` beside
/// the tests that use it.
struct RegisterScript {
  RegisterScript(const std::string& name, Script script);
};

/// Runs the script that SCRIPT_FILENAME names and returns its exit status. An unknown name is reported on
/// standard error, with status 127.
int run_as_script(int argc, char** argv);
