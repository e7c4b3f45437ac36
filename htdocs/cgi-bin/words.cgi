#!/bin/sh
# Shows the oldest input of CGI: a query without "=" is a list of words, divided by "+", and each word becomes
# an argument of the script (RFC 3875 section 4.4). Browsers made such queries of the element ISINDEX.
# By hand: env -i QUERY_STRING=two+words ./words.cgi two words
set -u

# Makes text safe in HTML, in quoted attributes too.
escape_html() {
  printf '%s\n' "$1" | sed "s/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/\"/\&quot;/g; s/'/\&#39;/g"
}

cat <<END
Content-Type: text/html; charset=utf-8

<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Words as arguments</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body class="answer">
<main>
<h1>Arguments: $#</h1>
<table>
<tr><th scope="row">QUERY_STRING</th><td>$(escape_html "${QUERY_STRING-}")</td></tr>
END

number=1
for word in "$@"; do
  printf '<tr><th scope="row">argv[%d]</th><td>%s</td></tr>\n' "$number" "$(escape_html "$word")"
  number=$((number + 1))
done

cat <<'END'
</table>
<footer><p><a href="/demo/words.html" target="_top">About this script, and its source</a></p></footer>
</main>
</body>
</html>
END
