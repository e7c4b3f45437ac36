// A CGI program with much to say: 256 MiB, in writes of 64 KiB, which is what a pipe holds.
#include <string.h>
#include <unistd.h>

enum { kChunk = 64 * 1024, kChunks = 4096 };

static int write_all(const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(STDOUT_FILENO, bytes, length);
    if (written <= 0) return -1;
    bytes += written;
    length -= (size_t)written;
  }
  return 0;
}

int main(void) {
  static const char head[] = "Content-Type: application/octet-stream\r\n\r\n";
  static char chunk[kChunk];
  memset(chunk, 'x', sizeof chunk);
  if (write_all(head, sizeof head - 1) != 0) return 1;
  for (int i = 0; i < kChunks; ++i) {
    if (write_all(chunk, sizeof chunk) != 0) return 1;
  }
  return 0;
}
