// What hello.c says, as a FastCGI responder: as many processes as the second argument says, at the Unix socket that the
// first one names. Each has one connection at a time.
#include <fcgiapp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kWaiting = 511 }; // connections that may wait for a process, as many as at php-fpm

static void answer_all(int listener) {
  static const char answer[] = "Content-Type: text/plain\r\n\r\nHello from a FastCGI program.\n";
  FCGX_Request request;
  if (FCGX_Init() != 0 || FCGX_InitRequest(&request, listener, 0) != 0) return;
  while (FCGX_Accept_r(&request) == 0) FCGX_PutStr(answer, sizeof answer - 1, request.out);
}

int main(int count, char **arguments) {
  int listener = count == 3 ? FCGX_OpenSocket(arguments[1], kWaiting) : -1;
  if (listener < 0) return 1;
  for (int i = atoi(arguments[2]); i > 0; --i) {
    if (fork() != 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGTERM); // they end together
    answer_all(listener);
    _exit(1);
  }
  while (wait(NULL) > 0) {
  }
  return 1;
}
