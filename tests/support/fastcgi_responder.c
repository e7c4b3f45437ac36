/* A FastCGI application of libfcgi for the tests: it shows what it was given, and does on demand what the
 * tests want to see. Compiled by them: cc -O1 -o fastcgi_responder fastcgi_responder.c -lfcgi -lpthread
 *
 * usage: fastcgi_responder ADDRESS LOG    ADDRESS as of libfcgi: /path/of/a/socket or :port
 *
 * By PATH_INFO: /params all variables, a line each . /body the body as it came . /large?BYTES that many bytes
 * . /errors?LINES so many lines of standard error, and one of output . /status?N ends with that status .
 * /id?ID answers "METHOD ID" after 15 ms, and first writes it to LOG.
 */
#include <fcgiapp.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kThreads = 8, kBacklog = 128 };

static int listener;
static int log_file;

static const char* variable(const FCGX_Request* request, const char* name) {
  const char* value = FCGX_GetParam(name, request->envp);
  return value != NULL ? value : "";
}

static void show_parameters(FCGX_Request* request) {
  char** line;
  FCGX_PutS("Content-Type: text/plain\r\n\r\n", request->out);
  for (line = request->envp; *line != NULL; ++line) FCGX_FPrintF(request->out, "%s\n", *line);
}

static void send_body_back(FCGX_Request* request) {
  char buffer[8192];
  int count;
  FCGX_FPrintF(request->out, "Content-Type: application/octet-stream\r\nContent-Length: %s\r\n\r\n",
               variable(request, "CONTENT_LENGTH"));
  while ((count = FCGX_GetStr(buffer, sizeof buffer, request->in)) > 0)
    FCGX_PutStr(buffer, count, request->out);
}

static void send_bytes(FCGX_Request* request, long long bytes) {
  char buffer[8192];
  memset(buffer, 'x', sizeof buffer);
  FCGX_PutS("Content-Type: application/octet-stream\r\n\r\n", request->out);
  while (bytes > 0) {
    const long long part = bytes < (long long)sizeof buffer ? bytes : (long long)sizeof buffer;
    if (FCGX_PutStr(buffer, (int)part, request->out) != part) return;
    bytes -= part;
  }
}

static void complain(FCGX_Request* request, long lines) {
  long line;
  for (line = 1; line <= lines; ++line)
    FCGX_FPrintF(request->err, "complaint %d of the responder\n", (int)line);
  FCGX_PutS("Content-Type: text/plain\r\n\r\nI have complained\n", request->out);
}

/* Written before the answer: whoever is killed between the two has done the work all the same. */
static void note_id(FCGX_Request* request) {
  char line[256];
  const int length = snprintf(line, sizeof line, "%s %.200s\n", variable(request, "REQUEST_METHOD"),
                              variable(request, "QUERY_STRING"));
  if (write(log_file, line, (size_t)length) != length) abort();
  usleep(15 * 1000);
  FCGX_FPrintF(request->out, "Content-Type: text/plain\r\n\r\n%s", line);
}

static void answer(FCGX_Request* request) {
  const char* what = variable(request, "PATH_INFO");
  const char* query = variable(request, "QUERY_STRING");
  if (strcmp(what, "/body") == 0) {
    send_body_back(request);
  } else if (strcmp(what, "/large") == 0) {
    send_bytes(request, atoll(query));
  } else if (strcmp(what, "/errors") == 0) {
    complain(request, atol(query));
  } else if (strcmp(what, "/id") == 0) {
    note_id(request);
  } else {
    if (strcmp(what, "/status") == 0) FCGX_SetExitStatus(atoi(query), request->out);
    show_parameters(request);
  }
}

static void* serve(void* unused) {
  FCGX_Request request;
  (void)unused;
  FCGX_InitRequest(&request, listener, 0);
  while (FCGX_Accept_r(&request) == 0) {
    answer(&request);
    FCGX_Finish_r(&request);
  }
  return NULL;
}

int main(int argc, char** argv) {
  pthread_t thread;
  int number;
  if (argc != 3) {
    fputs("usage: fastcgi_responder ADDRESS LOG\n", stderr);
    return 2;
  }
  log_file = open(argv[2], O_WRONLY | O_CREAT | O_APPEND, 0644);
  listener = FCGX_Init() == 0 ? FCGX_OpenSocket(argv[1], kBacklog) : -1;
  if (log_file < 0 || listener < 0) {
    perror(argv[1]);
    return 1;
  }
  for (number = 1; number < kThreads; ++number)
    if (pthread_create(&thread, NULL, serve, NULL) != 0) return 1;
  serve(NULL);
  return 0;
}
