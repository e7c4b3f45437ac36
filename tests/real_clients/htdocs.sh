#!/usr/bin/env bash
# The pages and scripts that come with the server, as a visitor meets them.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need curl python3
root=$(realpath "$(dirname "$0")/../../htdocs")
start_server --threads 8

get() { curl -sS --max-time 20 "$@"; }
status_of() { get -o /dev/null -w '%{http_code}' "$@"; }
contains() { # contains TEXT CURL_ARGUMENT...
  local text=$1 answer
  shift
  answer=$(get "$@") || return 1
  [[ $answer == *"$text"* ]] || { echo "no '$text' in: ${answer:0:200}"; return 1; }
}

files() {
  local row
  for row in '/ text/html' '/style.css text/css' '/favicon.svg image/svg+xml' '/favicon.ico image/'; do
    [[ $(get -o /dev/null -w '%{http_code} %{content_type}' "$url${row% *}") == "200 ${row#* }"* ]] ||
      { echo "$row"; return 1; }
  done
}
links() {
  local link
  get "$url/" | grep -o '\(href\|action\)="/[^"]*"' | cut -d '"' -f 2 | sort -u >"$work/links"
  [ "$(wc -l <"$work/links")" -ge 8 ] || { echo "too few links"; return 1; }
  while read -r link; do
    [ "$link" != /cgi-bin/clock.cgi ] || continue # It takes ten seconds, and has a test of its own.
    is "$(status_of "$url$link")" 200 || { echo "$link"; return 1; }
  done <"$work/links"
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
    contains 'Ada &amp; Charles' --data-urlencode 'name=Ada & Charles' "$url/cgi-bin/form.cgi"
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

check "htdocs: the files" files
check "htdocs: every link of the start page" links
check "htdocs: check.cgi" contains 'CGI works' "$url/cgi-bin/check.cgi"
check "htdocs: color.cgi shows red" color
check "htdocs: environment.cgi" environment
check "htdocs: form.cgi" form
check "htdocs: redirect.cgi" redirects
check "htdocs: clock.cgi comes line by line" clock
check "htdocs: nph-hello.cgi" complete_header
