// What hello.c says, to a JSON event: reads it to its end, as any handler must, and answers with a JSON object.
#include <unistd.h>

int main(void) {
  static const char answer[] = "{\"statusCode\": 200, \"headers\": {\"Content-Type\": \"text/plain\"}, "
                               "\"body\": \"Hello from a JSON handler.\\n\"}\n";
  static char event[64 * 1024];
  while (read(STDIN_FILENO, event, sizeof event) > 0) {
  }
  return write(STDOUT_FILENO, answer, sizeof answer - 1) == (ssize_t)(sizeof answer - 1) ? 0 : 1;
}
