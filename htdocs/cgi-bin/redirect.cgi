#!/bin/sh
# Shows both redirects of CGI. A path in Location makes the server answer with that page itself (RFC 3875
# section 6.2.2: the browser's address stays); a URI makes the browser go there (section 6.2.3: it changes).
# By hand: env -i QUERY_STRING=to=client SERVER_NAME=localhost SERVER_PORT=4000 ./redirect.cgi
set -u

# Prints the server's name and port: as the client wrote them, if it did so in harmless characters.
host_and_port() {
  case ${HTTP_HOST-} in
    '' | *[!][A-Za-z0-9.:_-]*) ;;
    *) printf '%s' "$HTTP_HOST"; return ;;
  esac
  name=${SERVER_NAME:-localhost}
  # An IPv6 address needs brackets in a URI, if it has none yet.
  case $name in
    '['*) ;;
    *:*) name="[$name]" ;;
  esac
  printf '%s:%s' "$name" "${SERVER_PORT:-80}"
}

case "&${QUERY_STRING-}&" in
  *'&to=local&'*)
    printf 'Location: /cgi-bin/check.cgi\n\n'
    exit
    ;;
  *'&to=client&'*)
    scheme=http
    [ "${HTTPS-off}" = off ] || scheme=https
    printf 'Location: %s://%s/cgi-bin/check.cgi\n\n' "$scheme" "$(host_and_port)"
    exit
    ;;
esac

cat <<'END'
Content-Type: text/html; charset=utf-8

<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Two kinds of redirect</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body class="answer">
<main>
<h1>Two kinds of redirect</h1>
<p>Both lead to <code>check.cgi</code>. Watch the address of the page.</p>
<dl>
<dt><a href="?to=local">Local redirect</a></dt>
<dd>The script names a path, and the server answers with that page at once. The address stays.</dd>
<dt><a href="?to=client">Client redirect</a></dt>
<dd>The script names a whole address, and the browser is told to go there. The address changes.</dd>
</dl>
<footer><p><a href="/demo/redirect.html" target="_top">About this script, and its source</a></p></footer>
</main>
</body>
</html>
END
