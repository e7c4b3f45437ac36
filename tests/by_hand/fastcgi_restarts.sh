#!/usr/bin/env bash
# Half a minute of what tests/real_clients/fastcgi.sh does for three seconds: two FastCGI backends, 200 requests a
# second, and every second one backend is killed and restarted. Then the server's log.
#
# usage: tests/by_hand/fastcgi_restarts.sh path/of/tinyhttpd [SECONDS [REQUESTS A SECOND]]
# shellcheck source=tests/real_clients/lib.bash
. "$(dirname "$0")/../real_clients/lib.bash"
here=$(dirname "$(realpath "$0")")
need python3 cc

cc -O1 -o "$work/responder" "$here/../support/fastcgi_responder.c" -lfcgi -lpthread || exit 1
start_server --threads 64 --fastcgi "/app/=unix:$work/0.sock,unix:$work/1.sock"
python3 "$here/../real_clients/fastcgi_restarts.py" "$url" "$work/responder" "$work" "${2:-30}" "${3:-200}"
cat "$work/log"
