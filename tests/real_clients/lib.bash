#!/usr/bin/env bash
# What the tests with real clients share: a server with a folder of its own, and the lines that
# scripts/test counts. To be sourced; $1 is the path of the server.
set -uo pipefail

if [ ! -x "${1:-}" ]; then
  echo "usage: ${0##*/} path/of/tinyhttpd" >&2
  exit 2
fi
binary=$(realpath "$1")
work=$(mktemp -d)
root=$work/root
server=
mkdir -p "$root/cgi-bin"
chmod 755 "$work"
export LC_ALL=C

finish() {
  stop_server
  rm -rf "$work"
}
trap finish EXIT

# start_server [OPTION...]: on a free port; sets $server (its pid), $port and $url.
start_server() {
  : >"$work/log"
  "$binary" --port 0 --bind 127.0.0.1 --root "$root" --access-log off "$@" 2>"$work/log" &
  server=$!
  local tries=0 line='.*listening on http://127.0.0.1:\([0-9]*\)/.*'
  until port=$(sed -n "s|$line|\1|p" "$work/log") && [ -n "$port" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 200 ] || ! kill -0 "$server" 2>/dev/null; then
      echo "not ok ${0##*/}: the server does not start: $(tail -n 1 "$work/log")"
      exit 1
    fi
    sleep 0.05
  done
  # shellcheck disable=SC2034 # Those who source this use it.
  url=http://127.0.0.1:$port
}

stop_server() {
  [ -n "$server" ] || return 0
  # Twice: at once, whatever is still running.
  kill "$server" 2>/dev/null && kill "$server" 2>/dev/null
  wait "$server" 2>/dev/null
  server=
}

# script NAME: an executable CGI script, its text from standard input.
script() {
  cat >"$root/cgi-bin/$1"
  chmod 755 "$root/cgi-bin/$1"
}

# check NAME COMMAND [ARGUMENT...]: the last line that a failing command writes says why.
check() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then
    echo "ok $name"
  else
    echo "not ok $name: $(tail -n 1 <<<"${said:-it failed}")"
  fi
}

# is WHAT WANTED: whether both are the same; says so when they are not.
is() {
  [ "$1" = "$2" ] || { echo "got '$1', wanted '$2'"; return 1; }
}

# soon COMMAND [ARGUMENT...]: within five seconds.
soon() {
  local tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || return 1
    sleep 0.05
  done
}

# logged PATTERN: whether the server log has such a line; its lines are written a moment later.
logged() { soon grep -q -- "$1" "$work/log" || { echo "no '$1' in: $(tail -n 2 "$work/log" | tr '\n' ' ')"; return 1; }; }

# need COMMAND...: skips the whole file where one of them is missing.
need() {
  local command
  for command in "$@"; do
    if ! command -v "$command" >/dev/null; then
      echo "skip ${0##*/}: there is no $command"
      exit 0
    fi
  done
}

sum_of() { sha256sum "$@" | cut -d ' ' -f 1; }
