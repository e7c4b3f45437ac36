#!/usr/bin/env bash
# A request typed by hand into netcat, as the tutorials do it.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need nc

printf 'the page\n' >"$root/page.txt"
script slow.cgi <<'END'
#!/bin/sh
sleep 1
printf "Content-Type: text/plain\n\nslow but sure\n"
END
script echo.cgi <<'END'
#!/bin/sh
printf "Content-Type: text/plain\n\n"
cat
END
start_server --threads 8

typed() { # typed TEXT [OPTION...]: what nc prints
  local text=$1
  shift
  # shellcheck disable=SC2059 # The text is meant to be a format: \n in it is the Return key.
  printf "$text" | timeout 20 nc "$@" 127.0.0.1 "$port"
}
bare_line_feeds() {
  local answer
  answer=$(typed 'GET /page.txt HTTP/1.1\nHost: localhost\nConnection: close\n\n' -N)
  [[ $answer == HTTP/1.1\ 200* && $answer == *'the page' ]]
}
two_lines() {
  local answer
  answer=$(typed 'GET /page.txt HTTP/1.0\n\n' -N)
  [[ $answer == HTTP/1.1\ 200* && $answer == *'the page' ]]
}
half_closed() {
  local answer
  answer=$(typed 'GET /cgi-bin/slow.cgi HTTP/1.1\nHost: localhost\nConnection: close\n\n' -N)
  [[ $answer == *'slow but sure'* ]]
}
body_by_hand() {
  local answer
  answer=$(typed 'POST /cgi-bin/echo.cgi HTTP/1.0\nContent-Length: 5\n\nhello' -N)
  [[ $answer == *hello ]]
}
two_at_once() {
  local answer
  answer=$(typed 'GET /page.txt HTTP/1.1\nHost: a\n\nGET /page.txt HTTP/1.0\n\n' -N)
  is "$(grep -c '^the page' <<<"$answer")" 2
}
nonsense() {
  local answer
  answer=$(typed 'hello?\n\n' -N)
  [[ $answer == HTTP/1.1\ 400* ]]
}

check "nc: a request with bare line feeds" bare_line_feeds
check "nc: two typed lines are a request" two_lines
check "nc: the answer reaches a client that has ended its side" half_closed
check "nc: a body" body_by_hand
check "nc: two requests in one go" two_at_once
check "nc: nonsense is told so" nonsense
