#!/bin/sh
# Shows the least a CGI script must do: print a Content-Type line, an empty line, and a document
# (RFC 3875 section 6.2.1). By hand: env -i SERVER_SOFTWARE=none ./check.cgi
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
<title>CGI works</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body class="answer">
<main>
<h1>CGI works</h1>
<p>A script wrote this page just now. Load it again: the time and the process change, because every request
starts the script anew.</p>
<table>
<tr><th scope="row">Time</th><td>$(date -u '+%Y-%m-%d %H:%M:%S UTC')</td></tr>
<tr><th scope="row">Process</th><td>$$</td></tr>
<tr><th scope="row">Server</th><td>$(escape_html "${SERVER_SOFTWARE:-not said}")</td></tr>
</table>
<footer><p><a href="/demo/check.html" target="_top">About this script, and its source</a></p></footer>
</main>
</body>
</html>
END
