#!/bin/sh
# Shows how a script receives a file: as the body of a POST request, CONTENT_LENGTH bytes on standard input
# (RFC 3875 section 4.2). It counts them, makes their SHA-256 sum, and keeps nothing.
# By hand: printf hello | env -i REQUEST_METHOD=POST CONTENT_LENGTH=5 ./upload.cgi
set -u
export LC_ALL=C # ${#line} counts bytes.

# Makes text safe in HTML, in quoted attributes too.
escape_html() {
  printf '%s\n' "$1" | sed "s/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/\"/\&quot;/g; s/'/\&#39;/g"
}

# begin_page STATUS TITLE
begin_page() {
  cat <<END
Status: $1
Content-Type: text/html; charset=utf-8

<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$2</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body class="answer">
<main>
<h1>$2</h1>
END
}

end_page() {
  cat <<'END'
<footer><p><a href="/demo/upload.html" target="_top">About this script, and its source</a></p></footer>
</main>
</body>
</html>
END
}

refuse() { # STATUS REASON
  begin_page "$1" "$1"
  printf '<p class="refused">%s</p>\n' "$2"
  end_page
  exit
}

# Reads the head of a form's part, up to its empty line: the shell's read takes byte by byte, so the file that
# follows stays unread. After the file comes the closing boundary (RFC 2046 section 5.1.1). This is right for a
# form with one file and no other field; for more, use a language that has a parser of forms.
enter_form() {
  boundary=${CONTENT_TYPE#*boundary=}
  boundary=${boundary#\"}
  boundary=${boundary%%[\";]*}
  head_bytes=0
  carriage_return=$(printf '\r')
  while IFS= read -r line && [ "$head_bytes" -lt 4096 ]; do
    head_bytes=$((head_bytes + ${#line} + 1))
    [ "$line" != "$carriage_return" ] || break
  done
  ending="--$boundary--"
  length=$((length - head_bytes - ${#ending} - 4)) # CR LF stands before it and after it.
  [ "$length" -ge 0 ] || refuse '400 Bad Request' 'This is no form with one file.'
}

if [ "${REQUEST_METHOD-}" != POST ]; then
  begin_page '200 OK' 'Send a file'
  cat <<END
<form method="post" enctype="multipart/form-data"
  action="$(escape_html "${SCRIPT_NAME:-/cgi-bin/upload.cgi}")">
<label for="file">A file</label>
<input id="file" name="file" type="file" required>
<button type="submit">Send it</button>
</form>
END
  end_page
  exit
fi

length=${CONTENT_LENGTH:-0}
case $length in
  *[!0-9]* | ????????????????*) refuse '400 Bad Request' 'CONTENT_LENGTH is not a number of bytes.' ;;
esac

ending=''
how='as it is'
case ${CONTENT_TYPE-} in
  multipart/form-data*boundary=*) enter_form; how='as the one part of a form' ;;
esac
sum=$(head -c "$length" | sha256sum)
# The end must be what was expected, or the sum is of something else than the file.
if [ -n "$ending" ] && [ "$(head -c "$((${#ending} + 4))" | tr -d '\000\r\n')" != "$ending" ]; then
  refuse '400 Bad Request' 'This is no form with one file.'
fi

begin_page '200 OK' 'The file has arrived'
cat <<END
<table>
<tr><th scope="row">Size</th><td>$length bytes</td></tr>
<tr><th scope="row">SHA-256</th><td>${sum%% *}</td></tr>
<tr><th scope="row">Time</th><td>$(date -u '+%Y-%m-%d %H:%M:%S UTC')</td></tr>
<tr><th scope="row">Sent</th><td>$how</td></tr>
</table>
<p>It was read to its end and forgotten.</p>
END
end_page
