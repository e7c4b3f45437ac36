// The smallest useful CGI program: one short page.
#include <unistd.h>

int main(void) {
  static const char answer[] = "Content-Type: text/plain\r\n\r\nHello from a CGI program.\n";
  return write(STDOUT_FILENO, answer, sizeof answer - 1) == (ssize_t)(sizeof answer - 1) ? 0 : 1;
}
