#!/bin/sh
# Shows what the server tells a script: the meta-variables of RFC 3875 section 4.1, in its environment.
# The page repeats the visitor's cookies, so it is for learning and not for a public site.
# By hand: env -i REQUEST_METHOD=GET PATH_INFO=/some/path HTTP_ACCEPT='*/*' ./environment.cgi
set -u

cat <<'END'
Content-Type: text/html; charset=utf-8

<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The environment of a script</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body class="answer">
<main>
<h1>The environment of a script</h1>
<p>First the meta-variables that RFC 3875 defines, then the request’s header fields, then everything else. Add
a path or a query to this page’s address and see what changes.</p>
<p class="quiet">Nothing is masked, cookies neither: this page is for learning.</p>
<table class="environment">
<thead><tr><th scope="col">Section</th><th scope="col">Name</th><th scope="col">Value</th></tr></thead>
<tbody>
END

# The first awk lists the names, the second one makes a row of each. Its array ENVIRON is the environment.
awk 'BEGIN { for (name in ENVIRON) print name }' | LC_ALL=C sort | awk '
  # Makes text safe in HTML, in quoted attributes too.
  function escape_html(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    gsub(/"/, "\\&quot;", text)
    gsub(/\047/, "\\&#39;", text)
    return text
  }
  function print_row(section, name) {
    link = "<a href=\"https://www.rfc-editor.org/rfc/rfc3875.html#section-" section "\"" \
      " target=\"_top\">" section "</a>"
    value = name in ENVIRON ? "<td>" escape_html(ENVIRON[name]) : "<td class=\"quiet\">not set"
    label = escape_html(name)
    gsub(/_/, "_<wbr>", label)
    printf "<tr><td>%s</td><th scope=\"row\">%s</th>%s</td></tr>\n",
      section == "" ? "" : link, label, value
  }
  # In the order of their sections, 4.1.1 to 4.1.17, which is also that of the alphabet.
  BEGIN {
    count = split("AUTH_TYPE CONTENT_LENGTH CONTENT_TYPE GATEWAY_INTERFACE PATH_INFO PATH_TRANSLATED " \
      "QUERY_STRING REMOTE_ADDR REMOTE_HOST REMOTE_IDENT REMOTE_USER REQUEST_METHOD SCRIPT_NAME " \
      "SERVER_NAME SERVER_PORT SERVER_PROTOCOL SERVER_SOFTWARE", standard, " ")
    for (i = 1; i <= count; i++) {
      print_row("4.1." i, standard[i])
      shown[standard[i]] = 1
    }
  }
  $0 in shown { next }
  /^HTTP_/ { print_row("4.1.18", $0); next }
  { others[++other_count] = $0 }
  END { for (i = 1; i <= other_count; i++) print_row("", others[i]) }
'

cat <<'END'
</tbody>
</table>
<p class="quiet">PWD, SHLVL, OLDPWD and _ are not from the server: a shell may set them itself.</p>
<footer><p><a href="/demo/environment.html" target="_top">About this script, and its source</a></p></footer>
</main>
</body>
</html>
END
