// Why a process did not begin, or how it came to its end.
#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "tinyhttpd/failure_phrases.hpp"

namespace tinyhttpd {

namespace {

/// What belongs to one errno, exit status or signal.
struct Entry {
  int number;
  FailurePhrases phrases;
};

constexpr std::string_view kNotStarted = "could not be started: {step}{error}";

constexpr auto kSpawnErrors = std::to_array<Entry>({
    {EACCES,
     {kNotStarted, "the kernel refuses to run the file or its interpreter, or to enter its folder",
      "its user must be allowed to execute it and its interpreter: see file modes and noexec mounts"}},
    {EAGAIN,
     {kNotStarted, "its user, or the container, has as many processes already as it may have",
      "wait until some have ended, or raise the limit: ulimit -u, TasksMax, or --cgi-limit processes"}},
    {ENOMEM,
     {kNotStarted, "the machine, or the container, has no memory left for one more process",
      "free some memory, or let fewer scripts run at once with --cgi-max"}},
    {EMFILE,
     {kNotStarted, "the server has as many files and connections open as it may have",
      "raise its limit of open files: ulimit -n, or LimitNOFILE of its service"}},
    {ENFILE,
     {kNotStarted, "all programs together have as many files open as this kernel allows",
      "end the program that leaves them open, or raise fs.file-max with sysctl"}},
    {E2BIG,
     {kNotStarted, "its arguments and its environment are larger than the kernel takes for a new program",
      "hand it less: shorter header fields and addresses, less of --cgi-env"}},
    {ENOENT,
     {kNotStarted, "something is missing that was there a moment ago, or that the file needs in order to run",
      "see that it is still there; what a compiled program was linked for, ldd tells"}},
    {ENOTDIR,
     {kNotStarted, "what should be a folder on the way to it, or to its interpreter, is a file",
      "correct the path in line 1"}},
    {ELOOP,
     {kNotStarted,
      "its interpreter is a script with an interpreter in turn, too often, or links form a circle",
      "name a program in line 1, and no script"}},
    {ETXTBSY,
     {kNotStarted, "another program has the file open and may still write to it",
      "wait until the copy, the compiler or the upload is done, then try again"}},
    {EPERM,
     {kNotStarted, "the server lacks the privilege for this step",
      "start it with that privilege, or without the option that asks for the step"}},
});

constexpr FailurePhrases kOtherSpawnError = {
    kNotStarted, "a new program takes several steps, and the kernel refused the one that is named",
    "look for the limits and mounts that the server was started with"};

constexpr std::string_view kGaveUp =
    "a status other than 0 says that a program gave up, and nothing that it printed makes a whole answer";

constexpr auto kExits = std::to_array<Entry>({
    {126,
     {"ended with exit status 126{outcome}: 126 mostly means that a command in it is not executable", kGaveUp,
      "chmod +x the command that it names on standard error"}},
    {127,
     {"ended with exit status 127{outcome}: 127 mostly means that a command in it was not found", kGaveUp,
      "give the command's whole path, or extend PATH with --cgi-env"}},
});

constexpr FailurePhrases kOtherExit = {"ended with exit status {number}{outcome}", kGaveUp,
                                       "read what it wrote on standard error, in the log"};

// The numbers that Linux gives them on every machine Debian runs on but MIPS. Written here because the names
// come from POSIX, which this layer does without.
constexpr auto kSignals = std::to_array<Entry>({
    {4,
     {"killed by signal {signal}", "the processor does not know an instruction in it, or its code is damaged",
      "build it for this machine's processor"}},
    {6,
     {"killed by signal {signal}", "it called abort(), as a failed assertion or an uncaught exception does",
      "read what it wrote on standard error, in the log"}},
    {7,
     {"killed by signal {signal}", "it reached for memory that is not there, or for a file that was cut",
      "run it in a debugger, such as gdb, with the same input"}},
    {8,
     {"killed by signal {signal}", "it asked for a number that there is not, such as 1 divided by 0",
      "test what it divides by, before it does"}},
    {9,
     {"killed by signal {signal}: perhaps the kernel had no memory left for it",
      "no program can refuse this signal; the kernel sends it when memory runs out, and people do with kill "
      "-9",
      "look for \"Out of memory\" in the kernel's log, and let it use less"}},
    {11,
     {"killed by signal {signal}", "it reached for memory that is not its own, as with a wild pointer",
      "run it in a debugger, such as gdb, with the same input"}},
    {13,
     {"killed by signal {signal}", "it wrote into a pipe or a socket that nobody reads any more",
      "see which of its commands ends too early, or ignore SIGPIPE"}},
    {14,
     {"killed by signal {signal}", "it had asked for this signal with alarm(), and the time was over",
      "give it more time, or handle SIGALRM"}},
    {15,
     {"killed by signal {signal}", "another program asked it to end, and it did so in the middle of its work",
      "see who stops it: a watchdog, a shutdown, or a kill in the script itself"}},
    {24,
     {"killed by signal {signal}: it used up its processor time",
      "a script may use no more of it than --cgi-limit cpu says, lest others wait for it",
      "let it do less, or raise --cgi-limit cpu"}},
    {25,
     {"killed by signal {signal}: it wrote a file larger than it may",
      "a script may write no larger one than --cgi-limit file-size says, lest the disk be full",
      "let it write less, or raise --cgi-limit file-size"}},
    {31,
     {"killed by signal {signal}: it made a system call that is forbidden to it",
      "a filter, such as a container's or that of SystemCallFilter in systemd, lets through some calls only",
      "do without that call, or let the filter allow it"}},
});

constexpr FailurePhrases kOtherSignal = {"killed by signal {signal}",
                                         "a program ends at once by a signal that it does not handle",
                                         "see who sends it that signal, or handle it"};

const FailurePhrases& find(std::span<const Entry> entries, int number, const FailurePhrases& otherwise) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [number](const Entry& entry) { return entry.number == number; });
  return found == entries.end() ? otherwise : found->phrases;
}

}  // namespace

const FailurePhrases& phrases_for_spawn(int error_number) {
  return find(kSpawnErrors, error_number, kOtherSpawnError);
}

const FailurePhrases& phrases_for_exit(int status) {
  return find(kExits, status, kOtherExit);
}

const FailurePhrases& phrases_for_signal(int signal) {
  return find(kSignals, signal, kOtherSignal);
}

}  // namespace tinyhttpd
