#!/usr/bin/env bash
# The pages and scripts that come with the server, as a visitor meets them.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need curl python3 sha256sum
root=$(realpath "$(dirname "$0")/../../htdocs")
# So that fail-timeout.cgi is soon over; and as demo/json.html says.
start_server --threads 8 --cgi-timeout 3 --json '/event/=python3 .json/hello.py'

get() { curl -sS --max-time 20 "$@"; }
status_of() { get -o /dev/null -w '%{http_code}' "$@"; }
contains() { # contains TEXT CURL_ARGUMENT...
  local text=$1 answer
  shift
  answer=$(get "$@") || return 1
  [[ $answer == *"$text"* ]] || { echo "no '$text' in: ${answer:0:200}"; return 1; }
}
unescape() { sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g'; }
demonstrations() { get "$url/demo/" | grep -o '/demo/[a-z-]*\.html' | sort -u; }
links_of() { # links_of PAGE: what it leads to on this server
  get "$url$1" | grep -oE '(href|src|action)="/[^"]*"' | cut -d '"' -f 2 | unescape
}
fails() { get "$url/demo/" | grep -o '/demo/fail-[a-z-]*\.html' | sort -u; }

files() {
  local row
  for row in '/ text/html' '/style.css text/css' '/favicon.svg image/svg+xml' '/favicon.ico image/' \
    '/demo/ text/html' '/demo/upload.js text/javascript'; do
    [[ $(get -o /dev/null -w '%{http_code} %{content_type}' "$url${row% *}") == "200 ${row#* }"* ]] ||
      { echo "$row"; return 1; }
  done
}
demonstrations_are_listed() {
  is "$(demonstrations)" "$(cd "$root" && find demo -name '*.html' ! -name index.html | sed 's|^|/|' | sort)"
}
every_link() {
  local page link
  for page in / /demo/ $(demonstrations); do links_of "$page"; done | sort -u >"$work/links"
  [ "$(wc -l <"$work/links")" -ge 60 ] || { echo "too few links"; return 1; }
  while read -r link; do
    case $link in
      # The clock takes ten seconds; both have tests of their own.
      /cgi-bin/clock.cgi | /cgi-bin/fail-*) ;;
      '/cgi-bin/source.cgi?/etc/passwd') is "$(status_of "$url$link")" 404 || return 1 ;;
      # Nothing here runs PHP.
      /demo/hello.php) is "$(status_of "$url$link")" 403 || return 1 ;;
      '/cgi-bin/redirect.cgi?to=client') is "$(status_of "$url$link")" 302 || return 1 ;;
      *) is "$(status_of "$url$link")" 200 || { echo "$link: $(status_of "$url$link")"; return 1; } ;;
    esac
  done <"$work/links"
}
no_foreign_resource() {
  local page
  for page in / /demo/ $(demonstrations); do
    ! get "$url$page" |
      grep -E '(src|action)="(https?:)?//|<link[^>]*href="(https?:)?//|<script>| on[a-z]+="' ||
      { echo "$page"; return 1; }
  done
}

# The text that a listing shows.
read -r -d '' read_listing <<'END'
import html, re, sys
page = open(sys.argv[1], encoding="utf-8", newline="\n").read()
rows = re.findall(r'^<tr><th scope="row">(\d+)</th><td[^>]*>(.*)</td></tr>$', page, re.M)
assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
for _, text in rows:
    text = text.replace('<b class="carriage-return">CR</b>', "\r")
    sys.stdout.buffer.write(html.unescape(text).encode() + b"\n")
END
sources() {
  local file name
  for file in "$root"/cgi-bin/*.cgi "$root"/cgi-src/*.c "$root/demo/hello.php" "$root/.json/hello.py"; do
    name=${file##*/}
    [ "$name" != mandelbrot.cgi ] || continue # It is compiled.
    get "$url/cgi-bin/source.cgi?$name" >"$work/listing" || return 1
    python3 -c "$read_listing" "$work/listing" | cmp - "$file" || { echo "$name differs"; return 1; }
  done
}
# Every page has the result in a frame, and beside it the source of the script that its form or links run.
sources_stand_beside() {
  local page source script
  for page in $(demonstrations); do
    get "$url$page" >"$work/page"
    source=$(sed -n 's|^<iframe title="The source of .*" src="/cgi-bin/source.cgi?\(.*\)"></iframe>$|\1|p' "$work/page")
    case $source in
      hello.php) script=/demo/hello.php ;;
      hello.py) script=/event ;;
      *.c) script=/cgi-bin/${source%.c}.cgi ;;
      *) script=/cgi-bin/$source ;;
    esac
    [ -n "$source" ] || { echo "no source on $page"; return 1; }
    grep -q '^<iframe name="result"' "$work/page" || { echo "no result on $page"; return 1; }
    grep -qE "(href|action)=\"${script//./\\.}[\"/?]" "$work/page" || { echo "$page"; return 1; }
  done
}
source_refuses() {
  local name
  for name in '' check check.cgi/ ../index.html ..%2findex.html %2e%2e/cgi-src/mandelbrot.c \
    .json/hello.py demo/hello.php address.js host.js other.php other.py \
    /etc/passwd //etc/passwd .htpasswd .cgi a..cgi unknown.cgi unknown.c check.c mandelbrot.cgi CHECK.CGI \
    'check.cgi%00' 'check.cgi;id' 'check.cgi+color.cgi' "$root/cgi-bin/check.cgi" style.css; do
    is "$(status_of "$url/cgi-bin/source.cgi?$name")" 404 || { echo "it shows '$name'"; return 1; }
  done
}

color() {
  contains 'This is red' -d color=red "$url/cgi-bin/color.cgi" &&
    contains 'background: red' -d color=red "$url/cgi-bin/color.cgi" &&
    contains 'Choose a colour' "$url/cgi-bin/color.cgi" &&
    is "$(status_of -d 'color=red;x:y' "$url/cgi-bin/color.cgi")" 400 &&
    contains '&lt;script&gt;' --data-urlencode 'color=<script>' "$url/cgi-bin/color.cgi"
}
environment() {
  contains '/some/path' "$url/cgi-bin/environment.cgi/some/path?name=value" &&
    contains 'name=value' "$url/cgi-bin/environment.cgi/some/path?name=value" &&
    contains 'CGI/1.1' "$url/cgi-bin/environment.cgi" && contains '127.0.0.1' "$url/cgi-bin/environment.cgi"
}
form() {
  contains '<form' "$url/cgi-bin/form.cgi" &&
    contains 'Ada &amp; Charles' --data-urlencode 'name=Ada & Charles' "$url/cgi-bin/form.cgi" &&
    contains '<td>Ada &amp; Zoë=&lt;</td>' "$url/cgi-bin/form.cgi?x=&name=Ada+%26%20Zo%C3%AB%3d%3C" &&
    is "$(status_of -H 'Content-Type: text/plain' -d name=Ada "$url/cgi-bin/form.cgi")" 415 &&
    is "$(head -c 70000 /dev/zero | tr '\0' a | status_of -d @- "$url/cgi-bin/form.cgi")" 413
}
upload() {
  head -c 300000 /dev/urandom >"$work/file"
  : >"$work/empty"
  local file script=$url/cgi-bin/upload.cgi raw='Content-Type: application/octet-stream'
  for file in "$work/file" "$work/empty"; do
    contains "<td>$(sum_of "$file")</td>" --data-binary "@$file" -H "$raw" "$script" || return 1
    contains "<td>$(sum_of "$file")</td>" -F "file=@$file" "$script" || return 1
    contains "<td>$(wc -c <"$file") bytes</td>" -F "file=@$file" "$script" || return 1
  done
  is "$(status_of -H 'Content-Type: multipart/form-data; boundary=b' -d nonsense "$script")" 400
}
words() {
  local script=$url/cgi-bin/words.cgi
  contains '<th scope="row">argv[1]</th><td>three in one</td>' "$script?three%20in%20one+four" &&
    contains '<th scope="row">argv[2]</th><td>four</td>' "$script?three%20in%20one+four" &&
    contains 'Arguments: 0' "$script?name=value" && contains 'Arguments: 0' "$script?-rf+all"
}
redirects() {
  is "$(get -o "$work/page" -w '%{http_code}' "$url/cgi-bin/redirect.cgi?to=local")" 200 &&
    grep -q 'CGI works' "$work/page" &&
    is "$(status_of "$url/cgi-bin/redirect.cgi?to=client")" 302 &&
    is "$(get -L -o /dev/null -w '%{http_code} %{url_effective}' "$url/cgi-bin/redirect.cgi?to=client")" \
      "200 $url/cgi-bin/check.cgi"
}
clock() {
  # head ends after two lines, one second after the first: the script is not waited for.
  local start=$SECONDS
  is "$(get -N "$url/cgi-bin/clock.cgi" 2>/dev/null | head -n 2 | wc -l)" 2 && [ $((SECONDS - start)) -le 5 ]
}
complete_header() {
  contains 'every byte of this response' "$url/cgi-bin/nph-hello.cgi" &&
    is "$(get -I -o /dev/null -w '%{http_code}' "$url/cgi-bin/nph-hello.cgi")" 200
}
mandelbrot() {
  local here=$url/cgi-bin/mandelbrot.cgi bad
  contains "\"/cgi-bin/mandelbrot.cgi/0,0,0\"><img src=\"/cgi-bin/mandelbrot.cgi/0,0,0/image.bmp\" ismap" "$here" &&
    contains '"/cgi-bin/mandelbrot.cgi/1,-160,-320"><img' "$here/0,0,0?120,40" &&
    contains '"/cgi-bin/mandelbrot.cgi/2,-1280,-1276"><img' "$here/1,-160,-320?0,121" &&
    is "$(get -o "$work/whole" -w '%{http_code} %{content_type}' "$here/0,0,0/image.bmp")" '200 image/bmp' &&
    is "$(head -c 2 "$work/whole") $(wc -c <"$work/whole")" "BM $((54 + 1024 + 320 * 240))" || return 1
  get -o "$work/part" "$here/1,-160,-320/image.bmp"
  ! cmp -s "$work/whole" "$work/part" || { echo "every picture is the same"; return 1; }
  for bad in '?1' '?1,2,3' '?1+2' '?320,0' '?0,240' '?a,b' '?1,2%20' '/0,0' '/0,0,0,0' '/19,0,0' '/-1,0,0' \
    '/0,321,0' '/0,9999999999999999999,0' '/0,0x1,0' '/0,%2B1,0' '/0,0,0/other.bmp' '/nan,0,0'; do
    is "$(status_of "$here$bad")" 400 || { echo "it takes $bad"; return 1; }
  done
}

json_handler() {
  contains 'Hello, 127.0.0.1!' "$url/event/?name=Ada" && contains 'name is “&lt;b&gt;”' "$url/event/?name=%3Cb%3E" &&
    contains '"name": "Ada"' "$url/event/?name=Ada&format=json"
}
# The request header in the page about passwords says what the page says it does.
password_page() {
  local page sent
  page=$(get "$url/demo/password.html")
  sent=$(sed -n 's|^Authorization: Basic \(.*\)</code></pre>$|\1|p' <<<"$page")
  [ -n "$sent" ] && grep -qx "$(base64 -d <<<"$sent")</code></pre>" <<<"$page"
}

# What the page about a failure says, of the status and of the log, is what happens.
failure() { # failure PAGE
  local page log status script=/cgi-bin/${1#/demo/}
  script=${script%.html}.cgi
  page=$(get "$url$1")
  status=$(sed -n 's|^<span class="tag [a-z]*">\([0-9]*\) .*</span></p>$|\1|p' <<<"$page")
  log=$(sed -n 's|^<pre class="log"><code>\(.*\)</code></pre>$|\1|p' <<<"$page" | unescape)
  # The server of this test is less patient.
  log=${log/for 30 s/for 3 s}
  [ -n "$log" ] || { echo "no line of the log on $1"; return 1; }
  is "$(status_of "$url$script")" "$status" || return 1
  grep -qF -m 1 -- " $log" < <(timeout 5 tail -n +1 -f "$work/log") ||
    { echo "not in the log: $log"; return 1; }
}
# Git keeps both as they are, if .gitattributes says so.
broken_as_meant() {
  is "$(grep -c $'\r$' "$root/cgi-bin/fail-crlf.cgi")" "$(wc -l <"$root/cgi-bin/fail-crlf.cgi")" &&
    [ ! -x "$root/cgi-bin/fail-no-execute-bit.cgi" ]
}

check "htdocs: the files" files
check "htdocs: every demonstration is on the list" demonstrations_are_listed
check "htdocs: every link of the start page and the demonstrations" every_link
check "htdocs: nothing comes from another host" no_foreign_resource
check "htdocs: source.cgi shows what is in the files" sources
check "htdocs: every demonstration has its source beside it" sources_stand_beside
check "htdocs: source.cgi refuses everything else" source_refuses
check "htdocs: check.cgi" contains 'CGI works' "$url/cgi-bin/check.cgi"
check "htdocs: color.cgi shows red" color
check "htdocs: environment.cgi" environment
check "htdocs: form.cgi" form
check "htdocs: upload.cgi" upload
check "htdocs: words.cgi" words
check "htdocs: redirect.cgi" redirects
check "htdocs: clock.cgi comes line by line" clock
check "htdocs: nph-hello.cgi" complete_header
check "htdocs: mandelbrot.cgi" mandelbrot
check "htdocs: the JSON handler" json_handler
check "htdocs: the page about passwords" password_page
check "htdocs: the broken scripts are broken as they should be" broken_as_meant
for page in $(fails); do
  check "htdocs: $(basename "$page" .html): its status and its line in the log" failure "$page"
done
