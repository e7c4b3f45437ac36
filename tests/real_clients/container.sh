#!/usr/bin/env bash
# What the Dockerfile says, as far as it can be held without building the image: who runs, what is run, and the health
# check, which is run here beside the server.
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/lib.bash"
need python3
top=$(realpath "$(dirname "$0")/../..")

# instruction NAME: what follows it in the last stage, its lines joined.
instruction() {
  sed -e ':join' -e '/\\$/{N;s/\\\n *//;b join' -e '}' "$top/Dockerfile" | sed -n "s/^$1 //p" | tail -n 1
}
# words JSON: the strings of an array, each ended with a NUL.
words() { python3 -c 'import json, sys; [print(word, end="\0") for word in json.loads(sys.argv[1])]' "$1"; }

user() { [[ $(instruction USER) =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]]; }
entry_point() {
  local entry=()
  mapfile -d '' -t entry < <(words "$(instruction ENTRYPOINT)")
  is "${entry[*]:0:1}" tinyhttpd
}
# Neither the repository's history nor anything built outside: the image is made of the sources alone.
ignored() {
  local name
  for name in .git build tests; do grep -qx "$name" "$top/.dockerignore" || { echo "$name"; return 1; }; done
}

mapfile -d '' -t health_check < <(words "$(instruction HEALTHCHECK | sed 's/.*CMD \[/[/')")
healthy() { TINYHTTPD_PORT=$port timeout 10 "${health_check[@]}" && [ "${#health_check[@]}" -gt 0 ]; }
unhealthy() { ! healthy; }

start_server --threads 8 # with an empty folder: the check is answered 404
check "container: the user is a number, and not root" user
check "container: the entry point is the program itself" entry_point
check "container: the image is made of the sources alone" ignored
check "container: the health check is content with any answer" healthy
stop_server
check "container: the health check fails when nobody listens" unhealthy

# Who takes the connection but is no web server; it prints its port first.
: >"$work/port"
python3 -c '
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
client, _ = listener.accept()
client.recv(100)
client.sendall(b"SSH-2.0-example\r\n")
client.recv(100)' >"$work/port" &
until port=$(cat "$work/port") && [ -n "$port" ]; do sleep 0.05; done
check "container: the health check fails when what answers is no web server" unhealthy
