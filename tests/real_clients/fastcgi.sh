#!/usr/bin/env bash
# FastCGI applications that are not PHP: fcgiwrap with a CGI script, and one made with libfcgi, also killed and
# restarted again and again.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
here=$(dirname "$(realpath "$0")")
need curl python3 cc

processes=()
finish() {
  stop_server
  if [ ${#processes[@]} -gt 0 ]; then
    kill -KILL "${processes[@]}" 2>/dev/null
    wait "${processes[@]}" 2>/dev/null
  fi
  rm -rf "$work"
}

get() { curl -sS --max-time 10 "$@"; }

# --- fcgiwrap -------------------------------------------------------------------------------------------------

wrapped() {
  is "$(get -d 'two words' "$url/wrapped/show.sh/more?a=b")" \
    "POST /wrapped/show.sh /more a=b two words"
}
wrapped_errors() { logged '/wrapped/show.sh. something for the log'; }
try_fcgiwrap() {
  if ! command -v fcgiwrap >/dev/null; then
    echo "skip fastcgi.sh: there is no fcgiwrap"
    return
  fi
  mkdir -p "$root/wrapped"
  cat >"$root/wrapped/show.sh" <<'END'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n'
echo 'something for the log' >&2
echo "$REQUEST_METHOD $SCRIPT_NAME $PATH_INFO $QUERY_STRING $(cat)"
END
  chmod 755 "$root/wrapped/show.sh"
  # With one process, which is then the one that is killed at the end.
  fcgiwrap -f -c 1 -s "unix:$work/wrap.sock" >"$work/wrap.out" 2>&1 &
  processes+=($!)
  soon test -S "$work/wrap.sock"
  start_server --threads 16 --cgi-extension .cgi --fastcgi ".sh=unix:$work/wrap.sock"
  check "fastcgi: fcgiwrap runs a shell script" wrapped
  check "fastcgi: fcgiwrap's script writes to the log" wrapped_errors
  stop_server
}
try_fcgiwrap

# --- libfcgi --------------------------------------------------------------------------------------------------

responder=$work/responder
if ! cc -O1 -o "$responder" "$here/../support/fastcgi_responder.c" -lfcgi -lpthread 2>"$work/compiler"; then
  echo "skip fastcgi.sh: there is no libfcgi-dev: $(grep -m 1 error "$work/compiler")"
  exit 0
fi
"$responder" "$work/responder.sock" "$work/ids" >"$work/responder.out" 2>&1 &
processes+=($!)
soon test -S "$work/responder.sock"
head -c 20M /dev/urandom >"$work/large.bin"

parameters() {
  local answer wanted
  answer=$(get -u ada:secret -H 'X-Thing: a thing' "$url/app/params?x=%20y") || return 1
  for wanted in REQUEST_METHOD=GET SCRIPT_NAME=/app PATH_INFO=/params QUERY_STRING=x=%20y HTTP_X_THING='a thing' \
    GATEWAY_INTERFACE=CGI/1.1 "DOCUMENT_ROOT=$root" FCGI_ROLE=RESPONDER; do
    grep -qxF -- "$wanted" <<<"$answer" || { echo "no '$wanted' in: ${answer//$'\n'/ }"; return 1; }
  done
  ! grep AUTHORIZATION <<<"$answer"
}
# value_of BYTES: a header field so long comes back whole.
value_of() {
  local value
  value=$(head -c "$1" /dev/zero | tr '\0' v)
  printf 'X-Long: %s\n' "$value" >"$work/field"
  get -H "@$work/field" "$url/app/params" | grep -a '^HTTP_X_LONG=' >"$work/said"
  is "$(wc -c <"$work/said")" $((13 + $1)) && is "$(tr -d '\n' <"$work/said")" "HTTP_X_LONG=$value"
}
long_values() {
  local bytes
  for bytes in 1 116 117 127 128 255 256 65523 70000; do value_of "$bytes" || return 1; done
}
body_and_back() {
  is "$(get --data-binary "@$work/large.bin" "$url/app/body" | sum_of)" "$(sum_of "$work/large.bin")"
}
peak_kilobytes() { awk '/^VmHWM/ { print $2 }' "/proc/$server/status"; }
# Forward it goes only as fast as the client takes it, and nothing of it is kept.
large_answer() {
  local before
  before=$(peak_kilobytes)
  is "$(get "$url/app/large?300000000" | wc -c)" 300000000 || return 1
  [ $(($(peak_kilobytes) - before)) -lt 16384 ] || { echo "$before KB became $(peak_kilobytes) KB"; return 1; }
}
client_leaves() {
  is "$(get --max-time 10 "$url/app/large?8000000000" | head -c 1000000 | wc -c)" 1000000 &&
    logged 'the client left' && is "$(get "$url/app/id?after")" 'GET after'
}
errors() {
  is "$(get "$url/app/errors?3000")" 'I have complained' && logged 'complaint 1 of the responder'
}
status() { get "$url/app/status?3" | grep -q '^PATH_INFO=/status' && logged 'ended with exit status 3'; }
at_once() {
  get -Z --parallel-max 32 -o /dev/null -w '%{http_code}\n' "$url/app/id?n[1-320]" >"$work/statuses" 2>/dev/null
  is "$(grep -c '^200' "$work/statuses")" 320 && is "$(grep -c '^GET n' "$work/ids")" 320
}

start_server --threads 64 --max-header 128K --fastcgi "/app/=unix:$work/responder.sock" --fastcgi-timeout 10
check "fastcgi: the variables of an application at a prefix" parameters
check "fastcgi: values around 127 and 65535 bytes, and longer than a record" long_values
check "fastcgi: 20 MB there and back" body_and_back
check "fastcgi: 300 MB of an answer leave the server's memory as it is" large_answer
check "fastcgi: a client that leaves ends the answer" client_leaves
check "fastcgi: standard error goes to the log" errors
check "fastcgi: a status that is not 0 is logged" status
check "fastcgi: 32 clients at an application with eight threads" at_once
stop_server

# --- Backends that are killed ---------------------------------------------------------------------------------

start_server --threads 64 --fastcgi "/app/=unix:$work/0.sock,unix:$work/1.sock"
python3 "$here/fastcgi_restarts.py" "$url" "$responder" "$work" 3 | sed 's/^\(ok\|not ok\) /&fastcgi, restarts: /'
check "fastcgi, restarts: the log says which backend was left out" logged '\.sock is left out'
check "fastcgi, restarts: the log says which backend is back" logged '\.sock answers again'
