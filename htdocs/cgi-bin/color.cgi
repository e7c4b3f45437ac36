#!/bin/sh
# Shows how a script receives a form: POST sends the fields on standard input, exactly CONTENT_LENGTH bytes
# of them, and GET sends them in QUERY_STRING (RFC 3875 sections 4.1.7 and 4.2).
# By hand: printf color=red | env -i REQUEST_METHOD=POST CONTENT_LENGTH=9 ./color.cgi
set -u

# Makes text safe in HTML, in quoted attributes too.
escape_html() {
  printf '%s\n' "$1" | sed "s/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/\"/\&quot;/g; s/'/\&#39;/g"
}

# Prints the value of the field named $1 in the form $2, still encoded; fails if there is no such field.
find_field() {
  case "&$2" in
    *"&$1="*) value="&$2" ;;
    *) return 1 ;;
  esac
  value=${value#*"&$1="}
  printf '%s' "${value%%&*}"
}

# Undoes the encoding of forms: + is a space, %41 is A. Control characters have no use here and become ?.
decode() {
  rest=$1
  while [ -n "$rest" ]; do
    case $rest in
      %[0-9A-Fa-f][0-9A-Fa-f]*) after=${rest#???} ;;
      *) after=${rest#?} ;;
    esac
    character=${rest%"$after"}
    case $character in
      +) printf ' ' ;;
      %[01]?) printf '?' ;;
      # printf knows characters by their octal number only.
      %??) printf '%b' "\\0$(printf '%03o' "0x${character#%}")" ;;
      *) printf '%s' "$character" ;;
    esac
    rest=$after
  done
}

# Accepts a name of letters, or # and 3 or 6 hexadecimal digits: nothing that could end the style below.
is_color() {
  [ "${#1}" -le 30 ] || return 1
  case $1 in
    '#'*[!0-9A-Fa-f]*) return 1 ;;
    '#'??? | '#'??????) return 0 ;;
    '' | *[!A-Za-z]*) return 1 ;;
  esac
}

status='200 OK'
heading='Choose a colour'
style=''
color=''
form=${QUERY_STRING-}
if [ "${REQUEST_METHOD-}" = POST ]; then
  case ${CONTENT_LENGTH:-0} in
    *[!0-9]* | ?????*) status='413 Content Too Large' form='' ;;
    *) form=$(head -c "${CONTENT_LENGTH:-0}") ;;
  esac
fi

if [ "$status" != '200 OK' ]; then
  heading='Sorry, that is too much for one colour'
elif encoded=$(find_field color "$form"); then
  # No colour needs more than this, and a short text is soon decoded.
  color=$(decode "$(printf '%.120s' "$encoded")")
  if is_color "$color"; then
    heading="This is $color"
    style=" style=\"background: $color\""
  else
    status='400 Bad Request'
    heading="Sorry, \"$color\" is not a colour I can show"
  fi
elif [ "${REQUEST_METHOD-}" = POST ]; then
  status='400 Bad Request'
  heading='Sorry, the form had no field named color'
fi

cat <<END
Status: $status
Content-Type: text/html; charset=utf-8

<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$(escape_html "$heading")</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body class="answer"$style>
<main>
<h1>$(escape_html "$heading")</h1>
<p>Enter a name that your browser knows, such as <em>tomato</em>, or # and three or six hexadecimal digits,
such as <em>#2a9d8f</em>.</p>
<form class="one-line" method="post" action="$(escape_html "${SCRIPT_NAME:-/cgi-bin/color.cgi}")">
<label for="color">Enter a colour</label>
<input id="color" name="color" type="text" required maxlength="30" value="$(escape_html "$color")"
  autocomplete="off" autocapitalize="none" spellcheck="false">
<button type="submit">Show it</button>
</form>
<footer><p><a href="/demo/color.html" target="_top">About this script, and its source</a></p></footer>
</main>
</body>
</html>
END
