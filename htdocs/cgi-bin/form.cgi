#!/bin/sh
# Shows both ways in which a form's fields reach a script: GET puts them into QUERY_STRING, POST sends them on
# standard input, CONTENT_LENGTH bytes of them (RFC 3875 sections 4.1.7 and 4.2). Their encoding is the same.
# By hand: printf 'name=Ada' | env -i REQUEST_METHOD=POST CONTENT_LENGTH=8 ./form.cgi
set -u
export LC_ALL=C # A byte is a character: UTF-8 passes through as it is.

max_bytes=65536
form_type=application/x-www-form-urlencoded

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
<footer><p><a href="/demo/form-post.html" target="_top">About this script, and its source</a></p></footer>
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

# Reads a form from standard input and makes a table row of each field.
table_rows() {
  awk '
    BEGIN {
      RS = "&"
      # Control characters but tab and line end have no use in a field.
      for (i = 0; i < 256; i++) {
        control = i == 127 || (i < 32 && i != 9 && i != 10 && i != 13)
        byte[sprintf("%02x", i)] = control ? "?" : sprintf("%c", i)
      }
    }
    # Undoes the encoding of forms: + is a space, %41 is A.
    function decode(text,    part, count, i, result) {
      gsub(/\+/, " ", text)
      count = split(text, part, "%")
      result = part[1]
      for (i = 2; i <= count; i++) {
        if (part[i] ~ /^[0-9A-Fa-f][0-9A-Fa-f]/)
          result = result byte[tolower(substr(part[i], 1, 2))] substr(part[i], 3)
        else
          result = result "%" part[i]
      }
      return result
    }
    function escape_html(text) {
      gsub(/&/, "\\&amp;", text)
      gsub(/</, "\\&lt;", text)
      gsub(/>/, "\\&gt;", text)
      gsub(/"/, "\\&quot;", text)
      gsub(/\047/, "\\&#39;", text)
      return text
    }
    # Only the first = divides; a value may hold more of them.
    $0 != "" {
      equals = index($0, "=")
      name = escape_html(decode(equals ? substr($0, 1, equals - 1) : $0))
      value = escape_html(decode(equals ? substr($0, equals + 1) : ""))
      printf "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", name, value
    }'
}

# show_fields WHERE FORM: what arrived, first as it was sent, then decoded.
show_fields() {
  begin_page '200 OK' 'What the form contained'
  printf '<p>%s</p>\n<pre><code>%s</code></pre>\n' "$1" "$(escape_html "$(printf '%.1000s' "$2")")"
  printf '<table>\n'
  printf '%s' "$2" | table_rows
  printf '</table>\n'
  end_page
}

show_form() {
  begin_page '200 OK' 'A form'
  cat <<END
<form method="post" action="$(escape_html "${SCRIPT_NAME:-/cgi-bin/form.cgi}")">
<label for="name">Your name</label>
<input id="name" name="name" type="text" autocomplete="name">
<label for="message">A few words</label>
<textarea id="message" name="message" rows="3"></textarea>
<button type="submit">Send by POST</button>
</form>
END
  end_page
}

if [ "${REQUEST_METHOD-}" = POST ]; then
  length=${CONTENT_LENGTH:-0}
  # Counting the digits first: test(1) knows no numbers of a million digits.
  case $length in
    *[!0-9]*) refuse '400 Bad Request' 'CONTENT_LENGTH is not a number.' ;;
    ???????*) refuse '413 Content Too Large' "This form takes $max_bytes bytes at most." ;;
  esac
  [ "$length" -le "$max_bytes" ] || refuse '413 Content Too Large' "This form takes $max_bytes bytes at most."
  case ${CONTENT_TYPE:-$form_type} in
    "$form_type" | "$form_type;"*) ;;
    *) refuse '415 Unsupported Media Type' "This form is read as $form_type only." ;;
  esac
  # No more than that: standard input need not end after it (RFC 3875 section 4.2).
  form=$(head -c "$length")
  show_fields "They came on standard input: CONTENT_LENGTH is $length bytes." "$form"
elif [ -n "${QUERY_STRING-}" ]; then
  show_fields 'They came in QUERY_STRING, which is also a part of the address:' "$QUERY_STRING"
else
  show_form
fi
