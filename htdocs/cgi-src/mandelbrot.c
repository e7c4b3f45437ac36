// Draws the Mandelbrot set, and goes deeper into it wherever its picture is clicked.
//
// Shows three things. A CGI program may be written in any language. The query "?120,80", which a browser
// makes of a click into a server-side image map (<img ismap>), has no "=" and so becomes the program's
// argument (RFC 3875 section 4.4). And what must be remembered from one click to the next can stand in the
// path behind the program's name, which arrives as PATH_INFO (section 4.1.5): the server keeps nothing.
//
//   /cgi-bin/mandelbrot.cgi/LEVEL,X,Y            a page with the picture
//   /cgi-bin/mandelbrot.cgi/LEVEL,X,Y/image.bmp  the picture
//   /cgi-bin/mandelbrot.cgi/LEVEL,X,Y?120,80     the page for a click into that picture
//
// LEVEL counts the clicks; each makes everything four times as large. X and Y are the middle of the picture,
// in pixels of that level: whole numbers, so that nothing is lost when they are written into an address.
//
// By hand: env -i PATH_INFO=/0,0,0 ./mandelbrot.cgi 120,80

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  kWidth = 320,  // a multiple of four, as the rows of a BMP file have to be
  kHeight = 240,
  kMagnification = 4,
  kMaxLevel = 18,  // deeper, neighbouring pixels would be the same number
  kColors = 256,
  kBmpHeadBytes = 14 + 40 + 4 * kColors,
};

typedef struct {
  int64_t level, x, y;
} View;

static int64_t magnification(int64_t level) {
  int64_t result = 1;
  for (int64_t i = 0; i < level; i++) result *= kMagnification;
  return result;
}

// Reads a whole number of at most 15 digits at *text and moves *text behind it.
static bool read_number(const char** text, int64_t* number) {
  const bool negative = **text == '-';
  const char* digit = *text + (negative ? 1 : 0);
  const char* first = digit;
  *number = 0;
  for (; isdigit((unsigned char)*digit) && digit - first < 15; digit++)
    *number = *number * 10 + (*digit - '0');
  if (digit == first || isdigit((unsigned char)*digit)) return false;
  if (negative) *number = -*number;
  *text = digit;
  return true;
}

// Reads `separator` and the number that follows it.
static bool read_next(const char** text, char separator, int64_t* number) {
  if (**text != separator) return false;
  (*text)++;
  return read_number(text, number);
}

// Whether the middle of the picture is where there is something to see.
static bool is_sensible(View view) {
  if (view.level < 0 || view.level > kMaxLevel) return false;
  const int64_t limit = kWidth * magnification(view.level);
  return llabs(view.x) <= limit && llabs(view.y) <= limit;
}

// Reads PATH_INFO: "/LEVEL,X,Y" or "/LEVEL,X,Y/image.bmp"; an empty one is the whole set.
static bool read_path(const char* path, View* view, bool* wants_image) {
  *view = (View){0, 0, 0};
  *wants_image = false;
  if (*path == '\0' || strcmp(path, "/") == 0) return true;
  if (!read_next(&path, '/', &view->level) || !read_next(&path, ',', &view->x) ||
      !read_next(&path, ',', &view->y)) {
    return false;
  }
  *wants_image = strcmp(path, "/image.bmp") == 0;
  return (*wants_image || *path == '\0') && is_sensible(*view);
}

// Moves the view to the pixel that was clicked, "120,80", and one level deeper if there is one.
static bool click(const char* point, View* view) {
  int64_t x = 0;
  int64_t y = 0;
  if (!read_number(&point, &x) || !read_next(&point, ',', &y) || *point != '\0') return false;
  if (x < 0 || x >= kWidth || y < 0 || y >= kHeight) return false;
  view->x += x - kWidth / 2;
  view->y += y - kHeight / 2;
  if (view->level < kMaxLevel) {
    view->level++;
    view->x *= kMagnification;
    view->y *= kMagnification;
  }
  return is_sensible(*view);
}

// The two large parts of the set are known by formulas; there is no need to count in them.
static bool is_in_large_part(double re, double im) {
  const double q = (re - 0.25) * (re - 0.25) + im * im;
  return q * (q + (re - 0.25)) <= 0.25 * im * im || (re + 1) * (re + 1) + im * im <= 0.0625;
}

// How many steps of z = z * z + c the number takes to leave; `limit` if it stays. A z that comes back to
// where it was before will do so for ever.
static int steps_until_gone(double c_re, double c_im, int limit) {
  if (is_in_large_part(c_re, c_im)) return limit;
  double re = 0, im = 0, seen_re = 0, seen_im = 0;
  int next_look = 8;
  for (int step = 0; step < limit; step++) {
    const double re2 = re * re, im2 = im * im;
    if (re2 + im2 > 4) return step;
    im = 2 * re * im + c_im;
    re = re2 - im2 + c_re;
    if (re == seen_re && im == seen_im) return limit;
    if (step == next_look) {
      seen_re = re;
      seen_im = im;
      next_look *= 2;
    }
  }
  return limit;
}

static void put_little_endian(unsigned char* to, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; i++) to[i] = (unsigned char)(value >> (8 * i));
}

// Black for the set, and a round of colours for what is outside: deep blue, teal, sand and back.
static void put_colors(unsigned char* to) {
  static const int kStops[5][3] = {
      {14, 30, 54}, {12, 110, 110}, {244, 226, 178}, {196, 96, 40}, {14, 30, 54}};
  const int span = kColors / 4;
  for (int color = 1; color < kColors; color++) {
    const int *from = kStops[color / span], *next = kStops[color / span + 1];
    for (int part = 0; part < 3; part++) {
      const int value = from[part] + (next[part] - from[part]) * (color % span) / span;
      to[4 * color + 2 - part] = (unsigned char)value;  // blue comes first
    }
  }
}

static void put_bmp_head(unsigned char* head) {
  memcpy(head, "BM", 2);
  put_little_endian(head + 2, kBmpHeadBytes + kWidth * kHeight, 4);
  put_little_endian(head + 10, kBmpHeadBytes, 4);
  put_little_endian(head + 14, 40, 4);
  put_little_endian(head + 18, kWidth, 4);
  put_little_endian(head + 22, kHeight, 4);
  put_little_endian(head + 26, 1, 2);  // plane
  put_little_endian(head + 28, 8, 2);  // bits of a pixel
  put_colors(head + 54);
}

// A BMP file has the lowest row first.
static void put_pixels(unsigned char* pixels, View view) {
  const double pixel = 0.01 / (double)magnification(view.level);
  const int limit = 250 + 75 * (int)view.level;
  for (int row = 0; row < kHeight; row++) {
    const double im = pixel * (double)(view.y + (kHeight - 1 - row) - kHeight / 2);
    for (int column = 0; column < kWidth; column++) {
      const double re = -0.7 + pixel * (double)(view.x + column - kWidth / 2);
      const int steps = steps_until_gone(re, im, limit);
      *pixels++ = (unsigned char)(steps == limit ? 0 : 1 + steps * 5 % (kColors - 1));
    }
  }
}

static int send_image(View view) {
  static unsigned char file[kBmpHeadBytes + kWidth * kHeight];
  put_bmp_head(file);
  put_pixels(file + kBmpHeadBytes, view);
  printf("Content-Type: image/bmp\nContent-Length: %zu\n\n", sizeof file);
  return fwrite(file, sizeof file, 1, stdout) == 1 && fflush(stdout) == 0 ? 0 : 1;
}

static void print_head(const char* status, const char* title) {
  printf("Status: %s\nContent-Type: text/html; charset=utf-8\n\n", status);
  puts("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">");
  puts("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
  printf("<title>%s</title>\n", title);
  puts("<link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">");
  puts("<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body class=\"answer picture\">\n<main>");
}

static int refuse(void) {
  print_head("400 Bad Request", "No such picture");
  puts("<h1>No such picture</h1>\n<p class=\"refused\">A path is /LEVEL,X,Y and a query X,Y.</p>");
  puts("</main>\n</body>\n</html>");
  return 0;
}

// The program's own path, as the links need it: the folder may have another name elsewhere.
static const char* script_name(void) {
  const char* name = getenv("SCRIPT_NAME");
  const char* harmless = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-";
  if (name == NULL || *name == '\0' || name[strspn(name, harmless)] != '\0') return "/cgi-bin/mandelbrot.cgi";
  return name;
}

static void print_link(const char* text, View view) {
  printf("<li><a href=\"%s/%lld,%lld,%lld\">%s</a></li>\n", script_name(), (long long)view.level,
         (long long)view.x, (long long)view.y, text);
}

static int send_page(View view) {
  const long long level = view.level, x = view.x, y = view.y;
  print_head("200 OK", "The Mandelbrot set");
  printf(
      "<a href=\"%s/%lld,%lld,%lld\"><img src=\"%s/%lld,%lld,%lld/image.bmp\" ismap width=\"%d\" "
      "height=\"%d\"\n",
      script_name(), level, x, y, script_name(), level, x, y, kWidth, kHeight);
  puts("alt=\"The Mandelbrot set; a click into it goes deeper\"></a>\n<div>\n<h1>The Mandelbrot set</h1>");
  printf("<p>Level %lld of %d. Click into the picture: it becomes %d times as large there.</p>\n<ul>\n",
         level, kMaxLevel, kMagnification);
  if (level < kMaxLevel) {
    print_link("Deeper in the middle", (View){level + 1, x * kMagnification, y * kMagnification});
  }
  if (level > 0) {
    print_link("One level up", (View){level - 1, x / kMagnification, y / kMagnification});
    print_link("The whole set", (View){0, 0, 0});
  }
  puts("</ul>\n</div>\n</main>\n</body>\n</html>");
  return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  const char* path = getenv("PATH_INFO");
  View view;
  bool wants_image = false;
  if (!read_path(path == NULL ? "" : path, &view, &wants_image)) return refuse();
  if (wants_image) return send_image(view);
  if (argc > 2 || (argc == 2 && !click(argv[1], &view))) return refuse();
  return send_page(view);
}
