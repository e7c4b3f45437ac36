#!/bin/sh
# Waits for ever and prints nothing. After --cgi-timeout seconds of silence the server ends it, and all that
# it has started.
while :; do
  sleep 3600
done
