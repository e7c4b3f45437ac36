// A CGI program that reads its request's body to the end, keeps nothing, and answers with the number of bytes.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void) {
  static char chunk[64 * 1024];
  const char *text = getenv("CONTENT_LENGTH");
  long long announced = text ? atoll(text) : 0;
  long long received = 0;
  // Never past the announced length: RFC 3875 section 4.2, a server need not end the body with an end of file.
  while (received < announced) {
    ssize_t count = read(STDIN_FILENO, chunk, sizeof chunk);
    if (count <= 0) break;
    received += count;
  }
  printf("Content-Type: text/plain\r\n\r\n%lld\n", received);
  return 0;
}
