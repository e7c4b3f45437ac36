#!/usr/bin/env bash
# /metrics as Prometheus' own tool reads it, while the server works and scripts fail.
# usage: metrics.sh path/of/tinyhttpd
# shellcheck source-path=SCRIPTDIR
. "${BASH_SOURCE%/*}/lib.bash"
need promtool curl python3

inspect_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
metrics_url=http://127.0.0.1:$inspect_port/metrics

# value SERIES: what it is now; empty where there is none.
value() { curl -s "$metrics_url" | awk -v series="$1" '{ at = match($0, / [^ ]*$/) } substr($0, 1, at - 1) == series { print substr($0, at + 1) }'; }

# reaches SERIES VALUE: an answer is counted a moment after its last byte.
has_value() { [ "$(value "$1")" = "$2" ]; }
reaches() { soon has_value "$1" "$2" || { echo "$1 is '$(value "$1")', not $2"; return 1; }; }

# is_sound: whether promtool finds neither an error nor a name against the conventions; it says so on either stream.
is_sound() {
  local said
  said=$(curl -sf "$metrics_url" | promtool check metrics 2>&1) || { echo "$said"; return 1; }
  is "$said" ""
}

# sorted_buckets HANDLER: whether the buckets grow, and end in the count.
sorted_buckets() {
  curl -s "$metrics_url" | python3 -c '
import re, sys
lines = sys.stdin.read().splitlines()
of_handler = [line for line in lines if line.startswith("tinyhttpd_request_duration_seconds") and sys.argv[1] in line]
buckets = [(float(re.search(r"le=\"([^\"]+)\"", line)[1]), int(line.split()[-1])) for line in of_handler if "_bucket" in line]
count = [int(line.split()[-1]) for line in of_handler if "_count" in line]
assert len(buckets) > 10, "no buckets"
assert buckets == sorted(buckets) and [n for _, n in buckets] == sorted(n for _, n in buckets), buckets
assert buckets[-1] == (float("inf"), count[0]), (buckets[-1], count)
' "\"$1\""
}

echo hello >"$root/index.html"
script good.cgi <<'END'
#!/bin/sh
cat >/dev/null
printf 'Content-Type: text/plain\n\nhello\n'
END
script bad.cgi <<'END'
#!/bin/sh
echo 'no header'
END

start_server --inspect "$inspect_port"
check "/metrics is sound before the first request" is_sound
check "/metrics is sent as the text format it is" \
  is "$(curl -s -o "$work/text" -w '%{content_type}' "$metrics_url")" "text/plain; version=0.0.4; charset=utf-8"

for _ in 1 2 3; do curl -s "$url/" >"$work/answer"; done
curl -s -d 0123456789 "$url/cgi-bin/good.cgi" >"$work/answer"
curl -s "$url/cgi-bin/bad.cgi" >"$work/answer"
curl -s "$url/nosuchpage%22" >"$work/answer"
curl -s -X BREW "$url/" >"$work/answer"

check "/metrics counts answers by handler and code" reaches 'tinyhttpd_requests_total{handler="serve_file",code="200"}' 3
check "/metrics counts a script's failure by its cause" reaches 'tinyhttpd_failures_total{cause="bad_header"}' 1
check "/metrics has causes that did not occur" reaches 'tinyhttpd_failures_total{cause="no_output"}' 0
check "/metrics counts refusals" reaches 'tinyhttpd_refusals_total{code="404"}' 1
check "/metrics counts a refused method" reaches 'tinyhttpd_refusals_total{code="501"}' 1
check "/metrics counts the bytes of request bodies" reaches tinyhttpd_request_body_bytes_total 10
check "/metrics counts the scripts" reaches tinyhttpd_scripts_started_total 2
check "/metrics has growing buckets" sorted_buckets execute_cgi
check "/metrics never names what a client sent" \
  is "$(curl -s "$metrics_url" | grep -c -e nosuchpage -e BREW -e good.cgi)" 0
check "/metrics is sound after answers and failures" is_sound
