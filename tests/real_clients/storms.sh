#!/usr/bin/env bash
# Many clients at once, slow ones, broken ones, and the end of the server. The clients are in storm.py, and on
# loopback only.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need python3 ps
storm=$(dirname "$0")/storm.py

printf 'the page\n' >"$root/page.txt"
head -c 20M /dev/zero >"$root/large.bin"
# The seconds to sleep are in the query.
script sleep.cgi <<'END'
#!/bin/sh
sleep "$QUERY_STRING"
printf "Content-Type: text/plain\n\nslept\n"
END
script echo.cgi <<'END'
#!/bin/sh
printf "Content-Type: text/plain\n\n"
cat
END
script left.cgi <<END
#!/bin/sh
echo \$\$ >'$work/left.pid'
printf 'Content-Type: text/plain\n\n'
exec sleep 60
END

# Twice at most: another program on this machine may hold up one page for a moment, but hardly one in each.
twice() { "$@" || "$@"; }
sleepers() { twice python3 "$storm" sleepers "$port" 200 "${STORM_SLEEP:-3}"; }
drippers() { twice python3 "$storm" drippers "$port" 2000; }

descriptors() { find "/proc/$server/fd" -mindepth 1 -printf '%l\n' | grep -vc '^pipe:'; }
# A worker that has stored a large body keeps the pipe that it went through, and none has another.
spare_pipes_only() {
  local pipes threads
  pipes=$(find "/proc/$server/fd" -mindepth 1 -printf '%l\n' | grep -c '^pipe:')
  threads=$(sed -n 's/^Threads:\s*//p' "/proc/$server/status")
  [ "$pipes" -le $((2 * threads)) ]
}
leftovers() { # of a storm that is over: nothing
  ps --no-headers --ppid "$server" -o pid=,stat=,args= # children, zombies among them
  find "$work/spool" -mindepth 1
  find "/proc/$server/fd" -mindepth 1 -lname '*(deleted)' -printf 'still open: %l\n'
}
mixed() {
  local before tries=0
  # One request each first: what the server keeps for good is open then.
  python3 "$storm" mixed "$port" 60 || return 1
  before=$(descriptors)
  python3 "$storm" mixed "$port" 1000 || return 1
  until [ -z "$(leftovers)" ] && [ "$(descriptors)" -eq "$before" ] && spare_pipes_only; do
    tries=$((tries + 1))
    [ "$tries" -le 200 ] ||
      { echo "$before descriptors are $(descriptors), or pipes are left; left over: $(leftovers)"; return 1; }
    sleep 0.1
  done
}

# check runs this in a shell of its own, which cannot wait for the server: only the shell that started it can.
ends_with_interrupt() {
  python3 "$storm" hold "$port" /cgi-bin/left.cgi "$work/left.pid" || return 1
  kill -INT "$server"
}
status_at_end() {
  local script_pid
  wait "$server"
  local status=$?
  script_pid=$(cat "$work/left.pid")
  server=
  check "Ctrl-C ends the server with status 0" is "$status" 0
  check "Ctrl-C leaves no process behind" is "$(ps --no-headers -o args= -p "$script_pid")" ""
}

start_server --threads 8 --cgi-timeout "${STORM_CGI_TIMEOUT:-5}"
check "a page is there at once while 200 clients wait for slow scripts" sleepers
stop_server

start_server --threads 8 --header-timeout 6
check "a page is there at once while 2000 clients drip a byte a second, and each is told 408" drippers
stop_server

mkdir "$work/spool"
start_server --threads 16 --cgi-timeout 1 --header-timeout 1 --spool-dir "$work/spool"
check "1000 good, bad, late and broken requests leave nothing behind" mixed
stop_server

start_server --drain-timeout 0.5
check "a script is running at Ctrl-C" ends_with_interrupt
status_at_end
