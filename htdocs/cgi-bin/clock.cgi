#!/bin/sh
# Shows that output is sent as it is written, while the script still runs: ten lines, one a second.
# By hand: env -i ./clock.cgi
set -u

# Without nosniff a browser first collects some text to guess its type, and shows nothing meanwhile.
printf 'Content-Type: text/plain; charset=utf-8\nX-Content-Type-Options: nosniff\n\n'

line=1
while [ "$line" -le 10 ]; do
  [ "$line" -eq 1 ] || sleep 1
  # When the visitor has left there is nobody to write to.
  printf '%2d  %s\n' "$line" "$(date -u '+%H:%M:%S UTC')" || exit
  line=$((line + 1))
done
