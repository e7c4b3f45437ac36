#!/bin/sh
# Shows the source of the demonstrations: source.cgi?check.cgi, source.cgi?mandelbrot.c, source.cgi?hello.php.
#
# A server must never do this by itself: a script's text may hold passwords, and its mistakes are easier to
# find for whoever can read it. Here it is harmless, because these scripts are published with the server and
# hold no secret. A script of yours in this folder would be shown as well: then remove this one.
# By hand: env -i QUERY_STRING=check.cgi ./source.cgi
set -u
export LC_ALL=C # [a-z] are the letters of ASCII.

refuse() {
  cat <<'END'
Status: 404 Not Found
Content-Type: text/html; charset=utf-8

<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>No such source</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body class="answer">
<main>
<h1>No such source</h1>
<p>Only the text of the demonstrations is shown.</p>
</main>
</body>
</html>
END
  exit
}

# One dot, no slash, and nothing that a shell or a file system could take for something else.
name=${QUERY_STRING-}
case $name in
  *[!a-z0-9.-]* | *.*.* | .*) refuse ;;
  *.cgi) file=./$name comment='^[ \t]*#' ;;
  *.c) file=../cgi-src/$name comment='^[ \t]*//' ;;
  # What other gateways run: not a whole folder, for there may be more in it.
  hello.php) file=../demo/$name comment='^[ \t]*//' ;;
  hello.py) file=../.json/$name comment='^[ \t]*#' ;;
  *) refuse ;;
esac
# A link could lead out of these folders.
if [ ! -f "$file" ] || [ ! -r "$file" ] || [ -h "$file" ]; then refuse; fi
case $name in
  # A compiled program begins otherwise, and is not to be read.
  *.cgi) [ "$(head -c 2 "$file" | tr -d '\000')" = '#!' ] || refuse ;;
esac

cat <<END
Content-Type: text/html; charset=utf-8

<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$name</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body class="listing">
<main>
<h1>$name</h1>
<table>
END

awk -v comment="$comment" '
  {
    gsub(/&/, "\\&amp;")
    gsub(/</, "\\&lt;")
    gsub(/>/, "\\&gt;")
    # A carriage return would not be seen, and one of these scripts is about it.
    gsub(/\r/, "<b class=\"carriage-return\">CR</b>")
    shade = $0 ~ comment ? " class=\"comment\"" : ""
    printf "<tr><th scope=\"row\">%d</th><td%s>%s</td></tr>\n", NR, shade, $0
  }' "$file"

cat <<'END'
</table>
</main>
</body>
</html>
END
